// One actor's rules without a runtime: decides, evolves, collects what would leave. The runtime's own guarantees (order, retries,
// durability) are tested elsewhere; here a turn is one call.
import { type EntityRef, entity, entityKey, SeededRandom } from '@muster/ports';
import type {
  ActorKind,
  CommandMap,
  DecideContext,
  Decision,
  EventMap,
  EventRecord,
  Origin,
  Publication,
  Send,
  TimerChange,
} from '@muster/runtime';

export interface StagedTurn {
  readonly reply: unknown;
  readonly refuse: string | undefined;
  readonly sends: readonly Send[];
  readonly timers: readonly TimerChange[];
  readonly published: readonly Publication[];
  readonly deferred: boolean;
  readonly resolved: NonNullable<Decision<unknown, EventMap, unknown>['resolve']>;
}

export class ActorStage<S, C extends CommandMap<C>, E extends EventMap<E>> {
  readonly kind: ActorKind<S, C, E>;
  readonly self: EntityRef;
  state: S;
  now = 1_700_000_000_000;
  /** By name, as they are set. */
  readonly timers = new Map<string, { readonly at: number; readonly command: string; readonly data: unknown }>();
  private readonly random = new SeededRandom(1);
  private numbers = 0;

  constructor(kind: ActorKind<S, C, E>, id: string) {
    this.kind = kind;
    this.self = entity(kind.kind, id);
    this.state = kind.initial(id, null);
  }

  /** A command from the gateway of the connection `session`, which the actor's own id vouches for. */
  from<K extends keyof C & string>(session: string, command: K, data: C[K]['data']): StagedTurn {
    this.numbers += 1;
    return this.turn(command, data, { type: 'client', session, request: this.numbers, caller: this.self.id });
  }

  /** A command of another actor: `kind/id`. */
  by<K extends keyof C & string>(from: string, command: K, data: C[K]['data']): StagedTurn {
    this.numbers += 1;
    const [kind, id] = from.split('/') as [string, string];
    return this.turn(command, data, { type: 'entity', from: entity(kind, id), number: this.numbers });
  }

  /** A command of the runtime, or of whoever is named. */
  internal<K extends keyof C & string>(
    command: K,
    data: C[K]['data'],
    origin: Origin = { type: 'runtime' },
  ): StagedTurn {
    return this.turn(command, data, origin);
  }

  /** The receiver of `send` replied with `value`, or refused with `reason`. */
  answer(
    { to, answer, context }: Send,
    outcome: { readonly value: unknown } | { readonly reason: string },
  ): StagedTurn {
    const told =
      'value' in outcome
        ? { ok: true, value: JSON.parse(JSON.stringify(outcome.value ?? null)) }
        : { ok: false, code: 'REFUSED', details: { reason: outcome.reason } };
    const data = { from: to, context: JSON.parse(JSON.stringify(context ?? null)), ...told };
    return this.turn(answer as keyof C & string, data, { type: 'entity', from: to, number: 0 });
  }

  /** Time passes; timers fire in their order. */
  pass(ms: number): readonly StagedTurn[] {
    const end = this.now + ms;
    const turns: StagedTurn[] = [];
    for (;;) {
      const due = [...this.timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!due) break;
      const [name, { at, command, data }] = due;
      this.timers.delete(name);
      this.now = Math.max(this.now, at);
      turns.push(this.turn(command as keyof C & string, data, { type: 'timer', name }));
    }
    this.now = end;
    return turns;
  }

  snapshot(topic: string): unknown {
    return JSON.parse(JSON.stringify(this.kind.topics?.[topic]?.(this.state, this.self)));
  }

  private turn<K extends keyof C & string>(command: K, data: C[K]['data'], origin: Origin): StagedTurn {
    const ctx: DecideContext = { self: this.self, now: this.now, origin, random: this.random, ticket: 't' };
    const before = JSON.stringify(this.state);
    const decision: Decision<S, E, C[K]['reply']> = this.kind.decide[command](this.state, data, ctx);
    if (JSON.stringify(this.state) !== before) throw new Error(`${command} changed the state while deciding`);
    const published = (decision.events ?? []).flatMap((record) => this.apply(record));
    for (const timer of decision.timers ?? []) {
      if (timer.at === null) this.timers.delete(timer.name);
      else this.timers.set(timer.name, { at: timer.at, command: timer.command, data: timer.data ?? null });
    }
    const { reply } = decision;
    return {
      reply:
        typeof reply === 'function' ? (reply as (state: S, stream: number) => unknown)(this.state, 0) : (reply ?? null),
      refuse: decision.refuse?.reason,
      sends: decision.sends ?? [],
      timers: decision.timers ?? [],
      published,
      deferred: decision.defer ?? false,
      resolved: decision.resolve ?? [],
    };
  }

  private apply(record: EventRecord<E>): readonly Publication[] {
    // Through JSON, as a backup would read it.
    const data = JSON.parse(JSON.stringify(record.data)) as never;
    this.kind.evolve[record.name](this.state, data, this.now);
    this.state = JSON.parse(JSON.stringify(this.state)) as S;
    return this.kind.publish?.[record.name]?.(this.state, data, this.self) ?? [];
  }
}

/** `kind/id command`, in order. */
export function sent({ sends }: StagedTurn): readonly string[] {
  return sends.map(({ to, command }) => `${entityKey(to)} ${command}`);
}
