// One player's rules without a runtime: decides, evolves, collects what would leave. The runtime's own guarantees (order, retries,
// durability) are tested elsewhere; here a turn is one call.
import { entity, MemoryMetrics, SeededRandom } from '@muster/ports';
import type { DecideContext, Decision, EventRecord, Origin, Publication, Send, TimerChange } from '@muster/runtime';
import type { AccountView, AttachData, PlayerCommands, PlayerEvents, PlayerOptions } from '../../index.js';
import { NO_CLAN } from '../clan.js';
import { NO_TIES } from '../friends.js';
import { type PlayerKind, type PlayerStorage, playerKind } from '../player.js';
import type { PlayerState } from '../state.js';

export const ANN: AccountView = { username: 'ann', displayName: 'Ann', countryCode: 'DE', roles: ['contributor'] };

/** Nothing is loaded here. */
const NOWHERE: PlayerStorage = {
  players: { read: async () => undefined },
};

export interface Turn {
  readonly reply: unknown;
  readonly refuse: string | undefined;
  readonly deferred: boolean;
  readonly sends: readonly Send[];
  readonly timers: readonly TimerChange[];
  /** `topic name data` as they would be published. */
  readonly published: readonly Publication[];
  readonly resolved: Decision<PlayerState, PlayerEvents, unknown>['resolve'];
}

export class Stage {
  readonly metrics = new MemoryMetrics();
  readonly kind: PlayerKind;
  readonly id: string;
  state: PlayerState;
  now = 1_700_000_000_000;
  private readonly random = new SeededRandom(1);
  /** Requests of clients so far. */
  private asked = 0;
  private received = 0;

  constructor(id = '1', account: AccountView | null = ANN, options: Partial<PlayerOptions> = {}) {
    this.id = id;
    this.kind = playerKind({ storage: NOWHERE, metrics: this.metrics, options });
    this.state = this.kind.initial(id, account ? { account, ties: NO_TIES, clan: NO_CLAN } : undefined);
  }

  /** A command of the client whose connection is `session`. */
  from<K extends keyof PlayerCommands>(session: string, command: K, data: PlayerCommands[K]['data']): Turn {
    this.asked += 1;
    return this.turn(command, data, { type: 'client', session, request: this.asked, caller: this.id });
  }

  /** A command of another actor, or of the runtime. */
  internal<K extends keyof PlayerCommands>(
    command: K,
    data: PlayerCommands[K]['data'],
    origin: Origin = { type: 'runtime' },
  ): Turn {
    return this.turn(command, data, origin);
  }

  /** Attaches; then its gateway listens, as it should. */
  attach(session: string, changes: Partial<AttachData> = {}): Turn {
    const turn = this.attachOnly(session, changes);
    this.internal('connected', { subscriber: session.split('/')[0]! });
    return turn;
  }

  attachOnly(session: string, changes: Partial<AttachData> = {}): Turn {
    return this.from(session, 'attach', { session, gateway: session.split('/')[0]!, resume: false, ...changes });
  }

  /** A message from another player's actor. */
  message(message: string, from = '2'): Turn {
    this.received += 1;
    const origin: Origin = { type: 'entity', from: entity('player', from), number: this.received };
    return this.turn('receive', { message, source: { type: 'player', userId: from } }, origin);
  }

  /** What a new subscriber of the topic sees. */
  snapshot(topic: 'self' | 'public'): unknown {
    return this.kind.topics?.[topic]?.(this.state, entity('player', this.id));
  }

  private turn<K extends keyof PlayerCommands>(command: K, data: PlayerCommands[K]['data'], origin: Origin): Turn {
    const self = entity('player', this.id);
    const ctx: DecideContext = { self, now: this.now, origin, random: this.random, ticket: `t${this.asked}` };
    const before = JSON.stringify(this.state);
    const decision = this.kind.decide[command](this.state, data, ctx);
    if (JSON.stringify(this.state) !== before) throw new Error(`${command} changed the state while deciding`);
    const published = (decision.events ?? []).flatMap((event) => this.apply(event));
    const { reply } = decision;
    return {
      reply: typeof reply === 'function' ? reply(this.state, 0) : (reply ?? null),
      refuse: decision.refuse?.reason,
      deferred: decision.defer ?? false,
      sends: decision.sends ?? [],
      timers: decision.timers ?? [],
      published,
      resolved: decision.resolve ?? [],
    };
  }

  private apply<K extends keyof PlayerEvents>(
    record: EventRecord<PlayerEvents> & { readonly name: K },
  ): readonly Publication[] {
    // Through JSON, as a backup would read it.
    const data = JSON.parse(JSON.stringify(record.data)) as PlayerEvents[K];
    this.kind.evolve[record.name as K](this.state, data, this.now);
    this.state = JSON.parse(JSON.stringify(this.state)) as PlayerState;
    return this.kind.publish?.[record.name as K]?.(this.state, data, entity('player', this.id)) ?? [];
  }
}
