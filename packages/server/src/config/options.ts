import type { Millis } from '@muster/ports';

/** Who this process is. */
export interface ProcessOptions {
  /** Name of this process in the cluster store; a restart keeps the id and gets another incarnation. Empty: the role and a free number of this machine. */
  readonly id: string;
  /** Address where other processes of the cluster reach this one, `host:port`. Port 0 takes a free one. */
  readonly listen: string;
  /** Address that others are told to reach this process at, `host:port`, where it is not the one it listens on: behind a mapped port or a proxy. Empty: where it listens. */
  readonly advertise: string;
  /** Folder for what this process keeps on disk (embedded storage). Relative to the working directory. */
  readonly data: string;
  /** Failure domain, for placement and for people. */
  readonly zone: string;
  /** How long a process that was asked to end may take to hand off what it has. Lower: a stop is over sooner, and what was not handed off is found
   *  again from backups and storage, with a pause. Higher: slow networks and large states get through; whoever ends us must wait as long. */
  readonly drainMs: Millis;
  /** A process whose main loop has not turned for so long ends itself, so that its place is taken at once. Lower: players of a hung process wait less.
   *  Higher: a long computation is not taken for a hang. Its waiting for a processor does not count (on Linux). 0: never; for debuggers.
   *  In one process with everything (`muster dev`) nobody looks: nobody would start it again, and its database works in the main loop. */
  readonly stuckMs: Millis;
  /** How much the heap may grow over what was alive at the last full collection, before the next one. Lower (20, say): tens of thousands of idle players
   *  take up to half the memory, and collections come more often. Higher: fewer. 0: as the engine finds it best for speed. The heap's limit is
   *  Node's own, about 4 GiB on large machines (`NODE_OPTIONS=--max-old-space-size=<MiB>`): a process that reaches it ends. */
  readonly heapGrowthPercent: number;
}

export interface ClusterNameOptions {
  /** Name of the cluster: the first part of every key in the cluster store. Two clusters may share one etcd under two
   *  names; under one name the second is refused, by the identity of its storage. */
  readonly name: string;
}

export interface EtcdOptions {
  /** URLs of etcd's client ports. */
  readonly hosts: readonly string[];
}

export interface StorageOptions {
  /** Where accounts live: `postgres://user:password@host/database`, `pglite:<folder>`, or `pglite:` for a folder below `process.data`. */
  readonly url: string;
}

/** Health, metrics and (in one-process mode) the coordinator's address for musterctl. */
export interface AdminOptions {
  /** Where `/livez`, `/readyz` and `/metrics` are served, `host:port`. Empty: nowhere. */
  readonly listen: string;
  /** A `/readyz` check that takes longer than this counts as failed. Lower: a busy store looks away. Higher: a load balancer waits longer. */
  readonly checkTimeoutMs: Millis;
  /** File whose first line is what operators have to show who order at the admin epoch (`musterctl … --break-glass`), at least 16 characters. Read when a coordinator starts. Empty: nobody may. */
  readonly breakGlassFile: string;
}

export interface TelemetryOptions {
  /** Least level that is logged: debug, info, warn or error. */
  readonly logLevel: string;
  /** URL that OpenTelemetry traces are sent to (OTLP over HTTP), for example `http://127.0.0.1:4318/v1/traces`. Empty: nowhere. */
  readonly otlpEndpoint: string;
  /** Traces that wait to be sent; past it new ones are dropped and counted. Lower: less memory. Higher: a slow collector loses less. */
  readonly spansQueuedMax: number;
}

/** The port that game clients connect to. */
export interface HttpOptions {
  /** Where a gateway serves clients, `host:port`. Port 0 takes a free one. */
  readonly listen: string;
}

/** Which access tokens are taken; the embedded issuer and others have sections of their own. */
export interface TokenOptions {
  /** Scheme, host and port that clients are configured with. Empty: as the client addressed us, on loopback only; else where we listen. */
  readonly publicUrl: string;
  /** How far another machine's clock may be off. Lower: stricter. Higher: a token works a little longer than it says. */
  readonly clockToleranceMs: Millis;
  /** Longest token that is looked at, in characters. */
  readonly tokenLengthMax: number;
}

/** Mutual TLS between the processes of the cluster. All three or none. */
export interface TlsOptions {
  /** File with the certificate authority that signs every process of the cluster, PEM. */
  readonly caFile: string;
  /** File with this process's certificate, PEM. */
  readonly certFile: string;
  /** File with its private key, PEM. */
  readonly keyFile: string;
}

export const PROCESS_DEFAULTS: ProcessOptions = {
  id: '',
  listen: '127.0.0.1:0',
  advertise: '',
  data: '.muster',
  zone: '',
  drainMs: 30_000,
  stuckMs: 5_000,
  heapGrowthPercent: 0,
};
export const CLUSTER_DEFAULTS: ClusterNameOptions = { name: 'dev' };
export const ETCD_DEFAULTS: EtcdOptions = { hosts: ['http://127.0.0.1:2379'] };
export const STORAGE_DEFAULTS: StorageOptions = { url: 'pglite:' };
export const ADMIN_DEFAULTS: AdminOptions = { listen: '127.0.0.1:0', checkTimeoutMs: 2_000, breakGlassFile: '' };
export const TELEMETRY_DEFAULTS: TelemetryOptions = { logLevel: 'info', otlpEndpoint: '', spansQueuedMax: 2_048 };
export const HTTP_DEFAULTS: HttpOptions = { listen: '127.0.0.1:0' };
export const TOKEN_DEFAULTS: TokenOptions = { publicUrl: '', clockToleranceMs: 5_000, tokenLengthMax: 8_192 };
export const TLS_DEFAULTS: TlsOptions = { caFile: '', certFile: '', keyFile: '' };
