import { afterEach, expect, test } from '@jest/globals';
import { runMusterctl } from './run.js';
import { HEALTHY } from './testdata/documents.js';
import { FakeAdmin, FakeTerminal, refused } from './testdata/fake-admin.js';

const running: FakeAdmin[] = [];
afterEach(async () => {
  for (const admin of running.splice(0)) await admin.close();
});

async function start(answer: FakeAdmin['answer']): Promise<{ admin: FakeAdmin; url: string }> {
  const admin = new FakeAdmin();
  admin.answer = answer;
  running.push(admin);
  return { admin, url: await admin.listen() };
}

/** An address where nobody listens: somebody did a moment ago. */
async function nowhere(): Promise<string> {
  const admin = new FakeAdmin();
  const url = await admin.listen();
  await admin.close();
  return url;
}

async function status(admin: string, ...more: readonly string[]) {
  const terminal = new FakeTerminal();
  const exit = await runMusterctl(['status', '--admin', admin, ...more], terminal);
  return { exit, out: terminal.stdout, err: terminal.stderr };
}

const healthy = () => ({ body: HEALTHY });
const notLeader = (admin?: string) => () =>
  refused(409, 'NOT_LEADER', 'c2#b does not lead; c1#a does', { leader: 'c1#a', ...(admin ? { admin } : {}) });

test('a refused connection says what to start', async () => {
  const url = await nowhere();
  const { exit, out, err } = await status(url);
  expect({ exit, out }).toEqual({ exit: 6, out: '' });
  expect(err).toContain(`nothing listens at ${url}\n`);
  expect(err).toContain('`npm run cluster` prints its own');
});

test('silence ends at the time-out', async () => {
  const { url } = await start(() => undefined);
  const { exit, err } = await status(url, '--timeout', '50ms');
  expect(exit).toBe(6);
  expect(err).toContain(`${url} did not answer within 50 ms`);
});

test('of several addresses the first that answers is enough', async () => {
  const { admin, url } = await start(healthy);
  const { exit } = await status(`${await nowhere()},${url.replace('http://', '')}`);
  expect(exit).toBe(0);
  expect(admin.asked).toHaveLength(1);
});

test('a silent one among several leaves time for the next', async () => {
  const silent = await start(() => undefined);
  const { url } = await start(healthy);
  expect((await status(`${silent.url},${url}`, '--timeout', '300ms')).exit).toBe(0);
});

test('a coordinator that does not lead is passed over, and its leader asked where it says so', async () => {
  const leader = await start(healthy);
  const vice = await start(notLeader(leader.url));
  expect((await status(vice.url)).exit).toBe(0);
  expect(leader.admin.asked).toHaveLength(1);
});

test('two that point at each other end as a conflict', async () => {
  const one = await start(healthy);
  const other = await start(notLeader(one.url));
  one.admin.answer = notLeader(other.url);
  const { exit, err } = await status(`${one.url},${await nowhere()}`);
  expect(exit).toBe(5);
  expect(err).toContain('c2#b does not lead');
});

test('an error of the coordinator is not asked again elsewhere', async () => {
  const first = await start(() => refused(404, 'NOT_FOUND', 'x is not known'));
  const second = await start(healthy);
  expect((await status(`${first.url},${second.url}`)).exit).toBe(3);
  expect(second.admin.asked).toEqual([]);
});

test('something else that speaks HTTP is told apart from a coordinator', async () => {
  const page = await start(() => ({ status: 404, body: '<html>' }));
  expect(await status(page.url)).toMatchObject({
    exit: 6,
    err: expect.stringContaining(`${page.url} is no admin API of Muster (HTTP 404)`),
  });
  const node = await start(() =>
    refused(404, 'NOT_FOUND', 'POST /api/v1/admin/status is not known', { what: 'POST /api/v1/admin/status' }),
  );
  expect(await status(node.url)).toMatchObject({
    exit: 6,
    err: expect.stringContaining(`${node.url} is a process without an admin API`),
  });
});

test('an answer without an end is cut off', async () => {
  const { url } = await start(() => ({ body: JSON.stringify('x'.repeat(1_000)) }));
  const terminal = new FakeTerminal();
  expect(await runMusterctl(['status', '--admin', url], terminal, { answerBytesMax: 500 })).toBe(6);
  expect(terminal.stderr).toContain('its answer has more than 500 bytes');
});
