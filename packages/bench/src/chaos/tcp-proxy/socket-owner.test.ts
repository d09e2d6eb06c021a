import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { socketOwners } from './socket-owner.js';

const DIALLER = `require('node:net').connect(Number(process.argv[1]), '127.0.0.1')`;

test('a dialler is known by its socket: a child of ours, named by its --id', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  const child = spawn(process.execPath, ['-e', DIALLER, '--', String(port), '--id', 'node-7'], { stdio: 'ignore' });
  try {
    const [socket] = (await once(server, 'connection')) as [Socket];
    const local = socket.remotePort!;
    const ours = socketOwners(process.pid);
    expect(ours({ local, remote: port })).toBe('node-7');
    // Nobody of that family, and no such socket.
    expect(socketOwners(child.pid!)({ local, remote: port })).toBe('');
    expect(ours({ local, remote: 1 })).toBe('');
    socket.destroy();
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
    server.close();
  }
});
