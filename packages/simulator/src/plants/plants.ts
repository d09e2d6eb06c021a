import type { ClusterRules } from '@muster/cluster';
import type { CoordinatorRules } from '@muster/coordinator';
import type { RuntimeRules } from '@muster/runtime';
import { refusalOf } from '@muster/storage';

/** One defect: a function that holds a rule of the kernel, replaced in every process of a role. */
export interface Plant {
  /** What the cluster then does wrong. */
  readonly what: string;
  readonly nodes?: Partial<ClusterRules & RuntimeRules>;
  readonly gateways?: Partial<ClusterRules>;
  readonly coordinators?: Partial<CoordinatorRules>;
  readonly storage?: { readonly refusalOf: typeof refusalOf };
}

export type PlantName =
  | 'no-term-check'
  | 'ack-before-backup'
  | 'no-dedup'
  | 'resume-after-fence'
  | 'stale-gateway'
  | 'lost-seal-buffer'
  | 'promote-learner'
  | 'unfenced-snapshot'
  | 'forget-outbox'
  | 'deposed-leader-acks';

/** A world as it should be. */
export const SOUND: Plant = { what: 'nothing' };

/** How long a member with the plant `resume-after-fence` stays frozen. */
const FROZEN_MS = 200;

/** Defects that the simulator must find. */
export const PLANTS: Readonly<Record<PlantName, Plant>> = {
  'no-term-check': {
    what: 'a copy takes records of an owner whose term is over',
    nodes: { isOlderTerm: () => false },
  },
  'ack-before-backup': {
    what: 'what a turn decided leaves before its backup has it',
    nodes: { gatePosition: ({ end }) => end },
  },
  'no-dedup': {
    what: 'a command that comes again is obeyed again',
    nodes: { findRepeat: () => undefined },
  },
  'resume-after-fence': {
    what: 'a member that froze itself goes on without having heard from its leader',
    nodes: {
      hasRunOut: (sinceGoodMs, { selfFenceMs }) => sinceGoodMs >= selfFenceMs && sinceGoodMs < selfFenceMs + FROZEN_MS,
    },
  },
  'stale-gateway': {
    what: 'a gateway that knows an owner does not hear of the next',
    gateways: { isNewerPlace: (heard, known) => known.owner === '' && heard.term > known.term },
  },
  'lost-seal-buffer': {
    what: 'a gateway forgets what a sealed shard sent back',
    gateways: {
      takeBack: (line, why, now) => {
        if (why !== 'SHARD_MOVING') line.rewind(now);
      },
    },
  },
  'promote-learner': {
    what: 'a shard whose owner is gone goes to its learner',
    coordinators: { successorOf: ({ learner, backup }) => (learner === '' ? backup : learner) },
  },
  'unfenced-snapshot': {
    what: 'storage takes what an owner writes whose term is over',
    storage: {
      refusalOf: (wanted, head) => (head && wanted.term < head.term ? undefined : refusalOf(wanted, head)),
    },
  },
  'forget-outbox': {
    what: 'a promoted owner forgets what its predecessor had sent',
    nodes: { owedSends: () => undefined },
  },
  'deposed-leader-acks': {
    what: 'a leader acknowledges beats as good although nobody confirms that it leads',
    coordinators: { goodForMs: ({ standing }, _, { confirmMs }) => (standing === 'leading' ? confirmMs : 0) },
  },
};

export function isPlant(name: string): name is PlantName {
  return Object.hasOwn(PLANTS, name);
}
