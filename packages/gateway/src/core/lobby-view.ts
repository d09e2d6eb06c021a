import { lobbyPatch, MEMBERS_TOPIC, mergePatch, votesEnded } from '@muster/play';
import { type LobbyDetails, type LobbyPatch, lobbyUpdated, lobbyVoteEnded } from '@muster/tachyon';
import type { PlaceFrame, PlaceView } from './place-feeds.js';

/** A lobby as its members' clients have it; null: there is none. */
export const lobbyView: PlaceView<LobbyDetails | null> = {
  topic: MEMBERS_TOPIC,
  // Who opens a private lobby gets its token with it.
  read: (json) => (isObject(json) && 'token' in json ? json.lobby : json) as LobbyDetails | null,
  after: (details, name, data) =>
    details && name === lobbyUpdated.commandId ? (mergePatch(details, data) as LobbyDetails) : details,
  between: (before, after) => {
    if (!before || !after) return [];
    const patch = lobbyPatch(before, after);
    const ended = votesEnded(before, after).map((vote) => frame(lobbyVoteEnded.commandId, vote));
    return patch ? [frame(lobbyUpdated.commandId, counted(patch, before, after)), ...ended] : [];
  },
  has: (details, userId) =>
    details !== null && (Object.hasOwn(details.players, userId) || Object.hasOwn(details.spectators, userId)),
};

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null;
}

/**
 * One patch for several events says how many, so that nobody takes the gap in the numbers for missed ones. A lobby that lost its last events may have
 * got to the same number by others: the number is said all the same, and it is not the next one.
 */
function counted(patch: LobbyPatch, { eventNumber: before = 0 }: LobbyDetails, after: LobbyDetails): LobbyPatch {
  const { eventNumber = 0 } = after;
  const events = eventNumber - before;
  return { ...patch, eventNumber, ...(events > 1 && { events }) };
}

function frame(commandId: string, data: unknown): PlaceFrame {
  return { commandId, json: JSON.stringify(data) };
}
