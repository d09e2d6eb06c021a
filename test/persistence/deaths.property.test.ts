// Owners, backups and storage die, go away and come back in any order, under a client that writes. Whatever was acknowledged is in the
// next owner's state, once and in order. Only where owner and backup die, together or before storage had what the first left behind, may the
// last be missing: what a backup let out less than a second before, or while storage was away. What left a lone owner is never missing.
import { expect, test } from '@jest/globals';
import type { ClusterClient, ComputeNode } from '@muster/cluster';
import { type EntityRef, term } from '@muster/ports';
import { MemoryShardServer, MemoryShardStore } from '@muster/storage';
import fc from 'fast-check';
import { book, books, type Member, World } from '../../packages/cluster/src/world.test-kit.js';

type Node = Member<ComputeNode>;

const [a] = books('a') as [EntityRef];
const STEPS = [
  'write',
  'write',
  'write',
  'write',
  'read',
  'owner-dies',
  'backup-dies',
  'both-die',
  'new-backup',
  'new-backup',
  'move',
  'storage-away',
  'storage-back',
  'storage-back',
  'answers-lost',
] as const;

interface Acknowledged {
  readonly text: string;
  readonly at: number;
  /** Storage answered then, and has since. */
  stored: boolean;
}

class Play {
  readonly world = new World();
  readonly server = new MemoryShardServer({ clock: this.world.clock });
  readonly acknowledged: Acknowledged[] = [];
  doubleDeaths = 0;
  promotions = 0;
  private readonly stores = new Map<Node, MemoryShardStore>();
  private gateway!: Member<ClusterClient>;
  private owner!: Node;
  private backup: Node | undefined;
  private nodes = 0;
  private texts = 0;
  private term = 0;
  private away = false;
  private backAt = -Infinity;

  async begin(): Promise<void> {
    this.gateway = await this.world.gateway('g');
    this.owner = await this.node();
    this.place({});
  }

  async run(step: (typeof STEPS)[number]): Promise<void> {
    switch (step) {
      case 'write':
        this.write();
        return;
      case 'read':
        void this.world.ask(this.gateway, a, 'read');
        return;
      case 'owner-dies':
        return this.ownerDies();
      case 'backup-dies':
        if (!this.backup) return;
        this.backup.cable.kill();
        this.backup = undefined;
        this.place({});
        return;
      case 'both-die':
        if (!this.backup) return;
        this.backup.cable.kill();
        this.backup = undefined;
        this.doubleDeaths += 1;
        return this.ownerDies();
      case 'new-backup':
        return this.newBackup();
      case 'move':
        if (!this.backup) return;
        this.promotions += 1;
        this.owner.cable.kill();
        this.owner = this.backup;
        this.backup = undefined;
        this.place({ origin: 'promoted' });
        return;
      case 'storage-away':
        this.away = true;
        this.server.stop();
        return;
      case 'storage-back':
        if (this.away) this.backAt = this.world.clock.monotonic();
        this.away = false;
        this.server.start();
        return;
      case 'answers-lost':
        this.stores.get(this.owner)!.path.loseAnswers(1);
    }
  }

  /** All is well again. */
  async lines(): Promise<readonly string[]> {
    await this.run('storage-back');
    await this.world.clock.advance(15_000);
    return (await this.world.answer(this.gateway, a, 'read')) as string[];
  }

  private write(): void {
    this.texts += 1;
    const text = String(this.texts);
    void this.world.ask(this.gateway, a, 'write', { text }).then((answer) => {
      if (typeof answer === 'number')
        this.acknowledged.push({ text, at: this.world.clock.monotonic(), stored: !this.backup });
    });
  }

  private async ownerDies(): Promise<void> {
    this.owner.cable.kill();
    await this.world.clock.advance(3);
    if (this.backup) {
      this.promotions += 1;
      this.owner = this.backup;
      this.backup = undefined;
      this.place({ origin: 'promoted' });
      return;
    }
    // Its backup died with it, or before: perhaps so lately that the rest was not stored by then.
    this.forgive();
    this.owner = await this.node();
    this.place({});
  }

  private async newBackup(): Promise<void> {
    if (this.backup) return;
    const learner = await this.node();
    this.place({ learner: learner.peer });
    const inSync = () => this.owner.process.replicator.reports().some(({ what }) => what === 'learner-in-sync');
    if (!(await this.world.clock.until(inSync, 300))) {
      learner.cable.kill();
      this.place({});
      return;
    }
    this.backup = learner;
    this.place({ backup: learner.peer });
  }

  /** What may be missing from here on. */
  private forgive(): void {
    const now = this.world.clock.monotonic();
    // What waited through an outage takes a moment to be stored.
    const isAway = this.away || now - this.backAt < 3_000;
    const sure = this.acknowledged.filter(({ stored, at }) => stored || (!isAway && now - at > 1_000));
    this.acknowledged.splice(0, Infinity, ...sure);
  }

  private place(more: object): void {
    this.term += 1;
    const { shard } = this.world.where(a);
    this.world.place([{ shard, owner: this.owner.peer, term: term(this.term), sure: true, ...more }]);
  }

  private async node(): Promise<Node> {
    this.nodes += 1;
    const store = new MemoryShardStore({ clock: this.world.clock, server: this.server });
    // Small limits: what happens in long outages happens here in short ones.
    const options = { persistence: { lagCharsMax: 600, tailCharsMin: 500 } };
    const node = await this.world.node(`n${this.nodes}`, options, [book], store);
    this.stores.set(node, store);
    return node;
  }
}

test('K5, K9: whoever dies and whatever storage does, what was acknowledged is there, once and in order', async () => {
  let [acknowledged, doubleDeaths, promotions] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...STEPS), fc.constantFrom(0, 1, 3, 20, 200, 1_200)), {
        minLength: 10,
        maxLength: 30,
      }),
      async (steps) => {
        const play = new Play();
        await play.begin();
        for (const [step, pause] of steps) {
          await play.run(step);
          await play.world.clock.advance(pause);
        }
        const lines = await play.lines();
        expect(new Set(lines).size).toBe(lines.length);
        // A repeated command's first reply may come after a later one's; the commands themselves keep their order (K14).
        const texts = play.acknowledged.map(({ text }) => text).sort((one, other) => Number(one) - Number(other));
        expect(lines.filter((line) => texts.includes(line))).toEqual(texts);
        acknowledged += texts.length;
        doubleDeaths += play.doubleDeaths;
        promotions += play.promotions;
      },
    ),
    { numRuns: 60 },
  );
  expect(acknowledged).toBeGreaterThan(200);
  expect(doubleDeaths).toBeGreaterThan(10);
  expect(promotions).toBeGreaterThan(20);
});
