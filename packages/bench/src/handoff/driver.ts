// Keeps commands flowing to a few shards full of actors, moves the shards one after the other, and says how long each of them stood still.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ShardRow } from '@muster/cluster';
import type { ShardId } from '@muster/ports';
import { Driver } from '../bare-cluster/driver.js';
import type { Place } from '../bare-cluster/standing.js';
import type { Target } from '../bare-cluster/target.js';
import { answering } from '../child.js';
import { longestSilence } from '../players/observed.js';
import { Schedule } from '../players/schedule.js';

export interface Fill {
  readonly shards: number;
  /** In each of them. */
  readonly actors: number;
  readonly stateBytes: number;
}

export interface Load {
  /** Commands per second to each shard. */
  readonly perSecond: number;
}

/** `backup`: its copy is there already, and the owner becomes the backup. `third`: a copy has to be made first, and the backup stays. */
export type Destination = 'backup' | 'third';

export interface MoveAll {
  readonly to: Destination;
}

/** One shard's move. */
export interface Moved {
  /** Longest time without an answered command, from when the move was asked for until it was over. */
  readonly pauseMs: number;
  /** The same in a stretch of the same length just before. */
  readonly quietMs: number;
  /** From the question to the new row. */
  readonly tookMs: number;
  /** The time before was never quiet: something else used the machine. */
  readonly disturbed: boolean;
}

export interface Finished {
  readonly asked: number;
  /** Answered with the very count that was due. */
  readonly completed: number;
  readonly failures: Readonly<Record<string, number>>;
}

interface Cell {
  readonly shard: ShardId;
  readonly targets: readonly Target[];
  next: number;
  /** When commands to this shard were answered, of late. */
  answers: number[];
}

const READY_DEADLINE_MS = 60_000;
const MOVE_DEADLINE_MS = 20_000;
const STRAGGLERS_MS = 15_000;
const POLL_MS = 1;
const SLOW_POLL_MS = 50;
/** After the new row has come, for whatever waited. */
const AFTER_MS = 300;
/** Between two moves: the stretch before must be a quiet one, in which no answer was late by much more than the 5 ms between two commands. */
const BEFORE_MS = 1_000;
const QUIET_MS = 40;
/** How often a busy machine is waited for. */
const QUIET_ATTEMPTS = 15;
/** A leader that has something else to do with the shard refuses: asked again. */
const ATTEMPTS = 20;
const RETRY_MS = 500;
const FILLS_AT_ONCE = 100;
/** A stretch before and after a move is all that is looked at. */
const ANSWERS_KEPT = 20_000;
const TOUCH = Buffer.from('null');

let driver: Driver;
let cells: readonly Cell[] = [];
let ticking: NodeJS.Timeout | undefined;
let asked = 0;
let answered = 0;
let completed = 0;
const failures: Record<string, number> = {};

async function start(place: Place): Promise<void> {
  driver = await Driver.start(place);
}

/** Every shard full, and backed. */
async function fill({ shards, actors, stateBytes }: Fill): Promise<void> {
  await until(() => driver.backed, READY_DEADLINE_MS, 'a backup for every shard');
  cells = pickCells(shards, actors);
  const text = 'x'.repeat(stateBytes - JSON.stringify({ n: 1, text: '' }).length);
  const data = Buffer.from(JSON.stringify({ text }));
  const all = cells.flatMap(({ targets }) => targets);
  let at = 0;
  const worker = async (): Promise<void> => {
    for (let target = all[at]; target; target = all[at]) {
      at += 1;
      await written(target, data);
    }
  };
  await Promise.all(Array.from({ length: FILLS_AT_ONCE }, worker));
}

function written(target: Target, data: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    driver.send(target, 'write', data, (failure) => {
      if (failure === '') resolve();
      else reject(new Error(`${target.entity.id} was not filled: ${failure}`));
    });
  });
}

/** Keys that are in shards of their own. */
function pickCells(shards: number, actors: number): Cell[] {
  const found = new Map<ShardId, string>();
  for (let n = 0; found.size < shards; n += 1) {
    const shard = driver.client.table.shardOf({ kind: 'placed', id: `${n}:0` });
    if (!found.has(shard)) found.set(shard, String(n));
  }
  return [...found].map(([shard, key]) => ({
    shard,
    targets: Array.from({ length: actors }, (_, n) => driver.target('placed', `${key}:${n}`)),
    next: 0,
    answers: [],
  }));
}

function load({ perSecond }: Load): void {
  const schedule = new Schedule(cells.length, perSecond, performance.now());
  ticking = setInterval(() => {
    const now = performance.now();
    for (let { client, dueAt } = schedule.next; dueAt <= now; { client, dueAt } = schedule.next) {
      touch(cells[client]!);
      schedule.done();
    }
  }, POLL_MS);
}

function touch(cell: Cell): void {
  const target = cell.targets[cell.next]!;
  cell.next = (cell.next + 1) % cell.targets.length;
  asked += 1;
  driver.send(target, 'touch', TOUCH, (failure) => {
    answered += 1;
    if (failure !== '') failures[failure] = (failures[failure] ?? 0) + 1;
    else {
      completed += 1;
      cell.answers.push(performance.now());
    }
  });
}

async function moveAll({ to }: MoveAll): Promise<readonly Moved[]> {
  const moves: Moved[] = [];
  for (const cell of cells) moves.push(await move(cell, to));
  return moves;
}

async function move(cell: Cell, to: Destination): Promise<Moved> {
  const { shard } = cell;
  await until(() => isAtRest(driver.row(shard)), READY_DEADLINE_MS, `shard ${shard} at rest`);
  const quiet = await untilQuiet(cell);
  const row = driver.row(shard);
  const target = to === 'backup' ? row.backup : third(row);
  const askedAt = await ask(shard, target);
  await until(() => driver.row(shard).owner === target, MOVE_DEADLINE_MS, `shard ${shard} at ${target}`);
  const movedAt = performance.now();
  await sleep(AFTER_MS);
  const overAt = performance.now();
  const moved = {
    pauseMs: longestSilence(cell.answers, askedAt, overAt),
    quietMs: longestSilence(cell.answers, askedAt - (overAt - askedAt), askedAt),
    tookMs: movedAt - askedAt,
    disturbed: !quiet,
  };
  cell.answers = cell.answers.slice(-ANSWERS_KEPT);
  return moved;
}

async function untilQuiet({ answers }: Cell): Promise<boolean> {
  for (let attempt = 0; attempt < QUIET_ATTEMPTS; attempt += 1) {
    await sleep(BEFORE_MS);
    const now = performance.now();
    if (longestSilence(answers, now - BEFORE_MS, now) <= QUIET_MS) return true;
  }
  return false;
}

/** @returns when the question was sent that was accepted. */
async function ask(shard: ShardId, to: string): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const askedAt = performance.now();
    try {
      await driver.admin('shard.move', { shard, to });
      return askedAt;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      await sleep(RETRY_MS);
    }
  }
}

function isAtRest({ owner, backup, learner, state }: ShardRow): boolean {
  return owner !== '' && backup !== '' && learner === '' && state === 'stable';
}

/** The node that has neither the shard nor a copy of it. */
function third({ owner, backup }: ShardRow): string {
  const nodes = new Set(driver.rows().map((row) => row.owner));
  const found = [...nodes].find((node) => node !== '' && node !== owner && node !== backup);
  if (!found) throw new Error('there is no third node');
  return found;
}

async function finish(): Promise<Finished> {
  clearInterval(ticking);
  for (let waited = 0; answered < asked && waited < STRAGGLERS_MS; waited += SLOW_POLL_MS) await sleep(SLOW_POLL_MS);
  return { asked, completed, failures };
}

async function until(holds: () => boolean, deadlineMs: number, what: string): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`there is not ${what} after ${deadlineMs} ms`);
    await sleep(POLL_MS);
  }
}

answering({ start, fill, load, moveAll, finish });
