import type { MemberRecord } from '@muster/cluster';
import { type Clock, type Millis, MusterError, type PeerId, type Timer } from '@muster/ports';

export type MemberState = MemberRecord['state'];

interface Wish {
  readonly state: MemberState;
  readonly done: () => void;
  readonly failed: (error: MusterError) => void;
  readonly timer: Timer;
}

/**
 * States that operators want nodes to have. The leader keeps asking with its acknowledgements until a beat says so, and then forgets it:
 * the state lives in the node, which tells every leader. So a drain or a cordon is accepted only once it can not be lost any more.
 */
export class Wishes {
  private readonly clock: Clock;
  private readonly limitMs: Millis;
  private readonly wishes = new Map<PeerId, Wish>();

  constructor(clock: Clock, limitMs: Millis) {
    this.clock = clock;
    this.limitMs = limitMs;
  }

  /** Resolves once the node says that it has this state. @throws MusterError DEADLINE_EXCEEDED, or REFUSED where another wish came */
  ask(peer: PeerId, state: MemberState): Promise<void> {
    this.end(peer)?.failed(new MusterError('REFUSED', { reason: `another operator wants this node to be ${state}` }));
    return new Promise((resolve, reject) => {
      const timer = this.clock.after(this.limitMs, () => {
        this.end(peer)?.failed(new MusterError('DEADLINE_EXCEEDED', { ms: this.limitMs }));
      });
      this.wishes.set(peer, { state, done: resolve, failed: reject, timer });
    });
  }

  /** What to ask it for; empty: nothing. */
  of(peer: PeerId): MemberState | '' {
    return this.wishes.get(peer)?.state ?? '';
  }

  /** A beat said so. */
  heard(peer: PeerId, state: string): void {
    if (this.wishes.get(peer)?.state === state) this.end(peer)?.done();
  }

  stop(): void {
    for (const peer of [...this.wishes.keys()]) this.end(peer)?.failed(new MusterError('STOPPING', { peer }));
  }

  private end(peer: PeerId): Wish | undefined {
    const wish = this.wishes.get(peer);
    wish?.timer.cancel();
    this.wishes.delete(peer);
    return wish;
  }
}
