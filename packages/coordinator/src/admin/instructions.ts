import type { Peers } from '@muster/cluster';
import {
  type Clock,
  type EntityRef,
  entityKey,
  isErrorCode,
  type Millis,
  MusterError,
  type PeerId,
  parseEntity,
  type Timer,
} from '@muster/ports';
import type { Regime } from '../regime.js';
import type { EntityTellDocument } from './documents.js';

interface Pending {
  readonly owner: PeerId;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: MusterError) => void;
  readonly timer: Timer;
}

export interface InstructionsSetup {
  readonly peers: Peers;
  readonly clock: Clock;
  readonly timeoutMs: Millis;
  readonly max: number;
}

/** Where an entity is. */
interface Place {
  readonly owner: PeerId;
  readonly shard: number;
  readonly term: number;
}

/**
 * An operator's commands to actors. Each is sent once: whether one that was not answered in time was obeyed nobody knows, and the operator looks
 * before saying it again. Which commands take orders from operators is the kinds' matter.
 */
export class Instructions {
  private readonly setup: InstructionsSetup;
  private readonly pending = new Map<number, Pending>();
  private told = 0;

  constructor(setup: InstructionsSetup) {
    this.setup = setup;
    setup.peers.on('reply', (from, { body }) => {
      const command = this.pending.get(body.request);
      if (command?.owner !== from.peer) return;
      this.end(body.request);
      const said = readJson(body.data);
      if (body.code === '') command.resolve(said);
      else command.reject(new MusterError(isErrorCode(body.code) ? body.code : 'ACTOR_FAILED', detailsOf(said)));
    });
  }

  /** @throws MusterError INVALID_ENTITY, INVALID_REQUEST, NO_OWNER, UNREACHABLE, DEADLINE_EXCEEDED, TOO_MANY_REQUESTS, or what the actor answered */
  async tell(
    regime: Regime,
    { entity: text, command, data = null }: Readonly<Record<string, unknown>>,
    who: string,
  ): Promise<Omit<EntityTellDocument, 'epoch'>> {
    const entity = parseEntity(typeof text === 'string' ? text : '');
    if (typeof command !== 'string' || command === '')
      throw new MusterError('INVALID_REQUEST', { details: 'a command is needed' });
    const { shard, owner, term } = regime.ledger.row(regime.entities.orders.shardOf(entityKey(entity)));
    if (owner === '') throw new MusterError('NO_OWNER', { shard });
    const value = await this.send({ owner: owner as PeerId, shard, term }, entity, command, data, who);
    return { entity: entityKey(entity), owner, value };
  }

  stop(): void {
    for (const [request, { reject }] of this.pending) {
      this.end(request);
      reject(new MusterError('STOPPING', { peer: this.setup.peers.self.peer }));
    }
  }

  private send(
    { owner, shard, term }: Place,
    { kind, id }: EntityRef,
    name: string,
    data: unknown,
    who: string,
  ): Promise<unknown> {
    const { peers, clock, timeoutMs, max } = this.setup;
    if (this.pending.size >= max) return Promise.reject(new MusterError('TOO_MANY_REQUESTS', { max }));
    const request = ++this.told;
    const json = new TextEncoder().encode(JSON.stringify(data));
    const body = { kind, id, name, data: json, request, caller: who, ttlMs: timeoutMs };
    if (!peers.send(owner, 'data', { type: 'command', shard, term, body }))
      return Promise.reject(new MusterError('UNREACHABLE', { peer: owner }));
    return new Promise((resolve, reject) => {
      const timer = clock.after(timeoutMs, () => {
        this.pending.delete(request);
        reject(new MusterError('DEADLINE_EXCEEDED', { ms: timeoutMs }));
      });
      this.pending.set(request, { owner, resolve, reject, timer });
    });
  }

  private end(request: number): void {
    this.pending.get(request)?.timer.cancel();
    this.pending.delete(request);
  }
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return bytes.length === 0 ? null : JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

function detailsOf(said: unknown): Record<string, string | number | boolean> {
  return typeof said === 'object' && said !== null && !Array.isArray(said)
    ? (said as Record<string, string | number | boolean>)
    : {};
}
