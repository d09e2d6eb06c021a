// A lobby's battle on a pretended autohost, with real processes: the node that runs the battle is killed while it runs, and the autohost is cut
// off while it is decided. The players hear who has won, once, and the result is stored.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MusterClient } from '@muster/client';
import type { EntityShowDocument, StatusDocument } from '@muster/coordinator';
import { FakeAutohost, type FakeEngine } from '@muster/demo';
import type { EventData, PrivateBattle } from '@muster/tachyon';
import { TestCluster } from './local-cluster.js';
import { signIn } from './traffic.js';
import { until } from './until.js';

const TEST_TIMEOUT_MS = 180_000;
const DEADLINE_MS = 20_000;
const BOT = { clientId: 'host-1', secret: 'secret-1' };
const ALLY_TEAM = { maxTeams: 1, startBox: { top: 0, bottom: 1, left: 0, right: 1 }, teams: [{ maxPlayers: 1 }] };

let folder: string;
let cluster: TestCluster;
let host: FakeAutohost;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-battles-'));
  const config = join(folder, 'bots.toml');
  writeFileSync(config, `[[bots]]\nclientId = "${BOT.clientId}"\nsecret = "${BOT.secret}"\n`);
  cluster = await TestCluster.start(['--nodes', '3', '--gateways', '2', '--restart', '--config', config]);
  let attempt = 0;
  const url = (): string => cluster.gateway(attempt++ % 2);
  host = await new FakeAutohost({ url, ...BOT }).start();
}, TEST_TIMEOUT_MS);
afterAll(async () => {
  await host?.goAway();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
}, TEST_TIMEOUT_MS);

/** A player that starts whatever it is asked to, and remembers what it heard. */
class Fighter {
  readonly client: MusterClient;
  readonly starts: PrivateBattle[] = [];
  readonly ends: EventData<'battle/ended'>[] = [];

  constructor(client: MusterClient) {
    this.client = client;
    client.onRequest('battle/start', async (data) => {
      this.starts.push(data as PrivateBattle);
      return undefined;
    });
    client.on('battle/ended', (data) => this.ends.push(data));
  }

  get userId(): string {
    return this.client.self!.user.userId;
  }
}

async function kindOf(entity: string): Promise<EntityShowDocument> {
  return cluster.admin<EntityShowDocument>('entity.show', { entity });
}

async function stateOf<T>(entity: string): Promise<T | undefined> {
  const shown = await kindOf(entity).catch(() => undefined);
  return (shown?.actor as { readonly state?: T } | null | undefined)?.state;
}

async function safe(): Promise<void> {
  const isSafe = async (): Promise<boolean> =>
    (await cluster.admin<StatusDocument>('status').catch(() => undefined))?.healthy === true;
  await until(isSafe, DEADLINE_MS, 'every shard has a second place');
}

/** Two players in a lobby, one at each gateway, and their battle. */
async function begun(name: string): Promise<{ fighters: readonly [Fighter, Fighter]; engine: FakeEngine }> {
  const [ann, bob] = [
    new Fighter(await signIn(cluster.gateway(0), `ann-${name}`)),
    new Fighter(await signIn(cluster.gateway(1), `bob-${name}`)),
  ];
  const lobby = await ann.client.request('lobby/create', {
    name,
    mapName: 'Quicksilver Remake 1.24',
    allyTeamConfig: [ALLY_TEAM, ALLY_TEAM],
    areBossesEnabled: false,
  });
  await bob.client.request('lobby/join', { id: lobby.id });
  await bob.client.request('lobby/joinAllyTeam', { allyTeam: '1' });
  await ann.client.request('lobby/startBattle');
  await until(() => ann.starts.length + bob.starts.length >= 2, DEADLINE_MS, 'both are told to start');
  await until(() => host.running.length === 1, DEADLINE_MS, 'one battle runs');
  const engine = host.running[0]!;
  for (const { userId, starts } of [ann, bob]) engine.join(userId, starts[0]!.password);
  engine.begin();
  return { fighters: [ann, bob], engine };
}

/** Both heard once that the second ally team has won, and it is stored. */
async function settled(fighters: readonly Fighter[], battleId: string): Promise<void> {
  await until(() => fighters.every(({ ends }) => ends.length > 0), DEADLINE_MS, 'both hear that it is over');
  const match = async () => stateOf<{ ended: { how: string; stored: boolean } | null }>(`match/${battleId}`);
  await until(async () => (await match())?.ended?.stored === true, DEADLINE_MS, 'the result is stored');
  expect((await match())?.ended?.how).toBe('quit');
  for (const { ends } of fighters) {
    expect(ends).toHaveLength(1);
    expect(ends[0]).toMatchObject({ battleId, winningAllyTeamIds: ['1'] });
  }
  expect(host.faults).toEqual([]);
  await Promise.all(fighters.map(({ client }) => client.disconnect()));
}

test(
  'the node of a battle is killed, and the autohost is cut off while it is decided: all hear who has won, once',
  async () => {
    await safe();
    const { fighters, engine } = await begun('killed');
    const { owner } = await kindOf(`match/${engine.battleId}`);
    cluster.kill(owner.slice(0, owner.indexOf('#')), 'SIGKILL');
    engine.leave(fighters[0].userId, 'lost_connection');
    engine.join(fighters[0].userId, fighters[0].starts[0]!.password);
    host.cut();
    engine.finish([1]);
    engine.quit();
    await settled(fighters, engine.battleId);
    await until(() => host.isConnected, DEADLINE_MS, 'the autohost is back');
    await safe();
  },
  TEST_TIMEOUT_MS,
);

test(
  'the node of the autohost’s actor is killed while updates come: none is lost and none counts twice',
  async () => {
    await safe();
    const { fighters, engine } = await begun('spoken');
    const bot = (await stateOf<{ host: { autohost: string } }>(`match/${engine.battleId}`))!.host.autohost;
    const { owner } = await kindOf(`autohost/${bot}`);
    for (const { userId } of fighters) engine.leave(userId);
    cluster.kill(owner.slice(0, owner.indexOf('#')), 'SIGKILL');
    for (const { userId, starts } of fighters) engine.join(userId, starts[0]!.password);
    engine.finish([1]);
    await until(
      async () => (await stateOf<{ votes: unknown[] }>(`match/${engine.battleId}`))?.votes.length === 2,
      DEADLINE_MS,
      'both votes are heard',
    );
    engine.quit();
    await settled(fighters, engine.battleId);
  },
  TEST_TIMEOUT_MS,
);

test(
  'operators speak to a battle, kick, mute and make players watch, have engines installed, and end it',
  async () => {
    await safe();
    const { fighters, engine } = await begun('ordered');
    const [ann, bob] = fighters.map(({ userId }) => userId) as [string, string];
    const match = `match/${engine.battleId}`;
    const { autohost } = (await stateOf<{ host: { autohost: string } }>(match))!.host;
    const tell = async (entity: string, command: string, data: unknown = null): Promise<void> =>
      void (await cluster.admin('entity.tell', { entity, command, data }));
    await tell(match, 'sendMessage', { message: 'hello' });
    await tell(match, 'sendCommand', { command: 'pause', arguments: ['1'] });
    await tell(match, 'mutePlayer', { userId: ann, chat: true, draw: false });
    await tell(match, 'specPlayers', { userIds: [bob] });
    await tell(match, 'kickPlayer', { userId: bob });
    await tell(`autohost/${autohost}`, 'installEngine', { version: 'next' });
    await expect(tell(match, 'kickPlayer', { userId: '999999' })).rejects.toThrow('not_in_battle');
    await until(() => host.asked.includes('autohost/installEngine'), DEADLINE_MS, 'the engine is to be installed');
    await until(() => host.asked.includes('autohost/kickPlayer'), DEADLINE_MS, 'bob is kicked');
    expect(engine.orders).toEqual([
      'autohost/sendMessage {"message":"hello"}',
      'autohost/sendCommand {"command":"pause","arguments":["1"]}',
      `autohost/mutePlayer {"userId":"${ann}","chat":true,"draw":false}`,
      `autohost/specPlayers {"userIds":["${bob}"]}`,
    ]);
    await tell(match, 'kill');
    await until(() => fighters.every(({ ends }) => ends.length === 1), DEADLINE_MS, 'both hear that it is over');
    await until(() => !engine.running, DEADLINE_MS, 'the engine is killed');
    expect(host.faults).toEqual([]);
    await Promise.all(fighters.map(({ client }) => client.disconnect()));
  },
  TEST_TIMEOUT_MS,
);
