import { ComputeNode } from '@muster/cluster';
import { playerKind } from '@muster/play';
import { type ShardId, silentTracer, type Term } from '@muster/ports';
import { InlineScheduler } from '@muster/runtime';
import type { Role, Surroundings } from './role.js';

export class NodeRole implements Role {
  readonly name = 'node';
  readonly node: ComputeNode;

  constructor({ process, network, store, storage, self, writers, replaced }: Surroundings) {
    const { clock, random, metrics, log } = process;
    this.node = new ComputeNode({
      clock,
      random,
      network,
      store,
      self,
      metrics,
      log,
      kinds: [playerKind({ accounts: storage.accounts, metrics })],
      scheduler: new InlineScheduler(clock, (worker, error) => log.write('error', 'worker.failed', { worker, error })),
      tracer: silentTracer,
      logs: (logs) => writers.watched(process.peer, logs),
      replaced,
    });
  }

  start(): Promise<unknown> {
    return this.node.start();
  }

  stop(): Promise<void> {
    return this.node.stop();
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

  /** Of a shard that is open here, else undefined. */
  termOf(shard: ShardId): Term | undefined {
    return this.node.runtime.stateOf(shard) === 'open' ? this.node.runtime.termOf(shard) : undefined;
  }
}
