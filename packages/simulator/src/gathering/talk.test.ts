import { expect, test } from '@jest/globals';
import { playerId } from '@muster/ports';
import { chatText } from './chat-text.js';
import { PlacesView } from './places-view.js';
import { Talk } from './talk.js';

function inParty(lostAt = Number.NEGATIVE_INFINITY): Talk {
  const common = { player: playerId('1'), now: () => 1_000, lostAt: () => lostAt };
  const view = new PlacesView(common);
  view.requested('m1', 'party/create', undefined);
  view.answered('m1', '', { party: { id: 'p', members: [], invited: [] } });
  return new Talk({ ...common, view, heard: () => undefined });
}

const said = (number: number, from = '2', id = 'p', marker = `x.1~pL.${number}`) => ({
  message: chatText({ kind: 'party', id, from, number }),
  source: { type: 'party', partyId: 'p', userId: '2' },
  marker,
});

test('what one sender says comes in its order, once; what was skipped may be somebody else’s to miss', () => {
  const talk = inParty();
  for (const number of [1, 3]) expect(talk.received(said(number))).toBeUndefined();
  expect(talk.received(said(3))).toMatch('after number 3');
  expect(talk.received(said(2))).toMatch('after number 3');
  talk.missed();
  expect(talk.received(said(2))).toBeUndefined();
});

test('after a loss something may come again', () => {
  const talk = inParty(900);
  for (const number of [1, 1]) expect(talk.received(said(number))).toBeUndefined();
});

test('who has lost where it is may be heard where it was, and nobody else for it', () => {
  const talk = inParty(900);
  expect(talk.received(said(1, '2', 'q'))).toBeUndefined();
  expect(talk.received(said(1, '3', 'q'))).toMatch('came from 2');
});

test('a message of another place, of another author, or without a place in its chat is seen', () => {
  const talk = inParty();
  expect(talk.received(said(1, '3'))).toMatch('came from 2');
  expect(talk.received(said(1, '2', 'q'))).toMatch('came from 2 in party p');
  expect(talk.received(said(1, '2', 'p', 'x.1'))).toMatch('has the marker');
});
