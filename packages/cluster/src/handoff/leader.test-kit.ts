import { type EntityRef, type PeerId, peerId, SeededRandom, type ShardId, silentLog } from '@muster/ports';
import { Peers } from '../links/peers.js';
import type { ComputeNode } from '../node/compute-node.js';
import type { ShardRow } from '../table/routing-table.js';
import type { Member, World } from '../world.test-kit.js';
import { type Move, type MoveEffect, type MoveInput, type MoveStep, stands, startMove, stepMove } from './leader.js';
import { type HandoffOptions, handoffOptions } from './options.js';
import { mayCancel } from './rows.js';

/** A coordinator that leads moves over real links; its store is the world's table, some milliseconds away. */
export class TestLeader {
  readonly options: HandoffOptions;
  readonly ended: string[] = [];
  /** Every row that was written, as `what owner/backup/learner term`. */
  readonly writes: string[] = [];
  storeMs = 2;
  storeAgoMs = 0;
  /** What the store says to a write: false, it did not happen. */
  accepts: (what: string) => boolean = () => true;
  /** Called before a write arrives. */
  before: (what: string) => void = () => undefined;
  /** Called before a seal is sent. */
  sealing: () => void = () => undefined;
  /** What sources say is not heard. */
  deaf = false;
  private readonly world: World;
  private readonly peers: Peers;
  private readonly moves = new Map<string, Move>();
  private readonly epoch: number;
  private count = 0;
  private stopped = false;

  constructor(world: World, cable: Member<ComputeNode>['cable'], epoch = 1, options: Partial<HandoffOptions> = {}) {
    this.world = world;
    this.epoch = epoch;
    this.options = handoffOptions(options);
    this.peers = new Peers({
      clock: world.clock,
      random: new SeededRandom(epoch),
      network: cable,
      self: { role: 'coordinator', peer: peerId(`c${epoch}`, '1'), address: '', cluster: 'c', zone: '', build: '1' },
      metrics: world.nodes[0]!.metrics,
      log: silentLog,
    });
    this.peers.on('sealed', (from, { shard, term, body }) => {
      if (this.deaf) return;
      const move = this.moves.get(body.move);
      if (move) this.input(body.move, { type: 'sealed', from: from.peer, term, ...body });
      else if (mayCancel(world.row(shard as ShardId), from.peer, term, body.move))
        this.seal(from.peer, shard, term, body.move, from.peer, true);
    });
    for (const { peer, address } of world.nodes) this.peers.connect(peer, address);
    this.wait();
  }

  /** Asks for a move and returns its id. */
  move(of: EntityRef, to: Member<ComputeNode>): string {
    this.count += 1;
    const id = `${this.epoch}.${this.count}`;
    this.show(id, startMove(id, this.world.where(of), to.peer, this.now()));
    return id;
  }

  /** Moves it, with virtual time passing until that is over; how it ended. */
  async moved(of: EntityRef, to: Member<ComputeNode>, limitMs = 10_000): Promise<string> {
    const id = this.move(of, to);
    if (!(await this.world.clock.until(() => !this.moves.has(id), limitMs))) throw new Error('the move did not end');
    await this.world.clock.advance(5);
    return this.ended.at(-1)!;
  }

  died(peer: PeerId): void {
    for (const id of [...this.moves.keys()]) this.input(id, { type: 'died', peer });
  }

  /** Nothing more is heard of it. */
  kill(): void {
    this.stopped = true;
    void this.peers.stop();
  }

  /** Somebody else's change of the row. */
  write(row: ShardRow): void {
    this.world.place([row]);
    for (const [id, move] of this.moves) if (move.row.shard === row.shard) this.input(id, { type: 'row', row });
  }

  phaseOf(id: string): string | undefined {
    return this.moves.get(id)?.phase;
  }

  private now(): number {
    return this.world.clock.monotonic();
  }

  private wait(): void {
    this.world.clock.after(10, () => {
      if (this.stopped) return;
      for (const [id, { from, row }] of [...this.moves]) {
        const owner = this.world.nodes.find(({ peer }) => peer === from);
        for (const report of owner?.process.replicator.reports() ?? [])
          if (report.shard === row.shard && report.what === 'learner-in-sync')
            this.input(id, { type: 'in-sync', from, term: report.term, peer: report.peer });
        this.input(id, { type: 'tick' });
      }
      this.wait();
    });
  }

  private input(id: string, input: MoveInput): void {
    const move = this.moves.get(id);
    if (move) this.show(id, stepMove(move, input, this.now(), this.storeAgoMs, this.options));
  }

  private show(id: string, { state, effects }: MoveStep): void {
    this.moves.set(id, state);
    for (const effect of effects) this.perform(id, state, effect);
  }

  private perform(id: string, { row, from, to, term }: Move, effect: MoveEffect): void {
    switch (effect.type) {
      case 'write':
        this.world.clock.after(this.storeMs, () => this.transact(id, effect));
        return;
      case 'seal':
        this.sealing();
        this.seal(from, row.shard, term, id, to, false);
        return;
      case 'cancel':
        this.seal(from, row.shard, term, id, to, true);
        return;
      case 'ask-store':
        return;
      case 'over':
        this.moves.delete(id);
        this.ended.push(effect.end);
    }
  }

  private transact(id: string, effect: Extract<MoveEffect, { type: 'write' }>): void {
    if (this.stopped) return;
    this.before(effect.what);
    const { row } = effect;
    const committed = this.accepts(effect.what) && stands(effect, this.world.row(row.shard));
    if (committed) {
      this.writes.push(`${effect.what} ${row.owner}/${row.backup || '-'}/${row.learner || '-'} ${row.term}`);
      this.write(row);
    }
    this.input(id, { type: 'settled', committed });
  }

  private seal(owner: PeerId, shard: number, term: number, move: string, to: PeerId, cancel: boolean): void {
    const { epoch } = this;
    this.peers.send(owner, 'control', { type: 'seal', shard, term, epoch, body: { move, to, cancel } });
  }
}
