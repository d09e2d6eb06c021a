// `npm start`, as whoever has just cloned this runs it: one process, a folder, a line to read.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { MusterClient } from '@muster/client';
import { mergePatch } from '@muster/play';
import type { LobbyDetails, PrivateBattle } from '@muster/tachyon';
import { withoutHoldUps } from './held-up.js';
import { CLI, SERVER } from './local-cluster.js';
import { signIn } from './traffic.js';
import { until } from './until.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 10_000;
const TEST_TIMEOUT_MS = 120_000;
const DEMO_DEADLINE_MS = 60_000;
const SIDE = { maxTeams: 1, startBox: { top: 0, bottom: 1, left: 0, right: 1 }, teams: [{ maxPlayers: 1 }] };
const DUEL = { name: 'newcomers', mapName: 'Glitters 2.1', allyTeamConfig: [SIDE, SIDE] };

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

let folder: string;
const running: System[] = [];
const clients: MusterClient[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-start-'));
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.disconnect()));
  for (const { child } of running.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One run of the system with free ports: what `npm start` says, or, where setting up the clone is not the point, what it becomes. */
class System {
  readonly child: ChildProcess;
  out = '';
  err = '';
  gateway = '';
  admin = '';

  constructor(data: string, command: readonly string[] = [SERVER, 'dev']) {
    const flags = ['--port', '0', '--admin-port', '0', '--data', join(folder, data)];
    this.child = spawn(process.execPath, [...command, ...flags], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    running.push(this);
    this.child.stdout!.on('data', (chunk) => {
      this.out += String(chunk);
    });
    this.child.stderr!.on('data', (chunk) => {
      this.err += String(chunk);
    });
  }

  static async start(data: string, command?: readonly string[]): Promise<System> {
    const system = new System(data, command);
    const line = /^muster ready (http:\/\/\S+) (http:\/\/\S+)$/m;
    const hasSaid = (): boolean => line.test(system.out) || system.child.exitCode !== null;
    await until(hasSaid, START_DEADLINE_MS, 'it is ready');
    const [, gateway, admin] = line.exec(system.out) ?? [];
    if (!gateway || !admin) throw new Error(`it did not start: ${system.out}\n${system.err}`);
    system.gateway = gateway;
    system.admin = admin;
    return system;
  }

  /** Exit code, or the signal. */
  async stop(signal: NodeJS.Signals): Promise<number | string> {
    const exit = once(this.child, 'exit') as Promise<[number | null, string | null]>;
    this.child.kill(signal);
    const late = setTimeout(() => this.child.kill('SIGKILL'), STOP_DEADLINE_MS);
    const [code, killed] = await exit;
    clearTimeout(late);
    return code ?? killed!;
  }
}

/** The arguments of `node` in the script that `npm start` runs. */
function startScript(): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } };
  return scripts.start.split(' ').slice(1);
}

/** Signed in; signed out after the test. */
async function player({ gateway }: System, name: string): Promise<MusterClient> {
  const client = await signIn(gateway, name);
  clients.push(client);
  return client;
}

/** Runs one of our programs to its end. */
async function run(...args: string[]): Promise<Run> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: START_DEADLINE_MS,
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    err += String(chunk);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

/** Processes that were started by `pid`. Only Linux lets us see them. */
function childrenOf(pid: number): readonly string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/stat`, 'latin1').split(') ').at(-1)!.split(' ')[1] === String(pid);
    } catch {
      return false; // It ended meanwhile.
    }
  });
}

describe('npm start', () => {
  test(
    'serves: two players talk, the first example works, health and metrics answer; Ctrl-C ends it with 0',
    async () => {
      const system = await System.start('serves', startScript());
      expect(withoutHoldUps(system.err)).toEqual([]);
      expect(system.out).toContain(`npm run musterctl -- status --admin ${system.admin}`);

      const [ann, ben] = [await player(system, 'ann'), await player(system, 'ben')];
      await ben.request('messaging/subscribeReceived', {});
      const heard = ben.next('messaging/received');
      const target = { type: 'player', userId: ben.self!.user.userId } as const;
      await ann.request('messaging/send', { target, message: 'hello' });
      expect(await heard).toMatchObject({ message: 'hello', source: { userId: ann.self!.user.userId } });

      const example = await run('docs/first-client.mjs', system.gateway);
      expect(example).toMatchObject({ code: 0, err: '' });
      expect(example.out).toMatch(/^bob heard from user \d+: Muster at dawn!$/m);

      expect(await (await fetch(`${system.admin}/livez`)).text()).toBe('ok\n');
      const ready = await fetch(`${system.admin}/readyz?verbose`);
      expect(ready.status).toBe(200);
      expect(await ready.text()).toMatch(/^(\[\+\] .+\n)+ok\n$/);
      const metrics = await (await fetch(`${system.admin}/metrics`)).text();
      expect(metrics).toMatch(/^muster_gateway_sessions(\{.*\})? 2$/m);
      const status = await run(CLI, 'status', '--json', '--admin', system.admin);
      expect(JSON.parse(status.out)).toMatchObject({ healthy: true, nodes: { up: 1 }, sessions: 2 });

      const children = childrenOf(system.child.pid!);
      expect(await system.stop('SIGINT')).toBe(0);
      // Roles that end one after another may take each other for dead: that is worth a warning, never an error.
      expect(system.err.split('\n').filter((line) => line !== '' && !line.startsWith('{"level":"warn"'))).toEqual([]);
      expect(children).toEqual([]);
      await expect(fetch(`${system.admin}/livez`)).rejects.toThrow();
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'knows the accounts of its folder again, after an orderly end and after kill -9',
    async () => {
      const ids: string[] = [];
      for (const signal of ['SIGTERM', 'SIGKILL', 'SIGINT'] as const) {
        const system = await System.start('kept');
        const stranger = await player(system, `stranger-${signal}`);
        const ann = await player(system, 'ann');
        ids.push(ann.self!.user.userId);
        await Promise.all([stranger.disconnect(), ann.disconnect()]);
        expect(await system.stop(signal)).toBe(signal === 'SIGKILL' ? 'SIGKILL' : 0);
      }
      expect(new Set(ids).size).toBe(1);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'says so where its folder or its port is taken, and leaves the other alone',
    async () => {
      const first = await System.start('taken');
      const second = new System('taken');
      const [code] = (await once(second.child, 'exit')) as [number];
      expect(code).toBe(1);
      expect(second.err).toMatch(/^muster: the data folder is in use: process \d+ .*\ntry: .*--data/m);
      const port = new URL(first.gateway).port;
      const third = await run(SERVER, 'dev', '--port', port, '--admin-port', '0', '--data', join(folder, 'other'));
      expect([third.code, third.out]).toEqual([1, '']);
      expect(third.err).toMatch(new RegExp(`^muster: another process listens at 127.0.0.1:${port}\ntry: .*--port`));
      expect((await fetch(`${first.admin}/readyz`)).status).toBe(200);
      expect(await first.stop('SIGINT')).toBe(0);
    },
    TEST_TIMEOUT_MS,
  );
});

test(
  'Ctrl-C before it is ready ends it with 0 and gives its folder up; wrong usage is 2 and says what to try',
  async () => {
    const early = new System('early');
    await until(() => existsSync(join(folder, 'early')), START_DEADLINE_MS, 'it has begun');
    expect(await early.stop('SIGINT')).toBe(0);
    expect([early.out, early.err]).toEqual(['', 'muster: ended before it was ready\n']);
    const later = await System.start('early');
    expect(await later.stop('SIGINT')).toBe(0);

    const wrong = await run(SERVER, 'dev', '--fort', '1');
    expect(wrong).toEqual({ code: 2, out: '', err: expect.stringMatching(/^muster: unknown option '--fort'\n/) });
    expect(wrong.err).toMatch(/^try: --help$/m);
    writeFileSync(join(folder, 'a-file'), '');
    for (const command of [['dev', '--port', '0', '--admin-port', '0'], ['cluster']]) {
      const nowhere = await run(SERVER, ...command, '--data', join(folder, 'a-file', 'x'));
      expect([nowhere.code, nowhere.err]).toEqual([
        2,
        expect.stringMatching(/^muster: nothing can be kept in .*a-file/),
      ]);
    }
  },
  TEST_TIMEOUT_MS,
);

describe('npm start -- --demo', () => {
  test(
    'there is life: lobbies, talk, battles; a newcomer’s own lobby gets a guest and its battle; Ctrl-C ends it with 0 and nobody is left behind',
    async () => {
      const demo = ['--demo', '--demo-speed', '20', '--demo-seed', '4'];
      const system = await System.start('demo', [...startScript(), ...demo]);
      const tells = (what: RegExp) => until(() => what.test(system.out), DEMO_DEADLINE_MS, String(what));
      await tells(/ opens the lobby "2v2, be nice" on /);
      expect(system.out).toContain(`node docs/watch-lobbies.mjs --url ${system.gateway}\n`);

      const ann = await player(system, 'ann');
      const started = new Promise<PrivateBattle>((resolve) => {
        ann.onRequest('battle/start', (data) => resolve(data as PrivateBattle));
      });
      const ended = ann.next('battle/ended', () => true, DEMO_DEADLINE_MS);
      let guests: LobbyDetails['players'] = {};
      ann.on('lobby/updated', ({ players = {} }) => {
        guests = mergePatch(guests, players) as typeof guests;
      });
      await ann.request('lobby/create', DUEL);
      await ann.request('lobby/updateClientStatus', { isReady: true });
      const isReady = () => Object.values(guests).some(({ id, isReady }) => id !== ann.self!.user.userId && isReady);
      await until(isReady, DEMO_DEADLINE_MS, 'a guest has come and is ready');
      await ann.request('lobby/startBattle');
      expect(await started).toMatchObject({ username: 'ann', map: { springName: DUEL.mapName } });
      // She never joins: her opponent alone says who has won.
      expect((await ended).players.map(({ userId }) => userId)).toContain(ann.self!.user.userId);
      await ann.request('lobby/leave');

      for (const what of [/ says in /, / starts the battle of /, / the battle begins$/m, / team \d has won$/m])
        await tells(what);
      const watch = spawn(process.execPath, ['docs/watch-lobbies.mjs', '--url', system.gateway], { cwd: ROOT });
      let seen = '';
      watch.stdout.on('data', (chunk) => {
        seen += String(chunk);
      });
      await until(() => / of \d players, /.test(seen), DEMO_DEADLINE_MS, 'the watcher sees lobbies');
      watch.kill('SIGINT');
      expect(await once(watch, 'exit')).toEqual([0, null]);

      expect(await system.stop('SIGINT')).toBe(0);
      // Lines of the log may tell of a busy machine; nothing else belongs there.
      expect(system.err.split('\n').filter((line) => line !== '' && !line.startsWith('{"level":'))).toEqual([]);
      const again = await player(await System.start('demo'), 'ann');
      const list = again.next('lobby/listReset');
      await again.request('lobby/subscribeList');
      expect(await list).toEqual({ lobbies: {} });
    },
    TEST_TIMEOUT_MS,
  );
});

describe('muster config', () => {
  const muster = (...args: string[]): Promise<Run> => run(SERVER, ...args);

  test('print says every option, and what it prints is a configuration', async () => {
    const printed = await muster('config', 'print', '--set', 'gateway.messagesPerSecond=25');
    expect(printed).toMatchObject({ code: 0, err: '' });
    expect(printed.out).toMatch(/^messagesPerSecond = 25$/m);
    const file = join(folder, 'printed.toml');
    writeFileSync(file, printed.out);
    expect((await muster('config', 'check', '--config', file)).code).toBe(0);
    expect((await muster('config', 'print', '--config', file)).out).toBe(printed.out);
  });

  test('check ends with 2 at an unknown key, and names the nearest', async () => {
    const file = join(folder, 'wrong.toml');
    writeFileSync(file, '[gateway]\nmessagesPerSecnd = 5\n');
    const { code, out, err } = await muster('config', 'check', '--config', file);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('did you mean messagesPerSecond?');
  });
});
