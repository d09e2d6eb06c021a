// The largest thing that players do together, with real processes: sixteen in a lobby with bots, a vote and bosses, and their battle, while what
// serves them dies piece by piece. The battle goes on, its result comes, and in the end all of them see the same lobby, field by field.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MusterClient, playerSignIn } from '@muster/client';
import type { EntityShowDocument, StatusDocument } from '@muster/coordinator';
import { FakeAutohost, type FakeEngine, Sight } from '@muster/demo';
import type { EventData, LobbyDetails, PrivateBattle } from '@muster/tachyon';
import { TestCluster } from './local-cluster.js';
import { until } from './until.js';

const TEST_TIMEOUT_MS = 240_000;
const DEADLINE_MS = 30_000;
const MEMBERS = 16;
/** Of them; two bots fight beside them, and the others watch or wait. */
const FIGHTERS = 12;
const SEATS = 7;
const BOT = { clientId: 'host-1', secret: 'secret-1' };
const BOX = { top: 0, bottom: 1, left: 0, right: 0.25 };
const ALLY_TEAM = {
  maxTeams: SEATS,
  startBox: BOX,
  teams: Array.from({ length: SEATS }, () => ({ maxPlayers: 1 })),
};

let folder: string;
let cluster: TestCluster;
let host: FakeAutohost;
let members: readonly Member[] = [];
/** Where the autohost connected last. */
let gatewayOfHost = 1;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-great-battle-'));
  const config = join(folder, 'bots.toml');
  writeFileSync(config, `[[bots]]\nclientId = "${BOT.clientId}"\nsecret = "${BOT.secret}"\n`);
  cluster = await TestCluster.start(['--nodes', '3', '--gateways', '2', '--restart', '--config', config]);
  const url = (): string => {
    gatewayOfHost = 1 - gatewayOfHost;
    return cluster.gateway(gatewayOfHost);
  };
  host = await new FakeAutohost({ url, ...BOT }).start();
}, TEST_TIMEOUT_MS);
afterAll(async () => {
  await Promise.all(members.map(({ client }) => client.disconnect()));
  await host?.goAway();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
}, TEST_TIMEOUT_MS);

/** A player who sees its lobby as its client shows it: what it was told as it came in, and every change since. */
class Member {
  readonly client: MusterClient;
  readonly sight: Sight;
  readonly starts: PrivateBattle[] = [];
  readonly ends: EventData<'battle/ended'>[] = [];
  readonly votes: EventData<'lobby/voteEnded'>[] = [];
  /** Connections that it had. */
  connections = 0;

  constructor(url: string, name: string) {
    this.client = new MusterClient({ url, signIn: playerSignIn({ loginHint: name }) });
    this.sight = new Sight(this.client);
    this.client.onRequest('battle/start', (data) => {
      this.starts.push(data as PrivateBattle);
      return undefined;
    });
    this.client.on('battle/ended', (data) => this.ends.push(data));
    this.client.on('lobby/voteEnded', (data) => this.votes.push(data));
    this.client.onState(({ state }) => {
      if (state === 'open') this.connections += 1;
    });
    // As real clients do: what ended with a connection is asked for again on the next.
    this.client.on('user/self', () => {
      if (this.connections > 1) this.restored = this.sight.restore();
    });
  }

  restored: Promise<void> = Promise.resolve();

  get userId(): string {
    return this.client.self!.user.userId;
  }
}

async function ownerOf(entity: string): Promise<string> {
  const { owner } = await cluster.admin<EntityShowDocument>('entity.show', { entity });
  return owner.slice(0, owner.indexOf('#'));
}

async function stateOf<T>(entity: string): Promise<T | undefined> {
  const shown = await cluster.admin<EntityShowDocument>('entity.show', { entity }).catch(() => undefined);
  return (shown?.actor as { readonly state?: T } | null | undefined)?.state;
}

async function safe(): Promise<void> {
  const isSafe = async (): Promise<boolean> =>
    (await cluster.admin<StatusDocument>('status').catch(() => undefined))?.healthy === true;
  await until(isSafe, DEADLINE_MS, 'every shard has a second place');
}

/** Everybody's client shows the lobby as the lobby itself says it is, field by field. */
async function converged(id: string): Promise<LobbyDetails> {
  await Promise.all(members.map(({ restored }) => restored));
  const told = await members[0]!.client.request('lobby/join', { id });
  const isShown = ({ sight }: Member): boolean => text(sight.lobby) === text(told);
  // Where some never do, it is said below what they see instead.
  await until(() => members.every(isShown), DEADLINE_MS, 'all see it').catch(() => undefined);
  for (const { sight } of members) expect(sight.lobby).toEqual(told);
  return told;
}

/** The same text for the same fields in whatever order they came. */
function text(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}

/** Sixteen in one lobby, half of them at each gateway: two teams of six with a bot each; of the others two wait in the queue, two watch. */
async function gathered(): Promise<string> {
  members = Array.from({ length: MEMBERS }, (_, n) => new Member(cluster.gateway(n % 2), `great-${n}`));
  await Promise.all(members.map(({ client }) => client.connect()));
  const [ann, ...others] = members as [Member, ...Member[]];
  const settings = { name: 'Great', mapName: 'Comet', allyTeamConfig: [ALLY_TEAM, ALLY_TEAM] };
  const lobby = await ann.client.request('lobby/create', { ...settings, areBossesEnabled: true });
  ann.sight.entered(lobby);
  const { id } = lobby;
  for (const { client, sight } of others) sight.entered(await client.request('lobby/join', { id }));
  for (const [n, { client }] of members.entries())
    if (n > 0 && n < FIGHTERS) await client.request('lobby/joinAllyTeam', { allyTeam: String(n % 2) });
  for (const allyTeam of ['0', '1'])
    await ann.client.request('lobby/addBot', {
      allyTeam,
      shortName: 'BARb',
      name: `Barb ${allyTeam}`,
      version: 'stable',
    });
  // Every seat is taken: who wants to play waits.
  for (const { client } of members.slice(FIGHTERS, FIGHTERS + 2)) await client.request('lobby/joinQueue');
  return id;
}

/** Its boss makes another one, and the players choose the map. */
async function decided(): Promise<void> {
  const [ann, bob] = members as [Member, Member];
  await ann.client.request('lobby/appointBoss', { userId: bob.userId });
  await ann.client.request('lobby/update', { mapName: 'Quicksilver' });
  const vote = (): string | undefined => members[FIGHTERS - 1]!.sight.lobby?.currentVote?.id;
  await until(() => vote() !== undefined, DEADLINE_MS, 'there is a vote');
  const voteId = vote()!;
  for (const { client } of members.slice(1, FIGHTERS)) {
    if (members[0]!.votes.length > 0) break;
    // The vote may be over: enough have voted.
    await client.request('lobby/voteSubmit', { id: voteId, vote: 'yes' }).catch(() => undefined);
  }
  await until(() => members.every(({ votes }) => votes.length === 1), DEADLINE_MS, 'all hear how the vote ended');
  for (const { votes } of members) expect(votes).toEqual([{ id: voteId, outcome: 'passed' }]);
}

async function fighting(): Promise<FakeEngine> {
  await members[1]!.client.request('lobby/startBattle');
  await until(() => members.every(({ starts }) => starts.length > 0), DEADLINE_MS, 'all are told to start');
  const [engine] = host.running;
  expect(host.running).toHaveLength(1);
  for (const { userId, starts } of members) engine!.join(userId, starts[0]!.password);
  engine!.begin();
  return engine!;
}

test(
  'a battle of sixteen outlives the nodes of its lobby and of itself, its autohost’s socket and its autohost’s gateway; all see the same lobby after each',
  async () => {
    await safe();
    const id = await gathered();
    const [ann, bob] = members as [Member, Member];
    await decided();
    const before = await converged(id);
    expect(
      [Object.keys(before.players), Object.keys(before.bots), Object.keys(before.spectators)].map((all) => all.length),
    ).toEqual([12, 2, 4]);
    expect([before.mapName, Object.keys(before.bosses).sort()]).toEqual([
      'Quicksilver',
      [ann.userId, bob.userId].sort(),
    ]);

    const engine = await fighting();
    const match = `match/${engine.battleId}`;
    const isThere = async (): Promise<boolean> => (await stateOf<{ startedAt: number | null }>(match)) !== undefined;

    // The node of the lobby, while its settings change.
    cluster.kill(await ownerOf(`lobby/${id}`), 'SIGKILL');
    await bob.client.request('lobby/update', { name: 'Greater' });
    expect((await converged(id)).name).toBe('Greater');
    await safe();

    // The node of the battle, and the autohost's socket while it is silent.
    expect(await isThere()).toBe(true);
    cluster.kill(await ownerOf(match), 'SIGKILL');
    host.cut();
    engine.say(ann.userId, 'still here');
    await ann.client.request('lobby/unboss', {});
    await converged(id);
    await until(() => host.isConnected, DEADLINE_MS, 'the autohost is back');
    await safe();

    // The gateway of the autohost and of half of the players.
    const connections = members.map((member) => member.connections);
    cluster.kill(cluster.document.processes.filter(({ role }) => role === 'gateway')[gatewayOfHost]!.id, 'SIGKILL');
    engine.leave(bob.userId, 'lost_connection');
    engine.comeBack(bob.userId);
    const lost = (): number => members.filter((one, n) => one.connections > connections[n]!).length;
    await until(() => lost() === MEMBERS / 2 && host.isConnected, DEADLINE_MS, 'who lost the gateway is back');
    const during = await converged(id);
    expect([during.currentBattle?.id, Object.keys(during.players).length]).toEqual([engine.battleId, FIGHTERS]);
    expect(engine.running).toBe(true);
    expect(members.flatMap(({ ends }) => ends)).toEqual([]);

    engine.finish([1]);
    engine.quit();
    await until(() => members.every(({ ends }) => ends.length > 0), DEADLINE_MS, 'all hear that it is over');
    for (const { ends } of members) {
      expect(ends).toHaveLength(1);
      expect(ends[0]).toMatchObject({ battleId: engine.battleId, winningAllyTeamIds: ['1'] });
    }
    await until(
      async () => (await stateOf<{ ended: { stored: boolean } | null }>(match))?.ended?.stored === true,
      DEADLINE_MS,
      'the result is stored',
    );
    await until(() => ann.sight.lobby?.currentBattle === undefined, DEADLINE_MS, 'the lobby has no battle');
    const after = await converged(id);
    // The end of the battle is one event, and nothing else has changed.
    const { currentBattle: _, eventNumber = 0, ...same } = during;
    expect(after).toEqual({ ...same, eventNumber: eventNumber + 1 });
    expect(host.faults).toEqual([]);
  },
  TEST_TIMEOUT_MS,
);
