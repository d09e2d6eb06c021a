import { type Static, Type } from '@sinclair/typebox';
import { Name, OneOf, Text } from './bounds.js';
import { LIMITS } from './limits.js';

// Shapes that several services share. Objects stay open: clients of other minor versions send more than we know.

/** A canonical user id: two texts never name one account. Fits a double, so that storage may keep a number. */
const USER_ID = '^(?:0|[1-9][0-9]{0,14})$';
const USER_ID_PATTERN = new RegExp(USER_ID);

export function isUserId(text: string): boolean {
  return USER_ID_PATTERN.test(text);
}

export const UserId = Type.String({
  pattern: USER_ID,
  says: 'must be a user id: a decimal number',
  oursAlone: ['pattern'],
  title: 'UserId',
  description: 'A decimal number as text.',
});

/** Milliseconds to what Tachyon calls a time. */
export function unixTime(ms: number): number {
  return Math.round(ms * 1_000);
}

export const UnixTime = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  oursAlone: ['minimum', 'maximum'],
  title: 'Time',
  description: 'Microseconds since the Unix epoch.',
});

export const HistoryMarker = Text(LIMITS.idLengthMax, {
  title: 'HistoryMarker',
  description: 'Opaque; which of two is later cannot be seen.',
});

export const BattleId = Type.String({ format: 'uuid', title: 'BattleId' });

/** Shares of the map's width and height. */
export const StartBox = Type.Object(
  {
    top: Type.Number({ minimum: 0, maximum: 1 }),
    bottom: Type.Number({ minimum: 0, maximum: 1 }),
    left: Type.Number({ minimum: 0, maximum: 1 }),
    right: Type.Number({ minimum: 0, maximum: 1 }),
  },
  { title: 'StartBox' },
);
export type StartBox = Static<typeof StartBox>;

/** A version that a client must have installed. */
export const Version = Type.Object({ version: Name() });
/** A game or map by the name that the engine knows it by. */
export const SpringName = Type.Object({ springName: Name() });

/** How much of a battle's engine, game and map a client has. */
export const AssetStatus = OneOf('missing', 'downloading', 'complete');
export type AssetStatus = Static<typeof AssetStatus>;
