import type { Millis } from '@muster/ports';
import type { OpenRequest, RequestNotice } from './contract.js';

/** Part of an actor's state: plain JSON, changed by `evolve` only ({@link open}, {@link close}). */
export interface RequestTable<C = unknown> {
  /** The highest number given. */
  last: number;
  /** Oldest first. */
  open: OpenRequest<C>[];
}

export function noRequests<C>(): RequestTable<C> {
  return { last: 0, open: [] };
}

/**
 * The next `count` numbers. They follow the clock, so that an actor whose state was lost does not give a number that its client has
 * seen: the gateway would take the request for one that was asked already.
 */
export function nextNumbers({ last }: RequestTable, now: Millis, count = 1): readonly number[] {
  const first = Math.max(last + 1, Math.floor(now));
  return Array.from({ length: count }, (_, i) => first + i);
}

export function open<C>(table: RequestTable<C>, request: OpenRequest<C>): void {
  table.last = Math.max(table.last, request.n);
  table.open.push(request);
}

export function close(table: RequestTable, n: number): void {
  table.open = table.open.filter((request) => request.n !== n);
}

export function findOpen<C>({ open }: RequestTable<C>, n: number): OpenRequest<C> | undefined {
  return open.find((request) => request.n === n);
}

/** Those whose deadline has come. */
export function overdue<C>({ open }: RequestTable<C>, now: Millis): readonly OpenRequest<C>[] {
  return open.filter(({ deadlineAt }) => deadlineAt !== null && deadlineAt <= now);
}

/** When to look at {@link overdue} next, without the requests in `but`; null: never. */
export function nextDeadline({ open }: RequestTable, but: readonly number[] = []): Millis | null {
  let next: Millis | null = null;
  for (const { n, deadlineAt } of open) {
    if (deadlineAt === null || but.includes(n)) continue;
    if (next === null || deadlineAt < next) next = deadlineAt;
  }
  return next;
}

/** What the gateway of `session` hears of it. */
export function noticeOf(session: string, { n, commandId, data }: OpenRequest): RequestNotice {
  return { session, n, commandId, data };
}
