import type { Peers } from '@muster/cluster';
import { type Clock, isErrorCode, type Millis, MusterError, type PeerId, type Timer } from '@muster/ports';

export interface QuestionsSetup {
  readonly peers: Peers;
  readonly clock: Clock;
  readonly timeoutMs: Millis;
  /** That wait for their answers at once. */
  readonly max: number;
}

export interface PeerAnswer {
  readonly request: number;
  /** Empty: it succeeded. */
  readonly code: string;
  /** JSON: the result, or the error's details. */
  readonly json: Uint8Array;
}

interface Pending {
  readonly owner: PeerId;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: MusterError) => void;
  readonly timer: Timer;
}

/** What owners were asked and have not answered. Each question is sent once. */
export class Questions {
  private readonly setup: QuestionsSetup;
  private readonly pending = new Map<number, Pending>();
  private asked = 0;

  constructor(setup: QuestionsSetup) {
    this.setup = setup;
  }

  /** `send` sends it under its number; false: the owner cannot be reached.
   *  @throws MusterError UNREACHABLE, DEADLINE_EXCEEDED, TOO_MANY_REQUESTS, STOPPING, or what the owner answered */
  ask(owner: PeerId, send: (request: number) => boolean): Promise<unknown> {
    const { clock, timeoutMs, max } = this.setup;
    if (this.pending.size >= max) return Promise.reject(new MusterError('TOO_MANY_REQUESTS', { max }));
    const request = ++this.asked;
    if (!send(request)) return Promise.reject(new MusterError('UNREACHABLE', { peer: owner }));
    return new Promise((resolve, reject) => {
      const timer = clock.after(timeoutMs, () => {
        this.pending.delete(request);
        reject(new MusterError('DEADLINE_EXCEEDED', { ms: timeoutMs }));
      });
      this.pending.set(request, { owner, resolve, reject, timer });
    });
  }

  /** An answer came. From anybody but who was asked it is none. */
  answered(from: PeerId, { request, code, json }: PeerAnswer): void {
    const question = this.pending.get(request);
    if (question?.owner !== from) return;
    this.end(request);
    const said = readJson(json);
    if (code === '') question.resolve(said);
    else question.reject(new MusterError(isErrorCode(code) ? code : 'ACTOR_FAILED', detailsOf(said)));
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
  try {
    return bytes.length === 0 ? null : JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

function detailsOf(said: unknown): Record<string, string | number | boolean> {
  return typeof said === 'object' && said !== null && !Array.isArray(said)
    ? (said as Record<string, string | number | boolean>)
    : {};
}
