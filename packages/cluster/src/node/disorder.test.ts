import { expect, test } from '@jest/globals';
import { entity, SeededRandom } from '@muster/ports';
import { type Member, World } from '../world.test-kit.js';
import type { ComputeNode } from './compute-node.js';

const STEPS = 250;

interface Life {
  readonly owner: string;
  readonly lines: string[];
}

/** Two gateways write into one actor while links break, owners change and owners freeze, in an order that the seed decides. */
async function live(seed: number): Promise<{ lives: Life[]; answers: unknown[]; written: number }> {
  const random = new SeededRandom(seed);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random.next() * of.length)]!;
  const world = new World();
  const nodes = [await world.node('n1'), await world.node('n2'), await world.node('n3')];
  const gateways = [await world.gateway('g1'), await world.gateway('g2')];
  const book = entity('book', '1');
  const lives: Life[] = [];
  const answers: Promise<unknown>[] = [];
  const counts = [0, 0];
  let owner: Member<ComputeNode> = nodes[0]!;
  let inTerm = 1;
  world.own(owner, book, inTerm);
  const bury = (): void => {
    const { shard } = world.where(book);
    const seen = owner.process.runtime.inspect(shard, book) as { state?: { lines: string[] } } | undefined;
    lives.push({ owner: `${owner.peer}@${inTerm}`, lines: seen?.state?.lines ?? [] });
  };
  for (let i = 0; i < STEPS; i += 1) {
    const dice = random.next();
    const who = pick([0, 1]);
    if (dice < 0.8) {
      counts[who]! += 1;
      const text = `${who} ${counts[who]}`;
      answers.push(world.ask(gateways[who]!, book, 'write', { text }, { session: `g${who}`, request: counts[who]! }));
    } else if (dice < 0.9) {
      gateways[who]!.process.peers.reset(pick(nodes).peer, 'overrun');
    } else if (dice < 0.95) {
      // The old owner hears of it first, as the leader does it; the new one and the gateways later, in any order.
      const next = pick(nodes.filter((node) => node !== owner));
      bury();
      inTerm += 1;
      world.own(next, book, inTerm, [owner]);
      const others = [...nodes, ...gateways].filter((member) => member !== owner).sort(() => random.next() - 0.5);
      owner = next;
      for (const member of others) {
        world.own(owner, book, inTerm, [member]);
        await world.clock.advance(pick([0, 1, 5]));
      }
    }
    if (random.next() < 0.4) await world.clock.advance(pick([0, 0, 1, 2, 30]));
  }
  const all = await world.answers(answers);
  bury();
  return { lives, answers: all, written: answers.length };
}

test.each(Array.from({ length: 12 }, (_, i) => i + 1))(
  'K14: under broken links and changing owners every command is answered, none runs twice or out of order (seed %i)',
  async (seed) => {
    const { lives, answers, written } = await live(seed);
    expect(written).toBeGreaterThan(100);
    expect(answers.filter((answer) => typeof answer !== 'number')).toEqual([]);
    for (const { owner, lines } of lives)
      for (const who of ['0', '1']) {
        const numbers = lines.filter((line) => line.startsWith(`${who} `)).map((line) => Number(line.slice(2)));
        // One life of the actor: strictly growing, so nothing twice and nothing behind a later one.
        const sorted = [...new Set(numbers)].sort((x, y) => x - y);
        expect({ owner, numbers }).toEqual({ owner, numbers: sorted });
      }
    const seen = new Set(lives.flatMap(({ lines }) => lines));
    expect(seen.size).toBe(written);
  },
);
