import { expect, test } from '@jest/globals';
import { entity } from '@muster/ports';
import type { Audience } from './actor.js';
import { defineActor } from './define.js';
import { emptyEnvelope } from './envelope.js';
import { publicationsOf } from './publications.js';

const news = defineActor<object, object, { said: { readonly to: readonly (Audience | null)[] } }>('news', {
  durability: 'replicated',
  version: 1,
  initial: () => ({}),
  decide: {},
  evolve: { said: () => undefined },
  publish: { said: (_, { to }) => to.map((to) => ({ topic: 'all', name: 'said', data: 1, ...(to && { to }) })) },
  topics: { all: () => null },
});

test('a publication keeps its audience; one that is for nobody is none, and leaves no gap in the numbers', () => {
  const envelope = emptyEnvelope(news, 'a');
  const to = [{ only: ['1'] }, { only: [] }, null, { except: ['2'] }, { except: [] }];
  const made = publicationsOf(envelope, { name: 'said', data: { to } }, 4, entity('news', 'a'));
  expect(made.map(({ number, to }) => [number, to])).toEqual([
    [5, { only: ['1'] }],
    [6, undefined],
    [7, { except: ['2'] }],
    [8, { except: [] }],
  ]);
});
