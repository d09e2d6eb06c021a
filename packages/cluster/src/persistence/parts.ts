import type { EntitySnapshot, ShardId, ShardStanding, Term } from '@muster/ports';
import type { Forgettable } from './gone.js';
import type { PersistenceOptions } from './options.js';
import type { StoredLog } from './stored-log.js';

/** What one log has in a call of many. */
interface Part<Entity> {
  readonly log: StoredLog;
  readonly shard: ShardId;
  readonly term: Term;
  readonly entities: readonly Entity[];
  readonly standing?: ShardStanding | undefined;
}

/** Actors to be stored whole, as many as one call holds; first of shards of which somebody waits for an answer. */
export function savesOf(
  logs: readonly StoredLog[],
  { savesMax, savesCharsMax }: Pick<PersistenceOptions, 'savesMax' | 'savesCharsMax'>,
): readonly Part<EntitySnapshot>[] {
  const parts: Part<EntitySnapshot>[] = [];
  let [actors, chars] = [0, 0];
  for (const log of [...logs.filter(isWaitedFor), ...logs.filter((each) => !isWaitedFor(each))]) {
    if (actors >= savesMax || chars >= savesCharsMax) break;
    const entities = log.nextSaves(savesMax - actors, savesCharsMax - chars);
    if (entities.length === 0) continue;
    parts.push({ log, shard: log.shard, term: log.term, entities, standing: log.callingIt(entities, 0) });
    actors += entities.length;
    chars += entities.reduce((sum, { text }) => sum + text.length, 0);
  }
  return parts;
}

function isWaitedFor({ leaving }: StoredLog): boolean {
  return leaving.size > 0;
}

/** Actors whose rows are to be removed, as many as one call holds. */
export function lossesOf(
  logs: readonly StoredLog[],
  { savesMax }: Pick<PersistenceOptions, 'savesMax'>,
): readonly Part<Forgettable>[] {
  const parts: Part<Forgettable>[] = [];
  let actors = 0;
  for (const log of logs) {
    if (actors >= savesMax) break;
    const entities = log.gone.next(savesMax - actors);
    if (entities.length > 0) parts.push({ log, shard: log.shard, term: log.term, entities });
    actors += entities.length;
  }
  return parts;
}
