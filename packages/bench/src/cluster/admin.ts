import type { AdminArguments, AdminCommand, AdminResults } from '@muster/coordinator';

const ASK_TIMEOUT_MS = 2_000;

/** The document that an admin command answers, from the first of these addresses that can. @throws Error with the last refusal */
export async function askAdmin<Command extends AdminCommand>(
  addresses: readonly string[],
  command: Command,
  args: AdminArguments[Command],
): Promise<AdminResults[Command]> {
  let refusal: unknown = 'nobody to ask';
  for (const address of addresses) {
    try {
      const answer = await fetch(`${address}/api/v1/admin/${command}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(args),
        signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
      });
      const body: unknown = await answer.json();
      if (answer.ok) return body as AdminResults[Command];
      refusal = JSON.stringify(body);
    } catch (error) {
      refusal = error instanceof Error ? error.message : error;
    }
  }
  throw new Error(`${command}: ${refusal}`);
}
