import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runMusterctl } from './run.js';
import { ANSWERS, TROUBLED } from './testdata/documents.js';
import { FakeAdmin, FakeTerminal, refused } from './testdata/fake-admin.js';

let admin: FakeAdmin;
let url: string;
beforeEach(async () => {
  admin = new FakeAdmin();
  url = await admin.listen();
});
afterEach(() => admin.close());

async function musterctl(line: string, terminal = new FakeTerminal()) {
  const args = line.split(' ').filter(Boolean);
  const exit = await runMusterctl([...args, '--admin', url], terminal);
  return { exit, out: terminal.stdout, err: terminal.stderr };
}

function golden(name: string): string {
  return readFileSync(join(import.meta.dirname, '../testdata', `${name}.txt`), 'utf8');
}

const LINES = [
  ['status', 'status'],
  ['node list', 'node.list'],
  ['node show node-1', 'node.show'],
  ['shard list', 'shard.list'],
  ['shard show 17', 'shard.show'],
  ['entity show player/7', 'entity.show'],
  ['entity tell match/7 kill', 'entity.tell'],
  ['epoch show', 'epoch.show'],
  ['coordinator list', 'coordinator.list'],
  ['process restart coordinator-2', 'process.restart'],
  ['node drain node-2', 'node.drain'],
  ['node undrain node-2', 'node.undrain'],
  ['node cordon node-2', 'node.cordon'],
  ['node uncordon node-2', 'node.uncordon'],
  ['node forget node-2#p08ds --yes', 'node.forget'],
  ['audit list', 'audit.list'],
  ['account show ann', 'account.show'],
  ['account ban ann --reason cheating --for 7d', 'account.ban'],
  ['account unban 7', 'account.unban'],
  ['account roles ann moderator,contributor', 'account.roles'],
  ['report list', 'report.list'],
  ['shard move 17 --to node-2', 'shard.move'],
  ['entity list', 'entity.list'],
  ['entity move lobby/9 --to node-2', 'entity.move'],
  ['entity pin lobby/9', 'entity.pin'],
  ['entity unpin lobby/9', 'entity.unpin'],
  ['move list', 'move.list'],
  ['rebalance --dry-run', 'rebalance.plan'],
  ['rebalance', 'rebalance.run'],
] as const;

describe('every command', () => {
  test.each(LINES)('`%s` asks for %s and prints what a person likes to read', async (line, command) => {
    const [args, document] = ANSWERS[command];
    admin.answer = () => ({ body: document });
    const { exit, out } = await musterctl(line);
    expect(exit).toBe(0);
    expect(admin.asked).toEqual([{ command, args }]);
    expect(out.split('\n')).toEqual(golden(command.replace('.', '-')).split('\n'));
  });

  test.each(LINES)('`%s --json` prints the document as it came, in one line', async (line, command) => {
    const [, document] = ANSWERS[command];
    admin.answer = () => ({ body: document });
    const { exit, out, err } = await musterctl(`${line} --json`);
    expect({ exit, out, err }).toEqual({ exit: 0, out: `${JSON.stringify(document)}\n`, err: '' });
  });

  test.each(LINES)('`%s` stays within 100 columns', async (_, command) => {
    const widths = golden(command.replace('.', '-'))
      .split('\n')
      .map((line) => [...line].length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(100);
  });

  test.each(LINES)('docs/musterctl.md shows `%s` and what it prints', (line, command) => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/musterctl.md'), 'utf8');
    expect(page).toContain(`$ musterctl ${line}\n${golden(command.replace('.', '-'))}`);
  });
});

describe('status', () => {
  test('begins with what is wrong, and says on stderr what to look at next', async () => {
    admin.answer = () => ({ body: TROUBLED });
    const { exit, out, err } = await musterctl('status');
    expect(exit).toBe(0);
    expect(out.split('\n')).toEqual(golden('status-troubled').split('\n'));
    expect(err).toBe('\nnext: musterctl node list · musterctl shard list · musterctl coordinator list\n');
  });

  test('is coloured for a person only, and not where they do not want it', async () => {
    admin.answer = () => ({ body: TROUBLED });
    expect((await musterctl('status', new FakeTerminal({ colours: true }))).out).toContain('\x1b[31;1m!\x1b[0m');
    expect((await musterctl('status --no-color', new FakeTerminal({ colours: true }))).out).not.toContain('\x1b');
    expect((await musterctl('status --json', new FakeTerminal({ colours: true }))).out).not.toContain('\x1b');
  });
});

test('`shard list --node` asks for the shards of that node', async () => {
  const [, document] = ANSWERS['shard.list'];
  admin.answer = () => ({ body: document });
  await musterctl('shard list --node node-1');
  expect(admin.asked).toEqual([{ command: 'shard.list', args: { node: 'node-1' } }]);
});

test('text from the cluster cannot steer the terminal', async () => {
  admin.answer = () => ({ body: { ...TROUBLED, problems: ['\x1b[2Jgone\u202e'] } });
  expect((await musterctl('status')).out).toContain('! \ufffd[2Jgone\ufffd\n');
});

describe('exit codes', () => {
  test.each([
    [3, refused(404, 'NOT_FOUND', 'node x is not known')],
    [4, refused(403, 'UNAUTHORIZED', 'you may not')],
    [5, refused(409, 'STALE_EPOCH', 'epoch 4 is older than 5')],
    [2, refused(400, 'INVALID_REQUEST', 'no is no node')],
    [6, refused(503, 'STORE_UNAVAILABLE', 'the cluster store does not answer: away')],
    [6, refused(504, 'DEADLINE_EXCEEDED', 'not done within 5000 ms')],
    [1, refused(500, 'ACTOR_FAILED', 'admin/1 failed')],
    // Of a later version: the status still says what kind of error it is.
    [3, refused(404, 'NO_SUCH_TICKET', 'ticket 7 is not known')],
    [1, refused(500, 'NO_IDEA', 'something')],
  ])('%i for %j', async (exit, answer) => {
    admin.answer = () => answer;
    const result = await musterctl('node show x');
    expect(result.exit).toBe(exit);
    expect(result.out).toBe('');
    expect(result.err).toContain(`musterctl: ${(answer.body as { message: string }).message}\n`);
  });

  test('a node that is not known comes with the command that lists them', async () => {
    admin.answer = () => refused(404, 'NOT_FOUND', 'node x is not known');
    expect((await musterctl('node show x')).err).toBe(
      'musterctl: node x is not known\ntry: `musterctl node list` shows every id\n',
    );
  });

  test('an ambiguous id is wrong usage and its matches are listed', async () => {
    admin.answer = () => refused(400, 'INVALID_REQUEST', 'n fits several', { matches: ['node-1', 'node-2'] });
    const { exit, err } = await musterctl('node show n');
    expect(exit).toBe(2);
    expect(err).toContain('n fits several\n  node-1\n  node-2\n');
  });
});

describe('wrong usage is told without asking anybody', () => {
  test.each([
    ['', 'Usage: musterctl'],
    ['node', 'Usage: musterctl node'],
    ['stauts', 'Did you mean status?'],
    ['node lst', 'Did you mean list?'],
    ['status --jsno', 'Did you mean --json?'],
    ['node show', "missing required argument 'id'"],
    ['node show a b', 'too many arguments'],
    ['shard show seven', 'a shard is a number'],
    ['entity show player', 'kind/id is expected, such as player/17'],
    ['status --timeout soon', 'a time such as 500ms, 5s or 1min'],
    ['events', "required option '--follow'"],
  ])('`musterctl %s`', async (line, message) => {
    const { exit, out, err } = await musterctl(line);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toContain(message);
    expect(admin.asked).toEqual([]);
  });

  test('an address that is none is wrong usage', async () => {
    const terminal = new FakeTerminal();
    expect(await runMusterctl(['status', '--admin', 'ftp://there'], terminal)).toBe(2);
    expect(terminal.stderr).toContain('ftp://there is no address of an admin API');
  });

  test('help is data: it goes to stdout and is no failure', async () => {
    const { exit, out, err } = await musterctl('--help');
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toContain('Exit codes: 0 ok');
  });
});

test('an answer of another shape is a failure that leads to --json, not a stack trace', async () => {
  admin.answer = () => ({ body: { nodes: 'many' } });
  const { exit, err } = await musterctl('status');
  expect(exit).toBe(1);
  expect(err).toBe(
    'musterctl: the answer has another shape than this version of musterctl knows\ntry: --json shows it as it is\n',
  );
});
