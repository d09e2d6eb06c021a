// Orders for single entities whose leader dies on the way: golden transcripts over whole clusters in one process. The client's count tells
// that nothing was lost or done twice.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { MoveListDocument } from '@muster/coordinator';
import { HASHED_SHARDS, type Log } from '@muster/ports';
import { replayed } from '@muster/ports/transcript';
import { ClusterWorld, type WorldRow } from './cluster-world.js';
import type { Operator } from './operator.js';

const testdata = join(import.meta.dirname, 'testdata');
const ENDED_WITHIN_MS = 40_000;
const STEP_MS = 5;

type Order = 'entity.pin' | 'entity.move' | 'entity.unpin';

/** One story: a cluster of two coordinators (a third where the story starts it) and three nodes, and an actor that counts. */
class Story {
  private readonly world: ClusterWorld;
  private operator: Operator;
  /** Where the last order wants it. */
  private wanted = '';
  /** What is logged as this makes the owner mute: nothing that it says reaches the leader any more. */
  private muteAt = '';

  constructor(world: ClusterWorld, operator: Operator) {
    this.world = world;
    this.operator = operator;
  }

  async play([verb = '', ...words]: readonly string[]): Promise<readonly string[]> {
    const { world } = this;
    switch (verb) {
      case 'add':
        return [`counts ${await world.answer(world.add('g1', words[0]!))}`];
      case 'pin':
      case 'move':
      case 'unpin':
        return this.order(`entity.${verb}`, words[0]!, words[1]);
      case 'until':
        return this.until(words.join(' '));
      case 'kill':
        return this.kill(words[0]!);
      case 'start':
        world.coordinator(words[0]!);
        await world.clock.advance(500);
        return this.stored();
      case 'end':
        return this.end(words[0]!);
      case 'mute':
        this.muteAt = words[0]!;
        return [];
      default:
        throw new Error(`no input: ${verb}`);
    }
  }

  logged(event: string): void {
    const { world } = this;
    if (event !== this.muteAt) return;
    this.muteAt = '';
    world.wires.mute(this.node('owner'), [...world.coordinators].find(([, one]) => one === world.leader)![0]);
  }

  private async order(command: Order, id: string, to: string | undefined): Promise<readonly string[]> {
    await this.world.clock.advance(1);
    this.wanted = to ? this.world.nodes.get(this.node(to))!.peer : this.world.where(id).owner;
    const args = { entity: `tally/${id}`, ...(to && { to: this.node(to) }) };
    const { code, result } = await this.world.answer(
      this.operator.ask(command, args as { entity: string; to: string }),
    );
    return code === '' ? [`order ${(result as { order: string }).order} is taken`, ...this.stored()] : [code];
  }

  /** A node's part in what happens to the actor of this story: the names that placement gave differ from story to story. */
  private node(role: string): string {
    const row = this.world.where('9');
    const idOf = (peer: string) => [...this.world.nodes].find(([, one]) => one.peer === peer)?.[0] ?? '';
    if (role === 'owner') return idOf(row.owner);
    if (role === 'backup') return idOf(row.backup);
    return [...this.world.nodes.keys()].find((id) => ![idOf(row.owner), idOf(row.backup)].includes(id))!;
  }

  private async until(what: string): Promise<readonly string[]> {
    const { world } = this;
    const conditions: Record<string, () => boolean> = {
      placed: () => this.solos().length > 0,
      held: () => this.muteAt === '',
      carved: () => world.where('9').shard >= HASHED_SHARDS,
      'handing off': () => world.rows().length > 0 && this.solos().some(({ state }) => state === 'moving'),
      home: () => world.where('9').shard < HASHED_SHARDS,
    };
    const end = world.clock.monotonic() + ENDED_WITHIN_MS;
    while (!conditions[what]!() && world.clock.monotonic() < end) await world.clock.advance(1);
    return [conditions[what]!() ? what : `never ${what}`];
  }

  private solos() {
    const { entries } = this.world.server.range(this.world.keys.shards);
    const rows = entries.flatMap(({ value }) => JSON.parse(value) as WorldRow[]);
    return rows.filter(({ shard, owner }) => shard >= HASHED_SHARDS && owner !== '');
  }

  private async kill(role: string): Promise<readonly string[]> {
    const { world } = this;
    if (role !== 'leader') {
      world.nodes.get(this.node(role))!.process.kill();
      return [];
    }
    const { leader } = world;
    leader!.process.kill();
    await world.until(() => world.leader !== undefined && world.leader !== leader);
    const [id, next] = [...world.coordinators].find(([, one]) => one === world.leader)!;
    this.operator = await world.operator(id);
    await world.until(() => next.it.ready);
    return [`${id} leads in epoch ${next.it.epoch}`];
  }

  private async end(order: string): Promise<readonly string[]> {
    const { world } = this;
    const limit = world.clock.monotonic() + ENDED_WITHIN_MS;
    while (world.clock.monotonic() < limit) {
      const { result } = await world.answer(this.operator.ask('move.list', {}));
      const { entities, endedEntities } = result as MoveListDocument;
      const over = endedEntities.find((one) => one.order === order);
      if (over) {
        await world.clock.advance(STEP_MS);
        return [`order ${order} is over: ${over.end}`, this.place(), ...this.stored()];
      }
      if (!entities.some((one) => one.order === order)) return [`nobody knows order ${order}`, this.place()];
      await world.clock.advance(STEP_MS);
    }
    return [`order ${order} does not end`];
  }

  private place(): string {
    const { shard, owner } = this.world.where('9');
    const at = owner === this.wanted ? 'where it was wanted' : 'at another node than was wanted';
    return shard >= HASHED_SHARDS ? `the actor is in a shard of its own, ${at}` : 'the actor is at home';
  }

  private stored(): readonly string[] {
    const { entries } = this.world.server.range(this.world.keys.orders);
    if (entries.length === 0) return ['the store has no order'];
    return entries.map(({ key, value }) => {
      const { order, wish } = JSON.parse(value) as { order: string; wish: string };
      return `the store has order ${order}: ${wish} ${key.slice(this.world.keys.orders.length)}`;
    });
  }
}

describe('golden transcripts', () => {
  for (const file of readdirSync(testdata)) {
    test(file.replace('.txt', '').replaceAll('-', ' '), async () => {
      let story: Story | undefined;
      const log: Log = { write: (_, event) => story?.logged(event), with: () => log };
      const world = await ClusterWorld.running({ log });
      const told = new Story(world, await world.operator('c1'));
      story = told;
      const { expected, actual } = await replayed(join(testdata, file), (words) => told.play(words));
      expect(actual).toBe(expected);
    });
  }
});
