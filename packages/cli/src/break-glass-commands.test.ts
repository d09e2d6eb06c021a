import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runMusterctl } from './run.js';
import { ANSWERS } from './testdata/documents.js';
import { FakeAdmin, FakeTerminal, refused } from './testdata/fake-admin.js';

const GLASS = join(import.meta.dirname, 'testdata/glass.key');
const REASON = 'its rack is on fire';
const page = readFileSync(join(import.meta.dirname, '../../../docs/musterctl.md'), 'utf8');

let admin: FakeAdmin;
let url: string;
beforeEach(async () => {
  admin = new FakeAdmin();
  url = await admin.listen();
});
afterEach(() => admin.close());

async function musterctl(...args: readonly string[]) {
  const terminal = new FakeTerminal();
  const exit = await runMusterctl([...args, '--admin', url], terminal);
  return { exit, out: terminal.stdout, err: terminal.stderr };
}

test('`node give-up` sends what the file holds and the reason, and docs/musterctl.md shows it', async () => {
  const [args, body] = ANSWERS['node.give-up'];
  admin.answer = () => ({ body });
  const { exit, out } = await musterctl('node', 'give-up', 'node-2#p08ds', '--break-glass', GLASS, '--reason', REASON);
  expect([exit, admin.asked]).toEqual([0, [{ command: 'node.give-up', args }]]);
  expect(page).toContain(`$ musterctl node give-up node-2#p08ds --break-glass glass.key --reason "${REASON}"\n${out}`);
});

test('`process restart` takes it as well', async () => {
  const [{ peer }, body] = ANSWERS['process.restart'];
  admin.answer = () => ({ body });
  const { exit } = await musterctl('process', 'restart', peer, '--break-glass', GLASS, '--reason', REASON);
  const breakGlass = { credential: 'only for the night shift', reason: REASON };
  expect([exit, admin.asked]).toEqual([0, [{ command: 'process.restart', args: { peer, breakGlass } }]]);
});

test('without a reason, without a file, or with one that is not there nothing is asked', async () => {
  const giveUp = (...flags: readonly string[]) => musterctl('node', 'give-up', 'node-2#p08ds', ...flags);
  const results = [
    await giveUp('--break-glass', GLASS),
    await giveUp('--reason', REASON),
    await giveUp('--break-glass', '/no/such/file', '--reason', REASON),
  ];
  expect([results.map(({ exit }) => exit), admin.asked]).toEqual([[2, 2, 2], []]);
  expect(results[0]!.err).toBe('musterctl: --break-glass <file> and --reason <text> belong together\n');
});

test('a refused credential is exit code 4', async () => {
  admin.answer = () => refused(403, 'BREAK_GLASS_REFUSED', 'the glass is not broken: that is not the credential');
  const result = await musterctl('node', 'give-up', 'node-2#p08ds', '--break-glass', GLASS, '--reason', REASON);
  expect([result.exit, result.err]).toEqual([4, 'musterctl: the glass is not broken: that is not the credential\n']);
});
