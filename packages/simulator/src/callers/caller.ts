// One program that commands actors through any gateway's router, under its own session and its own request numbers (K11):
//
//   ask n ──► attempt at some gateway ──► answered (a value, or refused for good)
//                │  ▲
//                └──┘ a retryable error, the gateway died, or no answer in time: the same request again, anywhere
//             patience over: unknown. It may have happened, or may happen while a copy of it is still under way.
//
// So the same request may be under way at two gateways at once. Only what the actor remembers keeps it from being obeyed twice.
import type { RoutedOutcome } from '@muster/cluster';
import {
  type EntityRef,
  ERRORS,
  type ErrorCode,
  entityKey,
  type Millis,
  type SeededRandom,
  type Timer,
  type VirtualClock,
} from '@muster/ports';
import type { GatewayAt } from '../clients/door.js';

export type Told =
  | { readonly how: 'answered'; readonly value: unknown }
  | { readonly how: 'refused'; readonly reason: string }
  | { readonly how: 'unknown' };

export interface Ask {
  readonly entity: EntityRef;
  readonly command: string;
  readonly data: unknown;
  /** Called once. */
  readonly told: (told: Told) => void;
}

export interface CallerSetup {
  readonly id: string;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly latencyMs: Millis;
  /** Some gateway; undefined: it does not run. */
  readonly gateway: () => GatewayAt | undefined;
  /** An answer that no fault can bring about. */
  readonly wrong: (what: string) => void;
}

/** How long one request is asked for: less than replies are kept (K11), whatever the clocks. */
const PATIENCE_MS: Millis = 8_000;
const ATTEMPT_MIN_MS: Millis = 400;
const ATTEMPT_MAX_MS: Millis = 3_000;
const AGAIN_MAX_MS: Millis = 200;

export class Caller {
  readonly counts = { asked: 0, answered: 0, refused: 0, unknown: 0, attempts: 0 };
  private readonly setup: CallerSetup;
  private request = 0;
  private asking: Ask | undefined;
  private until: Millis = 0;
  private attempts = 0;
  private timer: Timer | undefined;
  private stopWatching: () => void = () => undefined;

  constructor(setup: CallerSetup) {
    this.setup = setup;
  }

  get busy(): boolean {
    return this.asking !== undefined;
  }

  /** One at a time. */
  ask(ask: Ask, patienceMs: Millis = PATIENCE_MS): void {
    if (this.asking) throw new Error(`${this.setup.id} asks already`);
    this.asking = ask;
    this.request += 1;
    this.counts.asked += 1;
    this.until = this.setup.clock.monotonic() + patienceMs;
    this.attempt();
  }

  private attempt(): void {
    const { clock, random, gateway, latencyMs } = this.setup;
    const ask = this.asking!;
    this.attempts += 1;
    this.counts.attempts += 1;
    const number = this.attempts;
    // It may enter a gateway late, when the next request is asked already.
    const { request } = this;
    const at = gateway();
    if (!at) {
      this.again(number);
      return;
    }
    this.stopWatching = at.process.onDeath(() => this.again(number));
    this.timer = clock.after(ATTEMPT_MIN_MS * (ATTEMPT_MAX_MS / ATTEMPT_MIN_MS) ** random.next(), () =>
      this.again(number),
    );
    clock.after(latencyMs * random.next(), () =>
      at.process.run(() => this.enter(at, ask, request, (outcome) => this.answered(number, outcome))),
    );
  }

  private enter({ role, process }: GatewayAt, ask: Ask, request: number, done: (outcome: RoutedOutcome) => void): void {
    const { id, clock, random, latencyMs } = this.setup;
    const origin = { type: 'client', session: id, request, answered: request - 1, caller: id } as const;
    const data = Buffer.from(JSON.stringify(ask.data));
    const call = { entity: ask.entity, name: ask.command, data, origin, deadlineMs: 10_000, trace: '', cause: '' };
    role.client.router.call(call, (outcome) => {
      // A dead process says nothing.
      if (process.state !== 'dead') clock.after(latencyMs * random.next(), () => done(outcome));
    });
  }

  private answered(number: number, outcome: RoutedOutcome): void {
    if (number !== this.attempts || !this.asking) return;
    if (outcome.ok) this.told({ how: 'answered', value: JSON.parse(Buffer.from(outcome.data).toString('utf8')) });
    else if (outcome.code === 'REFUSED') this.told({ how: 'refused', reason: String(outcome.details.reason) });
    else if (isRetryable(outcome.code)) this.again(number);
    else {
      const { entity, command } = this.asking;
      const what = `${this.setup.id} request ${this.request}, ${command} of ${entityKey(entity)}: ${outcome.code}`;
      this.setup.wrong(`${what} ${JSON.stringify(outcome.details)}`);
      this.told({ how: 'unknown' });
    }
  }

  private again(number: number): void {
    if (number !== this.attempts || !this.asking) return;
    this.endAttempt();
    const { clock, random } = this.setup;
    if (clock.monotonic() >= this.until) this.told({ how: 'unknown' });
    else this.timer = clock.after(1 + AGAIN_MAX_MS * random.next(), () => this.attempt());
  }

  private told(told: Told): void {
    this.endAttempt();
    const ask = this.asking!;
    this.asking = undefined;
    this.counts[told.how] += 1;
    ask.told(told);
  }

  private endAttempt(): void {
    this.attempts += 1;
    this.timer?.cancel();
    this.stopWatching();
    this.stopWatching = () => undefined;
  }
}

function isRetryable(code: ErrorCode): boolean {
  return ERRORS[code].retryable;
}
