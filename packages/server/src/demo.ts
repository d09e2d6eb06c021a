import type { Clock } from '@muster/ports';
import type { BotConfig } from './config/load.js';

/** What a demo needs of a system that serves. */
export interface DemoSetup {
  /** Where its clients connect. */
  readonly gateway: string;
  /** Its autohost signs in as this. */
  readonly bot: BotConfig;
  /** The engine that lobbies play with. */
  readonly engineVersion: string;
  readonly clock: Clock;
  /** The same seed draws the same players' moods; what becomes of them depends on when answers come. */
  readonly seed: number;
  /** 1: pleasant to watch. Higher: faster. */
  readonly speed: number;
  /** Prints a line. */
  say(line: string): void;
}

export interface Demo {
  /** For people: what there is to look at. */
  readonly hints: string;
  /** Everybody leaves. Never fails. */
  stop(): Promise<void>;
}

/** Brings a system to life. Whoever writes one uses clients, which are above this package: it is handed to {@link program}. */
export type StartDemo = (setup: DemoSetup) => Promise<Demo>;
