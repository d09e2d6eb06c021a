import { event } from '@muster/runtime';
import { sameAccount } from './account.js';
import { type AccountCommands, type AccountEvents, PUBLIC_TOPIC, REASON_UNKNOWN_USER } from './contract.js';
import type { PlayerSlice, SliceTools } from './slice.js';
import { type AccountPart, refuseStranger } from './state.js';

/** Who the player is. */
export function accountSlice({ whole }: SliceTools): PlayerSlice<AccountCommands, AccountEvents, AccountPart> {
  return {
    name: 'account',
    version: 1,
    initial: () => ({ account: null }),
    decide: {
      info: (state, _, ctx) => {
        const user = whole.publicUser(state, ctx.self);
        return user ? { reply: user } : { refuse: { reason: REASON_UNKNOWN_USER } };
      },
      accountChanged: (state, { account }, ctx) => {
        const stranger = refuseStranger(state, ctx);
        if (stranger) return { refuse: stranger };
        return sameAccount(state.account, account) ? {} : { events: [event('accountRead', { account })] };
      },
      exists: (state) => ({ reply: { exists: state.account !== null } }),
    },
    evolve: {
      accountRead: (state, { account }) => {
        state.account = account;
      },
    },
    publish: {
      accountRead: (state, _, self) => [
        { topic: PUBLIC_TOPIC, name: 'user/updated', data: { users: [whole.publicUser(state, self)] } },
      ],
    },
  };
}
