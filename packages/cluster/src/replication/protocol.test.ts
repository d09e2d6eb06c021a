import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type PeerId, type Position, term } from '@muster/ports';
import { replay } from '@muster/ports/transcript';
import { type FollowerState, newFollower, stepFollower } from './follower.js';
import { REPLICATION_DEFAULTS as options, replicationOptions } from './options.js';
import { isGated, newOwner, type OwnerInput, type OwnerState, reportsOf, stepOwner } from './owner.js';
import type { AckMessage, AppendMessage, SnapshotMessage } from './protocol.js';

const testdata = join(import.meta.dirname, 'testdata');

type Message =
  | { readonly to: PeerId; readonly type: 'append'; readonly body: AppendMessage }
  | { readonly to: PeerId; readonly type: 'snapshot'; readonly body: SnapshotMessage }
  | { readonly to: PeerId; readonly type: 'dismissed'; readonly seeding: number }
  | { readonly to: PeerId; readonly type: 'ack'; readonly from: PeerId; readonly body: AckMessage };

/** One owner `a` and copies under any other name; what is sent waits for `deliver`, or is lost with its link. */
class Stage {
  private now = 0;
  private owner: OwnerState = newOwner(term(0));
  private owned = 'a' as PeerId;
  private base: Position = 0;
  private continues: PeerId | '' = '';
  private fresh = 1;
  private readonly copies = new Map<PeerId, FollowerState>();
  private readonly cursors = new Map<PeerId, Position>();
  private readonly links = new Set<PeerId>(['b', 'c', 'd'] as PeerId[]);
  private wire: Message[] = [];
  private lines: string[] = [];
  private shown = '';

  play([time = '', verb, ...words]: readonly string[]): readonly string[] {
    this.lines = [];
    this.now = Number(time);
    this.act(verb!, words);
    this.ship();
    const gate = `out up to ${this.owner.durable}${isGated(this.owner) ? '' : ', ungated'}`;
    const reports = reportsOf(this.owner, this.now, options).map(([what, peer]) => `report ${what} ${peer}`);
    const seen = [gate, ...reports].join('; ');
    if (seen !== this.shown) this.lines.push(seen);
    this.shown = seen;
    return this.lines;
  }

  private act(verb: string, words: readonly string[]): void {
    const [first = '', second = '', third = ''] = words;
    const peer = first as PeerId;
    switch (verb) {
      case 'row': {
        const place = { backup: none(second), learner: none(third), linked: [...this.links] };
        this.input({ type: 'row', term: term(Number(first)), ...place });
        return;
      }
      case 'append':
        this.input({ type: 'appended', end: this.owner.end + Number(first) });
        return;
      case 'finish':
        this.snapshot(peer, false);
        return;
      case 'deliver':
        for (let n = Number(first || 1_000); n > 0 && this.wire.length > 0; n -= 1) this.arrive(this.wire.shift()!);
        return;
      case 'cut':
        this.links.delete(peer);
        this.wire = this.wire.filter((it) => it.to !== peer && !(it.type === 'ack' && it.from === peer));
        this.input({ type: 'down', peer });
        return;
      case 'join':
        this.links.add(peer);
        this.input({ type: 'up', peer });
        return;
      case 'told':
        this.copies.set(
          peer,
          stepFollower(this.copy(peer), { type: 'row', term: term(Number(second)), holds: third === 'holds' }).state,
        );
        this.lines.push(`${peer}: ${this.copy(peer).phase} in term ${second}`);
        return;
      case 'silent':
        this.input({ type: 'tick', silent: words as PeerId[], stalledMs: 0 });
        return;
      case 'tick':
        this.input({ type: 'tick', silent: [], stalledMs: Number(first || 0) });
        return;
      case 'stored':
        this.owner = newOwner(term(0), 0, true);
        return;
      case 'owner':
        // Another process owns the shard from here on, with an empty log, or with one that goes on where a former owner's ended.
        this.owned = peer;
        this.owner = newOwner(term(0), Number(second || 0));
        this.base = this.owner.end;
        this.continues = third as PeerId | '';
        this.cursors.clear();
        return;
      default:
        throw new Error(`no input: ${verb}`);
    }
  }

  private copy(peer: PeerId): FollowerState {
    return this.copies.get(peer) ?? newFollower(term(0));
  }

  private input(input: OwnerInput): void {
    const { state, effects } = stepOwner(this.owner, input, this.now, options, this.fresh);
    this.owner = state;
    for (const effect of effects) {
      if (effect.type === 'stop') {
        this.lines.push(`to ${effect.peer}: dismissed`);
        this.wire.push({ to: effect.peer, type: 'dismissed', seeding: effect.seeding });
      } else if (effect.type === 'ship') {
        const after = this.continues === '' ? effect.after : Math.max(effect.after, this.base);
        this.cursors.set(effect.peer, after);
        this.append(effect.peer, after);
      } else {
        this.fresh = effect.seeding + 1;
        this.snapshot(effect.peer, true);
      }
    }
  }

  private snapshot(to: PeerId, first: boolean): void {
    const { seeding } = this.owner.followers.find((it) => it.peer === to)!;
    if (first) this.cursors.set(to, this.owner.end);
    const position = first ? this.owner.end : 0;
    const body = { from: this.owned, term: this.owner.term, seeding, first, last: !first, position };
    this.lines.push(`to ${to}: snapshot ${seeding} ${first ? `begins at ${position}` : 'ends'}`);
    this.wire.push({ to, type: 'snapshot', body });
  }

  private ship(): void {
    for (const { peer, phase, linked } of this.owner.followers) {
      const cursor = this.cursors.get(peer);
      if (linked && phase !== 'waiting' && cursor !== undefined && cursor < this.owner.end) this.append(peer, cursor);
    }
  }

  private append(to: PeerId, after: Position): void {
    const { end, term: of } = this.owner;
    const { seeding, phase } = this.owner.followers.find((it) => it.peer === to)!;
    this.cursors.set(to, end);
    const continues = phase === 'joining' ? this.continues : '';
    const what = end > after ? `records ${after + 1} to ${end}` : 'no records';
    const goesOn = continues === '' ? '' : `, ${continues}'s log goes on after ${after}`;
    this.lines.push(`to ${to}: ${what} of ${seeding} in term ${of}${goesOn}`);
    const body = { from: this.owned, term: of, seeding, first: after + 1, end, continues };
    this.wire.push({ to, type: 'append', body });
  }

  private arrive(message: Message): void {
    if (message.type === 'ack') {
      const { from, to, body } = message;
      const what = body.code === '' ? `${body.seeding} up to ${body.position}` : `${body.code}, term ${body.term}`;
      this.lines.push(`${from} to ${to}: ${what}`);
      if (to === this.owned) this.input({ type: 'ack', from, ack: body });
      this.ship();
      return;
    }
    const { to } = message;
    if (message.type === 'dismissed') {
      const { seeding } = message;
      const { state, effects } = stepFollower(this.copy(to), { type: 'dismissed', from: this.owned, seeding });
      this.copies.set(to, state);
      if (effects.length > 0) this.lines.push(`${to} forgets`);
      return;
    }
    const step =
      message.type === 'append'
        ? stepFollower(this.copy(to), { type: 'append', ...message.body })
        : stepFollower(this.copy(to), { type: 'snapshot', ...message.body });
    this.copies.set(to, step.state);
    for (const effect of step.effects) {
      if (effect.type === 'ack') this.wire.push({ to: effect.to, type: 'ack', from: to, body: effect.ack });
      else if (effect.type === 'continued') this.lines.push(`${to} goes on after ${effect.former}`);
      else if (effect.type === 'records' && effect.skip > 0) this.lines.push(`${to} has ${effect.skip} of them`);
    }
  }
}

function none(word: string): PeerId | '' {
  return word === '-' ? '' : (word as PeerId);
}

test.each(readdirSync(testdata))('%s goes as written down', (name) => {
  const stage = new Stage();
  const { expected, actual } = replay(join(testdata, name), (words) => stage.play(words));
  expect(actual).toBe(expected);
});

test('options that make no sense are refused', () => {
  expect(() => replicationOptions({ leaseEveryMs: 150 })).toThrow('2 × leaseEveryMs');
  expect(() => replicationOptions({ lagMs: 1_000 })).toThrow('lagMs < silenceMs');
  expect(() => replicationOptions({ ungatedWaitMs: 1_999 })).toThrow('selfFenceMs + fenceMarginMs');
  expect(replicationOptions({}, { selfFenceMs: 5_000, fenceMarginMs: 700 }).ungatedWaitMs).toBe(5_700);
  expect(() => replicationOptions({ tailFactor: 0 })).toThrow('tailFactor');
  expect(replicationOptions()).toEqual(options);
});
