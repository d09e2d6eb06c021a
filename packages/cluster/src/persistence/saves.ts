import type { EntitySnapshot, StoredPosition } from '@muster/ports';
import type { LogStart } from './log-start.js';

/** Actors as they are now, to be stored at `position`, up to about so many characters; and those of whom there is nothing to store. */
export function takeSaves(
  entities: readonly string[],
  saved: LogStart['saved'],
  position: StoredPosition,
  charsMax: number,
): { readonly taken: EntitySnapshot[]; readonly gone: string[]; readonly unreadable: string[] } {
  const taken: EntitySnapshot[] = [];
  const gone: string[] = [];
  const unreadable: string[] = [];
  let chars = 0;
  for (const entity of entities) {
    if (chars >= charsMax) break;
    const now = saved(entity);
    if (now === undefined) gone.push(entity);
    else if (now === 'unreadable') unreadable.push(entity);
    else {
      taken.push({ entity, position, ...now });
      chars += now.text.length;
    }
  }
  return { taken, gone, unreadable };
}
