import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Type } from '@sinclair/typebox';
import { Dictionary, Name, OneOf } from './bounds.js';
import { COMMANDS } from './commands.js';
import { defineCommand, MUSTER_SUBPROTOCOL } from './definition.js';
import { protocolDocument } from './protocol-document.js';

test('docs/protocol.md says what the definitions say (npm run docs writes it)', () => {
  const document = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
  expect(document).toBe(protocolDocument());
});

test('every command is in it, with its example', () => {
  const document = protocolDocument();
  for (const { commandId } of COMMANDS) expect(document).toContain(`\n### \`${commandId}\`\n`);
});

test('a command shows who sends it, to whom it goes, its bounds, reasons and example, and what is not to be had everywhere', () => {
  const invented = defineCommand(
    {
      commandId: 'tea/pour',
      direction: 'user→server',
      kind: 'request',
      what: 'Pours tea.',
      data: Type.Object({ cups: Type.Array(Type.Object({ of: Name(8) }, { title: 'Cup' }), { maxItems: 3 }) }),
      reply: Type.Object({ left: Type.Optional(OneOf('none', 'some')), notes: Dictionary(Type.Integer(), 2) }),
      reasons: ['pot_empty'],
      target: { kind: 'pot', id: 'place', command: 'pour' },
      unserved: true,
      only: MUSTER_SUBPROTOCOL,
    },
    { data: { cups: [{ of: 'mint' }] }, reply: { notes: {} } },
  );
  expect(protocolDocument([invented])).toContain(
    [
      '### `tea/pour`',
      '',
      'Pours tea. **On `v0.muster` only.** **Not served yet.**',
      '',
      '- Request of a user; goes to the `pot` that the sender is in',
      '- Data: `{ cups: Cup[≤ 3] }`',
      '- Answer: `{ left?: "none" | "some", notes: { [key]: integer } ≤ 2 }`',
      '- Fails with: `pot_empty`',
      '- Example: `{"cups":[{"of":"mint"}]}`',
      '- Answered: `{"notes":{}}`',
      '',
      '# Shapes',
      '',
      '## Cup',
      '',
      '`{ of: string 1–8 }`',
    ].join('\n'),
  );
});
