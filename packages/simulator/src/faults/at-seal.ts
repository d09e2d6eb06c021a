import { type Millis, parsePeerId, type ShardId } from '@muster/ports';
import type { Fault, Kind } from './kinds.js';
import type { Simulation } from './simulation.js';

/** Longest that a fault waits for its seal. */
const WAIT_MS: Millis = 20_000;

/** Who has a part in one hand-off. */
type Party = 'source' | 'target' | 'backup' | 'leader';

const PARTIES: readonly Party[] = ['source', 'target', 'backup', 'leader'];
/** Without the target or the backup the hand-off cannot end: a source that is cut off from one for long has to ask for its end. */
const OTHERS: readonly (Party | 'store')[] = ['target', 'target', 'backup', 'backup', 'leader', 'store'];

/**
 * Faults that strike while a shard is sealed for its hand-off. A seal takes some milliseconds, so that what is drawn by time alone hardly
 * ever meets one; and most that can go wrong with a move goes wrong there.
 */
export const SEAL_KINDS = {
  'kill-at-seal': {
    msMin: 250,
    msMax: 3_000,
    places: PARTIES,
    apply: (world, f) => atSeal(world, f, (id) => world.restart(id, f.ms)),
  },
  'pause-at-seal': {
    msMin: 400,
    msMax: 5_000,
    // A source that is silent for long finds its seal overtaken.
    places: ['source', ...PARTIES],
    apply: (world, f) => atSeal(world, f, (id) => void world.pause(id, f.ms)),
  },
  'cut-at-seal': {
    msMin: 600,
    msMax: 5_000,
    places: OTHERS,
    apply: (world, f) => atSeal(world, f, (id, source) => void world.cut(source, id, f.ms)),
  },
  'reset-at-seal': {
    msMin: 1,
    msMax: 1,
    places: ['target', 'backup'],
    apply: (world, f) => atSeal(world, f, (id, source) => world.reset(source, id)),
  },
} as const satisfies Record<string, Kind>;

/** At the next seal, or as many milliseconds after it as the fault counts. */
function atSeal(world: Simulation, { place, count }: Fault, strike: (id: string, source: string) => void): void {
  world.atNext('handoff.sealed', WAIT_MS, (source, { shard, to }) => {
    const backup = world.view.row(shard as ShardId)?.backup;
    const peers: Readonly<Record<string, string | undefined>> = { source, target: String(to), backup };
    const id = place in peers ? peers[place] && parsePeerId(peers[place]).id : place;
    if (id) world.clock.after(count - 1, () => strike(id, parsePeerId(source).id));
  });
}
