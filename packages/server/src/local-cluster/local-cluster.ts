import { join } from 'node:path';
import { type Clock, causeOf, MusterError } from '@muster/ports';
import { findProgram, LocalEtcd } from '@muster/storage';
import { PROCESS_DEFAULTS } from '../config/options.js';
import type { ServerRole } from '../process/foundation.js';
import type { ServingDocument } from '../serve.js';
import { Child } from './child.js';
import { type LocalDatabase, startDatabase } from './database.js';
import { Restarts } from './restarts.js';

export interface LocalClusterOptions {
  readonly clock: Clock;
  readonly coordinators: number;
  readonly nodes: number;
  readonly gateways: number;
  /** Largest heap of a gateway in MiB; undefined: as Node has it. */
  readonly gatewayHeapMb: number | undefined;
  /** Folder for etcd's and the database's files. */
  readonly data: string;
  /** Start killed processes again; those that end by themselves with code 0 always are. */
  readonly restart: boolean;
  /** `process.drainMs` of the processes: how long each may hand off before it ends. Default: that option's. */
  readonly drainMs?: number;
  /** `section.option=value` for every process. */
  readonly overrides: readonly string[];
  /** More of them for one process; they win. */
  readonly own?: (role: ServerRole, id: string) => readonly string[];
  /** Start etcd again, too; default: as `restart`. Who wants it away for a while does so by `restartEtcd`. */
  readonly etcdRestart?: boolean;
  /** Where etcd serves; default: a free port. */
  readonly etcdPort?: number;
  /** Told of every process of ours that serves or has ended. */
  readonly changed?: (change: LocalChange) => void;
  /** Configuration file for every process. */
  readonly config: string | undefined;
  /** Compiled entry of this package. */
  readonly entry: string;
  /** Log lines and notices, for people. */
  readonly output: (text: string) => void;
}

/** One process, as `npm run cluster -- --json` shows it. */
export interface LocalProcess {
  readonly role: ServerRole | 'etcd' | 'postgres' | 'pglite';
  readonly id: string;
  readonly pid: number;
  readonly address: string;
  /** Where it serves health, metrics and (a coordinator) the admin API. */
  readonly admin?: string;
}

/** One run of a process began to serve, or ended: with an exit code, or by a signal. */
export type LocalChange = { readonly id: string; readonly role: ServerRole; readonly pid: number } & (
  | { readonly type: 'serves' }
  | { readonly type: 'ended'; readonly code: number | null; readonly signal: string | null }
);

export interface LocalClusterDocument {
  readonly etcd: string;
  readonly processes: readonly LocalProcess[];
  readonly gateways: readonly string[];
  readonly admin: string;
  /** For `storage.url`. */
  readonly storage: string;
}

/** etcd that does not start is tried again after this long. */
const ETCD_PAUSE_MS = 1_000;

/** How long a process may take to end after it has handed off, before it is killed. */
const STOP_MS = 10_000;

interface Member {
  readonly role: ServerRole;
  readonly id: string;
  child: Child;
  startedAt: number;
  readonly restarts: Restarts;
  /** Addresses it had first, which it keeps: clients and operators know them. */
  kept: readonly string[];
}

/** etcd, a database, coordinators, nodes and gateways as processes of this machine. */
export class LocalCluster {
  private readonly options: LocalClusterOptions;
  private readonly members: Member[] = [];
  private etcd: LocalEtcd | undefined;
  /** Under way. */
  private etcdStarts: Promise<number> | undefined;
  private database: LocalDatabase | undefined;
  private stopping = false;

  constructor(options: LocalClusterOptions) {
    this.options = options;
  }

  /** Resolves when every process serves. @throws MusterError; what was started is ended again. */
  async start(): Promise<LocalClusterDocument> {
    try {
      return await this.bringUp();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Ends all in the order that loses least: gateways, nodes, coordinators, then what they stand on. `hurry`: the processes are told to be faster. */
  async stop(hurry?: AbortSignal): Promise<void> {
    this.stopping = true;
    for (const role of ['gateway', 'node', 'coordinator'] as const) {
      const ending = this.members.filter((member) => member.role === role).map(({ child }) => this.end(child, hurry));
      await Promise.all(ending);
    }
    await this.database?.stop();
    await this.etcd?.stop();
  }

  /** etcd again, with what it had stored, where it was, after somebody killed it. Returns its pid. @throws MusterError STORE_UNAVAILABLE */
  restartEtcd(): Promise<number> {
    this.etcdStarts ??= this.startEtcdAgain().finally(() => {
      this.etcdStarts = undefined;
    });
    return this.etcdStarts;
  }

  private async startEtcdAgain(): Promise<number> {
    await this.etcd?.kill();
    const etcd = await this.startEtcd(this.etcd?.clientPort);
    this.etcd = etcd;
    this.watchEtcd(etcd);
    return etcd.pid;
  }

  private watchEtcd(etcd: LocalEtcd): void {
    const { restart, etcdRestart = restart, output, clock } = this.options;
    const again = async (): Promise<void> => {
      if (this.stopping) return;
      try {
        output(`etcd runs as pid ${await this.restartEtcd()}\n`);
      } catch (error) {
        output(`etcd did not start: ${causeOf(error)}\n`);
        clock.after(ETCD_PAUSE_MS, () => void again());
      }
    };
    void etcd.ended.then(() => {
      // Whoever restarts it by hand has begun to.
      if (this.stopping || !etcdRestart || this.etcdStarts !== undefined) return;
      output(`etcd (pid ${etcd.pid}) ended; it is started again\n`);
      void again();
    });
  }

  private startEtcd(clientPort: number | undefined): Promise<LocalEtcd> {
    return LocalEtcd.start({
      program: findProgram('etcd', process.env),
      folder: join(this.options.data, 'etcd'),
      ...(clientPort === undefined ? {} : { clientPort }),
    });
  }

  private async bringUp(): Promise<LocalClusterDocument> {
    const { clock, data, entry, output, coordinators, nodes, gateways, etcdPort } = this.options;
    const etcd = this.startEtcd(etcdPort);
    const database = startDatabase({ clock, folder: data, entry, output });
    await Promise.allSettled([etcd, database]);
    // Kept before either is looked at, so that a failure of one ends the other.
    this.etcd = await etcd.catch(() => undefined);
    this.database = await database.catch(() => undefined);
    this.watchEtcd((await Promise.all([etcd, database]))[0]);
    // Told to end meanwhile: what would be started now, nobody would end.
    if (this.stopping) throw new MusterError('STOPPING', { peer: 'the cluster' });
    this.launch('coordinator', coordinators);
    this.launch('node', nodes);
    this.launch('gateway', gateways);
    await Promise.all(this.members.map(({ child }) => child.ready));
    return this.document();
  }

  private async end(child: Child, hurry: AbortSignal | undefined): Promise<void> {
    const { clock, drainMs = PROCESS_DEFAULTS.drainMs } = this.options;
    child.kill('SIGTERM');
    // Another signal than the first: soon after it, the same one would not count.
    const faster = (): void => child.kill('SIGINT');
    if (hurry?.aborted) faster();
    else hurry?.addEventListener('abort', faster);
    const timer = clock.after(drainMs + STOP_MS, () => child.kill('SIGKILL'));
    await child.ended;
    timer.cancel();
    hurry?.removeEventListener('abort', faster);
  }

  private launch(role: ServerRole, count: number): void {
    for (let n = 1; n <= count; n += 1) {
      const id = `${role}-${role === 'coordinator' ? String.fromCharCode(96 + n) : n}`;
      const startedAt = this.options.clock.monotonic();
      const restarts = new Restarts();
      const member: Member = { role, id, child: this.spawn(role, id, []), startedAt, restarts, kept: [] };
      this.members.push(member);
      this.watch(member);
    }
  }

  private spawn(role: ServerRole, id: string, kept: readonly string[]): Child {
    const { config, overrides, own, entry, output, nodes, gatewayHeapMb, data } = this.options;
    const set = [
      `etcd.hosts=["${this.etcd!.url}"]`,
      `storage.url="${this.database!.url}"`,
      `process.data=${JSON.stringify(join(data, id))}`,
      `coordinator.expectNodes=${nodes}`,
      'issuer.signIn="dev"',
      'telemetry.logLevel="warn"',
      ...overrides,
      ...(own?.(role, id) ?? []),
      ...kept,
    ];
    const args = [
      'serve',
      '--role',
      role,
      '--id',
      id,
      ...(config ? ['--config', config] : []),
      ...set.flatMap((one) => ['--set', one]),
    ];
    const nodeFlags = role === 'gateway' && gatewayHeapMb ? [`--max-old-space-size=${gatewayHeapMb}`] : [];
    return new Child({ entry, args, nodeFlags, output });
  }

  private watch(member: Member): void {
    const { child, role, id } = member;
    const change = { id, role, pid: child.pid };
    const keep = ({ client, admin }: ServingDocument): void => {
      this.options.changed?.({ ...change, type: 'serves' });
      member.kept = [
        ...(client ? [`http.listen="${new URL(client).host}"`] : []),
        ...(admin ? [`admin.listen="${new URL(admin).host}"`] : []),
      ];
    };
    // One that ends before it serves is seen below, and by who waits for the whole cluster.
    child.ready.then(keep, () => undefined);
    void child.ended.then(({ code, signal }) => {
      this.options.changed?.({ ...change, type: 'ended', code, signal });
      if (this.stopping) return;
      const { clock, restart, output } = this.options;
      const again = code === 0 || restart;
      output(`${member.id} (pid ${child.pid}) ended with ${code ?? signal}${again ? '; it is started again' : ''}\n`);
      if (!again) return;
      const pauseMs = member.restarts.pauseAfter(clock.monotonic() - member.startedAt, code === 0);
      clock.after(pauseMs, () => this.respawn(member));
    });
  }

  private respawn(member: Member): void {
    if (this.stopping) return;
    member.child = this.spawn(member.role, member.id, member.kept);
    member.startedAt = this.options.clock.monotonic();
    this.options.output(`${member.id} runs as pid ${member.child.pid}\n`);
    this.watch(member);
  }

  private async document(): Promise<LocalClusterDocument> {
    const serving = await Promise.all(this.members.map(({ child }) => child.ready));
    const { etcd, database } = this;
    return {
      etcd: etcd!.url,
      processes: [
        { role: 'etcd', id: 'etcd', pid: etcd!.pid, address: new URL(etcd!.url).host },
        { role: database!.kind, id: 'database', pid: database!.pid, address: new URL(database!.url).host },
        ...serving.map(({ role, id, pid, address, admin }) => ({
          role,
          id,
          pid,
          address,
          ...(admin ? { admin } : {}),
        })),
      ],
      gateways: serving.flatMap(({ client }) => (client ? [client] : [])),
      admin: serving.find(({ role }) => role === 'coordinator')?.admin ?? '',
      storage: database!.url,
    };
  }
}
