import { accountSlice } from './account-slice.js';
import { battleSlice } from './battle.js';
import { clanSlice } from './clan.js';
import { errandsSlice } from './errands.js';
import { friendsSlice } from './friends.js';
import { knocksSlice } from './knocks.js';
import { lobbySlice } from './lobby.js';
import { messagingSlice } from './messaging.js';
import { partySlice } from './party.js';
import { placesSlice } from './places.js';
import { reportsSlice } from './reports.js';
import { roomsSlice } from './rooms.js';
import { sessionSlice } from './session.js';
import type { AnySlice, SliceTools } from './slice.js';
import { watchingSlice } from './watching.js';

/** The parts of a player. One that another part's field of `user/self` or status goes over stands before it. */
export function playerSlices(tools: SliceTools): readonly AnySlice[] {
  return [
    accountSlice(tools),
    sessionSlice(tools),
    knocksSlice(tools),
    watchingSlice(tools),
    messagingSlice(tools),
    placesSlice(tools),
    partySlice(tools),
    lobbySlice(tools),
    roomsSlice(tools),
    battleSlice(tools),
    errandsSlice(tools),
    friendsSlice(tools),
    clanSlice(tools),
    reportsSlice(tools),
  ];
}
