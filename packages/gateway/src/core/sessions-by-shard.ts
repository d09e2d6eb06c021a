import type { RoutingTable } from '@muster/cluster';
import { entityKey, type ShardId } from '@muster/ports';
import type { PlayerSession } from './session.js';

const NONE: ReadonlySet<PlayerSession> = new Set();

/** Sessions by the shard that their players' actors are in: who is carved out or comes home (K1) is found where it is. */
export class SessionsByShard {
  private readonly table: RoutingTable;
  private readonly shards = new Map<ShardId, Set<PlayerSession>>();
  private readonly release: () => void;

  constructor(table: RoutingTable) {
    this.table = table;
    // Before rows are heard of: the new shard's owner gets the sessions in front of what waits for it.
    this.release = table.listen({
      entitiesMoved: (moved) => {
        for (const { entity, from, to } of moved)
          for (const session of [...this.in(from)]) {
            if (entityKey(session.player) !== entityKey(entity)) continue;
            this.remove(session, from);
            this.put(session, to);
          }
      },
    });
  }

  in(shard: ShardId): ReadonlySet<PlayerSession> {
    return this.shards.get(shard) ?? NONE;
  }

  add(session: PlayerSession): void {
    this.put(session, this.table.shardOf(session.player));
  }

  delete(session: PlayerSession): void {
    this.remove(session, this.table.shardOf(session.player));
  }

  stop(): void {
    this.release();
  }

  private put(session: PlayerSession, shard: ShardId): void {
    const sessions = this.shards.get(shard);
    if (sessions) sessions.add(session);
    else this.shards.set(shard, new Set([session]));
  }

  private remove(session: PlayerSession, shard: ShardId): void {
    const sessions = this.shards.get(shard);
    sessions?.delete(session);
    if (sessions?.size === 0) this.shards.delete(shard);
  }
}
