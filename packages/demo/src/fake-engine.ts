import type { BattleUpdate } from '@muster/tachyon';

/** What an engine reads when it is started, as far as this one cares. */
export interface EngineScript {
  readonly battleId: string;
  readonly engineVersion: string;
  readonly mapName?: string;
  readonly allyTeams: readonly { readonly teams: readonly { readonly players?: readonly ScriptMember[] }[] }[];
  readonly spectators?: readonly ScriptMember[];
}

interface ScriptMember {
  readonly userId: string;
  readonly name?: string;
  readonly password: string;
}

/**
 * A pretended game engine: it lets people in by their password, and tells its autohost what happens. Nothing happens by itself:
 * a test, or a {@link battleStory} that is played, says what.
 */
export class FakeEngine {
  readonly battleId: string;
  readonly script: EngineScript;
  running = true;
  /** Where it pretends to listen. */
  readonly port: number;
  /** Messages that were shown, commands that were run. */
  readonly orders: string[] = [];
  private readonly passwords = new Map<string, string>();
  private readonly joined = new Set<string>();
  /** The engine's own number of everybody who ever came. */
  private readonly numbers = new Map<string, number>();
  private readonly tell: (update: BattleUpdate) => void;

  constructor(script: EngineScript, port: number, tell: (update: BattleUpdate) => void) {
    this.battleId = script.battleId;
    this.port = port;
    this.script = script;
    this.tell = tell;
    const players = script.allyTeams.flatMap(({ teams }) => teams).flatMap((team) => team.players ?? []);
    for (const { userId, password } of [...players, ...(script.spectators ?? [])]) this.passwords.set(userId, password);
  }

  /** Whom it lets in. */
  get users(): readonly string[] {
    return [...this.passwords.keys()];
  }

  /** User ids of who is there. */
  get present(): ReadonlySet<string> {
    return this.joined;
  }

  add(userId: string, password: string): void {
    this.passwords.set(userId, password);
  }

  lets(userId: string, password: string): boolean {
    return this.passwords.get(userId) === password;
  }

  /** @throws Error where the password is not the one of the script */
  join(userId: string, password: string): void {
    if (!this.lets(userId, password)) throw new Error(`user ${userId} does not get in`);
    this.joined.add(userId);
    const playerNumber = this.numbers.get(userId) ?? this.numbers.size;
    this.numbers.set(userId, playerNumber);
    this.tell({ type: 'player_joined', userId, playerNumber });
  }

  /** Somebody who was there joins again. @returns false where it never was, or is there */
  comeBack(userId: string): boolean {
    if (!this.numbers.has(userId) || this.joined.has(userId)) return false;
    this.join(userId, this.passwords.get(userId)!);
    return true;
  }

  leave(userId: string, reason: 'lost_connection' | 'left' | 'kicked' = 'left'): void {
    if (this.joined.delete(userId)) this.tell({ type: 'player_left', userId, reason });
  }

  begin(): void {
    this.tell({ type: 'start' });
  }

  say(userId: string, message: string): void {
    this.tell({ type: 'player_chat', userId, message, destination: 'all' });
  }

  defeat(userId: string): void {
    this.tell({ type: 'player_defeated', userId });
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
