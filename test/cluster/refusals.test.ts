// Processes that must not run beside what is there: each says why in a sentence, ends with 1, and changes nothing.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { StatusDocument } from '@muster/coordinator';
import { findProgram, LocalEtcd } from '@muster/storage';
import { SERVER, TestCluster } from './local-cluster.js';
import { until } from './until.js';

const TEST_TIMEOUT_MS = 180_000;
const READY_DEADLINE_MS = 120_000;

let folder: string;
const ends: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-refusals-'));
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  rmSync(folder, { recursive: true, force: true });
}, TEST_TIMEOUT_MS);

function muster(args: readonly string[]) {
  const child = spawn(process.execPath, [SERVER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    said.out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    said.err += String(chunk);
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  ends.push(() => {
    child.kill('SIGTERM');
    return ended;
  });
  return { said, ended };
}

function etcdctl(etcd: LocalEtcd, ...args: readonly string[]): string {
  const run = spawnSync(findProgram('etcdctl', process.env), ['--endpoints', etcd.url, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ETCDCTL_API: '3' },
  });
  return run.stdout;
}

test.each([
  ['node', '{"shards":2048,"hash":"murmur3-32","schema":1}'],
  ['coordinator', '{"shards":1280,"hash":"xxh3","schema":1}'],
])(
  'a %s of another shape than the cluster is refused: it has %s',
  async (role, shape) => {
    const etcd = await LocalEtcd.start({ program: findProgram('etcd', process.env), folder: join(folder, 'etcd') });
    ends.push(() => etcd.stop());
    etcdctl(etcd, 'put', '/muster/dev/meta', shape);
    const set = [`etcd.hosts=["${etcd.url}"]`, `process.data="${join(folder, 'data')}"`, 'telemetry.logLevel="error"'];
    const { said, ended } = muster([
      'serve',
      '--role',
      role,
      '--id',
      `stranger-${role}`,
      ...set.flatMap((one) => ['--set', one]),
    ]);
    expect(await ended).toBe(1);
    expect(said.err).toContain(`muster: the cluster store holds ${shape}, this process has {"shards":1280,`);
    expect(said.out).toBe('');
    // Nothing was written, nobody is registered.
    const keys = etcdctl(etcd, 'get', '--prefix', '/muster/', '--keys-only').split('\n').filter(Boolean);
    expect(keys).toEqual(['/muster/dev/meta']);
  },
  TEST_TIMEOUT_MS,
);

test(
  'a second process on the folder of an embedded database is refused, and the first one serves on',
  async () => {
    const dev = ['dev', '--port', '0', '--admin-port', '0', '--data', folder];
    const first = muster(dev);
    await until(() => first.said.out.includes('muster ready'), READY_DEADLINE_MS, 'the first one serves');
    const second = muster(dev);
    expect(await second.ended).toBe(1);
    expect(second.said.err).toMatch(/^muster: the data folder is in use: process \d+ on .+ has it/);
    const admin = first.said.out.split('\n')[0]!.split(' ')[3]!;
    expect((await fetch(`${admin}/readyz`)).status).toBe(200);
  },
  TEST_TIMEOUT_MS,
);

test(
  'a second cluster with a database of its own under the name of the first is refused, role by role; the first does not notice',
  async () => {
    const first = await TestCluster.start(['--nodes', '2', '--gateways', '1']);
    ends.push(() => first.stop());
    const { storage } = first.stored<{ storage: string }>('meta');
    for (const role of ['coordinator', 'node', 'gateway']) {
      const set = [
        `etcd.hosts=["${first.document.etcd}"]`,
        `process.data="${join(folder, 'second')}"`,
        'http.listen="127.0.0.1:0"',
        'admin.listen=""',
        'telemetry.logLevel="error"',
      ];
      const { said, ended } = muster([
        'serve',
        '--role',
        role,
        '--id',
        `stranger-${role}`,
        ...set.flatMap((one) => ['--set', one]),
      ]);
      expect(await ended).toBe(1);
      const text = `muster: the cluster store holds the cluster of storage ${storage}, this process has storage `;
      expect(said.err).toContain(text);
      expect(said.err.slice(text.length)).not.toContain(storage);
      expect(said.out).toBe('');
    }
    // Nothing that they could have written is there, and the first has every member that it had.
    expect(first.etcdctl('/muster/')).not.toContain('stranger');
    const { nodes, gateways } = await first.admin<StatusDocument>('status');
    expect([nodes.total, gateways.total]).toEqual([2, 1]);
    expect(first.stored('meta')).toMatchObject({ storage });
  },
  TEST_TIMEOUT_MS,
);
