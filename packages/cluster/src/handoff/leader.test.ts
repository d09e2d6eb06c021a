import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type PeerId, shardId, term } from '@muster/ports';
import { replay } from '@muster/ports/transcript';
import { emptyRow, type ShardRow } from '../table/routing-table.js';
import { type Move, type MoveEffect, type MoveInput, type MoveStep, stands, startMove, stepMove } from './leader.js';
import { handoffOptions } from './options.js';
import { cleared, handedOverTo, mayCancel, mayMove, withoutStrayMoves } from './rows.js';

const testdata = join(import.meta.dirname, 'testdata');
const options = handoffOptions();
const shard = shardId(17);

/** One leader and the store's row; every write waits until the transcript says what became of it. */
class Stage {
  private move: Move | undefined;
  private row: ShardRow = { ...emptyRow(shard), owner: 'a' as PeerId, backup: 'b' as PeerId, term: term(4) };
  private written: Extract<MoveEffect, { type: 'write' }> | undefined;
  private storeAgoMs = 0;

  play([at = '', verb, ...words]: readonly string[]): readonly string[] {
    const now = Number(at);
    const [first = '', second = '', third = '', fourth = ''] = words;
    switch (verb) {
      case 'store':
        this.row = {
          ...this.row,
          owner: first as PeerId,
          backup: none(second),
          term: term(Number(third)),
          state: 'stable',
          move: '',
          learner: '',
        };
        return this.move ? this.input({ type: 'row', row: this.row }, now) : [];
      case 'store-silent':
        this.storeAgoMs = Number(first);
        return [];
      case 'plan':
        return this.show(startMove('m1', this.row, first as PeerId, now));
      case 'written':
        return this.settle(true, now);
      case 'not-written':
        return this.settle(false, now);
      case 'in-sync':
        return this.input({ type: 'in-sync', from: first as PeerId, peer: second as PeerId, term: Number(third) }, now);
      case 'sealed':
        return this.input(
          {
            type: 'sealed',
            from: first as PeerId,
            term: Number(second),
            move: third,
            done: fourth === 'done',
            abort: fourth === 'abort',
          },
          now,
        );
      case 'died':
        return this.input({ type: 'died', peer: first as PeerId }, now);
      case 'abort':
      case 'tick':
        return this.input({ type: verb }, now);
      default:
        throw new Error(`no input: ${verb}`);
    }
  }

  private settle(committed: boolean, now: number): readonly string[] {
    if (!committed || !stands(this.written!, this.row)) return this.input({ type: 'settled', committed: false }, now);
    this.row = this.written!.row;
    return [
      ...this.input({ type: 'row', row: this.row }, now),
      ...this.input({ type: 'settled', committed: true }, now),
    ];
  }

  private input(input: MoveInput, now: number): readonly string[] {
    return this.show(stepMove(this.move!, input, now, this.storeAgoMs, options));
  }

  private show({ state, effects }: MoveStep): readonly string[] {
    const phase = state.phase === this.move?.phase ? [] : [`(${state.phase})`];
    this.move = state;
    return [...phase, ...effects.map((effect) => this.line(effect))];
  }

  private line(effect: MoveEffect): string {
    const { id, from, to } = this.move!;
    switch (effect.type) {
      case 'write': {
        this.written = effect;
        return `store: ${effect.what}: ${rowLine(effect.row)}`;
      }
      case 'seal':
        return `to ${from}: seal ${id} for ${to}`;
      case 'cancel':
        return `to ${from}: cancel ${id}`;
      case 'ask-store':
        return 'store: are you there?';
      case 'over':
        return `over: ${effect.end}`;
    }
  }
}

function rowLine({ owner, backup, learner, term: of, state, move }: ShardRow): string {
  return `owner ${owner}, backup ${backup || '-'}, learner ${learner || '-'}, term ${of}, ${state}${move === '' ? '' : ` ${move}`}`;
}

function none(word: string): PeerId | '' {
  return word === '-' ? '' : (word as PeerId);
}

describe('golden transcripts', () => {
  for (const file of readdirSync(testdata).filter((name) => name.startsWith('leader-'))) {
    test(file.replace('leader-', '').replace('.txt', '').replaceAll('-', ' '), () => {
      const stage = new Stage();
      const { expected, actual } = replay(join(testdata, file), (words) => stage.play(words));
      expect(actual).toBe(expected);
    });
  }
});

describe('rows', () => {
  const row: ShardRow = { ...emptyRow(shard), owner: 'a' as PeerId, backup: 'b' as PeerId, term: term(4), sure: true };
  const moving: ShardRow = { ...row, learner: 'c' as PeerId, state: 'moving', move: 'm1' };

  test('after a move the backup stays, or the source is the backup of a target that was it; nobody is surely dead', () => {
    expect(handedOverTo(moving, 'c' as PeerId)).toEqual({
      ...emptyRow(shard),
      owner: 'c',
      origin: 'moved',
      since: 5,
      backup: 'b',
      term: 5,
    });
    expect(handedOverTo({ ...moving, learner: '' }, 'b' as PeerId)).toMatchObject({
      owner: 'b',
      origin: 'moved',
      backup: 'a',
      term: 5,
    });
  });

  test('a shard in a move, without an owner, or with another learner is not moved', () => {
    expect(mayMove(row, 'c' as PeerId)).toBe(true);
    expect(mayMove(row, 'a' as PeerId)).toBe(false);
    expect(mayMove(moving, 'd' as PeerId)).toBe(false);
    expect(mayMove({ ...row, learner: 'd' as PeerId }, 'c' as PeerId)).toBe(false);
    expect(mayMove(emptyRow(shard), 'c' as PeerId)).toBe(false);
  });

  test('K13: a new leader clears the moves that it did not begin; the learner of a shard without a backup stays', () => {
    const lone = { ...moving, backup: '' } as const;
    expect(withoutStrayMoves([row, moving], () => false)).toEqual([{ ...row }]);
    expect(withoutStrayMoves([moving], (move) => move === 'm1')).toEqual([]);
    expect(cleared(lone)).toMatchObject({ learner: 'c', state: 'stable', move: '' });
  });

  test('K13: a stray seal is cancelled only where the store knows no such move any more, in that very term', () => {
    expect(mayCancel(row, 'a' as PeerId, 4, 'm1')).toBe(true);
    expect(mayCancel(moving, 'a' as PeerId, 4, 'm1')).toBe(false);
    expect(mayCancel(row, 'a' as PeerId, 3, 'm1')).toBe(false);
    expect(mayCancel(row, 'b' as PeerId, 4, 'm1')).toBe(false);
  });
});
