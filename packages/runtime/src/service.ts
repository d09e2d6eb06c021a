import { ENTITY_KIND_PATTERN, type EntityRef, type Millis, MusterError } from '@muster/ports';
import type { CommandMap, Origin, Refusal } from './actor.js';

/** Who asked a service. */
export interface ServiceContext {
  readonly self: EntityRef;
  /** Wall clock. */
  readonly now: Millis;
  /**
   * For an entity, `from` and `number` name the command: a repeat has the same. Whoever writes does it once for each number and sender, and
   * answers a repeat as the first time: the process that wrote may have died before it answered.
   */
  readonly origin: Origin;
}

/** The value, or why not. */
export type ServiceAnswer<R> = { readonly reply: R } | { readonly refuse: Refusal };

export interface ServiceDefinition<C extends CommandMap<C>> {
  /** Called at least once for each command. Rejecting with a retryable error, or with one that is no MusterError, is no answer: an actor's send
   *  is repeated. */
  readonly commands: {
    readonly [K in keyof C & string]: (
      data: C[K]['data'],
      context: ServiceContext,
    ) => Promise<ServiceAnswer<C[K]['reply']>>;
  };
}

/** A kind of service: addressed like an actor, and run by whoever owns the address. */
export interface ServiceKind<C extends CommandMap<C> = CommandMap> extends ServiceDefinition<C> {
  readonly kind: string;
}

/** A service whose types the holder need not know. */
// biome-ignore lint/suspicious/noExplicitAny: variance — a list of services of unrelated commands has no other type.
export type AnyServiceKind = ServiceKind<any>;

/**
 * A service does for actors what a turn cannot: it waits for something outside, storage above all. It has no state, no log, no turns: any
 * number of its commands run at once, in any process, and what it must not do twice it recognizes by whoever sent it. Actors reach it with
 * an ordinary `Send` that has an `answer`: repeated until answered, whoever dies meanwhile. Ids only spread the work; what one sender sends to one id is
 * done in order.
 *
 *     export const ledger = defineService<LedgerCommands>('ledger', { commands: { book: async ({ amount }, { origin }) => … } });
 *
 * @throws MusterError BAD_CONFIG
 */
export function defineService<C extends CommandMap<C>>(kind: string, definition: ServiceDefinition<C>): ServiceKind<C> {
  if (!ENTITY_KIND_PATTERN.test(kind))
    throw new MusterError('BAD_CONFIG', {
      details: `service kind ${kind}: the name of a kind is lower-case letters, digits and dashes`,
    });
  return { ...definition, kind };
}
