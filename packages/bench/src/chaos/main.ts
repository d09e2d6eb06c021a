// npm run chaos -- [--rounds N] [--seed S] [--faults a,b] [--keep] [--json] | --check <folder> | --list
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import type { Fault } from './faults/fault.js';
import { FAULTS } from './faults/plan.js';
import { type LedgerEntry, type RunEntry, readEntries } from './ledger/entries.js';
import { lineOf, type RoundReport, reportOf } from './report.js';
import { LEDGER, RUN, runChaos } from './run.js';

interface Flags {
  readonly rounds: number;
  readonly seed: number;
  readonly faults?: string;
  readonly folder?: string;
  readonly keep: boolean;
  readonly json: boolean;
  readonly check?: string;
  readonly list: boolean;
}

const SEEDS = 2 ** 31;

const program = new Command('chaos')
  .description(
    'Breaks a real cluster under real clients, and holds what they were promised against what they wrote down.',
  )
  .option('--rounds <n>', 'rounds of 30 to 60 s', positive, 1)
  .option('--seed <s>', 'which faults, and whom they befall', positive, 1 + (Date.now() % SEEDS))
  .option('--faults <kinds>', 'only these kinds, with commas (default: all)')
  .option('--folder <folder>', 'where journals and logs are kept (default: a new one for temporary files)')
  .option('--keep', 'keep the folder of a run without violation', false)
  .option('--json', 'one JSON document per line and round', false)
  .option('--check <folder>', 'check the journals of an earlier run, again')
  .option('--list', 'list the kinds of faults', false)
  .action(async (flags: Flags) => {
    if (flags.list) list();
    else if (flags.check !== undefined) checkAgain(resolve(flags.check), flags.json);
    else await run(flags);
  });

await program.parseAsync();

function list(): void {
  for (const { kind, about } of FAULTS) process.stdout.write(`${kind.padEnd(22)} ${about}\n`);
}

function checkAgain(folder: string, json: boolean): void {
  const [ledger, run] = [readEntries<LedgerEntry>(join(folder, LEDGER)), readEntries<RunEntry>(join(folder, RUN))];
  const rounds = run.flatMap((entry) => (entry.t === 'round' && entry.phase === 'checked' ? [entry.round] : []));
  if (rounds.length === 0) program.error(`${folder}: no round has come to its end`);
  let broken = false;
  for (const round of rounds) broken = show(reportOf(round, folder, ledger, run), json) || broken;
  if (broken) process.exitCode = 1;
}

async function run(flags: Flags): Promise<void> {
  const kinds = chosen(flags.faults);
  const folder = flags.folder ? resolve(flags.folder) : mkdtempSync(join(tmpdir(), 'muster-chaos-'));
  mkdirSync(folder, { recursive: true });
  // PostgreSQL does not run as root: the user it runs as must get through to its own folder.
  if (!flags.folder) chmodSync(folder, 0o755);
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => interruption.abort(new Error('interrupted')));
  let broken = false;
  try {
    await runChaos({
      rounds: flags.rounds,
      seed: flags.seed,
      faults: kinds,
      folder,
      interrupted: interruption.signal,
      say: (text) => process.stderr.write(`${text}\n`),
      reported: (report) => {
        broken = show(report, flags.json);
        return broken ? 'stop' : 'go on';
      },
    });
  } catch (error) {
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(interruption.signal.aborted ? 'interrupted\n' : `chaos: ${said}\n  evidence: ${folder}\n`);
    process.exitCode = interruption.signal.aborted ? 130 : 1;
    return;
  }
  if (broken) process.exitCode = 1;
  if (broken || flags.keep || flags.folder) process.stderr.write(`kept: ${folder}\n`);
  else rmSync(folder, { recursive: true, force: true });
}

/** Returns whether something was broken. */
function show(report: RoundReport, json: boolean): boolean {
  process.stdout.write(`${json ? JSON.stringify(report) : lineOf(report)}\n`);
  return report.verdict === 'violation';
}

function chosen(names: string | undefined): readonly Fault[] {
  if (names === undefined) return FAULTS;
  return names.split(',').map((name) => {
    const fault = FAULTS.find(({ kind }) => kind === name.trim());
    return fault ?? program.error(`there is no fault ${name}; there are: ${FAULTS.map(({ kind }) => kind).join(', ')}`);
  });
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) program.error(`${text} is no number from 1 on`);
  return value;
}
