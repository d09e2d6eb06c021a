import { Peers } from '@muster/cluster';
import type { AdminArguments, AdminCommand, AdminResults, ClusterEvent } from '@muster/coordinator';
import { type Metrics, type PeerId, peerId, type Random, silentLog } from '@muster/ports';
import type { SimProcess } from './sim-process.js';

/** Somebody with `musterctl`, linked to one coordinator. */
export class Operator {
  private readonly peers: Peers;
  private readonly to: string;
  private readonly answers = new Map<number, (answer: { code: string; result: unknown }) => void>();
  private asked = 0;

  constructor(given: {
    process: SimProcess;
    metrics: Metrics;
    random: Random;
    to: string;
    events: ClusterEvent[];
  }) {
    const { process, metrics, random, to, events } = given;
    const { clock, network, id } = process;
    const self = { role: 'cli', peer: peerId(id, 'x'), address: '', cluster: 'test', zone: '', build: '1' } as const;
    this.to = to;
    this.peers = new Peers({ clock, network, random, metrics, log: silentLog, self });
    this.peers.on('adminResponse', (_, { body }) => {
      this.answers.get(body.request)?.({ code: body.code, result: readJson(body.result) });
    });
    this.peers.on('adminEvent', (_, { body }) => events.push(readJson(body.event) as ClusterEvent));
  }

  connect(address: string): void {
    this.peers.connect(this.to as PeerId, address);
  }

  /** The document, or whatever the error says under its code. */
  ask<C extends AdminCommand>(
    command: C,
    args: AdminArguments[C],
  ): Promise<{ readonly code: string; readonly result: AdminResults[C] }> {
    this.asked += 1;
    const request = this.asked;
    const body = { request, command, arguments: new TextEncoder().encode(JSON.stringify(args)), who: 'test' };
    return new Promise((resolve) => {
      this.answers.set(request, (answer) => resolve(answer as { code: string; result: AdminResults[C] }));
      this.peers.send(this.to, 'control', { type: 'adminRequest', body });
    });
  }
}

function readJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}
