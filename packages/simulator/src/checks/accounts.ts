import { type AccountView, OPENING_BALANCE } from '../actors/account.js';
import type { Report } from './violation.js';

interface Ordered {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly how: 'answered' | 'refused' | 'unknown';
}

export interface AccountsSetup {
  readonly report: Report;
  /** Whether what was in this account was ever lost. */
  readonly wasLost: (account: string) => boolean;
}

/** Invariants 2 and 7 on money: no transfer that was acknowledged is lost, none is in effect twice, and the sum stays. */
export class Accounts {
  private readonly setup: AccountsSetup;
  private readonly orders: Ordered[] = [];
  readonly counts = { transfers: 0, refused: 0, unknown: 0 };

  constructor(setup: AccountsSetup) {
    this.setup = setup;
  }

  record(order: Ordered): void {
    this.orders.push(order);
    if (order.how === 'answered') this.counts.transfers += 1;
    else this.counts[order.how] += 1;
  }

  /** `views`: every account, once nothing is under way. */
  check(views: ReadonlyMap<string, AccountView>): void {
    const { report, wasLost } = this.setup;
    const left = countsOf(views, 'left');
    const came = countsOf(views, 'came');
    for (const { id, from, to, how } of this.orders) {
      const [out, into] = [left.get(`${from} ${id}`) ?? 0, came.get(`${to} ${id}`) ?? 0];
      const what = `${id} from ${from} to ${to}, ${how}: left ${out} times, came ${into} times`;
      if (!wasLost(from) && (out > 1 || (how === 'refused' && out > 0))) report('no command is in effect twice', what);
      if (!wasLost(from) && how === 'answered' && out === 0) report('no acknowledged command is lost', what);
      if (!wasLost(from) && !wasLost(to) && out !== into)
        report(out > into ? 'every send arrives' : 'no send is in effect twice', what);
    }
    const accounts = [...views.keys()];
    const sum = [...views.values()].reduce((all, { balance }) => all + balance, 0);
    if (!accounts.some(wasLost) && sum !== OPENING_BALANCE * accounts.length)
      report('money is conserved', `${sum} in ${accounts.length} accounts`);
  }
}

function countsOf(views: ReadonlyMap<string, AccountView>, way: 'left' | 'came'): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [account, view] of views)
    for (const id of view[way]) counts.set(`${account} ${id}`, (counts.get(`${account} ${id}`) ?? 0) + 1);
  return counts;
}
