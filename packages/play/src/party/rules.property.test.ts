import { expect, test } from '@jest/globals';
import { partyUpdated, TachyonProtocol } from '@muster/tachyon';
import fc from 'fast-check';
import {
  accept,
  cancelInvite,
  invite,
  isMember,
  kick,
  newParty,
  nextExpiry,
  type Party,
  published,
  type Ruling,
  stands,
  uninvited,
  without,
  withoutExpired,
} from './rules.js';

const user = fc.nat(5).map(String);
const deed = fc.record({
  what: fc.constantFrom('invite', 'stand', 'accept', 'cancel', 'decline', 'kick', 'leave', 'expire'),
  user,
  wait: fc.nat(200),
});
type Deed = { readonly what: string; readonly user: string };
const INVITE_MS = 300;

function after(party: Party, { what, user }: Deed, now: number): Ruling {
  switch (what) {
    case 'invite':
      return invite(party, user, 't', now, INVITE_MS);
    case 'stand':
      return { party: stands(party, user, now) };
    case 'accept':
      return accept(party, user, '1.1', now);
    case 'cancel':
      return cancelInvite(party, user, now);
    case 'decline':
      return { party: uninvited(party, user, now) };
    case 'kick':
      return kick(party, user, now);
    case 'leave':
      return { party: without(party, user, now) };
    default:
      return { party: withoutExpired(party, now) };
  }
}

test('whatever is done: nobody is there twice, nobody beyond the size, the version never falls, and clients understand it', () => {
  const protocol = new TachyonProtocol();
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(deed, { maxLength: 40 }), (size, deeds) => {
      let now = 1_000;
      let party = newParty('0', '1.1', size, now);
      for (const { wait, ...what } of deeds) {
        now += wait;
        const before = party;
        const ruling = after(party, what, now);
        if ('party' in ruling) party = ruling.party;
        const ids = [...party.members, ...party.invited].map(({ userId }) => userId);
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids.length).toBeLessThanOrEqual(Math.max(size, 1));
        expect(party.version).toBeGreaterThanOrEqual(before.version);
        // Whatever clients could see of a change has a new version.
        const shown = [before, party].map((one) => JSON.stringify(published('p', one)));
        if (party.version === before.version) expect(shown[0]).toBe(shown[1]);
        expect(protocol.check(partyUpdated, published('p', party, what.user))).toBeUndefined();
        expect(nextExpiry(party) ?? now).toBeLessThanOrEqual(now + INVITE_MS);
      }
    }),
  );
});

test('only who is invited comes in, only while it is, and only once', () => {
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 40 }), (deeds) => {
      let now = 1_000;
      let party = newParty('0', '1.1', 4, now);
      const until = new Map<string, number>();
      for (const { wait, ...what } of deeds) {
        now += wait;
        const wasIn = isMember(party, what.user);
        const ruling = after(party, what, now);
        if ('party' in ruling) party = ruling.party;
        if (what.what === 'invite' && 'party' in ruling) until.set(what.user, now + INVITE_MS);
        if (['cancel', 'decline', 'accept'].includes(what.what) && 'party' in ruling) {
          if (what.what === 'accept') expect(until.get(what.user) ?? 0).toBeGreaterThan(now);
          until.delete(what.user);
        }
        if (!wasIn && isMember(party, what.user)) expect(what.what).toBe('accept');
      }
    }),
  );
});
