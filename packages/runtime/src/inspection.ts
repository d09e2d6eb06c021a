import { type EntityRef, entityKey } from '@muster/ports';
import type { AnyActorKind, Json } from './actor.js';
import { type Envelope, restoreActor } from './envelope.js';
import { decodeJson, encodeJson } from './json.js';
import type { RuntimeOptions } from './options.js';
import type { Shard } from './shard.js';

/** What an operator may see of one entity here; undefined where nothing is known of it. Changes nothing: a parked actor stays parked. */
export function describeActor(
  shard: Shard,
  entity: EntityRef,
  kind: AnyActorKind | undefined,
  options: RuntimeOptions,
): Json | undefined {
  const key = entityKey(entity);
  const actor = shard.actors.get(key);
  const parked = shard.parked.get(key);
  if (!kind || (!actor && !parked)) return undefined;
  const head = { entity: key, kind: kind.kind, shard: shard.id, term: shard.term, durability: kind.durability };
  try {
    const envelope = actor ? actor.envelope : restoreActor(kind, entity.id, parked!.saved, options);
    if (!envelope) return { ...head, status: 'loading', mailbox: actor!.mailbox.length };
    return {
      ...head,
      status: actor ? 'active' : 'parked',
      mailbox: actor?.mailbox.length ?? 0,
      subscribers: actor ? Object.fromEntries(actor.emitter.subscriptions()) : {},
      ...describeEnvelope(envelope),
    };
  } catch (error) {
    return { ...head, status: 'unreadable', error: String(error) };
  }
}

function describeEnvelope(envelope: Envelope): Record<string, Json> {
  const { kind, state, seq, stream, timers, outbox, received, sessions, deferred } = envelope;
  const shown = kind.describe ? kind.describe(state) : kind.save ? kind.save(state) : state;
  return {
    version: kind.version,
    seq,
    stream,
    timers: [...(timers ?? [])].map(([name, { at, command }]) => ({ name, at, command })),
    outbox: [...(outbox?.values() ?? [])].map(({ number, to, command }) => ({ number, to: entityKey(to), command })),
    senders: received?.size ?? 0,
    sessions: sessions?.size ?? 0,
    deferred: deferred?.size ?? 0,
    // A copy: what is shown must not follow the actor's next turns.
    state: decodeJson(encodeJson(shown)) as Json,
  };
}
