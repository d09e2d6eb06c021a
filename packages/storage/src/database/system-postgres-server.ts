import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { accessSync, chownSync, constants, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type Clock, causeOf, MusterError } from '@muster/ports';
import pg from 'pg';
import { endWithThisProcess } from '../system-guard.js';

// A PostgreSQL of our own: for local clusters and for tests. Production names a server by its url.

const PROGRAMS = ['initdb', 'postgres'] as const;
const START_DEADLINE_MS = 20_000;
const STOP_DEADLINE_MS = 10_000;
const POLL_MS = 50;
/** `nobody` on every Linux: PostgreSQL refuses to run as root. */
const NOBODY = 65_534;

/** Where `initdb` and `postgres` are: MUSTER_POSTGRES_BIN, PATH, Debian's folders (newest first). Else why not. */
export function postgresBinaries(): { readonly folder: string } | { readonly missing: string } {
  const chosen = process.env.MUSTER_POSTGRES_BIN;
  const folders = chosen ? [chosen] : [...debianFolders(), ...(process.env.PATH ?? '').split(delimiter)];
  const folder = folders.find((candidate) => candidate && PROGRAMS.every((name) => isProgram(join(candidate, name))));
  if (folder) return { folder };
  return {
    missing: chosen
      ? `no initdb and postgres in ${chosen}`
      : 'no PostgreSQL is installed; MUSTER_POSTGRES_BIN may name one',
  };
}

export interface StartPostgres {
  /** Holds `initdb` and `postgres`. */
  readonly binaries: string;
  readonly clock: Clock;
  /** Where its files are kept, made where it does not exist; left out: a folder that is removed when it stops. */
  readonly folder?: string;
  /** On 127.0.0.1; left out: a free one. */
  readonly port?: number;
}

export interface PostgresServer {
  /** Anybody on this machine may use it: it has no password. */
  readonly url: string;
  readonly pid: number;
  /** Ends it, and its temporary folder. */
  stop(): Promise<void>;
}

/** Starts a server and returns when it answers. @throws MusterError STORAGE_UNAVAILABLE */
export async function startPostgres({ binaries, clock, folder, port }: StartPostgres): Promise<PostgresServer> {
  const home = folder ?? mkdtempSync(join(tmpdir(), 'muster-postgres-'));
  const data = join(home, 'data');
  const user = serverUser();
  mkdirSync(home, { recursive: true });
  if (user) chownSync(home, user.uid, user.gid);
  const inited = isFolder(join(data, 'base')) ? undefined : initDatabase(binaries, data, user);
  if (inited) throw new MusterError('STORAGE_UNAVAILABLE', { cause: inited });
  const listenPort = port ?? (await freePort());
  // Sockets of the file system are off: their folder may not be writable, and two servers of one port would meet there.
  const args = [
    '-D',
    data,
    '-h',
    '127.0.0.1',
    '-p',
    `${listenPort}`,
    '-c',
    'unix_socket_directories=',
    '-c',
    'logging_collector=off',
  ];
  const io = ['ignore', 'ignore', 'pipe'] as const;
  // A group of its own: a terminal's Ctrl-C is not for it, others may still need it for their own end.
  const child = spawn(join(binaries, 'postgres'), args, { cwd: home, stdio: [...io], detached: true, ...user });
  endWithThisProcess(child, 'INT');
  const errors = tailOf(child);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const url = `postgres://muster@127.0.0.1:${listenPort}/postgres?sslmode=disable`;
  const stop = async (): Promise<void> => {
    if (child.exitCode === null) child.kill('SIGINT');
    const timer = clock.after(STOP_DEADLINE_MS, () => child.kill('SIGKILL'));
    await ended;
    timer.cancel();
    if (folder === undefined) rmSync(home, { recursive: true, force: true });
  };
  if (!(await answers(url, child, clock))) {
    await stop();
    throw new MusterError('STORAGE_UNAVAILABLE', { cause: `postgres did not start: ${errors()}` });
  }
  return { url, pid: child.pid!, stop };
}

interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** Whom to run it as where this process is root: the system's `postgres` if it has one, else nobody. */
function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8').match(/^postgres:[^:]*:(\d+):(\d+):/m);
  return line ? { uid: Number(line[1]), gid: Number(line[2]) } : { uid: NOBODY, gid: NOBODY };
}

function initDatabase(binaries: string, data: string, user: ServerUser | undefined): string | undefined {
  const args = ['-D', data, '-U', 'muster', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
  const result = spawnSync(join(binaries, 'initdb'), args, { encoding: 'utf8', cwd: tmpdir(), ...user });
  if (result.error) return causeOf(result.error);
  return result.status === 0 ? undefined : causeOf(`initdb: ${result.stderr}`);
}

async function answers(url: string, child: ChildProcess, clock: Clock): Promise<boolean> {
  const until = clock.monotonic() + START_DEADLINE_MS;
  while (child.exitCode === null && child.signalCode === null && clock.monotonic() < until) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return true;
    } catch {
      await new Promise<void>((resolve) => clock.after(POLL_MS, resolve));
    }
  }
  return false;
}

function tailOf(child: ChildProcess): () => string {
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-2_000);
  });
  return () => tail.slice(-200).replace(/\s+/g, ' ');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function debianFolders(): readonly string[] {
  const versions = '/usr/lib/postgresql';
  if (!isFolder(versions)) return [];
  return readdirSync(versions)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(versions, version, 'bin'));
}

function isFolder(path: string): boolean {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
