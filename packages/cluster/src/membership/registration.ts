import {
  type Clock,
  type ClusterStore,
  codeOf,
  type Log,
  type PeerId,
  parsePeerId,
  type StoreLease,
  type Timer,
} from '@muster/ports';
import { type MemberRecord, memberValue, parseJson, type StoreKeys } from '../table/layout.js';
import type { MembershipOptions } from './options.js';
import { Outage } from './outage.js';

export interface RegistrationSetup {
  readonly clock: Clock;
  readonly store: ClusterStore;
  readonly keys: StoreKeys;
  readonly role: 'coordinator' | 'node' | 'gateway' | 'relay';
  readonly peer: PeerId;
  readonly options: MembershipOptions;
  readonly log: Log;
  readonly record: () => Omit<MemberRecord, 'incarnation'>;
  /** Another incarnation stands under this id: this process is the older one (K3). */
  readonly superseded: (by: PeerId) => void;
}

/** What stands under an id. */
interface Standing {
  readonly incarnation: string;
  readonly value: string;
  readonly modRevision: number;
}

/**
 * A process's line in the store, on a lease. The first writing takes the id from whoever had it: the newer incarnation counts (K3).
 * Later ones, after a lease was lost, only where nobody else has taken it.
 */
export class Registration {
  private readonly setup: RegistrationSetup;
  private readonly key: string;
  private readonly outage: Outage;
  private lease: StoreLease | undefined;
  private value = '';
  /** Of the store, when the line was last written: an older one under this id is that of a former self (K4). */
  private writtenAt = 0;
  private entered = false;
  private timer: Timer | undefined;
  private stopped = false;
  private ready: (() => void)[] = [];

  constructor(setup: RegistrationSetup) {
    this.setup = setup;
    this.key = setup.keys.members(setup.role) + parsePeerId(setup.peer).id;
    this.outage = new Outage(setup.clock, setup.log, 'registration.failed');
  }

  /** Resolves when this process stands in the store, however long that takes, or when it was stopped. */
  start(): Promise<void> {
    const registered = new Promise<void>((resolve) => this.ready.push(resolve));
    void this.turn();
    return registered;
  }

  /** The record is another now. */
  changed(): void {
    if (this.entered && !this.stopped) this.again(0);
  }

  /** Looks whether the line still stands: a lost one is written again, another incarnation's ends this one. */
  async look(): Promise<void> {
    if (!this.entered || this.stopped) return;
    try {
      const standing = await this.standing();
      if (this.stopped) return;
      // A store that was put back to an older copy may show an older line of ours, or a former self's.
      if (standing?.value === this.value) return;
      if (standing && this.isNewer(standing)) this.supersededBy(standing.incarnation);
      else if (this.value !== '') {
        this.value = '';
        this.again(0);
      }
    } catch (error) {
      this.setup.log.write('debug', 'registration.not-seen', { key: this.key, error });
    }
  }

  /** Leaves: the line disappears with the lease. */
  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    this.timer?.cancel();
    this.tellReady();
    try {
      await this.lease?.revoke();
    } catch {
      // It runs out by itself.
    }
  }

  private again(ms: number): void {
    this.timer?.cancel();
    this.timer = this.setup.clock.after(ms, () => void this.turn());
  }

  private async turn(): Promise<void> {
    const { options } = this.setup;
    let wait = options.renewMs;
    try {
      if (this.lease) await this.lease.renew();
      else this.lease = await this.setup.store.lease(options.leaseMs);
      if (this.stopped) {
        await this.lease.revoke();
        return;
      }
      await this.write(this.lease);
      this.outage.over();
    } catch (error) {
      if (this.stopped) return;
      if (codeOf(error) === 'LEASE_EXPIRED') {
        this.lease = undefined;
        this.value = '';
      }
      this.outage.failed({ key: this.key, error });
      wait = options.retryMs;
    }
    if (!this.stopped) this.again(wait);
  }

  private async write(lease: StoreLease): Promise<void> {
    const { store, peer, record } = this.setup;
    const value = memberValue(peer, record());
    if (value === this.value) return;
    const standing = this.entered ? await this.standing() : undefined;
    if (standing && this.isNewer(standing)) {
      this.supersededBy(standing.incarnation);
      return;
    }
    // What was seen must still stand: a newer incarnation may register in between, and keeps the name.
    const compare = this.entered ? [{ key: this.key, modRevision: standing?.modRevision ?? 0 }] : [];
    const put = { type: 'put', key: this.key, value, lease } as const;
    const { succeeded, revision } = await store.transact({ compare, writes: [put] });
    if (!succeeded) return;
    this.value = value;
    this.writtenAt = revision;
    this.entered = true;
    this.tellReady();
  }

  /** What stands under this id. */
  private async standing(): Promise<Standing | undefined> {
    const { entries } = await this.setup.store.range(this.key);
    const entry = entries.find(({ key }) => key === this.key);
    if (!entry) return undefined;
    const { incarnation } = parseJson(this.key, entry.value) as MemberRecord;
    return { incarnation, value: entry.value, modRevision: entry.modRevision };
  }

  /** Another run of this process, and not one from before. */
  private isNewer({ incarnation, modRevision }: Standing): boolean {
    return incarnation !== parsePeerId(this.setup.peer).incarnation && modRevision > this.writtenAt;
  }

  private supersededBy(incarnation: string): void {
    if (this.stopped) return;
    this.stopped = true;
    this.timer?.cancel();
    this.setup.superseded(`${parsePeerId(this.setup.peer).id}#${incarnation}` as PeerId);
  }

  private tellReady(): void {
    for (const tell of this.ready) tell();
    this.ready = [];
  }
}
