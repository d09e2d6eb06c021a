import type { TSchema } from '@sinclair/typebox';
import { COMMANDS } from './commands.js';
import { type CommandDefinition, GENERIC_REASONS } from './definition.js';

/** The text of docs/protocol.md, made from the definitions. */
export function protocolDocument(): string {
  const commands: readonly CommandDefinition[] = [...COMMANDS].sort((a, b) => (a.commandId < b.commandId ? -1 : 1));
  return `${[
    '# Connecting',
    '',
    '1. `GET <gateway>/.well-known/oauth-authorization-server` names the endpoints below; no other path is fixed.',
    '2. A person: authorization code with PKCE (S256) as the public client `generic_lobby`, scope `tachyon.lobby`, redirect to a loopback address with any',
    '   port. A bot: client credentials. Both end with a bearer token; a person also gets a refresh token, which is replaced at each use.',
    '3. `GET <gateway>/tachyon` as a WebSocket with `Authorization: Bearer <token>` and the subprotocol `v0.tachyon`, or `v0.muster` before it in the',
    '   list for what goes beyond Tachyon. Text frames only, no compression.',
    '4. The first frame that comes is the event `user/self`. The server pings at least every 10 s and ends a connection that was silent for 20 s.',
    '',
    '`docs/first-client.mjs` does all of it through the SDK in `packages/client`.',
    '',
    '# Commands',
    '',
    'Every Tachyon command that exists here. This page is made from the definitions in `packages/tachyon/src` by `npm run docs`; a test holds the two together.',
    '',
    'One text frame is one message: `{ "type": "request" | "response" | "event", "messageId", "commandId", "data"? }`. A response repeats the',
    'messageId and commandId of its request and has `status`: `success`, with `data` where the command has any, or `failed`, with `reason` and',
    'sometimes `details`.',
    '',
    `Any request may fail with ${GENERIC_REASONS.map(code).join(', ')}. Fields that are not named here are passed over. A command that is not`,
    'listed fails with `command_unimplemented`; a frame that is no message ends the connection with 1008. Times are microseconds since the Unix epoch.',
    ...commands.flatMap(section),
  ].join('\n')}\n`;
}

function section(command: CommandDefinition): string[] {
  const reasons = command.reasons ?? [];
  return [
    '',
    `## ${code(command.commandId)}`,
    '',
    `${command.direction}, ${command.kind}${command.only ? `, on ${code(command.only)} only` : ''}. ${command.what}`,
    '',
    `- Data: ${command.data ? `${code(shape(command.data))}${command.dataOptional ? ', may be left out' : ''}` : 'none'}`,
    ...(command.kind === 'request' ? [`- Response: ${command.reply ? code(shape(command.reply)) : 'no data'}`] : []),
    ...(reasons.length > 0 ? [`- Fails with: ${reasons.map(code).join(', ')}`] : []),
    ...(command.target ? [`- Handled by: ${handler(command)}`] : []),
  ];
}

function handler({ target }: CommandDefinition): string {
  if (target === 'gateway' || !target) return 'the gateway';
  const whose = target.id === 'caller' ? 'of the caller' : 'that the data names';
  return `the ${code(target.kind)} ${whose}`;
}

/** A schema as people write types. */
function shape(schema: TSchema): string {
  if (Array.isArray(schema.anyOf)) return (schema.anyOf as TSchema[]).map(shape).join(' | ');
  if (Array.isArray(schema.allOf)) return shape({ ...schema, ...merged(schema.allOf as TSchema[]) });
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.type === 'array') return schema.items.anyOf ? `(${shape(schema.items)})[]` : `${shape(schema.items)}[]`;
  if (schema.type !== 'object') return String(schema.type);
  const required = new Set<string>(schema.required ?? []);
  const fields = Object.entries(schema.properties as Record<string, TSchema>).map(
    ([name, field]) => `${name}${required.has(name) ? '' : '?'}: ${shape(field)}`,
  );
  return `{ ${fields.join(', ')} }`;
}

function merged(parts: readonly TSchema[]): Record<string, unknown> {
  return {
    allOf: undefined,
    type: 'object',
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)),
    required: parts.flatMap(({ required }) => required ?? []),
  };
}

function code(text: string): string {
  return `\`${text}\``;
}
