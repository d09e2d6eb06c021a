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

/**
 * Who handles a request: the gateway itself, or a command of an actor. `caller`: the actor of the player who asks;
 * a function reads the actor's id from data that passed the schema and `check`.
 */
export type Target =
  | 'gateway'
  | {
      readonly kind: string;
      // biome-ignore lint/suspicious/noExplicitAny: variance — a list of commands with unrelated data has no other type.
      readonly id: 'caller' | ((data: any) => string);
      readonly command: string;
    };

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
  /** What the schema cannot say; called with data that fits it. */
  // biome-ignore lint/suspicious/noExplicitAny: variance, as above.
  readonly check?: (data: any) => Failure | undefined;
  /** For requests and events that come in. */
  readonly target?: Target;
}

/** Gives a definition its exact type, so that {@link DataOf} and {@link ReplyOf} can read it. */
export function defineCommand<const D extends CommandDefinition>(definition: D): D {
  return definition;
}

/** Type of a command's data. */
export type DataOf<D extends CommandDefinition> = D['data'] extends TSchema
  ? D['dataOptional'] extends true
    ? Static<D['data']> | undefined
    : Static<D['data']>
  : undefined;

/** Type of what a successful response carries. */
export type ReplyOf<D extends CommandDefinition> = D['reply'] extends TSchema ? Static<D['reply']> : undefined;
