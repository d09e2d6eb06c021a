import { type Millis, parsePeerId, type ShardId } from '@muster/ports';
import type { Fault, Kind } from './kinds.js';
import type { Simulation } from './simulation.js';

/** Longest that a fault waits for its carving. */
const WAIT_MS: Millis = 20_000;

/** Faults that strike while an owner holds an entity for another shard, or has just heard that it may go on there: some milliseconds as well. */
export const CARVING_KINDS = {
  'kill-at-carving': {
    msMin: 250,
    msMax: 3_000,
    places: ['owner', 'owner', 'backup', 'leader'],
    apply: (world, f) => atCarving(world, f, (id) => world.restart(id, f.ms)),
  },
  'pause-at-carving': {
    msMin: 200,
    msMax: 4_000,
    places: ['owner', 'backup', 'leader'],
    apply: (world, f) => atCarving(world, f, (id) => void world.pause(id, f.ms)),
  },
  'cut-at-carving': {
    msMin: 200,
    msMax: 4_000,
    places: ['backup', 'leader', 'store'],
    apply: (world, f) => atCarving(world, f, (id, owner) => void world.cut(owner, id, f.ms)),
  },
} as const satisfies Record<string, Kind>;

/** At the next one, or twice as many milliseconds after it as the fault counts. */
function atCarving(world: Simulation, { place, count }: Fault, strike: (id: string, owner: string) => void): void {
  world.atNext('carving.held', WAIT_MS, (peer, { into }) => {
    const owner = parsePeerId(peer).id;
    const backup = world.view.row(into as ShardId)?.backup;
    const id = place === 'owner' ? owner : place === 'backup' ? backup && parsePeerId(backup).id : place;
    if (id) world.clock.after(2 * (count - 1), () => strike(id, owner));
  });
}
