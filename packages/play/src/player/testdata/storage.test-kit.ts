import { MusterError } from '@muster/ports';
import { MemoryStorage } from '@muster/storage';
import type { PlayStorage } from '../../services.js';

export { MemoryStorage };

/** The same storage, as far as play knows it, while nobody cut the way there. */
export function breakable(storage: MemoryStorage, isDown: () => boolean): PlayStorage {
  const part = <T extends object>(of: T): T =>
    new Proxy(of, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return (...args: readonly unknown[]): unknown =>
          isDown()
            ? Promise.reject(new MusterError('STORAGE_UNAVAILABLE', { cause: 'a test' }))
            : (method.apply(target, args) as unknown);
      },
    });
  const { players, friendships, clans, moderation, battles } = storage;
  return {
    players: part(players),
    friendships: part(friendships),
    clans: part(clans),
    moderation: part(moderation),
    battles: part(battles),
  };
}
