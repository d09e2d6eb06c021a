import {
  type Clock,
  type Counter,
  epoch,
  type Log,
  type Metrics,
  parseEntity,
  type ShardId,
  type Timer,
  term,
} from '@muster/ports';
import type { ActorHost } from '@muster/runtime';
import type { EnvelopeOf } from '@muster/wire';
import type { PeerInfo } from '../links/handshake.js';
import type { Peers } from '../links/peers.js';
import { isKey } from '../replication/copy.js';
import type { RoutingTable } from '../table/routing-table.js';
import type { CarvingOptions } from './options.js';
import { newOwner, type OwnerEffect, type OwnerFacts, type OwnerInput, type OwnerState, stepOwner } from './owner.js';

export interface CarvingOwnerSetup {
  readonly clock: Clock;
  readonly peers: Peers;
  readonly host: ActorHost;
  readonly table: RoutingTable;
  /** Highest that this process has heard of, in whatever message. */
  readonly epoch: () => number;
  readonly options: CarvingOptions;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Puts entities into other shards of this process when the leader asks: see `owner.ts`. Leaders of an older epoch are not heard (fence 3). */
export class CarvingOwner {
  private readonly setup: CarvingOwnerSetup;
  /** Of entities that are held or settle. */
  private readonly states = new Map<string, OwnerState>();
  private readonly carvings: Counter;
  private highestEpoch = epoch(0);
  private timer: Timer | undefined;

  constructor(setup: CarvingOwnerSetup) {
    this.setup = setup;
    const { peers, metrics } = setup;
    this.carvings = metrics.counter('muster_carving_held_total', 'Entities held for another shard, and how that ended');
    peers.on('carve', (from, envelope) => this.asked(from, envelope));
  }

  /** Entities that stand still in this shard: those of a shard that is opened anew meanwhile go on standing still. */
  heldIn(shard: ShardId): readonly string[] {
    return [...this.states].flatMap(([entity, state]) => (shardsOf(state).includes(shard) ? [entity] : []));
  }

  /** The row of this shard has a new term, and the shard is open or closed as it says. */
  termChanged(shard: ShardId): void {
    for (const entity of this.heldIn(shard)) this.input(entity, { type: 'term', facts: this.factsOf(entity) });
  }

  stop(): void {
    this.timer?.cancel();
    this.states.clear();
  }

  private asked(from: PeerInfo, { shard: number, term: of, epoch: said, body }: EnvelopeOf<'carve'>): void {
    if (from.role !== 'coordinator' || said < Math.max(this.highestEpoch, this.setup.epoch())) return;
    const { id, entity, into, intoTerm, cancel } = body;
    const { layout } = this.setup.table;
    if (!isKey(entity) || !layout.has(number) || !layout.has(into) || into === number) return;
    this.highestEpoch = epoch(said);
    if (cancel) {
      this.input(entity, { type: 'cancel', id }, from);
      return;
    }
    const message = { id, entity, from: number, into, fromTerm: term(of), intoTerm: term(intoTerm), cancel };
    this.input(entity, { type: 'carve', message, facts: this.factsOf(entity) }, from);
  }

  private factsOf(entity: string): OwnerFacts {
    const { host, table } = this.setup;
    return { at: table.shardOf(parseEntity(entity)), termOf: (shard) => host.termOf(shard) };
  }

  private input(entity: string, input: OwnerInput, asker?: PeerInfo): void {
    const { clock, options } = this.setup;
    const before = this.states.get(entity) ?? newOwner();
    const { state, effects } = stepOwner(before, input, clock.monotonic(), options);
    if (state.phase === 'idle') this.states.delete(entity);
    else this.states.set(entity, state);
    for (const effect of effects) this.perform(entity, state, effect, asker);
    if (this.states.size > 0) this.timer ??= clock.after(options.againMs, () => this.tick());
  }

  private tick(): void {
    this.timer = undefined;
    for (const entity of [...this.states.keys()]) this.input(entity, { type: 'tick', facts: this.factsOf(entity) });
  }

  private perform(entity: string, state: OwnerState, effect: OwnerEffect, asker: PeerInfo | undefined): void {
    const { host, log } = this.setup;
    const ref = parseEntity(entity);
    switch (effect.type) {
      case 'hold': {
        const held = host.carve(ref, effect.from, effect.into);
        this.carvings.add(1, { end: held ? 'begun' : 'not-held' });
        if (!held) {
          this.input(entity, { type: 'not-held' });
          return;
        }
        if (state.phase !== 'holding') return;
        const { id } = state;
        log.write('info', 'carving.held', { entity, id, from: effect.from, into: effect.into });
        host.onceDurable(effect.into, () => this.input(entity, { type: 'durable', id }));
        return;
      }
      case 'settle':
        log.write('info', 'carving.settles', { entity, winner: effect.winner, loser: effect.loser });
        this.settle(entity, effect.loser);
        return;
      case 'go-on':
        this.carvings.add(1, { end: this.setup.table.shardOf(ref) === effect.winner ? 'settled' : 'lost' });
        host.unhold(effect.winner, ref);
        return;
      case 'say':
        this.say(entity, effect, asker);
    }
  }

  private settle(entity: string, loser: ShardId): void {
    const { host } = this.setup;
    host.drop(loser, parseEntity(entity));
    const settled = (): void => this.input(entity, { type: 'settled' });
    if (host.stateOf(loser) === 'closed') settled();
    else host.onceDurable(loser, settled);
  }

  private say(
    entity: string,
    { id, into, done, abort, toAll }: Extract<OwnerEffect, { type: 'say' }>,
    asker: PeerInfo | undefined,
  ): void {
    const { peers } = this.setup;
    const envelope = { type: 'carved', epoch: this.highestEpoch, body: { id, entity, into, done, abort } } as const;
    const coordinators = peers.linked().filter(({ role }) => role === 'coordinator');
    for (const to of toAll || !asker ? coordinators : [asker]) peers.send(to.peer, 'control', envelope);
  }
}

function shardsOf(state: OwnerState): readonly ShardId[] {
  if (state.phase === 'holding') return [state.from, state.into];
  return state.phase === 'settling' ? [state.winner, state.loser] : [];
}
