import { type Millis, MusterError } from '@muster/ports';

export interface LobbyOptions {
  /** Engine that new lobbies play with. Clients and autohosts have to have it installed, so it is the operator who knows. */
  readonly engineVersion: string;
  /** Game that new lobbies play, as the engine knows it by name. */
  readonly gameVersion: string;
  /** Members of a lobby, watching ones too: what existing servers allow, and what one battle's script can name beside bots. */
  readonly membersMax: number;
  /** Members and bots together, and teams: the engine's limit of a battle's participants. */
  readonly participantsMax: number;
  /** How long a vote runs. Lower: who reads late has no say. Higher: a lobby waits longer for who does not answer. */
  readonly voteMs: Millis;
  /** How often every member's actor is asked whether it is still there. Members that have lost their state do not know that they should leave:
   *  only this removes them, and closes a lobby that everybody has forgotten. Lower: ghosts go sooner. Higher: less traffic, a message per member each time. */
  readonly auditMs: Millis;
  /** Bans of one lobby; above it the one that ends first is forgotten. Each is part of the lobby's replicated state. */
  readonly bansMax: number;
  /** Game options that a lobby sets. Lower: heavily tweaked games do not fit. Higher: each is part of the details. */
  readonly gameOptionsMax: number;
  /** Characters of all game options together: many small changes add up, and everybody who enters is sent all of them.
   *  Lower: unit tweaks, whole scripts in one option, do not fit. Higher: a full lobby that comes back costs the network more. */
  readonly gameOptionsCharsMax: number;
  /** Tags of a lobby. Each is in every list of lobbies. */
  readonly tagsMax: number;
  /** Wrong passwords of one user for a private lobby, after which it has to wait. Lower: typing errors cost time. Higher: weak passwords are guessed. */
  readonly guessesMax: number;
  /** How long it waits, from the first of them. */
  readonly guessesMs: Millis;
  /** Users whose guesses one lobby remembers. Lower: many accounts guess together. Higher: more state. */
  readonly guessersMax: number;
  /** Options of one bot. */
  readonly botOptionsMax: number;
  /** Characters of one bot's options together. */
  readonly botOptionsCharsMax: number;
}

export const LOBBY_DEFAULTS: LobbyOptions = {
  engineVersion: '2026.02.15',
  gameVersion: 'Beyond All Reason test-27000',
  membersMax: 251,
  participantsMax: 254,
  voteMs: 60_000,
  auditMs: 300_000,
  bansMax: 1_000,
  gameOptionsMax: 512,
  gameOptionsCharsMax: 65_536,
  tagsMax: 32,
  guessesMax: 5,
  guessesMs: 60_000,
  guessersMax: 64,
  botOptionsMax: 128,
  botOptionsCharsMax: 8_192,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG */
export function lobbyOptions(changes: Partial<LobbyOptions> = {}): LobbyOptions {
  const options = { ...LOBBY_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options)) {
    const isFine = typeof value === 'string' ? value.trim() !== '' : Number.isSafeInteger(value) && value >= 1;
    if (!isFine) throw new MusterError('BAD_CONFIG', { details: `lobby.${name} is ${JSON.stringify(value)}` });
  }
  return options;
}
