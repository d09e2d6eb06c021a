import { expect, test } from '@jest/globals';
import { MemoryMetrics, type PeerId, peerId, SeededRandom, silentLog, VirtualClock } from '@muster/ports';
import { LoopbackNetwork } from '@muster/wire';
import { Peers } from '../links/peers.js';
import { type MemberInfo, RoutingTable } from '../table/routing-table.js';
import { MemberLinks } from './member-links.js';

const clock = new VirtualClock();
const network = new LoopbackNetwork({ clock });

async function node(peer: string): Promise<{ peers: Peers; table: RoutingTable; info: MemberInfo }> {
  const peers = new Peers({
    clock,
    random: new SeededRandom(1),
    network,
    self: { role: 'node', peer: peer as PeerId, address: '', cluster: 'c', zone: '', build: '' },
    metrics: new MemoryMetrics(),
    log: silentLog,
  });
  const address = await peers.listen('host:0');
  const table = new RoutingTable();
  new MemberLinks({ peers, table, roles: ['node'] });
  return { peers, table, info: { role: 'node', peer: peer as PeerId, address, state: 'up', zone: '', build: '' } };
}

const linkedTo = (peers: Peers): string[] => peers.linked().map(({ peer }) => peer);

test('members in the table get a link, those that left it lose it, the dead and the replaced stay out', async () => {
  const [a, b, c] = [await node('a#1'), await node('b#1'), await node('c#1')];
  let revision = 0;
  const tell = (members: readonly MemberInfo[]) => {
    revision += 1;
    for (const { table } of [a, b, c]) table.apply({ revision, full: false, rows: [], overrides: [], members });
    return clock.advance(3_000);
  };
  await tell([a.info, b.info, c.info]);
  expect([linkedTo(a.peers).sort(), linkedTo(b.peers).sort()]).toEqual([
    ['b#1', 'c#1'],
    ['a#1', 'c#1'],
  ]);
  await tell([a.info, b.info]);
  expect(linkedTo(a.peers)).toEqual(['b#1']);
  await tell([a.info, { ...b.info, state: 'dead' }]);
  expect(linkedTo(a.peers)).toEqual([]);
  // It does not know and dials again and again.
  b.peers.connect(peerId('a', '1'), a.info.address);
  await clock.advance(3_000);
  expect(linkedTo(a.peers)).toEqual([]);
  // The next leader heard it and lists it again: it was silent, not dead.
  await tell([a.info, b.info]);
  expect(linkedTo(a.peers)).toEqual(['b#1']);
  const reborn = await node('b#2');
  await tell([a.info, reborn.info]);
  expect(linkedTo(a.peers)).toEqual(['b#2']);
  await tell([a.info, b.info]);
  expect(linkedTo(a.peers)).not.toContain('b#1');
});
