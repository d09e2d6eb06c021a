// What members are sent of a turn: one merge patch of their details, made by comparing them before and after. One function instead of a
// patch by hand per rule, and one event per turn, so that the event counter has no gaps.
import type { LobbyPatch } from '@muster/tachyon';
import { diffPatch, type Fields, mergePatch } from './merge-patch.js';
import type { Details } from './state.js';

/** Values that make no sense in part. */
const WHOLE: ReadonlySet<string> = new Set(['startBox', 'action', 'currentBattle']);

/** What changed from `before` to `after`, or undefined. `touched`: a player of whom the state is told whether it changed or not. */
export function lobbyPatch(before: Details, after: Details, touched?: string): LobbyPatch | undefined {
  const diff = diffPatch(before, after, WHOLE);
  const said = touched === undefined ? {} : statusOf(after, touched);
  if (!diff && Object.keys(said).length === 0) return undefined;
  return insisted(mergeFields(said, diff ?? {}), after);
}

/** The details as the patch has them. */
export function patchedDetails(details: Details, patch: LobbyPatch): Details {
  return mergePatch(details, patch) as Details;
}

/** What the published schema insists on whatever changed: ids, a bot's version and options, an ally team's teams. */
function insisted(patch: Fields, after: Details): LobbyPatch {
  const each = (field: keyof Details, more: (id: string) => Fields): Fields => {
    const entries = patch[field] as Readonly<Record<string, Fields | null>> | undefined;
    if (!entries) return {};
    const full = Object.entries(entries).map(([id, entry]) => [id, entry && { ...more(id), ...entry }]);
    return { [field]: Object.fromEntries(full) };
  };
  const { currentVote } = patch as { readonly currentVote?: Fields | null };
  return {
    ...patch,
    id: after.id,
    ...each('players', (id) => ({ id })),
    ...each('spectators', (id) => ({ id })),
    ...each('bots', (id) => unchanged(after.bots[id]!)),
    ...each('allyTeamConfig', () => ({ teams: {} })),
    ...(currentVote && { currentVote: { id: after.currentVote!.id, ...currentVote } }),
  } as LobbyPatch;
}

/** Says of a bot what it has to, in words that change nothing. */
function unchanged({ id, version, options }: Details['bots'][string]): Fields {
  return { id, version: version ?? null, options: options ? {} : null };
}

function statusOf({ players }: Details, userId: string): Fields {
  const player = players[userId];
  if (!player) return {};
  const { isReady, assetStatus } = player;
  return { players: { [userId]: { isReady, assetStatus } } };
}

function mergeFields(a: Fields, b: Fields): Fields {
  const result: Record<string, unknown> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const other = result[key];
    result[key] =
      typeof other === 'object' && other && typeof value === 'object' && value
        ? mergeFields(other as Fields, value as Fields)
        : value;
  }
  return result;
}
