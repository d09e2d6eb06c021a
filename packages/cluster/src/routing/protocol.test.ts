import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type PeerId, term } from '@muster/ports';
import { replay } from '@muster/ports/transcript';
import { ROUTER_DEFAULTS } from './options.js';
import { type BounceCode, newRoute, type Place, type RouteEffect, type RouteInput, step } from './protocol.js';

const testdata = join(import.meta.dirname, 'testdata');

function place(owner: string, of: string): Place {
  return { owner: owner === '-' ? '' : (owner as PeerId), term: term(Number(of)) };
}

function read([type, a = '', b = '', c = '', d = '', e = '', f = '']: string[]): RouteInput {
  const peer = a as PeerId;
  switch (type) {
    case 'place':
      return { type, place: place(a, b), linked: c === 'linked' };
    case 'linked':
    case 'unlinked':
      return { type, peer };
    case 'bounced':
      return { type, by: peer, flight: Number(b), code: c as BounceCode, place: place(d, e), linked: f === 'linked' };
    case 'tick':
      return { type };
    default:
      throw new Error(`no input is called ${type}`);
  }
}

function line(effect: RouteEffect): string {
  switch (effect.type) {
    case 'hold':
      return `hold: ${effect.why}`;
    case 'announce':
      return `announce ${effect.to} term ${effect.term}`;
    case 'fly':
      return `fly to ${effect.to} term ${effect.term}, flight ${effect.flight}`;
  }
}

test.each(readdirSync(testdata))('K14: %s goes as written down', (name) => {
  let route = newRoute();
  const { expected, actual } = replay(join(testdata, name), ([at, ...words]) => {
    const next = step(route, read(words), Number(at), ROUTER_DEFAULTS);
    route = next.route;
    return next.effects.map(line);
  });
  expect(actual).toBe(expected);
});
