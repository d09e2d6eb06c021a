import { beforeEach, expect, test } from '@jest/globals';
import { type PeerId, peerId, shardId, term } from '@muster/ports';
import type { EnvelopeInit } from '@muster/wire';
import type { LogKeeper } from './log-keeper.js';
import { REPLICATION_DEFAULTS } from './options.js';
import { ReplicatedLog } from './replicated-log.js';
import type { Place } from './replicator.js';

const b = peerId('b', '1');
const c = peerId('c', '1');

let now: number;
let lease: boolean;
let sent: EnvelopeInit[];
let hasRoom: boolean;
let resumed: number;
let urgent: number;
let seeded: boolean[] = [];
let left: string[];

beforeEach(() => {
  now = 1_000;
  lease = true;
  hasRoom = true;
  resumed = 0;
  urgent = 0;
  sent = [];
  left = [];
});

function open(place: Partial<Place> = {}, isStored = false): ReplicatedLog {
  const keeper: LogKeeper = {
    isStored,
    options: REPLICATION_DEFAULTS,
    now: () => now,
    send(_peer, envelope) {
      if (hasRoom) sent.push(envelope);
      return hasRoom;
    },
    urgent: () => {
      urgent += 1;
    },
    dirty: () => undefined,
    freshSeeding: 1,
    used: () => undefined,
    seed: (log) => seeded.push(log.isInUse),
    seedingFlows: () => true,
    unseed: () => undefined,
    leaseHolds: () => lease,
    closed: () => undefined,
  };
  const whole: Place = { term: term(2), backup: b, learner: '', linked: [b, c], heldUntil: 0, ...place };
  const go = (): void => {
    resumed += 1;
  };
  const log = new ReplicatedLog(shardId(7), whole, go, keeper);
  resumed = 0;
  return log;
}

function seededInUse(act: () => unknown): boolean[] {
  seeded = [];
  act();
  return seeded;
}

/** A turn with a record, and what leaves with it. */
function write(log: ReplicatedLog, word: string): void {
  const position = log.append({ entity: 'book/a', seq: log.end + 1, entries: [{ type: 'event', word }] });
  log.onDurable(position, () => left.push(word), true);
}

function read(log: ReplicatedLog, word: string): void {
  log.onDurable(log.end, () => left.push(word));
}

function ack(log: ReplicatedLog, position: number, from: PeerId = b): void {
  log.input({ type: 'ack', from, ack: { term: term(2), seeding: 0, position, code: '' } });
}

test('what is written leaves when the backup has it, in order, and reads in between with it', () => {
  const log = open();
  write(log, 'w1');
  read(log, 'r1');
  write(log, 'w2');
  log.flush();
  expect(left).toEqual([]);
  ack(log, 1);
  expect(left).toEqual(['w1', 'r1']);
  ack(log, 2);
  read(log, 'r2');
  expect(left).toEqual(['w1', 'r1', 'w2', 'r2']);
});

test('K7: an acknowledgement that lay in a socket while the process stood still lets out what was written, and no read', () => {
  const log = open();
  write(log, 'w');
  log.flush();
  // The backup has it, says so, and is promoted while this process is stopped for five seconds.
  now += 5_000;
  lease = false;
  read(log, 'stale');
  ack(log, 1);
  expect(left).toEqual(['w']);
  log.input({ type: 'newer-term', term: 3 });
  lease = true;
  log.pump();
  expect(left).toEqual(['w']);
});

test('K7: a backup that has not answered this owner yet lets no read out, whatever lease its process gave', () => {
  const log = open();
  read(log, 'r');
  expect(left).toEqual([]);
  ack(log, 0);
  expect(left).toEqual(['r']);
});

test('a lease that is back lets out the reads that waited for it', () => {
  const log = open();
  ack(log, 0);
  lease = false;
  read(log, 'r');
  lease = true;
  log.pump();
  expect(left).toEqual(['r']);
});

test('without copies everything leaves at once, and nothing is kept', () => {
  const log = open({ backup: '' });
  write(log, 'w');
  read(log, 'r');
  expect(left).toEqual(['w', 'r']);
  log.flush();
  expect(sent).toEqual([]);
  expect(log.gated).toBe(false);
});

test('K7: a promoted backup holds everything back until the last lease it gave has run out', () => {
  const log = open({ backup: '', heldUntil: 1_200 });
  write(log, 'w');
  read(log, 'r');
  log.pump();
  expect(left).toEqual([]);
  now = 1_200;
  log.pump();
  expect(left).toEqual(['w', 'r']);
});

test('in a new term nothing leaves before the runtime has taken it', () => {
  const log = open();
  write(log, 'w');
  log.flush();
  log.assign({ term: term(3), backup: '', learner: '', linked: [], heldUntil: 0 });
  expect(left).toEqual([]);
  log.raise();
  expect(left).toEqual(['w']);
});

test('too much, or too long, without a second place makes the log full; an acknowledgement makes room', () => {
  const log = open();
  write(log, 'x'.repeat(REPLICATION_DEFAULTS.lagCharsMax));
  expect(log.full).toBe(true);
  log.flush();
  ack(log, 1);
  expect([log.full, resumed]).toEqual([false, 1]);
  write(log, 'w');
  log.flush();
  now += REPLICATION_DEFAULTS.lagMs;
  log.tick([], 0);
  expect(log.full).toBe(true);
  ack(log, 2);
  expect([log.full, resumed]).toEqual([false, 2]);
});

test('records wait for room on the link, in envelopes of limited size', () => {
  const log = open();
  sent = [];
  hasRoom = false;
  for (let i = 0; i < 10; i += 1) write(log, 'x'.repeat(20_000));
  log.flush();
  hasRoom = true;
  log.ship(b);
  const ends = sent.map((it) => (it.type === 'append' ? it.body.end : undefined));
  expect(ends).toEqual([3, 6, 9, 10]);
  ack(log, 10);
  log.ship(b);
  expect(sent).toHaveLength(4);
});

test('whoever acknowledges nothing for a while is asked again, as acknowledgements may be lost', () => {
  const log = open();
  write(log, 'w');
  log.flush();
  sent = [];
  now += REPLICATION_DEFAULTS.lagMs;
  log.tick([], 0);
  expect(sent).toMatchObject([{ type: 'append', body: { first: 2, records: [], end: 1 } }]);
});

test('a learner that cannot keep up starts again instead of piling up records', () => {
  const log = open({ learner: c });
  log.begin(c);
  hasRoom = false;
  for (let i = 0; i < 50; i += 1) {
    write(log, 'x'.repeat(100_000));
    ack(log, log.end);
    log.flush();
  }
  expect(log.state.followers.find(({ peer }) => peer === c)).toMatchObject({ phase: 'seeding' });
  hasRoom = true;
  sent = [];
  log.ship(c);
  expect(sent).toEqual([]);
});

test('how long an actor has become is forgotten with the last copy: who is born later, when there is one again, begins anew', () => {
  const log = open();
  const place = { term: term(3), learner: '', linked: [b], heldUntil: 0 } as const;
  const turn = (seq: number, word: string) =>
    log.append({ entity: 'book/a', seq, entries: [{ type: 'event', word }], whole: () => 'all of it' });
  const tails = (): unknown =>
    sent.flatMap((it) => (it.type === 'append' ? (it.body.records ?? []) : [])).map((it) => it.whole);
  turn(1, 'x'.repeat(REPLICATION_DEFAULTS.tailCharsMin - 100));
  ack(log, 1);
  log.assign({ ...place, backup: '' });
  // Nobody is told that it goes.
  log.append({ entity: 'book/a', seq: 2, entries: [] });
  log.assign({ ...place, term: term(4), backup: b });
  turn(1, 'x'.repeat(200));
  log.flush();
  expect(tails()).toEqual(['']);
});

test('copies hear by name whom storage cannot take, with everything that they are sent from then on', () => {
  const log = open();
  const told = (): unknown => sent.map((it) => it.type === 'append' && [it.body.stored, it.body.unstorable]);
  write(log, 'w1');
  log.flush();
  ack(log, 1);
  sent = [];
  log.tell(1, ['book/x']);
  log.tell(1);
  write(log, 'w2');
  log.flush();
  expect(told()).toEqual([
    [2, ['book/x']],
    [2, ['book/x']],
  ]);
});

test('where storage is the second place, what is written beside a learner without its snapshot goes on to storage at the end of the turn', () => {
  const log = open({ backup: '', learner: c }, true);
  write(log, 'w1');
  read(log, 'r1');
  log.flush();
  expect(left).toEqual(['w1', 'r1']);
});

test('where there is no storage, it waits for the learner', () => {
  const log = open({ backup: '', learner: c });
  write(log, 'w1');
  log.flush();
  expect(left).toEqual([]);
});

test('the leader is to hear at once of a learner that has more than the backup, and of no other', () => {
  const learnt = (log: ReplicatedLog, position: number) => {
    const { seeding } = log.state.followers.find(({ peer }) => peer === c)!;
    log.input({ type: 'ack', from: c, ack: { term: term(2), seeding, position, code: '' } });
  };
  const well = open({ learner: c });
  write(well, 'w1');
  ack(well, 1);
  learnt(well, 1);
  expect(urgent).toBe(0);
  const stuck = open({ learner: c });
  write(stuck, 'w1');
  ack(stuck, 1);
  write(stuck, 'w2');
  learnt(stuck, 2);
  expect(urgent).toBe(1);
  write(stuck, 'w3');
  learnt(stuck, 3);
  expect(urgent).toBe(1);
  const alone = open({ backup: '', learner: c });
  write(alone, 'w1');
  learnt(alone, 1);
  expect(urgent).toBe(1);
});

test('a shard that came with its state is in use when its first learner is begun; one that was read is not, until it is open', () => {
  const copies = (isInUse: boolean) => open({ backup: '', learner: c, isInUse }, true);
  expect([seededInUse(() => copies(true)), seededInUse(() => copies(false))]).toEqual([[true], [false]]);
  const log = open({ backup: '' }, true);
  const place = { term: term(3), backup: '', learner: c, linked: [c], heldUntil: 0 } as const;
  expect(seededInUse(() => log.assign(place))).toEqual([true]);
});
