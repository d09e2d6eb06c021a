import { describe, expect, test } from '@jest/globals';
import { codeOf } from '@muster/ports';
import type { ResponseMessage } from './envelope.js';
import { TachyonProtocol } from './protocol.js';

const protocol = new TachyonProtocol();

describe('answers of clients to the server', () => {
  const answer = (fields: Partial<ResponseMessage>, commandId = 'autohost/start') =>
    protocol.answer(
      {
        type: 'response',
        messageId: 'm',
        commandId,
        status: 'success',
        reason: '',
        details: undefined,
        data: undefined,
        ...fields,
      },
      'autohost/start',
    );

  test('data that fits is the answer', () => {
    const data = { ips: ['192.0.2.7', '::1'], port: 20_001 };
    expect(answer({ data })).toEqual({ ok: true, data });
  });

  test.each([
    [undefined, '/data must be object'],
    [{ ips: ['192.0.2.7'] }, "/data must have required property 'port'"],
    [{ ips: ['192.0.2.7'], port: 80 }, '/data/port must be >= 1024'],
    [{ ips: ['example.org'], port: 20_001 }, '/data/ips/0 must match format "ipv4"'],
  ])('%j is no answer', (data, details) => {
    expect(answer({ data })).toEqual({ ok: false, reason: 'internal_error', details });
  });

  test('a reason that the command knows is kept, another is told of', () => {
    const failed = { status: 'failed', data: undefined } as const;
    expect(answer({ ...failed, reason: 'engine_version_not_available' })).toMatchObject({
      reason: 'engine_version_not_available',
    });
    expect(answer({ ...failed, reason: 'tired', details: 'x'.repeat(400) })).toMatchObject({
      reason: 'internal_error',
      details: expect.stringMatching(/^tired: x{248}…$/),
    });
  });

  test('an answer to another command ends the connection', () => {
    let code: string | undefined;
    try {
      answer({}, 'autohost/kill');
    } catch (error) {
      code = codeOf(error);
    }
    expect(code).toBe('BAD_MESSAGE');
  });
});
