// State outlives processes: real ones, on a real database. The only node of a cluster is killed under its players; the whole system is
// stopped, or killed, and started again on the same folder.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import type { MusterClient } from '@muster/client';
import type { ReceivedMessage } from '@muster/tachyon';
import { SERVER, TestCluster } from './local-cluster.js';
import { signIn } from './traffic.js';
import { pause, until } from './until.js';

const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 15_000;
const TEST_TIMEOUT_MS = 180_000;

const folder = mkdtempSync(join(tmpdir(), 'muster-persistence-'));
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const userId = (client: MusterClient): string => client.self!.user.userId;

/** Says `count` things, one after the other; returns those that were acknowledged. */
async function say(from: MusterClient, to: string, word: string, count: number): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const message = `${word} ${n}`;
    const said = from.request('messaging/send', { target: { type: 'player', userId: to }, message });
    await said.then(
      () => acknowledged.push(message),
      () => undefined,
    );
  }
  return acknowledged;
}

async function history(listener: MusterClient): Promise<readonly string[]> {
  const heard: ReceivedMessage[] = [];
  const stop = listener.on('messaging/received', (message) => heard.push(message));
  const since = { type: 'from_start' } as const;
  const { hasMissedMessages } = await listener.request('messaging/subscribeReceived', { since });
  expect(hasMissedMessages).toBe(false);
  await pause(500);
  stop();
  return heard.map(({ message }) => message);
}

/** `muster dev` on `data`. */
async function system(data: string): Promise<{ readonly child: ChildProcess; readonly gateway: string }> {
  // A busy machine takes its time to start the embedded database, in one turn of the loop.
  const flags = ['--port', '0', '--admin-port', '0', '--data', join(folder, data), '--set', 'process.stuckMs=0'];
  const child = spawn(process.execPath, [SERVER, 'dev', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let out = '';
  child.stdout!.on('data', (chunk) => {
    out += String(chunk);
  });
  const line = /^muster ready (http:\/\/\S+)/m;
  await until(() => line.test(out) || child.exitCode !== null, START_DEADLINE_MS, 'it is ready');
  return { child, gateway: line.exec(out)![1]! };
}

test(
  'K9: the only node of a cluster is killed: whatever it had acknowledged is there when it is back, and no client lost its socket',
  async () => {
    const cluster = await TestCluster.start(['--nodes', '1', '--gateways', '1', '--restart']);
    try {
      const [speaker, listener] = await Promise.all(['speaker', 'listener'].map((n) => signIn(cluster.gateway(0), n)));
      const before = await say(speaker!, userId(listener!), 'before', 20);
      expect(before).toHaveLength(20);
      const during = say(speaker!, userId(listener!), 'during', 20);
      await pause(50);
      cluster.kill('node-1', 'SIGKILL');
      const acknowledged = [...before, ...(await during)];
      await until(
        async () => (await say(speaker!, userId(listener!), 'after', 1)).length === 1,
        START_DEADLINE_MS,
        'it serves again',
      );
      let there: readonly string[] = [];
      const isHeard = async (): Promise<boolean> => {
        there = await history(listener!).catch(() => []);
        return there.length > 0;
      };
      await until(isHeard, START_DEADLINE_MS, 'the listener is served, too');
      expect(there.filter((text) => acknowledged.includes(text))).toEqual(acknowledged);
      expect(new Set(there.filter((text) => !text.startsWith('after'))).size).toBe(
        there.filter((text) => !text.startsWith('after')).length,
      );
      await Promise.all([speaker, listener].map((client) => client?.disconnect()));
    } finally {
      await cluster.stop();
    }
  },
  TEST_TIMEOUT_MS,
);

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'the whole system ends by %s and starts again: players within their reconnect window have their sessions back',
  async (signal) => {
    const first = await system(signal);
    const [speaker, listener] = await Promise.all(['speaker', 'listener'].map((n) => signIn(first.gateway, n)));
    const id = userId(listener!);
    const acknowledged = await say(speaker!, id, 'hello', 10);
    expect(acknowledged).toHaveLength(10);
    const exit = once(first.child, 'exit');
    first.child.kill(signal);
    const late = setTimeout(() => first.child.kill('SIGKILL'), STOP_DEADLINE_MS);
    const [code, ended] = (await exit) as [number | null, string | null];
    clearTimeout(late);
    expect(code ?? ended).toBe(signal === 'SIGTERM' ? 0 : 'SIGKILL');
    const second = await system(signal);
    const back = await signIn(second.gateway, 'listener');
    expect(userId(back)).toBe(id);
    expect(await history(back)).toEqual(acknowledged);
    await Promise.all([speaker, listener, back].map((client) => client?.disconnect()));
  },
  TEST_TIMEOUT_MS,
);
