import { type Millis, MusterError } from '@muster/ports';

/** Tunables of the list of open lobbies. */
export interface LobbyListOptions {
  /** Age above which a line is forgotten. Lobbies repeat theirs every 10 s. Lower: a short trouble between nodes hides lobbies.
   *  Higher: lobbies that were lost are seen for longer. */
  readonly keepMs: Millis;
  /** How often that is looked at. */
  readonly sweepMs: Millis;
  /** Lobbies in one of the 16 parts. Lower: less memory, and nobody sees those beyond it. Higher: about 500 bytes each, in every gateway too. */
  readonly lobbiesMax: number;
}

export const LOBBY_LIST_DEFAULTS: LobbyListOptions = { keepMs: 30_000, sweepMs: 5_000, lobbiesMax: 4_096 };

/** The defaults with `changes`. @throws MusterError BAD_CONFIG */
export function lobbyListOptions(changes: Partial<LobbyListOptions> = {}): LobbyListOptions {
  const options = { ...LOBBY_LIST_DEFAULTS, ...changes };
  for (const [name, value] of Object.entries(options))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new MusterError('BAD_CONFIG', { details: `lobbyList.${name} is ${value}: a positive integer is needed` });
  return options;
}
