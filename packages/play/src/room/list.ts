import type { Metrics } from '@muster/ports';
import { type ActorKind, type DecideContext, type Decision, defineActor, event } from '@muster/runtime';
import { ROOMS_PER_PAGE, roomIdOf } from '@muster/tachyon';
import { ROOM_KIND, ROOM_LIST_KIND, type RoomListCommands } from './contract.js';
import { type RoomOptions, roomOptions } from './options.js';

export interface RoomListState {
  /** By room. */
  rooms: Record<string, { readonly memberCount: number; readonly at: number }>;
}

export interface RoomListEvents {
  listed: { readonly room: string; readonly memberCount: number };
  gone: { readonly rooms: readonly string[] };
}

interface OwnRoomListCommands extends RoomListCommands {
  sweep: { data: unknown; reply: null };
}

export type RoomListKind = ActorKind<RoomListState, OwnRoomListCommands, RoomListEvents>;
type Decided<R = null> = Decision<RoomListState, RoomListEvents, R>;

/** `chat-room-list/all`: what rooms there are, as they said last. Lost with its process, and whole again when each has spoken. */
export function roomListKind(metrics: Metrics, changes: Partial<RoomOptions> = {}): RoomListKind {
  const options = roomOptions(changes);
  const dropped = metrics.counter(
    'muster_play_rooms_unlisted_total',
    'Lines of chat rooms that the list has no room for',
  );
  return defineActor<RoomListState, OwnRoomListCommands, RoomListEvents>(ROOM_LIST_KIND, {
    durability: 'ephemeral',
    version: 1,
    initial: () => ({ rooms: {} }),
    blank: ({ rooms }) => Object.keys(rooms).length === 0,
    decide: {
      listed: (state, { memberCount }, ctx): Decided => {
        const { origin } = ctx;
        if (origin.type !== 'entity' || origin.from.kind !== ROOM_KIND)
          return { refuse: { reason: 'unauthorized', details: 'rooms speak for themselves' } };
        const room = origin.from.id;
        const isKnown = Object.hasOwn(state.rooms, room);
        if (memberCount === 0) return isKnown ? { events: [event('gone', { rooms: [room] })] } : {};
        const count = Object.keys(state.rooms).length;
        if (!isKnown && count >= options.listedMax) {
          dropped.add(1);
          return {};
        }
        const timers = count === 0 ? [sweepAt(ctx, options)] : [];
        return { events: [event('listed', { room, memberCount })], timers };
      },
      list: ({ rooms }, wish) => ({ reply: page(rooms, wish ?? {}) }),
      sweep: (state, _, ctx): Decided => {
        const old = Object.keys(state.rooms).filter((room) => ctx.now - state.rooms[room]!.at > options.keepMs);
        const isEmpty = old.length === Object.keys(state.rooms).length;
        const events = old.length > 0 ? [event('gone', { rooms: old })] : [];
        return { events, timers: isEmpty ? [] : [sweepAt(ctx, options)] };
      },
    },
    evolve: {
      listed: (state, { room, memberCount }, at) => {
        state.rooms[room] = { memberCount, at };
      },
      gone: (state, { rooms }) => {
        for (const room of rooms) delete state.rooms[room];
      },
    },
    describe: ({ rooms }) => ({ rooms: Object.keys(rooms).length }),
  });
}

function page(
  rooms: RoomListState['rooms'],
  { containing = '', after = '' }: NonNullable<RoomListCommands['list']['data']>,
): RoomListCommands['list']['reply'] {
  const [text, last] = [roomIdOf(containing), roomIdOf(after)];
  const found = Object.keys(rooms)
    .filter((room) => room > last && room.includes(text))
    .sort();
  return {
    rooms: found.slice(0, ROOMS_PER_PAGE).map((room) => ({ room, memberCount: rooms[room]!.memberCount })),
    hasMore: found.length > ROOMS_PER_PAGE,
  };
}

function sweepAt(ctx: DecideContext, { beatMs }: RoomOptions) {
  return { name: 'sweep', at: ctx.now + beatMs, command: 'sweep', data: null };
}
