import type { AdminArguments, AdminCommand, AdminResults } from '@muster/coordinator';
import { EXIT, Failure } from './failure.js';

/** One question to the cluster. @throws Failure */
export type Ask = <C extends AdminCommand>(command: C, args: AdminArguments[C]) => Promise<AdminResults[C]>;

/** Asks again and again until there is an answer. Nobody leads for a moment when the leader is restarted: that passes. */
export async function eventually<T>(
  { pollMs, ends }: { readonly pollMs: number; readonly ends: AbortSignal },
  until: number,
  what: string,
  look: () => Promise<T | undefined>,
): Promise<T> {
  let cause = '';
  for (;;) {
    if (ends.aborted) throw new Failure(EXIT.failed, 'interrupted');
    try {
      const found = await look();
      if (found !== undefined) return found;
      cause = '';
    } catch (error) {
      if (!(error instanceof Failure && error.passes)) throw error;
      cause = `: ${error.message}`;
    }
    if (performance.now() > until) throw new Failure(EXIT.unreachable, `${what}${cause}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
