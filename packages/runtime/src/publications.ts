import type { EntityRef } from '@muster/ports';
import type { Audience, Publication } from './actor.js';
import type { Entry } from './entries.js';
import type { Envelope } from './envelope.js';
import type { JsonText } from './host.js';
import { encodeJson } from './json.js';

export interface NumberedPublication {
  readonly topic: string;
  readonly name: string;
  readonly json: JsonText;
  readonly number: number;
  readonly to?: Audience;
}

export type EventEntry = Extract<Entry, { type: 'event' }>;

/**
 * What subscribers see of an event that was just applied; `before`: the stream's number before it. The same events give the same
 * publications under the same numbers in whatever process. Throws what the kind's `publish` throws.
 */
export function publicationsOf(
  { kind, state }: Envelope,
  { name: event, data: what }: Pick<EventEntry, 'name' | 'data'>,
  before: number,
  self: EntityRef,
): readonly NumberedPublication[] {
  if (!kind.publish || !Object.hasOwn(kind.publish, event)) return NOTHING;
  const made: readonly Publication[] = kind.publish[event]!(state, what, self);
  // Two of one event on one topic still need numbers of their own; on different topics they share one.
  const perTopic = new Map<string, number>();
  // What is for nobody is not published: an event without a publication leaves no gap.
  return made
    .filter(({ to }) => to?.only?.length !== 0)
    .map(({ topic, name, data, to }) => {
      const nth = (perTopic.get(topic) ?? 0) + 1;
      perTopic.set(topic, nth);
      return { topic, name, json: encodeJson(data), number: before + nth, ...(to && { to }) };
    });
}

const NOTHING: readonly never[] = [];
