import type { Peers } from '@muster/cluster';
import {
  type Clock,
  type EntityRef,
  isErrorCode,
  type Millis,
  MusterError,
  type PeerId,
  type Timer,
} from '@muster/ports';

interface Pending {
  readonly owner: PeerId;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: MusterError) => void;
  readonly timer: Timer;
}

/** Questions to owners about one entity each. */
export class Inspections {
  private readonly setup: {
    readonly peers: Peers;
    readonly clock: Clock;
    readonly timeoutMs: Millis;
    readonly max: number;
  };
  private readonly pending = new Map<number, Pending>();
  private asked = 0;

  constructor(setup: Inspections['setup']) {
    this.setup = setup;
    setup.peers.on('inspected', (from, { body }) => {
      const question = this.pending.get(body.request);
      if (question?.owner !== from.peer) return;
      this.end(body.request);
      if (body.code === '') question.resolve(readJson(body.result));
      else
        question.reject(new MusterError(isErrorCode(body.code) ? body.code : 'ACTOR_FAILED', readDetails(body.result)));
    });
  }

  /** What the owner knows of the entity; null: it is not activated there.
   *  @throws MusterError UNREACHABLE, DEADLINE_EXCEEDED, TOO_MANY_REQUESTS, or what the owner answered */
  ask(owner: PeerId, entity: EntityRef, shard: number): Promise<unknown> {
    const { peers, clock, timeoutMs, max } = this.setup;
    if (this.pending.size >= max) return Promise.reject(new MusterError('TOO_MANY_REQUESTS', { max }));
    const request = ++this.asked;
    const body = { request, kind: entity.kind, id: entity.id };
    if (!peers.send(owner, 'control', { type: 'inspect', shard, body }))
      return Promise.reject(new MusterError('UNREACHABLE', { peer: owner }));
    return new Promise((resolve, reject) => {
      const timer = clock.after(timeoutMs, () => {
        this.pending.delete(request);
        reject(new MusterError('DEADLINE_EXCEEDED', { ms: timeoutMs }));
      });
      this.pending.set(request, { owner, resolve, reject, timer });
    });
  }

  stop(): void {
    for (const [request, { reject }] of this.pending) {
      this.end(request);
      reject(new MusterError('STOPPING', { peer: this.setup.peers.self.peer }));
    }
  }

  private end(request: number): void {
    this.pending.get(request)?.timer.cancel();
    this.pending.delete(request);
  }
}

function readJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return null;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

function readDetails(bytes: Uint8Array): Record<string, string | number | boolean> {
  const value = readJson(bytes);
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, string | number | boolean>)
    : {};
}
