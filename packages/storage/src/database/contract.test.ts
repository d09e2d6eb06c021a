// One contract for every form of Storage.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Account, epoch, MusterError, playerId, type Storage, type StoredGrant, term } from '@muster/ports';
import { ensureBot } from './ensure-bot.js';
import { clock, eachForm, type Form, parts } from './forms.test-kit.js';
import { MemoryStorage } from './memory-storage.js';
import { DATABASE_DEFAULTS } from './options.js';

eachForm(contract);

function contract(start: () => Promise<Form>): void {
  let form: Form;
  let storage: Storage;
  let other: Storage;

  beforeAll(async () => {
    form = await start();
    // Both find an empty database: the migrations of one of them wait for the other's.
    [storage, other] = await Promise.all([form.open(), form.open()]);
  });
  afterAll(async () => {
    await form.close();
  });

  const newAccount = (username: string): Promise<Account> =>
    storage.accounts.create({ username, displayName: username });

  test('an account is found by id and by name, as it was created', async () => {
    const created = await storage.accounts.create({
      username: 'Ada',
      displayName: 'Ada Lovelace 👩‍💻',
      countryCode: 'GB',
      roles: ['admin', 'moderator'],
    });
    expect(created).toEqual({
      id: expect.stringMatching(/^[1-9]\d*$/),
      username: 'Ada',
      displayName: 'Ada Lovelace 👩‍💻',
      countryCode: 'GB',
      roles: ['admin', 'moderator'],
      createdAt: clock.wall,
      bannedUntil: null,
    });
    expect(await other.accounts.byId(created.id)).toEqual(created);
    expect(await other.accounts.byUsername('Ada')).toEqual(created);
  });

  test('an account without country and roles has none', async () => {
    expect(await newAccount('plain')).toMatchObject({ countryCode: '??', roles: [] });
  });

  test('a username is taken in every spelling of its case, and looked up in every one', async () => {
    const grace = await newAccount('Grace');
    await expect(newAccount('gRACE')).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(await storage.accounts.byUsername('GRACE')).toEqual(grace);
    const umlaut = await newAccount('ÄNNE');
    expect(await storage.accounts.byUsername('änne')).toEqual(umlaut);
  });

  test('of many who create one username at once exactly one gets it', async () => {
    const views = [storage, other];
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) =>
        views[n % 2]!.accounts.create({ username: `Race${n % 2 ? 'R' : 'r'}`, displayName: `${n}` }),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'ALREADY_EXISTS' });
    }
  });

  test('user ids grow', async () => {
    const ids: number[] = [];
    for (const name of ['first', 'second', 'third']) ids.push(Number((await newAccount(name)).id));
    await expect(newAccount('third')).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    ids.push(Number((await newAccount('fourth')).id));
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  });

  test('what cannot be an id or a name is nobody, whatever it looks like', async () => {
    for (const id of [
      '',
      '0',
      '-1',
      '1.5',
      '01',
      'x',
      "1' or '1'='1",
      '9007199254740993',
      '99999999999999999999',
      '1\0',
    ]) {
      expect(await storage.accounts.byId(playerId(id))).toBeUndefined();
      expect(await storage.accounts.botById(id)).toBeUndefined();
    }
    for (const name of ['', 'nobody', '\0', 'a\ud800', 'x'.repeat(100_000), "'; drop table accounts; --"]) {
      expect(await storage.accounts.byUsername(name)).toBeUndefined();
      expect(await storage.grants.take('code', name)).toBeUndefined();
      expect(await storage.grants.revokeAll(name, name)).toBe(0);
      expect(await storage.accounts.verifyBot(name, name)).toBeUndefined();
    }
  });

  test('what would not come back as it went in is refused', async () => {
    for (const username of ['', 'a\0b', 'half\ud800', 'x'.repeat(257)]) {
      await expect(newAccount(username)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    }
    const bad = { username: 'ok', displayName: 'ok' };
    await expect(storage.accounts.create({ ...bad, countryCode: 'gb' })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    });
    await expect(storage.accounts.create({ ...bad, roles: ['\0'] })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    for (const expiresAt of [1.5, -1, Number.NaN, 2 ** 53]) {
      await expect(storage.grants.put(grant({ expiresAt }))).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    }
    await expect(storage.grants.put(grant({ detail: { state: '\0' } }))).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    });
    expect(await storage.accounts.byUsername('ok')).toBeUndefined();
  });

  test('a bot is known by its client id and secret only', async () => {
    const bot = await storage.accounts.putBot({ clientId: 'autohost', secret: 'geheim', name: 'Host 1' });
    expect(bot).toEqual({
      id: expect.stringMatching(/^[1-9]\d*$/),
      clientId: 'autohost',
      name: 'Host 1',
      createdAt: clock.wall,
    });
    expect(await other.accounts.verifyBot('autohost', 'geheim')).toEqual(bot);
    expect(await other.accounts.botById(bot.id)).toEqual(bot);
    for (const wrong of ['', 'Geheim', 'geheim ', 'geheim\0', 'x'.repeat(300)]) {
      expect(await storage.accounts.verifyBot('autohost', wrong)).toBeUndefined();
    }
    expect(await storage.accounts.verifyBot('Autohost', 'geheim')).toBeUndefined();
  });

  test('a bot that is put again keeps its id and gets the new secret and name', async () => {
    const first = await storage.accounts.putBot({ clientId: 'again', secret: 'one', name: 'One' });
    clock.wall += 1_000;
    const second = await other.accounts.putBot({ clientId: 'again', secret: 'two', name: 'Two' });
    expect(second).toEqual({ ...first, name: 'Two' });
    expect(await storage.accounts.verifyBot('again', 'one')).toBeUndefined();
    expect(await storage.accounts.verifyBot('again', 'two')).toEqual(second);
  });

  test('processes that ensure one bot at once end with one bot, which each of them can verify', async () => {
    const wanted = { clientId: 'seeded', secret: 'autohost', name: 'Autohost' };
    const bots = await Promise.all([storage, other, storage].map(({ accounts }) => ensureBot(accounts, wanted)));
    expect(new Set(bots.map(({ id }) => id)).size).toBe(1);
    expect(await other.accounts.verifyBot('seeded', 'autohost')).toEqual(bots[0]);
    expect(await ensureBot(storage.accounts, { ...wanted, name: 'Renamed' })).toEqual({ ...bots[0], name: 'Renamed' });
  });

  test('a grant comes back whole, once', async () => {
    const code = grant({
      hash: 'h1',
      expiresAt: Number.MAX_SAFE_INTEGER,
      detail: { challenge: 'ÿ', 'redirect uri': 'http://127.0.0.1/?a=1' },
    });
    await storage.grants.put(code);
    expect(await other.grants.take('refresh', 'h1')).toBeUndefined();
    expect(await other.grants.take('code', 'h1')).toEqual(code);
    expect(await storage.grants.take('code', 'h1')).toBeUndefined();
  });

  test('a grant may have neither scope nor details', async () => {
    const bare = grant({ hash: 'bare', scope: '' });
    await storage.grants.put(bare);
    expect(await storage.grants.take('code', 'bare')).toEqual(bare);
  });

  test('of many who take one grant at once exactly one gets it', async () => {
    await storage.grants.put(grant({ hash: 'contested' }));
    const views = [storage, other];
    const taken = await Promise.all(
      Array.from({ length: 12 }, (_, n) => views[n % 2]!.grants.take('code', 'contested')),
    );
    expect(taken.filter((found) => found !== undefined)).toHaveLength(1);
  });

  test('a hash is put once', async () => {
    await storage.grants.put(grant({ hash: 'twice' }));
    await expect(other.grants.put(grant({ hash: 'twice' }))).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await storage.grants.put(grant({ kind: 'refresh', hash: 'twice' }));
  });

  test('what many ask at once is answered to each of them: accounts, names and grants, and who is not there', async () => {
    const names = Array.from({ length: 30 }, (_, n) => `crowd-${n}`);
    const accounts = await Promise.all(names.map(newAccount));
    expect(accounts.map(({ username }) => username)).toEqual(names);
    const ids = accounts.map(({ id }) => id);
    const strangers = [playerId('987654321'), ids[3]!, ...ids];
    expect(await Promise.all(strangers.map((id) => other.accounts.byId(id)))).toEqual([
      undefined,
      accounts[3],
      ...accounts,
    ]);
    const asked = ['nobody-there', 'CROWD-7', ...names];
    expect(await Promise.all(asked.map((name) => storage.accounts.byUsername(name)))).toEqual([
      undefined,
      accounts[7],
      ...accounts,
    ]);
    const read = await Promise.all([...ids].reverse().map((id) => storage.players.read(id)));
    expect(read.map((one) => one?.account)).toEqual([...accounts].reverse());
    await Promise.all(names.map((name, n) => storage.grants.put(grant({ hash: name, subject: ids[n]! }))));
    const taken = await Promise.all(['not-there', ...names].map((hash) => other.grants.take('code', hash)));
    expect(taken.map((one) => one?.subject)).toEqual([undefined, ...ids]);
  });

  test('of those who write or take one grant in one crowd, and who want one name, exactly one succeeds', async () => {
    // The first few go at once, each alone; those behind them wait, and go in one statement.
    const before = Array.from({ length: DATABASE_DEFAULTS.togetherStatementsMax }, (_, n) => `before-${n}`);
    const crowd = [...before, ...Array.from({ length: 6 }, () => 'crowded')];
    const puts = await Promise.allSettled(crowd.map((hash) => storage.grants.put(grant({ hash }))));
    expect(puts.filter(({ status }) => status === 'fulfilled')).toHaveLength(before.length + 1);
    const takes = await Promise.all(crowd.map((hash) => storage.grants.take('code', hash)));
    expect(takes.filter((one) => one !== undefined)).toHaveLength(before.length + 1);
    const created = await Promise.allSettled(crowd.map((name, n) => newAccount(n % 2 ? name : name.toUpperCase())));
    expect(created.filter(({ status }) => status === 'fulfilled')).toHaveLength(before.length + 1);
    for (const one of created)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'ALREADY_EXISTS' });
  });

  test('two processes that take and write the same grants in opposite orders do not wait for each other in a circle', async () => {
    for (let round = 0; round < 5; round += 1) {
      const hashes = Array.from({ length: 40 }, (_, n) => `circle-${n}`);
      const backwards = [...hashes].reverse();
      const each = async (order: readonly string[], view: Storage): Promise<number> => {
        const puts = await Promise.allSettled(order.map((hash) => view.grants.put(grant({ hash }))));
        return puts.filter(({ status }) => status === 'fulfilled').length;
      };
      const [written, alsoWritten] = await Promise.all([each(hashes, storage), each(backwards, other)]);
      expect(written + alsoWritten).toBe(hashes.length);
      const takes = await Promise.all([
        ...hashes.map((hash) => storage.grants.take('code', hash)),
        ...backwards.map((hash) => other.grants.take('code', hash)),
      ]);
      expect(takes.filter((one) => one !== undefined)).toHaveLength(hashes.length);
    }
  });

  test("revoking removes one subject's grants of one client", async () => {
    const mine = { subject: 'player/7', clientId: 'lobby' };
    await storage.grants.put(grant({ ...mine, hash: 'r1' }));
    await storage.grants.put(grant({ ...mine, hash: 'r2', kind: 'refresh' }));
    await storage.grants.put(grant({ ...mine, hash: 'r3', clientId: 'other' }));
    await storage.grants.put(grant({ ...mine, hash: 'r4', subject: 'player/8' }));
    expect(await other.grants.revokeAll('player/7', 'lobby')).toBe(2);
    expect(await storage.grants.take('code', 'r1')).toBeUndefined();
    expect(await storage.grants.take('code', 'r3')).toBeDefined();
    expect(await storage.grants.take('code', 'r4')).toBeDefined();
  });

  test('a sweep removes what has expired, in as many batches as it takes, and nothing else', async () => {
    await storage.grants.sweep(Number.MAX_SAFE_INTEGER);
    for (let n = 0; n < 8; n += 1) await storage.grants.put(grant({ hash: `s${n}`, expiresAt: 1_000 + n }));
    expect(await storage.grants.sweep(1_007)).toBe(7);
    expect(await storage.grants.sweep(1_007)).toBe(0);
    expect(await storage.grants.take('code', 's7')).toBeDefined();
  });

  test('processes that offer a first signing key at once agree on one', async () => {
    expect(await storage.keys.list()).toEqual([]);
    const offers = Array.from({ length: 6 }, (_, n) => ({
      kid: `k${n}`,
      jwk: `{"n":${n}}`,
      createdAt: clock.wall + n,
    }));
    const answers = await Promise.all(offers.map((offer, n) => [storage, other][n % 2]!.keys.putFirst(offer)));
    expect(offers).toContainEqual(answers[0]);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await other.keys.list()).toEqual([answers[0]]);
    expect(await other.keys.putFirst({ kid: 'late', jwk: '{}', createdAt: clock.wall + 99 })).toEqual(answers[0]);
  });

  test('it has an identity that everybody sees who opens it, and that no other storage has', async () => {
    expect(storage.identity).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(other.identity).toBe(storage.identity);
    expect((await form.open()).identity).toBe(storage.identity);
    expect(new MemoryStorage(parts).identity).not.toBe(storage.identity);
  });

  test('K4: the highest epoch and term are kept, each for itself, and are never lowered; the revision is that of the highest epoch', async () => {
    expect(await storage.regime.highest()).toEqual({ epoch: 0, term: 0, revision: 0 });
    await storage.regime.raise(epoch(7), term(3), 40);
    await other.regime.raise(epoch(5), term(9), 90);
    expect(await storage.regime.highest()).toEqual({ epoch: 7, term: 9, revision: 40 });
    await other.regime.raise(epoch(7), term(1), 50);
    await storage.regime.raise(epoch(7), term(1), 45);
    expect(await storage.regime.highest()).toEqual({ epoch: 7, term: 9, revision: 50 });
    await storage.regime.raise(epoch(8), term(9), 12);
    expect(await other.regime.highest()).toEqual({ epoch: 8, term: 9, revision: 12 });
    await Promise.all(
      [1, 2, 3, 4, 5, 6].map((n) => [storage, other][n % 2]!.regime.raise(epoch(10 + n), term(20 - n), n)),
    );
    expect(await other.regime.highest()).toEqual({ epoch: 16, term: 19, revision: 6 });
    await storage.regime.raise(epoch(Number.MAX_SAFE_INTEGER), term(1), 0);
    expect((await storage.regime.highest()).epoch).toBe(Number.MAX_SAFE_INTEGER);
  });

  test('it answers a ping, and after it was closed nothing', async () => {
    await expect(storage.ping()).resolves.toBeUndefined();
    await storage.close();
    await storage.close();
    await expect(storage.ping()).rejects.toBeInstanceOf(MusterError);
    for (const call of [
      storage.ping(),
      storage.accounts.byUsername('ada'),
      storage.grants.put(grant({ hash: 'late' })),
      storage.keys.list(),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true });
    }
  });
}

function grant(given: Partial<StoredGrant> = {}): StoredGrant {
  return {
    kind: 'code',
    hash: 'h',
    subject: 'player/1',
    clientId: 'lobby',
    scope: 'tachyon.lobby',
    expiresAt: 5,
    detail: {},
    ...given,
  };
}
