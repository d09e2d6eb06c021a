import type { Millis, PeerId } from '@muster/ports';
import type { EnvelopeInit } from '@muster/wire';
import type { ReplicationOptions } from './options.js';
import type { gatePosition } from './owner.js';
import type { ReplicatedLog } from './replicated-log.js';

/** What the logs of one process share. */
export interface LogKeeper {
  readonly options: ReplicationOptions;
  readonly gatePosition?: typeof gatePosition;
  /** Storage stands behind these logs. */
  readonly isStored?: boolean;
  now(): Millis;
  /** False where there is no link or its lane is full: called again (`ship`) when there is room. */
  send(peer: PeerId, envelope: EnvelopeInit): boolean;
  /** The leader should hear of second places now: the shard stands still until the row has changed. */
  urgent(): void;
  /** To be flushed at the end of this turn of the loop. */
  dirty(log: ReplicatedLog): void;
  /** A snapshot number that was never used; `used` up to there. */
  readonly freshSeeding: number;
  used(seeding: number): void;
  seed(log: ReplicatedLog, peer: PeerId, seeding: number): void;
  /** Sends what is ready of its snapshot: false where that has to go before any record. */
  seedingFlows(log: ReplicatedLog, peer: PeerId): boolean;
  unseed(log: ReplicatedLog, peer: PeerId): void;
  /** K7: that copy's process would have said so by now if it had promoted any. */
  leaseHolds(peer: PeerId, now: Millis): boolean;
  closed(log: ReplicatedLog): void;
}
