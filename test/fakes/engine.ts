import type { BattleUpdate } from '@muster/tachyon';

/** What an engine reads when it is started, as far as this one cares. */
export interface EngineScript {
  readonly battleId: string;
  readonly engineVersion: string;
  readonly allyTeams: readonly {
    readonly teams: readonly { readonly players?: readonly { readonly userId: string; readonly password: string }[] }[];
  }[];
  readonly spectators?: readonly { readonly userId: string; readonly password: string }[];
}

/** A pretended game engine: it lets people in by their password, and tells its autohost what happens. Nothing happens by itself. */
export class FakeEngine {
  readonly battleId: string;
  readonly script: EngineScript;
  running = true;
  /** Messages that were shown, commands that were run. */
  readonly orders: string[] = [];
  private readonly passwords = new Map<string, string>();
  private readonly joined = new Set<string>();
  private readonly tell: (update: BattleUpdate) => void;

  constructor(script: EngineScript, tell: (update: BattleUpdate) => void) {
    this.battleId = script.battleId;
    this.script = script;
    this.tell = tell;
    const players = script.allyTeams.flatMap(({ teams }) => teams).flatMap((team) => team.players ?? []);
    for (const { userId, password } of [...players, ...(script.spectators ?? [])]) this.passwords.set(userId, password);
  }

  /** Whom it lets in. */
  get users(): readonly string[] {
    return [...this.passwords.keys()];
  }

  add(userId: string, password: string): void {
    this.passwords.set(userId, password);
  }

  /** @throws Error where the password is not the one of the script */
  join(userId: string, password: string): void {
    if (this.passwords.get(userId) !== password) throw new Error(`user ${userId} does not get in`);
    this.joined.add(userId);
    this.tell({ type: 'player_joined', userId, playerNumber: this.joined.size - 1 });
  }

  leave(userId: string, reason: 'lost_connection' | 'left' | 'kicked' = 'left'): void {
    if (this.joined.delete(userId)) this.tell({ type: 'player_left', userId, reason });
  }

  begin(): void {
    this.tell({ type: 'start' });
  }

  /** Everybody who is there says who has won. */
  finish(winningAllyTeams: readonly number[]): void {
    for (const userId of this.joined) this.tell({ type: 'finished', userId, winningAllyTeams: [...winningAllyTeams] });
  }

  quit(): void {
    this.end({ type: 'engine_quit' });
  }

  crash(details: string): void {
    this.end({ type: 'engine_crash', details });
  }

  private end(update: BattleUpdate): void {
    if (!this.running) return;
    this.running = false;
    this.tell(update);
  }
}
