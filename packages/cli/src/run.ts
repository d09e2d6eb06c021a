import { CommanderError } from 'commander';
import { program } from './command-line.js';
import { EXIT, type ExitCode, Failure } from './failure.js';
import type { CliOptions } from './options.js';
import type { Terminal } from './terminal.js';

/** Runs `musterctl` with these arguments (without the program's own name). Never throws: what went wrong is told on `terminal.err`. */
export async function runMusterctl(
  args: readonly string[],
  terminal: Terminal,
  tuning: Partial<CliOptions> = {},
): Promise<ExitCode> {
  try {
    await program(terminal, tuning).parseAsync([...args], { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof Failure) {
      terminal.err(`musterctl: ${error.message}\n${error.hint === '' ? '' : `try: ${error.hint}\n`}`);
      return error.exit;
    }
    terminal.err(`musterctl: a defect of musterctl itself: ${(error as Error).stack ?? String(error)}\n`);
    return EXIT.failed;
  }
}
