import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { TcpProxy } from './proxy.js';
import { LinkRules, type Rule } from './rules.js';

// Real sockets on loopback: `ann` dials `bob` through his proxy.

const DEADLINE_MS = 10_000;

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function until(isTrue: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** What one end of a connection has seen. */
interface Seen {
  readonly socket: Socket;
  text: string;
  ending: '' | 'end' | 'reset';
}

function watched(socket: Socket): Seen {
  const seen: Seen = { socket, text: '', ending: '' };
  socket.on('data', (chunk) => {
    seen.text += String(chunk);
  });
  socket.on('end', () => {
    seen.ending ||= 'end';
  });
  socket.on('error', () => {
    seen.ending = 'reset';
  });
  ends.push(() => void socket.destroy());
  return seen;
}

class Bob {
  readonly accepted: Seen[] = [];
  server: Server | undefined;
  port = 0;

  async serve(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => this.accepted.push(watched(socket)));
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.server = server;
    this.port = (server.address() as { readonly port: number }).port;
    ends.push(() => this.die());
  }

  /** As a killed process: nobody listens, and its connections are reset. */
  async die(): Promise<void> {
    if (!this.server?.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    for (const { socket } of this.accepted) socket.resetAndDestroy();
    await closed;
  }

  /** Connections that carried something; the proxy's own looks do not. */
  get heard(): string {
    return this.accepted.map(({ text }) => text).join('');
  }
}

interface World {
  readonly bob: Bob;
  readonly rules: LinkRules;
  readonly proxy: TcpProxy;
  dial(): Promise<Seen>;
}

async function world(): Promise<World> {
  const bob = new Bob();
  await bob.serve();
  const port = await freePort();
  const rules = new LinkRules();
  const proxy = new TcpProxy({ target: 'bob', port, upstreamPort: bob.port, rules, dialledBy: () => 'ann' });
  ends.push(() => proxy.stop());
  await until(() => proxy.isShown, 'the proxy listens');
  const dial = async (): Promise<Seen> => {
    const seen = watched(connect({ host: '127.0.0.1', port, allowHalfOpen: true }));
    // A refused one is known by its ending.
    await once(seen.socket, 'connect').catch(() => undefined);
    return seen;
  };
  return { bob, rules, proxy, dial };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Both directions carry something. */
async function talking({ bob, dial }: World): Promise<{ readonly ann: Seen; readonly far: Seen }> {
  const before = new Set(bob.accepted);
  const ann = await dial();
  ann.socket.write('hello');
  const isNew = (seen: Seen): boolean => !before.has(seen) && seen.text === 'hello';
  await until(() => bob.accepted.some(isNew), 'bob hears');
  const far = bob.accepted.find(isNew)!;
  far.socket.write('hi');
  await until(() => ann.text === 'hi', 'ann hears');
  return { ann, far };
}

const swallow = (from: string, to: string): Rule => ({ from, to, swallow: true, delayMs: 0 });

test('bytes and ends pass in both directions', async () => {
  const { ann, far } = await talking(await world());
  ann.socket.end(' and bye');
  await until(() => far.ending === 'end', 'bob hears the end');
  expect(far.text).toBe('hello and bye');
  far.socket.end('too');
  await until(() => ann.ending === 'end', 'ann hears the end');
  expect(ann.text).toBe('hitoo');
});

test('where nobody listens behind it, dialling is refused: at first, after a death, and not after a return', async () => {
  const here = await world();
  const { bob, dial, proxy } = here;
  const { ann } = await talking(here);
  await bob.die();
  await until(() => ann.ending === 'reset', 'ann sees a reset');
  // At the moment she sees it, not some time later: a peer dials again at once.
  expect((await dial()).ending).toBe('reset');
  expect(proxy.isShown).toBe(false);
  await bob.serve();
  await until(() => proxy.isShown, 'the proxy listens again');
  await talking(here);
});

test('a one-way cut swallows one direction, counts it, and leaves the other alone', async () => {
  const here = await world();
  const { ann, far } = await talking(here);
  here.rules.set(swallow('ann', 'bob'));
  ann.socket.write('lost');
  far.socket.write('!');
  await until(() => ann.text === 'hi!', 'bob reaches ann');
  await until(() => here.rules.passage('ann', 'bob').swallowed === 4, 'ann does not reach bob');
  expect(far.text).toBe('hello');
  expect(here.rules.passage('bob', 'ann').swallowed).toBe(0);
});

test('across a cut nobody hears of an end either, and healing resets what lacks bytes', async () => {
  const here = await world();
  const { ann, far } = await talking(here);
  const other = await talking(here);
  here.rules.set(swallow('ann', 'bob'));
  here.rules.set(swallow('bob', 'ann'));
  ann.socket.resetAndDestroy();
  far.socket.write('anybody there?');
  await until(() => here.rules.passage('bob', 'ann').swallowed > 0, 'bob is not heard');
  expect(far.ending).toBe('');
  here.rules.clear();
  here.proxy.healed();
  await until(() => far.ending === 'reset', 'bob sees a reset');
  // It lacks nothing.
  other.ann.socket.write(' again');
  await until(() => other.far.text === 'hello again', 'the other connection goes on');
});

test('a connection that is made during a cut is accepted and carries nothing', async () => {
  const { bob, rules, dial } = await world();
  rules.set(swallow('ann', 'bob'));
  const ann = await dial();
  ann.socket.write('hello?');
  await until(() => rules.passage('ann', 'bob').swallowed === 6, 'it is swallowed');
  expect(ann.ending).toBe('');
  expect(bob.heard).toBe('');
});

test('a reset is seen by both sides, and the next connection works', async () => {
  const here = await world();
  const { ann, far } = await talking(here);
  expect(here.proxy.reset((dialler) => dialler === 'somebody else')).toBe(0);
  expect(here.proxy.reset((dialler) => dialler === 'ann')).toBe(1);
  await until(() => ann.ending === 'reset' && far.ending === 'reset', 'both see it');
  expect(here.proxy.resets).toBe(1);
  await talking(here);
});

test('what is delayed arrives whole and in order, its end last', async () => {
  const here = await world();
  const { ann, far } = await talking(here);
  here.rules.set({ from: 'ann', to: 'bob', swallow: false, delayMs: 40 });
  const from = performance.now();
  for (const word of [' a', ' b', ' c']) ann.socket.write(word);
  await until(() => here.rules.passage('ann', 'bob').delayed >= 2, 'it waits');
  here.rules.clear();
  ann.socket.end(' d');
  await until(() => far.ending === 'end', 'the end came');
  expect(far.text).toBe('hello a b c d');
  expect(performance.now() - from).toBeGreaterThanOrEqual(39);
});

test('more than a socket holds passes through a slow way without being lost', async () => {
  const here = await world();
  const { ann, far } = await talking(here);
  here.rules.set({ from: 'ann', to: 'bob', swallow: false, delayMs: 5 });
  const length = 12 * 1024 * 1024;
  ann.socket.end(Buffer.alloc(length, 'x'));
  await until(() => far.ending === 'end', 'the end came');
  expect(far.text).toHaveLength(length + 'hello'.length);
});
