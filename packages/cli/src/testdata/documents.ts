import type {
  AdminArguments,
  AdminCommand,
  AdminResults,
  ClusterEvent,
  MemberDocument,
  ShardDocument,
  StatusDocument,
} from '@muster/coordinator';

/** The clock of the examples. */
export const NOW_MS = Date.parse('2026-11-21T10:24:09.000Z');
const SINCE = '2026-11-21T10:11:44.120Z';

const ann = {
  id: '7',
  username: 'ann',
  displayName: 'Ann',
  countryCode: 'SE',
  roles: ['contributor'],
  createdAt: SINCE,
};
const ban = {
  id: '3',
  reason: 'cheating',
  by: 'cli-1#x',
  at: '2026-11-21T10:24:00.000Z',
  until: '2026-11-28T10:24:00.000Z',
  lifted: null,
};
const lifted = { ...ban, id: '1', reason: 'spam', until: null, lifted: { at: SINCE, by: 'cli-1#x' } };

function member(id: string, peer: string, own: Partial<MemberDocument>): MemberDocument {
  return {
    id,
    peer: `${id}#${peer}`,
    role: 'node',
    address: '127.0.0.1:41001',
    state: 'up',
    zone: '',
    build: '0.1.0',
    beatAgoMs: 38,
    sessions: 0,
    actors: 0,
    shards: 0,
    backups: 0,
    learners: 0,
    loopLagMs: 1,
    utilisation: 0.07,
    rssBytes: 96_468_992,
    frozen: false,
    storageAwayMs: 0,
    ...own,
  };
}

const node1 = member('node-1', 'k3xv9', { shards: 342, backups: 341, actors: 13_377 });
const node2 = member('node-2', 'p08ds', {
  address: '127.0.0.1:41002',
  state: 'silent',
  beatAgoMs: 1_640,
  shards: 341,
  backups: 342,
  actors: 13_310,
  loopLagMs: 212,
  utilisation: 0.93,
  rssBytes: 1_288_490_188,
  frozen: true,
});
const node3 = member('node-3', 'aa71c', {
  address: '127.0.0.1:41003',
  state: 'joining',
  beatAgoMs: null,
  learners: 64,
});
const gateway1 = member('gateway-1', 'w2m4q', {
  role: 'gateway',
  address: '127.0.0.1:42001',
  sessions: 6_024,
  rssBytes: 210_763_776,
});
const gateway2 = member('gateway-2', 'zz9f0', { role: 'gateway', address: '127.0.0.1:42002', sessions: 5_988 });

function shard(n: number, own: Partial<ShardDocument> = {}): ShardDocument {
  return { shard: n, owner: node1.peer, backup: '', learner: '', term: 4, state: 'stable', move: '', ...own };
}

export const HEALTHY: StatusDocument = {
  cluster: 'dev',
  healthy: true,
  problems: [],
  epoch: 5,
  leader: 'coordinator-1#b7',
  vice: 'coordinator-2#c1',
  since: SINCE,
  store: { reachable: true, answeredAgoMs: 84 },
  nodes: { up: 3, total: 3 },
  gateways: { up: 2, total: 2 },
  shards: { total: 1_024, owned: 1_024, unowned: 0, moving: 0, backed: 1_024, learning: 0 },
  sessions: 12_012,
  actors: 40_110,
  headroom: { level: 'open', used: 0.41, target: 0.667, admitPerSecond: 0 },
  revision: 3_412,
};

export const TROUBLED: StatusDocument = {
  ...HEALTHY,
  healthy: false,
  problems: [
    'The cluster store does not answer: nothing can be moved or placed.',
    'There is no vice: nobody would take over from the leader.',
    '341 shards wait for an owner.',
    '341 shards have no second place.',
  ],
  vice: '',
  store: { reachable: false, answeredAgoMs: 4_210 },
  headroom: { level: 'queue', used: 0.73, target: 0.5, admitPerSecond: 12.5 },
  nodes: { up: 2, total: 3 },
  shards: { total: 1_024, owned: 683, unowned: 341, moving: 0, backed: 342, learning: 341 },
};

/** One question with its arguments and its answer, for every command of the admin API that has an answer of its own. */
export const ANSWERS: { readonly [C in Exclude<AdminCommand, 'events.follow'>]: [AdminArguments[C], AdminResults[C]] } =
  {
    status: [{}, HEALTHY],
    'node.list': [{}, { epoch: 5, nodes: [node1, node2, node3], gateways: [gateway1, gateway2] }],
    'node.show': [
      { node: 'node-1' },
      { epoch: 5, node: node1, owns: [...spread(0, 1_024, 3), 1, 2, 4], backs: [5, 7, 8, 10], learns: [] },
    ],
    'shard.list': [
      {},
      {
        epoch: 5,
        counts: { total: 1_024, owned: 1_023, unowned: 1, moving: 1, backed: 1_021, learning: 1 },
        shards: [
          shard(0, { backup: node2.peer }),
          shard(1, { owner: node2.peer, learner: node1.peer, term: 12 }),
          shard(2, { owner: '', term: 5 }),
          shard(1_023, { owner: node2.peer, backup: node1.peer, state: 'moving', move: 'm-17', term: 1_004 }),
        ],
      },
    ],
    'node.drain': [{ node: 'node-2' }, { epoch: 5, accepted: true, node: node2.peer, state: 'draining' }],
    'node.undrain': [{ node: 'node-2' }, { epoch: 5, accepted: true, node: node2.peer, state: 'up' }],
    'node.cordon': [{ node: 'node-2' }, { epoch: 5, accepted: true, node: node2.peer, state: 'cordoned' }],
    'node.uncordon': [{ node: 'node-2' }, { epoch: 5, accepted: true, node: node2.peer, state: 'up' }],
    'node.forget': [{ node: node2.peer }, { epoch: 5, accepted: true, node: node2.peer, shards: 171 }],
    'shard.move': [
      { shard: 17, to: 'node-2' },
      { epoch: 5, accepted: true, move: '5.m1', shard: 17, from: node1.peer, to: node2.peer },
    ],
    'entity.move': [
      { entity: 'lobby/9', to: 'node-2' },
      {
        epoch: 5,
        accepted: true,
        order: '5.e1',
        entity: 'lobby/9',
        wish: 'move',
        from: 88,
        exists: true,
        shard: 1_024,
        to: node2.peer,
      },
    ],
    'entity.pin': [
      { entity: 'lobby/9' },
      {
        epoch: 5,
        accepted: true,
        order: '5.e2',
        entity: 'lobby/9',
        wish: 'pin',
        from: 1_024,
        exists: true,
        shard: 1_024,
        to: '',
      },
    ],
    'entity.unpin': [
      { entity: 'lobby/9' },
      {
        epoch: 5,
        accepted: true,
        order: '5.e3',
        entity: 'lobby/9',
        wish: 'unpin',
        from: 1_024,
        exists: true,
        shard: 88,
        to: '',
      },
    ],
    'entity.list': [
      {},
      {
        epoch: 5,
        max: 256,
        entities: [
          { entity: 'lobby/9', shard: 1_024, home: 88, pinned: true, owner: node2.peer, backup: node1.peer },
          { entity: 'room/42', shard: 1_025, home: 7, pinned: false, owner: node3.peer, backup: '' },
        ],
      },
    ],
    'rebalance.plan': [
      {},
      {
        epoch: 5,
        nodes: [
          { node: node1.peer, turns: 0.71, inUse: 311 },
          { node: node2.peer, turns: 0.2, inUse: 298 },
          { node: node3.peer, turns: 0.24, inUse: 305 },
        ],
        moves: [
          { shard: 17, from: node1.peer, to: node2.peer, turns: 0.15 },
          { shard: 900, from: node1.peer, to: node3.peer, turns: 0.09 },
        ],
      },
    ],
    'rebalance.run': [
      {},
      { epoch: 5, accepted: true, nodes: [{ node: node1.peer, turns: 0.2, inUse: 298 }], moves: [] },
    ],
    'move.list': [
      {},
      {
        epoch: 5,
        moves: [
          { move: '5.m3', shard: 17, from: node1.peer, to: node2.peer, why: 'asked', phase: 'catching-up' },
          { move: '5.m4', shard: 900, from: node3.peer, to: node1.peer, why: 'drain', phase: 'sealing' },
        ],
        ended: [{ move: '5.m2', shard: 4, from: node3.peer, to: node2.peer, why: 'drain', end: 'moved' }],
        entities: [{ order: '5.e2', entity: 'lobby/9', wish: 'pin', shard: 1_025, to: node1.peer, phase: 'hand-off' }],
        endedEntities: [{ order: '5.e1', entity: 'player/7', wish: 'unpin', shard: 602, to: '', end: 'done' }],
      },
    ],
    'shard.show': [
      { shard: 17 },
      {
        epoch: 5,
        shard: shard(17, { backup: node2.peer }),
        ownerAddress: node1.address,
        backupAddress: node2.address,
        occupied: true,
        storeKey: '/muster/dev/shards/00',
      },
    ],
    'entity.tell': [
      { entity: 'match/7', command: 'kill' },
      { epoch: 5, entity: 'match/7', owner: node1.peer, value: null },
    ],
    'entity.show': [
      { entity: 'player/7' },
      {
        epoch: 5,
        entity: 'player/7',
        shard: 602,
        home: 602,
        pinned: false,
        owner: node1.peer,
        ownerAddress: node1.address,
        term: 4,
        backup: node2.peer,
        actor: {
          entity: 'player/7',
          kind: 'player',
          shard: 602,
          term: 4,
          durability: 'replicated',
          status: 'active',
          mailbox: 0,
          subscribers: { self: [gateway1.peer], public: [gateway1.peer, gateway2.peer] },
          version: 1,
          seq: 41,
          stream: 6,
          timers: [{ name: 'grace', at: NOW_MS + 21_000, command: 'graceOver' }],
          outbox: [{ number: 3, to: 'player/8', command: 'receive' }],
          senders: 1,
          sessions: 1,
          deferred: 0,
          state: { account: { username: 'ann' }, logins: 2, watched: ['8'] },
        },
        actorError: '',
      },
    ],
    'epoch.show': [
      {},
      { epoch: 5, leader: 'coordinator-1#b7', since: SINCE, attempt: '8c1f20', reason: 'refused', goodForMs: 412 },
    ],
    'coordinator.list': [
      {},
      {
        epoch: 5,
        coordinators: [
          coordinator('coordinator-1#b7', '127.0.0.1:40001', 'leader', null),
          coordinator('coordinator-2#c1', '127.0.0.1:40002', 'vice', 21),
          coordinator('coordinator-3#d9', '127.0.0.1:40003', 'standby', 36),
        ],
      },
    ],
    'account.show': [{ account: 'ann' }, { ...ann, banned: null, bans: [lifted] }],
    'account.ban': [
      { account: 'ann', reason: 'cheating', forMs: 604_800_000 },
      { ...ann, banned: { until: ban.until }, bans: [ban, lifted] },
    ],
    'account.unban': [
      { account: '7' },
      { ...ann, banned: null, bans: [{ ...ban, lifted: { at: '2026-11-21T10:24:08.000Z', by: ban.by } }, lifted] },
    ],
    'account.roles': [
      { account: 'ann', roles: ['moderator', 'contributor'] },
      { ...ann, roles: ['moderator', 'contributor'], banned: null, bans: [] },
    ],
    'report.list': [
      {},
      {
        reports: [
          { id: '12', reporter: '8', users: ['7', '9'], type: 'cheating', message: 'Saw\nthrough fog.', at: SINCE },
          { id: '11', reporter: '7', users: ['8'], type: 'spam', message: '', at: SINCE },
        ],
        about: null,
        next: null,
      },
    ],
    'node.give-up': [
      { node: 'node-2#p08ds', breakGlass: { credential: 'only for the night shift', reason: 'its rack is on fire' } },
      { epoch: 5, accepted: true, node: 'node-2#p08ds', backed: 341, waiting: 0 },
    ],
    'audit.list': [
      {},
      {
        epoch: 5,
        entries: [
          {
            at: '2026-11-21T10:20:00.000Z',
            who: '10.0.0.7 at admin-x#0',
            command: 'node.give-up',
            arguments: { node: 'node-2#p08ds' },
            epoch: 9_007_199_254_740_991,
            result: 'accepted',
            reason: 'its rack is on fire',
          },
          {
            at: SINCE,
            who: '10.0.0.7 at admin-x#0',
            command: 'node.drain',
            arguments: { node: 'node-3' },
            epoch: 5,
            result: 'NOT_FOUND',
            reason: '',
          },
        ],
      },
    ],
    'process.restart': [
      { peer: 'coordinator-2' },
      { epoch: 5, accepted: true, role: 'coordinator', peer: 'coordinator-2#c1' },
    ],
  };

export const EVENTS: readonly ClusterEvent[] = [
  event(4, 10, { type: 'member.joined', role: 'node', peer: node3.peer, address: node3.address }),
  event(4, 11, { type: 'shards.placed', why: 'join', shards: 128, to: { [node3.peer]: 128 } }),
  event(4, 12, { type: 'member.suspect', role: 'node', peer: node2.peer }),
  event(4, 13, { type: 'member.recovered', role: 'node', peer: node2.peer }),
  event(4, 14, { type: 'store.away', cause: 'no answer within 800 ms' }),
  event(4, 15, { type: 'store.back', awayMs: 2_140 }),
  event(5, 16, { type: 'leader.elected', leader: 'coordinator-1#b7', reason: 'refused' }),
  event(5, 17, { type: 'vice.changed', vice: '' }),
  event(5, 18, { type: 'member.given-up', role: 'node', peer: node2.peer, why: 'silent' }),
  event(5, 19, { type: 'shards.promoted', shards: 341, to: { [node1.peer]: 170, [node3.peer]: 171 } }),
  event(5, 20, { type: 'backups.lost', shards: 342, to: { [node2.peer]: 342 } }),
  event(5, 21, { type: 'backups.learning', shards: 683, to: { [node1.peer]: 341, [node3.peer]: 342 } }),
  event(5, 22, { type: 'backups.ready', shards: 683, to: { [node1.peer]: 341, [node3.peer]: 342 } }),
  event(5, 23, { type: 'member.dead', role: 'node', peer: node2.peer, why: 'silent' }),
];

type WithoutHead<T> = T extends unknown ? Omit<T, 'at' | 'epoch'> : never;

function event(epoch: number, second: number, body: WithoutHead<ClusterEvent>): ClusterEvent {
  return { at: `2026-11-21T10:11:${second}.120Z`, epoch, ...body };
}

function coordinator(peer: string, address: string, role: 'leader' | 'vice' | 'standby', ackAgoMs: number | null) {
  return { id: peer.split('#')[0]!, peer, address, role, zone: '', build: '0.1.0', ackAgoMs };
}

function spread(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);
}
