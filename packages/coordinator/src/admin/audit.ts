import { ADMIN_EPOCH, type Clock, type ClusterStore, codeOf, type Log, MusterError } from '@muster/ports';
import type { BrokenGlass } from './break-glass.js';
import type { AdminCommand, AuditListEntry } from './documents.js';

export interface AuditSetup {
  readonly store: ClusterStore;
  readonly clock: Clock;
  /** Under which the entries stand. */
  readonly prefix: string;
  readonly epoch: () => number;
  /** Only a leader is told anything; the others say who leads. */
  readonly leads: () => boolean;
  /** Entries that are kept; older ones are deleted. */
  readonly max: number;
  readonly log: Log;
}

/** One line of `etcdctl get --prefix /muster/<cluster>/audit/`. */
export interface AuditEntry {
  readonly who: string;
  readonly command: AdminCommand;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly epoch: number;
  /** Empty: it was begun, and nobody wrote how it ended. */
  readonly result: string;
  /** Of who broke the glass: the epoch is the admin epoch then. */
  readonly reason?: string;
}

/** Commands that change the cluster; the others only look. */
const CHANGING: ReadonlySet<AdminCommand> = new Set<AdminCommand>([
  'node.drain',
  'node.undrain',
  'node.cordon',
  'node.uncordon',
  'node.forget',
  'node.give-up',
  'shard.move',
  'entity.move',
  'entity.pin',
  'entity.unpin',
  'rebalance.run',
  'process.restart',
  'entity.tell',
  'account.ban',
  'account.unban',
  'account.roles',
]);

/** Old entries are looked for at the first entry of a leader and after so many more. */
const PRUNE_EVERY = 64;
/** Deletes in one transaction: the store takes 128 operations. */
const DELETES_MAX = 100;
const NAMES_MAX = 8;
const LIST_MAX = 20;
const LIST_LIMIT = 1_000;
/** Taken by whoever is asked, where the glass is broken. */
const ALONE: ReadonlySet<AdminCommand> = new Set<AdminCommand>(['process.restart']);

export function isChanging(command: AdminCommand): boolean {
  return CHANGING.has(command);
}

/**
 * Who told the cluster to do what. An entry stands in the store before its command is begun, so nothing is done that is not written;
 * while the store is away such commands are refused. How it ended is written afterwards, as far as that is possible.
 */
export class Audit {
  private readonly setup: AuditSetup;
  private written = 0;

  constructor(setup: AuditSetup) {
    this.setup = setup;
  }

  /** @throws MusterError STORE_UNAVAILABLE (nothing was done), and whatever `act` throws */
  async kept<T>(
    what: Pick<AuditEntry, 'who' | 'command' | 'arguments'>,
    act: () => T | Promise<T>,
    glass?: BrokenGlass,
  ): Promise<T> {
    if (!this.setup.leads() && !(glass && ALONE.has(what.command))) return act();
    const under = glass ? { epoch: ADMIN_EPOCH, reason: glass.reason } : { epoch: this.setup.epoch() };
    const entry: AuditEntry = { ...what, ...under, result: '' };
    const key = await this.begin(entry);
    try {
      const done = await act();
      void this.end(key, { ...entry, result: 'accepted' });
      return done;
    } catch (error) {
      void this.end(key, { ...entry, result: codeOf(error) ?? 'ACTOR_FAILED' });
      throw error;
    }
  }

  /** @throws MusterError STORE_UNAVAILABLE, INVALID_REQUEST */
  async list(max: unknown = LIST_MAX): Promise<readonly AuditListEntry[]> {
    if (!Number.isInteger(max) || (max as number) < 1 || (max as number) > LIST_LIMIT)
      throw new MusterError('INVALID_REQUEST', { details: `max is a number from 1 to ${LIST_LIMIT}` });
    const { store, prefix } = this.setup;
    const { entries } = await store.range(prefix);
    const newest = [...entries].sort((a, b) => (a.key < b.key ? 1 : -1)).slice(0, max as number);
    return newest.map(({ key, value }) => {
      const { who, command, arguments: args, epoch, result, reason = '' } = JSON.parse(value) as AuditEntry;
      const name = key.slice(prefix.length);
      return { at: name.slice(0, name.lastIndexOf('-')), who, command, arguments: args, epoch, result, reason };
    });
  }

  private async begin(entry: AuditEntry): Promise<string> {
    const { store, clock, prefix } = this.setup;
    const time = new Date(clock.now()).toISOString();
    // Another leader may have written in the same millisecond.
    for (let n = 0; n < NAMES_MAX; n += 1) {
      const key = `${prefix}${time}-${n}`;
      const writes = [{ type: 'put', key, value: JSON.stringify(entry) }] as const;
      const { succeeded } = await store.transact({ compare: [{ key, modRevision: 0 }], writes });
      if (succeeded) return key;
    }
    throw new MusterError('TOO_MANY_REQUESTS', { max: NAMES_MAX });
  }

  private async end(key: string, entry: AuditEntry): Promise<void> {
    const { store, log } = this.setup;
    try {
      await store.transact({ compare: [], writes: [{ type: 'put', key, value: JSON.stringify(entry) }] });
      if (this.written % PRUNE_EVERY === 0) await this.prune();
      this.written += 1;
    } catch (error) {
      log.write('warn', 'audit.not-ended', { key, result: entry.result, error });
    }
  }

  private async prune(): Promise<void> {
    const { store, prefix, max } = this.setup;
    const { entries } = await store.range(prefix);
    const old = entries.map(({ key }) => key).sort().slice(0, Math.max(0, entries.length - max)); // biome-ignore format: one line
    for (let at = 0; at < old.length; at += DELETES_MAX) {
      const writes = old.slice(at, at + DELETES_MAX).map((key) => ({ type: 'delete', key }) as const);
      await store.transact({ compare: [], writes });
    }
  }
}
