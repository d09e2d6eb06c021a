import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { EventStream } from './event-stream.js';
import { runMusterctl } from './run.js';
import { EVENTS } from './testdata/documents.js';
import { FakeAdmin, FakeTerminal } from './testdata/fake-admin.js';

let admin: FakeAdmin;
let url: string;
let terminal: FakeTerminal;
beforeEach(async () => {
  admin = new FakeAdmin();
  url = await admin.listen();
  terminal = new FakeTerminal();
});
afterEach(() => admin.close());

const TUNING = { reconnectMinMs: 1, reconnectMaxMs: 4, reconnectForMs: 30 };
const follow = (...more: readonly string[]) =>
  runMusterctl(['events', '--follow', '--admin', url, ...more], terminal, TUNING);
const send = (follower: ServerResponse, events: readonly unknown[]) => {
  for (const event of events) follower.write(`data: ${JSON.stringify(event)}\n\n`);
};

test('prints one line per event until Ctrl-C, which is no failure', async () => {
  admin.onFollow = (follower) => send(follower, EVENTS);
  const done = follow();
  await terminal.said('p08ds: silent\n');
  terminal.interrupt();
  expect(await done).toBe(0);
  const golden = readFileSync(join(import.meta.dirname, '../testdata/events.txt'), 'utf8');
  expect(terminal.stdout.split('\n')).toEqual(golden.split('\n'));
  const page = readFileSync(join(import.meta.dirname, '../../../docs/musterctl.md'), 'utf8');
  expect(page).toContain(`$ musterctl events --follow\n${golden}`);
});

test('with --json every event is one line, as it came', async () => {
  admin.onFollow = (follower) => send(follower, EVENTS);
  const done = follow('--json');
  await terminal.said('"member.dead"');
  terminal.interrupt();
  expect(await done).toBe(0);
  expect(terminal.stdout).toBe(EVENTS.map((event) => `${JSON.stringify(event)}\n`).join(''));
});

test('connects again when the stream ends, and says so on stderr', async () => {
  admin.onFollow = (follower, nth) => {
    if (nth === 1) {
      send(follower, EVENTS.slice(0, 1));
      follower.end();
    } else if (nth === 2) void terminal.said('again;').then(() => follower.destroy());
    else send(follower, EVENTS.slice(6, 7));
  };
  const done = follow();
  await terminal.said('coordinator-1 leads');
  terminal.interrupt();
  expect(await done).toBe(0);
  expect(terminal.stdout.split('\n')).toHaveLength(3);
  expect(terminal.stderr.split('\n')).toEqual([
    `musterctl: following ${url}; Ctrl-C ends`,
    `musterctl: ${url} ended the stream (closed): connecting again`,
    `musterctl: following ${url} again; events in between are not shown`,
    `musterctl: ${url} ended the stream (cut): connecting again`,
    `musterctl: following ${url} again; events in between are not shown`,
    'musterctl: another leader is followed, in epoch 5: events in between may be missing',
    '',
  ]);
});

test('tells where its coordinator follows another leader, which is no event', async () => {
  admin.onFollow = (follower) => send(follower, [EVENTS[0], { epoch: 5, following: true }, EVENTS[6]]);
  const done = follow('--json');
  await terminal.said('leader.elected');
  terminal.interrupt();
  expect(await done).toBe(0);
  expect(terminal.stdout.split('\n')).toEqual([JSON.stringify(EVENTS[0]), JSON.stringify(EVENTS[6]), '']);
  expect(terminal.stderr.match(/another leader is followed, in epoch 5/g)).toHaveLength(1);
});

test('fails at once where nobody ever answered', async () => {
  await admin.close();
  expect(await follow()).toBe(6);
  expect(terminal.stderr).toContain('nothing listens at');
});

test('gives up when nobody came back for long enough', async () => {
  admin.onFollow = () => void terminal.said('Ctrl-C ends').then(() => admin.close());
  expect(await follow()).toBe(6);
  expect(terminal.stderr).toContain('nothing listens at');
});

test('Ctrl-C also ends it while it waits for somebody to come back', async () => {
  admin.onFollow = () => void terminal.said('Ctrl-C ends').then(() => admin.close());
  const done = runMusterctl(['events', '--follow', '--admin', url], terminal);
  await terminal.said('connecting again');
  terminal.interrupt();
  expect(await done).toBe(0);
});

test('an event of a later version is shown as its JSON', async () => {
  admin.onFollow = (follower) =>
    send(follower, [{ at: '2026-11-21T10:00:00.000Z', epoch: 1, type: 'moon.rose', full: true }]);
  const done = follow();
  await terminal.said('"full":true');
  terminal.interrupt();
  expect(await done).toBe(0);
});

test('events come whole whatever the network cut them into', () => {
  const text = ': hello\n\ndata: {"a":\ndata: 1}\n\nid: 7\r\ndata:two\r\n\r\n';
  const whole = ['{"a":\n1}', 'two'];
  expect(new EventStream().push(text)).toEqual(whole);
  const bitwise = new EventStream();
  expect([...text].flatMap((character) => bitwise.push(character))).toEqual(whole);
});

test('an event without an end is not kept for ever', () => {
  const stream = new EventStream();
  expect(() => {
    for (let i = 0; i < 1_000; i += 1) stream.push('x'.repeat(1_000));
  }).toThrow('an event has no end');
});
