import { ClusterClient, placementKeys, type ShardRow } from '@muster/cluster';
import { HASHED_SHARDS, MusterError, type ShardId, silentLog } from '@muster/ports';
import type { EnvelopeOf } from '@muster/wire';
import { KINDS } from './kinds.js';
import { LIVENESS } from './liveness.js';
import { type Place, stand } from './standing.js';
import { Target } from './target.js';

const ADMIN_TIMEOUT_MS = 10_000;

/** What came of a command: empty where its actor replied the count that was due, else the error's code, or what it counted instead. */
export type Answered = (failure: string) => void;

/** A process that sends commands to actors as a gateway does, but for the sockets. */
export class Driver {
  readonly client: ClusterClient;
  private sessions = 0;
  private asked = 0;
  private readonly asking = new Map<number, (body: EnvelopeOf<'adminResponse'>['body']) => void>();

  private constructor(client: ClusterClient) {
    this.client = client;
    client.peers.on('adminResponse', (_from, { body }) => this.asking.get(body.request)?.(body));
  }

  static async start(place: Place): Promise<Driver> {
    const client = new ClusterClient({
      ...stand(place),
      log: silentLog,
      placementKeys: placementKeys(KINDS),
      options: { heartbeat: LIVENESS },
    });
    await client.start();
    return new Driver(client);
  }

  target(kind: string, id: string): Target {
    this.sessions += 1;
    return new Target({ kind, id }, `${this.client.self}/${this.sessions}`);
  }

  send(target: Target, name: string, data: Uint8Array, done: Answered): void {
    const { entity, session } = target;
    const request = target.next();
    const { answered } = target;
    const origin = { type: 'client', session, request, answered, caller: entity.id } as const;
    const cause = `${session}:${request}`;
    this.client.router.call({ entity, name, data, origin, deadlineMs: 0, trace: '', cause }, (outcome) =>
      done(target.heard(request, outcome.ok ? Number(Buffer.from(outcome.data).toString()) : outcome.code)),
    );
  }

  /** Rows of the shards that entities hash to, as this process knows them. */
  rows(): readonly ShardRow[] {
    return this.client.table.allRows().slice(0, HASHED_SHARDS);
  }

  row(shard: ShardId): ShardRow {
    return this.client.table.row(shard);
  }

  /** Every shard has a backup: what is measured from now on has its second place. */
  get backed(): boolean {
    return this.client.ready && this.rows().every(({ backup }) => backup !== '');
  }

  /** An admin command to the leader. @throws MusterError what it answered */
  async admin(command: string, args: unknown): Promise<unknown> {
    const { peers, agent } = this.client;
    this.asked += 1;
    const request = this.asked;
    const body = { request, command, arguments: Buffer.from(JSON.stringify(args)) };
    const answered = new Promise<EnvelopeOf<'adminResponse'>['body']>((resolve, reject) => {
      this.asking.set(request, resolve);
      setTimeout(() => reject(new Error(`${command} was not answered`)), ADMIN_TIMEOUT_MS).unref();
    });
    peers.send(agent.leader as never, 'control', { type: 'adminRequest', body });
    try {
      const { code, result } = await answered;
      const document: unknown = result.length === 0 ? null : JSON.parse(Buffer.from(result).toString());
      if (code !== '')
        throw new MusterError('INVALID_REQUEST', { details: `${command}: ${code} ${JSON.stringify(document)}` });
      return document;
    } finally {
      this.asking.delete(request);
    }
  }
}
