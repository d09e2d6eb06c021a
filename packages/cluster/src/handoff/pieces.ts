import type { SavedActor } from '@muster/runtime';
import type { SavedEntityInit } from '@muster/wire';

/**
 * Actors cut into pieces of about `pieceCharsMax` characters; at least one piece, which may be empty. What does not fit into `charsMax`
 * all together stays behind: its number is `left`.
 */
export function piecesOf(
  actors: Iterable<readonly [entity: string, saved: SavedActor]>,
  pieceCharsMax: number,
  charsMax: number,
): { readonly pieces: readonly (readonly SavedEntityInit[])[]; readonly left: number } {
  const pieces: SavedEntityInit[][] = [[]];
  let chars = 0;
  let total = 0;
  let left = 0;
  for (const [entity, { text, tail, seq, recent = '' }] of actors) {
    const size = entity.length + text.length + tail.length + recent.length;
    if (total + size > charsMax) {
      left += 1;
      continue;
    }
    if (chars > 0 && chars + size > pieceCharsMax) {
      pieces.push([]);
      chars = 0;
    }
    pieces.at(-1)!.push({ entity, text, tail, seq, recent });
    chars += size;
    total += size;
  }
  return { pieces, left };
}
