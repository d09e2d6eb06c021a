// Looks at lobbies as a client does. Start a system that has some with `npm start -- --demo`, then:
//   node docs/watch-lobbies.mjs                   the list of lobbies, and what changes in it
//   node docs/watch-lobbies.mjs "2v2, be nice"    goes into that lobby as a spectator: who sits where, talk, votes, battles
import { parseArgs } from 'node:util';
import { MusterClient, playerSignIn } from '../packages/client/dist/index.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { url: { type: 'string', default: 'http://127.0.0.1:8400' }, name: { type: 'string', default: 'watcher' } },
});
const [wanted] = positionals;
const say = (text) => console.log(`${new Date().toTimeString().slice(0, 8)}  ${text}`);
const client = new MusterClient({ url: values.url, signIn: playerSignIn({ loginHint: values.name }) });
process.once('SIGINT', () => client.disconnect());

const fail = ({ message }) => {
  console.error(message);
  process.exit(1);
};

const lobbies = new Map();
let entering = false;
const line = ({ name, playerCount, maxPlayerCount, mapName, currentBattle }) =>
  `${name}: ${playerCount} of ${maxPlayerCount} players, ${mapName}${currentBattle ? ', in battle' : ''}`;

// The list comes whole once; after that only what changed, where null is a lobby that is gone.
client.on('lobby/listReset', ({ lobbies: all }) => {
  lobbies.clear();
  for (const [id, lobby] of Object.entries(all)) lobbies.set(id, lobby);
  for (const lobby of lobbies.values()) say(line(lobby));
  if (lobbies.size === 0) say('there are no lobbies');
  enterWanted().catch(fail);
});
client.on('lobby/listUpdated', ({ lobbies: changes }) => {
  for (const [id, change] of Object.entries(changes)) {
    if (change === null) {
      say(`${lobbies.get(id)?.name}: closed`);
      lobbies.delete(id);
      continue;
    }
    lobbies.set(id, { ...lobbies.get(id), ...change });
    say(line(lobbies.get(id)));
  }
  enterWanted().catch(fail);
});

// Inside, `lobby/updated` says what changed of the details that `lobby/join` answered (a merge patch, RFC 7386).
client.on('lobby/updated', ({ id, ...patch }) => say(`changed: ${JSON.stringify(patch)}`));
client.on('lobby/voteEnded', ({ outcome }) => say(`the vote has ${outcome}`));
client.on('lobby/left', ({ reason }) => say(`out of the lobby: ${reason}`));
client.on('messaging/received', ({ source, message }) => say(`user ${source.userId} says: ${message}`));

async function enterWanted() {
  const [id] = [...lobbies].find(([, { name }]) => name === wanted) ?? [];
  if (id === undefined || entering) return;
  entering = true;
  await client.request('lobby/unsubscribeList');
  await client.request('messaging/subscribeReceived', { since: { type: 'latest' } });
  const { name, players, spectators } = await client.request('lobby/join', { id });
  for (const one of Object.values(players)) {
    const { username } = await client.request('user/info', { userId: one.id });
    say(
      `in ${name}: ${username} (user ${one.id}) in ally team ${one.allyTeam}, ${one.isReady ? 'ready' : 'not ready'}`,
    );
  }
  say(`in ${name}: ${Object.keys(spectators).length} spectators, you among them`);
}

await client.connect(3_000).catch((error) => {
  console.error(
    `Nobody can sign in at ${values.url}: ${error.message}. Start the system with \`npm start -- --demo\`.`,
  );
  process.exit(1);
});
await client.request('lobby/subscribeList');
