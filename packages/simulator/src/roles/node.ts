import { ComputeNode } from '@muster/cluster';
import { playKinds, playServices } from '@muster/play';
import { type EntityRef, type Millis, type ShardId, silentTracer, type Term } from '@muster/ports';
import { InlineScheduler, type Json } from '@muster/runtime';
import { accountKind } from '../actors/account.js';
import { alarmKind } from '../actors/alarm.js';
import { pulseKind } from '../actors/pulse.js';
import { registerKind } from '../actors/register.js';
import type { Role, Surroundings } from './role.js';

/** How often players and places ask each other whether they are still there: often, for a run is short. */
export const GATHERING_AUDIT_MS: Millis = 20_000;
const VOTE_MS: Millis = 5_000;

export class NodeRole implements Role {
  readonly name = 'node';
  readonly node: ComputeNode;
  /** It closes its shards, and storage has what is in them. */
  isLeaving = false;

  constructor({ process, network, store, storage, self, writers, ungated, plant, replaced }: Surroundings) {
    const { clock, random, metrics, log } = process;
    const acts = (entity: EntityRef): void => {
      const shard = this.node.table.shardOf(entity);
      ungated.acted(entity, shard, this.node.runtime.termOf(shard)!, process.peer);
    };
    const play = playKinds({
      storage,
      metrics,
      player: { placeAuditMs: GATHERING_AUDIT_MS },
      party: { auditMs: GATHERING_AUDIT_MS },
      lobby: { auditMs: GATHERING_AUDIT_MS, voteMs: VOTE_MS },
    });
    this.node = new ComputeNode({
      clock,
      random,
      network,
      store,
      self,
      metrics,
      log,
      kinds: [...play, registerKind, accountKind, alarmKind, pulseKind(acts)],
      services: playServices({ storage, clock }),
      storage: storage.shards,
      scheduler: new InlineScheduler(clock, (worker, error) => log.write('error', 'worker.failed', { worker, error })),
      tracer: silentTracer,
      logs: (logs) => writers.watched(process.peer, logs),
      replaced,
      ...(plant.nodes && { rules: plant.nodes }),
    });
  }

  start(): Promise<unknown> {
    return this.node.start();
  }

  async stop(hurryMs: Millis): Promise<void> {
    await this.node.drain(hurryMs);
    this.isLeaving = true;
    await this.node.stop();
  }

  get epoch(): number {
    return this.node.agent.epoch;
  }

  get table(): ComputeNode['table'] {
    return this.node.table;
  }

  get pending(): number {
    return this.node.router.pending;
  }

  get frozen(): boolean {
    return this.node.agent.isFrozen();
  }

  /** What this node knows of an actor of its own. */
  inspect(shard: ShardId, entity: EntityRef): Json | undefined {
    return this.node.runtime.inspect(shard, entity);
  }

  /** Of a shard that is open here, else undefined. */
  termOf(shard: ShardId): Term | undefined {
    return this.node.runtime.stateOf(shard) === 'open' ? this.node.runtime.termOf(shard) : undefined;
  }
}
