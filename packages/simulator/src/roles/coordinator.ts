import { Coordinator } from '@muster/coordinator';
import type { Role, Surroundings } from './role.js';

/** Turns take no virtual time: shards in use are balanced by their number. Sooner than by default, and few of them, so that short runs have it under faults. */
const BALANCER = { unevenMs: 3_000, calmMs: 3_000, idleTurns: 0.001 } as const;

/** What operators of simulated clusters break the glass with. */
export const BREAK_GLASS = { credential: 'simulated', reason: 'a test' } as const;

export class CoordinatorRole implements Role {
  readonly name = 'coordinator';
  readonly coordinator: Coordinator;
  readonly table = undefined;
  readonly pending = 0;

  constructor({ process, network, store, storage, self, expectNodes, plant, replaced }: Surroundings) {
    const { clock, random, metrics, log } = process;
    this.coordinator = new Coordinator({
      clock,
      random,
      network,
      store,
      storage: storage.regime,
      shards: storage.shards,
      self,
      metrics,
      log,
      onReplaced: replaced,
      breakGlass: BREAK_GLASS.credential,
      options: { expectNodes },
      balancer: BALANCER,
      ...(plant.coordinators && { rules: plant.coordinators }),
    });
  }

  start(): Promise<unknown> {
    return this.coordinator.start();
  }

  stop(): Promise<void> {
    return this.coordinator.stop();
  }

  get epoch(): number {
    return this.coordinator.epoch;
  }

  get leads(): boolean {
    return this.coordinator.leads;
  }
}
