import { causeOf, isMusterError } from '@muster/ports';
import type { Command } from 'commander';

/** Runs a program with this process's arguments. What it cannot do ends the process: 2 for a wrong configuration, else 1. */
export async function runProgram(program: Command): Promise<void> {
  try {
    await program.parseAsync(process.argv);
  } catch (error) {
    const { cause } = error as Error;
    process.stderr.write(
      `muster: ${isMusterError(error) ? error.message : ((error as Error).stack ?? causeOf(error))}\n`,
    );
    if (isMusterError(error) && cause instanceof Error) process.stderr.write(`${cause.message}\n`);
    // At once: what a start that failed has opened must not keep a process that said that it is over.
    process.exit(isMusterError(error) && error.code === 'BAD_CONFIG' ? 2 : 1);
  }
}
