import { Type } from '@sinclair/typebox';
import { Text } from './bounds.js';
import { defineCommand, MUSTER_SUBPROTOCOL } from './definition.js';
import { LIMITS } from './limits.js';

export const systemServerStats = defineCommand(
  {
    commandId: 'system/serverStats',
    direction: 'user→server',
    kind: 'request',
    what: 'Numbers about the whole server.',
    reply: Type.Object({ userCount: Type.Integer({ description: 'Sessions in the cluster, waiting ones included.' }) }),
    target: 'gateway',
  },
  { reply: { userCount: 4_211 } },
);

export const systemDisconnect = defineCommand(
  {
    commandId: 'system/disconnect',
    direction: 'user→server',
    kind: 'request',
    what: 'Ends the session at once: it is answered, then the connection is closed with 1000.',
    data: Type.Object({ reason: Text(LIMITS.reportLengthMax) }),
    dataOptional: true,
    target: 'gateway',
  },
  { data: { reason: 'the player quits' } },
);

export const systemMoveOn = defineCommand(
  {
    commandId: 'system/moveOn',
    direction: 'server→user',
    kind: 'event',
    only: MUSTER_SUBPROTOCOL,
    what: 'This gateway stops. The client sends no more requests, waits for its answers, closes the connection and connects at `url`, or where it came from when there is none, with the token that it has. Its session waits for it. After `withinMs` the gateway takes no more requests and closes with 1012.',
    data: Type.Object({
      url: Type.Optional(Type.String({ description: 'Of another gateway, as `http://127.0.0.1:8400`.' })),
      withinMs: Type.Integer({ minimum: 0 }),
    }),
    source: 'gateway',
  },
  { data: { url: 'http://127.0.0.1:8400', withinMs: 2_000 } },
);

export const SYSTEM_COMMANDS = [systemServerStats, systemDisconnect, systemMoveOn] as const;
