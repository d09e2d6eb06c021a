import type { IncomingMessage } from 'node:http';

/**
 * Where a request comes from. Behind `proxies` proxies that we trust, the one our outermost proxy saw: what stands further left in
 * X-Forwarded-For was written by the client.
 */
export function addressOf({ headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>, proxies: number): string {
  const direct = plainAddress(socket.remoteAddress ?? '');
  if (proxies === 0) return direct;
  const forwarded = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
  return plainAddress(forwarded.at(-proxies) ?? direct);
}

/** IPv4 as IPv4, also where the socket speaks IPv6. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
