import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type ErrorCode, type PeerId, term } from '@muster/ports';
import { replay } from '@muster/ports/transcript';
import { STREAMS_DEFAULTS } from './options.js';
import { newStream, type StreamEffect, type StreamInput, step } from './protocol.js';

const testdata = join(import.meta.dirname, 'testdata');

function read([type, a = '', b = '', c = '', d = '', e = '']: string[]): StreamInput {
  const peer = a as PeerId;
  switch (type) {
    case 'place':
      return { type, owner: peer, term: term(Number(b)), linked: c === 'linked' };
    case 'linked':
    case 'unlinked':
      return { type, peer };
    case 'ack':
      return { type: 'acked', from: peer };
    case 'refuse':
      return { type: 'refused', from: peer, code: b as ErrorCode };
    case 'joined':
      return { type, snapshot: a === 'snapshot' };
    case 'event': {
      const [number, previous] = [Number(c), Number(d)];
      return { type, from: peer, term: term(Number(b)), number, previous, snapshot: e === 'snapshot' };
    }
    case 'tick':
      return { type };
    default:
      throw new Error(`no input is called ${type}`);
  }
}

function line(effect: StreamEffect): string {
  switch (effect.type) {
    case 'ask':
      return `ask ${effect.to} term ${effect.term} after ${effect.after}${effect.snapshot ? ' with snapshot' : ''}`;
    case 'deliver':
      return effect.all ? 'deliver to all' : 'deliver';
    case 'ended':
      return `ended ${effect.code}`;
    case 'dropped':
      return `dropped ${effect.reason}`;
  }
}

test.each(readdirSync(testdata))('K16: %s goes as written down', (name) => {
  let state = newStream();
  const { expected, actual } = replay(join(testdata, name), ([at, ...words]) => {
    const next = step(state, read(words), Number(at), STREAMS_DEFAULTS);
    state = next.state;
    return next.effects.map(line);
  });
  expect(actual).toBe(expected);
});
