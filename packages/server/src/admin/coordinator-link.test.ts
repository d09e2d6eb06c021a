import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Peers } from '@muster/cluster';
import { MemoryMetrics, type PeerId, peerId, SeededRandom, silentLog, VirtualClock } from '@muster/ports';
import { LoopbackNetwork } from '@muster/wire';
import { CoordinatorLink } from './coordinator-link.js';

let clock: VirtualClock;
let network: LoopbackNetwork;
let link: CoordinatorLink;
let home: FakeCoordinator;
let away: FakeCoordinator;

/** Answers `epoch` where it leads, else who does; sends its events to whoever asked since it began to lead. */
class FakeCoordinator {
  readonly peers: Peers;
  readonly peer: PeerId;
  address = '';
  leader: FakeCoordinator = this;
  epoch = 1;
  private readonly followers = new Set<PeerId>();

  constructor(id: string) {
    this.peer = peerId(id, 'x');
    const self = { role: 'coordinator' as const, peer: this.peer, address: '', cluster: 'c', zone: '', build: '1' };
    const random = new SeededRandom(id.length);
    this.peers = new Peers({ clock, random, network, self, metrics: new MemoryMetrics(), log: silentLog });
    this.peers.on('adminRequest', (from, { body: { request, command } }) => {
      const leads = this.leader === this;
      if (leads && command === 'events.follow') this.followers.add(from.peer);
      const { peer, address } = this.leader;
      const result = json(leads ? { epoch: this.epoch, following: true } : { leader: peer, address });
      const code = leads ? '' : 'NOT_LEADER';
      this.peers.send(from.peer, 'control', { type: 'adminResponse', body: { request, code, result } });
    });
  }

  follow(leader: FakeCoordinator): void {
    this.leader = leader;
    this.followers.clear();
  }

  tell(event: string): void {
    for (const peer of this.followers) {
      this.peers.send(peer, 'control', { type: 'adminEvent', body: { event: json({ event }) } });
    }
  }
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

beforeEach(async () => {
  clock = new VirtualClock();
  network = new LoopbackNetwork({ clock });
  home = new FakeCoordinator('home');
  away = new FakeCoordinator('away');
  for (const coordinator of [home, away]) coordinator.address = await coordinator.peers.listen('host:0');
  home.follow(away);
  const random = new SeededRandom(7);
  const common = { clock, random, network, metrics: new MemoryMetrics(), log: silentLog, cluster: 'c', build: '1' };
  link = new CoordinatorLink({ ...common, home });
  await clock.advance(10);
});
afterEach(() => ended(link));

/** Farewells take virtual time. */
async function ended(what: { stop(): Promise<void> }): Promise<void> {
  const stopped = what.stop();
  await clock.advance(1_000);
  await stopped;
}

async function followed(): Promise<unknown[]> {
  const events: unknown[] = [];
  const following = link.follow((event) => events.push(event));
  await clock.advance(1_000);
  await following;
  away.tell('first');
  await clock.advance(10);
  expect(events).toEqual([{ event: 'first' }]);
  return events;
}

function homeLeads(): void {
  home.leader = home;
  home.epoch = 2;
}

test('a question goes to the leader that the own coordinator names', async () => {
  const answer = link.call('status', {}, 'me');
  await clock.advance(500);
  expect(await answer).toMatchObject({ epoch: 1 });
});

test('a question still finds the next leader when the one that was named is dead', async () => {
  await ended(away.peers);
  const answer = link.call('status', {}, 'me');
  await clock.advance(600);
  homeLeads();
  await clock.advance(2_000);
  expect(await answer).toMatchObject({ epoch: 2 });
});

test('followers hear the next leader after the last one died, and are told that it is another', async () => {
  const events = await followed();
  // For a while the own coordinator does not know either.
  await ended(away.peers);
  homeLeads();
  await clock.advance(2_000);
  home.tell('second');
  await clock.advance(10);
  expect(events.slice(1)).toEqual([{ epoch: 2, following: true }, { event: 'second' }]);
});

test('followers hear the next leader also where the last one was deposed and lives', async () => {
  const events = await followed();
  away.follow(home);
  homeLeads();
  await clock.advance(2_000);
  away.tell('nobody hears this');
  home.tell('second');
  await clock.advance(10);
  expect(events.slice(1)).toEqual([{ epoch: 2, following: true }, { event: 'second' }]);
});
