import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type PeerId, type ShardId, shardId, type Term, term } from '@muster/ports';
import { replay } from '@muster/ports/transcript';
import { emptyRow, type ShardRow } from '../table/routing-table.js';
import {
  type Carving,
  type CarvingEffect,
  type CarvingInput,
  startCarving,
  stepCarving,
  stillStands,
} from './leader.js';
import { carvingOptions } from './options.js';
import { newOwner, type OwnerEffect, type OwnerFacts, type OwnerInput, type OwnerState, stepOwner } from './owner.js';
import { mayCarve } from './rows.js';

const testdata = join(import.meta.dirname, 'testdata');
const options = carvingOptions();
const HOME = shardId(17);
const SOLO = shardId(1_030);

/** The leader of one carving; a write waits until the transcript says what became of it. */
class Leader {
  private carving: Carving | undefined;
  private readonly rows = new Map<ShardId, ShardRow>();
  private storeAgoMs = 0;

  constructor() {
    const row = (shard: ShardId, of: number): ShardRow => ({
      ...emptyRow(shard),
      owner: 'a' as PeerId,
      backup: 'b' as PeerId,
      term: term(of),
      since: term(of),
    });
    this.rows.set(HOME, row(HOME, 4)).set(SOLO, row(SOLO, 9));
  }

  play([at = '', verb, ...words]: readonly string[]): readonly string[] {
    const now = Number(at);
    const [first = '', second = '', third = ''] = words;
    const [home, solo] = [this.rows.get(HOME)!, this.rows.get(SOLO)!];
    switch (verb) {
      case 'store': {
        const shard = shardId(Number(first));
        const row = { ...this.rows.get(shard)!, owner: second as PeerId, term: term(Number(third)) };
        this.rows.set(shard, row);
        return this.input({ type: 'row', row }, now);
      }
      case 'store-silent':
        this.storeAgoMs = Number(first);
        return [];
      case 'carve':
        if (!mayCarve(home, solo)) return ['it may not be carved'];
        return this.show(startCarving('1.c1', 'ship/7', home, solo, SOLO, now, this.storeAgoMs, options));
      case 'bring-home':
        return this.show(startCarving('1.c1', 'ship/7', solo, home, null, now, this.storeAgoMs, options));
      case 'carved':
        return this.input(
          { type: 'carved', from: first as PeerId, id: second, done: third === 'done', abort: third === 'abort' },
          now,
        );
      case 'died':
        return this.input({ type: 'died', peer: first as PeerId }, now);
      case 'abort':
        return this.input({ type: 'abort' }, now);
      case 'written':
      case 'not-written':
        return this.input({ type: 'settled', committed: verb === 'written' }, now);
      default:
        return this.input({ type: 'tick' }, now);
    }
  }

  private input(input: CarvingInput, now: number): readonly string[] {
    return this.carving ? this.show(stepCarving(this.carving, input, now, this.storeAgoMs, options)) : [];
  }

  private show({ state, effects }: { state: Carving; effects: readonly CarvingEffect[] }): readonly string[] {
    const changed = state.phase !== this.carving?.phase && state.phase !== 'over';
    this.carving = state;
    return [...effects.map((effect) => this.told(effect)), ...(changed ? [state.phase] : [])];
  }

  private told(effect: CarvingEffect): string {
    if (effect.type === 'write') {
      const rows = effect.rows.map(({ shard, owner, term: of }) => `${shard} ${owner} in term ${of}`);
      const stands = stillStands(effect, (shard) => this.rows.get(shard)!) ? '' : ' (overtaken)';
      return `write ship/7 → ${effect.shard ?? 'home'}, ${rows.join(', ')}${stands}`;
    }
    return effect.type === 'over'
      ? `over: ${effect.end}`
      : `${effect.type} ${effect.type === 'ask-store' ? '' : 'to a'}`.trim();
  }
}

/** The owner of one entity; what the table says is set with `table`. */
class Owner {
  private state: OwnerState = newOwner();
  private at: ShardId = HOME;
  private readonly terms = new Map<ShardId, Term>([
    [HOME, term(4)],
    [SOLO, term(9)],
  ]);

  play([at = '', verb, first = '', second = '', third = '']: readonly string[]): readonly string[] {
    const now = Number(at);
    const facts: OwnerFacts = { at: this.at, termOf: (shard) => this.terms.get(shard) };
    switch (verb) {
      case 'carve': {
        const shards = { from: HOME, fromTerm: term(Number(second)), into: SOLO, intoTerm: term(Number(third)) };
        const message = { id: first, entity: 'ship/7', ...shards, cancel: false };
        return this.input({ type: 'carve', message, facts }, now);
      }
      case 'table': {
        this.at = shardId(Number(first));
        for (const [shard, of] of [
          [HOME, second],
          [SOLO, third],
        ] as const)
          if (of === '-') this.terms.delete(shard);
          else this.terms.set(shard, term(Number(of)));
        const after = { ...facts, at: this.at };
        return this.input({ type: 'term', facts: after }, now);
      }
      case 'cancel':
        return this.input({ type: 'cancel', id: first }, now);
      case 'durable':
        return this.input({ type: 'durable', id: first }, now);
      case 'not-held':
        return this.input({ type: 'not-held' }, now);
      case 'settled':
        return this.input({ type: 'settled' }, now);
      default:
        return this.input({ type: 'tick', facts }, now);
    }
  }

  private input(input: OwnerInput, now: number): readonly string[] {
    const { state, effects } = stepOwner(this.state, input, now, options);
    const changed = state.phase !== this.state.phase;
    this.state = state;
    return [...effects.map(told), ...(changed ? [state.phase] : [])];
  }
}

function told(effect: OwnerEffect): string {
  switch (effect.type) {
    case 'hold':
      return `hold in ${effect.from} and ${effect.into}`;
    case 'settle':
      return `${effect.loser} gives it up`;
    case 'go-on':
      return `goes on in ${effect.winner}`;
    case 'say': {
      const what = effect.done ? 'it is there' : effect.abort ? 'please cancel' : 'not yet';
      return `say ${effect.toAll ? 'to all ' : ''}${effect.id}: ${what}`;
    }
  }
}

describe.each([
  ['leader', () => new Leader()],
  ['owner', () => new Owner()],
] as const)('%s', (part, made) => {
  test.each(readdirSync(testdata).filter((name) => name.startsWith(`${part}-`)))('%s', (name) => {
    const stage = made();
    const { expected, actual } = replay(join(testdata, name), (words) => stage.play(words));
    expect(actual).toBe(expected);
    expect(expected).not.toBe('');
  });
});
