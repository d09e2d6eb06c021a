import type { Failure } from './definition.js';

// Frames are spliced from text, so that data which comes from an actor as JSON text is never parsed and printed again.
// `dataText` must be JSON; whoever made it vouches for it.

/** A request; events and requests of the server carry fresh message ids too. */
export function requestFrame(messageId: string, commandId: string, dataText?: string): string {
  return outgoing('request', messageId, commandId, dataText);
}

export function eventFrame(messageId: string, commandId: string, dataText?: string): string {
  return outgoing('event', messageId, commandId, dataText);
}

/** A successful response. `messageId` and `commandId` are the request's. */
export function responseFrame(messageId: string, commandId: string, dataText?: string): string {
  const head = `{"type":"response","messageId":${quoted(messageId)},"commandId":${quoted(commandId)},"status":"success"`;
  return dataText === undefined ? `${head}}` : `${head},"data":${dataText}}`;
}

/** A failed response. */
export function failureFrame(messageId: string, commandId: string, failure: Failure): string {
  const head = `{"type":"response","messageId":${quoted(messageId)},"commandId":${quoted(commandId)},"status":"failed","reason":${JSON.stringify(failure.reason)}`;
  return failure.details === undefined ? `${head}}` : `${head},"details":${JSON.stringify(failure.details)}}`;
}

function outgoing(type: 'request' | 'event', messageId: string, commandId: string, dataText?: string): string {
  const head = `{"type":"${type}","messageId":${quoted(messageId)},"commandId":${quoted(commandId)}`;
  return dataText === undefined ? `${head}}` : `${head},"data":${dataText}}`;
}

/** Printable ASCII without quote and backslash is its own JSON between quotes; to see that takes less than to print it. */
const PLAIN = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}
