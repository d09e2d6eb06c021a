import { MusterError } from '@muster/ports';
import { USER_SUBSCRIPTIONS_MAX } from '@muster/tachyon';

export interface PlayerOptions {
  /** How long a session waits for its player after a connection was lost.
   *  Lower: queues and parties are freed sooner, but a router restart throws people out. Higher: ghosts stay in parties longer.
   *  Clients come back within 10 s and their own liveness check takes up to 30 s. */
  readonly graceMs: number;
  /** Messages kept per session for clients that reconnect.
   *  Lower: less state per player to replicate. Higher: more is there after a long absence. Lobby clients expect 200. */
  readonly inboxMessagesMax: number;
  /** Users whose changes one session follows. Lower: less fan-out. Higher: bigger friend lists; the published schema says 100. */
  readonly watchedMax: number;
  /** `user/subscribeUpdates` requests of one session whose users are being looked up at the same time.
   *  Lower: a client that asks in bursts is refused. Higher: each holds up to 100 look-ups in the actor's outbox. */
  readonly checksMax: number;
  /** How long such a look-up may take. Lower: users on a node that is being replaced look unknown for now.
   *  Higher: the client's own deadline comes first. A change of owner takes up to 3 s. */
  readonly checkTimeoutMs: number;
  /** `messaging/subscribeReceived` requests of one session that wait for chats at the same time. Lower: a client that asks in bursts is refused.
   *  Higher: each is part of the state until its chats answer. */
  readonly subscribingMax: number;
  /** How long the chats of lobby and party may take to say where a client goes on. Lower: while their shard changes its owner, clients are told that
   *  they may have missed messages, and get all that is kept. Higher: they wait longer for that. A change of owner takes up to 3 s. */
  readonly positionTimeoutMs: number;
  /** Processes of which the actor remembers that they listen to `self`: the gateways of its newest connections.
   *  Lower: after many take-overs at once the newest connection may have to prove itself by a command. Higher: more state per player. */
  readonly listenersMax: number;
  /** Requests of one session that wait for the same place. Lower: a client that asks in bursts is refused. Higher: more waiting replies in the state. */
  readonly placeRequestsMax: number;
  /** Chat rooms that one player is in at a time. Lower: who likes to talk must choose. Higher: more to replicate, and to leave at the end. */
  readonly roomsMax: number;
  /** Invitations to parties that one player has at a time. Lower: somebody who is popular misses some. Higher: more to replicate and to tell. */
  readonly invitationsMax: number;
  /** How often a player asks its party and its lobby whether they still have it. Both sides are asked at once where something may be lost;
   *  this finds what nobody could know. Lower: ghosts are found sooner. Higher: less traffic (100,000 players in lobbies: 333 questions/s). */
  readonly placeAuditMs: number;
  /** Requests of one player that wait for storage. Lower: less is kept for a client that asks in bursts while storage is slow. Higher: fewer of
   *  its requests are refused then. */
  readonly errandsMax: number;
  /** How often a player in a battle looks whether the battle goes on. Lower: who is shown as playing after a double failure is right again sooner.
   *  Higher: less traffic. */
  readonly battleCheckMs: number;
  /** Idle time after which the actor leaves memory. Lower: less memory for players who are offline but looked at.
   *  Higher: fewer reads of accounts. */
  readonly passivateAfterMs: number;
}

export const PLAYER_DEFAULTS: PlayerOptions = {
  graceMs: 30_000,
  inboxMessagesMax: 200,
  watchedMax: USER_SUBSCRIPTIONS_MAX,
  checksMax: 8,
  checkTimeoutMs: 8_000,
  subscribingMax: 4,
  positionTimeoutMs: 5_000,
  listenersMax: 16,
  placeRequestsMax: 8,
  placeAuditMs: 300_000,
  roomsMax: 8,
  invitationsMax: 16,
  errandsMax: 16,
  battleCheckMs: 300_000,
  passivateAfterMs: 60_000,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG */
export function playerOptions(changes: Partial<PlayerOptions> = {}): PlayerOptions {
  const options = { ...PLAYER_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new MusterError('BAD_CONFIG', { details: `player.${name} is ${value}: a positive integer is needed` });
  }
  // One reconnect replays the whole inbox at once: it must fit into what an event stream keeps (256), or the client starts afresh.
  if (options.inboxMessagesMax > 250)
    throw new MusterError('BAD_CONFIG', { details: 'player.inboxMessagesMax may be 250 at most' });
  return options;
}
