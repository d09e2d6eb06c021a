import { type CarvingOptions, carvingOptions, type HandoffOptions, handoffOptions } from '@muster/cluster';
import { type BalancerOptions, balancerOptions, type HeadroomOptions, headroomOptions } from './options.js';

/** Tunables of what a leader does about load. */
export interface Policies {
  readonly handoff: HandoffOptions;
  readonly carving: CarvingOptions;
  readonly balancer: BalancerOptions;
  readonly headroom: HeadroomOptions;
}

export type PolicyChanges = { readonly [P in keyof Policies]?: Partial<Policies[P]> };

/** The defaults with `changes`. @throws MusterError BAD_CONFIG */
export function policies({ handoff, carving, balancer, headroom }: PolicyChanges = {}): Policies {
  return {
    handoff: handoffOptions(handoff),
    carving: carvingOptions(carving),
    balancer: balancerOptions(balancer),
    headroom: headroomOptions(headroom),
  };
}
