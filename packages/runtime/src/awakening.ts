import { type EntityRef, parseEntity } from '@muster/ports';
import type { AnyActorKind } from './actor.js';
import { mayOwe } from './envelope.js';
import type { Services } from './services.js';
import type { Parked, Shard } from './shard.js';
import type { Due, WheelTimer } from './timer-wheel.js';

/**
 * Wakes the actors of an adopted shard that nobody else may wake: at once those with timers or unanswered sends, and some time later
 * those that want to hear of their adoption. So many at a time, over all shards: others have their first command waiting.
 */
export class Awakening implements Due {
  private readonly shard: Shard;
  private readonly services: Services;
  private readonly kinds: ReadonlyMap<string, AnyActorKind>;
  private readonly activate: (ref: EntityRef) => unknown;
  /** Those that are to be woken, and nobody where somebody was only looked at. */
  private queue: Iterator<string | undefined> = [].values();
  private phase: 'owing' | 'hearing' | 'done' = 'owing';
  private timer: WheelTimer | undefined;

  constructor(
    shard: Shard,
    kinds: ReadonlyMap<string, AnyActorKind>,
    services: Services,
    activate: (ref: EntityRef) => unknown,
  ) {
    this.shard = shard;
    this.kinds = kinds;
    this.services = services;
    this.activate = activate;
  }

  start(): void {
    this.queue = this.waiting(({ saved }) => {
      this.services.pace.looked(saved);
      return mayOwe(saved);
    });
    this.due();
  }

  stop(): void {
    this.timer?.cancel();
    this.phase = 'done';
  }

  due(): void {
    this.timer = undefined;
    if (this.phase === 'done') return;
    const { options, pace } = this.services;
    while (pace.hasRoom) {
      const { done, value } = this.queue.next();
      if (done) {
        this.nextPhase();
        return;
      }
      if (value === undefined || !this.shard.parked.get(value)?.adopted) continue;
      pace.took();
      this.activate(parseEntity(value));
    }
    this.wait(options.wheelTickMs);
  }

  private nextPhase(): void {
    if (this.phase === 'hearing') {
      this.phase = 'done';
      return;
    }
    this.phase = 'hearing';
    this.queue = this.waiting((_, key) => this.kinds.get(key.slice(0, key.indexOf('/')))?.adopted !== undefined);
    this.wait(this.services.options.adoptedPatienceMs);
  }

  private wait(delayMs: number): void {
    this.timer = this.services.wheel.arm(delayMs, this);
  }

  private *waiting(wanted: (parked: Parked, key: string) => boolean): Generator<string | undefined> {
    for (const key of [...this.shard.parked.keys()]) {
      const parked = this.shard.parked.get(key);
      if (parked?.adopted) yield wanted(parked, key) ? key : undefined;
    }
  }
}
