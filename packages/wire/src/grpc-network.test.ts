// What only the real network does: processes that die, hosts that say nothing, certificates, handles given back.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type CloseReason, type Connection, type Listener, SystemClock } from '@muster/ports';
import { GrpcNetwork, type MutualTls } from './index.js';

const clock = new SystemClock();
const network = new GrpcNetwork({ clock });
const testdata = join(import.meta.dirname, '../testdata');
const toEnd: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of toEnd.splice(0)) await end();
});

interface Watched {
  readonly connection: Connection;
  readonly opened: Promise<void>;
  readonly closed: Promise<CloseReason>;
}

function watch(connection: Connection): Watched {
  let opened: () => void = () => undefined;
  let closed: (reason: CloseReason) => void = () => undefined;
  const watched: Watched = {
    connection,
    opened: new Promise((resolve) => {
      opened = resolve;
    }),
    closed: new Promise((resolve) => {
      closed = resolve;
    }),
  };
  connection.handle({
    open: () => opened(),
    frame: () => undefined,
    drain: () => undefined,
    close: (why) => closed(why),
  });
  return watched;
}

async function listen(by: GrpcNetwork = network): Promise<{ listener: Listener; accepted: Promise<Watched> }> {
  let resolve: (watched: Watched) => void = () => undefined;
  const accepted = new Promise<Watched>((done) => {
    resolve = done;
  });
  const listener = await by.listen('127.0.0.1:0', (connection) => resolve(watch(connection)));
  toEnd.push(() => listener.close());
  return { listener, accepted };
}

function farProcess(...args: readonly string[]): ChildProcess {
  const child = fork(join(testdata, 'far-process.mjs'), args, { execArgv: [] });
  toEnd.push(() => child.kill('SIGKILL'));
  return child;
}

describe('a process that is killed', () => {
  test('shows as reset to those it was dialed by, and each dial after that as refused', async () => {
    const far = farProcess('listen');
    const [address] = (await once(far, 'message')) as [string];
    const near = watch(network.dial(address));
    await near.opened;
    far.kill('SIGKILL');
    expect(await near.closed).toBe('reset');
    for (let i = 0; i < 3; i += 1) expect(await watch(network.dial(address)).closed).toBe('refused');
  });

  test('shows as reset to those it had dialed', async () => {
    const { listener, accepted } = await listen();
    const far = farProcess('dial', listener.address);
    const near = await accepted;
    far.kill('SIGKILL');
    expect(await near.closed).toBe('reset');
  });
});

test('a host that takes the connection and says nothing is unreachable after the time-out, and its socket is given back', async () => {
  const mute = createServer().listen(0, '127.0.0.1');
  await once(mute, 'listening');
  toEnd.push(() => mute.close());
  const left = new Promise((resolve) =>
    mute.once('connection', (socket) =>
      socket
        .resume()
        .once('close', resolve)
        .on('error', () => undefined),
    ),
  );
  const impatient = new GrpcNetwork({ clock, options: { dialTimeoutMs: 50 } });
  const { port } = mute.address() as AddressInfo;
  expect(await watch(impatient.dial(`127.0.0.1:${port}`)).closed).toBe('unreachable');
  await left;
});

test('a name that nobody knows is unreachable, not refused', async () => {
  expect(await watch(network.dial('nobody.invalid:1')).closed).toBe('unreachable');
});

test('a frame over the limit of the receiver ends the connection as overrun', async () => {
  const { listener, accepted } = await listen(new GrpcNetwork({ clock, options: { frameBytesMax: 1_000 } }));
  const near = watch(network.dial(listener.address));
  await near.opened;
  near.connection.send(new Uint8Array(2_000));
  expect(await near.closed).toBe('overrun');
  await (await accepted).closed;
});

test('dialing and closing many times leaves no handle behind', async () => {
  const { listener } = await listen();
  // Descriptors, not what keeps the loop alive: gRPC's sockets do not.
  const handles = () => readdirSync('/dev/fd').length;
  const round = async (address: string) => {
    const near = watch(network.dial(address));
    near.connection.send(new Uint8Array(10));
    if (address === listener.address) await near.opened;
    near.connection.close();
    await near.closed;
  };
  await round(listener.address);
  const before = handles();
  for (let i = 0; i < 100; i += 1) await round(i % 4 === 0 ? '127.0.0.1:1' : listener.address);
  // Sockets that were just closed leave the loop with its next turns.
  for (let turn = 0; turn < 1_000 && handles() > before; turn += 1)
    await new Promise((resolve) => setImmediate(resolve));
  expect(handles()).toBeLessThanOrEqual(before);
});

describe('with mutual TLS', () => {
  const pem = (name: string) => readFileSync(join(testdata, `${name}.pem`), 'utf8');
  const tls: MutualTls = { ca: pem('test-ca'), cert: pem('test-peer'), key: pem('test-peer.key') };
  const secured = new GrpcNetwork({ clock, tls });

  test('those with a certificate of the authority reach each other', async () => {
    const { listener } = await listen(secured);
    const near = watch(secured.dial(listener.address));
    await near.opened;
    near.connection.close();
    expect(await near.closed).toBe('closed');
  });

  test('a stranger, or somebody without a certificate, is not let in', async () => {
    const { listener } = await listen(secured);
    const cert = pem('test-stranger');
    const stranger = new GrpcNetwork({ clock, tls: { ca: tls.ca, cert, key: pem('test-stranger.key') } });
    expect(await watch(stranger.dial(listener.address)).closed).toBe('unreachable');
    expect(await watch(network.dial(listener.address)).closed).toBe('unreachable');
  });

  test('an acceptor of another authority is not trusted', async () => {
    const other: MutualTls = { ca: tls.ca, cert: pem('test-stranger'), key: pem('test-stranger.key') };
    const { listener } = await listen(new GrpcNetwork({ clock, tls: other }));
    expect(await watch(secured.dial(listener.address)).closed).toBe('unreachable');
  });
});
