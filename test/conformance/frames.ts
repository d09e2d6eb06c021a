import { COMMANDS, type CommandDefinition, commandsById, GENERIC_REASONS, TachyonProtocol } from '@muster/tachyon';
import { Published } from '@muster/tachyon/published';

export interface Frame {
  readonly type: 'request' | 'response' | 'event';
  readonly messageId: string;
  readonly commandId: string;
  readonly status?: 'success' | 'failed';
  readonly reason?: string;
  readonly details?: string;
  readonly data?: unknown;
}

/** Names the compiled published schemas; without it frames are held to our own definitions alone. */
export const PUBLISHED_FILE = process.env.MUSTER_TACHYON_SCHEMA ?? '';

/**
 * Holds frames of both directions to our definitions and to the published schemas, and keeps what was shown: `user/info` (it succeeded, or the
 * event came), `user/info unknown_user` (it failed for this reason).
 */
export class FrameBook {
  readonly shown = new Set<string>();
  /** Frames that were held against the published schemas. */
  published = 0;
  private readonly schemas = PUBLISHED_FILE === '' ? undefined : new Published(PUBLISHED_FILE);
  private readonly protocol = new TachyonProtocol();
  private readonly commands: ReadonlyMap<string, CommandDefinition> = commandsById(COMMANDS);

  /** What is wrong with a frame that a client has sent or got; undefined: nothing. */
  fault(frame: Frame, way: 'sent' | 'got'): string | undefined {
    const definition = this.commands.get(frame.commandId);
    // Why something is refused that is no request of this client has no schema of its own.
    const isRequest = definition?.kind === 'request' && !definition.direction.startsWith('server');
    if (way === 'got' && frame.type === 'response' && frame.status === 'failed' && !isRequest)
      return ['command_unimplemented', 'unauthorized'].includes(frame.reason ?? '') ? undefined : 'must be refused';
    if (!definition) return 'no such command';
    return this.againstOwn(frame, definition) ?? this.againstPublished(frame, definition);
  }

  /** It was seen, and is right. */
  show({ type, commandId, status, reason }: Frame): void {
    if (type === 'event' || status === 'success') this.shown.add(commandId);
    else if (status === 'failed') this.shown.add(`${commandId} ${reason}`);
  }

  private againstOwn(frame: Frame, definition: CommandDefinition): string | undefined {
    if (frame.type !== 'response') {
      if (frame.type !== definition.kind) return `is a ${definition.kind}`;
      return this.protocol.check(definition, frame.data)?.details;
    }
    if (frame.status === 'failed') {
      const reasons: readonly string[] = [...GENERIC_REASONS, ...(definition.reasons ?? [])];
      return reasons.includes(frame.reason ?? '') ? undefined : `has no reason ${frame.reason}`;
    }
    if (!definition.reply) return frame.data === undefined ? undefined : 'has no data in its response';
    const { reply: data } = definition;
    return this.protocol.check({ ...definition, data, dataOptional: undefined as never }, frame.data)?.details;
  }

  private againstPublished(frame: Frame, { only }: CommandDefinition): string | undefined {
    if (only || !this.schemas) return undefined;
    this.published += 1;
    const errors = this.schemas.errors(frame);
    return errors === null ? undefined : JSON.stringify(errors);
  }
}
