import { MusterError } from './errors.js';

declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Decimal text, as Tachyon's user ids are. */
export type PlayerId = Branded<string, 'PlayerId'>;
/** 0…1023 hashed shards, 1024…1279 solo shards. */
export type ShardId = Branded<number, 'ShardId'>;
/** The coordinators' regime: +1 at each take-over. */
export type Epoch = Branded<number, 'Epoch'>;
/** A shard's ownership generation: +1 at each change of owner or backup. */
export type Term = Branded<number, 'Term'>;
/** `id#incarnation`: one run of one process (K3). Two runs under one id are two peers. */
export type PeerId = Branded<string, 'PeerId'>;

export const playerId = (text: string): PlayerId => text as PlayerId;
export const shardId = (n: number): ShardId => n as ShardId;
export const epoch = (n: number): Epoch => n as Epoch;
/**
 * Of an operator who breaks the glass: it passes compares of epochs and waits for liveness, never those of the store, of terms and of storage,
 * and is nobody's current epoch. Audit entries have it, and what is sent on such an order.
 */
export const ADMIN_EPOCH: Epoch = epoch(Number.MAX_SAFE_INTEGER);
export const term = (n: number): Term => n as Term;

/** What a process does in the cluster. */
export type Role = 'coordinator' | 'node' | 'gateway' | 'relay' | 'cli';

export function peerId(id: string, incarnation: string): PeerId {
  return `${id}#${incarnation}` as PeerId;
}

export function parsePeerId(peer: string): { readonly id: string; readonly incarnation: string } {
  const at = peer.lastIndexOf('#');
  return at < 0 ? { id: peer, incarnation: '' } : { id: peer.slice(0, at), incarnation: peer.slice(at + 1) };
}

/** An entity: a virtual actor's address, written `kind/id`. */
export interface EntityRef {
  readonly kind: string;
  readonly id: string;
}

export const ENTITY_KIND_PATTERN = /^[a-z][a-z0-9-]{0,31}$/;
/** Longest entity id. Ids are user-visible: uuids, decimal numbers, short names. */
export const ENTITY_ID_LENGTH_MAX = 128;

export function entity(kind: string, id: string): EntityRef {
  return { kind, id };
}

export function entityKey(ref: EntityRef): string {
  return `${ref.kind}/${ref.id}`;
}

/** Reads `kind/id`. @throws MusterError INVALID_ENTITY when the text is no such thing. */
export function parseEntity(text: string): EntityRef {
  const slash = text.indexOf('/');
  const kind = text.slice(0, slash);
  const id = text.slice(slash + 1);
  if (slash < 0 || !isEntity(kind, id)) throw new MusterError('INVALID_ENTITY', { entity: text.slice(0, 160) });
  return { kind, id };
}

/** Half a surrogate pair: storage and wire would give it back as another character, and two entities would be one. */
const HALF_CHARACTER = /\p{Surrogate}/u;

/** True where `kind` and `id` may address an entity: printable, whole characters, no slash in the kind, within length. */
export function isEntity(kind: string, id: string): boolean {
  if (!ENTITY_KIND_PATTERN.test(kind) || id.length === 0 || id.length > ENTITY_ID_LENGTH_MAX) return false;
  let halves = false;
  for (let i = 0; i < id.length; i += 1) {
    const code = id.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return false;
    if (code >= 0xd800 && code <= 0xdfff) halves = true;
  }
  return !halves || !HALF_CHARACTER.test(id);
}
