import {
  HEARTBEAT_DEFAULTS,
  heartbeatOptions,
  MEMBERSHIP_DEFAULTS,
  membershipOptions,
  PEERS_DEFAULTS,
  PERSISTENCE_DEFAULTS,
  peersOptions,
  persistenceOptions,
  ROUTER_DEFAULTS,
  routerOptions,
  STREAMS_DEFAULTS,
  streamsOptions,
  TAKEOVER_DEFAULTS,
  takeoverOptions,
} from '@muster/cluster';
import {
  BALANCER_DEFAULTS,
  balancerOptions,
  COORDINATOR_DEFAULTS,
  coordinatorOptions,
  HEADROOM_DEFAULTS,
  headroomOptions,
} from '@muster/coordinator';
import {
  EMBEDDED_ISSUER_DEFAULTS,
  GATEWAY_DEFAULTS,
  GATEWAY_SERVER_DEFAULTS,
  gatewayOptions,
  gatewayServerOptions,
  oauthOptions,
} from '@muster/gateway';
import {
  AUTOHOST_DEFAULTS,
  autohostOptions,
  CHAT_DEFAULTS,
  chatOptions,
  LOBBY_DEFAULTS,
  LOBBY_LIST_DEFAULTS,
  lobbyListOptions,
  lobbyOptions,
  MATCH_DEFAULTS,
  matchOptions,
  PARTY_DEFAULTS,
  PLAYER_DEFAULTS,
  partyOptions,
  playerOptions,
  ROOM_DEFAULTS,
  roomOptions,
  SOCIAL_DEFAULTS,
  socialOptions,
} from '@muster/play';
import { MusterError } from '@muster/ports';
import { RUNTIME_DEFAULTS, runtimeOptions } from '@muster/runtime';
import { DATABASE_DEFAULTS, databaseOptions, etcdStoreDefaults } from '@muster/storage';
import { TACHYON_DEFAULTS, tachyonOptions } from '@muster/tachyon';
import { GRPC_DEFAULTS, grpcOptions, LINK_DEFAULTS, linkOptions } from '@muster/wire';
import {
  ADMIN_DEFAULTS,
  CLUSTER_DEFAULTS,
  ETCD_DEFAULTS,
  HTTP_DEFAULTS,
  PROCESS_DEFAULTS,
  STORAGE_DEFAULTS,
  TELEMETRY_DEFAULTS,
  TLS_DEFAULTS,
  TOKEN_DEFAULTS,
} from './options.js';

interface Section<O extends object> {
  readonly about: string;
  /** Name of the interface whose comments explain the options. */
  readonly docs: string;
  readonly defaults: O;
  /** @throws MusterError BAD_CONFIG */
  readonly check: (options: O) => O;
}

function section<O extends object>(
  about: string,
  docs: string,
  defaults: O,
  check: (options: O) => O = (options) => options,
): Section<O> {
  return { about, docs, defaults, check };
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'];

/** Every section of the file. The component sections are the components' own options, so that nothing is listed twice. */
export const SECTIONS = {
  process: section('Who this process is.', 'ProcessOptions', PROCESS_DEFAULTS, (options) => {
    if (options.advertise !== '' && !/^.+:[1-9][0-9]{0,4}$/.test(options.advertise))
      throw bad('advertise is host:port, or empty');
    if (!(options.drainMs > 0)) throw bad('drainMs is above 0');
    if (!(options.stuckMs >= 0)) throw bad('stuckMs is 0 or more');
    const { heapGrowthPercent } = options;
    if (!(Number.isInteger(heapGrowthPercent) && heapGrowthPercent >= 0 && heapGrowthPercent <= 1_000))
      throw bad('heapGrowthPercent is a whole number from 0 to 1,000');
    return options;
  }),
  cluster: section('Which cluster it belongs to.', 'ClusterNameOptions', CLUSTER_DEFAULTS, (options) => {
    if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(options.name)) throw bad('name has small letters, digits and dashes only');
    return options;
  }),
  etcd: section('The cluster store.', 'EtcdOptions', ETCD_DEFAULTS, (options) => {
    if (options.hosts.length === 0) throw bad('hosts names at least one');
    return options;
  }),
  storage: section('Accounts and keys.', 'StorageOptions', STORAGE_DEFAULTS),
  admin: section('Health and metrics.', 'AdminOptions', ADMIN_DEFAULTS, (options) => {
    if (!(options.checkTimeoutMs > 0)) throw bad('checkTimeoutMs is above 0');
    return options;
  }),
  telemetry: section('Logs and traces.', 'TelemetryOptions', TELEMETRY_DEFAULTS, (options) => {
    if (!LOG_LEVELS.includes(options.logLevel)) throw bad(`logLevel is one of ${LOG_LEVELS.join(', ')}`);
    if (!(options.spansQueuedMax > 0)) throw bad('spansQueuedMax is above 0');
    return options;
  }),
  tls: section('Mutual TLS between our processes.', 'TlsOptions', TLS_DEFAULTS, (options) => {
    const given = Object.values(options).filter((file) => file !== '').length;
    if (given !== 0 && given !== 3) throw bad('caFile, certFile and keyFile are given together');
    return options;
  }),
  http: section('Where gateways serve clients.', 'HttpOptions', HTTP_DEFAULTS),
  edge: section(
    'Limits on client connections and HTTP requests.',
    'GatewayServerOptions',
    GATEWAY_SERVER_DEFAULTS,
    gatewayServerOptions,
  ),
  oauth: section('Access tokens.', 'TokenOptions', TOKEN_DEFAULTS, (options) => {
    const { publicUrl, ...limits } = options;
    oauthOptions({ ...limits, ...(publicUrl === '' ? {} : { publicUrl }) });
    return options;
  }),
  issuer: section(
    'The authorization server within the gateway.',
    'EmbeddedIssuerOptions',
    EMBEDDED_ISSUER_DEFAULTS,
    (options) => {
      if (options.signIn !== 'off' && options.signIn !== 'dev') throw bad('signIn is off or dev');
      return oauthOptions({ embedded: options }).embedded;
    },
  ),
  coordinator: section('Placement of shards.', 'CoordinatorOptions', COORDINATOR_DEFAULTS, coordinatorOptions),
  balancer: section('Moves of shards in use, for even load.', 'BalancerOptions', BALANCER_DEFAULTS, balancerOptions),
  headroom: section('What there is room for.', 'HeadroomOptions', HEADROOM_DEFAULTS, headroomOptions),
  gateway: section('Client sessions.', 'GatewayOptions', GATEWAY_DEFAULTS, gatewayOptions),
  tachyon: section('Limits on client messages.', 'TachyonOptions', TACHYON_DEFAULTS, tachyonOptions),
  player: section('The player actor.', 'PlayerOptions', PLAYER_DEFAULTS, playerOptions),
  social: section('Friends, clans and reports.', 'SocialOptions', SOCIAL_DEFAULTS, socialOptions),
  chat: section('Chats of lobbies and parties.', 'ChatOptions', CHAT_DEFAULTS, chatOptions),
  party: section('Parties.', 'PartyOptions', PARTY_DEFAULTS, partyOptions),
  room: section('Chat rooms.', 'RoomOptions', ROOM_DEFAULTS, roomOptions),
  lobby: section('Lobbies.', 'LobbyOptions', LOBBY_DEFAULTS, lobbyOptions),
  lobbyList: section('The list of open lobbies.', 'LobbyListOptions', LOBBY_LIST_DEFAULTS, lobbyListOptions),
  autohost: section('Autohosts and how battles find one.', 'AutohostOptions', AUTOHOST_DEFAULTS, autohostOptions),
  match: section('Battles.', 'MatchOptions', MATCH_DEFAULTS, matchOptions),
  runtime: section('Virtual actors on a node.', 'RuntimeOptions', RUNTIME_DEFAULTS, runtimeOptions),
  persistence: section(
    'Actors in storage. `leaseMs` and `leaseMarginMs` the same in every process.',
    'PersistenceOptions',
    PERSISTENCE_DEFAULTS,
    persistenceOptions,
  ),
  heartbeat: section(
    'Who is alive. The same in every process.',
    'HeartbeatOptions',
    HEARTBEAT_DEFAULTS,
    heartbeatOptions,
  ),
  membership: section(
    'Registration and the search for coordinators.',
    'MembershipOptions',
    MEMBERSHIP_DEFAULTS,
    membershipOptions,
  ),
  takeover: section('Leader and vice.', 'TakeoverOptions', TAKEOVER_DEFAULTS, takeoverOptions),
  routing: section('Commands on their way to their owner.', 'RouterOptions', ROUTER_DEFAULTS, routerOptions),
  streams: section('Event subscriptions.', 'StreamsOptions', STREAMS_DEFAULTS, streamsOptions),
  peers: section('Connections between our processes.', 'PeersOptions', PEERS_DEFAULTS, peersOptions),
  link: section('Batches and credit on a connection.', 'LinkOptions', LINK_DEFAULTS, linkOptions),
  grpc: section('The transport below it.', 'GrpcOptions', GRPC_DEFAULTS, grpcOptions),
  etcdStore: section('Calls to etcd.', 'EtcdStoreOptions', etcdStoreDefaults),
  database: section('Calls to the accounts database.', 'DatabaseOptions', DATABASE_DEFAULTS, databaseOptions),
} as const;

export type SectionName = keyof typeof SECTIONS;
export type SectionValues<N extends SectionName> = (typeof SECTIONS)[N]['defaults'];

function bad(details: string): MusterError {
  return new MusterError('BAD_CONFIG', { details });
}
