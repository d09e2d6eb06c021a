// A marker says what a client has been given of each source of messages, so that no message need be written down once per reader:
//   k3f9.18              eighteen direct messages of the session whose inbox is k3f9
//   k3f9.18~lWx0.4~pQ7.9  and four of the lobby's chat, nine of the party's
// Lives are drawn at random, so a number of another session, lobby or party is unknown instead of wrong. At most 64 characters.

/** A place in one source: of the messages of this life, those up to this number were given. */
export interface Position {
  readonly life: string;
  readonly number: number;
}

/** Places whose chats are part of a marker, with the letter that stands for each. */
const LETTERS = { lobby: 'l', party: 'p' } as const;
export type HeardPlace = keyof typeof LETTERS;
export const HEARD_PLACES = Object.keys(LETTERS) as readonly HeardPlace[];

export interface Heard {
  readonly direct: Position;
  readonly chats: { readonly [K in HeardPlace]?: Position };
}

/** A number of messages; no leading zeros, so that one position has one text. */
const NUMBER = /^(?:0|[1-9][0-9]{0,14})$/;

export function positionText({ life, number }: Position): string {
  return `${life}.${number}`;
}

/** undefined: this is none. */
export function readPosition(text: string): Position | undefined {
  const dot = text.lastIndexOf('.');
  const number = text.slice(dot + 1);
  return dot > 0 && NUMBER.test(number) ? { life: text.slice(0, dot), number: Number(number) } : undefined;
}

/** `direct`: as {@link positionText} gives it. */
export function markerText(direct: string, chats: Heard['chats']): string {
  const parts = HEARD_PLACES.flatMap((place) => {
    const position = chats[place];
    return position ? [LETTERS[place] + positionText(position)] : [];
  });
  return [direct, ...parts].join('~');
}

/** Reads what a client gives back; undefined: no server of ours made it. */
export function readMarker(marker: string): Heard | undefined {
  const [first = '', ...rest] = marker.split('~');
  const direct = readPosition(first);
  if (!direct) return undefined;
  const chats: { [K in HeardPlace]?: Position } = {};
  for (const part of rest) {
    const place = HEARD_PLACES.find((one) => part.startsWith(LETTERS[one]) && !chats[one]);
    const position = place && readPosition(part.slice(1));
    if (!position) return undefined;
    chats[place] = position;
  }
  return { direct, chats };
}
