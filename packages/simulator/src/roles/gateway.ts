import { ClusterClient, placementKeys } from '@muster/cluster';
import { type ClientSocket, GatewayCore, type SignedIn, type SocketListener } from '@muster/gateway';
import { playKinds } from '@muster/play';
import { MemoryMetrics, silentTracer } from '@muster/ports';
import type { Role, Surroundings } from './role.js';

/** A gateway without its door: tokens and WebSockets are not simulated, clients come in where a verified token would let them. */
export class GatewayRole implements Role {
  readonly name = 'gateway';
  readonly client: ClusterClient;
  readonly core: GatewayCore;
  private serving = false;

  constructor({ process, network, store, storage, self, plant, replaced }: Surroundings) {
    const { clock, random, metrics, log } = process;
    const rules = plant.gateways && { rules: plant.gateways };
    // Chats are where their places are. No kind runs here, so what they would count is nobody's.
    const keys = placementKeys(playKinds({ storage, metrics: new MemoryMetrics() }));
    const setup = { clock, random, network, store, self, metrics, log, replaced, placementKeys: keys };
    this.client = new ClusterClient({ ...setup, ...rules });
    this.core = new GatewayCore({ clock, random, cluster: this.client, metrics, log, tracer: silentTracer });
  }

  async start(): Promise<void> {
    await this.client.start();
    this.serving = true;
  }

  async stop(): Promise<void> {
    await this.core.stop();
    await this.client.stop();
  }

  /** Undefined: it does not listen yet. */
  open(socket: ClientSocket, who: SignedIn): SocketListener | undefined {
    return this.serving ? this.core.open(socket, who) : undefined;
  }

  get epoch(): number {
    return this.client.agent.epoch;
  }

  get table(): ClusterClient['table'] {
    return this.client.table;
  }

  get pending(): number {
    return this.client.router.pending;
  }
}
