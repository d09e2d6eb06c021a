import { expect, test } from '@jest/globals';
import { Together } from './together.js';

/** Statements that end when told to; each answers `<question>!`. */
function statements() {
  const asked: string[][] = [];
  const ends: { readonly succeed: () => void; readonly fail: (error: Error) => void }[] = [];
  const askAll = (questions: readonly string[]): Promise<string[]> => {
    asked.push([...questions]);
    return new Promise((resolve, reject) => {
      ends.push({ succeed: () => resolve(questions.map((one) => `${one}!`)), fail: reject });
    });
  };
  return { asked, ends, askAll };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a question goes at once; what comes while statements are under way goes together with the next, in its order', async () => {
  const { asked, ends, askAll } = statements();
  const together = new Together(askAll, { togetherMax: 3, togetherStatementsMax: 2 });
  const answers = ['a', 'b', 'c', 'd', 'e', 'f'].map((question) => together.ask(question));
  expect(asked).toEqual([['a'], ['b']]);
  ends[1]!.succeed();
  expect(await answers[1]).toBe('b!');
  await settled();
  expect(asked).toEqual([['a'], ['b'], ['c', 'd', 'e']]);
  ends[0]!.succeed();
  await settled();
  expect(asked).toEqual([['a'], ['b'], ['c', 'd', 'e'], ['f']]);
  ends[2]!.succeed();
  ends[3]!.succeed();
  expect(await Promise.all(answers)).toEqual(['a!', 'b!', 'c!', 'd!', 'e!', 'f!']);
});

test('a statement that fails, fails for those in it and for nobody else', async () => {
  const { asked, ends, askAll } = statements();
  const together = new Together(askAll, { togetherMax: 10, togetherStatementsMax: 1 });
  const answers = Promise.allSettled(['a', 'b', 'c'].map((question) => together.ask(question)));
  ends[0]!.succeed();
  await settled();
  ends[1]!.fail(new Error('gone'));
  expect((await answers).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  const later = together.ask('d');
  expect(asked).toEqual([['a'], ['b', 'c'], ['d']]);
  ends[2]!.succeed();
  expect(await later).toBe('d!');
});
