import type { HeartbeatAck } from '@muster/wire';

/** What the leader finds the cluster to have room for. */
export interface Room {
  /** Load of these classes is not begun: nothing is refused, the opportunistic is, or the soft as well. Hard load never is. */
  readonly shed: '' | 'opportunistic' | 'soft';
  /** New sessions begin at once, or wait, and so many per second begin at this gateway. */
  readonly admission: 'open' | 'queue';
  readonly admitPerSecond: number;
}

/** Until a leader has said otherwise. */
export const ROOM_FOR_ALL: Room = { shed: '', admission: 'open', admitPerSecond: 0 };

/** As an acknowledgement says it; what this build does not know is no restriction. */
export function roomOf({ shed, admission, admitPerSecond }: Pick<HeartbeatAck, keyof Room>): Room {
  return {
    shed: shed === 'soft' || shed === 'opportunistic' ? shed : '',
    admission: admission === 'queue' ? 'queue' : 'open',
    admitPerSecond,
  };
}
