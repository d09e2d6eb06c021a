import { expect, test } from '@jest/globals';
import { silentTracer } from '@muster/ports';
import { COMMANDS, type CommandDefinition, MUSTER_SUBPROTOCOL, TachyonProtocol } from '@muster/tachyon';
import { attachedClient, type CoreWorld, coreWorld } from '../testing/session.test-kit.js';

const OURS: readonly CommandDefinition[] = [
  {
    commandId: 'hall/enter',
    direction: 'user→server',
    kind: 'request',
    only: MUSTER_SUBPROTOCOL,
    what: 'A request that Tachyon does not have.',
    target: { kind: 'player', id: 'caller', command: 'enter' },
    example: {},
  },
  {
    commandId: 'hall/entered',
    direction: 'server→user',
    kind: 'event',
    only: MUSTER_SUBPROTOCOL,
    what: 'An event that Tachyon does not have.',
    source: 'player',
    example: {},
  },
];

function world(): CoreWorld {
  return coreWorld({}, silentTracer, new TachyonProtocol({}, [...COMMANDS, ...OURS]));
}

test('on v0.muster our own commands exist beside those of Tachyon', () => {
  const hall = world();
  const client = attachedClient(hall, '1', [], true);
  client.request('hall/enter');
  hall.cluster.next('enter').ok(null);
  hall.cluster.publish('player/1', 'self', 'hall/entered', {});
  client.request('user/info', { userId: '2' });
  hall.cluster.next('info').ok({ userId: '2' });
  expect(client.socket.said).toEqual(['user/self', 'hall/enter', 'hall/entered', 'user/info']);
});

test('on v0.tachyon only commands of Tachyon exist: ours are refused with where they are served, and their events are not sent', () => {
  const hall = world();
  const client = attachedClient(hall, '1', [], false);
  client.request('hall/enter');
  expect(client.socket.frames.at(-1)).toMatchObject({
    status: 'failed',
    reason: 'command_unimplemented',
    details: 'hall/enter is served on v0.muster alone',
  });
  client.request('hall/burn');
  expect(client.socket.frames.at(-1)).toMatchObject({ details: 'hall/burn is not known here' });
  hall.cluster.publish('player/1', 'self', 'hall/entered', {});
  client.request('user/info', { userId: '2' });
  hall.cluster.next('info').ok({ userId: '2' });
  expect(client.socket.said).toEqual(['user/self', 'hall/enter!', 'hall/burn!', 'user/info']);
  expect(hall.metrics.value('muster_gateway_drops_total', { reason: 'other_protocol' })).toBe(1);
});
