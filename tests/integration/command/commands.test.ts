import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { aCommand, aCommandHome } from '../../support/command.ts';
import { aDatabase } from '../../support/database.ts';
import { query } from '../../support/query.ts';

// The first copy builds the template, which a busy machine takes its time for
beforeAll(async () => {
  await (await aDatabase('demo')).drop();
});

/** An empty database as its owner gets it: without any table of ours. */
const aBareDatabase = async () => {
  const database = await aDatabase('empty');
  await query(database.url, 'DROP SCHEMA ops, bank, platform CASCADE');
  await query(database.url, 'DROP TABLE _prisma_migrations');
  return database;
};

describe('migrate', () => {
  test('brings a bare database to where nothing is pending; asking changes nothing', async () => {
    await using database = await aBareDatabase();
    const bursar = aCommand(database);
    const before = await bursar('migrate', '--status');
    expect(before.code).toBe(1);
    expect(before.stdout).toMatch(/^pending \d{14}_operators_and_audit$/m);
    expect(await bursar('accounts', 'list')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('run "bursar demo" to make a demo bank in it, or "bursar migrate" for an empty one') as string,
    });

    const migrated = await bursar('migrate');
    expect(migrated.code).toBe(0);
    expect(migrated.stdout).toMatch(/^applied \d{14}_operators_and_audit$/m);
    expect(await bursar('migrate')).toEqual({ code: 0, stdout: 'nothing is pending\n', stderr: '' });
    expect(JSON.parse((await bursar('migrate', '--status', '--json')).stdout)).toMatchObject({
      ok: true,
      newlyApplied: [],
      pending: [],
      failed: [],
      edited: [],
      unknown: [],
    });
    expect((await bursar('accounts', 'list')).stderr).toMatch(/^bursar: nobody is signed in/);
  });

  test('a database that lacks the newest one is its owner’s to migrate', async () => {
    await using database = await aDatabase('demo');
    await query(database.url, 'DELETE FROM _prisma_migrations WHERE migration_name = (SELECT max(migration_name) FROM _prisma_migrations)');
    const { code, stderr } = await aCommand(database)('accounts', 'list');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /^bursar: this database lacks 1 of \d+ migrations: make a backup and run "bursar migrate", or where an older backup was restored "bursar maintain migrations --what apply" on its host\n$/,
      ) as string,
    });
  });
});

describe('demo', () => {
  test('fills a bare database, refuses to do it twice, and replaces its own when asked', async () => {
    await using database = await aBareDatabase();
    const bursar = aCommand(database);
    const made = await bursar('demo', '--scale', '5000', '--seed', '3', '--json');
    expect(made.code).toBe(0);
    expect(JSON.parse(made.stdout)).toMatchObject({ ok: true, seed: 3, transactions: 5000 });
    expect(made.stderr).toMatch(/^Planning the bank \(0 %\)$/m);

    await bursar('audit', 'verify');
    expect(await bursar('demo')).toMatchObject({ code: 3, stderr: expect.stringContaining('holds a demo bank already') as string });
    expect((await bursar('demo', '--scale', '5000', '--replace')).code).toBe(0);
    // the chain began anew on purpose: what was anchored of the old one counts no more
    expect(await bursar('audit', 'verify')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('nothing was anchored before') as string,
    });
  });

  test('never touches a bank that no demo made', async () => {
    await using database = await aDatabase('empty');
    await query(
      database.url,
      "SELECT bank.register_customer('ada', 'ada@example.org', 'Ada', 'Byron', '1980-01-01', '1', 'savings', 'EUR')",
    );
    for (const more of [[], ['--replace']]) {
      const { code, stderr } = await aCommand(database)('demo', ...more);
      expect(code).toBe(3);
      expect(stderr).toMatch(/holds (accounts|users) that no demo put there/);
    }
    expect(await query(database.url, 'SELECT username FROM bank."user"')).toEqual([{ username: 'ada' }]);
  });

  test.each([
    [['--scale', '7'], 'bursar: --scale "7" cannot be; write a number from 5,000 to 5,000,000\n'],
    [['--scale', '1e5'], 'bursar: --scale "1e5" cannot be; write a number from 5,000 to 5,000,000\n'],
    [['--traffic', '-3'], 'bursar: --traffic "-3" cannot be; write a number from 0 to 5,000\n'],
    [['now'], 'bursar: demo takes no words; see bursar help demo\n'],
  ])('%j is a usage error', async (args, stderr) => {
    expect(await aCommand({ url: 'postgresql://localhost:1/none' })('demo', ...args)).toEqual({ code: 2, stdout: '', stderr });
  });

  test('--traffic keeps a demo bank alive until it is interrupted', async () => {
    await using database = await aDatabase('demo');
    const newest = async () => Number((await query(database.url, 'SELECT max(id)::int AS id FROM bank.transaction'))[0]?.['id']);
    const before = await newest();
    const end = new AbortController();
    const running = aCommand({ ...database, signal: end.signal })('demo', '--traffic', '100');
    await expect.poll(newest, { timeout: 60_000 }).toBeGreaterThan(before + 5);
    end.abort();
    expect(await running).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('100 postings a second') as string });
  });
});

type Report = { ok: boolean; checks: { name: string; state: string; message: string; next?: string }[] };

describe('doctor', () => {
  const examine = async (bursar: ReturnType<typeof aCommand>) => {
    const { code, stdout } = await bursar('doctor', '--json');
    const { ok, checks } = JSON.parse(stdout) as Report;
    expect(code).toBe(ok ? 0 : 1);
    const failing = checks.filter(({ state }) => state === 'FAIL');
    expect(checks.filter(({ state, next }) => state !== 'ok' && !next)).toEqual([]);
    return { code, checks, failing: failing.map(({ name, message }) => `${name}: ${message}`) };
  };

  test('a sound setup: every line is ok, and nothing is changed', async () => {
    await using database = await aDatabase('demo');
    const home = aCommandHome();
    const bursar = aCommand({ ...database, home, environment: { LANG: 'C.UTF-8' } });
    const { code, checks, failing } = await examine(bursar);
    expect({ code, failing }).toEqual({ code: 0, failing: [] });
    expect(checks.map(({ name }) => name)).toEqual([
      'node',
      'terminal',
      'locale',
      'home',
      'files',
      'disk',
      'database',
      'clock',
      'migrations',
      'extensions',
      'guards',
      'roles',
      'audit',
      'balances',
      'operators',
      'notices',
      'detection',
      'machines',
    ]);
    expect((await query(database.url, 'SELECT count(*)::int AS rows FROM ops.audit'))[0]).toEqual({ rows: 0 });
    expect((await bursar('doctor')).stdout).toMatch(/^ok {4}database {6}Postgres \d+/m);
  });

  test('a home that is open to others, and files in it', async () => {
    await using database = await aDatabase('demo');
    const home = aCommandHome();
    chmodSync(home, 0o777);
    writeFileSync(path.join(home, 'config.json'), '{}', { mode: 0o644 });
    chmodSync(path.join(home, 'config.json'), 0o644);
    const { failing } = await examine(aCommand({ ...database, home }));
    expect(failing).toEqual([
      expect.stringMatching(/^home: .* is open to others \(0777\)$/) as string,
      'config.json: is open to others (0644)',
    ]);
  });

  test('money that no posting moved, a guard that is off, a function that was changed', async () => {
    await using database = await aDatabase('demo');
    await query(
      database.url,
      'DO $$ BEGIN SET LOCAL session_replication_role = replica; UPDATE bank.account SET balance = balance + 1 WHERE id = 1; END $$',
    );
    await query(database.url, 'ALTER TABLE bank.transaction DISABLE TRIGGER apply');
    await query(
      database.url,
      "CREATE OR REPLACE FUNCTION bank.business_day(at timestamptz DEFAULT clock_timestamp()) RETURNS date LANGUAGE sql STABLE AS 'SELECT at::date'",
    );
    const { failing } = await examine(aCommand(database));
    expect(failing).toEqual([
      'guards: function bank.business_day is not the one that the migrations made',
      'guards: trigger bank.transaction.apply is switched off',
      expect.stringMatching(/^balances: not the sum of its transactions: \d{12}$/) as string,
    ]);
  });

  test('migrations that are missing, edited and unknown', async () => {
    await using bare = await aBareDatabase();
    expect((await examine(aCommand(bare))).failing).toEqual([expect.stringMatching(/^migrations: \d+ pending$/) as string]);
    await using database = await aDatabase('demo');
    await query(database.url, "UPDATE _prisma_migrations SET checksum = 'x' WHERE migration_name LIKE '%_bank'");
    await query(
      database.url,
      "INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '29990101000000_later', now())",
    );
    const { failing } = await examine(aCommand(database));
    expect(failing).toEqual([
      expect.stringMatching(/^migrations: .*_bank.* was changed after it was applied$/) as string,
      'migrations: 29990101000000_later is not known to this program',
    ]);
  });

  test.each([
    ['postgresql://localhost:1/none', 'database: the database does not answer'],
    ['http://localhost/none', 'database: DATABASE_URL is not a Postgres address. Write postgresql://user@host:5432/database'],
    ['postgresql://db.example.org/bank', 'database: DATABASE_URL says nothing about TLS'],
  ])('an address that leads nowhere: %s', async (url, message) => {
    const { failing } = await examine(aCommand({ url }));
    expect(failing).toEqual([expect.stringContaining(message) as string]);
  });

  test('a home that is not there yet is not made by looking', async () => {
    const home = path.join(aCommandHome(), 'new');
    const { code, checks } = await examine(aCommand({ url: '', home }));
    expect(code).toBe(0);
    expect(checks).toContainEqual({ name: 'database', state: 'ok', message: 'the embedded one is made at the first start' });
    expect(existsSync(home)).toBe(false);
  });
});

describe('configuration', () => {
  test('what cannot be used ends every command before it begins', async () => {
    const home = aCommandHome();
    mkdirSync(path.join(home, 'sub'));
    writeFileSync(path.join(home, 'config.json'), '{"trafic": 1}');
    const { code, stdout, stderr } = await aCommand({ url: '', home })('accounts', 'list', '--json');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^bursar: .*config\.json has the unknown key "trafic": write traffic\n$/);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, refusal: { kind: 'invalid' } });
  });
});
