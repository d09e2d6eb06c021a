import { expect, test } from '@jest/globals';
import { simulate } from '@muster/simulator';

type Failure =
  | 'owner'
  | 'backup'
  | 'owner paused'
  | 'owner cut off'
  | 'owner to backup cut one way'
  | 'owner and its successor';

/** Plain id of a process that holds second places of `owner`. */
function backupOf(world: ReturnType<typeof simulate>, owner: string): string {
  const row = [...world.view.allRows()].find((it) => it.owner.startsWith(`${owner}#`) && it.backup !== '');
  return row!.backup.split('#')[0]!;
}

/** @returns what ends the failure */
async function fail(world: ReturnType<typeof simulate>, failure: Failure, owner: string): Promise<() => void> {
  const backup = backupOf(world, owner);
  switch (failure) {
    case 'owner':
      world.kill(owner);
      return () => world.start(owner);
    case 'backup':
      world.kill(backup);
      return () => world.start(backup);
    case 'owner paused':
      world.pause(owner, 3_000);
      return () => undefined;
    case 'owner cut off':
      return world.isolate(owner);
    case 'owner to backup cut one way':
      return world.cutOneWay(owner, backup);
    case 'owner and its successor': {
      world.kill(owner);
      await world.run(1_900);
      const successor = world.ownerOf('player/1');
      world.kill(successor);
      return () => {
        world.start(owner);
        world.start(successor);
      };
    }
  }
}

test.each<[Failure, number]>([
  ['owner', 100],
  ['backup', 101],
  ['owner paused', 224],
  ['owner cut off', 103],
  ['owner to backup cut one way', 104],
  ['owner and its successor', 105],
])('%s: no acknowledged message is lost, no command fails, no socket closes', async (failure, seed) => {
  const world = simulate({ seed, nodes: 4, players: 12, workload: { dropShare: 0, leaveShare: 0 } });
  await world.ready();
  await world.run(1_000);
  const heal = await fail(world, failure, world.ownerOf('player/1'));
  await world.run(4_000);
  heal();
  await world.calm();
  expect(world.clients.unheard()).toEqual([]);
  expect(world.clients.ledger.counts).toMatchObject({ failed: 0, lost: 0 });
});
