// What strangers may send, and how each of it is answered.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import type { RawPlayer } from './raw-player.js';

/** Arrays within arrays, far beyond what any command needs. */
const DEEP = 10_000;
/** Above `edge.frameBytesMax`. */
const LARGE = 129 * 1024;
const FRAGMENTS = 100;

export interface BadFrame {
  readonly what: string;
  readonly send: (player: RawPlayer) => void;
  readonly code: number;
  readonly reason: RegExp;
}

const ASK = { type: 'request', messageId: 'm', commandId: 'system/serverStats' };

function text(what: string, frame: unknown, reason: RegExp, code = 1008): BadFrame {
  const encoded = typeof frame === 'string' ? frame : JSON.stringify(frame);
  return { what, send: ({ ws }) => ws.send(encoded), code, reason };
}

/** Each ends the connection that sent it. */
export const BAD_FRAMES: readonly BadFrame[] = [
  text('no JSON', '{"type":"request"', /^not JSON$/),
  text('an empty frame', '', /^not JSON$/),
  text('a list', [ASK], /^not a JSON object$/),
  text('null', 'null', /^not a JSON object$/),
  text('an unknown type', { ...ASK, type: 'wish' }, /^type must be request, response or event$/),
  text('no messageId', { ...ASK, messageId: undefined }, /^messageId must be a string/),
  text('a messageId that is a number', { ...ASK, messageId: 7 }, /^messageId must be a string/),
  text(
    'a messageId without end',
    { ...ASK, messageId: 'm'.repeat(129) },
    /^messageId may have at most 128 characters$/,
  ),
  text('an empty commandId', { ...ASK, commandId: '' }, /^commandId must be a string/),
  text('a commandId that is an object', { ...ASK, commandId: {} }, /^commandId must be a string/),
  text('a response without a status', { ...ASK, type: 'response' }, /^status must be success or failed$/),
  text('a response that nobody asked for', { ...ASK, type: 'response', status: 'success' }, /no request pending/),
  text('10,000 open lists', '['.repeat(DEEP), /^more than 16 levels deep$/),
  text('data 17 levels deep', `{"type":"request","data":${'['.repeat(16)}${']'.repeat(16)}}`, /levels deep$/),
  text('10,000 lists within each other', `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`, /^more than 16 levels deep$/),
  text('a frame over the limit', { ...ASK, data: 'x'.repeat(LARGE) }, /.*/, 1009),
  text('__proto__ in the envelope', `{"__proto__":{"type":"request"},"messageId":"m"}`, /__proto__/),
  text(
    '__proto__ in the data',
    `{"type":"request","messageId":"m","commandId":"c","data":{"a":[{"__proto__":1}]}}`,
    /__proto__/,
  ),
  text(
    'an escaped __proto__',
    `{"type":"request","messageId":"m","commandId":"c","data":{"\\u005f_proto__":1}}`,
    /__proto__/,
  ),
  {
    what: 'a binary frame',
    send: ({ ws }) => ws.send(Buffer.from(JSON.stringify(ASK))),
    code: 1003,
    reason: /^only text frames/,
  },
  {
    what: 'text that is no UTF-8',
    send: ({ ws }) => ws.send(Buffer.from([0xff, 0xfe]), { binary: false }),
    code: 1007,
    reason: /.*/,
  },
  {
    what: 'a message in a hundred pieces',
    send: ({ ws }) => {
      for (let n = 0; n < FRAGMENTS; n += 1) ws.send('x', { fin: n === FRAGMENTS - 1 });
    },
    code: 1008,
    reason: /.*/,
  },
  {
    what: 'a thousand messages at once',
    send: ({ ws }) => {
      for (let n = 0; n < 1_000; n += 1) ws.send(JSON.stringify({ ...ASK, messageId: `m${n}` }));
    },
    code: 1008,
    reason: /^Rate limited$/,
  },
];

/** Each fails, and the connection goes on. */
export const BAD_REQUESTS: readonly (readonly [string, unknown, string])[] = [
  ['lobby/levitate', {}, 'command_unimplemented'],
  ['constructor', {}, 'command_unimplemented'],
  ['messaging/received', {}, 'command_unimplemented'],
  ['battle/start', {}, 'command_unimplemented'],
  ['autohost/status', { maxBattles: 1e9, currentBattles: 0, availableEngines: [] }, 'unauthorized'],
  ['messaging/send', undefined, 'invalid_request'],
  ['messaging/send', { target: 7, message: 'x' }, 'invalid_request'],
  ['messaging/send', { target: { type: 'player', userId: '1' }, message: 'x'.repeat(513) }, 'message_too_long'],
  ['messaging/send', { target: { type: 'player', userId: '../1' }, message: 'x' }, 'invalid_target'],
  ['user/info', { userId: '999999' }, 'unknown_user'],
  ['user/subscribeUpdates', { userIds: Array(101).fill('1') }, 'invalid_request'],
];

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Tokens that are made of a good one, by name. None opens anything. */
export function forgeries(good: string, publicKey: object): readonly (readonly [string, string])[] {
  const [head, body, seal] = good.split('.') as [string, string, string];
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, unknown>;
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
  const { privateKey } = generateKeyPairSync('ed25519');
  const sealed = (headPart: string, bodyPart: string): string =>
    `${headPart}.${bodyPart}.${sign(null, Buffer.from(`${headPart}.${bodyPart}`), privateKey).toString('base64url')}`;
  const symmetric = part({ ...header, alg: 'HS256' });
  const hmac = createHmac('sha256', JSON.stringify(publicKey)).update(`${symmetric}.${body}`).digest('base64url');
  return [
    ['no token at all', ''],
    ['words', 'let me in'],
    ['alg none', `${part({ ...header, alg: 'none' })}.${body}.`],
    ['alg none, in capitals, with a signature', `${part({ ...header, alg: 'NONE' })}.${body}.${seal}`],
    ['another subject under the same signature', `${head}.${part({ ...claims, sub: '1' })}.${seal}`],
    ['a later expiry under the same signature', `${head}.${part({ ...claims, exp: 9_999_999_999 })}.${seal}`],
    ["a stranger's key under the name of ours", sealed(head, body)],
    ["a stranger's key under its own name", sealed(part({ ...header, kid: 'mine' }), body)],
    ["a stranger's key that the token brings along", sealed(part({ ...header, jwk: publicKey }), body)],
    ['our public key as a shared secret', `${symmetric}.${body}.${hmac}`],
    ['no signature', `${head}.${body}.`],
    ['a token without end', `${head}.${body}.${'A'.repeat(8_192)}`],
  ];
}
