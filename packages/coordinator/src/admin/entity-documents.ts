// The admin API's documents about single entities: see documents.ts.

export interface EntityShowDocument {
  readonly epoch: number;
  readonly entity: string;
  readonly shard: number;
  /** The shard that it hashes to. */
  readonly home: number;
  readonly pinned: boolean;
  readonly owner: string;
  readonly ownerAddress: string;
  readonly term: number;
  readonly backup: string;
  /** What the owner knows of it; null where it is not activated, or where the owner did not answer. */
  readonly actor: unknown;
  /** Error code of the question to the owner; empty: it answered. */
  readonly actorError: string;
}

/** The order is being carried out, also by the leaders that come; it ends by itself: `move.list` tells how. */
export interface EntityOrderDocument {
  readonly epoch: number;
  readonly accepted: true;
  readonly order: string;
  readonly entity: string;
  /** move | pin | unpin */
  readonly wish: 'move' | 'pin' | 'unpin';
  /** Where it is, and where it is going to be. */
  readonly from: number;
  /** Whether its owner has anything of it; null: the owner did not say. A pinned one that does not exist comes to life where it is wanted. */
  readonly exists: boolean | null;
  readonly shard: number;
  /** Who is to own it; empty: whoever has it. */
  readonly to: string;
}

export interface EntityListDocument {
  readonly epoch: number;
  /** In the order of their shards. */
  readonly entities: readonly {
    readonly entity: string;
    readonly shard: number;
    readonly home: number;
    readonly pinned: boolean;
    readonly owner: string;
    readonly backup: string;
  }[];
  /** Shards that an entity can live in alone. */
  readonly max: number;
}

/** An order for one entity. */
export type EntityOrderState = Omit<EntityOrderDocument, 'epoch' | 'accepted' | 'from' | 'exists'>;

export interface EntityTellDocument {
  readonly epoch: number;
  readonly entity: string;
  readonly owner: string;
  /** What it answered. */
  readonly value: unknown;
}
