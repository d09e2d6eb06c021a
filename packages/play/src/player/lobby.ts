// The player's part in lobbies. It owns the membership (places.ts); what happens in the lobby its client hears from the lobby itself.
import { uuid } from '@muster/ports';
import { type DecideContext, event } from '@muster/runtime';
import { readToken } from '../lobby/access.js';
import { type Admitted, LOBBY_KIND, type LobbyDismissal, type LobbyWish } from '../lobby/contract.js';
import { placeOfMember } from '../membership/protocol.js';
import type { LobbyMembershipCommands, LobbyMembershipEvents, Moved } from './contract.js';
import { joinPlace, leavePlace, type PlaceGone } from './places.js';
import { toSelf } from './publishing.js';
import type { Decided, Pieces, PlayerSlice, SliceTools } from './slice.js';
import { type PlayerState, refuseStranger } from './state.js';

/** Read in `lobby/left` by whoever's lobby does not know it any more. */
const CRASHED = 'lobby crashed';

export function lobbySlice(
  tools: SliceTools,
): PlayerSlice<LobbyMembershipCommands, LobbyMembershipEvents, Readonly<Record<string, never>>> {
  return {
    name: 'lobby',
    version: 1,
    initial: () => ({}),
    decide: {
      createLobby: (state, create, ctx) => enter(state, { id: uuid(ctx.random), wish: { create } }, ctx, tools),
      joinLobby: (state, { id }, ctx) => enter(state, { id, wish: {} }, ctx, tools),
      createPrivateLobby: (state, { password, ...create }, ctx) => {
        const access = password === undefined ? {} : { password };
        return enter(state, { id: uuid(ctx.random), wish: { create, access } }, ctx, tools);
      },
      joinPrivateLobby: (state, data, ctx) => {
        const { id, ...key } = 'token' in data ? readToken(data.token) : data;
        return enter(state, { id, wish: { key } }, ctx, tools);
      },
      lobbyAgain: (state, _, ctx) => again(state, {}, ctx, tools),
      privateLobbyAgain: (state, _, ctx) => again(state, { wantsToken: true }, ctx, tools),
      leaveLobby: (state, _, ctx) => leavePlace(state, 'lobby', ctx, tools),
    },
    evolve: { lobbyLeft: () => undefined },
    publish: {
      lobbyLeft: ({ session }, left) => (session ? [toSelf('lobby/left', left)] : []),
    },
    placeRules: {
      lobby: { reply: replyOf, admitted, gone },
    },
    blank: () => true,
  };
}

/** Who opens a private lobby gets its token too. */
function replyOf(value: unknown): unknown {
  const { details, token } = value as Admitted;
  return token === undefined ? details : { lobby: details, token };
}

/**
 * A place keeps its last answer to each player, for repeats: a lobby of 251 would keep 251 times its details. Another word makes it a
 * short one.
 */
function admitted({ places: { lobby } }: PlayerState, { id }: { readonly id: string }): Pieces {
  if (lobby.phase !== 'joining') return {};
  return { sends: [{ to: { kind: LOBBY_KIND, id }, command: 'confirm', data: { op: lobby.op } }] };
}

/** One lobby at a time: into another one goes who has left. */
function enter(
  state: PlayerState,
  { id, wish }: { readonly id: string; readonly wish: LobbyWish },
  ctx: DecideContext,
  tools: SliceTools,
): Decided<Moved> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  const at = placeOfMember(state.places.lobby);
  if (at !== null && at !== id)
    return { refuse: { reason: 'invalid_request', details: 'already_in_lobby: leave it first' } };
  return joinPlace(state, 'lobby', { id, data: wish }, ctx, tools) as Decided<Moved>;
}

/** Never into another one: nobody can say what became of the request, or since. */
function again(state: PlayerState, wish: LobbyWish, ctx: DecideContext, tools: SliceTools): Decided<Moved> {
  const stranger = refuseStranger(state, ctx);
  if (stranger) return { refuse: stranger };
  const id = placeOfMember(state.places.lobby);
  if (id === null) return { refuse: { reason: 'internal_error', details: 'try again' } };
  return joinPlace(state, 'lobby', { id, data: wish }, ctx, tools) as Decided<Moved>;
}

/** Whoever did not ask for it is told. */
function gone(_: PlayerState, { id, how, said }: PlaceGone): Pieces {
  if (how === 'lost') return { events: [event('lobbyLeft', { id, reason: CRASHED })] };
  if (how !== 'dismissed') return {};
  const { reason, ...more } = said as LobbyDismissal;
  return { events: [event('lobbyLeft', { id, reason, ...more })] };
}
