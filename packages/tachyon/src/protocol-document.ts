import { COMMANDS } from './commands.js';
import { type CommandDefinition, type Direction, GENERIC_REASONS } from './definition.js';
import { ShapeTexts } from './shape-text.js';

const SENDER: Readonly<Record<Direction, string>> = {
  'user→server': 'a user',
  'autohost→server': 'an autohost',
  'server→user': 'the server, to users',
  'server→autohost': 'the server, to autohosts',
};

/** The text of docs/protocol.md, made from the definitions. */
export function protocolDocument(definitions: readonly CommandDefinition[] = COMMANDS): string {
  const commands = [...definitions].sort((a, b) => (a.commandId < b.commandId ? -1 : 1));
  const shapes = new ShapeTexts();
  const services = [...new Set(commands.map(serviceOf))];
  const sections = services.flatMap((service) => [
    '',
    `## ${service}`,
    ...commands.filter((command) => serviceOf(command) === service).flatMap((command) => section(command, shapes)),
  ]);
  return `${[...CONNECTING, ...introduction(commands), ...sections, ...shapeSection(shapes)].join('\n')}\n`;
}

const CONNECTING = [
  '# Connecting',
  '',
  '1. `GET <gateway>/.well-known/oauth-authorization-server` names the endpoints below; no other path is fixed.',
  '2. A person: authorization code with PKCE (S256) as the public client `generic_lobby`, scope `tachyon.lobby`, redirect to',
  '   `http://localhost/oauth2callback` (or `127.0.0.1`, `[::1]`) with any port. A bot: client credentials. Both end with a bearer token; a person also gets a refresh token, which is replaced at each use.',
  '3. `GET <gateway>/tachyon` as a WebSocket with `Authorization: Bearer <token>` and the subprotocol `v0.tachyon`, or `v0.muster` before it in the',
  '   list for what goes beyond Tachyon. Text frames only, no compression.',
  '4. The first frame that comes is the event `user/self`. The server pings at least every 10 s and ends a connection that was silent for 20 s.',
  '',
  'A player sends at most 10 messages per second on average, 20 at once, in frames of at most 16 KiB; what is longer than a frame does not come through',
  'whatever the bounds of its fields are. An operator may set other [limits](config.md). A connection that the server ends has a close code:',
  '',
  '| code | why | what a client does |',
  '|---|---|---|',
  '| 1000 | it asked for it, or its player signed in elsewhere | nothing |',
  '| 1003 | it sent a binary frame | mend it |',
  '| 1008 | what the reason says: no message, too many of them (`Rate limited`), silence, banned | as the reason says |',
  '| 1009 | its frame was too long | mend it |',
  '| 1012, 1013 | the gateway stops; there is no room, or it read too slowly | connect again, with growing pauses |',
  '',
  '`docs/first-client.mjs` does all of it through the SDK in `packages/client`.',
];

function introduction(commands: readonly CommandDefinition[]): string[] {
  const unserved = commands.filter((command) => command.unserved).length;
  return [
    '',
    '# Commands',
    '',
    'This page is made from the definitions in `packages/tachyon/src` by `npm run docs`; a test holds the two together.',
    '',
    'One text frame is one message: `{ "type": "request" | "response" | "event", "messageId", "commandId", "data"? }`. A response repeats the',
    'messageId and commandId of its request and has `status`: `success`, with `data` where the command has any, or `failed`, with `reason` and',
    'sometimes `details`.',
    '',
    `Any request may fail with ${GENERIC_REASONS.map(code).join(', ')}. Fields that are not named here are passed over. A command that is not`,
    'listed, or that the server sends, fails with `command_unimplemented`; one that only the other kind of client may send fails with `unauthorized`;',
    'a frame that is no message ends the connection with 1008.',
    '',
    `${commands.length} commands are defined. ${unserved} of them are marked **not served yet**: requests of that kind fail with \`command_unimplemented\`, events of that kind do not come.`,
    'Numbers behind a type are its bounds: characters of a string, values of a number, entries of a list or object. Names in capitals are [shapes](#shapes).',
  ];
}

function section(command: CommandDefinition, shapes: ShapeTexts): string[] {
  const { commandId, data, dataOptional, reply, reasons = [], kind, direction, example } = command;
  const marks = [
    ...(command.only ? [`on ${code(command.only)} only`] : []),
    ...(command.unserved ? ['not served yet'] : []),
  ];
  return [
    '',
    `### ${code(commandId)}`,
    '',
    `${command.what}${marks.map((mark) => ` **${capital(mark)}.**`).join('')}`,
    '',
    `- ${capital(kind)} of ${SENDER[direction]}; ${handler(command)}`,
    `- Data: ${data ? `${code(shapes.shape(data))}${dataOptional ? ', may be left out' : ''}` : 'none'}`,
    ...(kind === 'request' ? [`- Answer: ${reply ? code(shapes.shape(reply)) : 'no data'}`] : []),
    ...(reasons.length > 0 ? [`- Fails with: ${reasons.map(code).join(', ')}`] : []),
    ...(data ? [`- Example: ${code(JSON.stringify(example.data))}`] : []),
    ...(reply ? [`- Answered: ${code(JSON.stringify(example.reply))}`] : []),
  ];
}

function shapeSection(shapes: ShapeTexts): string[] {
  return [
    '',
    '# Shapes',
    ...shapes.named().flatMap(({ name, text, description }) => {
      return ['', `## ${name}`, '', `${code(text)}${description === '' ? '' : ` ${description}`}`];
    }),
  ];
}

function serviceOf({ commandId }: CommandDefinition): string {
  return commandId.slice(0, commandId.indexOf('/'));
}

function handler({ target, source }: CommandDefinition): string {
  if (!target) return source === 'gateway' ? 'comes from the gateway' : `comes from the ${code(source ?? '')}`;
  if (target === 'gateway') return 'handled by the gateway';
  if (target.id === 'caller') return `goes to the ${code(target.kind)} of the sender`;
  if (target.id === 'place') return `goes to the ${code(target.kind)} that the sender is in`;
  return `goes to the ${code(target.kind)} that the data names`;
}

function capital(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}`;
}

function code(text: string): string {
  return `\`${text}\``;
}
