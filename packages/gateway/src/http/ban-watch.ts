import { accountView } from '@muster/play';
import type { Accounts, Clock, Log, Millis, Moderation, Timer } from '@muster/ports';
import type { GatewayCore } from '../core/core.js';
import type { GatewayServerOptions } from './options.js';

export interface BanWatchSetup {
  readonly core: Pick<GatewayCore, 'banish' | 'accountChanged'>;
  readonly accounts: Pick<Accounts, 'changedSince'>;
  readonly moderation: Pick<Moderation, 'standing'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly options: Pick<GatewayServerOptions, 'banCheckMs'>;
}

/** How far back every look goes beyond the last one: clocks of those who decide differ, and what was decided earlier may be stored later. */
const OVERLAP_MS = 300_000;
/** Bans, and changed accounts, of one look. */
const FOUND_MAX = 1_000;

/**
 * Ends sessions of accounts that were banned meanwhile, and tells actors of those whose roles were changed. Storage is asked now and then, whoever wrote the ban: nobody has to be told, and no
 * gateway can have missed it. At sign-in the account itself says so.
 */
export class BanWatch {
  private readonly setup: BanWatchSetup;
  private timer: Timer | undefined;
  private lookedAt: Millis;
  private stopped = false;

  constructor(setup: BanWatchSetup) {
    this.setup = setup;
    this.lookedAt = setup.clock.now();
  }

  start(): void {
    this.timer = this.setup.clock.after(this.setup.options.banCheckMs, () => void this.look());
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private async look(): Promise<void> {
    const { core, accounts, moderation, clock, log } = this.setup;
    const at = clock.now();
    try {
      for (const { userId, until } of await moderation.standing(this.lookedAt - OVERLAP_MS, FOUND_MAX)) {
        const reason = until === null ? 'banned' : `banned until ${new Date(until).toISOString()}`;
        if (core.banish(userId, reason) > 0) log.write('info', 'gateway.banished', { user: userId });
      }
      for (const account of await accounts.changedSince(this.lookedAt - OVERLAP_MS, FOUND_MAX))
        core.accountChanged(account.id, accountView(account));
      this.lookedAt = at;
    } catch (error) {
      log.write('warn', 'gateway.bans_unknown', { error });
    }
    if (!this.stopped) this.start();
  }
}
