import { type Millis, MusterError, type SeededRandom, type Storage, type VirtualClock } from '@muster/ports';
import { MemoryShardServer, MemoryShardStore, MemoryStorage, refusalOf } from '@muster/storage';
import type { Freshness } from '../checks/freshness.js';
import type { Report } from '../checks/violation.js';
import type { Plant } from '../plants/plants.js';
import type { SimProcess } from './sim-process.js';
import type { Trace } from './trace.js';

export interface FarStorageSetup {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly latencyMs: Millis;
  /** The defect that this world has, if any. */
  readonly plant: Plant;
  readonly report: Report;
  /** Told what is stored. */
  readonly freshness: Pick<Freshness, 'appended' | 'saved'>;
}

/** The one database that all processes share, with the way there: answers take time, and it can be broken in every way that a database can. */
export class FarStorage {
  /** The shards' part of it: what is there, past every fault; and its own faults. */
  readonly shards: MemoryShardServer;
  /** Accounts and the remembered regime, past every fault. */
  readonly near: Storage;
  private readonly clock: VirtualClock;
  private readonly trace: Trace;
  private readonly latencyMs: Millis;
  private readonly freshness: FarStorageSetup['freshness'];
  private readonly slowness: number[] = [];
  private absences = 0;

  constructor({ clock, random, trace, latencyMs, plant, report, freshness }: FarStorageSetup) {
    this.freshness = freshness;
    this.near = new MemoryStorage({ clock, random });
    const rule = plant.storage?.refusalOf ?? refusalOf;
    this.shards = new MemoryShardServer({ clock, refusalOf: watched(rule, report) });
    this.clock = clock;
    this.trace = trace;
    this.latencyMs = latencyMs;
  }

  /** Nothing of it can be reached until the end. @returns ends it */
  leave(): () => void {
    this.absences += 1;
    if (this.absences === 1) this.shards.stop();
    return () => {
      this.absences -= 1;
      if (this.absences === 0) this.shards.start();
    };
  }

  /** Every call takes so many times as long. @returns ends it */
  slow(times: number): () => void {
    this.slowness.push(times);
    return () => {
      const at = this.slowness.indexOf(times);
      if (at >= 0) this.slowness.splice(at, 1);
    };
  }

  /** One process's client. */
  of(process: SimProcess): Storage {
    const far = <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) => {
      return (...args: A): Promise<T> => this.call(process, () => call(...args));
    };
    const late = <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) => {
      return (...args: A): Promise<T> => this.delayed(process, () => call(...args));
    };
    const { accounts, players, grants, keys, regime, friendships, clans, moderation, battles } = this.near;
    const shards = new MemoryShardStore({ clock: process.clock, server: this.shards, metrics: process.metrics });
    process.onDeath(() => shards.close());
    return {
      accounts: {
        byId: far((id) => accounts.byId(id)),
        byUsername: far((name) => accounts.byUsername(name)),
        create: far((account) => accounts.create(account)),
        botById: far((id) => accounts.botById(id)),
        verifyBot: far((client, secret) => accounts.verifyBot(client, secret)),
        putBot: far((bot) => accounts.putBot(bot)),
        changedSince: far((since, max) => accounts.changedSince(since, max)),
        setRoles: far((id, roles) => accounts.setRoles(id, roles)),
      },
      players: { read: far((id) => players.read(id)) },
      grants,
      keys,
      regime: {
        highest: far(() => regime.highest()),
        raise: far((epoch, term, revision) => regime.raise(epoch, term, revision)),
      },
      shards: {
        limits: shards.limits,
        claim: late((claims) => shards.claim(claims)),
        append: late((batches) =>
          heard(shards.append(batches), (answers) => this.freshness.appended(batches, answers)),
        ),
        save: late((saves) => heard(shards.save(saves), (answers) => this.freshness.saved(saves, answers))),
        load: late((shard, term, after) => shards.load(shard, term, after)),
        mark: late((marks) => shards.mark(marks)),
        forget: late((losses) => shards.forget(losses)),
        whereabouts: late((first, entities) => shards.whereabouts(first, entities)),
        terms: late(() => shards.terms()),
      },
      friendships: {
        of: far((id) => friendships.of(id)),
        change: (operation, me, other, decide) =>
          this.call(process, () => friendships.change(operation, me, other, decide)),
      },
      clans: {
        byId: far((id) => clans.byId(id)),
        list: far((max) => clans.list(max)),
        of: far((ids) => clans.of(ids)),
        change: (operation, question, at, decide) =>
          this.call(process, () => clans.change(operation, question, at, decide)),
      },
      moderation: {
        file: far((operation, report, limit) => moderation.file(operation, report, limit)),
        reports: far((page) => moderation.reports(page)),
        ban: far((ban) => moderation.ban(ban)),
        standing: far((since, max) => moderation.standing(since, max)),
        lift: far((id, by) => moderation.lift(id, by)),
        bansOf: far((id, max) => moderation.bansOf(id, max)),
      },
      battles: {
        record: far((battle) => battles.record(battle)),
        byId: far((id) => battles.byId(id)),
        of: far((id, max) => battles.of(id, max)),
      },
      identity: 'the one database',
      ping: far(() => this.near.ping()),
      close: async () => undefined,
    };
  }

  private call<T>(process: SimProcess, call: () => Promise<T>): Promise<T> {
    return this.delayed(process, () => {
      if (this.absences > 0)
        return Promise.reject(new MusterError('STORAGE_UNAVAILABLE', { cause: 'simulated outage' }));
      return call();
    });
  }

  /** There, and back: the process that asked may be gone by either. */
  private delayed<T>({ clock }: SimProcess, call: () => Promise<T>): Promise<T> {
    const way = this.latencyMs * Math.max(1, ...this.slowness);
    return new Promise<T>((resolve, reject) => {
      clock.after(way, () => {
        this.trace.mix(this.clock.monotonic() * 1_000);
        const back = (value: T): void => {
          this.trace.mix(this.clock.monotonic() * 1_000);
          clock.after(way, () => resolve(value));
        };
        call().then(back, reject);
      });
    });
  }
}

/** The same answer; `tell` hears it as well. */
function heard<T>(answer: Promise<T>, tell: (value: T) => void): Promise<T> {
  answer.then(tell, () => undefined);
  return answer;
}

/** Fence 5: nothing is taken of a term that is over, also of a process that died while it was under way. */
function watched(rule: typeof refusalOf, report: Report): typeof refusalOf {
  return (wanted, head) => {
    const refused = rule(wanted, head);
    if (refused === undefined && head && wanted.term < head.term)
      report(
        'storage takes nothing of a term that is over',
        `shard ${wanted.shard} term ${wanted.term}, not ${head.term}`,
      );
    return refused;
  };
}
