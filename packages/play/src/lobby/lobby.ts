import { type ActorKind, type DecideContext, defineActor, type Refusal } from '@muster/runtime';
import { REASON_NOT_A_MEMBER_OF_PLACE } from '../player/contract.js';
import { setAccess, tokenOf } from './access.js';
import {
  battleConfirmed,
  battleEnded,
  battleHosted,
  battleHostFailed,
  hostAnswered,
  joinBattle,
  joinBattleAnswered,
  startBattle,
} from './battles.js';
import { LOBBY_KIND, type LobbyEvents, MEMBERS_TOPIC, type OwnLobbyCommands } from './contract.js';
import { voteTimedOut } from './decisions.js';
import { admit, adopted, audit, confirm, leave, playerConfirmed } from './holding.js';
import { type Listing, listDue, listHeard } from './listing.js';
import { type LobbyOptions, lobbyOptions } from './options.js';
import { RULES, type RuleData, type RuleName } from './rules.js';
import { type Details, isMember, type Lobby } from './state.js';
import { also, type Decided, evolveChanged, type LobbyState, publishChanged, turned } from './turn.js';

export type LobbyKind = ActorKind<LobbyState, OwnLobbyCommands, LobbyEvents>;

/** `lobby/<id>`: a room where players gather for battles. It begins with its first member and ends with its last. */
export function lobbyKind(changes: Partial<LobbyOptions> = {}): LobbyKind {
  const options = lobbyOptions(changes);
  return defineActor<LobbyState, OwnLobbyCommands, LobbyEvents>(LOBBY_KIND, {
    durability: 'replicated',
    version: 1,
    initial: () => ({ lobby: null }),
    blank: ({ lobby }) => lobby === null,
    decide: {
      ...ruled(options),
      startBattle: (state, _, ctx) => asMember(state, ctx, (lobby) => startBattle(lobby, ctx, options)),
      joinBattle: (state, _, ctx) => asMember(state, ctx, (lobby, userId) => joinBattle(lobby, userId, ctx)),
      setAccess: (state, data, ctx) =>
        asMember(state, ctx, (lobby, userId): Decided<{ readonly token: string | null }> => {
          const { reply: _, ...decided } = turned(lobby, setAccess(lobby, userId, data, ctx.random), ctx, options);
          return decided.refuse ? decided : { ...decided, reply: ({ lobby: after }) => ({ token: tokenOf(after!) }) };
        }),
      token: (state, _, ctx) => asMember(state, ctx, (lobby) => ({ reply: { token: tokenOf(lobby) } })),
      state: (state, { since }, ctx) => asMember(state, ctx, ({ details }) => ({ reply: stateSince(details, since) })),
      admit: (state, data, ctx) => admit(state, data, ctx, options),
      leave: (state, data, ctx) => leave(state, data, ctx, options),
      confirm: (state, data, ctx) => confirm(state, data, ctx, options),
      playerConfirmed: (state, answer, ctx) => playerConfirmed(state, answer, ctx, options),
      auditDue: (state, _, ctx) => audit(state, ctx, options),
      adopted: (state, data, ctx) => adopted(state, data, ctx, options),
      hostAnswered: (state, answer, ctx) => hostAnswered(state, answer, ctx, options),
      battleHosted: (state, data, ctx) => battleHosted(state, data, ctx, options),
      battleHostFailed: (state, data, ctx) => battleHostFailed(state, data, ctx, options),
      battleEnded: (state, data, ctx) => battleEnded(state, data, ctx, options),
      battleConfirmed: (state, answer, ctx) => battleConfirmed(state, answer, ctx, options),
      joinBattleAnswered: (state, answer, ctx) => joinBattleAnswered(state, answer, ctx, options),
      voteOver: ({ lobby }, { id }, ctx) =>
        lobby ? silent(turned(lobby, voteTimedOut(lobby, id, { now: ctx.now, options }), ctx, options)) : {},
      listDue: ({ lobby }, _, ctx) => (lobby ? listed(lobby, listDue(lobby, ctx.now), ctx, options) : {}),
      listAnswered: ({ lobby }, _, ctx) => (lobby ? listed(lobby, listHeard(lobby, ctx.now), ctx, options) : {}),
    },
    evolve: {
      opened: (state, { lobby }) => {
        state.lobby = lobby;
      },
      changed: evolveChanged,
      closed: (state) => {
        state.lobby = null;
      },
    },
    publish: { changed: (_, change) => publishChanged(change) },
    topics: { [MEMBERS_TOPIC]: ({ lobby }) => lobby?.details ?? null },
    adopted: 'adopted',
    // Operators see that it is private, not how to get in.
    describe: ({ lobby }) => ({
      lobby: lobby && { details: lobby.details, inside: { ...lobby.inside, access: undefined } },
    }),
  });
}

/** The details, unless the client has them as they are. */
function stateSince(details: Details, since: number | undefined): OwnLobbyCommands['state']['reply'] {
  const { eventNumber = 0 } = details;
  return since === eventNumber ? { eventNumber } : { eventNumber, details };
}

/** What members ask of the rules. */
function ruled(options: LobbyOptions): Pick<LobbyKind['decide'], RuleName> {
  const decide = <K extends RuleName>(name: K) => [
    name,
    (state: LobbyState, data: RuleData[K], ctx: DecideContext): Decided =>
      asMember(state, ctx, (lobby, userId) => {
        const ruling = RULES[name](lobby, userId, data, { now: ctx.now, options });
        const touched = name === 'updateClientStatus' ? { touched: userId } : {};
        const decided = turned(lobby, ruling, ctx, options, touched);
        if (name !== 'addBot') return silent(decided);
        return also(decided, { reply: ({ lobby: after }: LobbyState) => ({ id: `bot-${after!.inside.bots}` }) });
      }),
  ];
  return Object.fromEntries((Object.keys(RULES) as RuleName[]).map(decide)) as unknown as Pick<
    LobbyKind['decide'],
    RuleName
  >;
}

/** A command of a client, who must be a member: its gateway may not know yet that it is none any more. */
function asMember<D extends Decided>(
  { lobby }: LobbyState,
  { origin }: DecideContext,
  rule: (lobby: Lobby, userId: string) => D,
): D | { readonly refuse: Refusal } {
  if (origin.type !== 'client') return { refuse: { reason: 'invalid_request', details: 'a client is expected' } };
  if (!lobby || !isMember(lobby.details, origin.caller)) return { refuse: { reason: REASON_NOT_A_MEMBER_OF_PLACE } };
  return rule(lobby, origin.caller);
}

function listed(before: Lobby, { lobby, sends, timers }: Listing, ctx: DecideContext, options: LobbyOptions) {
  const decided = turned(before, lobby, ctx, options);
  return silent({
    ...decided,
    sends: [...(decided.sends ?? []), ...sends],
    timers: [...(decided.timers ?? []), ...timers],
  });
}

function silent(decided: Decided): Decided<null> {
  return decided as Decided<null>;
}
