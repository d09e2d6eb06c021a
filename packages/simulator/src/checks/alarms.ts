import type { Rung } from '../actors/alarm.js';
import type { Report } from './violation.js';

export interface AlarmsSetup {
  readonly report: Report;
  /** Whether what was in this clock was ever lost. */
  readonly wasLost: (clock: string) => boolean;
}

/** Invariant 7 on timers: each fires, once, and not early. */
export class Alarms {
  private readonly setup: AlarmsSetup;
  /** Clock and id of alarms whose ring was heard of. */
  private readonly heard: { readonly clock: string; readonly id: string }[] = [];
  readonly counts = { heard: 0, unknown: 0 };

  constructor(setup: AlarmsSetup) {
    this.setup = setup;
  }

  /** `rung` undefined: nobody knows whether it was set. */
  record(clock: string, id: string, rung: Rung | undefined): void {
    if (!rung) {
      this.counts.unknown += 1;
      return;
    }
    this.counts.heard += 1;
    this.heard.push({ clock, id });
    if (rung.id !== id || rung.at < rung.dueAt)
      this.setup.report('no timer fires early', `alarm/${clock} ${id}: ${JSON.stringify(rung)}`);
  }

  /** `views`: what every clock says has rung, once nothing is set any more. */
  check(views: ReadonlyMap<string, readonly Rung[]>): void {
    const { report, wasLost } = this.setup;
    const times = new Map<string, number>();
    for (const [clock, rung] of views)
      for (const { id, dueAt, at } of rung) {
        const key = `${clock} ${id}`;
        times.set(key, (times.get(key) ?? 0) + 1);
        if (times.get(key)! > 1) report('every timer fires once', `alarm/${clock} ${id}`);
        if (at < dueAt) report('no timer fires early', `alarm/${clock} ${id}: ${at}, due ${dueAt}`);
      }
    for (const { clock, id } of this.heard)
      if (!wasLost(clock) && !times.has(`${clock} ${id}`))
        report('no acknowledged command is lost', `alarm/${clock} ${id} rang, and is not remembered`);
  }
}
