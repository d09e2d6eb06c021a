// Requests that go to the place where the client is (`party/invite`, `lobby/joinAllyTeam`), while that is about to change or is not sure.
//
// A request that may move the player (`moves`) is a barrier: what needs that kind of place, or moves it again, waits until it is answered, else
// a client that sends `lobby/join` and `lobby/joinAllyTeam` in one breath would be told that it is in no lobby. A place that does not know the client
// (`not_a_member`) makes the gateway ask the player's actor once where it is, and the request goes again, or fails as from outside.
//
// Whatever a request waits for, its own time runs from when it came: what is left of that it has once it is sent, and without any it fails.
import type { Millis } from '@muster/ports';
import type { CommandDefinition, RequestMessage } from '@muster/tachyon';

/** A request that was sent to a place that does not know the client. */
export interface Astray {
  readonly definition: CommandDefinition;
  readonly since: Millis;
}

/** A request that was not sent yet. */
export interface Held {
  readonly message: RequestMessage;
  /** When it came. */
  readonly since: Millis;
}

/** The kind of place that the request goes to, if it goes to one. */
export function placeNeeded(definition: CommandDefinition | undefined): string | undefined {
  const target = definition?.target;
  return typeof target === 'object' && target.id === 'place' ? target.kind : undefined;
}

/** What waits for a place, in the order in which it came. */
export class PlaceRequests<S extends Astray> {
  // Mostly nothing, in a hundred thousand sessions: lists are made when they are needed.
  private held: readonly Held[] = NONE;
  private astray: readonly S[] = NONE;
  private asking: readonly string[] = NONE;

  get size(): number {
    return this.held.length + this.astray.length;
  }

  hold(one: Held): void {
    this.held = [...this.held, one];
  }

  /** Since when the one that has waited longest does so; Infinity: none waits. */
  get oldest(): Millis {
    return Math.min(...[...this.held, ...this.astray].map(({ since }) => since));
  }

  /** Those that have waited since then or longer: they do no more. */
  expired(until: Millis): { readonly held: readonly Held[]; readonly astray: readonly S[] } {
    const isOver = ({ since }: { readonly since: Millis }): boolean => since <= until;
    const over = { held: this.held.filter(isOver), astray: this.astray.filter(isOver) };
    this.held = this.held.filter((one) => !isOver(one));
    this.astray = this.astray.filter((one) => !isOver(one));
    return over;
  }

  /** Everything held; who takes it looks again whether it may go. */
  takeHeld(): readonly Held[] {
    const { held } = this;
    this.held = NONE;
    return held;
  }

  /** Is the player's actor being asked for this kind of place? */
  isAsking(kind: string): boolean {
    return this.asking.includes(kind);
  }

  /** @returns true where the actor must be asked for this kind, false where it is being asked already */
  stray(kind: string, sent: S): boolean {
    this.astray = [...this.astray, sent];
    return this.ask(kind);
  }

  ask(kind: string): boolean {
    if (this.asking.includes(kind)) return false;
    this.asking = [...this.asking, kind];
    return true;
  }

  /** The actor has answered: those that were astray there. */
  answered(kind: string): readonly S[] {
    this.asking = this.asking.filter((other) => other !== kind);
    const found = this.astray.filter(({ definition }) => placeNeeded(definition) === kind);
    this.astray = this.astray.filter((sent) => !found.includes(sent));
    return found;
  }

  /** The connection is over. @returns those that will not be answered */
  clear(): readonly S[] {
    const { astray } = this;
    this.held = NONE;
    this.astray = NONE;
    return astray;
  }
}

const NONE: readonly never[] = [];
