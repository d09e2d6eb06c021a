import {
  type Candidate,
  type CandidateEffect,
  type CandidateInput,
  type EpochRecord,
  newCandidate,
  Outage,
  type Peers,
  type Registered,
  readEpoch,
  type StoreKeys,
  stepCandidate,
  type TakeoverOptions,
  type TakeoverReason,
} from '@muster/cluster';
import {
  type Clock,
  type ClusterStore,
  codeOf,
  epoch,
  type Log,
  type Metrics,
  type Millis,
  type PeerId,
  type RangeResult,
  type Timer,
} from '@muster/ports';
import type { BeatInit } from '@muster/wire';
import type { CoordinatorRules } from './rules.js';
import type { StoreHealth } from './store-health.js';

export interface Won {
  readonly epoch: number;
  readonly modRevision: number;
  readonly why: TakeoverReason;
  readonly former: string;
  /** The epoch that stood in the store before, which may be older than one that was known (K4); 0: none. */
  readonly found: number;
}

export interface ElectionEvents {
  lead(won: Won): void;
  follow(epoch: number, leader: PeerId): void;
  vice(vice: string): void;
}

export interface ElectionSetup {
  readonly clock: Clock;
  readonly store: ClusterStore;
  readonly keys: StoreKeys;
  readonly peers: Peers;
  readonly health: StoreHealth;
  /** Highest epoch that storage remembers (K4). */
  readonly floor: number;
  readonly options: TakeoverOptions;
  readonly rules: CoordinatorRules;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly on: ElectionEvents;
  /** What else the beats of a leader say. */
  readonly beat: () => BeatInit;
}

/** The shell around the take-over protocol: its clock, its store, its links. */
export class Election {
  private readonly setup: ElectionSetup;
  private readonly addresses = new Map<PeerId, string>();
  private readonly outage: Outage;
  private candidate: Candidate;
  private record: EpochRecord | undefined;
  /** Last read, and what an attempt under way would take the place of. */
  private seen = { epoch: 0, modRevision: 0 };
  private found = 0;
  private timer: Timer | undefined;
  /** Ends the waiting of a leader that resigned. */
  private succeeded: ((taken: boolean) => void) | undefined;
  private stopped = false;

  constructor(setup: ElectionSetup) {
    this.setup = setup;
    const { clock, peers, log } = setup;
    this.outage = new Outage(clock, log, 'election.attempt-failed');
    this.candidate = newCandidate(peers.self.peer, clock.monotonic(), setup.floor);
    this.listen();
  }

  start(): void {
    const { peers } = this.setup;
    for (const { role, peer } of peers.linked()) if (role === 'coordinator') this.input({ type: 'linked', peer });
    this.tick();
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  /**
   * Hands the lead to the vice. Whoever calls it has stopped to write and to acknowledge before.
   * @returns whether another leads now; false at once where nobody could, and after `resignMs`
   */
  resign(): Promise<boolean> {
    const { clock, options } = this.setup;
    this.input({ type: 'resign' });
    if (this.candidate.standing !== 'resigned') return Promise.resolve(false);
    return new Promise((resolve) => {
      const limit = clock.after(options.resignMs, () => resolve(false));
      this.succeeded = (taken) => {
        limit.cancel();
        resolve(taken);
      };
    });
  }

  get state(): Candidate {
    return this.candidate;
  }

  get leads(): boolean {
    return this.candidate.standing === 'leading';
  }

  /** The epoch's record as last read. */
  get epochRecord(): EpochRecord | undefined {
    return this.record;
  }

  /** K6: for how long an acknowledgement given now is good. */
  goodForMs(): Millis {
    return this.setup.rules.goodForMs(this.candidate, this.setup.clock.monotonic(), this.setup.options);
  }

  /** Since this coordinator last acknowledged a beat of ours. */
  ackAgoMs(peer: PeerId): Millis | null {
    const at = this.candidate.confirmed.get(peer);
    return at === undefined ? null : this.setup.clock.monotonic() - at;
  }

  /** A list of the whole cluster, read at `sentAt`. */
  listed(result: RangeResult, coordinators: readonly Registered[], sentAt: Millis): void {
    const { self } = this.candidate;
    const others = coordinators.filter(({ peer }) => peer !== self);
    for (const { peer, record } of others) this.addresses.set(peer, record.address);
    this.input({ type: 'coordinators', others: others.map(({ peer }) => peer) });
    // Those that lost their registration and not their links can still be probed.
    for (const peer of this.addresses.keys())
      if (peer !== this.candidate.leader && !this.candidate.others.includes(peer)) this.addresses.delete(peer);
    this.sawEpoch(result, sentAt);
  }

  /** One of our transactions found another epoch. */
  fenced(): void {
    this.input({ type: 'fenced' });
  }

  /** The table that we led by is older than what we know of it, or than storage (K4). */
  wentBack(): void {
    this.input({ type: 'went-back' });
  }

  private listen(): void {
    const { peers } = this.setup;
    peers.on('beat', (from, { body, epoch: of }) => {
      if (from.role !== 'coordinator') return;
      this.input({ type: 'beat', from: from.peer, epoch: of, number: body.number, vice: body.vice as PeerId | '' });
    });
    peers.on('beatAck', (from, { body, epoch: of }) => {
      if (from.role === 'coordinator') this.input({ type: 'ack', from: from.peer, epoch: of, number: body.number });
    });
    peers.on('resign', (from, { epoch: of }) => {
      if (from.role === 'coordinator') this.input({ type: 'resigned', from: from.peer, epoch: of });
    });
    peers.onUp(({ role, peer }) => {
      if (role === 'coordinator') this.input({ type: 'linked', peer });
    });
    peers.onDown(({ role, peer }) => {
      if (role !== 'coordinator') return;
      this.input({ type: 'unlinked', peer });
      // It ends as well.
      if (peer === this.candidate.vice) this.succeeded?.(false);
    });
    peers.onMiss((peer, reason) => {
      const gone = reason === 'refused' || reason === 'other-incarnation';
      if (gone && this.addresses.has(peer)) this.input({ type: 'refused', peer });
    });
  }

  private tick(): void {
    if (this.stopped) return;
    this.timer = this.setup.clock.after(this.setup.options.beatMs, () => this.tick());
    this.input({ type: 'tick' });
  }

  private input(input: CandidateInput): void {
    if (this.stopped) return;
    const { clock, options } = this.setup;
    const { state, effects } = stepCandidate(this.candidate, input, clock.monotonic(), options);
    this.candidate = state;
    for (const effect of effects) this.perform(effect);
  }

  private perform(effect: CandidateEffect): void {
    const { peers, on } = this.setup;
    switch (effect.type) {
      case 'read':
        void this.read();
        return;
      case 'probe':
        void this.probe(effect.peer);
        return;
      case 'beat':
        this.sendBeats(effect.number);
        return;
      case 'ack':
        peers.send(effect.to, 'control', { type: 'beatAck', epoch: effect.epoch, body: { number: effect.number } });
        return;
      case 'attempt':
        void this.attempt(effect);
        return;
      case 'resign':
        peers.send(effect.to, 'control', { type: 'resign', epoch: effect.epoch, body: { vice: effect.to } });
        return;
      case 'vice':
        on.vice(effect.vice);
        return;
      case 'lead':
        this.lead(effect);
        return;
      case 'follow':
        this.setup.log.write('info', 'election.follow', {
          epoch: effect.epoch,
          leader: effect.leader,
          deposed: effect.deposed,
        });
        this.count(effect.deposed ? 'deposed' : 'follow');
        on.follow(effect.epoch, effect.leader);
        this.succeeded?.(true);
    }
  }

  private lead(won: Extract<CandidateEffect, { type: 'lead' }>): void {
    const { log, on } = this.setup;
    log.write('info', 'election.lead', { epoch: won.epoch, why: won.why, former: won.former });
    this.count(won.why);
    on.lead({ ...won, found: this.found });
    // At once: the sooner the others hear the new epoch, the sooner the old leader is no longer confirmed.
    this.sendBeats(0);
  }

  private sendBeats(number: number): void {
    const { peers, beat } = this.setup;
    const { self, epoch: of, vice } = this.candidate;
    const body = { ...beat(), number, leader: self, vice };
    for (const { role, peer } of peers.linked()) {
      if (role === 'coordinator') peers.send(peer, 'control', { type: 'beat', epoch: of, body });
    }
  }

  private async read(): Promise<void> {
    const { store, keys, clock, health } = this.setup;
    const sentAt = clock.monotonic();
    try {
      const result = await store.range(keys.epoch);
      health.answered();
      this.sawEpoch(result, sentAt);
    } catch (error) {
      health.failed(error);
      this.input({ type: 'read-failed' });
    }
  }

  private sawEpoch({ entries }: RangeResult, sentAt: Millis): void {
    try {
      const found = readEpoch(this.setup.keys, entries);
      this.record = found?.record;
      this.seen = { epoch: found?.record.epoch ?? 0, modRevision: found?.modRevision ?? 0 };
      this.input({ type: 'read', sentAt, record: found?.record, modRevision: found?.modRevision ?? 0 });
    } catch (error) {
      // Somebody's hand was at it. Nobody can lead by it, and nobody takes over from what cannot be read.
      this.setup.log.write('error', 'election.epoch-unreadable', { error });
      this.input({ type: 'read-failed' });
    }
  }

  private async probe(peer: PeerId): Promise<void> {
    const address = this.addresses.get(peer);
    if (!address) return;
    const outcome = await this.setup.peers.probe(address, peer);
    if (outcome === 'refused' || outcome === 'other-incarnation') this.input({ type: 'refused', peer });
  }

  private async attempt({ epoch: of, seen, attempt }: Extract<CandidateEffect, { type: 'attempt' }>): Promise<void> {
    const { store, keys, clock, health } = this.setup;
    const since = new Date(clock.now()).toISOString();
    // Where something else was read since, the attempt will fail.
    this.found = this.seen.modRevision === seen ? this.seen.epoch : this.candidate.epoch;
    const record: EpochRecord = { epoch: epoch(of), leader: this.candidate.self, attempt, since };
    try {
      const { succeeded, revision } = await store.transact({
        compare: [{ key: keys.epoch, modRevision: seen }],
        writes: [{ type: 'put', key: keys.epoch, value: JSON.stringify(record) }],
      });
      health.answered('write');
      this.outage.over();
      if (succeeded) {
        this.record = record;
        this.input({ type: 'attempted', result: 'won', modRevision: revision });
      } else this.input({ type: 'attempted', result: 'lost' });
    } catch (error) {
      health.failed(error);
      this.outage.failed({ epoch: of, error });
      const unknown = codeOf(error) === 'STORE_OUTCOME_UNKNOWN';
      this.input({ type: 'attempted', result: unknown ? 'unknown' : 'unavailable' });
    }
  }

  private count(result: string): void {
    const { metrics } = this.setup;
    metrics
      .counter('muster_coordinator_elections_total', 'Changes of the leader that this coordinator saw')
      .add(1, { result });
  }
}
