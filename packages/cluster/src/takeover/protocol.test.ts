import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type PeerId, peerId } from '@muster/ports';
import { replay } from '@muster/ports/transcript';
import { TAKEOVER_DEFAULTS as options, takeoverOptions } from './options.js';
import { type CandidateEffect, type CandidateInput, goodForMs, newCandidate } from './protocol.js';
import { stepCandidate } from './step.js';

const testdata = join(import.meta.dirname, 'testdata');
const peer = (text: string | undefined): PeerId => text as PeerId;

function play(): (words: readonly string[]) => string[] {
  let state = newCandidate(peerId('a', '1'), 0);
  return ([time, ...words]) => {
    const now = Number(time);
    // All is well for so long: the leader beats, and the loop keeps time.
    if (words[0] === 'well') {
      for (let at = state.tickedAt + options.beatMs; at <= now; at += options.beatMs) {
        state = stepCandidate(state, { type: 'tick' }, at, options).state;
        state = stepCandidate(state, inputOf(['beat', ...words.slice(1)], at), at, options).state;
      }
      return [];
    }
    if (words[0] === 'good') return [`good for ${goodForMs(state, now, options)} ms`];
    // The loop runs its ticks, and nothing else comes.
    const from = words[0] === 'stall' ? state.tickedAt + options.beatMs : now;
    const lines: string[] = [];
    for (let at = from; at <= now; at += options.beatMs) {
      const step = stepCandidate(state, words[0] === 'stall' ? { type: 'tick' } : inputOf(words, now), at, options);
      state = step.state;
      lines.push(...step.effects.map(lineOf));
    }
    return lines;
  };
}

function inputOf(words: readonly string[], now: number): CandidateInput {
  const [type = '', first, second, third, fourth] = words;
  if (type.startsWith('read') && type !== 'read-failed') {
    const sentAt = Number(type.split('@')[1] ?? now);
    if (first === 'none') return { type: 'read', sentAt, record: undefined, modRevision: 0 };
    const record = { epoch: Number(first), leader: peer(second), attempt: third ?? '' };
    return { type: 'read', sentAt, record, modRevision: Number(fourth) };
  }
  switch (type) {
    case 'tick':
    case 'fenced':
    case 'resign':
    case 'read-failed':
    case 'went-back':
      return { type };
    case 'linked':
    case 'unlinked':
    case 'refused':
      return { type, peer: peer(first) };
    case 'coordinators':
      return { type, others: words.slice(1).map(peer) };
    case 'beat':
      return { type, from: peer(first), epoch: Number(second), number: Number(third), vice: peer(fourth) };
    case 'resigned':
      return { type, from: peer(first), epoch: Number(second) };
    case 'ack':
      return { type, from: peer(first), epoch: Number(second), number: Number(third) };
    case 'won':
      return { type: 'attempted', result: 'won', modRevision: Number(first) };
    case 'attempted':
      return { type, result: first as 'lost' | 'unknown' | 'unavailable' };
    default:
      throw new Error(`no input: ${words.join(' ')}`);
  }
}

function lineOf(effect: CandidateEffect): string {
  switch (effect.type) {
    case 'read':
      return 'read the epoch';
    case 'probe':
      return `probe ${effect.peer}`;
    case 'beat':
      return `beat ${effect.number}`;
    case 'ack':
      return `ack ${effect.number} to ${effect.to}, knowing epoch ${effect.epoch}`;
    case 'attempt':
      return `try epoch ${effect.epoch} against revision ${effect.seen} as ${effect.attempt} (${effect.why})`;
    case 'lead':
      return `lead in epoch ${effect.epoch} at revision ${effect.modRevision} after ${effect.former || 'nobody'}`;
    case 'follow':
      return `follow ${effect.leader} of epoch ${effect.epoch}${effect.deposed ? ', deposed' : ''}`;
    case 'resign':
      return `resign epoch ${effect.epoch} to ${effect.to}`;
    case 'vice':
      return `vice is ${effect.vice || 'nobody'}`;
  }
}

describe('golden transcripts', () => {
  for (const file of readdirSync(testdata)) {
    test(file.replace('.txt', '').replaceAll('-', ' '), () => {
      const { expected, actual } = replay(join(testdata, file), play());
      expect(actual).toBe(expected);
    });
  }
});

test('K4: an empty store starts above the highest epoch that storage remembers', () => {
  const state = newCandidate(peerId('a', '1'), 0, 41);
  const step = stepCandidate(state, { type: 'read', sentAt: 0, record: undefined, modRevision: 0 }, 1, options);
  expect(step.effects).toMatchObject([{ type: 'attempt', epoch: 42, seen: 0 }]);
  const won = stepCandidate(step.state, { type: 'attempted', result: 'won', modRevision: 1 }, 2, options);
  expect(won.effects[0]).toMatchObject({ type: 'lead', epoch: 42 });
});

test('options that make no sense are refused', () => {
  expect(() => takeoverOptions({ silenceMs: 100 })).toThrow('silenceMs allows for two lost beats');
  expect(() => takeoverOptions({ confirmMs: 150 })).toThrow('confirmMs');
  expect(takeoverOptions()).toEqual(options);
});
