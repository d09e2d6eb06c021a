import { ENTITY_KIND_PATTERN, MusterError } from '@muster/ports';
import type { ActorDefinition, ActorKind, CommandMap, EventMap } from './actor.js';

/**
 * A kind of virtual actor. Name the three types: the compiler then holds every rule, event and publication against them.
 *
 *     export const counter = defineActor<{ n: number }, CounterCommands, CounterEvents>('counter', { … });
 *
 * @throws MusterError BAD_CONFIG where the definition contradicts itself.
 */
export function defineActor<S, C extends CommandMap<C>, E extends EventMap<E>>(
  kind: string,
  definition: ActorDefinition<S, C, E>,
): ActorKind<S, C, E> {
  if (!ENTITY_KIND_PATTERN.test(kind)) throw bad(kind, 'the name of a kind is lower-case letters, digits and dashes');
  if (!Number.isInteger(definition.version) || definition.version < 1) throw bad(kind, 'version starts at 1');
  if (Boolean(definition.save) !== Boolean(definition.restore)) throw bad(kind, 'save and restore come together');
  if (definition.adopted !== undefined && !Object.hasOwn(definition.decide, definition.adopted))
    throw bad(kind, `adopted names no command: ${definition.adopted}`);
  for (const hook of ['subscriberLost', 'subscriberCame'] as const) {
    for (const [topic, command] of Object.entries<string | undefined>(definition[hook] ?? {})) {
      if (!Object.hasOwn(definition.topics ?? {}, topic)) throw bad(kind, `${hook} names no topic: ${topic}`);
      if (command === undefined || !Object.hasOwn(definition.decide, command))
        throw bad(kind, `${hook} names no command: ${command}`);
    }
  }
  return { ...definition, kind };
}

/** An event for {@link Decision.events}. Name and data are held against the kind's events where the decision is returned. */
export function event<const N extends string, D>(name: N, data: D): { readonly name: N; readonly data: D } {
  return { name, data };
}

function bad(kind: string, problem: string): MusterError {
  return new MusterError('BAD_CONFIG', { details: `actor kind ${kind}: ${problem}` });
}
