// Owners that follow each other while storage is cut, stalled, full or loses answers. Checked against what storage holds in the end:
// what an owner let out is there, once, in order; and what was read was never older than what somebody else had let out by then.
import { expect, test } from '@jest/globals';
import { LayeredLog, StorageWriter, type StoredLog } from '@muster/cluster';
import { MemoryCommitLog, MemoryMetrics, SeededRandom, shardId, silentLog, term, VirtualClock } from '@muster/ports';
import { MemoryShardServer, MemoryShardStore } from '@muster/storage';
import fc from 'fast-check';

const SHARD = shardId(3);

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('turn' as const), owner: fc.nat(1) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('read' as const), owner: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('take-over' as const, 'raise' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom('cut' as const, 'stall' as const, 'lose-answer' as const, 'fill' as const),
      owner: fc.nat(1),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('heal' as const),
      late: fc.constantFrom('arrives' as const, 'is-lost' as const),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface Owner {
  readonly store: MemoryShardStore;
  readonly logs: StorageWriter;
  stored: StoredLog | undefined;
  log: LayeredLog | undefined;
  turns: number;
}

class Play {
  readonly clock = new VirtualClock();
  readonly server = new MemoryShardServer({ clock: this.clock });
  /** Words in the order they were let out. */
  readonly out: string[] = [];
  readonly staleReads: string[] = [];
  private readonly owners: readonly Owner[] = [this.owner(1), this.owner(2)];
  private term = 0;
  private lives = 0;

  constructor() {
    this.takeOver(this.owners[0]!);
  }

  private get present(): Owner {
    return this.owners[(this.lives + 1) % 2]!;
  }

  run(each: Step): void {
    switch (each.type) {
      case 'turn':
        this.turn(this.owners[each.owner]!);
        break;
      case 'read':
        this.read(this.owners[each.owner]!);
        break;
      case 'take-over':
        this.takeOver(this.owners[this.lives % 2]!);
        break;
      case 'raise':
        this.term += 1;
        this.present.stored!.raise(term(this.term), 'gated');
        break;
      case 'cut':
        this.owners[each.owner]!.store.path.cut();
        break;
      case 'stall':
        this.owners[each.owner]!.store.path.stall();
        break;
      case 'lose-answer':
        this.owners[each.owner]!.store.path.loseAnswers(1);
        break;
      case 'fill':
        this.server.fill();
        break;
      case 'heal':
        this.heal(each.late);
        break;
    }
  }

  heal(late: 'arrives' | 'is-lost'): void {
    this.server.free();
    for (const { store } of this.owners)
      for (let nested = 0; nested < 50; nested += 1) {
        store.path.mend();
        store.path.resume(late);
      }
  }

  stored(): string[] {
    const rows = [...this.server.rowsIn(SHARD)].sort((a, b) => a.position - b.position);
    return rows.map(({ body }) => (JSON.parse(body) as [string])[0]);
  }

  private owner(seed: number): Owner {
    const { clock, server } = this;
    const store = new MemoryShardStore({ clock, server });
    const rest = { clock, random: new SeededRandom(seed), metrics: new MemoryMetrics(), log: silentLog };
    return { store, logs: new StorageWriter({ store, ...rest }), stored: undefined, log: undefined, turns: 0 };
  }

  /** The one before is not told: it finds out, or goes on. */
  private takeOver(owner: Owner): void {
    this.term += 1;
    this.lives += 1;
    owner.log?.close();
    owner.turns = 0;
    const rest = { standing: 'gated', start: 0, isSure: false, saved: () => undefined } as const;
    owner.stored = owner.logs.begin({ shard: SHARD, term: term(this.term), ...rest });
    owner.log = new LayeredLog(new MemoryCommitLog(), owner.stored, () => undefined);
  }

  private turn(owner: Owner): void {
    if (!owner.log || owner.log.full) return;
    owner.turns += 1;
    const word = `${owner.stored!.term}:${owner.turns}`;
    owner.log.append({ entity: 'a/1', seq: owner.turns, entries: [word] });
    owner.log.onDurable(owner.log.end, () => this.out.push(word));
  }

  /** It sees its own turns only: stale where a newer owner has let something out by now, unless it never leaves. */
  private read(owner: Owner): void {
    const { log, stored } = owner;
    if (!log || !stored || log.full) return;
    const unseen = this.out.filter((word) => this.isNewer(word, stored));
    log.onDurable(log.end, () => this.staleReads.push(...unseen));
  }

  private isNewer(word: string, log: StoredLog): boolean {
    return Number(word.split(':')[0]) > log.term;
  }
}

test('K5, K7: whatever befalls storage and its owners, what was let out is stored, once and in order, and no read is stale', async () => {
  let [letOut, takeOvers] = [0, 0];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(step, fc.constantFrom(0, 1, 3, 50, 300)), { minLength: 20, maxLength: 60 }),
      async (steps) => {
        const play = new Play();
        for (const [each, pause] of steps) {
          play.run(each);
          if (each.type === 'take-over') takeOvers += 1;
          await play.clock.advance(pause);
        }
        play.heal('arrives');
        await play.clock.advance(10_000);
        const stored = play.stored();
        expect(new Set(stored).size).toBe(stored.length);
        expect(stored.filter((word) => play.out.includes(word))).toEqual(play.out);
        expect(play.staleReads).toEqual([]);
        letOut += play.out.length;
      },
    ),
    { numRuns: 300 },
  );
  expect(letOut).toBeGreaterThan(1_000);
  expect(takeOvers).toBeGreaterThan(300);
});
