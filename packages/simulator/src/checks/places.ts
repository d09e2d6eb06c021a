import { isDeepStrictEqual } from 'node:util';
import type { Device } from '../clients/device.js';
import type { GatheringKind } from '../gathering/places-view.js';

export interface PlacesCheckSetup {
  /** What the owner of an entity knows of it: `musterctl entity show`. */
  readonly actor: (entity: string) => unknown;
  readonly players: readonly string[];
  /** Whether what was in this entity's shard was ever lost. */
  readonly wasLost: (entity: string) => boolean;
  /** Every place that anybody was ever in. */
  readonly lobbies: readonly string[];
  readonly parties: readonly string[];
  /** Those that are signed in. */
  readonly devices: readonly Device[];
}

interface Mirrored {
  readonly kind: GatheringKind;
  readonly id: string;
  /** By user. */
  readonly ops: ReadonlyMap<string, string>;
}

type Membership =
  | { readonly phase: 'out' }
  | { readonly phase: 'in' | 'joining' | 'leaving'; readonly id: string; readonly op: string };

interface PlayerSeen {
  readonly session: unknown;
  readonly places: { readonly [K in GatheringKind]: Membership };
}

interface LobbySeen {
  readonly details: Readonly<Record<string, unknown>> & { readonly id: string };
  readonly inside: { readonly members: Readonly<Record<string, { readonly op: string }>> };
}

interface PartySeen {
  readonly members: readonly { readonly userId: string; readonly op: string }[];
  readonly invited: readonly { readonly userId: string; readonly ticket: unknown }[];
}

/** Invariant 6 (K12), once all is quiet: who is where, in which words; empty: players, places and clients say the same. */
export function disagreements(setup: PlacesCheckSetup): readonly string[] {
  const { players, lobbies, parties } = setup;
  const places = [...lobbies.map((id) => lobbyMembers(setup, id)), ...parties.map((id) => partyMembers(setup, id))];
  const wrong: string[] = [];
  for (const player of players) {
    const seen = playerSeen(setup, player);
    for (const kind of ['lobby', 'party'] as const) {
      const has = places.filter((place) => place.kind === kind && place.ops.has(player));
      wrong.push(...membership(player, kind, seen?.places[kind] ?? { phase: 'out' }, has));
    }
  }
  for (const device of setup.devices) wrong.push(...clientsView(setup, device));
  return wrong;
}

function membership(player: string, kind: GatheringKind, own: Membership, has: readonly Mirrored[]): readonly string[] {
  const where = has.map(({ id }) => id).join(' and ') || `no ${kind}`;
  if (own.phase === 'joining' || own.phase === 'leaving') return [`player ${player} is ${own.phase} ${kind} ${own.id}`];
  if (own.phase === 'out') return has.length === 0 ? [] : [`player ${player} is in no ${kind}, but ${where} has it`];
  const [place] = has;
  if (has.length !== 1 || place!.id !== own.id)
    return [`player ${player} is in ${kind} ${own.id}, but ${where} has it`];
  const op = place!.ops.get(player);
  return op === own.op ? [] : [`player ${player} is in ${kind} ${own.id} by ${own.op}, there by ${op}`];
}

function clientsView(setup: PlacesCheckSetup, { id, player, gathering: { view } }: Device): readonly string[] {
  const seen = playerSeen(setup, player);
  if (!seen?.session) return [];
  const wrong: string[] = [];
  for (const kind of ['lobby', 'party'] as const) {
    const own = seen.places[kind];
    const [here, there] = [view.stay(kind)?.id ?? null, own.phase === 'out' ? null : own.id];
    if (here !== there && !view.unsure.has(kind))
      wrong.push(`client ${id} shows ${kind} ${here}, its player is in ${there}`);
  }
  const lobby = view.stay('lobby');
  const details = lobby && lobbySeen(setup, lobby.id)?.details;
  if (view.details && !view.unsure.has('lobby') && !isDeepStrictEqual(view.details, details))
    wrong.push(`client ${id} sees its lobby as ${differences(view.details, details)}`);
  const party = view.stay('party');
  if (party && !view.unsure.has('party')) wrong.push(...partyView(setup, id, party.id, view.party));
  return [...wrong, ...invitations(setup, player, id, view), ...listView(setup, id, view.list)];
}

/** What either side has lost of an invitation, it gets back when that is over. */
function invitations(
  setup: PlacesCheckSetup,
  player: string,
  device: string,
  { invitations: shown, unsureInvitations }: Device['gathering']['view'],
): readonly string[] {
  if (setup.wasLost(`player/${player}`)) return [];
  const wrong: string[] = [];
  for (const party of new Set([...shown.keys(), ...setup.parties])) {
    const invites = partySeen(setup, party)?.invited.some(({ userId }) => userId === player) ?? false;
    if (invites !== shown.has(party) && !unsureInvitations.has(party) && !setup.wasLost(`party/${party}`))
      wrong.push(`client ${device} shows ${invites ? 'no' : 'an'} invitation to ${party}`);
  }
  return wrong;
}

function partyView(
  setup: PlacesCheckSetup,
  device: string,
  id: string,
  shown: Device['gathering']['view']['party'],
): readonly string[] {
  const ids = (all: readonly { readonly userId: string }[] = []): string => all.map(({ userId }) => userId).join();
  const seen = partySeen(setup, id);
  const [here, there] = [shown, seen].map((party) => `${ids(party?.members)} (invited ${ids(party?.invited)})`);
  return here === there ? [] : [`client ${device} shows party ${id} with ${here}, there are ${there}`];
}

function listView(
  setup: PlacesCheckSetup,
  device: string,
  list: Device['gathering']['view']['list'],
): readonly string[] {
  if (!list) return [];
  const wrong: string[] = [];
  for (const id of setup.lobbies) {
    const details = lobbySeen(setup, id)?.details;
    const [shown, there] = [list.get(id)?.name, details?.name];
    const [count, players] = [list.get(id)?.playerCount, details && Object.keys(details.players as object).length];
    if (shown !== there || count !== players)
      wrong.push(`client ${device} lists ${id} as "${shown}" with ${count}, it is "${there}" with ${players}`);
  }
  for (const id of list.keys())
    if (!setup.lobbies.includes(id)) wrong.push(`client ${device} lists ${id}, which nobody opened`);
  return wrong;
}

/** The fields in which two lobbies differ. */
function differences(shown: object, there: object | undefined): string {
  if (!there) return 'open, but it is not';
  const [a, b] = [shown, there] as Record<string, unknown>[];
  const fields = [...new Set([...Object.keys(a!), ...Object.keys(b!)])].filter(
    (key) => !isDeepStrictEqual(a![key], b![key]),
  );
  return fields.map((key) => `${key} ${JSON.stringify(a![key])}, not ${JSON.stringify(b![key])}`).join('; ');
}

function playerSeen({ actor }: PlacesCheckSetup, player: string): PlayerSeen | undefined {
  return stateOf(actor(`player/${player}`)) as PlayerSeen | undefined;
}

function lobbySeen({ actor }: PlacesCheckSetup, id: string): LobbySeen | null | undefined {
  return (stateOf(actor(`lobby/${id}`)) as { readonly lobby: LobbySeen | null } | undefined)?.lobby;
}

function partySeen({ actor }: PlacesCheckSetup, id: string): PartySeen | null | undefined {
  return (stateOf(actor(`party/${id}`)) as { readonly party: PartySeen | null } | undefined)?.party;
}

function lobbyMembers(setup: PlacesCheckSetup, id: string): Mirrored {
  const members = Object.entries(lobbySeen(setup, id)?.inside.members ?? {});
  return { kind: 'lobby', id, ops: new Map(members.map(([userId, { op }]) => [userId, op])) };
}

function partyMembers(setup: PlacesCheckSetup, id: string): Mirrored {
  const members = partySeen(setup, id)?.members ?? [];
  return { kind: 'party', id, ops: new Map(members.map(({ userId, op }) => [userId, op])) };
}

function stateOf(inspected: unknown): unknown {
  return (inspected as { readonly state?: unknown } | undefined)?.state;
}
