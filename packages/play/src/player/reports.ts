import type { Answer } from '@muster/runtime';
import type { DataOf, userReport } from '@muster/tachyon';
import { REPORTS_KIND } from '../social/reports.js';
import { errand, errandEnd } from './errands.js';
import type { PlayerSlice, SliceTools } from './slice.js';

export interface ReportCommands {
  report: { data: DataOf<typeof userReport>; reply: null };
  reportAnswered: { data: Answer; reply: null };
}

/** What the player tells the moderators. Nobody else hears of it. */
export function reportsSlice({ options }: SliceTools): PlayerSlice<ReportCommands, Record<never, never>, object> {
  return {
    name: 'reports',
    version: 1,
    initial: () => ({}),
    decide: {
      report: (state, data, ctx) => {
        if (data.userIds.includes(ctx.self.id))
          return { refuse: { reason: 'invalid_request', details: 'you cannot report yourself' } };
        return errand(state, { service: REPORTS_KIND, command: 'file', data, answer: 'reportAnswered' }, ctx, options);
      },
      reportAnswered: (_, answer) => {
        const { ticket, events, refuse } = errandEnd(answer);
        return { events, resolve: [{ ticket, ...(refuse ? { refuse } : { reply: null }) }] };
      },
    },
    evolve: {},
    blank: () => true,
  };
}
