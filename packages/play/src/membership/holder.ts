// The place's part of the membership protocol: see protocol.ts. A place keeps an op beside each member; its own rules (is there room, is
// the player banned) stay its own. It asks these functions what a message means for the op it has.
import type { Confirmation, Op } from './protocol.js';
import { orderOf } from './protocol.js';

/** What `admit{op}` means for a player of whom the place has `known`. */
export type Admission =
  /** Nobody here yet: the place's rules decide. */
  | 'new'
  /** Already a member, perhaps under an older op that the player has forgotten: it stays where it is, under this op. */
  | 'again'
  /** Of before: the player has begun anew since. */
  | 'outdated';

export function admission(known: Op | undefined, op: Op): Admission {
  if (known === undefined) return 'new';
  return orderOf(op) >= orderOf(known) ? 'again' : 'outdated';
}

/** Does `leave{op}` end the membership? A newer op ends it too: who speaks under one is no longer there under the older. */
export function ends(known: Op | undefined, op: Op): boolean {
  return known !== undefined && orderOf(op) >= orderOf(known);
}

/** The answer to a player's `confirm{op}`. Under a newer op than the known one (it was lost here) the membership goes on under that. */
export function standing(known: Op | undefined, op: Op): { readonly member: boolean; readonly renew: boolean } {
  const member = known !== undefined && orderOf(op) >= orderOf(known);
  return { member, renew: member && known !== op };
}

/** What a player's answer to `confirm{op}` means. A member that has got another op since it was asked is not meant. */
export function verdict(
  known: Op | undefined,
  asked: Op,
  said: Confirmation,
): 'stays' | 'gone' | { readonly renew: Op } {
  if (known !== asked) return 'stays';
  if (!said.member) return 'gone';
  return said.op === known ? 'stays' : { renew: said.op };
}
