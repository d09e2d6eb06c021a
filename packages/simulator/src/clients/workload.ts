import type { Millis, PlayerId, SeededRandom } from '@muster/ports';

/** What clients do, and how often. Shares are of all requests. */
export interface Workload {
  readonly players: readonly PlayerId[];
  /** Mean pause between two requests of a device, exponentially distributed, after a shortest one. */
  readonly thinkMs: Millis;
  readonly thinkMinMs: Millis;
  readonly sendShare: number;
  readonly infoShare: number;
  readonly followShare: number;
  readonly statsShare: number;
  /** `friend/*`: what storage is asked for. */
  readonly friendShare: number;
  /** In place of one of the above: lobbies, parties, their chats and the list of lobbies. */
  readonly gatherShare: number;
  /** `system/disconnect`: the rest is asked for with the connection still open. */
  readonly leaveShare: number;
  /** In place of a request the network of the device breaks. */
  readonly dropShare: number;
  /** Number of the next message of a player, unique and growing over all its devices. */
  readonly nextMessage: (from: PlayerId, to: PlayerId) => number;
}

export const WORKLOAD_DEFAULTS = {
  thinkMs: 250,
  thinkMinMs: 130,
  sendShare: 0.45,
  infoShare: 0.35,
  followShare: 0.12,
  statsShare: 0.07,
  friendShare: 0,
  gatherShare: 0,
  leaveShare: 0.01,
  dropShare: 0.01,
} as const;

export interface Request {
  readonly commandId: string;
  readonly data?: unknown;
}

/** One of the commands that players have, drawn by its share. */
export function nextRequest(workload: Workload, random: SeededRandom, self: PlayerId): Request {
  const { sendShare, infoShare, followShare, statsShare, friendShare, leaveShare } = workload;
  let draw = random.next() * (sendShare + infoShare + followShare + statsShare + friendShare + leaveShare);
  const falls = (share: number): boolean => {
    draw -= share;
    return draw < 0;
  };
  const other = one(workload.players, random);
  if (falls(sendShare)) {
    const message = `${self}:${other}:${workload.nextMessage(self, other)}`;
    return { commandId: 'messaging/send', data: { target: { type: 'player', userId: other }, message } };
  }
  if (falls(infoShare)) return { commandId: 'user/info', data: { userId: other } };
  if (falls(followShare)) {
    const userIds = [...new Set([other, one(workload.players, random)])];
    return {
      commandId: random.next() < 0.6 ? 'user/subscribeUpdates' : 'user/unsubscribeUpdates',
      data: { userIds },
    };
  }
  if (falls(statsShare)) return { commandId: 'system/serverStats' };
  if (falls(friendShare)) {
    const [commandId, field] = one(FRIEND_REQUESTS, random);
    // Nobody is a friend of their own.
    const others = workload.players.filter((player) => player !== self);
    return { commandId, data: { [field]: other === self ? one(others, random) : other } };
  }
  return { commandId: 'system/disconnect', data: { reason: 'bye' } };
}

/** Most are asked for, so that there is something to answer. */
const FRIEND_REQUESTS = [
  ['friend/sendRequest', 'to'],
  ['friend/sendRequest', 'to'],
  ['friend/acceptRequest', 'from'],
  ['friend/rejectRequest', 'from'],
  ['friend/cancelRequest', 'to'],
  ['friend/remove', 'userId'],
] as const;

export function one<T>(list: readonly T[], random: SeededRandom): T {
  return list[Math.floor(random.next() * list.length)]!;
}
