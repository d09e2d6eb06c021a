import { expect, test } from '@jest/globals';
import { type Connection, type ConnectionEvents, SystemClock } from '@muster/ports';
import { LoopbackNetwork } from '@muster/wire';
import { advertised } from './advertised-network.js';

test('a listener says where it is reached, not where it listens, and takes connections where it listens', async () => {
  const real = new LoopbackNetwork({ clock: new SystemClock() });
  let taken: Connection | undefined;
  const listener = await advertised(real, 'proxy:7000').listen('here:1', (connection) => {
    taken = connection;
    connection.handle(deaf());
  });
  expect(listener.address).toBe('proxy:7000');
  const dialled = real.dial('here:1');
  await new Promise<void>((open) => dialled.handle({ ...deaf(), open }));
  expect(taken).toBeDefined();
  dialled.close();
  await listener.close();
});

function deaf(): ConnectionEvents {
  const nothing = (): void => undefined;
  return { open: nothing, frame: nothing, drain: nothing, close: nothing };
}
