import { causeOf, type ErrorCode, isMusterError } from '@muster/ports';
import { type Command, CommanderError } from 'commander';

/** What somebody who has just cloned this meets first, with the way out. */
const WAY_OUT: Partial<Record<ErrorCode, string>> = {
  ADDRESS_IN_USE: 'end that process, or choose other addresses (`npm start -- --port 8500 --admin-port 8501`)',
  FOLDER_IN_USE: 'end that process, or keep the data elsewhere (`npm start -- --data <folder>`)',
};

const USAGE = 2;

/** Runs a program with this process's arguments. What it cannot do ends the process: 2 for wrong usage or configuration, else 1. */
export async function runProgram(program: Command): Promise<void> {
  orderly(program);
  try {
    await program.parseAsync(process.argv);
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : USAGE);
    const { cause } = error as Error;
    process.stderr.write(
      `muster: ${isMusterError(error) ? error.message : ((error as Error).stack ?? causeOf(error))}\n`,
    );
    const wayOut = isMusterError(error) ? WAY_OUT[error.code] : undefined;
    if (wayOut) process.stderr.write(`try: ${wayOut}\n`);
    if (isMusterError(error) && cause instanceof Error) process.stderr.write(`${cause.message}\n`);
    // At once: what a start that failed has opened must not keep a process that said that it is over.
    process.exit(isMusterError(error) && error.code === 'BAD_CONFIG' ? USAGE : 1);
  }
}

/** Wrong usage is said as everything else is, and ends with {@link USAGE}. */
function orderly(command: Command): void {
  command.exitOverride().configureOutput({
    outputError: (text, write) => write(`${text.replace(/^error: /, 'muster: ')}try: --help\n`),
  });
  for (const one of command.commands) orderly(one);
}
