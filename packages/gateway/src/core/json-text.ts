/** By the bytes, of which all listeners of a stream are handed the same. */
const read = new WeakMap<Uint8Array, unknown>();

/** What the JSON says, read once for everybody who hears it: nobody may change it. */
export function sharedOf<T>(data: Uint8Array): Readonly<T> {
  const known = read.get(data);
  if (known !== undefined) return known as T;
  const value = JSON.parse(textOf(data)) as T;
  read.set(data, value);
  return value;
}

/** JSON as it came over the wire, as text. */
export function textOf(data: Uint8Array): string {
  return Buffer.isBuffer(data)
    ? data.toString('utf8')
    : Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8');
}
