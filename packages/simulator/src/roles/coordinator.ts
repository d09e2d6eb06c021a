import { Coordinator } from '@muster/coordinator';
import type { Role, Surroundings } from './role.js';

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
      options: { expectNodes },
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
