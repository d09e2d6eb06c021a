import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Outcome } from './host.js';
import { RUNTIME_DEFAULTS } from './options.js';
import { RetryWindow } from './retry-window.js';

const options = { ...RUNTIME_DEFAULTS, repliesMax: 5, repliesBytesMax: 40, replyKeepMs: 100 };
const outcome = (text: string): Outcome => ({ ok: true, json: text });

test('K11: a late reply to an early request does not push out what is still wanted', () => {
  const window = new RetryWindow();
  window.add(10, 4, outcome('ten'), 0, options);
  window.add(5, 4, outcome('five'), 0, options);
  window.add(11, 7, outcome('eleven'), 0, options);
  expect([10, 11].map((request) => window.find(request))).toEqual([outcome('ten'), outcome('eleven')]);
  window.add(12, 11, outcome('twelve'), 0, options);
  expect([5, 10, 11, 12, 13].map((request) => window.find(request))).toEqual([
    'too-old',
    'too-old',
    'too-old',
    outcome('twelve'),
    undefined,
  ]);
});

test('K11: a window stays within its limits, never forgets into "new", and keeps what fits; saved and restored it is the same', () => {
  const reply = fc.record({ skip: fc.nat(2), lag: fc.nat(8), length: fc.nat(30), pause: fc.nat(60) });
  fc.assert(
    fc.property(fc.array(reply, { minLength: 1, maxLength: 40 }), (replies) => {
      const window = new RetryWindow();
      const given: { readonly request: number; readonly json: string; readonly at: number }[] = [];
      let [request, answered, at] = [0, 0, 0];
      for (const { skip, lag, length, pause } of replies) {
        request += 1 + skip;
        answered = Math.max(answered, request - lag - 1);
        at += pause;
        given.push({ request, json: 'x'.repeat(length), at });
        window.add(request, answered, outcome('x'.repeat(length)), at, options);
        let bytes = 0;
        const kept = [...given].reverse().filter((one, newness) => {
          bytes += one.json.length;
          const fits = newness < options.repliesMax && bytes <= options.repliesBytesMax;
          return newness === 0 || (fits && one.request > answered && one.at > at - options.replyKeepMs);
        });
        for (const { request: asked, json } of given)
          expect(window.find(asked)).toEqual(kept.some((one) => one.request === asked) ? outcome(json) : 'too-old');
        expect(window.size).toBe(kept.length);
        expect(window.find(request + 1)).toBeUndefined();
        expect(RetryWindow.restore(JSON.parse(JSON.stringify(window.save())))).toEqual(window);
      }
    }),
  );
});
