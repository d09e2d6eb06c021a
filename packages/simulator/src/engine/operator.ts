import { Peers } from '@muster/cluster';
import {
  ERRORS,
  type ErrorCode,
  MemoryMetrics,
  type Millis,
  type PeerId,
  parsePeerId,
  type SeededRandom,
  type ShardLayout,
  type VirtualClock,
} from '@muster/ports';
import type { SimNetwork } from '../network/sim-network.js';
import type { Fleet } from './fleet.js';
import { SimProcess } from './sim-process.js';
import type { Trace } from './trace.js';

export interface OperatorSetup {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly network: SimNetwork;
  readonly fleet: Fleet;
  readonly cluster: string;
  readonly layout: ShardLayout;
  readonly crashed: (error: unknown) => void;
}

/** Without an answer for so long the command is given again, to whoever leads then. */
const ANSWER_MS: Millis = 400;
const TRIES_MAX = 8;

/** The order is not given again: its opposite follows. */
export type TakenBack = () => void;

interface Order {
  readonly command: string;
  readonly args: Readonly<Record<string, unknown>>;
  isOver: boolean;
}

/** Somebody with `musterctl`: a process of no role that asks every coordinator, and is answered by the one that leads. */
export class Operator {
  /** Commands that a leader took, and that it refused. */
  readonly counts = { taken: 0, refused: 0 };
  private readonly setup: OperatorSetup;
  private readonly peers: Peers;
  private readonly known = new Set<PeerId>();
  private readonly waiting = new Map<number, (taken: boolean) => void>();
  private requests = 0;

  constructor(setup: OperatorSetup) {
    const { clock, random, trace, network, cluster, layout: shards, crashed } = setup;
    this.setup = setup;
    const process = new SimProcess({
      id: 'operator',
      world: clock,
      random: random.fork(),
      trace,
      rate: 1,
      wallOffsetMs: 0,
      crashed: (_, error) => crashed(error),
    });
    this.peers = new Peers({
      clock: process.clock,
      random: process.random,
      network: network.of(process),
      metrics: new MemoryMetrics(),
      log: process.log,
      self: { role: 'cli', peer: process.peer, address: '', cluster, zone: 'simulated', build: 'test', shards },
    });
    this.peers.on('adminResponse', (_, { body }) => this.answered(body.request, body.code, body.result));
  }

  /** Gives the command until a leader takes it, or refuses it for good. */
  order(command: string, args: Readonly<Record<string, unknown>>, tries = TRIES_MAX): TakenBack {
    const order = { command, args, isOver: false };
    this.give(order, tries);
    return () => {
      order.isOver = true;
    };
  }

  private give(order: Order, tries: number): void {
    if (tries === 0 || order.isOver) return;
    this.meet();
    const again = this.setup.clock.after(ANSWER_MS, () => {
      for (const request of requests) this.waiting.delete(request);
      this.give(order, tries - 1);
    });
    const requests: number[] = [];
    for (const { role, peer } of this.peers.linked()) {
      if (role !== 'coordinator') continue;
      this.requests += 1;
      const request = this.requests;
      requests.push(request);
      this.waiting.set(request, () => again.cancel());
      const body = { request, command: order.command, arguments: Buffer.from(JSON.stringify(order.args)) };
      this.peers.send(peer, 'control', { type: 'adminRequest', body });
    }
  }

  private meet(): void {
    const { fleet } = this.setup;
    for (const peer of this.known)
      if (fleet.get(parsePeerId(peer).id)?.process.peer !== peer) {
        this.known.delete(peer);
        this.peers.disconnect(peer);
      }
    for (const { process } of fleet.living('coordinator')) {
      if (this.known.has(process.peer)) continue;
      this.known.add(process.peer);
      this.peers.connect(process.peer, fleet.addressOf(process.id));
    }
  }

  private answered(request: number, code: string, result: Uint8Array): void {
    if (code === 'NOT_LEADER') return;
    // Nobody knows whether it happened, or it may go well later: the same command is given again, as no answer would make it.
    const isFinal = code === '' || !(code in ERRORS && ERRORS[code as ErrorCode].retryable);
    if (isFinal) this.waiting.get(request)?.(code === '');
    this.waiting.delete(request);
    this.counts[code === '' ? 'taken' : 'refused'] += 1;
    const text = Buffer.from(result).toString('utf8').slice(0, 120);
    this.setup.trace.write('operator', 'info', code === '' ? 'order.taken' : 'order.refused', { code, result: text });
  }
}
