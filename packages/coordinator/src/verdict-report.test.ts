import { expect, test } from '@jest/globals';
import { type Log, MemoryMetrics, peerId } from '@muster/ports';
import { reportDeath } from './verdict-report.js';

test('who said goodbye has left, also where its address refuses first; who is killed with shards, or falls silent, is dead', () => {
  const lines: string[] = [];
  const log: Log = { write: (level, event) => void lines.push(`${level} ${event}`), with: () => log };
  const setup = { epoch: 1, metrics: new MemoryMetrics(), log };
  const info = { role: 'node', peer: peerId('node-1', 'a'), address: '', cluster: '', zone: '', build: '' } as const;
  reportDeath(setup, info, 'left', 0, true);
  reportDeath(setup, info, 'refused', 0, true);
  reportDeath(setup, info, 'refused', 0, false);
  reportDeath(setup, info, 'silent', 2_000, true);
  expect(lines).toEqual(['info member.left', 'info member.left', 'warn member.dead', 'warn member.dead']);
});
