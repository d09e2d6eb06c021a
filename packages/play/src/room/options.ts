import { type Millis, MusterError } from '@muster/ports';

export interface RoomOptions {
  /** Players and autohosts in one room. Lower: popular rooms turn people away. Higher: each message goes to that many, and all of them are
   *  asked again after a room was lost. */
  readonly membersMax: number;
  /** Messages kept per room for members that reconnect. Lower: less state to replicate. Higher: more is there after a long absence.
   *  Lobby clients expect 200. */
  readonly messagesMax: number;
  /** How often a room asks its members whether they are there. Both sides ask at once where something may be lost; this finds what nobody
   *  could know. Lower: ghosts go sooner. Higher: less traffic. */
  readonly auditMs: Millis;
  /** Least time between two lines of one room in the list. Lower: member counts are fresher. Higher: less traffic from busy rooms. */
  readonly lineMs: Millis;
  /** How often a room repeats its line, for the list forgets. Lower: a list that was lost is whole sooner. Higher: less traffic. */
  readonly beatMs: Millis;
  /** Age above which the list forgets a line. Lower: a short trouble hides rooms. Higher: rooms that were lost are seen for longer. */
  readonly keepMs: Millis;
  /** Rooms in the list. Lower: less memory, and nobody sees those beyond it. Higher: every look at the list takes longer. */
  readonly listedMax: number;
  /** Idle time after which a room leaves memory. Lower: less memory for quiet rooms. Higher: fewer of them are read again. */
  readonly passivateAfterMs: Millis;
}

export const ROOM_DEFAULTS: RoomOptions = {
  membersMax: 250,
  messagesMax: 200,
  auditMs: 300_000,
  lineMs: 1_000,
  beatMs: 20_000,
  keepMs: 60_000,
  listedMax: 4_096,
  passivateAfterMs: 300_000,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG */
export function roomOptions(changes: Partial<RoomOptions> = {}): RoomOptions {
  const options = { ...ROOM_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options)) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new MusterError('BAD_CONFIG', { details: `room.${name} is ${value}: a positive integer is needed` });
  }
  if (options.keepMs <= options.beatMs)
    throw new MusterError('BAD_CONFIG', { details: 'room.keepMs must be longer than room.beatMs' });
  return options;
}
