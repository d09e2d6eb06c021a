import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { term } from '@muster/ports';
import { replay } from '@muster/ports/transcript';
import type { ShardState } from '@muster/runtime';
import { RELEASE_DEFAULTS } from './options.js';
import { newRelease, type ReleaseEffect, type ReleaseInput, step } from './owner.js';

const testdata = join(import.meta.dirname, 'testdata');

function read([type, a = '', b = '', c = '', d = '', e = '']: string[]): ReleaseInput {
  switch (type) {
    case 'park':
    case 'release': {
      const shard = { state: c as ShardState, term: d === '-' ? undefined : term(Number(d)), actors: Number(e) };
      return { type: 'release', move: a, term: term(Number(b)), park: type === 'park', shard };
    }
    case 'cancel':
      return { type, move: a };
    case 'sealed':
      return { type, actors: Number(a) };
    case 'written':
      return { type, kept: a !== 'nothing' };
    case 'term':
    case 'tick':
      return { type };
    default:
      throw new Error(`no input is called ${type}`);
  }
}

function line(effect: ReleaseEffect): string {
  switch (effect.type) {
    case 'seal':
      return 'seal';
    case 'write':
      return 'write to storage';
    case 'reopen':
      return `reopen in term ${effect.term}`;
    case 'say':
      return `say ${effect.move} ${effect.done ? 'released' : 'refused'}${effect.toAll ? ' to all' : ''}`;
  }
}

test.each(readdirSync(testdata).filter((name) => name.startsWith('owner-')))('K13: %s goes as written down', (name) => {
  let state = newRelease();
  const { expected, actual } = replay(join(testdata, name), ([at, ...words]) => {
    const next = step(state, read(words), Number(at), RELEASE_DEFAULTS);
    state = next.state;
    return next.effects.map(line);
  });
  expect(actual).toBe(expected);
});
