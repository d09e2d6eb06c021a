import { beforeEach, expect, test } from '@jest/globals';
import { type Connection, type Network, SeededRandom, VirtualClock } from '@muster/ports';
import { SimProcess } from '../engine/sim-process.js';
import { Trace } from '../engine/trace.js';
import { WORLD_DEFAULTS } from '../options.js';
import { SimNetwork } from './sim-network.js';

let clock: VirtualClock;
let network: SimNetwork;
let trace: Trace;

beforeEach(() => {
  clock = new VirtualClock();
  trace = new Trace({ clock, linesMax: 10, level: 'info' });
  network = new SimNetwork({ clock, random: new SeededRandom(3), trace, options: WORLD_DEFAULTS });
});

function host(id: string): { process: SimProcess; net: Network } {
  const process = new SimProcess({
    id,
    world: clock,
    random: new SeededRandom(id.length),
    trace,
    rate: 1,
    wallOffsetMs: 0,
    crashed: (_, error) => {
      throw error;
    },
  });
  return { process, net: network.of(process) };
}

/** Tells what happens to a connection. */
function watch(connection: Connection, heard: string[] = []): string[] {
  connection.handle({
    open: () => heard.push('open'),
    frame: (bytes) => heard.push(String.fromCharCode(...bytes.subarray(0, 16))),
    drain: () => heard.push('drain'),
    close: (reason) => heard.push(reason),
  });
  return heard;
}

const frame = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** Two hosts with an open connection between them. */
async function pair() {
  const a = host('a');
  const b = host('b');
  const accepted: Connection[] = [];
  const heardB: string[] = [];
  await b.net.listen('b:0', (connection) => {
    accepted.push(connection);
    watch(connection, heardB);
  });
  const dialled = a.net.dial('b:7001');
  const heardA = watch(dialled);
  dialled.send(frame('early'));
  await clock.advance(20);
  expect([heardA, heardB]).toEqual([
    ['open', 'drain'],
    ['open', 'early'],
  ]);
  heardA.length = heardB.length = 0;
  return { a, b, dialled, accepted: accepted[0]!, heardA, heardB };
}

test('frames arrive in order, each once, whatever the latency of each', async () => {
  const { dialled, heardB } = await pair();
  const sent = Array.from({ length: 50 }, (_, i) => `${i}`);
  for (const text of sent) dialled.send(frame(text));
  await clock.advance(100);
  expect(heardB).toEqual(sent);
});

test('a dial to where nobody listens is refused, to a paused process it is silent', async () => {
  const { a, b } = await pair();
  const refused = watch(a.net.dial('b:9'));
  b.process.pause();
  const silent = watch(a.net.dial('b:7001'));
  await clock.advance(1_900);
  expect([refused, silent]).toEqual([['refused'], []]);
  await clock.advance(200);
  expect(silent).toEqual(['unreachable']);
});

test('a dial that waits in the queue of a paused process is refused when that is killed', async () => {
  const { a, b } = await pair();
  b.process.pause();
  const dial = watch(a.net.dial('b:7001'));
  await clock.advance(100);
  b.process.kill();
  await clock.advance(10);
  expect(dial).toEqual(['refused']);
});

test("a killed process's connections are reset at its peers, later dials are refused", async () => {
  const { a, b, heardA } = await pair();
  b.process.kill();
  const again = watch(a.net.dial('b:7001'));
  await clock.advance(20);
  expect([heardA, again]).toEqual([['reset'], ['refused']]);
});

test('while a way is cut nothing passes in that direction; what waited arrives in order when it is healed', async () => {
  const { dialled, accepted, heardA, heardB } = await pair();
  network.ways.cut('a', 'b', 'fault');
  dialled.send(frame('1'));
  dialled.send(frame('2'));
  accepted.send(frame('back'));
  await clock.advance(1_000);
  expect([heardA, heardB]).toEqual([['back'], []]);
  network.ways.heal('a', 'b', 'fault');
  await clock.advance(300);
  expect(heardB).toEqual(['1', '2']);
});

test('a cut that lasts ends the connection on both sides, without a word from the other', async () => {
  const { heardA, heardB } = await pair();
  network.ways.cut('a', 'b', 'fault');
  await clock.advance(7_100);
  expect([heardA, heardB]).toEqual([['reset'], ['reset']]);
});

test('a close delivers what was sent before it', async () => {
  const { dialled, heardA, heardB } = await pair();
  dialled.send(frame('last'));
  dialled.close();
  await clock.advance(600);
  expect([heardA, heardB]).toEqual([['closed'], ['last', 'closed']]);
});

test('a window full of unread bytes asks to wait, and says when there is room', async () => {
  const { b, dialled, heardA, heardB } = await pair();
  b.process.pause();
  const big = new Uint8Array(WORLD_DEFAULTS.windowBytes);
  expect(dialled.send(big)).toBe(false);
  await clock.advance(1_000);
  expect(heardA).toEqual([]);
  b.process.resume();
  await clock.advance(10);
  expect(heardA).toEqual(['drain']);
  expect(heardB).toHaveLength(1);
});
