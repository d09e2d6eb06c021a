import { expect, test } from '@jest/globals';
import { type PeerId, SeededRandom, term } from '@muster/ports';
import { LEADER } from './actors.test-kit.js';
import { type Stage, settled } from './stage.test-kit.js';

const NODES = ['a', 'b', 'c', 'd', 'e'];
const STEPS = 300;

/** A play drawn at random: moves, deaths, cuts, leaders and stores that fail, and letters that overtake each other on different links. */
class Play {
  readonly lines: string[] = [];
  readonly stage: Stage = settled(NODES, (line) => this.lines.push(line));
  private readonly random: SeededRandom;
  /** Whoever took turns in a term. */
  private readonly writers = new Map<number, string>();
  /** The longest that ever left anybody. */
  private left: readonly number[] = [];
  private value = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  step(): void {
    const { stage } = this;
    const drawn = this.random.next();
    if (drawn < 0.5) stage.deliver((links) => this.below(links));
    else if (drawn < 0.62) this.work();
    else if (drawn < 0.72) stage.pass(20 + this.below(100));
    else if (drawn < 0.78) this.plan();
    else if (drawn < 0.83) this.cut();
    else if (drawn < 0.9) stage.join(this.someone(), this.random.next() < 0.4 ? LEADER : this.someone());
    else if (drawn < 0.92) stage.takeOver(this.random.next() < 0.5);
    else if (drawn < 0.94) stage.storeHolds = true;
    else if (drawn < 0.97) this.answer(this.random.next() < 0.7);
    else this.kill();
    if (this.random.next() < 0.3) this.arrange();
    this.check();
  }

  /** Everything works again; true when the shard does, in bounded time. */
  ends(): boolean {
    const { stage } = this;
    this.answer(true);
    for (const a of [...NODES, LEADER]) for (const b of NODES) stage.join(a, b);
    for (let n = 0; n < 120; n += 1) {
      while (stage.deliver()) this.check();
      this.arrange();
      stage.pass(50);
      if (n > 60 && stage.move === undefined && stage.row.state === 'stable' && stage.row.backup !== '') break;
    }
    while (stage.deliver()) this.check();
    const owner = stage.nodes.get(stage.row.owner);
    if (!owner?.works || stage.row.state !== 'stable' || stage.row.backup === '') return false;
    this.value += 1;
    owner.take(this.value);
    while (stage.deliver()) this.check();
    return this.left.at(-1) === this.value;
  }

  private check(): void {
    for (const node of this.stage.nodes.values()) {
      if (!node.alive || !node.owned) continue;
      const { out } = node;
      const [longer, shorter] = out.length > this.left.length ? [out, this.left] : [this.left, out];
      // What has left anybody is never taken back, nor followed by anything else.
      expect(longer.slice(0, shorter.length)).toEqual(shorter);
      this.left = longer;
    }
    const owner = this.stage.nodes.get(this.stage.row.owner);
    // Who owns the shard and has opened it has all that ever left anybody.
    if (owner?.works && owner.owned!.state.term === this.stage.row.term)
      expect(owner.owned!.values.slice(0, this.left.length)).toEqual(this.left);
  }

  private work(): void {
    const node = this.stage.nodes.get(this.someone())!;
    if (!node.works) return;
    const of = node.owned!.state.term;
    expect(this.writers.get(of) ?? node.name).toBe(node.name);
    this.writers.set(of, node.name);
    this.value += 1;
    node.take(this.value);
  }

  private plan(): void {
    const to = this.someone();
    if (this.alive(to)) this.stage.plan(to);
  }

  private cut(): void {
    const [a, b] = [this.someone(), this.random.next() < 0.3 ? LEADER : this.someone()];
    if (a !== b) this.stage.cut(a, b);
  }

  private answer(committed: boolean): void {
    this.stage.storeHolds = false;
    this.stage.settleHeld(committed);
  }

  /** One failure at a time: nobody dies whose shard has no second place, nor the one that is left of two. */
  private kill(): void {
    const { stage } = this;
    const { owner, backup } = stage.row;
    const name = this.someone();
    const living = [...stage.nodes.values()].filter(({ alive }) => alive).length;
    const safe = backup !== '' && this.alive(owner) && this.alive(backup);
    if (living > 3 && this.alive(name) && safe) stage.kill(name);
  }

  /** What every leader does beside moves. */
  private arrange(): void {
    const { stage } = this;
    const { owner, backup, learner, state, term: of } = stage.row;
    const next = { learner: '', state: 'stable', move: '', term: term(of + 1) } as const;
    if (!this.alive(owner)) stage.write({ ...next, owner: backup, origin: 'promoted', backup: '', sure: true });
    else if (backup !== '' && (!this.alive(backup) || this.isReportedLost())) stage.write({ ...next, backup: '' });
    else if (state !== 'stable') return;
    else if (learner !== '' && !this.alive(learner)) stage.write({ learner: '' });
    else if (learner !== '' && stage.inSync?.peer === learner && stage.inSync.term === of)
      stage.write({ ...next, backup: learner });
    else if (backup === '' && learner === '') {
      const found = NODES.filter((name) => name !== owner && this.alive(name));
      stage.write({ learner: found[this.below(found.length)] as PeerId });
    }
  }

  private isReportedLost(): boolean {
    const { owner, term: of } = this.stage.row;
    const owned = this.stage.nodes.get(owner)?.owned?.state;
    return owned?.term === of && owned.reportedLost && this.stage.linked(owner, LEADER);
  }

  private alive(name: string): boolean {
    return this.stage.nodes.get(name)?.alive === true;
  }

  private someone(): string {
    return NODES[this.below(NODES.length)]!;
  }

  private below(limit: number): number {
    return Math.floor(limit * this.random.next());
  }
}

/** A failure tells the play's seed and its end. */
function told(seed: number, { lines }: Play, run: () => void): void {
  try {
    run();
  } catch (error) {
    throw new Error(`seed ${seed}\n${lines.slice(-80).join('\n')}`, { cause: error });
  }
}

/** Fixed, so that what they bring about is known; a longer run: PLAYS=5000. */
const PLAYS = Number(process.env.PLAYS ?? 50);

test('one owner for each term, nothing that left is lost, and every move ends, whatever fails one at a time', () => {
  const ends = new Map<string, number>();
  let promoted = 0;
  for (let seed = 1; seed <= PLAYS; seed += 1) {
    const play = new Play(seed);
    told(seed, play, () => {
      for (let n = 0; n < STEPS; n += 1) play.step();
      expect(play.ends()).toBe(true);
    });
    for (const end of play.stage.ends) ends.set(end, (ends.get(end) ?? 0) + 1);
    if (play.stage.row.origin === 'promoted') promoted += 1;
  }
  // The plays were worth something: moves that came to an end in each way that a play can bring about.
  for (const end of ['moved', 'overtaken', 'target-died', 'source-died'])
    expect([end, (ends.get(end) ?? 0) > 0]).toEqual([end, true]);
  expect(promoted).toBeGreaterThan(PLAYS / 20);
});
