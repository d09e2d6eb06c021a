// A change of the list is a lobby's new name, which says which change it is.

const HEAD = 'Change ';
export const UPDATED = '"commandId":"lobby/listUpdated","data":';
export const RESET = '"commandId":"lobby/listReset","data":';

export function nameOf(change: number): string {
  return `${HEAD}${change}`;
}

/** What a `lobby/listUpdated` says: the same bytes for all clients of a gateway. undefined: another event. */
export function dataOf(frame: Buffer): Buffer | undefined {
  const at = frame.subarray(0, 200).indexOf(UPDATED);
  return at < 0 ? undefined : frame.subarray(at + UPDATED.length);
}

export function isReset(frame: Buffer): boolean {
  return frame.subarray(0, 200).includes(RESET);
}

/** Changes that it tells. `data`: as {@link dataOf} returns it, the frame's last brace included. */
export function changesIn(data: Buffer): readonly number[] {
  const { lobbies } = JSON.parse(data.toString('utf8', 0, data.length - 1)) as {
    readonly lobbies: Readonly<Record<string, { readonly name?: string } | null>>;
  };
  return Object.values(lobbies).flatMap((line) =>
    line?.name?.startsWith(HEAD) ? [Number(line.name.slice(HEAD.length))] : [],
  );
}
