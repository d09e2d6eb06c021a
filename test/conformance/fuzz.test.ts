// One client after the other sends what no client should, over real sockets: each request has an answer with a reason of its command, or ends its own
// connection with 1008; nothing fails inside the server, and those who behave notice nothing.
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { COMMANDS, type CommandDefinition } from '@muster/tachyon';
import { mutantsOf, type Schema, valuesOf } from '@muster/tachyon/values';
import fc from 'fast-check';
import { STATUS } from './cases/autohost.js';
import { FrameBook } from './frames.js';
import { OneProcess } from './one-process.js';
import type { Peer } from './peer.js';
import { Stage } from './stage.js';

const TIMEOUT_MS = 120_000;
const SEED = 20_261_121;
/** Per command and state: right data, mutants of each, and anything at all. */
const VALUES = 2;
const MUTANTS = 2;
const ANYTHING = 1;
const ONE_TEAM = { maxTeams: 2, startBox: { top: 0, bottom: 1, left: 0, right: 1 }, teams: [{ maxPlayers: 1 }] };
const LOBBY = { name: 'Calm', mapName: 'Comet', allyTeamConfig: [ONE_TEAM], areBossesEnabled: false };

const system = new OneProcess();
const commands = (COMMANDS as readonly CommandDefinition[]).filter(
  ({ commandId }) => commandId !== 'system/disconnect',
);
const named = commands.map((command) => [command.commandId, command] as const);

let stage: Stage;
let ann: Peer;
let bob: Peer;
let renamed = 0;
let strangers = 0;

beforeAll(async () => {
  await system.start();
  stage = new Stage(system, new FrameBook(), 'fuzz');
  [ann, bob] = await stage.players('ann', 'bob');
  const { id } = await ann.ok<{ id: string }>('lobby/create', LOBBY);
  await bob.ok('lobby/join', { id });
  await ann.hears('lobby/updated');
}, TIMEOUT_MS);
afterAll(async () => {
  try {
    await stage?.finish();
  } finally {
    await system.stop();
  }
}, TIMEOUT_MS);

// Those who behave are served as if nobody else were there, and hear of nothing but what they do.
afterEach(async () => {
  renamed += 1;
  await ann.ok('lobby/update', { name: `Calm ${renamed}` });
  for (const peer of [ann, bob]) {
    const { name } = await peer.hears<{ name: string }>('lobby/updated');
    expect(name).toBe(`Calm ${renamed}`);
  }
}, TIMEOUT_MS);

const anything = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' });

/** What is right for the command, nearly right, and anything. The same in every run. */
function dataFor({ data: schema }: CommandDefinition): readonly unknown[] {
  const right = schema ? fc.sample(valuesOf(schema as Schema), { seed: SEED, numRuns: VALUES }) : [undefined];
  const nearly = right.flatMap((value) => fc.sample(mutantsOf(value ?? {}), { seed: SEED, numRuns: MUTANTS }));
  return [...right, ...nearly, ...fc.sample(anything, { seed: SEED, numRuns: ANYTHING })];
}

/** A player of its own, in nothing. */
async function stranger(): Promise<Peer> {
  strangers += 1;
  return new Stage(system, new FrameBook(), `stranger${strangers}`).player('eve');
}

/** Sends it, and returns what is wrong with how it was taken. */
async function taken(eve: Peer, commandId: string, data: unknown): Promise<readonly string[]> {
  const sent = JSON.stringify({ commandId, data })?.slice(0, 400);
  try {
    const { reason, details } = await eve.ask(commandId, data, { malformed: true });
    // Something has failed in there.
    const inside = reason === 'internal_error' ? [`internal_error ${details}`] : [];
    return [...inside, ...eve.forget()].map((fault) => `${sent}: ${fault}`);
  } catch (error) {
    if (eve.ending?.code !== 1008) return [`${sent}: ${(error as Error).message}`];
    await eve.enter();
    return [];
  }
}

test.each(named)(
  '%s',
  async (commandId, command) => {
    const wrong: string[] = [];
    const eve = await stranger();
    for (const data of dataFor(command)) wrong.push(...(await taken(eve, commandId, data)));
    eve.drop();
    // The same from within a lobby and a party of its own.
    const insider = await stranger();
    for (const data of dataFor(command)) {
      await insider.ask('lobby/create', LOBBY);
      await insider.ask('party/create');
      insider.forget();
      wrong.push(...(await taken(insider, commandId, data)));
    }
    insider.drop();
    expect(wrong).toEqual([]);
  },
  TIMEOUT_MS,
);

test('names with control characters and more tags than may be are refused, ten thousand too; a hundred thousand are no frame', async () => {
  const eve = await stranger();
  for (const name of ['a\u0000b', 'a\nb', '\u202eevil', '', 'x'.repeat(10_000)])
    await eve.fails('invalid_request', 'lobby/create', { ...LOBBY, name }, { malformed: true });
  const tags = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, n) => [`t${n}`, {}]));
  for (const count of [33, 10_000])
    await eve.fails('invalid_request', 'lobby/create', { ...LOBBY, tags: tags(count) }, { malformed: true });
  eve.send('lobby/create', { ...LOBBY, tags: tags(100_000) }, { malformed: true });
  expect((await eve.ended()).code).toBe(1009);
});

test.each(['', '{', '[]', 'null', '7', '{"type":"request"}', '{"type":"wish","messageId":"m","commandId":"a/b"}'])(
  'a frame that is no message ends its own connection with 1008: %s',
  async (text) => {
    const eve = await stranger();
    eve.raw(text);
    expect((await eve.ended()).code).toBe(1008);
  },
);

test(
  'an autohost that lies is passed over or sent away: foreign battles, times that go backwards, updates that say nothing',
  async () => {
    const outer = new Stage(system, new FrameBook(), 'liar');
    const autohost = await outer.autohost();
    autohost.tell('autohost/status', STATUS);
    autohost.answer(await autohost.asked('autohost/subscribeUpdates'));
    const battleId = '3f0b8f6e-7f0a-4d2c-9c0e-0c9b0f1d2e3f';
    const send = (commandId: string, data: unknown): void => {
      if (!autohost.isConnected) return;
      autohost.raw(JSON.stringify({ type: 'event', messageId: 'm', commandId, data }));
    };
    for (const time of [2e15, 1e15, 0, -1, 1.5, 9e99, '1'])
      send('autohost/update', { battleId, time, update: { type: 'start' } });
    for (const data of fc.sample(anything, { seed: SEED, numRuns: 40 })) {
      send('autohost/update', data);
      send('autohost/status', data);
    }
    await ann.ok('system/serverStats');
    expect([undefined, 1000, 1008]).toContain(autohost.ending?.code);
    autohost.drop();
  },
  TIMEOUT_MS,
);
