import {
  type EntityRef,
  entityKey,
  type PeerId,
  peerId,
  SeededRandom,
  SHARDS,
  type ShardId,
  silentLog,
} from '@muster/ports';
import { Peers } from '../links/peers.js';
import type { ComputeNode } from '../node/compute-node.js';
import type { ShardRow } from '../table/routing-table.js';
import type { Member, World } from '../world.test-kit.js';
import {
  type Carving,
  type CarvingEffect,
  type CarvingInput,
  type CarvingWrite,
  startCarving,
  stepCarving,
  stillStands,
} from './leader.js';
import { carvingOptions } from './options.js';
import { mayCarve } from './rows.js';

const options = carvingOptions();

/** A coordinator that leads carvings over real links; its store is the world's table, some milliseconds away. */
export class TestCarver {
  readonly ended: string[] = [];
  carving: Carving | undefined;
  storeMs = 2;
  /** What the store says to a write. */
  accepts = true;
  /** Called before a write arrives. */
  before: () => void = () => undefined;
  /** What owners say is not heard. */
  deaf = false;
  /** They hear of it some milliseconds after the others. */
  late: World['all'] = [];
  private readonly world: World;
  private readonly peers: Peers;
  private readonly epoch: number;
  private started = 0;
  private stopped = false;

  constructor(world: World, cable: Member<ComputeNode>['cable'], epoch = 1) {
    this.world = world;
    this.epoch = epoch;
    const { clock } = world;
    const role = 'coordinator' as const;
    const self = { role, peer: peerId(`c${epoch}`, '1'), address: '', cluster: 'c', zone: '', build: '1' };
    const { metrics } = world.nodes[0]!;
    this.peers = new Peers({ clock, random: new SeededRandom(epoch), network: cable, self, metrics, log: silentLog });
    this.peers.on('carved', ({ peer }, { body: { id, entity, into, done, abort } }) => {
      if (this.deaf || this.stopped) return;
      if (this.carving?.id === id) this.input({ type: 'carved', from: peer, id, done, abort });
      else if (world.whereKey(entity).shard !== into) this.say(peer, id, entity, into, 0, 0, true);
    });
    for (const { peer, address } of world.nodes) this.peers.connect(peer, address);
    this.wait();
  }

  begin(entity: EntityRef, to: ShardId): void {
    const [from, into] = [this.world.where(entity), this.world.row(to)];
    if (!mayCarve(from, into)) throw new Error('it may not be carved');
    this.started += 1;
    const id = `${this.epoch}.c${this.started}`;
    const { state, effects } = startCarving(
      id,
      entityKey(entity),
      from,
      into,
      SHARDS.isHashed(to) ? null : to,
      this.now,
      0,
      options,
    );
    this.carving = state;
    this.perform(effects);
  }

  /** Until it is over; how it ended. */
  async carve(entity: EntityRef, to: ShardId): Promise<string> {
    this.begin(entity, to);
    if (!(await this.world.clock.until(() => this.carving === undefined, 10_000))) throw new Error('it did not end');
    await this.world.clock.advance(5);
    return this.ended.at(-1)!;
  }

  /** Somebody else's change of rows. */
  write(...rows: readonly ShardRow[]): void {
    this.world.place(rows);
    for (const row of rows) this.input({ type: 'row', row });
  }

  /** Nothing more is heard of it. */
  kill(): void {
    this.stopped = true;
    void this.peers.stop();
  }

  private get now(): number {
    return this.world.clock.monotonic();
  }

  private wait(): void {
    this.world.clock.after(10, () => {
      if (this.stopped) return;
      this.input({ type: 'tick' });
      this.wait();
    });
  }

  private input(input: CarvingInput): void {
    if (!this.carving || this.stopped) return;
    const { state, effects } = stepCarving(this.carving, input, this.now, 0, options);
    this.carving = state;
    this.perform(effects);
  }

  private perform(effects: readonly CarvingEffect[]): void {
    for (const effect of effects) {
      const { id, entity, owner, from, into } = this.carving!;
      if (effect.type === 'write') this.world.clock.after(this.storeMs, () => this.transact(effect));
      else if (effect.type === 'over') {
        this.ended.push(effect.end);
        this.carving = undefined;
      } else if (effect.type !== 'ask-store')
        this.say(owner, id, entity, into.shard, from.shard, from.term, effect.type === 'cancel', into.term);
    }
  }

  private transact(write: CarvingWrite): void {
    if (this.stopped) return;
    this.before();
    const committed = this.accepts && stillStands(write, (shard) => this.world.row(shard));
    const { rows, entity, shard } = write;
    if (committed) {
      const { all, clock } = this.world;
      const heard = all.filter((member) => !this.late.includes(member));
      this.world.place(rows, heard, [{ entity, shard }]);
      if (this.late.length > 0) clock.after(50, () => this.world.place(rows, this.late, [{ entity, shard }]));
    }
    this.input({ type: 'settled', committed });
  }

  private say(
    to: PeerId,
    id: string,
    entity: string,
    into: number,
    shard: number,
    term: number,
    cancel: boolean,
    intoTerm = 0,
  ): void {
    const body = { id, entity, into, intoTerm, cancel };
    this.peers.send(to, 'control', { type: 'carve', shard, term, epoch: this.epoch, body });
  }
}
