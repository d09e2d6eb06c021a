import type { Override, PeerInfo, ShardRow } from '@muster/cluster';
import {
  type Clock,
  epoch as epochOf,
  type Log,
  type Millis,
  type PeerId,
  type ShardId,
  type ShardStore,
  type Term,
  term,
} from '@muster/ports';
import type { Ledger } from './ledger.js';
import { mendedOverrides } from './lost-overrides.js';
import { OVERRIDES_AT_ONCE, type OverrideChange } from './overrides.js';
import { isOfBefore, type PlacementInput } from './placement.js';
import { fenceAll } from './storage-fence.js';
import { behind, type Found, highestOf, type Recalled, signOf } from './went-back.js';

/** What a leader knew of the cluster when its store went back under it: exactly what it had read and written. */
export interface Memory {
  readonly rows: readonly ShardRow[];
  readonly overrides: ReadonlyMap<string, Override>;
  readonly buried: readonly PeerId[];
}

export interface RestorationSetup {
  readonly clock: Clock;
  readonly log: Log;
  readonly epoch: number;
  readonly ledger: Ledger;
  /** Absent: no storage knows anything. @throws MusterError STORAGE_UNAVAILABLE */
  readonly recall?: (() => Promise<Recalled>) | undefined;
  readonly shards?: Pick<ShardStore, 'whereabouts' | 'terms' | 'claim' | 'mark'> | undefined;
  /** Of this process, one regime before this, without another leader in between. */
  readonly memory: Memory | undefined;
  /** The regime before this found out that its table is older than storage. */
  readonly isSuspect: boolean;
  /** The epoch that was found in the store; 0: none. */
  readonly foundEpoch: number;
  /** Highest that this coordinator knows of. */
  readonly floorTerm: Term;
  readonly recallMs: Millis;
  readonly retryMs: Millis;
  /** Not known to be dead. */
  readonly isAlive: (peer: PeerId) => boolean;
  /** Where the entity hashes to. */
  readonly homeOf: (entity: string) => ShardId;
  readonly on: {
    fenced(): void;
    /** Storage was held against the table, late, and it stands. */
    checked(): void;
    /** Storage answered late, and the table that was worked with since is older. */
    behind(): void;
  };
}

/**
 * A new leader's look at the store it has found: did it go back (K4)? Where the leader is the one from before, it writes again what it
 * knows, and nobody notices: the same owners in the same terms. Otherwise what storage has is all there is: overrides are mended by it,
 * and every shard is placed above every term that was ever given. Storage that does not answer holds up nobody: it is asked on, and where
 * it turns out to know more, the leader begins again.
 *
 * Nobody who wrote there before does so any more when that is read for the last time.
 *
 * It may die at any time: overrides are written before the rows, whose terms show the next leader that the work is not done.
 */
export class Restoration {
  /** No owner in the table counts. */
  outdated = false;
  /** New terms are above this one. */
  floorTerm: Term;
  /** The store was found to have gone back. */
  wentBack = false;
  private readonly setup: RestorationSetup;
  private terms: ReadonlyMap<ShardId, Term> = new Map();
  private answer: Promise<Recalled | undefined> = Promise.resolve(undefined);
  private readonly mended = new Map<ShardId, Term>();
  /** Nobody knew what the store lacks. */
  private forgot = false;
  /** Nodes that have nothing open but what the mended table gives to them. */
  private readonly proven = new Set<PeerId>();
  private doubted = false;
  private checked = false;
  private settled = false;
  private fenced = false;
  private stopped = false;

  constructor(setup: RestorationSetup) {
    this.setup = setup;
    this.floorTerm = setup.floorTerm;
  }

  /** Storage was held against the table, and knows no more. */
  get isChecked(): boolean {
    return this.checked;
  }

  /** The table is older than storage, and was not mended: the next regime has to wait for storage. */
  get isSuspect(): boolean {
    return this.doubted || (this.setup.isSuspect && !this.settled);
  }

  /** What the next regime of this process may go by, should the store go back under this one. */
  get memory(): Memory | undefined {
    const { ledger, memory } = this.setup;
    if (this.isSuspect) return undefined;
    return this.settled ? { rows: ledger.rows(), overrides: ledger.overrides.all(), buried: ledger.buried } : memory;
  }

  stop(): void {
    this.stopped = true;
  }

  /** Before the store is read: what storage knows by now the store had before. */
  ask(): void {
    this.answer = this.once();
  }

  /** The newer term by which storage knows the row's shard. */
  outrankedBy({ shard, term: of }: ShardRow): Term | undefined {
    const known = this.terms.get(shard);
    return known !== undefined && known > of ? known : undefined;
  }

  /**
   * Whether a member may go on with what it alone has (fence 4). Where nobody knew what the store lacks, two may take themselves for a shard's owner:
   * who the store names, and who has had it since. So neither may until no such row stands, and what it has open `fits` the table.
   */
  mayGoOn({ role, peer }: Pick<PeerInfo, 'role' | 'peer'>, fits: () => boolean): boolean {
    if (!this.forgot || role !== 'node' || this.proven.has(peer)) return true;
    if (this.setup.ledger.rows().some((row) => this.isVoid(row)) || !fits()) return false;
    this.proven.add(peer);
    return true;
  }

  /** What the store says of the shard is of another time, and who it says may believe it. */
  private isVoid(row: ShardRow): boolean {
    if (row.owner === '' || !this.setup.isAlive(row.owner)) return false;
    return isOfBefore(row, this) || this.outrankedBy(row) !== undefined;
  }

  /** The ledger has read the store. False: to be tried again. @throws MusterError STORAGE_UNAVAILABLE */
  async settle(): Promise<boolean> {
    this.settled = await this.look();
    return this.settled;
  }

  private async look(): Promise<boolean> {
    const { memory, isSuspect, ledger, clock, recallMs } = this.setup;
    if (memory && !isSuspect && !ledger.rows().some((row) => row.term > memory.rows[row.shard]!.term)) {
      this.wentBack = true;
      if (!(await this.writeAgain(memory))) return false;
      // What was found before says nothing any more; storage may still know more than this leader did.
      void this.checkLater({ epoch: Number.MAX_SAFE_INTEGER, revision: Number.MAX_SAFE_INTEGER });
      return true;
    }
    const patience = new Promise<undefined>((resolve) => clock.after(recallMs, () => resolve(undefined)));
    const needed = isSuspect || memory !== undefined || highestOf(ledger.rows()) < this.floorTerm;
    const recalled = await (needed && this.setup.recall ? this.surely() : Promise.race([this.answer, patience]));
    if (this.stopped) return true;
    if (!recalled && this.setup.recall) {
      void this.checkLater(found(this.setup));
      return true;
    }
    this.checked = await this.judge(recalled, needed);
    return this.checked;
  }

  /** Nodes say that these shards had newer terms: who is in them may be another than the store says. False: not now. */
  async mend({ rows, outrankedBy }: Pick<PlacementInput, 'rows' | 'outrankedBy'>): Promise<boolean> {
    const outranked = rows.flatMap((row) => {
      const known = outrankedBy(row);
      return known === undefined ? [] : [{ row, known }];
    });
    const fresh = outranked.filter(({ row, known }) => (this.mended.get(row.shard) ?? 0) < known);
    if (fresh.length === 0) return true;
    // The store did go back. Where storage knows that too, all is placed by it, once: what was placed before would be thrown away.
    if (!this.checked) return false;
    try {
      if (!(await this.mendOverrides(new Set(fresh.map(({ row }) => row.shard))))) return false;
    } catch (error) {
      this.setup.log.write('error', 'regime.not-mended', { epoch: this.setup.epoch, error });
      return false;
    }
    for (const { row, known } of fresh) this.mended.set(row.shard, known);
    return true;
  }

  /**
   * All is about to be placed by what storage has: no owner of before writes there any more. Who stood still had perhaps recorded in a solo
   * shard that an entity is there, and only now at home that it is not; then nobody would have it. False: not now.
   */
  async fence(): Promise<boolean> {
    const { shards, log, epoch } = this.setup;
    if (this.fenced || !this.outdated || !shards) return true;
    try {
      const at = term(this.floorTerm + 1);
      const newest = await fenceAll(shards, at);
      this.floorTerm = term(Math.max(this.floorTerm, newest));
      if (newest > at || !(await this.mendOverrides(undefined))) return false;
    } catch (error) {
      log.write('warn', 'regime.storage-not-fenced', { epoch, error });
      return false;
    }
    this.fenced = true;
    return true;
  }

  /** Overrides first: as long as a row is older than storage, the next leader looks at them as well. */
  private async writeAgain({ rows, overrides, buried }: Memory): Promise<boolean> {
    const { ledger, log, epoch, on } = this.setup;
    const named = new Set([...overrides.keys(), ...ledger.overrides.all().keys()]);
    const changes = [...named].flatMap((entity): OverrideChange[] => {
      const [to = null, is = null] = [overrides.get(entity), ledger.overrides.get(entity)];
      return to?.shard === is?.shard && to?.pinned === is?.pinned ? [] : [{ entity, to }];
    });
    if (!(await this.writeOverrides(changes))) return false;
    const older = rows.filter(({ shard, term: of }) => of > ledger.row(shard).term).length;
    const result = await ledger.commit(rows, [], buried);
    if (result === 'fenced') on.fenced();
    if (result !== 'committed') return false;
    log.write('error', 'regime.store-went-back', { epoch, rows: older, overrides: changes.length });
    return true;
  }

  private async judge(recalled: Recalled | undefined, surely: boolean): Promise<boolean> {
    const { ledger, log, epoch, floorTerm, isSuspect } = this.setup;
    const rows = ledger.rows();
    const known = recalled ?? { epoch: epochOf(0), revision: 0, term: floorTerm, terms: new Map<ShardId, Term>() };
    const highest = highestOf(rows);
    const sign = surely ? 'term' : signOf(found(this.setup), { ...known, term: term(Math.max(known.term, floorTerm)) });
    if (!sign) return true;
    this.wentBack = true;
    this.forgot = true;
    this.terms = known.terms;
    const ever = [...known.terms.values()].reduce<number>((most, each) => Math.max(most, each), highest);
    this.floorTerm = term(Math.max(ever, known.term, floorTerm));
    this.outdated = sign !== 'rows';
    // An empty store is a new one (memory, or etcd set up afresh); one with older rows was restored, which somebody should know.
    const level = highest === 0 ? 'info' : 'error';
    const fields = { epoch, sign: isSuspect ? 'late' : sign, highest, remembered: this.floorTerm };
    log.write(level, 'regime.store-is-older', { ...fields, rows: behind(rows, known.terms).length });
    const some = sign === 'rows' ? new Set(behind(rows, known.terms).map(({ shard }) => shard)) : undefined;
    return this.mendOverrides(some);
  }

  /** Before anything is placed: whoever reads a shard lets go of what belongs to another one. `some`: only what has to do with these shards. */
  private async mendOverrides(some: ReadonlySet<ShardId> | undefined): Promise<boolean> {
    const { shards, log, epoch, ledger } = this.setup;
    const overrides = ledger.overrides.all();
    const stored = (await shards?.whereabouts(ledger.layout.hashed as ShardId, [...overrides.keys()])) ?? [];
    const concerned = new Set(stored.flatMap(({ entity, shard }) => (!some || some.has(shard) ? [entity] : [])));
    for (const [entity, { shard }] of overrides) if (some?.has(shard)) concerned.add(entity);
    const changes = mendedOverrides(
      stored.filter(({ entity }) => concerned.has(entity)),
      overrides,
      ledger.layout,
    );
    if (!(await this.writeOverrides(changes))) return false;
    if (changes.length > 0) log.write('warn', 'regime.overrides-mended', { epoch, entities: changes.length });
    return true;
  }

  private async writeOverrides(changes: readonly OverrideChange[]): Promise<boolean> {
    const { ledger, homeOf, on } = this.setup;
    for (let at = 0; at < changes.length && !this.stopped; at += OVERRIDES_AT_ONCE) {
      const some = changes.slice(at, at + OVERRIDES_AT_ONCE);
      // Each with a row as it stands: what became of it shows in that row's page (K2).
      const numbers = new Set(some.map(({ entity, to }) => to?.shard ?? homeOf(entity)));
      const result = await ledger.commit([...numbers].map((shard) => ledger.row(shard)), [], [], some); // biome-ignore format: one line
      if (result === 'fenced') on.fenced();
      if (result !== 'committed') return false;
    }
    return true;
  }

  private async once(): Promise<Recalled | undefined> {
    try {
      return await this.setup.recall?.();
    } catch (error) {
      this.setup.log.write('warn', 'regime.not-recalled', { epoch: this.setup.epoch, error });
      return undefined;
    }
  }

  /** However long storage takes. Undefined: stopped. */
  private async surely(): Promise<Recalled | undefined> {
    const { clock, retryMs } = this.setup;
    let recalled = await this.answer;
    while (!recalled && !this.stopped) {
      await new Promise<void>((resolve) => clock.after(retryMs, resolve));
      recalled = await this.once();
    }
    return recalled;
  }

  /**
   * Storage is away, and this leader goes on with the table as it is. The epoch and the revision that were found then count: this leader
   * has told storage of none. Of the terms those of now do: as soon as storage is back, owners claim by what this leader has given them since.
   */
  private async checkLater(first: Omit<Found, 'rows'>): Promise<void> {
    const { ledger, on, recall } = this.setup;
    const recalled = recall && (await this.surely());
    if (this.stopped) return;
    if (recalled && signOf({ ...first, rows: ledger.rows() }, recalled)) {
      this.doubted = true;
      on.behind();
      return;
    }
    this.checked = true;
    on.checked();
  }
}

function found({ foundEpoch, ledger }: RestorationSetup): Found {
  return { epoch: foundEpoch, revision: ledger.revision, rows: ledger.rows() };
}
