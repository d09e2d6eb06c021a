import type { EntityRef, PeerId } from '@muster/ports';
import { Questions, type QuestionsSetup } from './questions.js';

/** Questions to owners about one entity each. */
export class Inspections {
  private readonly setup: QuestionsSetup;
  private readonly questions: Questions;

  constructor(setup: QuestionsSetup) {
    this.setup = setup;
    this.questions = new Questions(setup);
    setup.peers.on('inspected', (from, { body: { request, code, result } }) =>
      this.questions.answered(from.peer, { request, code, json: result }),
    );
  }

  /** What the owner knows of the entity; null: it is not activated there.
   *  @throws MusterError UNREACHABLE, DEADLINE_EXCEEDED, TOO_MANY_REQUESTS, or what the owner answered */
  ask(owner: PeerId, { kind, id }: EntityRef, shard: number): Promise<unknown> {
    return this.questions.ask(owner, (request) =>
      this.setup.peers.send(owner, 'control', { type: 'inspect', shard, body: { request, kind, id } }),
    );
  }

  stop(): void {
    this.questions.stop();
  }
}
