import { Type } from '@sinclair/typebox';
import { defineCommand } from './definition.js';

export const systemServerStats = defineCommand({
  commandId: 'system/serverStats',
  direction: 'user→server',
  kind: 'request',
  what: 'Numbers about the whole server.',
  reply: Type.Object({ userCount: Type.Integer({ description: 'Sessions in the cluster, waiting ones included.' }) }),
  target: 'gateway',
});

export const systemDisconnect = defineCommand({
  commandId: 'system/disconnect',
  direction: 'user→server',
  kind: 'request',
  what: 'Ends the session at once: it is answered, then the connection is closed with 1000.',
  data: Type.Object({ reason: Type.String() }),
  dataOptional: true,
  target: 'gateway',
});

export const SYSTEM_COMMANDS = [systemServerStats, systemDisconnect] as const;
