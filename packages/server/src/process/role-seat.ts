import { type Clock, causeOf, type Log } from '@muster/ports';
import type { RoleParts, RunningRole } from '../roles/running.js';

/** A role that did not start again is tried again this soon. */
const RETRY_MS = 1_000;

export interface RoleSeatSetup {
  readonly clock: Clock;
  readonly log: Log;
  readonly start: (
    events: Pick<RoleParts, 'replaced' | 'retire'>,
    former: RunningRole | undefined,
  ) => Promise<RunningRole>;
}

/**
 * One role's place in a process that has several: there the process cannot end for the sake of one role, so the role is drained, stopped and
 * started again in place, as another incarnation.
 *
 *   runs ── retire ──► drains ──► stops ──► starts ──► runs         the other roles see a process that left, and one that came
 */
export class RoleSeat {
  private readonly setup: RoleSeatSetup;
  private running: RunningRole | undefined;
  private restarting: Promise<void> | undefined;
  private readonly listeners: (() => void)[] = [];
  private over = false;

  constructor(setup: RoleSeatSetup) {
    this.setup = setup;
  }

  /** What runs here now, or ran here last. */
  get role(): RunningRole {
    if (!this.running) throw new Error('not started yet');
    return this.running;
  }

  /** Whether it is between two runs. */
  get restarts(): boolean {
    return this.restarting !== undefined;
  }

  /** Called after each restart. */
  onRestart(listener: () => void): void {
    this.listeners.push(listener);
  }

  async begin(): Promise<void> {
    const { start, log } = this.setup;
    const events = {
      // One process: whoever takes its place has taken its port as well.
      replaced: (by: string): void => log.write('error', 'process.replaced', { by }),
      retire: (by: string): void => this.restart(by),
    };
    this.running = await start(events, this.running);
  }

  drain(hurry: AbortSignal): Promise<void> {
    this.over = true;
    return this.restarting ?? this.role.drain(hurry);
  }

  async stop(): Promise<void> {
    this.over = true;
    await this.restarting;
    await this.running?.stop();
  }

  private restart(by: string): void {
    if (this.over || this.restarting !== undefined) return;
    this.setup.log.write('info', 'role.restarts', { address: this.role.address, by });
    this.restarting = this.again().finally(() => {
      this.restarting = undefined;
      for (const listener of this.listeners) listener();
    });
  }

  private async again(): Promise<void> {
    const { clock, log } = this.setup;
    await this.role.drain(new AbortController().signal);
    await this.role.stop().catch((error) => log.write('warn', 'stop.failed', { cause: causeOf(error) }));
    while (!this.over) {
      try {
        await this.begin();
        return;
      } catch (error) {
        log.write('error', 'role.not-restarted', { error });
        await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
      }
    }
  }
}
