import type { ErrorData } from '@muster/cluster';
import type { AccountView, AttachData, AttachReply } from '@muster/play';
import { ERRORS, type ErrorCode, type MusterError } from '@muster/ports';
import { Attachment, type SendOwn } from './attachment.js';
import type { SessionContext } from './session-context.js';

/** What a player's session says to its actor, and what it makes of the answer. */
export interface AttachedSession {
  readonly id: string;
  readonly account: AccountView | undefined;
  readonly send: SendOwn;
  /** What the actor must learn again where it has lost the session. */
  held(): NonNullable<AttachData['held']>;
  attached(reply: AttachReply): void;
  delayed(code: ErrorCode, details: ErrorData): void;
  /** There will be no other attempt: another connection has the player. */
  superseded(error: MusterError): void;
  /** There will be no other attempt. `isPolicy`: this user may not. */
  refused(error: MusterError, isPolicy: boolean): void;
}

/** How a player's session holds on to its actor; counted. */
export function playerAttachment(context: SessionContext, session: AttachedSession): Attachment<AttachReply> {
  const { clock, random, options, cluster, traffic } = context;
  const { id, account, send } = session;
  return new Attachment({
    clock,
    random,
    options,
    send,
    data: (before): AttachData => ({
      session: id,
      gateway: cluster.self,
      resume: before !== undefined,
      ...(before && { login: before.login, held: session.held() }),
      ...(account && { account }),
    }),
    on: {
      attached: (reply, first) => {
        traffic.attached(first ? 'new' : reply.resumed ? 'resumed' : 'restored');
        session.attached(reply);
      },
      delayed: (code, details) => {
        traffic.attached('failed');
        session.delayed(code, details);
      },
      refused: (error) => {
        if (error.code === 'SUPERSEDED') session.superseded(error);
        else session.refused(error, ERRORS[error.code].tachyon === 'unauthorized');
      },
    },
  });
}
