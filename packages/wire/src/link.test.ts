import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  type Clock,
  type Connection,
  type ConnectionEvents,
  MemoryMetrics,
  silentLog,
  type Timer,
} from '@muster/ports';
import type { Envelope, EnvelopeInit } from './generated/link.js';
import {
  type Lane,
  Link,
  type LinkHandler,
  type LinkOptions,
  type LinkReport,
  LoopbackNetwork,
  type SendResult,
} from './index.js';

/** Deferred calls run when the test says so, in order. */
class StepClock implements Clock {
  private turns: (() => void)[] = [];

  now(): number {
    return 0;
  }

  monotonic(): number {
    return 0;
  }

  after(): Timer {
    return { cancel: () => undefined };
  }

  defer(run: () => void): void {
    this.turns.push(run);
  }

  settle(): void {
    for (let run = this.turns.shift(); run; run = this.turns.shift()) run();
  }
}

interface Side {
  readonly link: Link;
  readonly got: [Lane, Envelope][];
  readonly writable: Lane[];
  report?: LinkReport;
  onEnvelope?: (lane: Lane, envelope: Envelope) => void;
}

let clock: StepClock;
let metrics: MemoryMetrics;

beforeEach(() => {
  clock = new StepClock();
  metrics = new MemoryMetrics();
});

function sideOf(connection: Connection, options: Partial<LinkOptions>): Side {
  const handler: LinkHandler = {
    envelope: (lane, envelope) => {
      side.got.push([lane, envelope]);
      side.onEnvelope?.(lane, envelope);
    },
    writable: (lane) => side.writable.push(lane),
    closed: (report) => {
      side.report = report;
    },
  };
  const link = new Link({ connection, clock, log: silentLog, metrics, options, handler });
  const side: Side = { link, got: [], writable: [] };
  return side;
}

/** Two links joined by a loopback connection. */
async function pair(ofA: Partial<LinkOptions> = {}, ofB = ofA): Promise<{ a: Side; b: Side }> {
  const network = new LoopbackNetwork({ clock });
  const accepted: Side[] = [];
  const { address } = await network.listen('host:0', (connection) => accepted.push(sideOf(connection, ofB)));
  const a = sideOf(network.dial(address), ofA);
  clock.settle();
  return { a, b: accepted[0]! };
}

const command = (request: number, data = '{}'): EnvelopeInit => ({
  type: 'command',
  shard: 7,
  term: 3,
  body: { kind: 'player', id: '42', name: 'send', request, data: Buffer.from(data) },
});
const requests = (side: Side): number[] =>
  side.got.flatMap(([, envelope]) => (envelope.type === 'command' ? [envelope.body.request] : []));

const beat = (number: number): EnvelopeInit => ({ type: 'heartbeat', epoch: 2, body: { number } });
const lanesOf = (side: Side): Lane[] => side.got.map(([lane]) => lane);
const from1to = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

function sendUntil(stop: SendResult, side: Side): number {
  for (let i = 1; ; i += 1) if (side.link.send('data', command(i)) === stop) return i - 1;
}

describe('a link', () => {
  test('delivers what was sent in one turn as one frame, in order per lane', async () => {
    const { a, b } = await pair();
    for (const i of from1to(20)) expect(a.link.send('data', command(i))).toBe('sent');
    clock.settle();
    expect(requests(b)).toEqual(from1to(20));
    expect(metrics.value('muster_link_frames_total', { direction: 'out' })).toBe(1);
  });

  test('cuts what is sent in one turn into frames of 64 KiB', async () => {
    const { a, b } = await pair();
    for (const i of from1to(20)) a.link.send('data', command(i, 'x'.repeat(20_000)));
    clock.settle();
    expect(requests(b)).toEqual(from1to(20));
    expect(metrics.value('muster_link_frames_total', { direction: 'out' })).toBe(5);
  });

  test('keeps what is sent before the connection is open', async () => {
    const network = new LoopbackNetwork({ clock });
    const b: Side[] = [];
    const { address } = await network.listen('host:0', (connection) => b.push(sideOf(connection, {})));
    const a = sideOf(network.dial(address), {});
    a.link.send('control', beat(1));
    clock.settle();
    for (const i of from1to(5)) a.link.send('data', command(i));
    clock.settle();
    expect(lanesOf(b[0]!)).toEqual(['control', 'data', 'data', 'data', 'data', 'data']);
  });

  test('sends no more data than its credit while the receiver holds the lane, and all of it afterwards (K15)', async () => {
    const { a, b } = await pair();
    b.link.hold('data');
    expect(sendUntil('queued', a)).toBe(1_000);
    for (let i = 1_002; i <= 3_000; i += 1) a.link.send('data', command(i));
    clock.settle();
    expect([b.got.length, a.link.queued('data')]).toEqual([0, 2_000]);
    b.link.resume('data');
    clock.settle();
    expect([requests(b), a.link.queued('data')]).toEqual([from1to(3_000), 0]);
  });

  test('counts credit in bytes too, and lets the envelope that crosses the line go (K15)', async () => {
    const { a, b } = await pair({ creditBytes: 10_000 });
    b.link.hold('data');
    const results = from1to(4).map((i) => a.link.send('data', command(i, 'x'.repeat(4_000))));
    expect(results).toEqual(['sent', 'sent', 'sent', 'queued']);
    b.link.resume('data');
    clock.settle();
    expect(requests(b)).toEqual(from1to(4));
  });

  test('carries control and replication past a data lane that nobody reads (K15)', async () => {
    const { a, b } = await pair();
    b.link.hold('data');
    sendUntil('full', a);
    clock.settle();
    for (const i of from1to(5_000)) {
      expect(a.link.send('control', beat(i))).toBe('sent');
      if (i <= 1_000) a.link.send('replication', command(i));
      if (i % 100 === 0) clock.settle();
    }
    expect(lanesOf(b).filter((lane) => lane === 'control').length).toBe(5_000);
    expect(lanesOf(b).filter((lane) => lane === 'replication').length).toBe(1_000);
    expect(lanesOf(b)).not.toContain('data');
  });

  test('delivers control first where a frame holds several lanes (K15)', async () => {
    const { a, b } = await pair();
    a.link.send('data', command(1));
    a.link.send('replication', command(2));
    a.link.send('control', beat(3));
    clock.settle();
    expect(lanesOf(b)).toEqual(['control', 'replication', 'data']);
  });

  test('two sides that answer everything they get never dead-lock, however much both send (K15)', async () => {
    const { a, b } = await pair({ creditMessages: 10, creditBytes: 5_000 });
    for (const [side, other] of [
      [a, b],
      [b, a],
    ] as const)
      side.onEnvelope = (_lane, envelope) => {
        if (envelope.type === 'command') other.link.send('control', beat(0));
        if (envelope.type === 'command')
          side.link.send('data', { type: 'reply', body: { request: envelope.body.request } });
      };
    for (const i of from1to(2_000)) {
      a.link.send('data', command(i));
      b.link.send('data', command(i));
    }
    clock.settle();
    for (const side of [a, b]) {
      expect(side.got.filter(([, envelope]) => envelope.type === 'command').length).toBe(2_000);
      expect(side.got.filter(([, envelope]) => envelope.type === 'reply').length).toBe(2_000);
    }
  });

  test('refuses a message past the bound of its queue, counts it, and says when half is free', async () => {
    const { a, b } = await pair({ queueMessages: 100 });
    b.link.hold('data');
    expect(sendUntil('full', a)).toBe(1_100);
    clock.settle();
    expect([metrics.value('muster_link_dropped_total', { lane: 'data', reason: 'full' }), a.writable]).toEqual([1, []]);
    b.link.resume('data');
    clock.settle();
    expect([a.writable, requests(b)]).toEqual([['data'], from1to(1_100)]);
  });

  test('ends with LINK_OVERRUN where the other side sends more than its credit (K15)', async () => {
    const { a, b } = await pair({}, { creditMessages: 50 });
    b.link.hold('data');
    for (const i of from1to(51)) a.link.send('data', command(i));
    clock.settle();
    expect([b.report?.reason, b.report?.error?.code, a.report?.reason]).toEqual(['overrun', 'LINK_OVERRUN', 'closed']);
    expect(b.got).toEqual([]);
  });

  test('ends with BAD_FRAME on bytes that are no frame, and delivers nothing of them', async () => {
    const network = new LoopbackNetwork({ clock });
    const sides: Side[] = [];
    const { address } = await network.listen('host:0', (connection) => sides.push(sideOf(connection, {})));
    const raw = network.dial(address);
    raw.handle({ open: () => undefined, frame: () => undefined, drain: () => undefined, close: () => undefined });
    raw.send(Uint8Array.of(0x0a, 0x7f, 1, 2, 3));
    clock.settle();
    expect([sides[0]!.report?.error?.code, sides[0]!.got]).toEqual(['BAD_FRAME', []]);
  });

  test('refuses an envelope that is itself too large and carries the others', async () => {
    const { a, b } = await pair({ envelopeBytesMax: 100_000 });
    expect(() => a.link.send('data', command(1, 'x'.repeat(100_001)))).toThrow(/100000 are allowed/);
    a.link.send('data', command(2));
    clock.settle();
    expect(requests(b)).toEqual([2]);
  });

  test('goes on when a handler throws, and counts it', async () => {
    const { a, b } = await pair();
    b.onEnvelope = () => {
      throw new Error('handler bug');
    };
    a.link.send('data', command(1));
    a.link.send('data', command(2));
    clock.settle();
    expect(b.got.length).toBe(2);
    expect(metrics.value('muster_link_dropped_total', { lane: 'data', reason: 'handler-failed' })).toBe(2);
  });

  test('tells at its end what never left and what may have been seen', async () => {
    const { a, b } = await pair();
    b.link.hold('data');
    for (const i of from1to(1_300)) a.link.send('data', command(i));
    clock.settle();
    b.link.close();
    clock.settle();
    expect(a.report).toMatchObject({ reason: 'closed', unsent: { data: 300 }, unknown: { data: 1_000, control: 0 } });
    expect(a.link.send('control', beat(1))).toBe('closed');
  });

  test('sends what is under way when it is closed, and delivers nothing more itself', async () => {
    const { a, b } = await pair();
    a.link.send('control', beat(1));
    b.link.send('control', beat(2));
    a.link.close();
    clock.settle();
    expect([b.got.length, a.got.length]).toEqual([1, 0]);
    expect([a.report?.reason, b.report?.reason]).toEqual(['closed', 'closed']);
  });

  test('sends waiting control when it is closed while the network asks to wait', async () => {
    const { a, b } = await pair();
    for (let i = 0; i < 40; i += 1) a.link.send('data', command(i, 'x'.repeat(60_000)));
    expect(a.link.send('control', { type: 'goodbye', body: { code: 'STOPPING' } })).toBe('queued');
    a.link.close();
    clock.settle();
    // In the last frame, before the data that shares it.
    expect(b.got.find(([, { type }]) => type === 'goodbye')![1]).toMatchObject({ body: { code: 'STOPPING' } });
  });

  test('what is sent while the network asks to wait shares the next frame, up to a frame full', () => {
    const frames: Uint8Array[] = [];
    let events: ConnectionEvents | undefined;
    const connection: Connection = {
      remote: 'busy',
      handle: (given) => {
        events = given;
      },
      send: (frame) => frames.push(frame) < 0,
      close: () => undefined,
    };
    const { link } = sideOf(connection, { frameBytes: 2_000 });
    events!.open();
    const lots = (count: number): SendResult[] =>
      Array.from({ length: count }, (_, i) => {
        const result = link.send('data', command(i, 'x'.repeat(100)));
        clock.settle();
        return result;
      });
    lots(1);
    expect(frames.length).toBe(1);
    expect(new Set(lots(5))).toEqual(new Set(['sent']));
    expect([frames.length, link.queued('data')]).toEqual([1, 0]);
    expect(lots(30).at(-1)).toBe('queued');
    events!.drain();
    expect(frames.length).toBe(2);
    expect(frames[1]!.length).toBeGreaterThanOrEqual(2_000);
    while (link.queued('data') > 0) events!.drain();
    events!.drain();
    expect(frames.length).toBeLessThanOrEqual(5);
  });

  test('refuses options that make no sense', () => {
    const network = new LoopbackNetwork({ clock });
    for (const options of [{ creditMessages: 0 }, { grantShare: 0.9 }, { queueBytes: 10 }, { frameBytes: 1e9 }])
      expect(() => sideOf(network.dial('x:1'), options)).toThrow(/(whole number|share|at most)/);
  });
});
