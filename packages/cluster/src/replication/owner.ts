import type { Millis, PeerId, Position, Term } from '@muster/ports';
import type { ReplicationOptions } from './options.js';
import type { AckMessage } from './protocol.js';
import type { ReportedChange } from './report.js';

/** One copy, as the owner sees it. */
export interface FollowerView {
  readonly peer: PeerId;
  readonly role: 'backup' | 'learner';
  readonly phase: 'waiting' | 'seeding' | 'joining' | 'following';
  readonly linked: boolean;
  /** Number of its snapshot; 0: it was the backup before this owner knew of it. */
  readonly seeding: number;
  readonly acked: Position;
  /** Nothing leaves without it (K10). */
  readonly caughtUp: boolean;
  /** Since when it has acknowledged nothing though it owes an answer; undefined: it has everything. */
  readonly behindSince: Millis | undefined;
  /** Its process does not answer. */
  readonly silent: boolean;
}

/** The owner's side of one shard's log (protocol.ts). */
export interface OwnerState {
  readonly term: Term;
  /** A newer term that somebody knows: nothing leaves until its row is here. */
  readonly newerTerm: number;
  /** Position of the last record. */
  readonly end: Position;
  /** Everything up to here was let out, or may be. */
  readonly durable: Position;
  readonly followers: readonly FollowerView[];
  /** The backup was reported lost in this term: it may be gone from the row by now. */
  readonly reportedLost: boolean;
  /** Storage stands behind this log, and is the second place of a shard whose row names no backup (K9). */
  readonly isStored: boolean;
}

export type OwnerInput =
  | {
      readonly type: 'row';
      readonly term: Term;
      readonly backup: PeerId | '';
      readonly learner: PeerId | '';
      readonly linked: readonly PeerId[];
      /** Whatever a backup has that is new here, it is not this log's. */
      readonly anew?: boolean;
    }
  /** Records were appended. */
  | { readonly type: 'appended'; readonly end: Position }
  | { readonly type: 'up' | 'down'; readonly peer: PeerId }
  | { readonly type: 'ack'; readonly from: PeerId; readonly ack: AckMessage }
  /** Somebody knows a newer term. */
  | { readonly type: 'newer-term'; readonly term: number }
  /** `stalledMs`: this process itself stood still for so long since the last one; that was nobody's silence. */
  | { readonly type: 'tick'; readonly silent: readonly PeerId[]; readonly stalledMs: Millis };

export type OwnerEffect =
  /** Begin a snapshot with this number. */
  | { readonly type: 'seed'; readonly peer: PeerId; readonly seeding: number }
  /** Send everything after this position, again or for the first time; the term at least. */
  | { readonly type: 'ship'; readonly peer: PeerId; readonly after: Position }
  /** The row has no place for it any more: it may forget what it has of this snapshot. */
  | { readonly type: 'stop'; readonly peer: PeerId; readonly seeding: number };

export interface OwnerStep {
  readonly state: OwnerState;
  readonly effects: readonly OwnerEffect[];
}

const NONE: readonly OwnerEffect[] = [];

/** `end`: where the log of the former owner ended, if this one goes on with it: all of that has its second place. */
export function newOwner(term: Term, end: Position = 0, isStored = false): OwnerState {
  return stateOf(term, 0, end, end, [], false, isStored);
}

/** `fresh`: a snapshot number that was never used; used at most for one snapshot per step and copy, counting up. */
export function stepOwner(
  state: OwnerState,
  input: OwnerInput,
  now: Millis,
  options: ReplicationOptions,
  fresh: number,
  gate: (state: OwnerState) => Position = gatePosition,
): OwnerStep {
  const next = stepped(state, input, now, options, fresh);
  const durable = gate(next.state);
  if (durable <= next.state.durable) return next;
  const { term, newerTerm, end, followers, reportedLost, isStored } = next.state;
  return { state: stateOf(term, newerTerm, end, durable, followers, reportedLost, isStored), effects: next.effects };
}

function stepped(
  state: OwnerState,
  input: OwnerInput,
  now: Millis,
  options: ReplicationOptions,
  fresh: number,
): OwnerStep {
  switch (input.type) {
    case 'row':
      return row(state, input, now, fresh);
    case 'appended':
      return settledAt(state, input.end, state.followers, now);
    case 'up':
      return up(state, input.peer, now, fresh);
    case 'down': {
      const followers = state.followers.map((it) =>
        it.peer === input.peer ? { ...it, linked: false, phase: it.phase === 'seeding' ? 'waiting' : it.phase } : it,
      );
      return settle(state, { followers }, now, NONE);
    }
    case 'ack':
      return acknowledged(state, input.from, input.ack, now, fresh);
    case 'newer-term':
      return settle(state, { newerTerm: Math.max(state.newerTerm, input.term) }, now, NONE);
    case 'tick':
      return tick(state, input, now, options);
  }
}

/** Records reach a second place before anything leaves, so this process's self-fence need not hold them up (K6, fence 2). */
export function isGated(state: OwnerState): boolean {
  // A learner alone does not count: nobody would promote it, so this process can be replaced behind its back. Nor does a backup that
  // was reported lost: the row may have dropped it by now.
  return !state.reportedLost && state.followers.some(({ role }) => role === 'backup');
}

/** Every copy has everything, and nobody has to hear of any. */
export function isQuiet({ end, durable, followers }: OwnerState): boolean {
  return (
    durable === end &&
    followers.every(
      ({ role, phase, linked, behindSince, silent }) =>
        role === 'backup' && phase === 'following' && linked && behindSince === undefined && !silent,
    )
  );
}

/** A learner has everything since this step, and more than the backup that it is to replace: the shard stands still until the row says so. */
export function isReplaceable(before: OwnerState, { followers }: OwnerState): boolean {
  if (followers.length === 1) return false;
  const backup = followers.find(({ role }) => role === 'backup');
  const at = followers.findIndex(({ role }) => role === 'learner');
  const learner = followers[at];
  if (!backup || !learner?.caughtUp || before.followers[at]?.caughtUp !== false) return false;
  return backup.acked < learner.acked;
}

/** What the leader should hear about this shard. */
export function reportsOf(
  state: OwnerState,
  now: Millis,
  options: ReplicationOptions,
): readonly [ReportedChange, PeerId][] {
  const reports: [ReportedChange, PeerId][] = [];
  for (const it of state.followers) {
    if (isLost(it, now, options)) reports.push(['backup-lost', it.peer]);
    // Nothing leaves by its acknowledgements in this term, also where it is back: only a row of the next one says that it was not dropped.
    else if (it.role === 'backup' && state.reportedLost)
      reports.push([it.linked && it.phase === 'following' ? 'backup-back' : 'backup-lost', it.peer]);
    else if (it.role === 'learner' && it.caughtUp && it.phase === 'following')
      reports.push(['learner-in-sync', it.peer]);
  }
  return reports;
}

function row(
  state: OwnerState,
  { term, backup, learner, linked, anew = false }: Extract<OwnerInput, { type: 'row' }>,
  now: Millis,
  fresh: number,
): OwnerStep {
  if (term < state.term) return { state, effects: NONE };
  const effects: OwnerEffect[] = [];
  const followers: FollowerView[] = [];
  let seeding = fresh;
  for (const [peer, role] of [
    [backup, 'backup'],
    [learner, 'learner'],
  ] as const) {
    if (peer === '') continue;
    const known = state.followers.find((it) => it.peer === peer);
    if (known) {
      const kept = { ...known, role, caughtUp: known.caughtUp || role === 'backup' };
      if (known.phase === 'waiting' && known.linked) {
        followers.push({ ...kept, phase: 'seeding', seeding });
        effects.push({ type: 'seed', peer, seeding });
        seeding += 1;
      } else followers.push(kept);
      if (term > state.term && mayFollow(known) && known.linked)
        effects.push({ type: 'ship', peer, after: known.acked });
      continue;
    }
    const begun = newFollower(peer, role, linked.includes(peer), anew);
    if (begun.phase === 'waiting' && begun.linked) {
      followers.push({ ...begun, phase: 'seeding', seeding });
      effects.push({ type: 'seed', peer, seeding });
      seeding += 1;
    } else followers.push(begun);
    if (begun.phase === 'joining' && begun.linked) effects.push({ type: 'ship', peer, after: 0 });
  }
  for (const { peer, seeding: last } of state.followers)
    if (!followers.some((it) => it.peer === peer)) effects.push({ type: 'stop', peer, seeding: last });
  const reportedLost = term === state.term && state.reportedLost;
  return settle(state, { term, followers, reportedLost }, now, effects);
}

function newFollower(peer: PeerId, role: FollowerView['role'], linked: boolean, anew: boolean): FollowerView {
  const isBackup = role === 'backup';
  return {
    peer,
    role,
    phase: isBackup && !anew ? 'joining' : 'waiting',
    linked,
    seeding: 0,
    acked: 0,
    caughtUp: isBackup,
    behindSince: undefined,
    silent: false,
  };
}

/** It has a copy, or may have one: records are sent to it. */
function mayFollow({ phase }: FollowerView): boolean {
  return phase === 'following' || phase === 'joining';
}

function up(state: OwnerState, peer: PeerId, now: Millis, fresh: number): OwnerStep {
  const effects: OwnerEffect[] = [];
  const followers = state.followers.map((it): FollowerView => {
    if (it.peer !== peer) return it;
    if (mayFollow(it)) {
      effects.push({ type: 'ship', peer, after: it.acked });
      return { ...it, linked: true };
    }
    effects.push({ type: 'seed', peer, seeding: fresh });
    return { ...it, linked: true, phase: 'seeding', seeding: fresh };
  });
  return settle(state, { followers }, now, effects);
}

function acknowledged(state: OwnerState, from: PeerId, ack: AckMessage, now: Millis, fresh: number): OwnerStep {
  if (ack.code === 'STALE_TERM') return refused(state, from, ack, now, fresh);
  const at = state.followers.findIndex(({ peer }) => peer === from);
  const it = state.followers[at];
  if (!it || it.seeding !== ack.seeding || !it.linked) return settledAt(state, state.end, state.followers, now);
  if (ack.code === 'GAP') {
    const begun = viewOf(it, 'seeding', fresh, 0, it.caughtUp, it.behindSince);
    const effects: readonly OwnerEffect[] = [{ type: 'seed', peer: from, seeding: fresh }];
    return settle(state, { followers: withOne(state.followers, at, begun) }, now, effects);
  }
  if (ack.position <= it.acked && it.phase === 'following') return settledAt(state, state.end, state.followers, now);
  const acked = Math.max(it.acked, ack.position);
  // Not before it has all that was ever let out: it may be the only one who has it soon.
  const caughtUp = it.caughtUp || acked >= state.durable;
  const behindSince = acked >= state.end ? undefined : now;
  const heard = viewOf(it, 'following', it.seeding, acked, caughtUp, behindSince);
  return settledAt(state, state.end, withOne(state.followers, at, heard), now);
}

/** The copy knows a newer term. What it was sent of a snapshot is lost, and nobody repeats that: it begins again in that term. */
function refused(state: OwnerState, from: PeerId, ack: AckMessage, now: Millis, fresh: number): OwnerStep {
  const effects: OwnerEffect[] = [];
  const followers = state.followers.map((it): FollowerView => {
    if (it.peer !== from || it.seeding !== ack.seeding || it.phase !== 'seeding') return it;
    // Its row may have come here in the meantime; else the snapshot waits for it.
    if (ack.term > state.term || !it.linked) return { ...it, phase: 'waiting' };
    effects.push({ type: 'seed', peer: from, seeding: fresh });
    return { ...it, seeding: fresh };
  });
  return settle(state, { newerTerm: Math.max(state.newerTerm, ack.term), followers }, now, effects);
}

function tick(
  state: OwnerState,
  { silent, stalledMs }: Extract<OwnerInput, { type: 'tick' }>,
  now: Millis,
  options: ReplicationOptions,
): OwnerStep {
  const followers = state.followers.map((it) => {
    const isSilent = silent.includes(it.peer);
    const behindSince = it.behindSince === undefined ? undefined : it.behindSince + stalledMs;
    return isSilent === it.silent && stalledMs === 0 ? it : { ...it, silent: isSilent, behindSince };
  });
  const reportedLost = state.reportedLost || followers.some((it) => it.role === 'backup' && isLost(it, now, options));
  return settle(state, { followers, reportedLost }, now, NONE);
}

function isLost(it: FollowerView, now: Millis, { silenceMs }: ReplicationOptions): boolean {
  // A snapshot takes the time it takes; what is caught up must keep up.
  return it.silent || (it.caughtUp && it.behindSince !== undefined && now - it.behindSince >= silenceMs);
}

/** All of it by name: this is made twice for every record. */
function viewOf(
  { peer, role, linked, silent }: FollowerView,
  phase: FollowerView['phase'],
  seeding: number,
  acked: Position,
  caughtUp: boolean,
  behindSince: Millis | undefined,
): FollowerView {
  return { peer, role, phase, linked, seeding, acked, caughtUp, behindSince, silent };
}

function withOne(followers: readonly FollowerView[], at: number, view: FollowerView): readonly FollowerView[] {
  if (followers.length === 1) return [view];
  return followers.map((it, i) => (i === at ? view : it));
}

/** What follows from any change: who is behind. */
function settle(
  before: OwnerState,
  changes: Partial<OwnerState>,
  now: Millis,
  effects: readonly OwnerEffect[],
): OwnerStep {
  const { term = before.term, newerTerm = before.newerTerm, end = before.end } = changes;
  const { followers: given = before.followers, reportedLost = before.reportedLost } = changes;
  const followers = lookedAt(given, end, now);
  return { state: stateOf(term, newerTerm, end, before.durable, followers, reportedLost, before.isStored), effects };
}

/** The same after a record or an acknowledgement, which nearly all inputs are: they change nothing else. */
function settledAt(
  { term, newerTerm, durable, reportedLost, isStored }: OwnerState,
  end: Position,
  given: readonly FollowerView[],
  now: Millis,
): OwnerStep {
  const followers = lookedAt(given, end, now);
  return { state: stateOf(term, newerTerm, end, durable, followers, reportedLost, isStored), effects: NONE };
}

/** Always with the same fields in the same order: two are made for every record, and objects of one shape are read fastest. */
function stateOf(
  term: Term,
  newerTerm: number,
  end: Position,
  durable: Position,
  followers: readonly FollowerView[],
  reportedLost: boolean,
  isStored: boolean,
): OwnerState {
  return { term, newerTerm, end, durable, followers, reportedLost, isStored };
}

/** Who is behind, and since when. What did not change is not made anew. */
function lookedAt(given: readonly FollowerView[], end: Position, now: Millis): readonly FollowerView[] {
  let followers = given;
  for (let i = 0; i < given.length; i += 1) {
    const it = given[i]!;
    const isBehind = it.acked < end || it.phase === 'joining';
    if (isBehind !== (it.behindSince !== undefined))
      followers = withOne(followers, i, viewOf(it, it.phase, it.seeding, it.acked, it.caughtUp, isBehind ? now : undefined)); // biome-ignore format: one line
  }
  return followers;
}

/** The gate (fence 2): what lies before this position is in a second place wherever there has to be one, and may leave. */
export function gatePosition(state: OwnerState): Position {
  const { term, newerTerm, durable, end, followers, reportedLost } = state;
  if (newerTerm > term) return durable;
  // K9: the row may have dropped it by now, and then what it has does not count: a shard without a second place may be placed afresh.
  if (reportedLost) return durable;
  let position = Infinity;
  for (const { caughtUp, acked } of followers) if (caughtUp && acked < position) position = acked;
  if (position !== Infinity) return position;
  return followers.length === 0 || isLearnt(state) ? end : durable;
}

/**
 * K9: all that there is beside the owner is a learner that may need its snapshot for long, and storage, which lets nothing through that it does not have.
 * Once the snapshot is there, nothing more is let through until the learner has what was (K10): under steady load it would be behind for ever.
 */
export function isLearnt({ followers, isStored }: OwnerState): boolean {
  return isStored && followers.every(({ phase, linked }) => phase !== 'following' || !linked);
}
