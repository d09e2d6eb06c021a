import { MusterError, type Operation } from '@muster/ports';
import { checkOperation } from './storable.js';

/** Writes that happen once however often they are asked for. */
export class MemoryOperations {
  private readonly last = new Map<string, { readonly number: number; readonly result: string }>();

  /** `work`'s result, or what it gave the first time. @throws MusterError TOO_OLD */
  once<Result>(operation: Operation, work: () => Result): Result {
    checkOperation(operation);
    const { sender, receiver, number } = operation;
    const key = `${sender} ${receiver}`;
    const done = this.last.get(key);
    if (done && done.number > number) throw new MusterError('TOO_OLD', { session: sender, request: number });
    if (done?.number === number) return JSON.parse(done.result) as Result;
    const result = work();
    this.last.set(key, { number, result: JSON.stringify(result) });
    return result;
  }
}
