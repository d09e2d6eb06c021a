/** Longest text that is remembered: names, ids, sessions and peers are shorter. */
const LENGTH_MAX = 64;
/** A power of two. A text takes the place of another, so a hostile peer can only slow its own link down. */
const PLACES = 8_192;
const ASCII_MAX = 0x7f;
/** How much of a text decides its place: what differs between two ids is at their end. */
const TAIL = 8;

/**
 * Texts that one link brings again and again: kinds, commands, sessions, players. Handing out the string that is there already
 * spares its decoding, its memory, and its hash whenever it is looked up in a map.
 */
export class KnownStrings {
  private readonly texts: string[] = new Array<string>(PLACES).fill('');
  private readonly hashes = new Uint32Array(PLACES);

  /** The text of `length` bytes from `start`, where it is known. Text beyond ASCII never is: its bytes are not its characters. */
  find(bytes: Uint8Array, start: number, length: number): string | undefined {
    if (length > LENGTH_MAX) return undefined;
    const text = this.texts[hashOf(bytes, start, length) & (PLACES - 1)]!;
    if (text.length !== length) return undefined;
    for (let i = 0; i < length; i += 1) {
      const byte = bytes[start + i]!;
      if (byte > ASCII_MAX || text.charCodeAt(i) !== byte) return undefined;
    }
    return text;
  }

  /** What {@link find} did not find. It is kept when it comes a second time: where more texts are in use than there are places, they
   *  would only drive each other out, and each would have lived long enough to burden the garbage collector. */
  missed(bytes: Uint8Array, start: number, length: number, text: string): void {
    if (length > LENGTH_MAX) return;
    const hash = hashOf(bytes, start, length);
    const place = hash & (PLACES - 1);
    if (this.hashes[place] === hash) this.texts[place] = text;
    else this.hashes[place] = hash;
  }
}

function hashOf(bytes: Uint8Array, start: number, length: number): number {
  const end = start + length;
  let hash = length;
  for (let i = Math.max(start, end - TAIL); i < end; i += 1) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
