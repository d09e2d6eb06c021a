import type { EntityRef } from '@muster/ports';
import type { Publication } from '@muster/runtime';
import type { User } from '@muster/tachyon';
import { PUBLIC_TOPIC, SELF_TOPIC } from './contract.js';

/** A frame for the player's own connection, or a notice for its gateway. */
export function toSelf(name: string, data: unknown): Publication {
  return { topic: SELF_TOPIC, name, data };
}

/** `user/updated` with what changed. */
export function toPublic(self: EntityRef, changes: Partial<User>): Publication {
  return { topic: PUBLIC_TOPIC, name: 'user/updated', data: { users: [{ userId: self.id, ...changes }] } };
}
