import { expect, test } from '@jest/globals';
import { Deliveries } from './deliveries.js';
import { numberIn, textOf } from './numbers.js';

test('everybody but the author is owed each message, once, in the order of each author', () => {
  const deliveries = new Deliveries(3);
  for (const at of [0, 10, 20, 30]) deliveries.sent(at);
  expect(deliveries.due).toBe(8);
  for (const [receiver, message, at] of [
    [1, 0, 5],
    [2, 0, 6],
    [0, 1, 15],
    [2, 1, 16],
    [0, 2, 25],
    [1, 2, 26],
    [1, 3, 35],
    [2, 3, 36],
  ] as const)
    deliveries.received(receiver, message, at);
  expect(deliveries.sum()).toEqual({ asked: 8, completed: 8, p50Ms: 5.5, p99Ms: 6, maxMs: 6 });
});

test.each([
  ['twice', [1, 0, 1, 0]],
  ["behind a later one of its author's", [1, 3, 1, 0]],
  ['to its author', [1, 0, 0, 0]],
  ['that nobody sent', [1, 0, 1, 99]],
])('a delivery %s spoils the figure', (_, [receiver, message, again, other]) => {
  const deliveries = new Deliveries(3);
  for (const at of [0, 10, 20, 30]) deliveries.sent(at);
  deliveries.received(receiver!, message!, 40);
  const { completed } = deliveries.sum();
  deliveries.received(again!, other!, 41);
  expect(deliveries.sum().completed).toBe(completed - 1);
});

test('a delivery says which message it is, and other events are none', () => {
  const event = (commandId: string): Buffer =>
    Buffer.from(
      `{"type":"event","messageId":"a/1","commandId":"${commandId}","data":{"message":"${textOf(42)}","source":{}}}`,
    );
  expect(numberIn(event('messaging/received'))).toBe(42);
  expect(numberIn(event('lobby/updated'))).toBeNaN();
});
