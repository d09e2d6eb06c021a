import type { DatabaseOptions } from './options.js';

interface Waiting<Question, Answer> {
  readonly question: Question;
  readonly answered: (answer: Answer) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Questions of one kind that many ask at about the same time, one each. A question goes at once while few statements are under way; those that
 * come meanwhile go together with the next, in their order: the way there and back, the planning and the commit are paid once for all of them.
 * No question is answered by a statement that began before it was asked. A statement that fails, fails for all in it: what only one of them could
 * be at fault for is checked before.
 */
export class Together<Question, Answer> {
  private readonly askAll: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  private readonly options: Pick<DatabaseOptions, 'togetherMax' | 'togetherStatementsMax'>;
  // Bounded by whoever admits the calls: each waits here for its only answer.
  private waiting: Waiting<Question, Answer>[] = [];
  private underWay = 0;

  /** `askAll`: an answer for each question, in their order. */
  constructor(
    askAll: (questions: readonly Question[]) => Promise<readonly Answer[]>,
    options: Pick<DatabaseOptions, 'togetherMax' | 'togetherStatementsMax'>,
  ) {
    this.askAll = askAll;
    this.options = options;
  }

  ask(question: Question): Promise<Answer> {
    return new Promise((answered, failed) => {
      this.waiting.push({ question, answered, failed });
      this.next();
    });
  }

  private next(): void {
    const { togetherMax, togetherStatementsMax } = this.options;
    if (this.waiting.length === 0 || this.underWay >= togetherStatementsMax) return;
    const asked = this.waiting.slice(0, togetherMax);
    this.waiting = this.waiting.slice(togetherMax);
    this.underWay += 1;
    void this.settle(asked).finally(() => {
      this.underWay -= 1;
      this.next();
    });
  }

  private async settle(asked: readonly Waiting<Question, Answer>[]): Promise<void> {
    try {
      const answers = await this.askAll(asked.map(({ question }) => question));
      for (const [index, { answered }] of asked.entries()) answered(answers[index]!);
    } catch (error) {
      for (const { failed } of asked) failed(error);
    }
  }
}
