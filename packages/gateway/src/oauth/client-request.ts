import { failed, type HttpReply } from './reply.js';

/** A form or a query: each name once. */
export type Parameters = Readonly<Record<string, string>>;

/** Reads a query string or a form body. RFC 6749 §3.1: a name that comes twice makes the whole request invalid. */
export function readParameters(text: string): Parameters | HttpReply {
  const read: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(text)) {
    if (name in read) return failed(400, 'invalid_request', 'a parameter is given twice');
    read[name] = value;
  }
  return read;
}

export function isReply(value: Parameters | HttpReply): value is HttpReply {
  return typeof value.status === 'number';
}

/**
 * Puts the client's credentials where the library looks for them. In the Authorization header they are URI-encoded first
 * (RFC 6749 §2.3.1); giving them in the body as well is an error.
 */
export function withCredentials(authorization: string | undefined, form: Parameters): Parameters | HttpReply {
  if (authorization === undefined) return form;
  const basic = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization)?.[1];
  const parts = /^([^:]*):(.*)$/s.exec(Buffer.from(basic ?? '', 'base64').toString('utf8'));
  if (!parts) return failed(400, 'invalid_request', 'the Authorization header is not Basic');
  if ('client_id' in form || 'client_secret' in form)
    return failed(400, 'invalid_request', 'client credentials are given in the header and in the body');
  try {
    return { ...form, client_id: uriDecoded(parts[1]!), client_secret: uriDecoded(parts[2]!) };
  } catch {
    return failed(400, 'invalid_request', 'client credentials are not URI-encoded');
  }
}

function uriDecoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
