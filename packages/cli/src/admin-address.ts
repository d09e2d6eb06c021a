import { EXIT, Failure } from './failure.js';

/** Where `npm start` serves the admin API. */
export const DEFAULT_ADMIN = 'http://127.0.0.1:8401';

/** URLs of admin APIs, in the order they are tried: `http://a:8401,http://b:8401`; `host:port` is HTTP. @throws Failure usage */
export function adminAddresses(text: string): readonly URL[] {
  const parts = text.split(',').map((part) => part.trim());
  return parts.filter((part) => part !== '').map(adminAddress);
}

function adminAddress(text: string): URL {
  const href = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(href) ? new URL(href) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new Failure(EXIT.usage, `${text} is no address of an admin API`, { hint: `such as --admin ${DEFAULT_ADMIN}` });
}

/** As people write it: without the slash at the end. */
export function shown(url: URL): string {
  return url.href.replace(/\/$/, '');
}
