import type { Benchmark, BenchmarkRun } from '../benchmark.js';
import { Child, withChildren } from '../child.js';
import { inTurns, median, spread } from '../rounds.js';
import type { Sent } from './sender.js';
import { type Addresses, MESSAGE_BYTES, SUBJECTS, type Subject } from './subjects.js';

const ROUNDS = 7;
const WARM_UPS = 3;
/** What one run should take; the first runs show how many messages that is. */
const RUN_SECONDS = 1;
const RUN_DEADLINE_MS = 60_000;
const FIRST_MESSAGES = 20_000;
const MESSAGES_MAX = 4_000_000;

interface Sample {
  readonly messages: number;
  readonly received: number;
  readonly perSecond: number;
  /** Of both processes. */
  readonly cpuMicrosPerMessage: number;
}

/** Messages per second from one process to another over one connection. */
export const linkBenchmark: Benchmark = {
  name: 'link',
  summary: 'messages/s over one link between two processes, against a bare grpc-js stream with one message a frame',
  run: (run) =>
    withChildren(
      run.interrupted,
      [
        new Child(new URL('./sender.js', import.meta.url)),
        new Child(new URL('./receiver.js', import.meta.url)),
      ] as const,
      (sender, receiver) => measure(run, sender, receiver),
    ),
};

async function measure({ found, say, rounds = ROUNDS }: BenchmarkRun, sender: Child, receiver: Child): Promise<void> {
  const addresses = await receiver.ask<Addresses>('listen', undefined, RUN_DEADLINE_MS);
  await sender.ask('connect', addresses, RUN_DEADLINE_MS);
  const sizes = new Map<Subject, number>();
  for (const subject of SUBJECTS) {
    const { perSecond } = await once(sender, receiver, subject, FIRST_MESSAGES);
    sizes.set(subject, Math.min(MESSAGES_MAX, Math.ceil(perSecond * RUN_SECONDS)));
  }
  say(
    `link: ${WARM_UPS + rounds} rounds of ${SUBJECTS.map((subject) => `${subject} ${sizes.get(subject)}`).join(', ')} messages`,
  );
  const samples = await inTurns(
    {
      link: () => once(sender, receiver, 'link', sizes.get('link')!),
      plain: () => once(sender, receiver, 'plain', sizes.get('plain')!),
      batched: () => once(sender, receiver, 'batched', sizes.get('batched')!),
    },
    { rounds, warmUps: WARM_UPS },
  );
  const compare = (baseline: Subject, what: string): void => {
    const [ours, theirs] = [samples.link, samples[baseline]];
    const rate = (all: readonly Sample[]): number[] => all.map(({ perSecond }) => perSecond);
    const all = [...ours, ...theirs];
    found({
      name: baseline === 'plain' ? 'link' : 'link.codec',
      value: median(rate(ours)),
      unit: 'messages/s',
      baseline: what,
      baselineValue: median(rate(theirs)),
      completed: all.reduce((sum, { received }) => sum + received, 0),
      asked: all.reduce((sum, { messages }) => sum + messages, 0),
      details: {
        messageBytes: MESSAGE_BYTES,
        rounds,
        ratioOfRounds: spread(rate(ours), rate(theirs)),
        cpuMicrosPerMessage: micros(ours),
        baselineCpuMicrosPerMessage: micros(theirs),
      },
    });
  };
  compare('plain', 'bare grpc-js stream, one message a frame');
  compare('batched', 'bare grpc-js stream, frames of 64 KiB filled by hand, no codec, no credit');
}

function micros(samples: readonly Sample[]): number {
  return median(samples.map(({ cpuMicrosPerMessage }) => cpuMicrosPerMessage));
}

async function once(sender: Child, receiver: Child, subject: Subject, messages: number): Promise<Sample> {
  await receiver.ask('expect', { subject, messages }, RUN_DEADLINE_MS);
  const before = await cpu(sender, receiver);
  const { receipt, seconds } = await sender.ask<Sent>('send', { subject, messages }, RUN_DEADLINE_MS);
  const used = (await cpu(sender, receiver)) - before;
  const { received, wrong } = receipt;
  return { messages, received: received - wrong, perSecond: received / seconds, cpuMicrosPerMessage: used / messages };
}

async function cpu(...children: readonly Child[]): Promise<number> {
  const used = await Promise.all(
    children.map((child) => child.ask<NodeJS.CpuUsage>('cpu', undefined, RUN_DEADLINE_MS)),
  );
  return used.reduce((sum, { user, system }) => sum + user + system, 0);
}
