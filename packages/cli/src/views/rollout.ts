import { type Paint, printable } from '../format/paint.js';
import { duration } from '../format/units.js';
import type { RolloutProgress } from '../rollout.js';
import { idOf } from './view.js';

/** One line of a rollout, for people. */
export function rolloutLine(progress: RolloutProgress, paint: Paint): string {
  switch (progress.type) {
    case 'waiting':
      return `Waits for the cluster to come to rest: ${printable(progress.why)}`;
    case 'plan':
      return `One at a time: ${progress.steps.map(({ id }) => printable(id)).join(', ')}`;
    case 'asked':
      return `${head(progress)} hands off what it has and ends`;
    case 'skipped':
      return `${head(progress)} has ended already`;
    case 'back':
      return `${head(progress)} is back as ${printable(progress.peer)} after ${duration(progress.ms)}`;
    case 'settled':
      return `${place(progress)} ${paint('good', 'all is well')} after ${duration(progress.ms)}`;
    case 'done':
      return paint('good', `Done: ${progress.restarted} restarted in ${duration(progress.ms)}`);
  }
}

function place({ step, of }: { readonly step: number; readonly of: number }): string {
  const width = String(of).length;
  return `[${String(step).padStart(width)}/${of}]`;
}

function head(progress: { readonly step: number; readonly of: number; readonly peer: string }): string {
  return `${place(progress)} ${printable(idOf(progress.peer))}`;
}
