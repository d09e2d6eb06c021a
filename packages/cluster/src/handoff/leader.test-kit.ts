import { type EntityRef, type MemoryMetrics, type PeerId, peerId, SeededRandom, silentLog } from '@muster/ports';
import { Peers } from '../links/peers.js';
import type { ComputeNode } from '../node/compute-node.js';
import type { ShardRow } from '../table/routing-table.js';
import type { Member, World } from '../world.test-kit.js';
import { Moves, type MoveWrite } from './moves.test-kit.js';
import { type HandoffOptions, handoffOptions } from './options.js';

/** A coordinator that leads moves over real links; its store is the world's table, some milliseconds away. */
export class TestLeader {
  readonly ended: string[] = [];
  /** Every row that was written, as `what owner/backup/learner term`. */
  readonly writes: string[] = [];
  storeMs = 2;
  storeAgoMs = 0;
  /** What the store says to a write: false, it did not happen. */
  accepts: (what: string) => boolean = () => true;
  /** Called before a write arrives. */
  before: (what: string) => void = () => undefined;
  /** What sources say is not heard. */
  deaf = false;
  /** They hear of rows some milliseconds after the others. */
  late: World['all'] = [];
  readonly moves: Moves;
  private readonly world: World;
  private readonly peers: Peers;
  private stopped = false;

  constructor(world: World, cable: Member<ComputeNode>['cable'], epoch = 1, options: Partial<HandoffOptions> = {}) {
    this.world = world;
    const { clock } = world;
    const metrics: MemoryMetrics = world.nodes[0]!.metrics;
    const self = {
      role: 'coordinator',
      peer: peerId(`c${epoch}`, '1'),
      address: '',
      cluster: 'c',
      zone: '',
      build: '1',
    } as const;
    this.peers = new Peers({ clock, random: new SeededRandom(epoch), network: cable, self, metrics, log: silentLog });
    this.moves = new Moves({
      clock,
      peers: this.peers,
      epoch,
      options: handoffOptions(options),
      row: (shard) => world.row(shard),
      storeAgoMs: () => this.storeAgoMs,
      askStore: () => undefined,
      toWrite: () => clock.after(this.storeMs, () => this.transact()),
      over: (_, end) => this.ended.push(end),
      log: silentLog,
    });
    this.peers.on('sealed', (from, envelope) => this.deaf || this.moves.sealed(from, envelope));
    for (const { peer, address } of world.nodes) this.peers.connect(peer, address);
    this.wait();
  }

  /** Asks for a move and returns its id. */
  move(of: EntityRef, to: Member<ComputeNode>): string {
    const id = this.moves.start(this.world.where(of), to.peer);
    if (id === undefined) throw new Error('it cannot be moved there');
    return id;
  }

  /** Moves it, with virtual time passing until that is over; how it ended. */
  async moved(of: EntityRef, to: Member<ComputeNode>, limitMs = 10_000): Promise<string> {
    const id = this.move(of, to);
    if (!(await this.world.clock.until(() => this.phaseOf(id) === undefined, limitMs)))
      throw new Error('the move did not end');
    await this.world.clock.advance(5);
    return this.ended.at(-1)!;
  }

  died(peer: PeerId): void {
    this.moves.died(peer);
  }

  /** Nothing more is heard of it. */
  kill(): void {
    this.stopped = true;
    void this.peers.stop();
  }

  /** Somebody else's change of rows, in one transaction. */
  write(...rows: readonly ShardRow[]): void {
    const { all, clock } = this.world;
    this.world.place(
      rows,
      all.filter((member) => !this.late.includes(member)),
    );
    if (this.late.length > 0) clock.after(5, () => this.world.place(rows, this.late));
    this.moves.rowsChanged(rows);
  }

  phaseOf(id: string): string | undefined {
    return this.moves.all().find((move) => move.id === id)?.phase;
  }

  private wait(): void {
    this.world.clock.after(10, () => {
      if (this.stopped) return;
      for (const { peer, process } of this.world.nodes) this.moves.reported(peer, process.replicator.reports());
      this.moves.tick();
      this.wait();
    });
  }

  private transact(): void {
    if (this.stopped) return;
    for (const { what } of this.moves.writes()) this.before(what);
    const writes = this.moves.writes();
    const [taken, refused] = [
      writes.filter(({ what }) => this.accepts(what)),
      writes.filter(({ what }) => !this.accepts(what)),
    ];
    for (const { what, row } of taken)
      this.writes.push(`${what} ${row.owner}/${row.backup || '-'}/${row.learner || '-'} ${row.term}`);
    if (taken.length > 0) this.write(...taken.map(({ row }) => row));
    this.moves.settled(idsOf(taken), true);
    this.moves.settled(idsOf(refused), false);
  }
}

function idsOf(writes: readonly MoveWrite[]): readonly string[] {
  return writes.map(({ id }) => id);
}
