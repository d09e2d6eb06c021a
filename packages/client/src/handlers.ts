type Handler = (data: unknown) => void;

/** Who listens to which event. A handler that throws disturbs neither the connection nor the others: its error is the program's own. */
export class Handlers {
  private readonly byName = new Map<string, Set<Handler>>();

  /** @returns a function that ends it. */
  add(name: string, handler: Handler): () => void {
    const handlers = this.byName.get(name) ?? new Set();
    handlers.add(handler);
    this.byName.set(name, handlers);
    return () => {
      handlers.delete(handler);
      if (handlers.size === 0 && this.byName.get(name) === handlers) this.byName.delete(name);
    };
  }

  run(name: string, data: unknown): void {
    for (const handler of [...(this.byName.get(name) ?? [])]) {
      try {
        handler(data);
      } catch (error) {
        rethrow(error);
      }
    }
  }
}

/** An error of the program's own code goes where its uncaught errors go. */
export function rethrow(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
