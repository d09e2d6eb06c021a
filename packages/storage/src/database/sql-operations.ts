import { type Clock, MusterError, type Operation } from '@muster/ports';
import type { Kysely, Transaction } from 'kysely';
import type { Calls } from './calls.js';
import type { Schema } from './schema.js';
import { checkOperation } from './storable.js';

/** Writes that happen once however often they are asked for. */
export class SqlOperations {
  private readonly db: Kysely<Schema>;
  private readonly calls: Calls;
  private readonly clock: Clock;

  constructor(db: Kysely<Schema>, calls: Calls, clock: Clock) {
    this.db = db;
    this.calls = calls;
    this.clock = clock;
  }

  /**
   * `work` in a transaction, together with the note that it was done; or what it gave the first time. Two that ask at once: the second
   * waits for the row that the first has written, and finds the result in it.
   * @throws MusterError TOO_OLD: a later number was heard
   */
  once<Result>(
    call: string,
    operation: Operation,
    work: (trx: Transaction<Schema>) => Promise<Result>,
  ): Promise<Result> {
    checkOperation(operation);
    const { sender, receiver, number } = operation;
    const at = Math.floor(this.clock.now());
    return this.calls.run(call, () =>
      this.db.transaction().execute(async (trx) => {
        const claimed = await trx
          .insertInto('operations')
          .values({ sender, receiver, number, result: null, at })
          .onConflict((conflict) =>
            conflict
              .columns(['sender', 'receiver'])
              .doUpdateSet({ number, result: null, at })
              .where('operations.number', '<', number),
          )
          .returning('number')
          .executeTakeFirst();
        const mine = trx.updateTable('operations').where('sender', '=', sender).where('receiver', '=', receiver);
        if (claimed) {
          const result = await work(trx);
          await mine.set({ result: JSON.stringify(result) }).execute();
          return result;
        }
        const done = await trx
          .selectFrom('operations')
          .select(['number', 'result'])
          .where('sender', '=', sender)
          .where('receiver', '=', receiver)
          .executeTakeFirstOrThrow();
        if (done.number > number) throw new MusterError('TOO_OLD', { session: sender, request: number });
        return JSON.parse(done.result!) as Result;
      }),
    );
  }
}
