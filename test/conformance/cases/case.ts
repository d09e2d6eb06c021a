import type { Stage } from '../stage.js';

/** One story about what the protocol promises. */
export interface Case {
  /** A sentence of behaviour. */
  readonly title: string;
  play(stage: Stage): Promise<void>;
}

export function story(title: string, play: (stage: Stage) => Promise<void>): Case {
  return { title, play };
}
