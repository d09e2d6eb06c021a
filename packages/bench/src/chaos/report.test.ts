import { expect, test } from '@jest/globals';
import type { LedgerEntry, RunEntry } from './ledger/entries.js';
import { lineOf, reportOf } from './report.js';

const RUN: readonly RunEntry[] = [
  { t: 'run', at: 0, seed: 42, players: 2 },
  { t: 'round', at: 1_000, round: 1, phase: 'load' },
  {
    t: 'fault',
    at: 2_000,
    round: 1,
    kind: 'kill-node',
    victims: ['node-1'],
    what: 'killed node-1 (node)',
    proofs: ['node-1 pid 7 ended by SIGKILL, /proc has none'],
    healedMs: 900,
  },
  { t: 'round', at: 31_000, round: 1, phase: 'quiet' },
  { t: 'round', at: 32_000, round: 1, phase: 'checked' },
];
const LEDGER: readonly LedgerEntry[] = [
  { t: 'sent', at: 1_100, round: 1, id: '1.1', to: '2' },
  { t: 'done', at: 1_150, id: '1.1', outcome: 'ok' },
  { t: 'heard', at: 1_160, by: '2', id: '1.1', marker: 'm.1', view: 0 },
  { t: 'history', at: 31_500, round: 1, by: '2', state: 'complete', messages: [['m.1', '1.1']] },
];

test('a round that kept all is one line, with what was done and that it is shown', () => {
  const report = reportOf(1, '/runs/1', LEDGER, RUN);
  expect(report).toMatchObject({ round: 1, seed: 42, verdict: 'kept', sent: 1, acknowledged: 1, seconds: 30 });
  expect(lineOf(report)).toBe(
    'round 1: 1 of 1 acknowledged in 30 s; 0 refused for the moment, 0 unanswered; killed node-1 (node) (shown; whole after 900 ms); ' +
      'longest gap 0 ms, longest wait 50 ms; sockets lost: none; all kept',
  );
});

test('a broken promise is said by the word violation, what it was, and where the evidence is', () => {
  const report = reportOf(1, '/runs/1', LEDGER.slice(0, 3), RUN);
  expect(report.verdict).toBe('violation');
  const [line, violation, evidence] = lineOf(report).split('\n');
  expect(line).toMatch(/; violation$/);
  expect(violation).toBe(
    '  violation (kept, 1970-01-01T00:00:01.100Z): 1.1 was acknowledged, and is missing from the history of player 2',
  );
  expect(evidence).toBe('  evidence: /runs/1');
});
