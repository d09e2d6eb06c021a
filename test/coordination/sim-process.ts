import type { Clock, Connection, ConnectionEvents, Listener, Network, Timer, VirtualClock } from '@muster/ports';
import type { LoopbackNetwork } from '@muster/wire';

/** One process of a world: it can be stopped (SIGSTOP), go on, and be killed. What it runs is behind its clock and its network. */
export class SimProcess {
  readonly id: string;
  readonly clock: Clock;
  readonly network: Network;
  private readonly world: VirtualClock;
  private readonly wires: Wires;
  private state: 'running' | 'paused' | 'dead' = 'running';
  private backlog: (() => void)[] = [];
  private readonly listeners = new Set<Listener>();
  private readonly ends = new Set<Connection>();

  constructor(id: string, world: VirtualClock, wires: Wires) {
    this.id = id;
    this.world = world;
    this.wires = wires;
    this.clock = this.gatedClock();
    this.network = { listen: (address, accept) => this.listen(address, accept), dial: (address) => this.dial(address) };
  }

  get alive(): boolean {
    return this.state !== 'dead';
  }

  pause(): void {
    this.state = 'paused';
  }

  resume(): void {
    this.state = 'running';
    const backlog = this.backlog;
    this.backlog = [];
    for (const task of backlog) this.run(task);
  }

  /** Its connections are reset and its address refuses, as the kernel does for a killed process. */
  kill(): void {
    this.state = 'dead';
    this.backlog = [];
    for (const listener of this.listeners) void listener.close();
    for (const end of this.ends) end.close();
  }

  private run(task: () => void): void {
    if (this.state === 'running') task();
    else if (this.state === 'paused') this.backlog.push(task);
  }

  private gatedClock(): Clock {
    return {
      now: () => this.world.now(),
      monotonic: () => this.world.monotonic(),
      after: (delayMs, run): Timer => {
        let wanted = true;
        const timer = this.world.after(delayMs, () => this.run(() => wanted && run()));
        return {
          cancel: () => {
            wanted = false;
            timer.cancel();
          },
        };
      },
      defer: (run) => this.world.defer(() => this.run(run)),
    };
  }

  private async listen(address: string, accept: (connection: Connection) => void): Promise<Listener> {
    const listener = await this.wires.network.listen(address, (connection) =>
      this.run(() => accept(this.wrap(connection, this.wires.dialler(listener.address)))),
    );
    this.wires.hosts.set(listener.address, this.id);
    this.listeners.add(listener);
    return listener;
  }

  private dial(address: string): Connection {
    this.wires.dialled(address, this.id);
    return this.wrap(this.wires.network.dial(address), this.wires.hosts.get(address) ?? '');
  }

  private wrap(inner: Connection, other: string): Connection {
    this.ends.add(inner);
    return {
      remote: inner.remote,
      send: (frame) => {
        this.wires.pass(this.id, other, () => inner.send(frame));
        return true;
      },
      handle: (events) => inner.handle(this.gated(inner, events)),
      close: () => inner.close(),
    };
  }

  private gated(inner: Connection, events: ConnectionEvents): ConnectionEvents {
    return {
      open: () => this.run(() => events.open()),
      frame: (bytes) => this.run(() => events.frame(bytes)),
      drain: () => this.run(() => events.drain()),
      close: (reason) => {
        this.ends.delete(inner);
        this.run(() => events.close(reason === 'refused' ? 'refused' : 'reset'));
      },
    };
  }
}

/** The wires between all processes of a world. A cut wire holds its frames, as TCP does, until it is mended. */
export class Wires {
  readonly network: LoopbackNetwork;
  /** Address → process. */
  readonly hosts = new Map<string, string>();
  private readonly dials = new Map<string, string[]>();
  private readonly cuts = new Map<string, (() => void)[]>();

  constructor(network: LoopbackNetwork) {
    this.network = network;
  }

  /** Nothing passes between the two any more. */
  cut(a: string, b: string): void {
    this.cuts.set(`${a}>${b}`, []);
    this.cuts.set(`${b}>${a}`, []);
  }

  /** What `a` says does not reach `b` any more. */
  mute(a: string, b: string): void {
    this.cuts.set(`${a}>${b}`, []);
  }

  mend(a: string, b: string): void {
    for (const way of [`${a}>${b}`, `${b}>${a}`]) {
      const held = this.cuts.get(way) ?? [];
      this.cuts.delete(way);
      for (const pass of held) pass();
    }
  }

  pass(from: string, to: string, send: () => void): void {
    const held = this.cuts.get(`${from}>${to}`);
    if (held) held.push(send);
    else send();
  }

  dialled(address: string, by: string): void {
    this.dials.set(address, [...(this.dials.get(address) ?? []), by]);
  }

  /** Connections are accepted in the order of their dials. */
  dialler(address: string): string {
    return this.dials.get(address)?.shift() ?? '';
  }
}
