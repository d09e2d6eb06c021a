import type { LogFields, Millis } from '@muster/ports';
import type { TakenBack } from '../engine/operator.js';
import { BREAK_GLASS } from '../roles/coordinator.js';
import { type SimulateSetup, World } from '../world.js';

/** A process's id, or who it is at the moment: `leader`, `vice`; or several: `coordinators`, `nodes`, `gateways`; or `store`. */
export type Place = string;
/** Ends a fault. Calling it twice does nothing. */
export type Heal = () => void;

/** How long an orderly end may take, and how long a loop may hang before its process ends itself: as in production. */
const DRAIN_MS: Millis = 30_000;
const STUCK_MS: Millis = 5_000;
/** A pause that ends before anybody may be given up for it. */
const SHORT_PAUSE_MS: Millis = 900;

/** A world whose faults are made by hand: see {@link simulate}. */
export class Simulation extends World {
  private readonly heals = new Set<Heal>();
  /** By node, what takes the order to drain it back. */
  private readonly drained = new Map<string, TakenBack>();
  private cuts = 0;

  /** As `kill -9`: at once. It stays dead until {@link start}. */
  kill(place: Place): void {
    for (const id of this.resolve(place)) {
      this.trouble.moment(`kill ${id}`, false);
      this.mark('kill', { id });
      this.fleet.kill(id);
    }
  }

  /** Starts a dead process under its old name, as a new incarnation. */
  start(id: string): void {
    if (!this.fleet.get(id)) this.fleet.start(id);
  }

  /** Killed, and started again after so long. */
  restart(place: Place, afterMs: Millis): void {
    for (const id of this.resolve(place)) {
      this.trouble.moment(`restart ${id}`, false);
      this.mark('restart', { id, afterMs: Math.round(afterMs) });
      this.fleet.restart(id, afterMs);
    }
  }

  /** As SIGTERM: it hands off what it has, for `hurryMs` at most, and ends; a start so long after that. */
  stop(place: Place, afterMs: Millis, hurryMs: Millis = DRAIN_MS): void {
    for (const id of this.resolve(place)) {
      this.trouble.moment(`stop ${id}`, false);
      this.mark('stop', { id, afterMs: Math.round(afterMs) });
      void this.fleet.stop(id, hurryMs).then(() => this.fleet.startIn(id, afterMs));
    }
  }

  /** As SIGSTOP; what it returns is SIGCONT. `ms`: ends by itself. */
  pause(place: Place, ms?: Millis): Heal {
    const ids = this.resolve(place);
    const over = this.trouble.begin(`pause ${ids.join()}`, ms === undefined || ms > SHORT_PAUSE_MS);
    const paused = ids.flatMap((id) => this.fleet.get(id)?.process ?? []);
    this.mark('pause', { ids: ids.join(), ...(ms !== undefined && { ms: Math.round(ms) }) });
    for (const process of paused) process.pause();
    return this.healing(ms, () => {
      over();
      for (const process of paused) process.resume();
    });
  }

  /** Its main loop hangs: sockets stay open and nobody reads them. After a while its own watchdog ends it, and its supervisor starts it. */
  stick(place: Place, ms: Millis): void {
    if (ms < STUCK_MS) {
      this.pause(place, ms);
      return;
    }
    for (const id of this.resolve(place)) {
      const stuck = this.fleet.get(id)?.process;
      this.pause(id, STUCK_MS);
      this.clock.after(STUCK_MS, () => {
        if (this.fleet.get(id)?.process === stuck) this.restart(id, this.options.superviseMs);
      });
    }
  }

  /** As `musterctl node drain`, and `undrain` so long after it. */
  drain(id: string, ms: Millis): void {
    this.trouble.moment(`drain ${id}`, false);
    this.mark('drain', { id, ms: Math.round(ms) });
    this.drained.get(id)?.();
    this.drained.set(id, this.operator.order('node.drain', { node: id }));
    this.clock.after(ms, () => this.undrain(id));
  }

  undrain(id: string): void {
    // Nobody leaves a node draining: where a leader cannot take the command now, it is given until one can.
    const takeBack = this.drained.get(id);
    if (!takeBack) return;
    this.drained.delete(id);
    // An order that nobody has answered would be given again, after its opposite.
    takeBack();
    this.operator.order('node.undrain', { node: id }, Number.POSITIVE_INFINITY);
  }

  /** As `musterctl shard move`: a shard that is in use, drawn by `draw`, to this node. */
  moveShard(to: string, draw: number): void {
    const used = [...this.used()];
    const shard = used[draw % Math.max(1, used.length)];
    if (shard === undefined) return;
    this.mark('shard.move', { shard, to });
    this.operator.order('shard.move', { shard, to });
  }

  /** As `musterctl entity move`, `pin` or `unpin`: an actor that is in use, drawn by `draw`. */
  carve(to: string, draw: number): void {
    const { clients, callers, view } = this;
    const places = clients.board.newest;
    const entities = [...clients.entities(), ...callers.entities(), 'pulse/1', 'pulse/2', ...places];
    const entity = entities[draw % entities.length]!;
    const wish = view.overrides.has(entity) && draw % 3 > 0 ? 'unpin' : draw % 2 === 0 ? 'move' : 'pin';
    this.mark('entity', { entity, wish, to });
    this.operator.order(`entity.${wish}`, wish === 'unpin' ? { entity } : { entity, to });
  }

  /** An operator breaks the glass: the node is not waited for any longer. Taken only while it is late. */
  giveUp(id: string): void {
    this.mark('give-up', { id });
    const { peer } = this.fleet.get(id)!.process;
    this.operator.order('node.give-up', { node: peer, breakGlass: BREAK_GLASS }, 1);
  }

  /** Each process of the role is asked to end, one when the other is back. */
  rollingRestart(role: 'coordinator' | 'node' | 'gateway', everyMs: Millis): void {
    for (const [i, id] of this.fleet.ids(role).entries()) this.clock.after(i * everyMs, () => this.stop(id, 50));
  }

  /** Nothing arrives between these two any more, in either direction. */
  cut(a: Place, b: Place, ms?: Millis): Heal {
    return this.cutWays([...this.pairs(a, b), ...this.pairs(b, a)], `cut ${a} ${b}`, ms);
  }

  /** Nothing that the first sends arrives at the second any more; the other way works. */
  cutOneWay(from: Place, to: Place, ms?: Millis): Heal {
    return this.cutWays(this.pairs(from, to), `cut ${from} → ${to}`, ms);
  }

  /** Everything between this process and all others, the store included. */
  isolate(place: Place, ms?: Millis): Heal {
    const ways = this.resolve(place).flatMap((id) => {
      const others = [...this.fleet.ids().filter((other) => other !== id), 'store'];
      return others.flatMap((other) => [[id, other] as const, [other, id] as const]);
    });
    return this.cutWays(ways, `isolate ${place}`, ms);
  }

  /** The cluster falls into two: these on one side, all others and the store on the other. */
  split(places: readonly Place[], ms?: Millis): Heal {
    const side = new Set(places.flatMap((place) => this.resolve(place)));
    const others = this.fleet.ids().filter((id) => !side.has(id));
    const ways = [...side].flatMap((a) => [...others, 'store'].flatMap((b) => [[a, b] as const, [b, a] as const]));
    return this.cutWays(ways, `split ${[...side].join()}`, ms);
  }

  /** Every connection between these two breaks; new ones are taken. */
  reset(a: Place, b: Place): void {
    this.trouble.moment(`reset ${a} ${b}`, false);
    for (const [from, to] of this.pairs(a, b)) {
      this.mark('reset', { from, to });
      this.network.reset(from, to);
    }
  }

  /** The store's process hangs, as by SIGSTOP. */
  stallStore(ms?: Millis, late: 'arrives' | 'is-lost' = 'arrives'): Heal {
    const over = this.trouble.begin('store stalled', false);
    this.mark('store.stall', {});
    this.server.stall();
    return this.healing(ms, () => {
      over();
      this.mark('store.resume', { late });
      this.server.resume(late);
    });
  }

  /** The store's process is gone and comes back with what it had. */
  stopStore(ms?: Millis): Heal {
    const over = this.trouble.begin('store stopped', false);
    this.mark('store.stop', {});
    this.server.stop();
    return this.healing(ms, () => {
      over();
      this.mark('store.start', {});
      this.server.start();
    });
  }

  /** The store elects another leader: nothing is answered for a while, what was asked may be lost, and leases start anew. */
  newStoreLeader(ms: Millis, late: 'arrives' | 'is-lost'): Heal {
    const heal = this.stallStore(undefined, late);
    return this.healing(ms, () => {
      this.server.renewAll();
      heal();
    });
  }

  /** The store loses everything, its revision too (K4). */
  wipeStore(): void {
    this.trouble.moment('store wiped', true);
    this.mark('store.wipe', {});
    this.server.wipe();
  }

  /** A snapshot of the store is taken now, and so long after that the store is put back to it: it stops for `awayMs` meanwhile (K4).
   *  `killsLeader`: just then. */
  restoreStore(ms: Millis, awayMs: Millis, killsLeader = false): void {
    const putBack = this.server.backup();
    this.mark('store.snapshot', { ms: Math.round(ms) });
    this.clock.after(ms, () => {
      const over = this.trouble.begin('store restored', false);
      this.mark('store.restore', { awayMs: Math.round(awayMs) });
      this.server.stop();
      if (killsLeader) this.restart('leader', 1_000);
      this.clock.after(awayMs, () => {
        this.losses.restorations.begin();
        putBack();
        this.server.start();
        over();
      });
    });
  }

  /** Accounts and the remembered regime cannot be read or written. */
  loseStorage(ms?: Millis): Heal {
    const over = this.trouble.begin('storage away', true);
    this.mark('storage.away', {});
    const back = this.storage.leave();
    return this.healing(ms, () => {
      over();
      back();
    });
  }

  /** Storage hangs: calls run into their deadlines, and may have been done all the same. */
  stallStorage(ms: Millis, late: 'arrives' | 'is-lost'): Heal {
    const over = this.trouble.begin('storage stalled', true);
    this.mark('storage.stall', { ms: Math.round(ms) });
    this.storage.shards.stall();
    return this.healing(ms, () => {
      over();
      this.storage.shards.resume(late);
    });
  }

  /** Nothing more can be written to storage. */
  fillStorage(ms: Millis): Heal {
    const over = this.trouble.begin('storage full', true);
    this.mark('storage.full', { ms: Math.round(ms) });
    this.storage.shards.fill();
    return this.healing(ms, () => {
      over();
      this.storage.shards.free();
    });
  }

  /** Every call to storage takes so many times as long. */
  slowStorage(times: number, ms: Millis): Heal {
    const over = this.trouble.begin('storage slow', times > 20);
    this.mark('storage.slow', { times, ms: Math.round(ms) });
    const relieve = this.storage.slow(times);
    return this.healing(ms, () => {
      over();
      relieve();
    });
  }

  /** Every message between processes takes so many times as long. */
  slowNetwork(times: number, ms?: Millis): Heal {
    const over = this.trouble.begin('slow network', times > 20);
    this.mark('network.slow', { times });
    const relieve = this.network.ways.congest(times);
    return this.healing(ms, () => {
      over();
      relieve();
    });
  }

  /** All leases of the store end now. */
  expireLeases(): void {
    this.trouble.moment('leases expire', false);
    this.mark('store.expire-leases', {});
    this.server.expireAllLeases();
  }

  /** The next transactions of a process happen or not, and nobody tells it which. */
  unknownOutcomes(place: Place, count: number, happens: boolean): void {
    for (const id of this.resolve(place)) {
      const path = this.fleet.get(id)?.store.path;
      this.trouble.moment(`unknown outcomes ${id}`, false);
      this.mark('store.unknown-outcomes', { id, count, happens });
      if (happens) path?.loseAnswers(count);
      else path?.loseRequests(count);
    }
  }

  /** The next deliveries to a process's watches vanish, and it is not told. */
  dropWatchEvents(place: Place, count: number): void {
    for (const id of this.resolve(place)) {
      this.mark('store.drop-watch-events', { id, count });
      this.fleet.get(id)?.store.path.dropWatchEvents(count);
    }
  }

  /** Ends every fault that has not ended; the dead stay dead. */
  heal(): void {
    for (const heal of [...this.heals]) heal();
  }

  /** Ends every fault and starts everybody who is dead. */
  repair(): void {
    this.heal();
    this.mark('repair', {});
    for (const id of [...this.drained.keys()]) this.undrain(id);
    for (const id of this.fleet.ids()) if (!this.fleet.get(id)) this.fleet.startIn(id, this.options.superviseMs);
    this.trouble.endAll();
  }

  /** Once this next happens anywhere, `ms` from now at the latest. @returns waits no longer */
  atNext(event: string, ms: Millis, happened: (who: string, fields: LogFields) => void): Heal {
    const stop = this.trace.listen(event, (who, fields) => {
      disarm();
      // Whoever writes the line is in the middle of it.
      this.clock.defer(() => happened(who, fields));
    });
    const disarm = this.healing(ms, stop);
    return disarm;
  }

  /** Ids that a place stands for at this moment. */
  resolve(place: Place): readonly string[] {
    if (place === 'leader') return this.leader ? [this.leader] : [];
    if (place === 'vice') return this.vice ? [this.vice] : [];
    if (place === 'coordinators' || place === 'nodes' || place === 'gateways')
      return this.fleet.ids(place === 'coordinators' ? 'coordinator' : place === 'nodes' ? 'node' : 'gateway');
    return [place];
  }

  private pairs(a: Place, b: Place): readonly (readonly [string, string])[] {
    const to = this.resolve(b);
    return this.resolve(a).flatMap((from) =>
      to.filter((other) => other !== from).map((other) => [from, other] as const),
    );
  }

  private cutWays(ways: readonly (readonly [string, string])[], what: string, ms: Millis | undefined): Heal {
    const over = this.trouble.begin(what, true);
    this.mark('cut', { what, ...(ms !== undefined && { ms: Math.round(ms) }) });
    const { ways: network } = this.network;
    this.cuts += 1;
    const fault = `${what} (${this.cuts})`;
    // The store's ways are calls: cut in either direction they have no answer.
    const toStore = [
      ...new Set(ways.flatMap(([from, to]) => (from === 'store' ? [to] : to === 'store' ? [from] : []))),
    ];
    const between = ways.filter(([from, to]) => from !== 'store' && to !== 'store');
    for (const id of toStore) this.fleet.cutFromStore(id);
    for (const [from, to] of between) network.cut(from, to, fault);
    return this.healing(ms, () => {
      over();
      this.mark('healed', { what });
      for (const id of toStore) this.fleet.healToStore(id, this.random.next() < 0.5 ? 'arrives' : 'is-lost');
      for (const [from, to] of between) network.heal(from, to, fault);
    });
  }

  private healing(ms: Millis | undefined, end: () => void): Heal {
    const heal = (): void => {
      if (this.heals.delete(heal)) end();
    };
    this.heals.add(heal);
    if (ms !== undefined) this.clock.after(ms, heal);
    return heal;
  }

  private mark(event: string, fields: Readonly<Record<string, unknown>>): void {
    this.trace.write('fault', 'info', event, fields);
  }
}

/** A cluster under virtual time, just started: `await world.ready()` lets it come up and its clients sign in. */
export function simulate(setup: SimulateSetup): Simulation {
  return new Simulation(setup);
}
