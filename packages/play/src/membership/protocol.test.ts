// One player and two places over a network that delays, repeats and loses, with processes that die with up to all they had. The
// transcripts tell single stories line by line; the property makes up its own.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { replay } from '@muster/ports/transcript';
import fc from 'fast-check';
import { admission, ends, standing, verdict } from './holder.js';
import { nextOp, orderOf, step } from './protocol.js';
import { Story } from './story.test-kit.js';

const folder = join(import.meta.dirname, 'testdata');

test.each(readdirSync(folder))('as written: %s', (name) => {
  const story = new Story();
  const { expected, actual } = replay(join(folder, name), (words) => story.play(words));
  expect(actual).toBe(expected);
});

const steps = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('join a', 'join b', 'leave', 'kick a', 'kick b') },
  { weight: 6, arbitrary: fc.constantFrom('send player', 'send a', 'send b') },
  { weight: 10, arbitrary: fc.nat(7).map((nth) => `deliver ${nth}`) },
  { weight: 2, arbitrary: fc.nat(7).map((nth) => `drop ${nth}`) },
  { weight: 2, arbitrary: fc.constantFrom('full a', 'store player', 'store a', 'store b') },
  { weight: 2, arbitrary: fc.constantFrom('doubt player', 'doubt a', 'doubt b') },
  { weight: 1, arbitrary: fc.constantFrom('lose player', 'lose a', 'lose b', 'abandon', 'blank a') },
);

describe('whatever is lost, repeated or delayed', () => {
  test('the player is in one place at most, and in the end every place agrees with what the player believes', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 60 }), (lines) => {
        const story = new Story();
        for (const line of lines) story.play(line.split(' '));
        story.settle();
        const { membership } = story;
        expect(['in', 'out']).toContain(membership.phase);
        const there = story.memberships();
        if (membership.phase !== 'in') expect(there).toEqual([]);
        else expect(there).toEqual([`${membership.id} ${membership.op}`]);
      }),
      { numRuns: 2_000 },
    );
  });

  test('as long as nobody loses what it had, all agree without asking, and nobody is out who was not thrown out', () => {
    const loses = (line: string) => line.startsWith('lose') || line.startsWith('blank');
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 60 }), (lines) => {
        const story = new Story();
        const kept = lines.filter((line) => !loses(line));
        for (const line of kept) story.play(line.split(' '));
        story.play(['run']);
        const { membership } = story;
        expect(story.memberships()).toEqual(membership.phase === 'in' ? [`${membership.id} ${membership.op}`] : []);
        expect(story.told.filter((line) => line.endsWith(' lost'))).toEqual([]);
        if (!kept.some((line) => line.startsWith('kick')))
          expect(story.told.filter((line) => line.endsWith(' dismissed'))).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  test('every client that asked is answered once', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 60 }), (lines) => {
        const story = new Story();
        // What a lost player was asked is repeated by the gateway: none of this protocol's doing.
        for (const line of lines.filter((line) => line !== 'lose player')) story.play(line.split(' '));
        story.settle();
        expect([...story.resolved].sort()).toEqual([...story.asked].sort());
      }),
    );
  });

  test('coming and going are told in turns', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 60 }), (lines) => {
        const story = new Story();
        for (const line of lines.filter((line) => line !== 'lose player')) story.play(line.split(' '));
        story.settle();
        let at: string | null = null;
        for (const told of story.told) {
          const [what, id] = told.split(' ') as [string, string];
          expect([told, at]).toEqual([told, what === 'came' ? null : id]);
          at = what === 'came' ? id : null;
        }
      }),
    );
  });
});

test('ops grow with every attempt and with the clock, whatever was forgotten', () => {
  const first = nextOp(3, 0, 1_000.5);
  expect(first).toEqual({ op: '3.1000', n: 1_000 });
  expect(orderOf(nextOp(3, first.n, 1_000).op)).toBe(1_001);
  expect(orderOf(nextOp(4, 0, 2_000).op)).toBe(2_000);
});

test('what names another op, or another place, changes nothing', () => {
  const state = { phase: 'in', id: 'a', op: '1.5' } as const;
  for (const type of ['left', 'dismissed', 'admitted'] as const)
    for (const other of [
      { id: 'a', op: '1.4' },
      { id: 'b', op: '1.5' },
    ])
      expect(step(state, { type, ...other })).toEqual({ state, effects: [] });
  expect(step(state, { type: 'confirmed', id: 'a', op: '1.4', member: false }).state).toBe(state);
});

describe('a place', () => {
  test('keeps a member who comes again under the newer op, and passes over an older one', () => {
    expect(admission(undefined, '1.5')).toBe('new');
    expect(admission('1.5', '1.5')).toBe('again');
    expect(admission('1.5', '2.6')).toBe('again');
    expect(admission('2.6', '1.5')).toBe('outdated');
  });

  test('loses a member who leaves under its op or a newer one', () => {
    expect([ends(undefined, '1.5'), ends('1.5', '1.5'), ends('1.5', '1.6'), ends('1.6', '1.5')]).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  test('says who is a member, and takes over an op that it has lost', () => {
    expect(standing(undefined, '1.5')).toEqual({ member: false, renew: false });
    expect(standing('1.5', '1.5')).toEqual({ member: true, renew: false });
    expect(standing('1.5', '1.6')).toEqual({ member: true, renew: true });
    expect(standing('1.6', '1.5')).toEqual({ member: false, renew: false });
  });

  test('hears from a player whether it is there; what it asked under an op that is over does not count', () => {
    expect(verdict('1.5', '1.5', { member: false })).toBe('gone');
    expect(verdict('1.6', '1.5', { member: false })).toBe('stays');
    expect(verdict('1.5', '1.5', { member: true, op: '1.5' })).toBe('stays');
    expect(verdict('1.5', '1.5', { member: true, op: '1.6' })).toEqual({ renew: '1.6' });
  });
});

test('a place that may have admitted the player although it failed is left', () => {
  const state = { phase: 'joining', id: 'a', op: '1.5', from: null, tickets: ['t'] } as const;
  const sends = (sure: boolean) =>
    step(state, { type: 'refused', id: 'a', op: '1.5', sure }).effects.filter(({ type }) => type === 'send');
  expect(sends(true)).toEqual([]);
  expect(sends(false)).toEqual([{ type: 'send', message: 'leave', id: 'a', op: '1.5' }]);
});
