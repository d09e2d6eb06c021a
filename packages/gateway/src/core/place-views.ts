import { lobbyView } from './lobby-view.js';
import type { AnyPlaceView } from './place-feeds.js';

/** Kinds of places that tell their members' clients what changes there, by kind. A party's changes come by its members' own actors. */
export const PLACE_VIEWS: Readonly<Record<string, AnyPlaceView>> = { lobby: lobbyView };
