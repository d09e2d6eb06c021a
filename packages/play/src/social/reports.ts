import { type Moderation, playerId } from '@muster/ports';
import { defineService, type ServiceKind } from '@muster/runtime';
import type { DataOf, userReport } from '@muster/tachyon';
import { askedBy } from './operation.js';
import type { SocialOptions } from './options.js';

/** `reports/<userId of who reports>` */
export const REPORTS_KIND = 'reports';

export interface ReportsCommands {
  /** Refused with a reason of `user/report`. */
  file: { data: DataOf<typeof userReport>; reply: null };
}

export interface ReportsDependencies {
  readonly moderation: Pick<Moderation, 'file'>;
  readonly options: SocialOptions;
}

/** Keeps what players report, for the moderators. */
export function reportsService({ moderation, options }: ReportsDependencies): ServiceKind<ReportsCommands> {
  return defineService<ReportsCommands>(REPORTS_KIND, {
    commands: {
      file: async ({ userIds, reason, message = '' }, context) => {
        const { me: reporter, operation } = askedBy(context);
        const users = [...new Set(userIds)].map(playerId);
        // A user id, but nobody's: accounts are counted from one.
        if (userIds.includes('0')) return { refuse: { reason: 'unknown_user' } };
        const report = { reporter, users, type: reason.type, message, at: context.now };
        const limit = { max: options.reportsMax, since: context.now - options.reportsWindowMs };
        switch (await moderation.file(operation, report, limit)) {
          case 'filed':
            return { reply: null };
          case 'unknown_user':
            return { refuse: { reason: 'unknown_user' } };
          case 'too_many':
            return { refuse: { reason: 'invalid_request', details: 'you have reported too much lately' } };
        }
      },
    },
  });
}
