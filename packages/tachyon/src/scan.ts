/**
 * Looks at JSON text before it is parsed: how deep it nests. One pass, no allocation, no recursion, so that hostile depth
 * costs no stack. Text that is no JSON may pass: the parser says so afterwards.
 */
export function nestsDeeperThan(text: string, depthMax: number): boolean {
  if (!opensMoreThan(text, depthMax)) return false;
  let depth = 0;
  for (let i = 0; i < text.length; i += 1) {
    switch (text.charCodeAt(i)) {
      case 0x22: // "
        i = endOfString(text, i + 1);
        break;
      case 0x7b: // {
      case 0x5b: // [
        depth += 1;
        if (depth > depthMax) return true;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        depth -= 1;
        break;
      default:
    }
  }
  return false;
}

/**
 * More brackets open than `max`, in strings too: text with few of them cannot nest deep, and that is most of what comes. The engine
 * looks for a character many at a time; one by one was measured to cost a third of the parsing.
 */
function opensMoreThan(text: string, max: number): boolean {
  let count = 0;
  for (let at = text.indexOf('{'); at >= 0; at = text.indexOf('{', at + 1)) {
    count += 1;
    if (count > max) return true;
  }
  for (let at = text.indexOf('['); at >= 0; at = text.indexOf('[', at + 1)) {
    count += 1;
    if (count > max) return true;
  }
  return false;
}

/** Index of the quote that ends the string starting at `from`, or the text's length. */
function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from);
  while (end > 0) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

/**
 * True where an object in `value` has a key of its own that is called `__proto__`: JSON.parse makes one, and the first code that
 * copies such an object key by key changes a prototype. `text` spares the walk: without that word or an escape there is no such key.
 * `value` must not nest without bound.
 */
export function hasProtoKey(text: string, value: unknown): boolean {
  return (text.includes('__proto__') || text.includes('\\u')) && walk(value);
}

function walk(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Object.hasOwn(value, '__proto__')) return true;
  return Object.values(value).some(walk);
}
