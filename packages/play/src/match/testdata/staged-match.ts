import { MemoryMetrics } from '@muster/ports';
import type { BattleUpdate } from '@muster/tachyon';
import type { MatchNews } from '../../autohost/contract.js';
import { ActorStage, type StagedTurn } from '../../testdata/actor-stage.js';
import type { BattleSetup } from '../contract.js';
import { matchKind } from '../match.js';
import type { MatchOptions } from '../options.js';
import type { MatchEvents, MatchRules } from '../rules.js';
import type { MatchState } from '../state.js';

export const BATTLE = '75bfc493-2b9d-495d-a453-06722fdca2ea';
export const OWNER = { kind: 'lobby', id: 'l1' };

/** Two against two, one of them a bot; the middle ally team is empty. */
export const SETUP: BattleSetup = {
  engineVersion: '2026.02.15',
  gameName: 'Beyond All Reason test-27000',
  mapName: 'Quicksilver Remake 1.24',
  allyTeams: {
    '0': { startBox: { top: 0, bottom: 1, left: 0, right: 0.25 } },
    '1': { startBox: { top: 0, bottom: 1, left: 0.25, right: 0.75 } },
    '2': { startBox: { top: 0, bottom: 1, left: 0.75, right: 1 } },
  },
  players: [
    { userId: '42', name: 'ann', countryCode: 'SE', allyTeam: '0', team: '0', player: '0' },
    { userId: '43', name: 'bob', allyTeam: '2', team: '0', player: '0' },
    { userId: '44', name: 'eve', allyTeam: '2', team: '1', player: '0' },
  ],
  bots: [
    {
      hostUserId: '42',
      allyTeam: '0',
      team: '1',
      player: '0',
      name: 'Barb',
      shortName: 'BARb',
      version: 'stable',
      options: { profile: 'hard' },
    },
  ],
  spectators: [{ userId: '45', name: 'joe' }],
  gameOptions: { startmetal: '1000' },
  tags: ['ranked'],
};

export class StagedMatch extends ActorStage<MatchState, MatchRules, MatchEvents> {
  readonly metrics: MemoryMetrics;

  constructor(options: Partial<MatchOptions> = {}) {
    const metrics = new MemoryMetrics();
    super(matchKind({ metrics, options }), BATTLE);
    this.metrics = metrics;
  }

  host(setup: BattleSetup = SETUP, regions?: readonly string[]): StagedTurn {
    return this.by('lobby/l1', 'host', { owner: OWNER, setup, ...(regions && { regions }) });
  }

  /** The index picks this autohost, whose actor takes the order. */
  picks(turn: StagedTurn, autohost = 'a1'): StagedTurn {
    const asked = this.answer(turn.sends.find(({ command }) => command === 'pick')!, { value: { autohost } });
    this.answer(asked.sends[0]!, { value: null });
    return asked;
  }

  started(autohost = 'a1'): StagedTurn {
    const ips = ['2001:db8::7', '192.0.2.7'];
    return this.by(`autohost/${autohost}`, 'hostAnswered', { ok: true, ips, port: 20_001 });
  }

  /** Hosted by `a1`; all players were told. */
  running(setup: BattleSetup = SETUP): this {
    this.picks(this.host(setup));
    for (const send of this.started().sends) if (send.command === 'battleStart') this.answer(send, { value: null });
    return this;
  }

  news(...all: readonly (readonly [number, MatchNews['type'], object?])[]): StagedTurn {
    return this.newsBy('a1', ...all);
  }

  newsBy(autohost: string, ...all: readonly (readonly [number, MatchNews['type'], object?])[]): StagedTurn {
    const news = all.map(([time, type, more = {}]) => ({
      time,
      update: { type, ...more } as BattleUpdate as MatchNews,
    }));
    return this.by(`autohost/${autohost}`, 'hostNews', { news });
  }

  drops(reason: string): number {
    return this.metrics.value('muster_play_battle_news_dropped_total', { reason });
  }
}

/** Data of the sends of this command. */
export function dataOf({ sends }: StagedTurn, command: string): readonly unknown[] {
  return sends.filter((send) => send.command === command).map(({ data }) => data);
}
