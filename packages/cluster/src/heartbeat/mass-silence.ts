import type { Millis, PeerId } from '@muster/ports';
import type { HeartbeatOptions } from './options.js';
import type { Spared, Watch } from './watch.js';

/** One node as the leader hears it. */
export interface Hearing {
  readonly watch: Watch;
  /** It is well and may get shards. */
  readonly isTarget: boolean;
}

/** When silence was last believed of one of many. */
export interface MassSilence {
  readonly accusedAt: Millis;
}

export const NO_MASS_SILENCE: MassSilence = { accusedAt: Number.NEGATIVE_INFINITY };

/** Who is spared a verdict by silence at this moment, and which. Deaths that are sure are not spared anybody. */
export interface Sparing {
  readonly state: MassSilence;
  readonly spared: ReadonlyMap<PeerId, Spared>;
}

/**
 * What silence proves where it helps nobody, or accuses too many. Two rules:
 * a node that nobody could take over from is not dead by silence; and where most nodes fell silent together the observer, its machine or its
 * network is the likelier culprit: each of them is waited for `massPatienceMs`, and after that one is accused at a time, the longest
 * silent first. Gated shards lose nothing by it (fence 2); what waits are their players.
 */
export function spareSilent(
  state: MassSilence,
  nodes: readonly Hearing[],
  now: Millis,
  options: HeartbeatOptions,
): Sparing {
  const spared = new Map<PeerId, Spared>();
  for (const { watch } of nodes)
    if (!nodes.some(({ isTarget, watch: { peer } }) => isTarget && peer !== watch.peer))
      spared.set(watch.peer, 'death');
  const silent = nodes.flatMap(({ watch }) => (now - watch.heardAt >= options.suspectMs ? [watch] : []));
  const rests = now - state.accusedAt < options.placeAgainMs;
  if (!rests && !isMass(silent, nodes.length, options)) return { state, spared };
  const worst = rests ? undefined : longestSilent(silent, spared);
  const accused =
    worst && now - worst.heardAt >= Math.max(options.massPatienceMs, options.placeAgainMs) ? worst : undefined;
  for (const { peer } of silent) if (peer !== accused?.peer) spared.set(peer, 'all');
  return { state: accused ? { accusedAt: now } : state, spared };
}

/** More than half of the nodes that were heard until then fell silent within one window, whoever else has since. */
function isMass(silent: readonly Watch[], nodes: number, { massWindowMs }: HeartbeatOptions): boolean {
  return silent.some(({ heardAt: last }) => {
    const before = silent.filter(({ heardAt }) => heardAt < last - massWindowMs).length;
    const together = silent.filter(({ heardAt }) => heardAt <= last).length - before;
    return together > 1 && 2 * together > nodes - before;
  });
}

/** Of those whose death would help anybody. */
function longestSilent(silent: readonly Watch[], spared: ReadonlyMap<PeerId, Spared>): Watch | undefined {
  return silent
    .filter(({ peer }) => !spared.has(peer))
    .reduce<Watch | undefined>((worst, each) => (worst && worst.heardAt <= each.heardAt ? worst : each), undefined);
}
