// A client's requests that were sent and not answered, oldest first: mostly one or none, never many, so a list is looked through faster than a map
// is kept. Functions, not a class: a hundred thousand sessions would keep an object each.
import type { EntityRef, Millis, Span } from '@muster/ports';
import type { CommandDefinition } from '@muster/tachyon';

/** A request that was sent and not answered. */
export interface InFlight {
  /** Its number; another one when it is asked again. */
  request: number;
  /** When it came. */
  readonly since: Millis;
  readonly messageId: string;
  readonly definition: CommandDefinition;
  entity: EntityRef;
  command: string;
  readonly data: Uint8Array;
  readonly span: Span | undefined;
  retried: boolean;
  /** It came to a place that did not know the client, and the actor was asked where that is. */
  strayed: boolean;
  /** Its answer was given and is not kept: the actor was asked what it comes to now. */
  renewed: boolean;
  /** The actor has told all places since it was sent: what its answer says of one may be older. */
  overtaken: boolean;
}

/** @returns false where it is not in it */
export function remove(inFlight: InFlight[], sent: InFlight): boolean {
  const at = inFlight.indexOf(sent);
  if (at < 0) return false;
  // Mostly it is the only one; `splice` makes a list of what it takes out.
  if (at === inFlight.length - 1) inFlight.pop();
  else inFlight.splice(at, 1);
  return true;
}

/** K11: every request up to this one was answered, also those that the gateway asks for `itself`, oldest first. `request` is about to be sent. */
export function answeredUpTo(inFlight: readonly InFlight[], itself: readonly number[], request: number): number {
  return Math.min(inFlight[0]?.request ?? request, itself[0] ?? request, request) - 1;
}

/** K11: the actor has answered, and keeps that answer no more: what it comes to now may be asked. @returns false where that cannot be, or was */
export function renew(sent: InFlight): boolean {
  const { again } = sent.definition;
  if (again === undefined || sent.renewed) return false;
  sent.renewed = true;
  if (again !== true) sent.command = again;
  return true;
}
