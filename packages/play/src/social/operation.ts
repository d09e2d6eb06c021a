import { entityKey, MusterError, type Operation, type PlayerId, playerId } from '@muster/ports';
import type { ServiceContext } from '@muster/runtime';
import { PLAYER_KIND } from '../player/contract.js';

/** The player whose actor asks, and what names its asking. @throws MusterError UNAUTHORIZED where it is no player's actor */
export function askedBy({ self, origin }: ServiceContext): { readonly me: PlayerId; readonly operation: Operation } {
  if (origin.type !== 'entity' || origin.from.kind !== PLAYER_KIND)
    throw new MusterError('UNAUTHORIZED', { details: `${self.kind} is for players' actors` });
  const operation = { sender: entityKey(origin.from), receiver: entityKey(self), number: origin.number };
  return { me: playerId(origin.from.id), operation };
}
