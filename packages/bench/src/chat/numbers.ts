// A message is its number and a filling: every delivery says which message it is.

export const NUMBER_DIGITS = 9;
const TEXT_LENGTH = 64;

export function textOf(message: number, length = TEXT_LENGTH): string {
  return String(message).padStart(NUMBER_DIGITS, '0').padEnd(length, '.');
}

const MESSAGE_HEAD = '"message":"';
const RECEIVED = '"commandId":"messaging/received"';

/** Of a `messaging/received`; NaN: another event. */
export function numberIn(frame: Buffer): number {
  if (!frame.includes(RECEIVED)) return Number.NaN;
  const at = frame.indexOf(MESSAGE_HEAD) + MESSAGE_HEAD.length;
  return Number(frame.toString('latin1', at, at + NUMBER_DIGITS));
}
