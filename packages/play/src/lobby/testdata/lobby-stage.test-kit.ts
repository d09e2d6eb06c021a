// One lobby's rules without a runtime, and every frame that it publishes held against its definition.
import { entityKey } from '@muster/ports';
import type { Origin } from '@muster/runtime';
import { TachyonProtocol } from '@muster/tachyon';
import { ActorStage, type StagedTurn } from '../../testdata/actor-stage.js';
import type { LobbyEvents, LobbyWish, OwnLobbyCommands } from '../contract.js';
import { lobbyKind } from '../lobby.js';
import type { NewLobby } from '../settings.js';
import { memberIds } from '../state.js';
import type { LobbyState } from '../turn.js';
import { allyTeams } from './room.test-kit.js';

const protocol = new TachyonProtocol();

/** Lobby `l1`, two against two, opened by the first of `users` (a boss); user n has the membership `1.n`. */
export class LobbyStage extends ActorStage<LobbyState, OwnLobbyCommands, LobbyEvents> {
  private asked = 0;

  constructor(...users: readonly string[]) {
    super(lobbyKind(), 'l1');
    const [first, ...others] = users;
    if (first !== undefined) this.open(first);
    for (const user of others) this.admit(user);
  }

  get members(): readonly string[] {
    return memberIds(this.state.lobby!.details);
  }

  open(user: string, settings: Partial<NewLobby> = {}, wish: LobbyWish = {}): StagedTurn {
    const create = { name: 'All welcome', mapName: 'Comet', allyTeamConfig: allyTeams(2, 2), ...settings };
    return this.by(`player/${user}`, 'admit', { op: `1.${user}`, user: named(user), data: { create, ...wish } });
  }

  admit(user: string, op = `1.${user}`): StagedTurn {
    return this.by(`player/${user}`, 'admit', { op, user: named(user), data: {} });
  }

  /** A command of the user's client. */
  ask<K extends keyof OwnLobbyCommands>(user: string, command: K, data: OwnLobbyCommands[K]['data']): StagedTurn {
    this.asked += 1;
    const origin: Origin = { type: 'client', session: `g1/${user}`, request: this.asked, caller: user };
    return this.internal(command, data, origin);
  }

  /** The list of lobbies has taken the last line. */
  listAnswers(): StagedTurn {
    const from = { kind: 'lobby-list', id: '0' };
    return this.internal('listAnswered', { from, context: null, ok: true, value: null });
  }

  /** Time passes: the names in the lines that the list gets. */
  lines(ms: number): readonly string[] {
    const told = this.pass(ms).flatMap((turn) => this.sentTo(turn, /^lobby-list/));
    return told.map((line) => (line as { overview: { name: string } }).overview.name);
  }

  /** Data of what is sent to actors whose key matches. */
  sentTo({ sends }: StagedTurn, who: RegExp): readonly unknown[] {
    return sends.filter(({ to }) => who.test(entityKey(to))).map(({ data }) => data);
  }

  override by<K extends keyof OwnLobbyCommands & string>(
    from: string,
    command: K,
    data: OwnLobbyCommands[K]['data'],
  ): StagedTurn {
    return checked(super.by(from, command, data));
  }

  override internal<K extends keyof OwnLobbyCommands & string>(
    command: K,
    data: OwnLobbyCommands[K]['data'],
    origin?: Origin,
  ): StagedTurn {
    return checked(super.internal(command, data, origin));
  }

  override answer(...args: Parameters<ActorStage<LobbyState, OwnLobbyCommands, LobbyEvents>['answer']>): StagedTurn {
    return checked(super.answer(...args));
  }
}

function named(user: string) {
  return { userId: user, username: `user${user}`, countryCode: '??' };
}

function checked(turn: StagedTurn): StagedTurn {
  for (const { name, data } of turn.published) {
    const violation = protocol.check(protocol.definition(name)!, data);
    if (violation) throw new Error(`${name}: ${JSON.stringify(violation)}`);
  }
  return turn;
}
