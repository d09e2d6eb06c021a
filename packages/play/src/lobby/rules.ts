import type { RequestData } from '@muster/tachyon';
import { unboss } from './bosses.js';
import { addBot, removeBot, updateBot } from './bots.js';
import { appointBoss, type Circumstances, kickban } from './decisions.js';
import { joinAllyTeam, joinQueue, spectate, updateClientStatus } from './members.js';
import { updateSettings } from './settings.js';
import type { Lobby, Ruling } from './state.js';
import { submitVote } from './votes.js';

/** What members may ask of their lobby, with the data of the Tachyon commands of the same name. */
export interface RuleData {
  update: RequestData<'lobby/update'>;
  joinAllyTeam: RequestData<'lobby/joinAllyTeam'>;
  spectate: undefined;
  joinQueue: undefined;
  updateClientStatus: RequestData<'lobby/updateClientStatus'>;
  addBot: RequestData<'lobby/addBot'>;
  updateBot: RequestData<'lobby/updateBot'>;
  removeBot: RequestData<'lobby/removeBot'>;
  appointBoss: RequestData<'lobby/appointBoss'>;
  unboss: RequestData<'lobby/unboss'>;
  kickban: RequestData<'lobby/kickban'>;
  voteSubmit: RequestData<'lobby/voteSubmit'>;
}

export type RuleName = keyof RuleData;

/** Each rule: what becomes of the lobby when this member asks. What follows from it whoever asked is {@link concluded}'s. */
export const RULES: {
  readonly [K in RuleName]: (lobby: Lobby, by: string, data: RuleData[K], at: Circumstances) => Ruling;
} = {
  update: updateSettings,
  joinAllyTeam: (lobby, by, { allyTeam }) => joinAllyTeam(lobby, by, allyTeam),
  spectate,
  joinQueue,
  updateClientStatus,
  addBot: (lobby, by, data, { options }) => addBot(lobby, by, data, options),
  updateBot: (lobby, _, data, { options }) => updateBot(lobby, data, options),
  removeBot: (lobby, _, { id }) => removeBot(lobby, id),
  appointBoss: (lobby, by, { userId }, at) => appointBoss(lobby, by, userId, at),
  unboss: (lobby, by, { userId }) => unboss(lobby, by, userId ?? by),
  kickban,
  voteSubmit: (lobby, by, { id, vote }) => submitVote(lobby, by, id, vote),
};
