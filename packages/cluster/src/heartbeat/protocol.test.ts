import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { MusterError, peerId } from '@muster/ports';
import { replay } from '@muster/ports/transcript';
import { type MemberEffect, type MemberInput, newMember, stepMember } from './member.js';
import { heartbeatOptions, HEARTBEAT_DEFAULTS as options } from './options.js';
import { isProbeOutcome, ownedDigest } from './protocol.js';
import { newWatch, stepWatch, type Watch, type WatchEffect, type WatchInput } from './watch.js';

const testdata = join(import.meta.dirname, 'testdata');

function playMember(): (words: readonly string[]) => string[] {
  let state = newMember(0);
  return ([at, ...words]) => {
    const step = stepMember(state, memberInput(words), Number(at), options);
    state = step.state;
    return step.effects.map(memberLine);
  };
}

function memberInput([type, from = '', epoch, number, leads, goodFor]: string[]): MemberInput {
  if (type === 'beat' || type === 'check') return { type };
  if (type === 'epoch') return { type, from, epoch: Number(epoch) };
  return {
    type: 'ack',
    from,
    epoch: Number(epoch),
    number: Number(number),
    leads: leads === 'leads',
    goodForMs: Number(goodFor),
  };
}

function memberLine(effect: MemberEffect): string {
  if (effect.type === 'beat') return `beat ${effect.number}`;
  if (effect.type === 'freeze') return `freeze after ${effect.sinceMs} ms`;
  return effect.type === 'thaw' ? 'thaw' : `leader ${effect.leader} of epoch ${effect.epoch}`;
}

function playWatch(): (words: readonly string[]) => string[] {
  const node = { peer: peerId('node-1', 'a'), role: 'node' as const, address: 'h:1', linked: true, newcomer: false };
  let state: Watch = newWatch(node, { now: 0, options });
  let witnesses: readonly string[] = [];
  return ([at, ...words]) => {
    if (words[0] === 'witnesses') {
      witnesses = words.slice(1);
      return [];
    }
    const step = stepWatch(state, watchInput(words), { now: Number(at), witnesses, options });
    state = step.state;
    return step.effects.map(watchLine);
  };
}

function watchInput([type, first, witness = '', outcome = '']: string[]): WatchInput {
  switch (type) {
    case 'stalled':
    case 'spare':
      return { type, ms: Number(first) };
    case 'restart':
      return { type, mercyMs: Number(first) };
    case 'probed':
      if (!isProbeOutcome(outcome)) throw new Error(`no outcome: ${outcome}`);
      return { type, round: Number(first), witness, outcome };
    case 'beat':
    case 'linked':
    case 'unlinked':
    case 'tick':
      return { type, ...(first === 'death' || first === 'all' ? { spared: first } : {}) };
    case 'laden':
    case 'forgotten':
    case 'replaced':
    case 'left':
      return { type };
    default:
      throw new Error(`no input: ${type}`);
  }
}

function watchLine(effect: WatchEffect): string {
  if (effect.type === 'probe') return `probe ${effect.round} by ${effect.witnesses.join(' ')}`;
  if (effect.type === 'phase') return `${effect.before} → ${effect.phase}`;
  if (effect.type === 'back') return 'back';
  if (effect.type === 'promote') return `promote its backups: ${effect.cause} (silent for ${effect.silentMs} ms)`;
  return `dead: ${effect.cause} (silent for ${effect.silentMs} ms)`;
}

describe('golden transcripts', () => {
  for (const file of readdirSync(testdata)) {
    test(`${file.replace('.txt', '').replaceAll('-', ' ')}`, () => {
      const { expected, actual } = replay(
        join(testdata, file),
        file.startsWith('a-member') ? playMember() : playWatch(),
      );
      expect(actual).toBe(expected);
    });
  }
});

test('a registered member that was never heard gets more patience than one that fell silent', () => {
  const node = { peer: peerId('node-1', 'a'), role: 'node' as const, address: '', linked: false, newcomer: true };
  const observer = { witnesses: ['self'], options };
  const joining = newWatch(node, { now: 0, options });
  expect(stepWatch(joining, { type: 'tick' }, { ...observer, now: 8_999 }).effects).toEqual([]);
  expect(stepWatch(joining, { type: 'tick' }, { ...observer, now: 10_000 }).effects).toMatchObject([
    { cause: 'silent' },
  ]);
  const heard = stepWatch(joining, { type: 'beat' }, { ...observer, now: 50 }).state;
  expect(stepWatch(heard, { type: 'tick' }, { ...observer, now: 2_050 }).effects).toMatchObject([{ cause: 'silent' }]);
});

test('options that would let two owners run at once are refused', () => {
  expect(() => heartbeatOptions({ selfFenceMs: 1_600 })).toThrow(MusterError);
  expect(() => heartbeatOptions({ beatMs: 0 })).toThrow('beatMs is more than 0');
  expect(heartbeatOptions()).toEqual(options);
});

test('the digest of what is owned does not depend on order, and tells terms apart', () => {
  expect(ownedDigest([[1, 2], [3, 4]])).toBe(ownedDigest([[3, 4], [1, 2]])); // biome-ignore format: pairs
  expect(ownedDigest([[1, 2]])).not.toBe(ownedDigest([[1, 3]]));
  expect(ownedDigest([[1, 2], [3, 4]])).not.toBe(ownedDigest([[1, 4], [3, 2]])); // biome-ignore format: pairs
  expect(ownedDigest([])).toBe(0);
});
