import { beforeEach, describe, expect, test } from '@jest/globals';
import { type Clock, MemoryMetrics, silentLog, type Timer } from '@muster/ports';
import type { Envelope, EnvelopeInit } from './generated/link.js';
import { type Lane, Link, type LinkOptions, type LinkReport, LoopbackNetwork } from './index.js';

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
  link: Link;
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

/** Two links joined by a loopback connection. */
async function pair(options: Partial<LinkOptions> = {}): Promise<{ a: Side; b: Side }> {
  const network = new LoopbackNetwork({ clock });
  const side = (connection: ReturnType<LoopbackNetwork['dial']>): Side => {
    const made: Omit<Side, 'link'> = { got: [], writable: [] };
    const whole = made as Side;
    whole.link = new Link({
      connection,
      clock,
      log: silentLog,
      metrics,
      options,
      handler: {
        envelope: (lane, envelope) => {
          whole.got.push([lane, envelope]);
          whole.onEnvelope?.(lane, envelope);
        },
        writable: (lane) => whole.writable.push(lane),
        closed: (report) => {
          whole.report = report;
        },
      },
    });
    return whole;
  };
  let b: Side | undefined;
  const { address } = await network.listen('host:0', (connection) => {
    b = side(connection);
  });
  const a = side(network.dial(address));
  clock.settle();
  return { a, b: b! };
}

const command = (request: number, data = '{}'): EnvelopeInit => ({
  type: 'command',
  shard: 7,
  term: 3,
  body: { kind: 'player', id: '42', name: 'send', request, data: Buffer.from(data) },
});
const requests = (side: Side): number[] =>
  side.got.flatMap(([, envelope]) => (envelope.type === 'command' ? [envelope.body.request] : []));

describe('a link', () => {
  test('delivers what was sent in one turn as one frame, in order per lane', async () => {
    const { a, b } = await pair();
    for (let i = 1; i <= 20; i += 1) expect(a.link.send('data', command(i))).toBe('sent');
    clock.settle();
    expect(requests(b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(metrics.value('muster_link_frames_total', { direction: 'out' })).toBe(1);
  });
});
