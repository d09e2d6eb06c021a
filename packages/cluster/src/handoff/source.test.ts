import { expect, test } from '@jest/globals';
import { type PeerId, term } from '@muster/ports';
import { handoffOptions } from './options.js';
import { newSource, type SourceInput, type SourceState, stepSource } from './source.js';

const options = handoffOptions();
const to = 'b#1' as PeerId;

/** A source that sealed at 0, and what it sends from its beginning as time passes. */
function sealed() {
  let state: SourceState = newSource();
  let begun = 0;
  const step = (input: SourceInput, now: number) => {
    const next = stepSource(state, input, now, options);
    state = next.state;
    begun += next.effects.filter(({ type }) => type === 'hand-over').length;
  };
  const facts = { openIn: term(2), move: 'm', caughtUp: true };
  step({ type: 'seal', move: 'm', to, term: term(2), facts }, 0);
  const tickedUntil = (from: number, until: number) => {
    for (let now = from; now <= until; now += options.handoverAgainMs) step({ type: 'tick' }, now);
    return begun;
  };
  return { step, tickedUntil };
}

test('a hand-over that takes long on a slow link is not begun again before all of it went out', () => {
  const { step, tickedUntil } = sealed();
  expect(tickedUntil(100, 700)).toBe(1);
  step({ type: 'handed' }, 750);
  expect(tickedUntil(800, 800)).toBe(1);
  expect(tickedUntil(900, 900)).toBe(2);
  // That one is under way as well.
  expect(tickedUntil(1_000, 2_000)).toBe(2);
});

test('a hand-over that is half sent begins again with a new link', () => {
  const { step, tickedUntil } = sealed();
  step({ type: 'linked', peer: to }, 50);
  expect(tickedUntil(100, 500)).toBe(2);
});

test('a hand-over that was taken does not go again', () => {
  const { step, tickedUntil } = sealed();
  step({ type: 'handed' }, 10);
  step({ type: 'taken', from: to, move: 'm', position: 5, end: 5, code: '' }, 20);
  expect(tickedUntil(100, 2_000)).toBe(1);
});
