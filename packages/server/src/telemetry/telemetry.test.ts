import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { MusterError } from '@muster/ports';
import { pinoLog } from './pino-log.js';
import { PrometheusMetrics } from './prometheus-metrics.js';

function logInto(lines: string[], level: 'debug' | 'info' = 'info') {
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk).trim());
      done();
    },
  });
  return pinoLog({ level, fields: { node: 'node-1#a' }, destination });
}

describe('the log', () => {
  test('is one JSON object a line, with level, time, event, node and what was given', () => {
    const lines: string[] = [];
    logInto(lines).with({ shard: 17 }).write('info', 'shard.opened', { term: 4 });
    expect(lines).toHaveLength(1);
    const line = JSON.parse(lines[0]!);
    expect(line).toMatchObject({ level: 'info', event: 'shard.opened', node: 'node-1#a', shard: 17, term: 4 });
    expect(new Date(line.time).toISOString()).toBe(line.time);
  });

  test('leaves out what is below its level', () => {
    const lines: string[] = [];
    logInto(lines).write('debug', 'noise');
    expect(lines).toEqual([]);
  });

  test('gives an error its code and message, and its stack only to who debugs', () => {
    const lines: string[] = [];
    logInto(lines).write('warn', 'link.refused', { error: new MusterError('UNREACHABLE', { peer: 'node-2#b' }) });
    logInto(lines, 'debug').write('warn', 'link.refused', {
      error: new MusterError('UNREACHABLE', { peer: 'node-2#b' }),
    });
    expect(JSON.parse(lines[0]!)).toMatchObject({ code: 'UNREACHABLE', error: 'no link to node-2#b' });
    expect(JSON.parse(lines[0]!).stack).toBeUndefined();
    expect(JSON.parse(lines[1]!).stack).toContain('MusterError');
  });

  test('never shows a secret', () => {
    const lines: string[] = [];
    logInto(lines).write('info', 'bot.made', { secret: 'hunter2', headers: { authorization: 'Bearer hunter2' } });
    expect(lines[0]).not.toContain('hunter2');
  });
});

describe('the metrics', () => {
  test('are OpenMetrics text with the process on every series', async () => {
    const metrics = new PrometheusMetrics({ node: 'node-1' });
    metrics.counter('muster_test_drops_total', 'what was dropped').add(2, { reason: 'full' });
    metrics.gauge('muster_test_depth', 'how deep').set(7);
    const text = await metrics.text();
    expect(text).toContain('muster_test_drops_total{reason="full",node="node-1"} 2');
    expect(text).toContain('muster_test_depth{node="node-1"} 7');
    expect(text.trim().endsWith('# EOF')).toBe(true);
  });

  test('ask twice for a name and count into one series', async () => {
    const metrics = new PrometheusMetrics({});
    metrics.counter('muster_test_total', 'x').add();
    metrics.counter('muster_test_total', 'x').add();
    expect(await metrics.text()).toContain('muster_test_total 2');
  });

  test('a value with other labels than the first is refused and counted, and nobody is interrupted', async () => {
    const metrics = new PrometheusMetrics({});
    const counter = metrics.counter('muster_test_total', 'x');
    counter.add(1, { reason: 'a' });
    counter.add(1, { cause: 'b' });
    const text = await metrics.text();
    expect(text).toContain('muster_test_total{reason="a"} 1');
    expect(text).toContain('muster_metrics_refused_total{metric="muster_test_total"} 1');
  });

  test('a histogram keeps the trace of a slow one as its exemplar', async () => {
    const metrics = new PrometheusMetrics({});
    metrics.histogram('muster_test_seconds', 'how long', [0.1, 1]).observe(0.5, {}, '4bf92f3577b34da6a3ce929d0e0e4736');
    expect(await metrics.text()).toContain('trace_id="4bf92f3577b34da6a3ce929d0e0e4736"');
  });
});
