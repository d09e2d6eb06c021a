import { MemoryMetrics } from '@muster/ports';
import type { BattleUpdate } from '@muster/tachyon';
import { ActorStage, type StagedTurn } from '../../testdata/actor-stage.js';
import { autohostKind } from '../autohost.js';
import type { AutohostCommands, AutohostEvents } from '../contract.js';
import type { AutohostOptions } from '../options.js';
import type { AutohostState } from '../state.js';

export const BATTLE = '75bfc493-2b9d-495d-a453-06722fdca2ea';
export const OTHER = '00000000-2b9d-495d-a453-06722fdca2ea';
export const ENGINE = '2026.02.15';
export const SCRIPT = { engineVersion: ENGINE, gameName: 'g', mapName: 'm', startPosType: 'ingame', allyTeams: [] };

/** An autohost's actor on its stage. Times of updates are microseconds after the stage's beginning. */
export class StagedAutohost extends ActorStage<AutohostState, AutohostCommands, AutohostEvents> {
  readonly metrics: MemoryMetrics;
  private readonly origin: number;

  constructor(options: Partial<AutohostOptions> = {}) {
    const metrics = new MemoryMetrics();
    super(autohostKind({ metrics, options }), 'a1');
    this.metrics = metrics;
    this.origin = this.now * 1_000;
  }

  attach(session: string, resume = false): StagedTurn {
    const gateway = session.split('/')[0]!;
    const turn = this.from(session, 'attach', { session, gateway, region: 'eu', resume });
    if (!turn.refuse) this.internal('connected', { subscriber: gateway });
    return turn;
  }

  /** Attached, has said what it can, and answered that it will send updates. */
  ready(session = 'g1#a/1', status: Partial<AutohostState['status']> = {}): this {
    this.attach(session);
    this.from(session, 'status', { maxBattles: 4, currentBattles: 0, availableEngines: [ENGINE], ...status });
    this.answerFirst('subscribeUpdates', { ok: true, data: null });
    return this;
  }

  /** The autohost answers the oldest open request of this name. */
  answerFirst(
    name: string,
    answer: { readonly ok: true; readonly data: unknown } | { readonly ok: false; readonly reason: string },
  ): StagedTurn {
    const request = this.open(name)[0];
    if (!request) throw new Error(`it was not asked ${name}`);
    return this.from(this.state.session!.id, 'answered', { n: request.n, ...answer });
  }

  open(name: string) {
    return this.state.requests.open.filter(({ commandId }) => commandId === `autohost/${name}`);
  }

  running(battleId = BATTLE): this {
    this.by(`match/${battleId}`, 'startBattle', { script: SCRIPT });
    this.answerFirst('start', { ok: true, data: { ips: ['192.0.2.7'], port: 20_001 } });
    return this;
  }

  time(offset: number): number {
    return this.origin + offset;
  }

  update(offset: number, type: string, battleId = BATTLE, more: object = {}): StagedTurn {
    return this.updates([[offset, type, battleId, more]]);
  }

  updates(all: readonly (readonly [number, string, string?, object?])[]): StagedTurn {
    const updates = all.map(([offset, type, battleId = BATTLE, more = {}]) => ({
      battleId,
      time: this.time(offset),
      update: { type, ...more } as BattleUpdate,
    }));
    return this.from(this.state.session?.id ?? 'nobody', 'update', { updates });
  }

  drops(reason: string): number {
    return this.metrics.value('muster_play_autohost_updates_dropped_total', { reason });
  }
}
