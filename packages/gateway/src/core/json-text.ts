/** JSON as it came over the wire, as text. */
export function textOf(data: Uint8Array): string {
  return Buffer.isBuffer(data)
    ? data.toString('utf8')
    : Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8');
}
