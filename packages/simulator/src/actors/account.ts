import { type Answer, defineActor, event } from '@muster/runtime';

/** What every account has when nobody has heard of it. */
export const OPENING_BALANCE = 100;
/** Transfers that an account remembers, each way: more than one run makes. */
const REMEMBERED_MAX = 2_000;

export interface Transfer {
  /** Unique over all accounts. */
  readonly id: string;
  readonly amount: number;
}

export interface AccountView {
  readonly balance: number;
  /** Sent and not answered. */
  readonly underWay: readonly Transfer[];
  /** Ids of transfers that left, and that came, in order; one that is there twice was in effect twice. */
  readonly left: readonly string[];
  readonly came: readonly string[];
}

export interface AccountCommands {
  /** Refused with `poor` where there is less than that. */
  transfer: { data: Transfer & { readonly to: string }; reply: null };
  /** From the other account. */
  deposit: { data: Transfer; reply: null };
  deposited: { data: Answer; reply: null };
  show: { data: null; reply: AccountView };
}

export interface AccountEvents {
  left: Transfer;
  came: Transfer;
  arrived: { readonly id: string };
}

interface Account {
  balance: number;
  underWay: Transfer[];
  left: string[];
  came: string[];
}

/** `account/<n>`: money goes from one to another by a send (K8). The sum over all accounts never changes, and each transfer is in effect once. */
export const accountKind = defineActor<Account, AccountCommands, AccountEvents>('account', {
  durability: 'replicated',
  version: 1,
  passivateAfterMs: 5_000,
  initial: () => ({ balance: OPENING_BALANCE, underWay: [], left: [], came: [] }),
  decide: {
    transfer({ balance }, { id, amount, to }) {
      if (balance < amount) return { refuse: { reason: 'poor' } };
      const transfer = { id, amount };
      return {
        events: [event('left', transfer)],
        sends: [
          { to: { kind: 'account', id: to }, command: 'deposit', data: transfer, answer: 'deposited', context: id },
        ],
        reply: null,
      };
    },
    deposit: (_, transfer) => ({ events: [event('came', transfer)], reply: null }),
    deposited(_, answer) {
      // Nothing refuses a deposit: what fails for good is money that is gone, and the sum says so. Only who went back to an older state may
      // hear that: it asks for what the other has answered long ago.
      return { events: [event('arrived', { id: answer.context as string })] };
    },
    show: ({ balance, underWay, left, came }) => ({ reply: { balance, underWay, left, came } }),
  },
  evolve: {
    left(state, transfer) {
      state.balance -= transfer.amount;
      state.underWay.push(transfer);
      remember(state.left, transfer.id);
    },
    came(state, { id, amount }) {
      state.balance += amount;
      remember(state.came, id);
    },
    arrived(state, { id }) {
      state.underWay = state.underWay.filter((transfer) => transfer.id !== id);
    },
  },
});

function remember(ids: string[], id: string): void {
  ids.push(id);
  if (ids.length > REMEMBERED_MAX) ids.shift();
}
