import { type EntityRef, entityKey, MusterError, type PeerId, parseEntity } from '@muster/ports';
import type { Regime } from '../regime.js';
import type { EntityTellDocument } from './documents.js';
import { Questions, type QuestionsSetup } from './questions.js';

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
  private readonly setup: QuestionsSetup;
  private readonly questions: Questions;

  constructor(setup: QuestionsSetup) {
    this.setup = setup;
    this.questions = new Questions(setup);
    setup.peers.on('reply', (from, { body: { request, code, data } }) =>
      this.questions.answered(from.peer, { request, code, json: data }),
    );
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
    this.questions.stop();
  }

  private send(
    { owner, shard, term }: Place,
    { kind, id }: EntityRef,
    name: string,
    data: unknown,
    who: string,
  ): Promise<unknown> {
    const { peers, timeoutMs } = this.setup;
    const json = new TextEncoder().encode(JSON.stringify(data));
    return this.questions.ask(owner, (request) => {
      const body = { kind, id, name, data: json, request, caller: who, ttlMs: timeoutMs };
      return peers.send(owner, 'data', { type: 'command', shard, term, body });
    });
  }
}
