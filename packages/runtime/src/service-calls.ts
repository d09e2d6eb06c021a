import { entityKey, isEntity, isMusterError, type Millis, MusterError, type Timer } from '@muster/ports';
import type { Delivery, DeliveryOrigin, Outcome } from './host.js';
import { decodeJson, encodeJson } from './json.js';
import { Ring } from './mailbox.js';
import { failure, refused } from './outcome.js';
import type { AnyServiceKind, ServiceAnswer, ServiceContext } from './service.js';
import type { Services } from './services.js';
import type { Shard } from './shard.js';
import { ticketOf } from './ticket.js';
import { originOf } from './turns.js';

interface ServiceCall {
  readonly key: string;
  readonly shard: Shard;
  readonly service: AnyServiceKind;
  readonly delivery: Delivery;
  readonly data: unknown;
  /** Of the delivery that came last: who asks again may wait elsewhere by now. */
  origin: DeliveryOrigin;
  /** The latest of all deliveries': who asks again waits again. */
  deadline: Millis;
  /** It was answered, or nobody waits for it here any more. */
  over: boolean;
}

/**
 * Commands of services in this process: so many at a time, so many waiting, each within its time.
 *
 * The process may die at any moment, the command done or not: its sender asks the shard's next owner. The shard may go elsewhere
 * while a command runs: who waits hears NOT_OWNER and asks there, so the same command may run in two processes at once.
 */
export class ServiceCalls {
  private readonly services: Services;
  private readonly kinds: ReadonlyMap<string, AnyServiceKind>;
  private readonly waiting: Ring<ServiceCall>;
  /** Running and waiting, by service and sender. */
  private readonly open = new Map<string, ServiceCall>();
  private running = 0;

  constructor(services: Services, kinds: readonly AnyServiceKind[]) {
    this.services = services;
    this.kinds = new Map(kinds.map((kind) => [kind.kind, kind]));
    this.waiting = new Ring(services.options.serviceWaitingMax);
  }

  has(kind: string): boolean {
    return this.kinds.has(kind);
  }

  /** The command waits, runs, or is answered at once where it cannot be taken. */
  take(shard: Shard, delivery: Delivery): void {
    const { entity, command, origin } = delivery;
    const service = this.kinds.get(entity.kind)!;
    const problem = this.unfit(service, delivery);
    if (problem) {
      this.refuse(shard, origin, problem);
      return;
    }
    const key = `${entityKey(entity)} ${ticketOf(origin)}`;
    const known = this.open.get(key);
    if (known) {
      known.origin = origin;
      known.deadline = Math.max(known.deadline, delivery.deadline);
      this.services.counters.repeats.add(1, { origin: origin.type });
      return;
    }
    let data: unknown;
    try {
      data = decodeJson(delivery.data);
    } catch {
      this.refuse(shard, origin, failure('INVALID_REQUEST', { details: `${command}: not JSON` }));
      return;
    }
    const { deadline } = delivery;
    const call = { key, shard, service, delivery, data, origin, deadline, over: false };
    if (!this.waiting.push(call)) {
      this.refuse(shard, origin, failure('MAILBOX_FULL', { entity: entityKey(entity) }));
      return;
    }
    this.open.set(key, call);
    this.next();
  }

  /** The shard is not here any more. */
  evict(shard: Shard, outcome: Outcome): void {
    for (const call of this.open.values()) if (call.shard === shard) this.answer(call, outcome);
  }

  private unfit(service: AnyServiceKind, { entity, command }: Delivery): Outcome | undefined {
    if (!isEntity(entity.kind, entity.id))
      return failure('INVALID_ENTITY', { entity: entityKey(entity).slice(0, 160) });
    if (Object.hasOwn(service.commands, command)) return undefined;
    return failure('UNKNOWN_COMMAND', { kind: service.kind, command: command.slice(0, 64) });
  }

  private next(): void {
    while (this.running < this.services.options.servicesAtOnceMax) {
      const call = this.waiting.shift();
      if (!call) return;
      if (call.over) continue;
      if (this.services.clock.monotonic() > call.deadline) {
        this.services.counters.dropped.add(1, { reason: 'deadline' });
        this.answer(call, failure('DEADLINE_EXCEEDED', { ms: 0 }));
      } else this.run(call);
    }
  }

  private run(call: ServiceCall): void {
    const { service, delivery } = call;
    const { clock, options, tracer, counters } = this.services;
    counters.serviceCalls.add(1, { kind: service.kind });
    const context = { self: delivery.entity, now: clock.now(), origin: originOf(delivery.origin) };
    const { command, trace } = delivery;
    const span = trace === '' ? undefined : tracer.start(`service ${service.kind}.${command}`, trace);
    this.running += 1;
    let ended = false;
    const end = (outcome: Outcome): void => {
      if (ended) return;
      ended = true;
      timer.cancel();
      this.running -= 1;
      span?.end(outcome.ok ? undefined : outcome.code);
      this.answer(call, outcome);
      this.next();
    };
    // What never ends must not hold its place for ever; it may still do what it was asked to do.
    const timer: Timer = clock.after(options.serviceMs, () => end(this.late(call, options.serviceMs)));
    void answerOf(service, command, call.data, context).then(end, (error: unknown) => end(this.failed(call, error)));
  }

  private late({ delivery }: ServiceCall, ms: Millis): Outcome {
    this.services.counters.failures.add(1, { part: 'service' });
    this.services.log.write('warn', 'service.slow', {
      entity: entityKey(delivery.entity),
      command: delivery.command,
      ms,
    });
    return failure('DEADLINE_EXCEEDED', { ms });
  }

  /** An error that nobody has a name for may be the network's or a driver's: the sender asks again, and whoever watches the count sees a defect. */
  private failed({ delivery: { entity, command } }: ServiceCall, error: unknown): Outcome {
    if (isMusterError(error)) return failure(error.code, error.details);
    this.services.counters.failures.add(1, { part: 'service' });
    this.services.log.write('error', 'service.failed', { entity: entityKey(entity), command, error });
    return failure('SERVICE_FAILED', { entity: entityKey(entity), command });
  }

  private answer(call: ServiceCall, outcome: Outcome): void {
    if (call.over) return;
    call.over = true;
    this.open.delete(call.key);
    this.services.outlet.reply(call.origin, call.shard.id, call.shard.term, outcome);
  }

  private refuse({ id, term }: Shard, origin: DeliveryOrigin, outcome: Outcome): void {
    if (!outcome.ok) this.services.counters.refused.add(1, { code: outcome.code });
    this.services.outlet.reply(origin, id, term, outcome);
  }
}

/** Rejects with whatever the service throws, at once or later. */
async function answerOf(
  service: AnyServiceKind,
  command: string,
  data: unknown,
  context: ServiceContext,
): Promise<Outcome> {
  const answer: ServiceAnswer<unknown> = await service.commands[command]!(data, context);
  if ('refuse' in answer) return refused(answer.refuse);
  if (!('reply' in answer)) throw new MusterError('ACTOR_FAILED', { entity: entityKey(context.self), command });
  return { ok: true, json: answer.reply === undefined ? 'null' : encodeJson(answer.reply) };
}
