// A player in a place (K12): a party, a lobby. The player owns the fact; the place mirrors it.
//
//   player:  out ── join ──► joining(op) ── admitted ──► in(op) ── leave ──► leaving(op) ── left ──► out
//                               │  └─ leave ─────────────────────────────────────▲
//                               ├── refused ──► out, or back to where it is       │
//                               └── dismissed ──► out      in(op) ── dismissed, or the place says no ──► out
//   place:   absent ── admit(op) ──► member(op) ── leave(op), or dismiss, or the player says no ──► absent
//
// Messages, all as sends (repeated until answered, in order per receiver):
//   player → place   admit{op, …} → admitted{…} | refused        leave{op} → left        confirm{op} → {member}
//   place → player   dismissed{op, reason}                       confirm{op} → {member, op?}
// An op is `<login>.<n>`: n grows with every attempt of this player, with the clock, and by a grace where something was lost, so a player that lost
// its last second never gives one twice, or an older one. Whatever names another op than the one that counts is an old story: it changes nothing.
//
// Who may die when. Either side's process at any time: its successor goes on from the same records, and sends are repeated. Either side's
// records, up to a second of them, or all: after `adopted` with `mayLack` it asks the other side (`doubt`). What even that cannot see — the
// side that lost something does not know whom to ask — is found by a question now and then (`doubt` by a timer, on both sides).
// The place must answer `admit` at once, never defer it: it would hold up everything else that this player sends there.

/** `<login>.<n>` */
export type Op = string;

/** Where a player stands with one kind of place. */
export type Membership =
  | { readonly phase: 'out' }
  | {
      readonly phase: 'joining';
      readonly id: string;
      readonly op: Op;
      /** Where it is until it is admitted; null: nowhere. */
      readonly from: Stay | null;
      /** Clients that wait, oldest first. */
      readonly tickets: readonly string[];
    }
  | ({ readonly phase: 'in' } & Stay)
  | ({ readonly phase: 'leaving'; readonly tickets: readonly string[] } & Stay);

export interface Stay {
  readonly id: string;
  readonly op: Op;
}

export type MembershipInput =
  | { readonly type: 'join'; readonly id: string; readonly op: Op; readonly ticket: string | null }
  | { readonly type: 'leave'; readonly ticket: string | null }
  | { readonly type: 'admitted'; readonly id: string; readonly op: Op }
  /** `sure` is false where the place may have admitted the player all the same. */
  | { readonly type: 'refused'; readonly id: string; readonly op: Op; readonly sure: boolean }
  | { readonly type: 'left'; readonly id: string; readonly op: Op }
  | { readonly type: 'dismissed'; readonly id: string; readonly op: Op }
  | { readonly type: 'confirmed'; readonly id: string; readonly op: Op; readonly member: boolean }
  /** Does the place still have the player? */
  | { readonly type: 'doubt' }
  /** Another connection holds the player: nobody waits for answers any more. */
  | { readonly type: 'abandoned' };

/** Why a player is no longer in a place: by its own will, by the place's, or because the place does not know it (it may be gone). */
export type Departure = 'left' | 'moved' | 'dismissed' | 'lost';

export type MembershipEffect =
  | { readonly type: 'send'; readonly message: 'admit' | 'leave' | 'confirm'; readonly id: string; readonly op: Op }
  /** Answers clients. `admitted`, `left`: they get what they asked for. */
  | {
      readonly type: 'resolve';
      readonly tickets: readonly string[];
      readonly how: 'admitted' | 'left' | 'refused' | 'overtaken' | 'superseded';
    }
  /** It is in there now. */
  | { readonly type: 'came'; readonly id: string }
  /** It was in there, and is not any more. */
  | { readonly type: 'gone'; readonly id: string; readonly how: Departure };

export interface MembershipStep {
  readonly state: Membership;
  readonly effects: readonly MembershipEffect[];
}

export const OUT: Membership = { phase: 'out' };
const NONE: readonly never[] = [];

/** The place whose member the player is or was until it is admitted elsewhere; what everybody may be told. */
export function placeOfMember(state: Membership): string | null {
  if (state.phase === 'in') return state.id;
  return state.phase === 'joining' ? (state.from?.id ?? null) : null;
}

export function step(state: Membership, input: MembershipInput): MembershipStep {
  switch (input.type) {
    case 'join':
      return join(state, input);
    case 'leave':
      return leave(state, input.ticket);
    case 'abandoned':
      return abandoned(state);
    case 'doubt':
      return doubt(state);
    default:
      return about(state, input);
  }
}

function join(state: Membership, { id, op, ticket }: Extract<MembershipInput, { type: 'join' }>): MembershipStep {
  const tickets = ticket === null ? NONE : [ticket];
  if (state.phase === 'joining') {
    if (state.id !== id) return { state, effects: [{ type: 'resolve', tickets, how: 'overtaken' }] };
    return { state: { ...state, tickets: [...state.tickets, ...tickets] }, effects: NONE };
  }
  const from = state.phase === 'in' ? { id: state.id, op: state.op } : null;
  // Already in it: asked again under the same op, which changes nothing there and brings its state.
  const again = from?.id === id ? from.op : op;
  const effects: MembershipEffect[] = [{ type: 'send', message: 'admit', id, op: again }];
  // What is left meanwhile is left in any case: its answer does not matter any more.
  if (state.phase === 'leaving') effects.unshift({ type: 'resolve', tickets: state.tickets, how: 'left' });
  return { state: { phase: 'joining', id, op: again, from, tickets }, effects };
}

function leave(state: Membership, ticket: string | null): MembershipStep {
  const tickets = ticket === null ? NONE : [ticket];
  switch (state.phase) {
    case 'out':
      return { state, effects: [{ type: 'resolve', tickets, how: 'left' }] };
    case 'leaving':
      return { state: { ...state, tickets: [...state.tickets, ...tickets] }, effects: NONE };
    case 'in':
      return {
        state: { phase: 'leaving', id: state.id, op: state.op, tickets },
        effects: [
          { type: 'send', message: 'leave', id: state.id, op: state.op },
          { type: 'gone', id: state.id, how: 'left' },
        ],
      };
    case 'joining': {
      const { id, op, from } = state;
      const effects: MembershipEffect[] = [{ type: 'resolve', tickets: state.tickets, how: 'overtaken' }];
      // After the admission on its way there, in this order.
      effects.push({ type: 'send', message: 'leave', id, op });
      if (from && from.id !== id) effects.push({ type: 'send', message: 'leave', ...from });
      if (from) effects.push({ type: 'gone', id: from.id, how: 'left' });
      return { state: { phase: 'leaving', id, op, tickets }, effects };
    }
  }
}

/** Clients that wait are told; what they asked for goes on. */
function abandoned(state: Membership): MembershipStep {
  if (state.phase !== 'joining' && state.phase !== 'leaving') return { state, effects: NONE };
  return {
    state: { ...state, tickets: NONE },
    effects: [{ type: 'resolve', tickets: state.tickets, how: 'superseded' }],
  };
}

/** An admission or a departure on its way will be answered: only who believes to be in has to ask. */
function doubt(state: Membership): MembershipStep {
  if (state.phase !== 'in') return { state, effects: NONE };
  return { state, effects: [{ type: 'send', message: 'confirm', id: state.id, op: state.op }] };
}

type FromPlace = Extract<MembershipInput, { type: 'admitted' | 'refused' | 'left' | 'dismissed' | 'confirmed' }>;

function about(state: Membership, input: FromPlace): MembershipStep {
  if (state.phase === 'joining' && state.from && isThis(state.from, input) && input.type !== 'admitted')
    return aboutFormer(state, state.from, input);
  if (state.phase === 'out' || !isThis(state, input)) return { state, effects: NONE };
  if (state.phase === 'joining') return answered(state, input);
  const over: MembershipEffect[] =
    state.phase === 'leaving' ? [{ type: 'resolve', tickets: state.tickets, how: 'left' }] : [];
  const is = { phase: 'out' } as const;
  switch (input.type) {
    case 'dismissed':
      return state.phase === 'in'
        ? { state: is, effects: [{ type: 'gone', id: state.id, how: 'dismissed' }] }
        : { state: is, effects: over };
    case 'confirmed':
      return state.phase === 'in' && !input.member
        ? { state: is, effects: [{ type: 'gone', id: state.id, how: 'lost' }] }
        : { state, effects: NONE };
    case 'left':
      return state.phase === 'leaving' ? { state: is, effects: over } : { state, effects: NONE };
    default:
      return { state, effects: NONE };
  }
}

/** The place that is asked for has spoken. */
function answered(state: Extract<Membership, { phase: 'joining' }>, input: FromPlace): MembershipStep {
  const { id, op, from, tickets } = state;
  switch (input.type) {
    case 'admitted': {
      const effects: MembershipEffect[] = [];
      if (from && from.id !== id)
        effects.push({ type: 'send', message: 'leave', ...from }, { type: 'gone', id: from.id, how: 'moved' });
      if (from?.id !== id) effects.push({ type: 'came', id });
      effects.push({ type: 'resolve', tickets, how: 'admitted' });
      return { state: { phase: 'in', id, op }, effects };
    }
    case 'refused': {
      const effects: MembershipEffect[] = [{ type: 'resolve', tickets, how: 'refused' }];
      if (!input.sure) effects.push({ type: 'send', message: 'leave', id, op });
      return { state: from ? { phase: 'in', ...from } : OUT, effects };
    }
    case 'dismissed':
      return {
        state: from ? { phase: 'in', ...from } : OUT,
        effects: [{ type: 'resolve', tickets, how: 'refused' }],
      };
    default:
      return { state, effects: NONE };
  }
}

/** Where the player still is while it asks to come in elsewhere, or in the same place once more. */
function aboutFormer(state: Extract<Membership, { phase: 'joining' }>, from: Stay, input: FromPlace): MembershipStep {
  const isSame = from.id === state.id;
  const isGone =
    input.type === 'dismissed' || (input.type === 'confirmed' && !input.member) || (isSame && input.type === 'refused');
  if (!isGone) return { state, effects: NONE };
  const how = input.type === 'dismissed' ? 'dismissed' : 'lost';
  const gone: MembershipEffect = { type: 'gone', id: from.id, how };
  if (!isSame) return { state: { ...state, from: null }, effects: [gone] };
  return { state: OUT, effects: [{ type: 'resolve', tickets: state.tickets, how: 'refused' }, gone] };
}

function isThis(stay: Stay, { id, op }: Stay): boolean {
  return stay.id === id && stay.op === op;
}

/** What the player says to a place that asks whether it is (still, or already) there under `op`. */
export function confirmation(state: Membership, id: string): Confirmation {
  if (state.phase === 'joining' && state.id === id) return { member: true, op: state.op };
  if (state.phase === 'joining' && state.from?.id === id) return { member: true, op: state.from.op };
  if (state.phase === 'in' && state.id === id) return { member: true, op: state.op };
  return { member: false };
}

/** `op`: under which it is there. */
export type Confirmation = { readonly member: true; readonly op: Op } | { readonly member: false };

/**
 * N of the last op, or above it, of a player that goes on elsewhere. Where it may have lost its last ones (`inbox`), the clock alone would not do:
 * the former process's may have been ahead of this one's, though not by a whole grace, which runs `until` then.
 */
export function opsAfter(last: number, adopted: { readonly until: number; readonly inbox: string | null }): number {
  return adopted.inbox === null ? last : Math.max(last, Math.floor(adopted.until));
}

/** The next op. `last`: n of the one before; `now`: wall clock, so that a player that lost its last second gives none twice. */
export function nextOp(login: number, last: number, now: number): { readonly op: Op; readonly n: number } {
  const n = Math.max(last + 1, Math.floor(now));
  return { op: `${login}.${n}`, n };
}

export function orderOf(op: Op): number {
  return Number(op.slice(op.indexOf('.') + 1));
}
