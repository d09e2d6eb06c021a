import { describe, expect, test } from '@jest/globals';
import { codeOf, isMusterError } from '@muster/ports';
import { parseMessage } from './envelope.js';
import { TACHYON_DEFAULTS, tachyonOptions } from './options.js';
import { nestsDeeperThan } from './scan.js';

const options = TACHYON_DEFAULTS;
const request = { type: 'request', messageId: 'm1', commandId: 'user/info', data: { userId: '7' } };

function refusal(text: string): string {
  try {
    parseMessage(text, options);
  } catch (error) {
    if (isMusterError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'taken';
}

describe('what is taken', () => {
  test('a request is read with its data untouched', () => {
    expect(parseMessage(JSON.stringify(request), options)).toEqual(request);
  });

  test('a failed response carries its reason and details', () => {
    const text =
      '{"type":"response","messageId":"m","commandId":"a/b","status":"failed","reason":"no","details":"why"}';
    expect(parseMessage(text, options)).toMatchObject({ status: 'failed', reason: 'no', details: 'why' });
  });

  test('brackets, braces and the word __proto__ inside a text are just text', () => {
    const message = `__proto__ ${'['.repeat(100)} \\" {{{ \\\\`;
    const text = JSON.stringify({ ...request, data: { message } });
    expect(parseMessage(text, options)).toMatchObject({ data: { message } });
  });
});

describe('what ends the connection', () => {
  test.each([
    ['no JSON', 'hello', 'BAD_MESSAGE: not JSON'],
    ['an empty frame', '', 'BAD_MESSAGE: not JSON'],
    ['an array', '[]', 'BAD_MESSAGE: not a JSON object'],
    ['null', 'null', 'BAD_MESSAGE: not a JSON object'],
    ['no type', '{"messageId":"m","commandId":"c"}', 'BAD_MESSAGE: type must be request, response or event'],
    ['a type that is no text', '{"type":1,"messageId":"m","commandId":"c"}', 'BAD_MESSAGE: type must be'],
    ['no messageId', '{"type":"event","commandId":"c"}', 'BAD_MESSAGE: messageId must be a string'],
    ['a numeric messageId', '{"type":"event","messageId":1,"commandId":"c"}', 'BAD_MESSAGE: messageId must be'],
    ['an empty commandId', '{"type":"event","messageId":"m","commandId":""}', 'BAD_MESSAGE: commandId must be'],
    ['a response without status', '{"type":"response","messageId":"m","commandId":"c"}', 'BAD_MESSAGE: status must'],
  ])('%s is refused with the rule that it broke', (_, text, expected) => {
    expect(refusal(text)).toContain(expected);
  });

  test('JSON ten thousand levels deep is refused before it is parsed', () => {
    const text = `{"type":"request","messageId":"m","commandId":"c","data":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
    expect(refusal(text)).toBe('BAD_MESSAGE: more than 16 levels deep');
    expect(refusal('['.repeat(60_000))).toBe('BAD_MESSAGE: more than 16 levels deep');
  });

  test.each(['"__proto__"', '"\\u005f_proto__"', '"__pr\\u006fto__"'])('an own key %s is refused', (key) => {
    const text = `{"type":"request","messageId":"m","commandId":"c","data":{"a":[{${key}:{"admin":true}}]}}`;
    expect(refusal(text)).toBe('BAD_MESSAGE: a key is called __proto__');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test('a frame over the limit is refused unread', () => {
    expect(refusal('x'.repeat(options.frameLengthMax + 1))).toBe(
      `FRAME_TOO_LARGE: a frame may have at most ${options.frameLengthMax} bytes`,
    );
  });

  test('a messageId over its limit is refused', () => {
    expect(refusal(JSON.stringify({ ...request, messageId: 'm'.repeat(129) }))).toContain('at most 128');
  });
});

test('exactly the allowed depth passes the scan', () => {
  expect(nestsDeeperThan('[[[]]]', 3)).toBe(false);
  expect(nestsDeeperThan('[[[]]]', 2)).toBe(true);
  expect(nestsDeeperThan('[],[],[],[]', 1)).toBe(false);
  expect(nestsDeeperThan('"an unfinished text [[[[', 1)).toBe(false);
});

test('limits that the protocol cannot live with are refused at start', () => {
  for (const changes of [{ depthMax: 3 }, { frameLengthMax: 0 }, { messageIdLengthMax: 1.5 }]) {
    let code: string | undefined;
    try {
      tachyonOptions(changes);
    } catch (error) {
      code = codeOf(error);
    }
    expect(code).toBe('BAD_CONFIG');
  }
});
