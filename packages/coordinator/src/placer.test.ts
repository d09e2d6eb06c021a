import { expect, test } from '@jest/globals';
import { emptyRow, type Peers, type ShardRow } from '@muster/cluster';
import {
  type Compare,
  HASHED_SHARDS,
  MemoryMetrics,
  type PeerId,
  peerId,
  SHARD_COUNT,
  SHARDS,
  shardId,
  silentLog,
  term,
  VirtualClock,
} from '@muster/ports';
import type { EnvelopeInit } from '@muster/wire';
import type { Entities } from './entities.js';
import type { HeardLoads } from './heard-loads.js';
import type { CommitResult, Ledger } from './ledger.js';
import type { Moves } from './moves.js';
import { COORDINATOR_DEFAULTS } from './options.js';
import { Placer } from './placer.js';
import type { Restoration } from './restoration.js';
import type { Roster } from './roster.js';
import type { StoreHealth } from './store-health.js';

const [old, joiner] = [peerId('n1', 'x'), peerId('n2', 'x')];

/** A placer over a table that one node owns, and another one learns where there are two, with a ledger that says what it is told to say. */
function placing(
  outcome: CommitResult,
  targets: readonly PeerId[],
  { dead = [], answeredAgoMs = 0 }: { dead?: readonly PeerId[]; answeredAgoMs?: number } = {},
) {
  const clock = new VirtualClock();
  const released: { shard: number; move: string; cancel: boolean }[] = [];
  const commits: { rows: readonly ShardRow[]; deletes: readonly Compare[] }[] = [];
  const rows = Array.from({ length: SHARD_COUNT }, (_, shard) => {
    const row = emptyRow(shardId(shard));
    const learner: ShardRow['learner'] = targets.length > 1 ? joiner : '';
    return shard < HASHED_SHARDS ? { ...row, owner: old, learner, term: term(4) } : row;
  });
  const peers: Pick<Peers, 'send'> = {
    send: (_to, _lane, envelope: EnvelopeInit) => {
      if (envelope.type === 'release') {
        const { move = '', cancel = false } = envelope.body;
        released.push({ shard: envelope.shard ?? 0, move, cancel });
      }
      return true;
    },
  };
  const ledger: Pick<Ledger, 'layout' | 'rows' | 'row' | 'commit' | 'changedAt'> = {
    layout: SHARDS,
    changedAt: () => 0,
    rows: () => rows,
    row: (shard) => rows[shard]!,
    commit: async (changes, deletes = []) => {
      commits.push({ rows: changes, deletes });
      return outcome;
    },
  };
  const isAlive = (peer: PeerId) => !dead.includes(peer);
  const roster: Pick<
    Roster,
    | 'isAlive'
    | 'isGivenUp'
    | 'isWell'
    | 'isProvenDead'
    | 'isSurelyDead'
    | 'zoneOf'
    | 'eligible'
    | 'targets'
    | 'leaving'
    | 'get'
  > = {
    leaving: () => [],
    get: () => undefined,
    isAlive,
    isGivenUp: () => false,
    isWell: isAlive,
    isProvenDead: (peer) => dead.includes(peer),
    isSurelyDead: (peer) => dead.includes(peer),
    zoneOf: () => '',
    targets: () => [...targets],
    eligible: () => [...targets],
  };
  const moves: Pick<Moves, 'has' | 'knows' | 'size' | 'takeWrites'> = {
    has: () => false,
    knows: () => false,
    size: 0,
    takeWrites: () => [],
  };
  const loads: Pick<HeardLoads, 'isOccupied' | 'isReported' | 'outrankedBy'> = {
    isOccupied: () => false,
    isReported: () => false,
    outrankedBy: () => undefined,
  };
  const health: Pick<StoreHealth, 'reachable' | 'answeredAgoMs'> = { reachable: true, answeredAgoMs };
  const entities = {
    isCarved: () => false,
    carvings: { has: () => false, takeWrites: () => [] },
    orders: { idle: () => [], takeRows: () => ({ rows: [], notes: [] }) },
  };
  const restoration: Partial<Restoration> = {
    floorTerm: term(0),
    outdated: false,
    mend: async () => true,
    fence: async () => true,
    outrankedBy: () => undefined,
  };
  const fences: string[] = [];
  const placer = new Placer({
    clock,
    peers: peers as Peers,
    ledger: ledger as Ledger,
    roster: roster as Roster,
    moves: moves as Moves,
    entities: entities as unknown as Entities,
    loads: loads as HeardLoads,
    health: health as StoreHealth,
    epoch: 7,
    restoration: restoration as Restoration,
    options: { ...COORDINATOR_DEFAULTS, balanceEveryMs: 1, releasesMax: 1 },
    metrics: new MemoryMetrics(),
    log: silentLog,
    on: { changed: () => undefined, carved: () => undefined, fenced: () => void fences.push('fenced') },
  });
  return { clock, placer, released, commits, fences };
}

/** An empty shard is asked for and given up, and its transaction ends with `outcome`. What the owner is told. */
async function giveUp(outcome: CommitResult) {
  const world = placing(outcome, [old, joiner]);
  await world.clock.advance(10);
  world.placer.tick();
  const { shard, move } = world.released[0]!;
  const from = { role: 'node', peer: old, address: '', zone: '', build: '' } as const;
  world.placer.released(from, { type: 'released', shard, term: 4, epoch: 7, trace: '', body: { move, done: true } });
  await world.clock.advance(0);
  expect(world.commits).toHaveLength(1);
  return { ...world, told: world.released.slice(1) };
}

test('K13: an owner may go on only where the transaction surely did not happen', async () => {
  const { told } = await giveUp('refused');
  expect(told).toMatchObject([{ cancel: true }]);
});

test('K2, K13: a leader that finds itself deposed tells no owner to go on: its transaction may have come first', async () => {
  const { told, fences, placer } = await giveUp('fenced');
  expect(told).toEqual([]);
  expect(fences).toEqual(['fenced']);
  expect(placer.moving).toBe(0);
});

test('lines of dead nodes that owned nothing do not fill the next transaction', async () => {
  const { placer, commits, clock } = placing('committed', [joiner], { dead: [old] });
  for (let i = 0; i < 500; i += 1) placer.died(peerId(`m${i}`, 'x'), { key: `nodes/m${i}`, modRevision: i }, false);
  for (let i = 0; i < 500; i += 1) placer.died(peerId('m', `${i}`), { key: 'nodes/m', modRevision: i }, true);
  await clock.advance(0);
  const { deletes } = commits.at(-1)!;
  expect(commits.every((commit) => commit.deletes.length <= 32)).toBe(true);
  expect(deletes.filter(({ key }) => key === 'nodes/m').length).toBeLessThanOrEqual(1);
});

test('K13: nothing is sealed while the store has not answered for 200 ms: only the store could end it', async () => {
  for (const [answeredAgoMs, asked] of [
    [201, 0],
    [200, 1],
  ] as const) {
    const { placer, released, clock } = placing('committed', [old, joiner], { answeredAgoMs });
    await clock.advance(10);
    placer.tick();
    expect(released).toHaveLength(asked);
  }
});
