import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type PeerId, shardId, term } from '@muster/ports';
import { replay } from '@muster/ports/transcript';
import { emptyRow } from '../table/routing-table.js';
import { type ReleaseEffect, type ReleaseInput, type ReleaseRound, startRelease, stepRelease } from './leader.js';

const testdata = join(import.meta.dirname, 'testdata');
const to = 'node-3' as PeerId;

function play(): (words: readonly string[]) => string[] {
  let state: ReleaseRound | undefined;
  return ([at = '', type = '', ...words]) => {
    const step = state ? stepRelease(state, inputOf(type, words), Number(at)) : start(words);
    state = step.state;
    return [...step.effects.map(lineOf), ...(state.phase === 'over' ? ['over'] : [])];
  };
}

function start([move = '', ...shards]: readonly string[]) {
  const moves = shards.map((text) => {
    const [shard, owner] = text.split(':');
    return { row: { ...emptyRow(shardId(Number(shard))), owner: owner as PeerId, term: term(4) }, to };
  });
  return startRelease(move, moves, 1_000);
}

function inputOf(type: string, [first = '', shard, move = '', answer]: readonly string[]): ReleaseInput {
  if (type === 'tick') return { type };
  if (type === 'died') return { type, peer: first as PeerId };
  if (type === 'overtaken') return { type, shards: new Set([shardId(Number(first))]) };
  if (type === 'settled') return { type, committed: first === 'committed' };
  const done = answer === 'done';
  return { type: 'released', from: first as PeerId, shard: shardId(Number(shard)), term: 4, move, done };
}

function lineOf(effect: ReleaseEffect): string {
  if (effect.type === 'commit') return `commit ${effect.moves.map((m) => `${m.row.shard} to ${m.to}`).join(', ')}`;
  return `${effect.type} ${effect.move.row.owner} about ${effect.move.row.shard}`;
}

describe('golden transcripts', () => {
  for (const file of readdirSync(testdata).filter((name) => name.startsWith('leader-'))) {
    test(file.replace('leader-', '').replace('.txt', '').replaceAll('-', ' '), () => {
      const { expected, actual } = replay(join(testdata, file), play());
      expect(actual).toBe(expected);
    });
  }
});
