// Where else each shard is. Pure: the same table, members and reports give the same answer on every coordinator.
//
//   owner, no second place ──choose──► learner ──"learner-in-sync"──► backup (term + 1)
//   owner gone, backup well ─────────► the backup is the owner (term + 1), and a learner is chosen in the same transaction
//   backup surely dead ──────────────► no backup (term + 1), and a learner is chosen in the same transaction
//   backup reported lost, alive ─────► it stays, and a learner is named beside it: "learner-in-sync" puts that in its place
//   backup given up by the leader ───► the same, without waiting for its owner to say so: the copies begin with the promotions
//   … nobody else who could learn ───► no backup (term + 1): storage is the second place from then on
//   … "backup-back" ─────────────────► the same backup (term + 1)
//   learner gone, or reported lost ──► another learner
//
// "Gone" is dead or given up (cluster's heartbeat/protocol.ts), by incarnation: who comes back under its name is nobody's backup (K3).
// A learner is never promoted (K10): what it has may be less than what was acknowledged.
// A backup that is merely silent stays (K9). Its owner may be cut off with it, and the two go on answering under the row as they know it:
// whoever got the shard in the meantime would be a second owner, without what those two have acknowledged. So only the owner itself,
// speaking of this very row, or a sure death takes a backup away; an owner that hears nothing of its backup says so within a second.
// What it reports lost may only be cut off from it, and have everything that was ever let out: until another has that too, it is all there is
// beside the owner. So it stays named while it is alive and somebody else can learn; the owner answers nothing meanwhile either way. Only
// where nobody else can is it dropped at once, and the owner answers again when storage has everything. An owner that hears its backup again
// goes on with it under the next term only: the row of this one may be about to lose it.
// For the same reason a shard whose owner and backup are both silent is left alone, however long: one of the two comes back, or is surely
// dead (nobody listens at its address, or its name is in use again); `status` tells the operator who is waited for.
// Whose copy is where: for each owner its second places are spread evenly over all others, in other zones where there are any. So when a
// node dies, every other one gets the same share of its work.
import type { ReportedChange, ShardRow } from '@muster/cluster';
import { type PeerId, term } from '@muster/ports';

export interface Standing {
  /** True where this process is not known to be dead. */
  readonly isAlive: (peer: PeerId) => boolean;
  /** Not known to be dead, but its replicated shards are not waited for any more. */
  readonly isGivenUp: (peer: PeerId) => boolean;
  /** Heard lately, and reachable at this moment. */
  readonly isWell: (peer: PeerId) => boolean;
  /** Nothing runs or will ever run under this name; silence does not prove that. */
  readonly isProvenDead: (peer: PeerId) => boolean;
  /** Nobody listens where it was: so it has stopped by now, whatever the clocks say (K7). Implies that it is proven dead. */
  readonly isSurelyDead: (peer: PeerId) => boolean;
  /** It drains: whatever it has goes elsewhere. */
  readonly isLeaving: (peer: PeerId) => boolean;
  /** Former owners of rows that say `atLarge` may still act on what they had alone. */
  readonly isAnyAtLarge: () => boolean;
  readonly zoneOf: (peer: PeerId) => string;
}

export interface SecondPlaceInput extends Standing {
  /** Members that may get shards. */
  readonly targets: readonly PeerId[];
  /** The same, and those that are not heard at this moment. */
  readonly eligible: readonly PeerId[];
  /** Whether the row's owner, acting on this very row, says this about that peer. */
  readonly isReported: (row: ShardRow, what: ReportedChange, peer: PeerId) => boolean;
  readonly successorOf?: typeof successorOf;
}

/** Who owns the shard when its owner is gone; empty: nobody has all of it. A learner never does (K10). */
export function successorOf({ backup }: ShardRow): PeerId | '' {
  return backup;
}

export function isGone(peer: PeerId, { isAlive, isGivenUp }: Pick<Standing, 'isAlive' | 'isGivenUp'>): boolean {
  return !isAlive(peer) || isGivenUp(peer);
}

/** The row as the fates of its owner, backup and learner and the owner's reports make it; itself where nothing has changed. */
export function followed(row: ShardRow, input: SecondPlaceInput): ShardRow {
  if (row.owner === '') return row;
  if (isGone(row.owner, input)) return promoted(row, input);
  // One that is not heard at this moment could not be told. If it is dead as well, its row has another answer.
  if (!input.isWell(row.owner)) return row;
  return graduated(row, input) ?? withoutLost(row, input);
}

function promoted(row: ShardRow, input: SecondPlaceInput): ShardRow {
  const { owner } = row;
  const backup = (input.successorOf ?? successorOf)(row);
  if (backup === '' || owner === '' || !input.isWell(backup) || isGone(backup, input)) return row;
  const under = bare(row, input);
  const next: ShardRow = {
    ...under,
    since: under.term,
    owner: backup,
    origin: 'promoted',
    backup: '',
    learner: '',
    state: 'stable',
    move: '',
  };
  // Sure of all: the owner before may have been promoted a moment ago, while nobody knew whether the one before that had stopped.
  if (input.isSurelyDead(owner) && under.atLarge !== true) return { ...next, sure: true };
  return { ...next, atLarge: true };
}

/** The learner becomes the backup, in the place of one that there may still be: never is there none in between. */
function graduated(row: ShardRow, input: SecondPlaceInput): ShardRow | undefined {
  const { learner } = row;
  // The learner of a move is to be the owner.
  if (row.state === 'moving') return undefined;
  if (learner === '' || isGone(learner, input) || !input.isReported(row, 'learner-in-sync', learner)) return undefined;
  return { ...bare(row, input), backup: learner, learner: '', move: '' };
}

function withoutLost(row: ShardRow, input: SecondPlaceInput): ShardRow {
  const { learner, backup } = row;
  // Who drives a move gives it up when its target is lost.
  const isLearning = learner === '' || row.state === 'moving' || mayLearn(learner, row, input);
  const kept = isLearning ? row : ({ ...row, learner: '' } as const);
  if (backup === '') return kept;
  const stable = { state: 'stable', move: '' } as const;
  if (input.isReported(row, 'backup-back', backup)) return { ...bare(kept, input), ...stable };
  const isLost = input.isReported(row, 'backup-lost', backup);
  if (input.isProvenDead(backup) || (isLost && !(input.isAlive(backup) && isReplaceable(row, input))))
    return { ...bare(kept, input), backup: '', ...stable };
  // Nothing can be sealed without it: who was to be the owner is to be the backup now.
  return isLost && row.state === 'moving' ? { ...kept, ...stable } : kept;
}

/** Somebody could learn the shard and take its backup's place, be it heard at this moment or not. */
function isReplaceable(row: ShardRow, input: SecondPlaceInput): boolean {
  return input.eligible.some((peer) => peer !== row.owner && peer !== row.backup && mayLearn(peer, row, input));
}

function mayLearn(peer: PeerId, row: ShardRow, input: SecondPlaceInput): boolean {
  return !(isGone(peer, input) || input.isReported(row, 'backup-lost', peer) || input.isLeaving(peer));
}

/** Under a new term, of which nothing is known yet that was said about the old one. */
function bare({ sure: _, atLarge, ...row }: ShardRow, { isAnyAtLarge }: SecondPlaceInput): ShardRow {
  const next = { ...row, term: term(row.term + 1) };
  return atLarge && isAnyAtLarge() ? { ...next, atLarge } : next;
}

/**
 * Learners for all shards that have no second place, or have lost sight of it, where there is a node for one. `before`: the rows as they stand in the store, so
 * that whoever was just found not to keep up is asked again only where there is nobody else.
 */
export function withLearners(
  rows: readonly ShardRow[],
  before: readonly ShardRow[],
  input: SecondPlaceInput,
): readonly ShardRow[] {
  const lacking = (row: ShardRow) =>
    row.owner !== '' &&
    row.learner === '' &&
    (row.backup === '' || input.isGivenUp(row.backup) || input.isReported(row, 'backup-lost', row.backup)) &&
    input.isWell(row.owner);
  if (input.targets.length === 0 || !rows.some(lacking)) return rows;
  const spread = new Spread(rows);
  return rows.map((row) => {
    if (!lacking(row)) return row;
    const { backup, learner } = before[row.shard]!;
    const learnerNext = spread.choose(row, input, [backup, learner]);
    if (learnerNext === undefined) return row;
    spread.add(row.owner, learnerNext, 1);
    return { ...row, learner: learnerNext };
  });
}

/**
 * Shards whose second place should be elsewhere: learners beside their backups, at most `max`, where a backup drains, or — unless it is
 * `only-leaving` that counts — an owner's second places are not spread evenly or stand in its own zone without need.
 * The backup stays until the learner is in sync.
 */
export function levelled(
  rows: readonly ShardRow[],
  input: SecondPlaceInput,
  max: number,
  which: 'all' | 'only-leaving' = 'all',
): ShardRow[] {
  const spread = new Spread(rows);
  const changes: ShardRow[] = [];
  for (const row of rows) {
    if (changes.length >= max) break;
    const { owner, backup } = row;
    const settled = owner !== '' && backup !== '' && row.learner === '' && row.state === 'stable';
    if (!settled || !input.isWell(owner)) continue;
    const isLeaving = input.isLeaving(backup);
    if (!isLeaving && (which === 'only-leaving' || !input.isWell(backup))) continue;
    const learner = spread.choose(row, input, []);
    if (learner === undefined) continue;
    if (!isLeaving && !spread.isBetter(owner, learner, backup, input)) continue;
    spread.add(owner, backup, -1);
    spread.add(owner, learner, 1);
    changes.push({ ...row, learner });
  }
  return changes;
}

/** How many second places each process holds, for each owner and for all of them. */
class Spread {
  private readonly pairs = new Map<string, number>();
  private readonly totals = new Map<string, number>();

  constructor(rows: readonly ShardRow[]) {
    for (const { owner, backup, learner } of rows) {
      // Of a backup and its successor to be, only the latter will stay.
      const second = learner === '' ? backup : learner;
      if (owner !== '' && second !== '') this.add(owner, second, 1);
    }
  }

  add(owner: string, second: PeerId, count: number): void {
    this.pairs.set(`${owner} ${second}`, this.pair(owner, second) + count);
    this.totals.set(second, this.total(second) + count);
  }

  /** `avoid`: only where there is nobody else. */
  choose({ owner, backup }: ShardRow, input: SecondPlaceInput, avoid: readonly (PeerId | '')[]): PeerId | undefined {
    const others = input.targets.filter((peer) => peer !== owner && peer !== backup);
    const fresh = orAll(others, (peer) => !avoid.includes(peer));
    const candidates = orAll(fresh, (peer) => owner !== '' && input.zoneOf(peer) !== input.zoneOf(owner));
    return candidates.reduce<PeerId | undefined>(
      (best, peer) => (best === undefined || this.isLess(owner, peer, best) ? peer : best),
      undefined,
    );
  }

  isBetter(owner: PeerId, learner: PeerId, backup: PeerId, { zoneOf }: SecondPlaceInput): boolean {
    const [isFar, wasFar] = [zoneOf(learner) !== zoneOf(owner), zoneOf(backup) !== zoneOf(owner)];
    if (isFar !== wasFar) return isFar;
    return this.pair(owner, backup) - this.pair(owner, learner) >= 2;
  }

  private isLess(owner: string, a: PeerId, b: PeerId): boolean {
    const difference = this.pair(owner, a) - this.pair(owner, b) || this.total(a) - this.total(b);
    return difference < 0;
  }

  private pair(owner: string, second: string): number {
    return this.pairs.get(`${owner} ${second}`) ?? 0;
  }

  private total(second: string): number {
    return this.totals.get(second) ?? 0;
  }
}

function orAll<T>(all: readonly T[], wanted: (each: T) => boolean): readonly T[] {
  const some = all.filter(wanted);
  return some.length > 0 ? some : all;
}
