// Is there an order of these operations, each at one instant between its call and its answer, in which every answer is right?
//
// The search is Wing and Gong's (1993) with Lowe's memo (2017): take any operation that was called before every answer still to come,
// apply it, go on; never visit the same (set of operations taken, value) twice. An operation whose outcome is unknown may take place at
// any time after its call, or never. Registers are independent of each other (Herlihy and Wing's locality), so each is searched alone.

export type RegisterCall =
  | { readonly type: 'read' }
  | { readonly type: 'write'; readonly value: string }
  | { readonly type: 'compareAndSet'; readonly expected: string; readonly value: string };

/** One operation on one register. Times of one clock, in any unit. */
export interface Operation {
  readonly call: RegisterCall;
  readonly calledAt: number;
  /** Infinity: nobody knows whether it happened. */
  readonly answeredAt: number;
  /** A read's value, whether a compareAndSet succeeded, null for a write; undefined: unknown. */
  readonly answer: string | boolean | null | undefined;
}

export type Verdict = 'linearizable' | 'not-linearizable' | 'too-long-to-say';

/** A register of which nobody knows what it holds: it holds what the first answer says. */
export const ANY_VALUE: unique symbol = Symbol('any value');
type Value = string | typeof ANY_VALUE;

interface Event {
  readonly at: number;
  readonly operation: number;
  readonly isCall: boolean;
  before: Event | undefined;
  after: Event | undefined;
  /** Of a call: its answer. */
  match: Event | undefined;
}

interface Taken {
  readonly event: Event;
  readonly value: Value;
}

/** `stepsMax`: operations tried before the search is given up. */
export function isLinearizable(operations: readonly Operation[], initial: Value, stepsMax = 2_000_000): Verdict {
  // A read that nobody heard of says nothing.
  const relevant = operations.filter(({ call, answer }) => !(call.type === 'read' && answer === undefined));
  const head = eventList(relevant);
  const taken = new Uint32Array(Math.ceil(relevant.length / 32));
  const seen = new Map<string, true>();
  const stack: Taken[] = [];
  let value = initial;
  let answersLeft = relevant.filter(({ answer }) => answer !== undefined).length;
  let event = head.after;
  for (let steps = 0; answersLeft > 0; steps += 1) {
    if (steps > stepsMax) return 'too-long-to-say';
    if (event?.isCall) {
      const next = apply(value, relevant[event.operation]!);
      const isNew = next !== undefined && visit(seen, taken, event.operation, next);
      if (!isNew) {
        event = event.after;
        continue;
      }
      stack.push({ event, value });
      value = next;
      if (relevant[event.operation]!.answer !== undefined) answersLeft -= 1;
      lift(event);
      event = head.after;
      continue;
    }
    // An answer is due whose operation found no place: the last decision was wrong.
    const last = stack.pop();
    if (!last) return 'not-linearizable';
    ({ value } = last);
    const { operation } = last.event;
    taken[operation >>> 5]! &= ~(1 << (operation & 31));
    if (relevant[operation]!.answer !== undefined) answersLeft += 1;
    unlift(last.event);
    event = last.event.after;
  }
  return 'linearizable';
}

/** The value after it; undefined: it cannot have been answered so here. */
function apply(value: Value, { call, answer }: Operation): Value | undefined {
  switch (call.type) {
    case 'read':
      return value === ANY_VALUE || value === answer ? (answer as string) : undefined;
    case 'write':
      return call.value;
    case 'compareAndSet': {
      if (value === ANY_VALUE) return answer === false ? ANY_VALUE : call.value;
      const fits = value === call.expected;
      if (answer !== undefined && fits !== answer) return undefined;
      return fits ? call.value : value;
    }
  }
}

function visit(seen: Map<string, true>, taken: Uint32Array, operation: number, value: Value): boolean {
  taken[operation >>> 5]! |= 1 << (operation & 31);
  const key = `${taken.join(' ')}|${value === ANY_VALUE ? '' : `=${value}`}`;
  if (!seen.has(key)) {
    seen.set(key, true);
    return true;
  }
  taken[operation >>> 5]! &= ~(1 << (operation & 31));
  return false;
}

/** Calls and answers by time, linked; of those at one instant calls come first. */
function eventList(operations: readonly Operation[]): Event {
  const events: Event[] = [];
  operations.forEach(({ calledAt, answeredAt, answer }, operation) => {
    const call = newEvent(calledAt, operation, true);
    events.push(call);
    if (answer === undefined) return;
    call.match = newEvent(answeredAt, operation, false);
    events.push(call.match);
  });
  events.sort((a, b) => a.at - b.at || Number(b.isCall) - Number(a.isCall));
  const head = newEvent(Number.NEGATIVE_INFINITY, -1, false);
  let last = head;
  for (const event of events) {
    event.before = last;
    last.after = event;
    last = event;
  }
  return head;
}

function newEvent(at: number, operation: number, isCall: boolean): Event {
  return { at, operation, isCall, before: undefined, after: undefined, match: undefined };
}

/** Takes a call and its answer out of the list; they remember their places. */
function lift({ before, after, match }: Event): void {
  before!.after = after;
  if (after) after.before = before;
  if (!match) return;
  match.before!.after = match.after;
  if (match.after) match.after.before = match.before;
}

/** Puts back what was taken out last. */
function unlift(event: Event): void {
  const { match } = event;
  if (match) {
    match.before!.after = match;
    if (match.after) match.after.before = match;
  }
  event.before!.after = event;
  if (event.after) event.after.before = event;
}
