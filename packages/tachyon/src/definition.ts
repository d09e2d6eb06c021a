import type { Static, TSchema } from '@sinclair/typebox';

/** The WebSocket subprotocol on which only Tachyon commands exist. */
export const TACHYON_SUBPROTOCOL = 'v0.tachyon';
/** The one on which everything exists: Tachyon's commands and those that only this server has. */
export const MUSTER_SUBPROTOCOL = 'v0.muster';
/** The OAuth2 scope without which no connection is made. */
export const TACHYON_SCOPE = 'tachyon.lobby';

export type Direction = 'user→server' | 'server→user' | 'autohost→server' | 'server→autohost';

/** Reasons that any command may fail with. */
export const GENERIC_REASONS = ['internal_error', 'unauthorized', 'invalid_request', 'command_unimplemented'] as const;
export type GenericReason = (typeof GENERIC_REASONS)[number];

/** Why a request failed, as the client is told. */
export interface Failure {
  readonly reason: string;
  readonly details?: string | undefined;
}

/** Ids of the actors that a caller belongs to, by kind (`lobby`, `party`, `clan`, `match`), as its player's actor said last. */
export type Places = Readonly<Record<string, string | undefined>>;

/** A command of an actor. */
export interface ActorTarget {
  readonly kind: string;
  /** `caller`: the actor that is named like who asks. `place`: the one of this kind that the caller is in; it looks itself whether
   *  the caller is still a member, for what the gateway knows may be old. A function reads the id from data that passed the schema. */
  // biome-ignore lint/suspicious/noExplicitAny: variance — a list of commands with unrelated data has no other type.
  readonly id: 'caller' | 'place' | ((data: any) => string);
  readonly command: string;
  /** Why a caller who is in no such place is refused. Absent: `invalid_request`. */
  readonly outside?: string;
}

/** Who handles a request: the gateway itself, or a command of an actor. */
export type Target = 'gateway' | ActorTarget;

/** Data of one message and of its successful response; shown in the reference. */
export interface Example {
  readonly data?: unknown;
  readonly reply?: unknown;
}

/** One command, as everything else is made from: types, validators, routing and the reference in the docs. */
export interface CommandDefinition {
  /** `service/command` */
  readonly commandId: string;
  readonly direction: Direction;
  readonly kind: 'request' | 'event';
  /** One sentence for the reference. */
  readonly what: string;
  /** Not part of Tachyon: it exists on `v0.muster` alone. */
  readonly only?: typeof MUSTER_SUBPROTOCOL;
  /** Absent: whatever comes as data is passed over. */
  readonly data?: TSchema;
  /** The data may be left out altogether. */
  readonly dataOptional?: true;
  /** Data of a successful response. Absent: none. */
  readonly reply?: TSchema;
  /** Failure reasons beside the generic ones. */
  readonly reasons?: readonly string[];
  /** `<path> <keyword>` of a schema violation → a reason that says more than `invalid_request`. */
  readonly violations?: Readonly<Record<string, string>>;
  /** For requests and events that come in. */
  readonly target?: Target;
  /** For what the server sends: the kind of actor whose stream brings it, or `gateway`. */
  readonly source?: string;
  /** The kind of place (`lobby`, `party`) that the sender may be in afterwards, or no longer: what goes to such a place waits for its answer. */
  readonly moves?: string;
  /** What the actor is asked where it has answered and keeps that answer no more (a long one is kept until the next): `true`: the same, which only
   *  reads, or does nothing the second time; else this command of its, which gives the answer as it is now. Absent: the request fails then. */
  readonly again?: true | string;
  /** The kind of place that the data speaks of, though the command goes elsewhere: it waits as what goes there does. Gets data that nobody has checked. */
  readonly speaksOf?: (data: unknown) => string | undefined;
  /** Requests and events of the server that success leads to, by whatever way: the client gets them after its response. */
  readonly leadsTo?: readonly string[];
  /** No actor behaves accordingly yet: answered `command_unimplemented`, and never sent. Whoever serves the command takes this away. */
  readonly unserved?: true;
  readonly example: Example;
}

/** Gives a definition its exact type, so that {@link DataOf} and {@link ReplyOf} can read it. `example`: one that fits its schemas. */
export function defineCommand<const D extends Omit<CommandDefinition, 'example'>>(
  definition: D,
  example: ExampleOf<D>,
): D & { readonly example: Example } {
  return { ...definition, example };
}

type Schemas = Pick<CommandDefinition, 'commandId' | 'data' | 'dataOptional' | 'reply'>;

/** Type of a command's data. */
export type DataOf<D extends Schemas> = D['data'] extends TSchema
  ? D['dataOptional'] extends true
    ? Static<D['data']> | undefined
    : Static<D['data']>
  : undefined;

/** Type of what a successful response carries. */
export type ReplyOf<D extends Schemas> = D['reply'] extends TSchema ? Static<D['reply']> : undefined;

/** Type of a command's example. */
export type ExampleOf<D extends Schemas> = (D['data'] extends TSchema
  ? { readonly data: Static<D['data']> }
  : { readonly data?: undefined }) &
  (D['reply'] extends TSchema ? { readonly reply: Static<D['reply']> } : { readonly reply?: undefined });
