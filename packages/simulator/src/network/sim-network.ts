import {
  type Connection,
  type Listener,
  type Millis,
  MusterError,
  type Network,
  type SeededRandom,
  type VirtualClock,
} from '@muster/ports';
import type { SimProcess } from '../engine/sim-process.js';
import type { Trace } from '../engine/trace.js';
import type { WorldOptions } from '../options.js';
import { Lane } from './lane.js';
import { SimEnd } from './sim-connection.js';
import { Ways } from './ways.js';

interface Listening {
  readonly process: SimProcess;
  readonly accept: (connection: Connection) => void;
  readonly accepted: Set<SimEnd>;
}

export interface SimNetworkSetup {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly options: WorldOptions;
}

/** The network between all processes of a world. An address is `host:port`; the host is the process's id, whatever its incarnation. */
export class SimNetwork {
  readonly ways: Ways;
  private readonly setup: SimNetworkSetup;
  private readonly listening = new Map<string, Listening>();
  private readonly ends = new Set<SimEnd>();
  private readonly stuck = new Set<Lane>();
  private nextPort = 7_000;
  /** Frames that were read, and dials by how they ended. */
  readonly counts = { frames: 0, bytes: 0, dials: 0, refused: 0, resets: 0 };

  constructor(setup: SimNetworkSetup) {
    const { random, options } = setup;
    this.setup = setup;
    this.ways = new Ways({
      random: random.fork(),
      latencyMs: options.latencyMs,
      jitterMs: options.jitterMs,
      now: () => setup.clock.monotonic(),
    });
    this.ways.onChange((from, to, open) => this.wayChanged(from, to, open));
  }

  /** What one process sees of it. */
  of(process: SimProcess): Network {
    process.onDeath(() => this.died(process));
    process.onPause(() => this.paused(process));
    return {
      listen: (address, accept) => this.listen(process, address, accept),
      dial: (address) => this.dial(process, address),
    };
  }

  /** Breaks every connection between two hosts, as a firewall that forgot them does. */
  reset(a: string, b: string): void {
    for (const end of [...this.ends]) if (end.peer && isBetween(end, a, b)) end.process.run(() => end.break());
  }

  private async listen(process: SimProcess, wanted: string, accept: Listening['accept']): Promise<Listener> {
    const address = this.addressFor(process, wanted);
    if (this.listening.has(address)) throw new MusterError('ADDRESS_IN_USE', { address });
    const accepted = new Set<SimEnd>();
    this.listening.set(address, { process, accept, accepted });
    return {
      address,
      close: async () => {
        this.unlisten(process);
        for (const end of [...accepted]) end.close();
      },
    };
  }

  /** The same port again for the same host: what a dialler finds there is a matter of incarnations. */
  private addressFor(process: SimProcess, wanted: string): string {
    const port = Number(wanted.slice(wanted.lastIndexOf(':') + 1));
    if (port !== 0) return `${process.id}:${port}`;
    this.nextPort += 1;
    return `${process.id}:${this.nextPort}`;
  }

  private unlisten(process: SimProcess): void {
    for (const [address, { process: owner }] of this.listening) if (owner === process) this.listening.delete(address);
  }

  private dial(process: SimProcess, address: string): Connection {
    const { options } = this.setup;
    this.counts.dials += 1;
    const end = this.newEnd(process, address);
    const giveUp = process.clock.after(options.dialTimeoutMs, () => {
      if (end.state === 'opening') end.break('unreachable');
    });
    this.approach(end, address, () => giveUp.cancel());
    return end;
  }

  /** The first packet: sent again after a second where nothing came of it. */
  private approach(dialler: SimEnd, address: string, settled: () => void): void {
    const { clock } = this.setup;
    const to = hostOf(address);
    const from = dialler.process.id;
    clock.after(this.ways.latency(from, to), () => {
      if (dialler.state === 'closed') return settled();
      if (this.ways.isCut(from, to)) {
        clock.after(1_000, () => {
          if (dialler.state !== 'closed') this.approach(dialler, address, settled);
        });
        return;
      }
      const found = this.listening.get(address);
      if (found) this.arrived(dialler, found, settled);
      else this.refuse(dialler, to, settled);
    });
  }

  private refuse(dialler: SimEnd, by: string, settled: () => void): void {
    this.setup.clock.after(this.ways.latency(by, dialler.process.id), () => {
      if (this.ways.isCut(by, dialler.process.id)) return;
      settled();
      this.counts.refused += 1;
      dialler.process.run(() => {
        if (dialler.state !== 'closed') dialler.end('refused');
      });
    });
  }

  /** The kernel over there has taken it; its process will, when it runs. */
  private arrived(dialler: SimEnd, { process, accept, accepted }: Listening, settled: () => void): void {
    const acceptor = this.newEnd(process, dialler.process.id, () => accepted.delete(acceptor));
    acceptor.peer = dialler;
    // It may die with the dial in its queue: the next try would find nobody.
    const answered = process.onDeath(() => this.refuse(dialler, process.id, settled));
    process.run(() => {
      answered();
      if (dialler.state === 'closed') return acceptor.end('reset');
      accepted.add(acceptor);
      acceptor.lane = this.lane(process.id, dialler.process.id);
      dialler.peer = acceptor;
      dialler.lane = this.lane(dialler.process.id, process.id);
      accept(acceptor);
      acceptor.lane.send({
        bytes: 0,
        arrive: () =>
          dialler.process.run(() => {
            settled();
            dialler.opened();
          }),
      });
      process.clock.defer(() => acceptor.opened());
    });
  }

  private newEnd(process: SimProcess, remote: string, ended: () => void = () => undefined): SimEnd {
    const { options, trace } = this.setup;
    const end = new SimEnd({
      process,
      remote,
      windowBytes: options.windowBytes,
      ended: () => {
        this.ends.delete(end);
        ended();
      },
      delivered: (bytes) => {
        this.counts.frames += 1;
        this.counts.bytes += bytes;
        trace.mix(bytes);
      },
    });
    this.ends.add(end);
    return end;
  }

  private lane(from: string, to: string): Lane {
    const { clock, random, options } = this.setup;
    const stuck = (lane: Lane) => this.stuck.add(lane);
    return new Lane({ clock, random, ways: this.ways, retransmitMs: options.retransmitMs, from, to, stuck });
  }

  private died(process: SimProcess): void {
    this.unlisten(process);
    for (const end of [...this.ends]) {
      if (end.process !== process) continue;
      this.counts.resets += 1;
      end.died(this.setup.random.next() < 0.5);
    }
  }

  private wayChanged(from: string, to: string, open: boolean): void {
    if (!open) {
      for (const end of [...this.ends]) if (isBetween(end, from, to)) this.watch(end, () => this.ways.isCut(from, to));
      return;
    }
    for (const lane of [...this.stuck]) {
      if (lane.from !== from || lane.to !== to) continue;
      this.stuck.delete(lane);
      lane.healed();
    }
  }

  private paused(process: SimProcess): void {
    for (const end of [...this.ends])
      if (end.peer?.process === process) this.watch(end, () => process.state === 'paused');
  }

  /** Keep-alive: an end whose other side stays silent breaks. */
  private watch(end: SimEnd, isSilent: () => boolean): void {
    const { clock, random, options } = this.setup;
    const patience: Millis = options.keepAliveMinMs + (options.keepAliveMaxMs - options.keepAliveMinMs) * random.next();
    clock.after(patience, () => {
      if (end.state === 'open' && isSilent()) end.process.run(() => end.break());
    });
  }
}

function isBetween(end: SimEnd, a: string, b: string): boolean {
  const mine = end.process.id;
  const theirs = end.peer?.process.id ?? hostOf(end.remote);
  return (mine === a && theirs === b) || (mine === b && theirs === a);
}

function hostOf(address: string): string {
  const colon = address.lastIndexOf(':');
  return colon < 0 ? address : address.slice(0, colon);
}
