/** Which actors a process listens to: when it goes, they hear of it without anybody asking all actors. */
export class SubscriberIndex<A = unknown> {
  private readonly actors = new Map<string, Map<A, number>>();

  /** One more topic of `actor` for `subscriber`. */
  add(subscriber: string, actor: A): void {
    const of = this.actors.get(subscriber) ?? new Map<A, number>();
    of.set(actor, (of.get(actor) ?? 0) + 1);
    this.actors.set(subscriber, of);
  }

  remove(subscriber: string, actor: A): void {
    const of = this.actors.get(subscriber);
    const topics = of?.get(actor);
    if (!of || topics === undefined) return;
    if (topics > 1) of.set(actor, topics - 1);
    else of.delete(actor);
    if (of.size === 0) this.actors.delete(subscriber);
  }

  actorsOf(subscriber: string): readonly A[] {
    return [...(this.actors.get(subscriber)?.keys() ?? [])];
  }
}
