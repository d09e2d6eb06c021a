import type { ClusterAccess } from '@muster/cluster';
import type { Clock, Random, Span } from '@muster/ports';
import type { TachyonProtocol } from '@muster/tachyon';
import type { ClientWriterLimits } from './client-writer.js';
import type { Departures } from './departures.js';
import type { LobbyList } from './lobby-list.js';
import type { LoginQueue } from './login-queue.js';
import type { GatewayOptions } from './options.js';
import type { PlaceFeeds } from './place-feeds.js';
import type { PlayerSession } from './session.js';
import type { Traffic } from './traffic.js';

/** What all connections of a gateway share, whoever is at the other end. */
export interface SharedContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly cluster: ClusterAccess;
  readonly protocol: TachyonProtocol;
  readonly options: GatewayOptions;
  readonly traffic: Traffic;
  readonly departures: Departures;
  readonly writerLimits: ClientWriterLimits;
}

/** What all players' sessions share. */
export interface SessionContext extends SharedContext {
  readonly logins: LoginQueue;
  readonly feeds: PlaceFeeds;
  readonly lobbies: LobbyList;
  /** A span for one command, where it is among those that are traced. */
  trace(commandId: string): Span | undefined;
  /** Players connected to the whole cluster. */
  userCount(): number;
  /** The session's socket is gone or going. */
  ended(session: PlayerSession): void;
}
