import type {
  Friendships,
  Millis,
  Operation,
  PairChange,
  PairFacts,
  PlayerId,
  Ruling,
  TieCounts,
  Ties,
} from '@muster/ports';
import type { MemoryOperations } from './memory-operations.js';
import { noTies } from './storable.js';

interface Row {
  version: number;
  readonly friends: Map<PlayerId, Millis>;
  readonly outgoing: Map<PlayerId, Millis>;
  readonly incoming: Map<PlayerId, Millis>;
  readonly ignored: Map<PlayerId, Millis>;
}

export class MemoryFriendships implements Friendships {
  private readonly rows = new Map<PlayerId, Row>();
  private readonly operations: MemoryOperations;
  private readonly exists: (id: PlayerId) => boolean;
  private readonly open: () => void;

  constructor(operations: MemoryOperations, exists: (id: PlayerId) => boolean, open: () => void) {
    this.operations = operations;
    this.exists = exists;
    this.open = open;
  }

  /** For other parts of the same storage, within their own steps. */
  ignores(id: PlayerId, whom: PlayerId): boolean {
    return this.rows.get(id)?.ignored.has(whom) ?? false;
  }

  async of(id: PlayerId): Promise<Ties> {
    this.open();
    const row = this.rows.get(id);
    if (!row) return noTies;
    return {
      version: row.version,
      friends: sorted(row.friends).map(([userId, since]) => ({ userId, since })),
      outgoing: sorted(row.outgoing).map(([to, sentAt]) => ({ to, sentAt })),
      incoming: sorted(row.incoming).map(([from, sentAt]) => ({ from, sentAt })),
      ignored: sorted(row.ignored).map(([ignored]) => ignored),
    };
  }

  async change<Result>(
    operation: Operation,
    me: PlayerId,
    other: PlayerId,
    decide: (facts: PairFacts | undefined) => Ruling<PairChange, Result>,
  ): Promise<Result> {
    this.open();
    return this.operations.once(operation, () => {
      const known = me !== other && this.exists(me) && this.exists(other);
      const { changes, result } = decide(known ? this.facts(me, other) : undefined);
      if (known) for (const change of changes) this.apply(me, other, change);
      return result;
    });
  }

  private facts(me: PlayerId, other: PlayerId): PairFacts {
    const [mine, theirs] = [this.row(me), this.row(other)];
    return {
      mine: counts(mine),
      theirs: counts(theirs),
      friendsSince: mine.friends.get(other) ?? null,
      requestedAt: mine.outgoing.get(other) ?? null,
      requestedByThemAt: mine.incoming.get(other) ?? null,
      isIgnored: mine.ignored.has(other),
      ignoresMe: theirs.ignored.has(me),
    };
  }

  private apply(me: PlayerId, other: PlayerId, change: PairChange): void {
    const [mine, theirs] = [this.row(me), this.row(other)];
    const { friendsSince, requestedAt, requestedByThemAt, ignoredAt } = change;
    set(mine.friends, other, friendsSince);
    set(theirs.friends, me, friendsSince);
    set(mine.outgoing, other, requestedAt);
    set(theirs.incoming, me, requestedAt);
    set(mine.incoming, other, requestedByThemAt);
    set(theirs.outgoing, me, requestedByThemAt);
    set(mine.ignored, other, ignoredAt);
    mine.version += 1;
    theirs.version += 1;
  }

  private row(id: PlayerId): Row {
    let row = this.rows.get(id);
    if (!row) {
      row = { version: 0, friends: new Map(), outgoing: new Map(), incoming: new Map(), ignored: new Map() };
      this.rows.set(id, row);
    }
    return row;
  }
}

function counts({ friends, outgoing, incoming, ignored }: Row): TieCounts {
  return { friends: friends.size, outgoing: outgoing.size, incoming: incoming.size, ignored: ignored.size };
}

function set(map: Map<PlayerId, Millis>, id: PlayerId, at: Millis | null | undefined): void {
  if (at === null) map.delete(id);
  else if (at !== undefined) map.set(id, at);
}

function sorted(map: ReadonlyMap<PlayerId, Millis>): readonly (readonly [PlayerId, Millis])[] {
  return [...map].sort(([a], [b]) => Number(a) - Number(b));
}
