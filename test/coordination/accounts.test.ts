import { describe, expect, test } from '@jest/globals';
import type { AdminArguments, AdminCommand, AdminResults, AuditEntry } from '@muster/coordinator';
import { playerId } from '@muster/ports';
import { ClusterWorld } from './cluster-world.js';

async function office() {
  const world = await ClusterWorld.running({ nodes: 1 });
  for (const username of ['ann', 'bob']) await world.records.accounts.create({ username, displayName: username });
  const operator = await world.operator('c1');
  const ask = async <C extends AdminCommand>(command: C, args: AdminArguments[C]): Promise<AdminResults[C]> => {
    const { code, result } = await world.answer(operator.ask(command, args));
    if (code !== '') throw new Error(code);
    return result;
  };
  return { world, ask };
}

describe('an account', () => {
  test('is found by name, in any case, or by id', async () => {
    const { ask } = await office();
    for (const account of ['ann', 'ANN', '1'])
      expect(await ask('account.show', { account })).toMatchObject({
        id: '1',
        username: 'ann',
        banned: null,
        bans: [],
      });
    for (const account of ['9', 'nobody', ''])
      await expect(ask('account.show', { account })).rejects.toThrow('NOT_FOUND');
  });

  test('is banned for a time or for good, and let in again; every order says who gave it', async () => {
    const { world, ask } = await office();
    const until = new Date(world.clock.now() + 60_000).toISOString();
    const banned = await ask('account.ban', { account: 'ann', reason: 'cheating', forMs: 60_000 });
    expect(banned.banned!.until! >= until).toBe(true);
    expect(banned.bans).toMatchObject([{ reason: 'cheating', by: expect.stringMatching(/#x$/), lifted: null }]);
    expect((await world.records.accounts.byId(playerId('1')))!.bannedUntil).toBeGreaterThan(world.clock.now());
    const forGood = await ask('account.ban', { account: 'ann', reason: 'again' });
    expect(forGood.banned).toEqual({ until: null });
    const free = await ask('account.unban', { account: 'ann' });
    expect(free).toMatchObject({
      banned: null,
      bans: [
        { reason: 'again', lifted: {} },
        { reason: 'cheating', lifted: {} },
      ],
    });
    await world.clock.advance(50);
    const audit = world.server.range(world.keys.audit).entries.map(({ value }) => JSON.parse(value) as AuditEntry);
    expect(audit.map(({ command, result }) => [command, result])).toEqual([
      ['account.ban', 'accepted'],
      ['account.ban', 'accepted'],
      ['account.unban', 'accepted'],
    ]);
  });

  test('whose ban is over counts as free', async () => {
    const { world, ask } = await office();
    await ask('account.ban', { account: 'bob', reason: 'x', forMs: 1_000 });
    await world.clock.advance(1_001);
    expect(await ask('account.show', { account: 'bob' })).toMatchObject({ banned: null, bans: [{ lifted: null }] });
  });

  test('gets roles, and loses those it had', async () => {
    const { ask } = await office();
    const given = { account: 'ann', roles: ['admin', 'admin', 'contributor'] };
    expect(await ask('account.roles', given)).toMatchObject({ roles: ['admin', 'contributor'] });
    expect(await ask('account.roles', { account: 'ann', roles: [] })).toMatchObject({ roles: [] });
  });

  test('is not touched by orders that make no sense', async () => {
    const { world, ask } = await office();
    const bans = [
      { account: 'ann', reason: ' ' },
      { account: 'ann', reason: 'x'.repeat(501) },
      { account: 'ann', reason: 'x', forMs: 0 },
      { account: 'ann', reason: 'x', forMs: Number.MAX_SAFE_INTEGER },
    ];
    for (const args of bans) await expect(ask('account.ban', args)).rejects.toThrow('INVALID_REQUEST');
    for (const roles of [['Admin'], [''], 'admin' as never, [7 as never]])
      await expect(ask('account.roles', { account: 'ann', roles })).rejects.toThrow('INVALID_REQUEST');
    for (const args of [{ max: 0 }, { max: 501 }, { before: 'x' }])
      await expect(ask('report.list', args)).rejects.toThrow('INVALID_REQUEST');
    expect(await world.records.accounts.byId(playerId('1'))).toMatchObject({ bannedUntil: null, roles: [] });
  });
});

test('reports are listed newest first, about one account, page by page', async () => {
  const { world, ask } = await office();
  for (const [number, users] of [['2'], ['1'], ['2']].entries())
    await world.records.moderation.file(
      { sender: 'player/1', receiver: 'reports/1', number },
      { reporter: playerId('1'), users: users.map(playerId), type: 'spam', message: '', at: world.clock.now() },
      { max: 9, since: 0 },
    );
  const ids = async (args: AdminArguments['report.list']): Promise<readonly string[]> =>
    (await ask('report.list', args)).reports.map(({ id }) => id);
  expect(await ids({})).toEqual(['3', '2', '1']);
  expect(await ids({ about: 'bob', max: 1 })).toEqual(['3']);
  expect(await ids({ about: '2', before: '3' })).toEqual(['1']);
  expect(await ask('report.list', { about: 'bob', max: 1 })).toMatchObject({ about: '2', next: '3' });
  expect(await ask('report.list', { about: 'bob', max: 1, before: '3' })).toMatchObject({ about: '2', next: null });
  expect(await ask('report.list', { max: 3 })).toMatchObject({ about: null, next: null });
});

test('storage that is away is said to be away, and who does not lead says who does', async () => {
  const { world, ask } = await office();
  const other = await world.operator('c2');
  const { code } = await world.answer(other.ask('account.show', { account: 'ann' }));
  expect(code).toBe('NOT_LEADER');
  await world.records.close();
  await expect(ask('account.show', { account: 'ann' })).rejects.toThrow('STORAGE_UNAVAILABLE');
});
