import type { EntityRef } from '@muster/ports';
import type { Adopted, Answer } from '@muster/runtime';
import type { AutohostMatchCommands, BattleNews } from '../autohost/contract.js';
import type { BattleEnd, BattleMember, BattleSetup, HostFailure, MatchCommands } from './contract.js';

/** Everything that a match understands: what its owner and others say, its autohost, and its own timers and answers. */
export interface MatchRules extends MatchCommands, AutohostMatchCommands {
  picked: { data: Answer; reply: null };
  startHeard: { data: Answer; reply: null };
  pickAgain: { data: unknown; reply: null };
  hostingOver: { data: unknown; reply: null };
  playerTold: { data: Answer; reply: null };
  tellOwner: { data: unknown; reply: null };
  holdDue: { data: unknown; reply: null };
  tooLong: { data: unknown; reply: null };
  stored: { data: Answer; reply: null };
  forget: { data: unknown; reply: null };
  adopted: { data: Adopted; reply: null };
}

export interface MatchEvents {
  hostingBegan: {
    readonly owner: EntityRef;
    readonly setup: BattleSetup;
    readonly regions: readonly string[];
    readonly passwords: Readonly<Record<string, string>>;
  };
  hostAsked: { readonly autohost: string };
  hostRefused: { readonly failure: HostFailure };
  regionExhausted: { readonly failure: HostFailure };
  hosted: { readonly autohost: string; readonly ip: string; readonly port: number; readonly at: number };
  playerTold: { readonly userId: string };
  ownerTold: null;
  memberAdded: { readonly member: BattleMember; readonly password: string };
  memberRemoved: { readonly userId: string };
  heard: { readonly news: readonly BattleNews[]; readonly until: number };
  ended: { readonly how: BattleEnd | HostFailure; readonly at: number };
  stored: null;
  forgotten: null;
}
