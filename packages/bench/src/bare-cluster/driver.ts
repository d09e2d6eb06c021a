import { ClusterClient, placementKeys, type RoutedOutcome, type ShardRow } from '@muster/cluster';
import { type EntityRef, HASHED_SHARDS, MusterError, type ShardId, silentLog } from '@muster/ports';
import type { EnvelopeOf } from '@muster/wire';
import { KINDS } from './kinds.js';
import { type Place, stand } from './standing.js';

const ADMIN_TIMEOUT_MS = 10_000;

/** An actor that commands go to, with what it should answer next. One session each: the actor keeps its last replies. */
export interface Target {
  readonly entity: EntityRef;
  readonly session: string;
  request: number;
  answered: number;
  /** Writes that it has counted, as far as its replies say. */
  counted: number;
}

/** What came of a command: the count that the actor replied, or why there is none. */
export type Answered = (count: number | undefined, failure: string) => void;

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
    const client = new ClusterClient({ ...stand(place), log: silentLog, placementKeys: placementKeys(KINDS) });
    await client.start();
    return new Driver(client);
  }

  target(kind: string, id: string): Target {
    this.sessions += 1;
    return {
      entity: { kind, id },
      session: `${this.client.self}/${this.sessions}`,
      request: 0,
      answered: 0,
      counted: 0,
    };
  }

  send(target: Target, name: string, data: Uint8Array, done: Answered): void {
    target.request += 1;
    const { request } = target;
    const origin = {
      type: 'client',
      session: target.session,
      request,
      answered: target.answered,
      caller: target.entity.id,
    } as const;
    this.client.router.call(
      {
        entity: target.entity,
        name,
        data,
        origin,
        deadlineMs: 0,
        trace: '' as never,
        cause: `${target.session}:${request}`,
      },
      (outcome) => {
        // Answers come in order: what is after this one is still under way.
        target.answered = request;
        done(...told(outcome));
      },
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

function told(outcome: RoutedOutcome): [number | undefined, string] {
  if (outcome.ok) return [Number(Buffer.from(outcome.data).toString()), ''];
  return [undefined, outcome.code];
}
