// npm test [-- <pattern>...]: set up the clone, check types, lint and generated code, then run every test.
// With patterns: type check, then only the test files whose paths match. The last line is `N passed, N failed`.
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrapPackages, compile, main, root, SetupError } from './bootstrap.mjs';
import { findEtcd } from './etcd.mjs';

const jestTimeoutMs = 35 * 60_000; // for one run of Jest; the whole suite is meant to take 12 minutes, and takes more on a busy machine
const exitTimeoutMs = 20_000; // Jest ends by itself this soon after its last test, or something was left open
const leftoverGraceMs = 2_000; // a child that was told to end may need a moment
const pollMs = 100;

// Everything a test starts inherits this, which is how it is found again, whatever process group it is in.
const marker = `MUSTER_TEST_RUN=${randomUUID()}`;
const total = { passed: 0, failed: 0, skipped: 0 };
const started = new Set();

await main(async () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stop(signal));
  const patterns = process.argv.slice(2);
  await bootstrapPackages();
  check('type check', compile());
  if (patterns.length === 0) {
    check('lint and format', node(['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings']));
    for (const generator of ['packages/wire/scripts/generate.mjs', 'packages/server/scripts/option-docs.mjs'])
      check(`generated code (${generator})`, node([generator, '--check']));
  }
  const etcd = etcdPaths();
  // Real processes are judged by what they do in time, so nothing else runs beside them.
  await jest(
    ['--testPathIgnorePatterns', '/node_modules/', '<rootDir>/test/cluster/', '--maxWorkers=2'],
    patterns,
    etcd,
  );
  await jest(
    ['--testPathIgnorePatterns', '/node_modules/', '<rootDir>/packages/', ...notCluster(), '--runInBand'],
    patterns,
    etcd,
  );
  await endLeftovers();
  if (total.passed + total.failed === 0) fail(patterns.length > 0 ? 'no test matches' : 'no test was found');
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
  process.stdout.write(`\n${total.passed} passed, ${total.failed} failed${skipped}\n`);
  process.exit(total.failed > 0 ? 1 : 0);
});

function fail(line) {
  total.failed += 1;
  process.stdout.write(`FAILED ${line}\n`);
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function check(name, succeeded) {
  if (!succeeded) fail(name);
}

function node(args) {
  return spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

function etcdPaths() {
  try {
    const { etcd, etcdctl } = findEtcd();
    return { MUSTER_ETCD: etcd, MUSTER_ETCDCTL: etcdctl };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    fail(error.message);
    return {};
  }
}

/** Every folder of test/ but cluster, to be left out of the second run. */
function notCluster() {
  const entries = readdirSync(join(root, 'test')).filter((name) => name !== 'cluster' && name !== 'node_modules');
  return entries.map((name) => `<rootDir>/test/${name}`);
}

/** Runs Jest in a process group of its own and adds up its results. A file that cannot be loaded is one failure. */
async function jest(options, patterns, env) {
  const folder = mkdtempSync(join(tmpdir(), 'muster-test-'));
  const report = join(folder, 'report.json');
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const args = [
    ...flags,
    'node_modules/jest/bin/jest.js',
    ...patterns,
    '--passWithNoTests',
    '--json',
    '--outputFile',
    report,
  ];
  const [name, id] = marker.split('=');
  const child = spawn(process.execPath, [...args, ...options], {
    cwd: root,
    env: { ...process.env, ...env, [name]: id },
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  started.add(child.pid);
  const code = await ended(child, report);
  const { passed, failed } = total;
  if (existsSync(report)) count(JSON.parse(readFileSync(report, 'utf8')));
  else fail('Jest ended without a report');
  if (code !== 0 && total.failed === failed)
    fail(`Jest ended with ${code} after ${total.passed - passed} passed tests`);
  killGroup(child.pid);
  started.delete(child.pid);
  rmSync(folder, { recursive: true, force: true });
}

function count(results) {
  total.passed += results.numPassedTests;
  total.failed += results.numFailedTests + results.numRuntimeErrorTestSuites;
  total.skipped += results.numPendingTests + results.numTodoTests;
}

/** The exit code of Jest, or why it had to be killed. */
async function ended(child, report) {
  let code;
  child.once('error', (error) => {
    code = error.message;
  });
  child.once('exit', (status, signal) => {
    code = status ?? signal;
  });
  const deadline = Date.now() + jestTimeoutMs;
  let finishedAt;
  while (code === undefined) {
    await pause(pollMs);
    if (finishedAt === undefined && existsSync(report)) finishedAt = Date.now();
    if (finishedAt !== undefined && Date.now() - finishedAt > exitTimeoutMs)
      return 'something left open by a test (it did not exit)';
    if (Date.now() > deadline) return `no end in ${jestTimeoutMs / 60_000} minutes`;
  }
  return code;
}

/** Whatever still runs after the tests is a failure, named and killed. */
async function endLeftovers() {
  const deadline = Date.now() + leftoverGraceMs;
  let left = leftovers();
  while (left.length > 0 && Date.now() < deadline) {
    await pause(pollMs);
    left = leftovers();
  }
  for (const { pid, command } of left) {
    fail(`process ${pid} was still running after the tests: ${command}`);
    kill(pid);
  }
}

/** Processes that carry this run's marker. Only Linux lets us see them; elsewhere the process group has to do. */
function leftovers() {
  if (process.platform !== 'linux') return [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(marker)) return [];
      return [{ pid: Number(pid), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() }];
    } catch {
      return []; // ended meanwhile, or not ours to see
    }
  });
}

function stop(signal) {
  for (const pid of started) killGroup(pid);
  for (const { pid } of leftovers()) kill(pid);
  process.stdout.write(`\nstopped by ${signal}\n`);
  process.exit(1);
}

function killGroup(pid) {
  kill(-pid);
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
