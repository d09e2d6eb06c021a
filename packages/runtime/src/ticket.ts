import { entityKey } from '@muster/ports';
import type { ReplyTicket } from './actor.js';
import type { DeliveryOrigin } from './host.js';

/** Names the sender that waits for a command's answer: the same for each repeat of the command. */
export function ticketOf(origin: DeliveryOrigin): ReplyTicket {
  switch (origin.type) {
    case 'client':
      return `c:${origin.request}:${origin.session}`;
    case 'entity':
      return `e:${origin.number}:${entityKey(origin.from)}`;
    case 'admin':
      return `a:${origin.request}:${origin.replyTo}`;
  }
}
