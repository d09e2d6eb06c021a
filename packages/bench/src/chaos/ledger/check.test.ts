import { expect, test } from '@jest/globals';
import { bookOf } from './book.js';
import { check, ON_ITS_WAY_MS, STORED_WITHIN_MS, type Verdict, type Violation } from './check.js';
import type { LedgerEntry, RunEntry } from './entries.js';
import { figuresOf } from './figures.js';

// A small world: players 1 and 2, one round, one proved fault. Each test spoils one thing.

const KILL: RunEntry = {
  t: 'fault',
  at: 1_500,
  round: 1,
  kind: 'kill-node',
  victims: ['node-1'],
  what: 'killed node-1',
  proofs: ['node-1 pid 7 ended by SIGKILL'],
  healedMs: 900,
};
const ROUND: readonly RunEntry[] = [
  { t: 'run', at: 0, seed: 1, players: 2 },
  { t: 'round', at: 1_000, round: 1, phase: 'load' },
  KILL,
  { t: 'round', at: 9_000, round: 1, phase: 'quiet' },
  { t: 'round', at: 9_500, round: 1, phase: 'checked' },
];

const sent = (id: string, to: string, at: number): LedgerEntry => ({ t: 'sent', at, round: 1, id, to });
const done = (id: string, at: number, outcome = 'ok'): LedgerEntry => ({ t: 'done', at, id, outcome });
const heard = (by: string, id: string, marker: string, at: number): LedgerEntry => ({
  t: 'heard',
  at,
  by,
  id,
  marker,
  view: 0,
});
const history = (by: string, ...messages: readonly (readonly [string, string])[]): LedgerEntry => ({
  t: 'history',
  at: 9_400,
  round: 1,
  by,
  state: 'complete',
  messages,
});

/** Player 1 says two things to player 2, the first of them after a refusal. */
const GOOD: readonly LedgerEntry[] = [
  { t: 'joined', at: 500, player: '1', gateway: 'gateway-1' },
  { t: 'joined', at: 500, player: '2', gateway: 'gateway-2' },
  sent('1.1', '2', 2_000),
  done('1.1', 2_100, 'refused: internal_error'),
  sent('1.2', '2', 2_400),
  done('1.2', 2_450),
  heard('2', '1.2', 'm.1', 2_460),
  sent('1.3', '2', 3_000),
  heard('2', '1.3', 'm.2', 3_040),
  done('1.3', 3_050),
  history('2', ['m.1', '1.2'], ['m.2', '1.3']),
  history('1'),
];

const verdictOf = (ledger: readonly LedgerEntry[], run: readonly RunEntry[] = ROUND): Verdict =>
  check(bookOf(ledger, run));
const rulesOf = (...given: Parameters<typeof verdictOf>): Violation['rule'][] => [
  ...new Set(verdictOf(...given).violations.map(({ rule }) => rule)),
];
const without = (entry: (candidate: LedgerEntry) => boolean): LedgerEntry[] => GOOD.filter((one) => !entry(one));
const changed = <T extends LedgerEntry['t']>(
  t: T,
  at: number,
  change: (entry: Extract<LedgerEntry, { t: T }>) => LedgerEntry | undefined,
): LedgerEntry[] =>
  GOOD.flatMap((one) => {
    if (one.t !== t || one.at !== at) return [one];
    return change(one as Extract<LedgerEntry, { t: T }>) ?? [];
  });

test('a ledger in which everything was kept has no violation', () => {
  expect(verdictOf(GOOD)).toEqual({ violations: [], excused: [] });
});

test('an acknowledged message that did not come, or is not kept, is a violation', () => {
  expect(rulesOf(changed('heard', 3_040, () => undefined))).toEqual(['kept']);
  const forgotten = [...without((one) => one.t === 'history' && one.by === '2'), history('2', ['m.1', '1.2'])];
  expect(verdictOf(forgotten).violations).toEqual([
    { rule: 'kept', at: 3_000, what: '1.3 was acknowledged, and is missing from the history of player 2' },
  ]);
});

test('what was refused or not answered may have happened, once', () => {
  const late = changed('history', 9_400, (entry) =>
    entry.by === '2'
      ? {
          ...entry,
          messages: [
            ['m.1', '1.1'],
            ['m.2', '1.2'],
            ['m.3', '1.3'],
          ],
        }
      : entry,
  ).map((one) => {
    if (one.t !== 'heard') return one;
    return { ...one, marker: one.id === '1.2' ? 'm.2' : 'm.3' };
  });
  const heardToo = [heard('2', '1.1', 'm.1', 2_200), ...late];
  expect(verdictOf(heardToo).violations).toEqual([]);
  expect(figuresOf(bookOf(heardToo, ROUND), 1).refusedYetHappened).toBe(1);
  expect(rulesOf([...heardToo, heard('2', '1.1', 'm.4', 4_000)])).toContain('once');
});

test('a message under two markers was applied twice', () => {
  expect(rulesOf([...GOOD, heard('2', '1.3', 'm.3', 4_000)])).toEqual(['once']);
});

test('a message that is heard again under its marker was asked for again', () => {
  expect(rulesOf([...GOOD, heard('2', '1.3', 'm.2', 4_000)])).toEqual([]);
});

test('of one sender, a later message never stands before an earlier one', () => {
  const swapped = GOOD.map((one) => {
    if (one.t === 'heard') return { ...one, id: one.id === '1.2' ? '1.3' : '1.2' };
    return one.t === 'history' && one.by === '2' ? history('2', ['m.1', '1.3'], ['m.2', '1.2']) : one;
  });
  expect(verdictOf(swapped).violations.map(({ rule }) => rule)).toEqual(['in order', 'in order']);
});

test('nobody hears what nobody sent, or what was for somebody else', () => {
  expect(rulesOf([...GOOD, heard('2', '1.9', 'm.3', 4_000)])).toEqual(['known']);
  expect(rulesOf([...GOOD, heard('1', '1.3', 'x.1', 4_000)])).toEqual(['known']);
});

test('a command without an outcome, and one that was given up, are violations of a round that is over', () => {
  expect(rulesOf(changed('done', 2_100, () => undefined))).toEqual(['answered']);
  const unfinished = ROUND.filter((entry) => entry.t !== 'round' || entry.phase === 'load');
  expect(
    rulesOf(
      changed('done', 2_100, () => undefined),
      unfinished,
    ),
  ).toEqual([]);
  expect(rulesOf([...GOOD, { t: 'gave-up', at: 5_000, player: '1', ids: ['1.1'] }])).toEqual(['answered']);
});

test('a gap between markers, and a history that lacks something, are violations', () => {
  expect(rulesOf([...GOOD.slice(0, -2), history('2', ['m.1', '1.2'], ['m.2', '1.3'], ['m.4', '1.4'])])).toEqual([
    'known',
  ]);
  const skipped = GOOD.map((one) => {
    if (one.t === 'heard' && one.id === '1.3') return { ...one, marker: 'm.3' };
    return one.t === 'history' && one.by === '2' ? history('2', ['m.1', '1.2'], ['m.3', '1.3']) : one;
  });
  expect(rulesOf(skipped)).toEqual(['whole']);
  // Another session's markers: the player's was lost.
  const another = skipped.map((one) => JSON.parse(JSON.stringify(one).replaceAll('m.3', 'n.2')) as LedgerEntry);
  expect(rulesOf(another)).toEqual(['whole']);
  expect(rulesOf(changed('history', 9_400, (entry) => ({ ...entry, state: 'lacking' })))).toEqual(['whole']);
  expect(rulesOf([...GOOD, { t: 'missed', at: 4_000, by: '2' }])).toEqual(['whole']);
  // What nobody could read says nothing of what is there.
  const unread = changed('history', 9_400, (entry) => ({ ...entry, state: 'unanswered', messages: [] }));
  expect(rulesOf(unread)).toEqual(['answered']);
});

test('a newer message may come before an older one only where the client was told to begin afresh, and asked for what it missed', () => {
  const heardIn = (view: number): LedgerEntry[] => {
    const [first, second] = [heard('2', '1.2', 'm.2', 3_100), heard('2', '1.3', 'm.3', 3_000)];
    const rest = GOOD.filter((one) => one.t !== 'heard' && !(one.t === 'history' && one.by === '2'));
    const kept = history('2', ['m.1', '2.1'], ['m.2', '1.2'], ['m.3', '1.3']);
    const before = [sent('2.1', '2', 1_500), done('2.1', 1_550), heard('2', '2.1', 'm.1', 1_560)];
    return [...before, ...rest, { ...second, view } as LedgerEntry, { ...first, view } as LedgerEntry, kept];
  };
  expect(rulesOf(heardIn(1))).toEqual([]);
  expect(verdictOf(heardIn(0)).violations.map(({ what }) => what)).toEqual([
    'player 2 heard m.3 after m.1',
    'player 2 heard m.2 after m.3',
  ]);
});

test('a socket is lost only with the process that held it, or when its client was told to move on', () => {
  const lost = (why: string): LedgerEntry => ({ t: 'socket-lost', at: 4_000, by: '2', gateway: 'gateway-2', why });
  const ended = (id: string, at: number): RunEntry => ({ t: 'ended', at, id, pid: 9, code: null, signal: 'SIGKILL' });
  expect(rulesOf([...GOOD, lost('closed with 1006')])).toEqual(['sockets']);
  expect(rulesOf([...GOOD, lost('closed with 1006')], [...ROUND, ended('gateway-1', 3_990)])).toEqual(['sockets']);
  expect(rulesOf([...GOOD, lost('closed with 1006')], [...ROUND, ended('gateway-2', 3_990)])).toEqual([]);
  for (const why of ['closed with 1012: the server is restarting', 'the server is restarting'])
    expect(rulesOf([...GOOD, lost(why)])).toEqual([]);
});

test('a fault that nothing shows, and a round without one, have proved nothing', () => {
  expect(
    rulesOf(
      GOOD,
      ROUND.map((entry) => (entry.t === 'fault' ? { ...entry, proofs: [] } : entry)),
    ),
  ).toEqual(['fault']);
  expect(
    rulesOf(
      GOOD,
      ROUND.filter((entry) => entry.t !== 'fault'),
    ),
  ).toEqual(['fault']);
});

test('what the cluster itself failed to do is a violation', () => {
  expect(rulesOf(GOOD, [...ROUND, { t: 'cluster-violation', at: 5_000, round: 1, what: 'not whole' }])).toEqual([
    'cluster',
  ]);
});

const lostBoth = (at: number, player: string): readonly RunEntry[] => [
  ...ROUND,
  { t: 'lost-both', at, round: 1, nodes: ['node-1', 'node-2'], players: { [player]: 17 } },
];

test('owner and backup killed together excuse the last second before, of who lived on both, by name', () => {
  // It was heard at 3,040, and it is not kept.
  const forgotten = [...without((one) => one.t === 'history' && one.by === '2'), history('2', ['m.1', '1.2'])];
  expect(verdictOf(forgotten, lostBoth(3_100, '2'))).toEqual({ violations: [], excused: ['1.3'] });
  // Its sender, who had still to pass it on.
  const unsent = forgotten.filter((one) => one.t !== 'heard' || one.id !== '1.3');
  expect(verdictOf(unsent, lostBoth(3_100, '1'))).toEqual({ violations: [], excused: ['1.3'] });
  // Somebody else's death, one that came before it was sent, and one long after it had been heard, and so had to be stored.
  expect(rulesOf(forgotten, lostBoth(3_100, '3'))).toEqual(['kept']);
  expect(rulesOf(forgotten, lostBoth(2_000, '2'))).toEqual(['kept']);
  expect(rulesOf(forgotten, lostBoth(3_050 + STORED_WITHIN_MS + 501, '2'))).toEqual(['kept']);
});

test('a message that nobody heard may have come to its receiver late, but not any time', () => {
  const unheard = [
    ...without((one) => (one.t === 'heard' && one.id === '1.3') || (one.t === 'history' && one.by === '2')),
    history('2', ['m.1', '1.2']),
  ];
  expect(verdictOf(unheard, lostBoth(3_050 + ON_ITS_WAY_MS, '2')).excused).toEqual(['1.3']);
  expect(rulesOf(unheard, lostBoth(3_050 + ON_ITS_WAY_MS + STORED_WITHIN_MS + 501, '2'))).toEqual(['kept']);
  // A sender keeps what it has not passed on.
  expect(rulesOf(unheard, lostBoth(3_050 + ON_ITS_WAY_MS, '1'))).toEqual(['kept']);
});

test('who fell back may hear a message again at another place, and has it once all the same', () => {
  const again = GOOD.flatMap((one) => {
    if (one.t === 'history' && one.by === '2')
      return [heard('2', '1.3', 'n.2', 8_000), history('2', ['n.1', '1.2'], ['n.2', '1.3'])];
    return [one];
  });
  expect(rulesOf(again)).toContain('once');
  expect(verdictOf(again, lostBoth(3_100, '2'))).toEqual({ violations: [], excused: [] });
  const twice = again.map((one) =>
    one.t === 'history' && one.by === '2' ? history('2', ['n.1', '1.2'], ['n.2', '1.3'], ['n.3', '1.3']) : one,
  );
  expect(rulesOf(twice, lostBoth(3_100, '2'))).toEqual(['once']);
});

test('who fell back may be given all that is kept again, in its order', () => {
  const all = (...ids: readonly string[]) =>
    GOOD.flatMap((one) => {
      if (one.t !== 'history' || one.by !== '2') return [one];
      return [
        ...ids.map((id, i) => heard('2', id, `n.${i + 1}`, 8_000 + i)),
        history('2', ['n.1', '1.2'], ['n.2', '1.3']),
      ];
    });
  expect(rulesOf(all('1.2', '1.3'))).toContain('in order');
  expect(verdictOf(all('1.2', '1.3'), lostBoth(3_100, '2'))).toEqual({ violations: [], excused: [] });
  expect(rulesOf(all('1.3', '1.2'), lostBoth(3_100, '2'))).toContain('in order');
});

test('the figures of a round: longest gap of service, longest wait of one command, what failed how', () => {
  const figures = figuresOf(
    bookOf([...GOOD, { t: 'socket-lost', at: 4_000, by: '2', gateway: 'gateway-2', why: 'closed with 1006' }], ROUND),
    1,
  );
  expect(figures).toEqual({
    seconds: 8,
    sent: 3,
    acknowledged: 2,
    retryable: { 'refused: internal_error': 1 },
    unknown: {},
    refusedYetHappened: 0,
    longestGapMs: 600,
    longestWaitMs: 450,
    socketsLost: { 'gateway-2': 1 },
    movedOn: {},
  });
});
