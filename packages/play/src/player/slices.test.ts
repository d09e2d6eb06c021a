import { describe, expect, test } from '@jest/globals';
import { entity } from '@muster/ports';
import { event } from '@muster/runtime';
import type { AnySlice } from './slice.js';
import { ANN, Stage } from './testdata/stage.js';
import { checkedParts, rulesOf, wholeOf } from './whole.js';

function slice(changes: Partial<AnySlice>): AnySlice {
  return { name: 'one', version: 1, initial: () => ({}), decide: {}, evolve: {}, ...changes };
}

const session = slice({
  name: 'session',
  evolve: { attached: () => undefined, adopted: () => undefined, ended: () => undefined },
});
const state = { ...new Stage().state, account: ANN };
const self = entity('player', '1');

describe('two slices', () => {
  test('may not have a command, an event or a part of one name', () => {
    const rule = () => ({});
    expect(() => rulesOf([session, slice({ decide: { go: rule } }), slice({ decide: { go: rule } })])).toThrow(
      'both have command go',
    );
    expect(() => rulesOf([session, slice({ name: 'two', evolve: { attached: rule } })])).toThrow(
      'session and two both have event attached',
    );
    expect(() => checkedParts([slice({ initial: () => ({ x: 1 }) }), slice({ initial: () => ({ x: 2 }) })])).toThrow(
      'both have part x',
    );
  });

  test('both follow the events of the session, after the session itself', () => {
    const heard: string[] = [];
    const follower = (name: string) => slice({ name, follow: { ended: () => void heard.push(name) } });
    const ending = { ...session, evolve: { ...session.evolve, ended: () => void heard.push('session') } };
    const { evolve } = rulesOf([follower('two'), ending, follower('three')]);
    evolve.ended(state, { session: 'g/1' }, 0);
    expect(heard).toEqual(['session', 'two', 'three']);
  });

  test('both give up their part when the session ends', () => {
    const end = (ticket: string) =>
      slice({ onEnded: () => ({ resolve: [{ ticket }], events: [event('resumed', { session: ticket })] }) });
    const pieces = wholeOf([end('a'), slice({}), end('b')]).ended(state, {} as never);
    expect(pieces.resolve).toEqual([{ ticket: 'a' }, { ticket: 'b' }]);
    expect(pieces.events).toHaveLength(2);
  });
});

test('a slice that says what the player does shows it only while the player is online', () => {
  const whole = wholeOf([slice({ publicView: () => ({ status: 'playing', clanId: 'c' }) })]);
  expect(whole.publicUser(state, self)).toMatchObject({ status: 'offline', clanId: 'c' });
  const online = { ...state, session: { id: 'g/1' } as never };
  expect(whole.publicUser(online, self)).toMatchObject({ status: 'playing' });
  expect(whole.privateUser(online, self)).toMatchObject({ status: 'playing', clanId: 'c' });
});

test('a part that did not exist when a state was saved begins anew; the others stay', () => {
  const stage = new Stage();
  stage.attach('g1#a/1');
  const { watched: _, ...saved } = stage.state;
  expect(stage.kind.upgrade!(saved, 1)).toEqual(stage.state);
});
