import { Type } from '@sinclair/typebox';
import { Id, Name, Nullable } from './bounds.js';
import { type ActorTarget, defineCommand, MUSTER_SUBPROTOCOL } from './definition.js';
import { lobbyCreate, lobbyCreateExample, lobbyExample } from './lobby.js';
import { LobbyDetails } from './lobby-shapes.js';

// What Tachyon's lobbies lack: lobbies that only those find who were told, and what a client asks that has missed an event.

const self = (command: string): ActorTarget => ({ kind: 'player', id: 'caller', command });
const lobby = (command: string): ActorTarget => ({ kind: 'lobby', id: 'place', command, outside: 'not_in_lobby' });

const token = `${lobbyExample.id}.bS2mKj0vQ8yTq3xWc7e1Zg`;
const privateExample: LobbyDetails = { ...lobbyExample, isPrivate: true };

/** A word that members tell their friends. */
const Password = Name();

export const lobbyCreatePrivate = defineCommand(
  {
    commandId: 'lobby/createPrivate',
    direction: 'user→server',
    kind: 'request',
    what: 'As `lobby/create`, but the lobby is in no list: only who has its token, or its password where it has one, comes in.',
    only: MUSTER_SUBPROTOCOL,
    data: Type.Object({ ...lobbyCreate.data.properties, password: Type.Optional(Password) }),
    reply: Type.Object({ lobby: LobbyDetails, token: Type.String() }),
    moves: 'lobby',
    again: 'privateLobbyAgain',
    target: self('createPrivateLobby'),
  },
  { data: { ...lobbyCreateExample, password: 'swordfish' }, reply: { lobby: privateExample, token } },
);

export const lobbyJoinPrivate = defineCommand(
  {
    commandId: 'lobby/joinPrivate',
    direction: 'user→server',
    kind: 'request',
    what: 'As `lobby/join`, with the token (which names the lobby) or with id and password. A wrong one fails with `unauthorized`; after a few the lobby takes no password of yours for a while.',
    only: MUSTER_SUBPROTOCOL,
    data: Type.Union([Type.Object({ token: Id() }), Type.Object({ id: Id(), password: Password })]),
    reply: LobbyDetails,
    reasons: ['lobby_full', 'banned'],
    moves: 'lobby',
    again: 'lobbyAgain',
    target: self('joinPrivateLobby'),
  },
  { data: { token }, reply: privateExample },
);

export const lobbySetAccess = defineCommand(
  {
    commandId: 'lobby/setAccess',
    direction: 'user→server',
    kind: 'request',
    what: 'Makes the lobby private, with a new token and this password or none, or open to all again. Who may change its settings may.',
    only: MUSTER_SUBPROTOCOL,
    data: Type.Object({ isPrivate: Type.Boolean(), password: Type.Optional(Password) }),
    reply: Type.Object({ token: Nullable(Type.String()) }),
    reasons: ['not_in_lobby'],
    target: lobby('setAccess'),
  },
  { data: { isPrivate: true }, reply: { token } },
);

export const lobbyToken = defineCommand(
  {
    commandId: 'lobby/token',
    direction: 'user→server',
    kind: 'request',
    what: 'The token of your lobby, for friends who are to come in; null where it is open to all.',
    only: MUSTER_SUBPROTOCOL,
    reply: Type.Object({ token: Nullable(Type.String()) }),
    reasons: ['not_in_lobby'],
    target: lobby('token'),
  },
  { reply: { token } },
);

export const lobbyState = defineCommand(
  {
    commandId: 'lobby/state',
    direction: 'user→server',
    kind: 'request',
    what: 'The lobby as it is now, for a client that has missed an event: without details where `since` is the number of the last one.',
    only: MUSTER_SUBPROTOCOL,
    data: Type.Object({ since: Type.Optional(Type.Integer({ minimum: 0 })) }),
    reply: Type.Object({ eventNumber: Type.Integer({ minimum: 0 }), details: Type.Optional(LobbyDetails) }),
    reasons: ['not_in_lobby'],
    target: lobby('state'),
    again: true,
  },
  { data: { since: 7 }, reply: { eventNumber: 7 } },
);

export const MUSTER_LOBBY_COMMANDS = [
  lobbyCreatePrivate,
  lobbyJoinPrivate,
  lobbySetAccess,
  lobbyToken,
  lobbyState,
] as const;
