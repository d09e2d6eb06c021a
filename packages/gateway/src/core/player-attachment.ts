import type { ErrorData } from '@muster/cluster';
import type { AccountView, AttachData, AttachReply } from '@muster/play';
import { ERRORS, type ErrorCode, type MusterError } from '@muster/ports';
import type { AttachmentRules } from './attachment.js';
import type { SharedContext } from './session-context.js';

/** What an actor is told of the session that attaches. */
export interface AttachedSession {
  readonly context: SharedContext;
  readonly id: string;
  readonly account: AccountView | undefined;
}

/** What players' sessions say to their actors, and what they make of the answers: told of each. */
export interface PlayerAttachmentRules<C> extends Pick<AttachmentRules<C, AttachReply>, 'send'> {
  session(client: C): AttachedSession;
  /** What the actor must learn again where it has lost the session. */
  held(client: C): NonNullable<AttachData['held']>;
  attached(client: C, reply: AttachReply): void;
  delayed(client: C, code: ErrorCode, details: ErrorData): void;
  /** There will be no other attempt: another connection has the player. */
  superseded(client: C, error: MusterError): void;
  /** There will be no other attempt. `isPolicy`: this user may not. */
  refused(client: C, error: MusterError, isPolicy: boolean): void;
}

/** How players' sessions hold on to their actors; counted. */
export function playerAttachment<C>(rules: PlayerAttachmentRules<C>): AttachmentRules<C, AttachReply> {
  return {
    send: rules.send,
    data: (client, before): AttachData => {
      const { context, id, account } = rules.session(client);
      return {
        session: id,
        gateway: context.cluster.self,
        resume: before !== undefined,
        ...(before && { login: before.login, held: rules.held(client) }),
        ...(account && { account }),
      };
    },
    attached: (client, reply, first) => {
      const { context } = rules.session(client);
      context.traffic.attached(first ? 'new' : reply.resumed ? 'resumed' : 'restored');
      rules.attached(client, reply);
    },
    delayed: (client, code, details) => {
      rules.session(client).context.traffic.attached('failed');
      rules.delayed(client, code, details);
    },
    refused: (client, error) => {
      if (error.code === 'SUPERSEDED') rules.superseded(client, error);
      else rules.refused(client, error, ERRORS[error.code].tachyon === 'unauthorized');
    },
  };
}
