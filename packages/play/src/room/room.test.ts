import { describe, expect, test } from '@jest/globals';
import { ActorStage, type StagedTurn } from '../testdata/actor-stage.js';
import type { RoomWish } from './contract.js';
import type { RoomOptions } from './options.js';
import { roomOptions } from './options.js';
import { roomKind } from './room.js';
import type { OwnRoomCommands, RoomEvents, RoomState } from './state.js';

class RoomStage extends ActorStage<RoomState, OwnRoomCommands, RoomEvents> {
  constructor(options: Partial<RoomOptions> = {}) {
    super(roomKind(options), 'talk');
    this.admit('player/1', '1.1', { create: true });
  }

  admit(member: string, op: string, data: RoomWish = {}): StagedTurn {
    const user = { userId: member.split('/')[1]!, username: 'somebody', countryCode: '??' };
    return this.by(member, 'admit', { op, user, data });
  }

  says(userId: string, ...messages: readonly string[]): void {
    for (const message of messages) this.by(`player/${userId}`, 'say', { message });
  }

  get life(): string {
    return this.state.chat.life;
  }
}

describe('a chat room', () => {
  test('keeps the newest messages under their numbers', () => {
    const stage = new RoomStage({ messagesMax: 3 });
    stage.says('1', 'a', 'b', 'c', 'd');
    expect(stage.state.chat).toMatchObject({
      count: 4,
      messages: [{ message: 'b' }, { message: 'c' }, { message: 'd' }],
    });
  });

  test('has room for so many, players and autohosts together, whoever is in it already', () => {
    const stage = new RoomStage({ membersMax: 2 });
    expect(stage.admit('autohost/b', '0.1').reply).toMatchObject({ memberCount: 2 });
    expect(stage.admit('player/2', '1.1').refuse).toBe('room_full');
    expect(stage.admit('autohost/b', '0.2').refuse).toBeUndefined();
    stage.by('autohost/b', 'leave', { op: '0.2' });
    expect(stage.admit('player/2', '1.1').refuse).toBeUndefined();
  });

  test('is what its members say: nobody else comes in for them, speaks, or reads who is there', () => {
    const stage = new RoomStage();
    expect(stage.admit('lobby/2', '1.1').refuse).toBe('unauthorized');
    expect(stage.by('player/2', 'say', { message: 'boo' }).refuse).toBe('not_in_room');
    stage.admit('autohost/1', '0.1');
    expect(stage.by('autohost/1', 'say', { message: 'beep' }).refuse).toBe('unauthorized');
    // Its id is that of a player who is in the room.
    const asked = { type: 'client', session: 'g#a/1', request: 1, caller: '2' } as const;
    expect(stage.internal('members', null, asked).refuse).toBe('not_in_room');
    expect(stage.internal('members', null, { ...asked, caller: '1' }).reply).toEqual({
      userIds: ['1'],
      autohosts: ['1'],
    });
  });

  test('lets a member go on behind its marker, and says where something is missing', () => {
    const stage = new RoomStage({ messagesMax: 2 });
    stage.says('1', 'before');
    stage.admit('player/2', '1.1');
    stage.says('1', 'a', 'b');
    const { life } = stage;
    const since = (marker: string) => stage.admit('player/2', '1.1', { since: marker }).reply;
    expect(since(`${life}.2`)).toMatchObject({ after: 2, missed: false });
    expect(since(`${life}.0`)).toMatchObject({ after: 1, missed: false });
    expect(since(`${life}.9`)).toMatchObject({ after: 1, missed: true });
    expect(since('other.2')).toMatchObject({ after: 1, missed: true });
    expect(since('')).toMatchObject({ after: 1, missed: true });
    stage.says('1', 'c');
    expect(since(`${life}.1`)).toMatchObject({ after: 2, missed: true });
    expect(stage.admit('player/2', '1.1').reply).toMatchObject({ after: 4, missed: false });
  });

  test('an old leave does not end a newer stay, and a late answer does not end it either', () => {
    const stage = new RoomStage();
    stage.admit('player/2', '1.5');
    stage.by('player/2', 'leave', { op: '1.4' });
    const answer = {
      from: { kind: 'player', id: '2' },
      context: { op: '1.4' },
      ok: true,
      value: { member: false },
    } as const;
    stage.internal('memberConfirmed', answer);
    expect(Object.keys(stage.state.ops)).toEqual(['player/1', 'player/2']);
    stage.internal('memberConfirmed', { ...answer, context: { op: '1.5' } });
    expect(Object.keys(stage.state.ops)).toEqual(['player/1']);
  });

  test('that may lack something begins another life and asks its members whether they are there', () => {
    const stage = new RoomStage();
    stage.admit('player/2', '1.5');
    const { life } = stage;
    const { sends } = stage.internal('adopted', { how: 'loaded', mayLack: true });
    expect(sends.map(({ to, command, data }) => [to.id, command, data])).toEqual([
      ['1', 'confirmRoom', { op: '1.1' }],
      ['2', 'confirmRoom', { op: '1.5' }],
    ]);
    expect(stage.life).not.toBe(life);
    expect(stage.admit('player/2', '1.5', { since: `${life}.0` }).reply).toMatchObject({ missed: true });
    const calm = stage.life;
    stage.internal('adopted', { how: 'promoted', mayLack: false });
    expect(stage.life).toBe(calm);
  });

  test('ends with its last member: the list is told, and nothing is kept', () => {
    const stage = new RoomStage();
    stage.says('1', 'bye');
    const { sends } = stage.by('player/1', 'leave', { op: '1.1' });
    expect(sends).toMatchObject([{ command: 'listed', data: { memberCount: 0 } }]);
    expect(stage.kind.blank!(stage.state)).toBe(true);
    expect(stage.admit('player/2', '1.1').refuse).toBe('unknown_room');
  });

  test('tells the list one line at a time, the newest, and repeats it', () => {
    const stage = new RoomStage();
    const counts = (turn: StagedTurn) => turn.sends.map(({ data }) => (data as { memberCount: number }).memberCount);
    stage.admit('player/2', '1.1');
    // The first line has not been answered.
    expect(counts(stage.internal('lineDue', null))).toEqual([]);
    const heard = { from: { kind: 'chat-room-list', id: 'all' }, context: null, ok: true, value: null } as const;
    stage.internal('lineHeard', heard);
    expect(stage.timers.get('line')!.at).toBe(stage.now + 1_000);
    expect(counts(stage.internal('lineDue', null))).toEqual([2]);
    stage.internal('lineHeard', heard);
    expect(stage.timers.get('line')!.at).toBe(stage.now + 20_000);
    expect(counts(stage.internal('lineDue', null))).toEqual([2]);
  });

  test('options that cannot work are refused', () => {
    for (const wrong of [{ membersMax: 0 }, { beatMs: 60_000 }])
      expect(() => roomOptions(wrong)).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
  });
});
