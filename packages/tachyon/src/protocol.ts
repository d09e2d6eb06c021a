import {
  type EntityRef,
  ERRORS,
  type ErrorCode,
  type ErrorDetails,
  entity,
  isEntity,
  MusterError,
} from '@muster/ports';
import { COMMANDS, commandsById } from './commands.js';
import {
  type ActorTarget,
  type CommandDefinition,
  type Direction,
  type Failure,
  GENERIC_REASONS,
  MUSTER_SUBPROTOCOL,
  type Places,
} from './definition.js';
import {
  type EventMessage,
  type Message,
  parseMessage,
  type RequestMessage,
  type ResponseMessage,
} from './envelope.js';
import { type TachyonOptions, tachyonOptions } from './options.js';
import { knownPartOf } from './projection.js';
import { validatorOf, violationOf } from './validators.js';

/** A request or event that passed its schema, and who handles it. */
export interface Accepted {
  readonly ok: true;
  readonly definition: CommandDefinition;
  /** What the command's schema names; undefined: none. */
  readonly data: unknown;
  /** undefined: the gateway itself. */
  readonly entity: EntityRef | undefined;
  /** Command of that entity; empty where the gateway handles it. */
  readonly command: string;
}

export type Acceptance = Accepted | ({ readonly ok: false } & Failure);

/** What a client answered to a request of the server. */
export type ClientAnswer = { readonly ok: true; readonly data: unknown } | ({ readonly ok: false } & Failure);

/** The protocol with its validators. Holds no state of any connection. */
export class TachyonProtocol {
  readonly options: TachyonOptions;
  /** The same without what goes beyond Tachyon: what a client on `v0.tachyon` may send and is sent. */
  readonly tachyonAlone: TachyonProtocol;
  private readonly commands: ReadonlyMap<string, CommandDefinition>;
  /** Ids of commands that this subprotocol does not have and another one has. */
  private readonly elsewhere: ReadonlySet<string>;

  constructor(
    options: Partial<TachyonOptions> = {},
    commands: readonly CommandDefinition[] = COMMANDS,
    elsewhere: readonly CommandDefinition[] = [],
  ) {
    this.options = tachyonOptions(options);
    this.commands = commandsById(commands);
    this.elsewhere = new Set(elsewhere.map(({ commandId }) => commandId));
    // What will be asked is compiled now, not while the first client waits.
    for (const { target, unserved, data } of commands) if (target && !unserved && data) validatorOf(data);
    const published = commands.filter(({ only }) => !only);
    const ours = commands.filter(({ only }) => only);
    this.tachyonAlone = ours.length === 0 ? this : new TachyonProtocol(options, published, ours);
  }

  /** Reads one text frame. @throws MusterError FRAME_TOO_LARGE, BAD_MESSAGE: the connection must end ({@link closingOf}). */
  parse(text: string): Message {
    return parseMessage(text, this.options);
  }

  definition(commandId: string): CommandDefinition | undefined {
    return this.commands.get(commandId);
  }

  /** Checks data against the command's schema. @returns why it is refused, or undefined. */
  check(definition: CommandDefinition, data: unknown): Failure | undefined {
    if (!definition.data || (data === undefined && definition.dataOptional)) return undefined;
    const wrong = violationOf(definition.data, data);
    if (!wrong) return undefined;
    const reason = definition.violations?.[`${wrong.path} ${wrong.keyword}`] ?? 'invalid_request';
    return { reason, details: this.cut(`/data${wrong.path} ${wrong.text}`) };
  }

  /**
   * Decides what happens to a request or event that came in: to whom it goes, or why it fails.
   * `direction` is the connection's. A command that only the other kind of client may send is `unauthorized`; one that the server
   * sends, or that nobody serves yet, is `command_unimplemented`. `caller` is who signed in, `places` where that caller is.
   */
  accept(
    message: RequestMessage | EventMessage,
    direction: Direction,
    caller: string,
    places: Places = {},
  ): Acceptance {
    const definition = this.commands.get(message.commandId);
    if (!definition) {
      const isOurs = this.elsewhere.has(message.commandId);
      return unimplemented(message, isOurs ? `is served on ${MUSTER_SUBPROTOCOL} alone` : 'is not known here');
    }
    const misplaced = misplacement(definition, message, direction);
    if (misplaced) return misplaced;
    const failure = this.check(definition, message.data);
    if (failure) return { ok: false, ...failure };
    const { target } = definition;
    const data = knownPart(definition, message.data);
    if (!target || target === 'gateway') return { ok: true, definition, data, entity: undefined, command: '' };
    const id = idOf(target, data, caller, places);
    if (id === undefined)
      return { ok: false, reason: target.outside ?? 'invalid_request', details: `you are in no ${target.kind}` };
    if (!isEntity(target.kind, id)) return { ok: false, reason: 'invalid_request', details: 'no such id' };
    return { ok: true, definition, data, entity: entity(target.kind, id), command: target.command };
  }

  /**
   * Reads what a client answered to the server's request `commandId`. An answer whose data does not fit is none: the request failed.
   * @throws MusterError BAD_MESSAGE where the answer is to another command: the connection must end.
   */
  answer(message: ResponseMessage, commandId: string): ClientAnswer {
    if (message.commandId !== commandId)
      throw new MusterError('BAD_MESSAGE', { details: `message ${message.messageId} is no ${message.commandId}` });
    const definition = this.commands.get(commandId);
    if (message.status === 'failed') {
      const { reason, details } = message;
      if (isReasonOf(reason, definition))
        return { ok: false, reason, details: details === undefined ? undefined : this.cut(details) };
      return { ok: false, reason: 'internal_error', details: this.cut([reason, details].filter(Boolean).join(': ')) };
    }
    const wrong = definition?.reply && violationOf(definition.reply, message.data);
    if (!wrong) return { ok: true, data: definition?.reply && knownPartOf(definition.reply, message.data) };
    return { ok: false, reason: 'internal_error', details: this.cut(`/data${wrong.path} ${wrong.text}`) };
  }

  /**
   * What a client is told of an error. An actor's refusal keeps its reason where the command knows it; anything else becomes
   * the error's generic reason. The text of internal errors stays inside: it names machines.
   */
  failure(code: ErrorCode, details: ErrorDetails, definition?: CommandDefinition): Failure {
    if (code === 'REFUSED') {
      const reason = String(details.reason);
      const text = typeof details.details === 'string' ? details.details : undefined;
      if (isReasonOf(reason, definition)) return { reason, details: text };
      return { reason: 'invalid_request', details: text ?? reason };
    }
    const reason = ERRORS[code].tachyon;
    if (reason !== 'internal_error') return { reason, details: this.cut(new MusterError(code, details).message) };
    return { reason, details: ERRORS[code].retryable ? 'try again' : undefined };
  }

  private cut(text: string): string {
    return text.length <= this.options.detailsLengthMax ? text : `${text.slice(0, this.options.detailsLengthMax - 1)}…`;
  }
}

function unimplemented({ commandId }: RequestMessage | EventMessage, why: string): Acceptance {
  return { ok: false, reason: 'command_unimplemented', details: `${commandId} ${why}` };
}

/** Why this connection may not send this message, whatever its data; undefined: it may. */
function misplacement(
  { commandId, direction, kind, target, unserved }: CommandDefinition,
  message: RequestMessage | EventMessage,
  sent: Direction,
): Acceptance | undefined {
  if (!target) return unimplemented(message, 'is sent by the server');
  if (direction !== sent) {
    const who = direction === 'autohost→server' ? 'an autohost' : 'a user';
    return { ok: false, reason: 'unauthorized', details: `only ${who} may send ${commandId}` };
  }
  if (kind !== message.type) return unimplemented(message, `is sent as ${kind === 'event' ? 'an event' : 'a request'}`);
  return unserved ? unimplemented(message, 'is not served yet') : undefined;
}

function knownPart({ data: schema }: CommandDefinition, data: unknown): unknown {
  return schema && data !== undefined ? knownPartOf(schema, data) : undefined;
}

function idOf(target: ActorTarget, data: unknown, caller: string, places: Places): string | undefined {
  if (target.id === 'caller') return caller;
  return target.id === 'place' ? places[target.kind] : target.id(data);
}

function isReasonOf(reason: string, definition: CommandDefinition | undefined): boolean {
  return (GENERIC_REASONS as readonly string[]).includes(reason) || (definition?.reasons ?? []).includes(reason);
}
