import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type PeerId, term } from '@muster/ports';
import { replay } from '@muster/ports/transcript';
import { LEADER } from './actors.test-kit.js';
import { type Stage, settled } from './stage.test-kit.js';

const testdata = join(import.meta.dirname, 'testdata');

/** After these nothing arrives by itself. */
const STOPS = ['move-begins', 'until', 'dies', 'cut', 'store-holds'];

/** Node a owns the shard in term 2 and b is its backup; c may be what it is moved to. What arrives is told, row pushes only by their effect. */
class Story {
  private lines: string[] = [];
  private value = 0;
  private readonly stage: Stage = settled(['a', 'b', 'c'], (line) => this.lines.push(line));

  play([verb, ...words]: readonly string[]): readonly string[] {
    this.lines = [];
    this.act(verb!, words);
    return this.lines;
  }

  private act(verb: string, [first = '', second = '', third = '']: readonly string[]): void {
    const { stage } = this;
    const next = term(stage.row.term + 1);
    const stable = { learner: '', term: next, state: 'stable', move: '' } as const;
    const acts: Readonly<Record<string, () => unknown>> = {
      records: () => Array.from({ length: Number(first) }, () => this.record()),
      move: () => stage.plan(first),
      'move-begins': () => stage.plan(first),
      until: () => this.until(first, second, third),
      run: () => undefined,
      pass: () => this.pass(Number(first)),
      dies: () => stage.kill(first),
      cut: () => stage.cut(first, second),
      join: () => stage.join(first, second),
      'store-holds': () => {
        stage.storeHolds = true;
      },
      'store-answers': () => {
        stage.storeHolds = false;
        stage.settleHeld(first !== 'refused');
      },
      'next-leader': () => stage.takeOver(),
      promote: () => stage.write({ ...stable, owner: first as PeerId, origin: 'promoted', backup: '', sure: true }),
      'drop-backup': () => stage.write({ ...stable, backup: '' }),
    };
    acts[verb]!();
    if (!STOPS.includes(verb)) this.run();
  }

  private pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 50) {
      this.stage.pass(50);
      this.run();
    }
  }

  private record(): void {
    const owner = [...this.stage.nodes.values()].find(({ works }) => works);
    this.value += 1;
    if (owner) owner.take(this.value);
    else this.lines.push('nobody takes it');
  }

  private run(): void {
    while (this.stage.deliver());
  }

  /** Everything arrives, until a letter of this kind is about to, between these two. */
  private until(type: string, from: string, to: string): void {
    const { stage } = this;
    for (let n = 0; n < 200; n += 1) {
      const next = stage.wire[0];
      if (next?.letter.type === type && next.from === from && next.to === to) return;
      if (!stage.deliver()) stage.pass(50);
    }
    throw new Error(`no ${type} from ${from} to ${to} of ${LEADER}`);
  }
}

describe('golden transcripts', () => {
  for (const file of readdirSync(testdata).filter((name) => name.startsWith('story-'))) {
    test(file.replace('story-', '').replace('.txt', '').replaceAll('-', ' '), () => {
      const story = new Story();
      const { expected, actual } = replay(join(testdata, file), (words) => story.play(words));
      expect(actual).toBe(expected);
    });
  }
});
