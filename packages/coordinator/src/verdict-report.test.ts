import { expect, test } from '@jest/globals';
import { type Log, MemoryMetrics, peerId } from '@muster/ports';
import type { Member } from './member.js';
import { reportDeath, reportGivenUp } from './verdict-report.js';

function judging({ isNamed = false } = {}) {
  const lines: string[] = [];
  const log: Log = { write: (level, event) => void lines.push(`${level} ${event}`), with: () => log };
  const setup = { epoch: 1, metrics: new MemoryMetrics(), log, isNamed: () => isNamed };
  return { setup, lines };
}

const peer = peerId('node-1', 'a');
const info = { role: 'node', peer, address: '', cluster: '', zone: '', build: '' } as const;
const member = (state: Member['state']) => ({ info, state });

test('who said goodbye has left, also where its address refuses first; who is killed with shards, or falls silent, is dead', () => {
  const { setup, lines } = judging();
  reportDeath(setup, member('draining'), 'left', 0);
  reportDeath(setup, member('draining'), 'refused', 0);
  reportDeath(setup, member('up'), 'refused', 0);
  reportDeath(setup, member('draining'), 'silent', 2_000);
  reportDeath({ ...setup, isNamed: () => true }, member('draining'), 'refused', 0);
  expect(lines).toEqual([
    'info member.left',
    'info member.left',
    'warn member.dead',
    'warn member.dead',
    'warn member.dead',
  ]);
});

test('nobody is warned of a node that ended in order because its address refuses before its line is gone', () => {
  const { setup, lines } = judging();
  reportGivenUp(setup, member('draining'), 'refused', 90);
  reportGivenUp(setup, member('draining'), 'silent', 1_000);
  reportGivenUp({ ...setup, isNamed: () => true }, member('draining'), 'refused', 90);
  reportGivenUp(setup, member('up'), 'refused', 90);
  expect(lines).toEqual([
    'debug member.given-up',
    'warn member.given-up',
    'warn member.given-up',
    'warn member.given-up',
  ]);
});
