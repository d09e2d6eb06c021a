import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessSelf, Vitals } from '@muster/cluster';
import {
  type Clock,
  type ClusterStore,
  causeOf,
  type Log,
  type LogLevel,
  MusterError,
  type Network,
  type Random,
  type Storage,
  SystemClock,
  SystemRandom,
  silentTracer,
  type Tracer,
  token,
} from '@muster/ports';
import { EtcdStore, openStorage } from '@muster/storage';
import { GrpcNetwork } from '@muster/wire';
import type { Config } from '../config/load.js';
import type { RunningTracer } from '../telemetry/otel-tracer.js';
import { pinoLog } from '../telemetry/pino-log.js';
import { PrometheusMetrics } from '../telemetry/prometheus-metrics.js';
import { advertised } from './advertised-network.js';
import { systemVitals } from './system-vitals.js';

export type ServerRole = 'coordinator' | 'node' | 'gateway';

/** Version of this build, from package.json: part of every Hello and of the member's entry in the store. */
export const BUILD = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

/** Bytes of an incarnation: enough that two runs under one name never agree. */
const INCARNATION_BYTES = 6;

/** What every role of this process stands on: real time, chance, network, telemetry. */
export interface Foundation {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly metrics: PrometheusMetrics;
  readonly log: Log;
  readonly tracer: Tracer;
  readonly vitals: () => Vitals;
  /** Ends telemetry; the roles were stopped before. */
  stop(): Promise<void>;
}

export async function layFoundation(config: Config, name: string): Promise<Foundation> {
  const clock = new SystemClock();
  const log = pinoLog({ level: config.telemetry.logLevel as LogLevel, fields: { node: name } });
  const vitals = systemVitals();
  const { advertise } = config.process;
  const network = new GrpcNetwork({ clock, tls: readTls(config), options: config.grpc });
  const tracing = await startedTracing(config, name, log);
  return {
    config,
    clock,
    random: new SystemRandom(),
    network: advertise === '' ? network : advertised(network, advertise),
    metrics: new PrometheusMetrics({ process: name }),
    log,
    tracer: tracing?.tracer ?? silentTracer,
    vitals: vitals.read,
    stop: async () => {
      vitals.stop();
      await tracing?.stop();
    },
  };
}

/** The SDK is loaded only where spans go somewhere: it takes 25 MB of each process. */
async function startedTracing({ telemetry }: Config, instance: string, log: Log): Promise<RunningTracer | undefined> {
  const { otlpEndpoint: endpoint, spansQueuedMax } = telemetry;
  if (endpoint === '') return undefined;
  const { startTracing } = await import('../telemetry/otel-tracer.js');
  return startTracing({ endpoint, service: 'muster', instance, spansQueuedMax, log });
}

/** This run of a process. Its incarnation is new with every call (K3). */
export function selfOf({ config, random }: Foundation, id: string, address: string): ProcessSelf {
  const incarnation = token(random, INCARNATION_BYTES);
  return { id, incarnation, address, cluster: config.cluster.name, zone: config.process.zone, build: BUILD };
}

export function openClusterStore({ config, clock, random, log, metrics }: Foundation): ClusterStore {
  return new EtcdStore({ hosts: config.etcd.hosts, clock, random, options: config.etcdStore, log, metrics });
}

/** @throws MusterError BAD_CONFIG, STORAGE_UNAVAILABLE, STORAGE_MISMATCH */
export function openAccounts({ config, clock, random, log, metrics }: Foundation): Promise<Storage> {
  const { url } = config.storage;
  const where = url === 'pglite:' ? `pglite:${join(config.process.data, 'accounts')}` : url;
  return openStorage({ url: where, clock, random, options: config.database, log, metrics });
}

function readTls({ tls }: Config) {
  if (tls.caFile === '') return undefined;
  return { ca: readPem(tls.caFile), cert: readPem(tls.certFile), key: readPem(tls.keyFile) };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new MusterError('BAD_CONFIG', { details: `tls: ${causeOf(error)}` });
  }
}
