// Two players talk. Start the system with `npm start`, then: node docs/first-client.mjs
import { MusterClient, playerSignIn } from '../packages/client/dist/index.js';

const url = process.argv[2] ?? 'http://127.0.0.1:8400';
const ada = new MusterClient({ url, signIn: playerSignIn({ loginHint: 'ada' }) });
const bob = new MusterClient({ url, signIn: playerSignIn({ loginHint: 'bob' }) });
await Promise.all([ada.connect(3_000), bob.connect(3_000)]).catch((error) => {
  console.error(
    `Nobody can sign in at ${url}: ${error.message}. Start the system with \`npm start\`, or name a gateway's URL.`,
  );
  process.exit(1);
});
console.log(
  `signed in: ${ada.self.user.username} is user ${ada.self.user.userId}, ${bob.self.user.username} is user ${bob.self.user.userId}`,
);

// Messages are kept for a player from sign-in on; a client that wants to hear them says so.
await bob.request('messaging/subscribeReceived', {});
const heard = bob.next('messaging/received');
await ada.request('messaging/send', {
  target: { type: 'player', userId: bob.self.user.userId },
  message: 'Muster at dawn!',
});
const { message, source } = await heard;
console.log(`bob heard from user ${source.userId}: ${message}`);

const { userCount } = await ada.request('system/serverStats');
console.log(`players online: ${userCount}`);
await Promise.all([ada.disconnect(), bob.disconnect()]);
