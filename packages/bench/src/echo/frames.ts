// Frames of the comparison. Both servers get the same requests and answer with as many bytes; the load generator checks each byte.

const CLIENT_DIGITS = 5;
const REQUEST_DIGITS = 9;
export const ID_LENGTH = CLIENT_DIGITS + REQUEST_DIGITS;

/** Every response starts like this; the message id follows. */
export const RESPONSE_HEAD = '{"type":"response","messageId":"';

/** Of fixed length, and different for every request of every client: an answer that went astray is noticed. */
export function messageId(client: number, request: number): string {
  return String(client).padStart(CLIENT_DIGITS, '0') + String(request).padStart(REQUEST_DIGITS, '0');
}

/** A player asks for its own public data: the smallest command that goes to a player's actor and back. */
export function requestFrame(id: string, userId: string): string {
  return `{"type":"request","messageId":"${id}","commandId":"user/info","data":{"userId":"${userId}"}}`;
}

/** Where the id stands in a request. */
export const REQUEST_ID_AT = '{"type":"request","messageId":"'.length;
export const RESPONSE_ID_AT = RESPONSE_HEAD.length;
