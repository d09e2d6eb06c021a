import {
  type EntityRef,
  ERRORS,
  type ErrorCode,
  type ErrorDetails,
  entity,
  isEntity,
  MusterError,
} from '@muster/ports';
import { Ajv, type ValidateFunction } from 'ajv';
import { COMMANDS, commandsById } from './commands.js';
import { type CommandDefinition, type Direction, type Failure, GENERIC_REASONS } from './definition.js';
import { type EventMessage, type Message, parseMessage, type RequestMessage } from './envelope.js';
import { type TachyonOptions, tachyonOptions } from './options.js';
import { violation } from './violation.js';

/** A request or event that passed its schema, and who handles it. */
export interface Accepted {
  readonly ok: true;
  readonly definition: CommandDefinition;
  /** undefined: the gateway itself. */
  readonly entity: EntityRef | undefined;
  /** Command of that entity; empty where the gateway handles it. */
  readonly command: string;
}

export type Acceptance = Accepted | ({ readonly ok: false } & Failure);

/** The protocol with its validators compiled: one per process. Holds no state of any connection. */
export class TachyonProtocol {
  readonly options: TachyonOptions;
  private readonly commands: ReadonlyMap<string, CommandDefinition>;
  private readonly validators = new Map<string, ValidateFunction>();

  constructor(options: Partial<TachyonOptions> = {}, commands: readonly CommandDefinition[] = COMMANDS) {
    this.options = tachyonOptions(options);
    this.commands = commandsById(commands);
    // Not all errors: a message with a thousand wrong fields is refused at the first.
    const ajv = new Ajv({ allErrors: false, verbose: true, strict: true });
    for (const command of commands) if (command.data) this.validators.set(command.commandId, ajv.compile(command.data));
  }

  /** Reads one text frame. @throws MusterError FRAME_TOO_LARGE, BAD_MESSAGE: the connection must end ({@link closingOf}). */
  parse(text: string): Message {
    return parseMessage(text, this.options);
  }

  definition(commandId: string): CommandDefinition | undefined {
    return this.commands.get(commandId);
  }

  /** Checks data against the command's schema and rule. @returns why it is refused, or undefined. */
  check(definition: CommandDefinition, data: unknown): Failure | undefined {
    if (data === undefined && (definition.dataOptional || !definition.data)) return undefined;
    const validate = this.validators.get(definition.commandId);
    if (validate && !validate(data)) return this.refused(definition, validate);
    return definition.check?.(data);
  }

  /**
   * Decides what happens to a request or event that came in: to whom it goes, or why it fails.
   * `direction` is the connection's; a command of another direction does not exist there. `caller` is who signed in.
   */
  accept(message: RequestMessage | EventMessage, direction: Direction, caller: string): Acceptance {
    const definition = this.commands.get(message.commandId);
    if (!definition?.target || definition.direction !== direction || definition.kind !== message.type)
      return { ok: false, reason: 'command_unimplemented', details: `${message.commandId} is not known here` };
    const failure = this.check(definition, message.data);
    if (failure) return { ok: false, ...failure };
    const { target } = definition;
    if (target === 'gateway') return { ok: true, definition, entity: undefined, command: '' };
    const id = target.id === 'caller' ? caller : target.id(message.data);
    if (!isEntity(target.kind, id)) return { ok: false, reason: 'invalid_request', details: 'no such id' };
    return { ok: true, definition, entity: entity(target.kind, id), command: target.command };
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

  private refused(definition: CommandDefinition, validate: ValidateFunction): Failure {
    const { path, keyword, text } = violation(validate.errors ?? []);
    const reason = definition.violations?.[`${path} ${keyword}`] ?? 'invalid_request';
    return { reason, details: this.cut(`/data${path} ${text}`) };
  }

  private cut(text: string): string {
    return text.length <= this.options.detailsLengthMax ? text : `${text.slice(0, this.options.detailsLengthMax - 1)}…`;
  }
}

function isReasonOf(reason: string, definition: CommandDefinition | undefined): boolean {
  return (GENERIC_REASONS as readonly string[]).includes(reason) || (definition?.reasons ?? []).includes(reason);
}
