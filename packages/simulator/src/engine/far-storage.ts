import { type Millis, MusterError, type Storage } from '@muster/ports';
import type { SimProcess } from './sim-process.js';

/** The one database that all processes share, with the way there: answers take time, and none come while it is away. */
export class FarStorage {
  private readonly storage: Storage;
  private readonly latencyMs: Millis;
  /** Calls fail while it is away. */
  away = false;

  constructor(storage: Storage, latencyMs: Millis) {
    this.storage = storage;
    this.latencyMs = latencyMs;
  }

  /** One process's client. */
  of(process: SimProcess): Storage {
    const far = <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) => {
      return (...args: A): Promise<T> => this.call(process, () => call(...args));
    };
    const { accounts, grants, keys, regime, shards } = this.storage;
    return {
      accounts: {
        byId: far((id) => accounts.byId(id)),
        byUsername: far((name) => accounts.byUsername(name)),
        create: far((account) => accounts.create(account)),
        botById: far((id) => accounts.botById(id)),
        verifyBot: far((client, secret) => accounts.verifyBot(client, secret)),
        putBot: far((bot) => accounts.putBot(bot)),
      },
      grants,
      keys,
      regime: {
        highest: far(() => regime.highest()),
        raise: far((epoch, term) => regime.raise(epoch, term)),
      },
      shards: {
        claim: far((claims) => shards.claim(claims)),
        append: far((batches) => shards.append(batches)),
        save: far((saves) => shards.save(saves)),
        load: far((shard, term, after) => shards.load(shard, term, after)),
        mark: far((marks) => shards.mark(marks)),
        forget: far((losses) => shards.forget(losses)),
      },
      ping: far(() => this.storage.ping()),
      close: async () => undefined,
    };
  }

  private call<T>(process: SimProcess, call: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const { clock } = process;
      // There, and back: the process that asked may be gone by either.
      clock.after(this.latencyMs, () => {
        if (this.away) reject(new MusterError('STORAGE_UNAVAILABLE', { cause: 'simulated outage' }));
        else call().then((value) => clock.after(this.latencyMs, () => resolve(value)), reject);
      });
    });
  }
}
