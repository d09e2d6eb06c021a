// Breaking the glass: an operator orders at the admin epoch (fence rules in docs/kernel-rules.md). Such an order passes compares of epochs and
// waits for liveness; what it leads to is written by the leader's own transactions, under terms, like everything else.
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Log, type Metrics, MusterError } from '@muster/ports';
import type { AdminCommand } from './documents.js';

/** Longest reason that is written down. */
const REASON_CHARACTERS_MAX = 500;

/** `needed`: the command is nothing without it. */
const GLASS: Partial<Record<AdminCommand, 'needed' | 'possible'>> = {
  'node.give-up': 'needed',
  'process.restart': 'possible',
};

export interface BrokenGlass {
  readonly reason: string;
}

export interface OpenedCommand {
  /** Without the credential: they are written down. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly glass: BrokenGlass | undefined;
}

export interface GlassSetup {
  /** Empty: nobody has one. */
  readonly credential: string;
  readonly metrics: Metrics;
  readonly log: Log;
}

export class Glass {
  private readonly setup: GlassSetup;

  constructor(setup: GlassSetup) {
    this.setup = setup;
  }

  /** Takes the credential out of a command. @throws MusterError BREAK_GLASS_REFUSED */
  opened(command: string, given: Readonly<Record<string, unknown>>, who: string): OpenedCommand {
    const { breakGlass, ...args } = given;
    const rule = Object.hasOwn(GLASS, command) ? GLASS[command as AdminCommand] : undefined;
    if (breakGlass === undefined && rule !== 'needed') return { args, glass: undefined };
    const { log, metrics } = this.setup;
    const cause = this.objection(rule !== undefined, breakGlass);
    metrics
      .counter('muster_coordinator_break_glass_total', 'Orders at the admin epoch')
      .add(1, { command: rule ? command : 'other', result: cause === '' ? 'taken' : 'refused' });
    if (cause !== '') {
      log.write('warn', 'admin.break-glass-refused', { command, who, cause });
      throw new MusterError('BREAK_GLASS_REFUSED', { cause });
    }
    const { reason } = breakGlass as { reason: string };
    log.write('warn', 'admin.break-glass', { command, arguments: JSON.stringify(args), who, reason });
    return { args, glass: { reason } };
  }

  /** Empty: there is none. */
  private objection(isPossible: boolean, given: unknown): string {
    if (!isPossible) return 'this command does nothing else with it';
    if (this.setup.credential === '') return 'no coordinator option names a credential (admin.breakGlassFile)';
    if (typeof given !== 'object' || given === null) return 'this command needs the credential and a reason';
    const { credential, reason } = given as Partial<Record<string, unknown>>;
    if (typeof credential !== 'string' || !isSame(credential, this.setup.credential))
      return 'that is not the credential';
    if (typeof reason !== 'string' || reason.trim() === '') return 'a reason is needed';
    if (reason.length > REASON_CHARACTERS_MAX) return `a reason has at most ${REASON_CHARACTERS_MAX} characters`;
    return '';
  }
}

/** In a time that tells nothing of where they differ. */
function isSame(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(x!, y!);
}
