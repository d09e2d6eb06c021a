import { afterEach, describe, expect, test } from '@jest/globals';
import { MusterError, SystemClock, silentLog } from '@muster/ports';
import { PrometheusMetrics } from '../telemetry/prometheus-metrics.js';
import { type AdminBackend, AdminServer, type ReadyAsk, type ReadyCheck } from './admin-server.js';

const running: AdminServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

async function serve(parts: {
  ready?: () => readonly ReadyCheck[] | Promise<readonly ReadyCheck[]>;
  asks?: readonly ReadyAsk[];
  backend?: AdminBackend;
  checkTimeoutMs?: number;
}) {
  const { ready = () => [], asks = [], backend, checkTimeoutMs = 1_000 } = parts;
  const server = new AdminServer({
    clock: new SystemClock(),
    log: silentLog,
    metrics: new PrometheusMetrics({}),
    checkTimeoutMs,
    ready,
    asks,
    ...(backend ? { backend } : {}),
  });
  running.push(server);
  return `http://${await server.listen('127.0.0.1:0')}`;
}

describe('health', () => {
  test('a process that runs is alive, whatever else', async () => {
    const url = await serve({ ready: () => [{ name: 'etcd', ok: false, detail: 'away' }] });
    for (const path of ['livez', 'healthz']) expect((await fetch(`${url}/${path}`)).status).toBe(200);
  });

  test('it is ready when every check holds, and says which do not', async () => {
    let ok = true;
    const url = await serve({ ready: () => [{ name: 'etcd', ok, detail: 'answered 5 ms ago' }] });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    ok = false;
    const refused = await fetch(`${url}/readyz?verbose`);
    expect(refused.status).toBe(503);
    expect(await refused.text()).toBe('[-] etcd: answered 5 ms ago\nnot ready\n');
  });

  test('a check that hangs is a failed check', async () => {
    const url = await serve({ ready: () => new Promise(() => undefined), checkTimeoutMs: 20 });
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
  });

  test('a database that is silent is named, and hides neither what the process says of itself nor who answers', async () => {
    const url = await serve({
      ready: () => [{ name: 'shard storage', ok: false, detail: 'has not answered for 12.0 s' }],
      asks: [
        { name: 'cluster store', ask: () => Promise.resolve() },
        { name: 'storage', ask: () => new Promise(() => undefined) },
        { name: 'issuer', ask: () => Promise.reject(new Error('refused')) },
      ],
      checkTimeoutMs: 20,
    });
    const said = await fetch(`${url}/readyz?verbose`);
    expect(said.status).toBe(503);
    expect(await said.text()).toBe(
      [
        '[-] shard storage: has not answered for 12.0 s',
        '[+] cluster store',
        '[-] storage: not answered within 20 ms',
        '[-] issuer: refused',
        'not ready\n',
      ].join('\n'),
    );
  });
});

describe('the admin API', () => {
  const backend: AdminBackend = {
    call: (command, args) =>
      command === 'node.show'
        ? Promise.resolve({ asked: args })
        : Promise.reject(new MusterError('NOT_FOUND', { what: command })),
    follow: (listener) => {
      listener({ type: 'node.joined' });
      return Promise.resolve(() => undefined);
    },
  };

  test('takes JSON and answers JSON', async () => {
    const url = await serve({ backend });
    const answer = await fetch(`${url}/api/v1/admin/node.show`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"node":"n1"}',
    });
    expect(await answer.json()).toEqual({ asked: { node: 'n1' } });
  });

  test('an error has its code, its message and a fitting status', async () => {
    const url = await serve({ backend });
    const answer = await fetch(`${url}/api/v1/admin/nonsense`, { method: 'POST' });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: 'NOT_FOUND', message: 'nonsense is not known' });
  });

  test('text that is not JSON is refused, and a page that does not exist is not known', async () => {
    const url = await serve({ backend });
    const answer = await fetch(`${url}/api/v1/admin/node.show`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{',
    });
    expect(answer.status).toBe(400);
    expect((await fetch(`${url}/other`)).status).toBe(404);
  });

  test('events come as a stream until the follower leaves', async () => {
    const url = await serve({ backend });
    const leave = new AbortController();
    const answer = await fetch(`${url}/api/v1/events`, { signal: leave.signal });
    const reader = answer.body!.getReader();
    let text = '';
    while (!text.includes('node.joined')) text += Buffer.from((await reader.read()).value!).toString();
    expect(text).toContain('data: {"type":"node.joined"}');
    leave.abort();
  });

  test('a process that is no coordinator has no such API', async () => {
    const url = await serve({});
    expect((await fetch(`${url}/api/v1/admin/status`, { method: 'POST' })).status).toBe(404);
  });
});
