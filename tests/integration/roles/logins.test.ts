import path from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loginsOf } from '../../../src/commands/logins.ts';
import { readConfig } from '../../../src/config.ts';
import { startTraffic } from '../../../src/demo/traffic.ts';
import { migrate } from '../../../src/database/migrate.ts';
import { applyRights, rightsProblems } from '../../../src/database/rights.ts';
import { asRole } from '../../../src/database/role-url.ts';
import { connectionSettings } from '../../../src/database/settings.ts';
import { bannerLine } from '../../../src/tui/parts/banner.ts';
import { unpainted } from '../../../src/tui/theme.ts';
import { present, presentSession } from '../../screens/presence-states.ts';
import { aCommand } from '../../support/command.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { countOf, query } from '../../support/query.ts';
import { medium } from '../../support/state.ts';

let demo: TestDatabase;
beforeAll(async () => {
  demo = await aDatabase('demo');
});
afterAll(() => demo.drop());

const migrations = path.join(import.meta.dirname, '..', '..', '..', 'prisma', 'migrations');

const onConnection = async <T>(url: string, work: (connection: Client) => Promise<T>): Promise<T> => {
  const client = new Client(connectionSettings(url, { applicationName: 'tests' }));
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};
const problemsOf = (url: string): Promise<readonly string[]> => onConnection(url, rightsProblems);

/** Who the last sign-in connected as. */
const lastLogin = async (): Promise<unknown> =>
  (await query(demo.url, `SELECT db_role FROM ops.audit WHERE action = 'sessions.open' ORDER BY seq DESC LIMIT 1`))[0]?.['db_role'];

describe('the console', { timeout: 120_000 }, () => {
  test('connects as the operator, although the owner’s address is named', async () => {
    expect(await aCommand({ url: demo.url })('accounts', 'list', '--limit', '1')).toMatchObject({ code: 0 });
    expect(await lastLogin()).toBe('bursar_operator');
  });

  test('connects as the operator where that is the address', async () => {
    expect(await aCommand({ url: asRole(demo.url, 'bursar_operator') })('accounts', 'list', '--limit', '1')).toMatchObject({ code: 0 });
    expect(await lastLogin()).toBe('bursar_operator');
  });

  test.each(['bursar', 'bursar_operator'] as const)('connects as the reader with --read-only, from the address of %s', async user => {
    const url = user === 'bursar' ? demo.url : asRole(demo.url, user);
    expect(await aCommand({ url })('--read-only', 'accounts', 'list', '--limit', '1')).toMatchObject({ code: 0 });
    expect(await lastLogin()).toBe('bursar_reader');
  });

  test('stays what its address says where no roles were made in this database, and knows that it has its owner’s rights', async () => {
    await using bare = await aDatabase('blank');
    await onConnection(bare.url, connection => migrate(connection, migrations));
    const address = { url: bare.url, embedded: false, release: async () => undefined };
    const config = readConfig({ DATABASE_URL: bare.url }, '/nowhere');
    expect(await loginsOf(address, config, false)).toEqual({ console: bare.url, platform: bare.url, asOwner: true });
    expect(await loginsOf(address, config, true)).toMatchObject({ asOwner: false, console: asRole(bare.url, 'bursar_reader') });
    await onConnection(bare.url, applyRights);
    expect(await loginsOf(address, config, false)).toEqual({
      console: asRole(bare.url, 'bursar_operator'),
      platform: asRole(bare.url, 'bursar_platform'),
      asOwner: false,
    });
  });

  test('says so in its banner', () => {
    const session = presentSession(false);
    const owner = present(medium, {}, { session: { ...session, environment: { ...session.environment, asOwner: true } } });
    expect(unpainted(bannerLine(owner, 120))).toContain('AS OWNER');
    expect(unpainted(bannerLine(present(medium, {}, { session }), 120))).not.toContain('OWNER');
  });

  test('does not fall back to more than the reader', async () => {
    const environment = { BURSAR_READER_URL: 'postgresql://bursar_reader@localhost:1/nowhere' };
    const answer = await aCommand({ url: demo.url, environment })('--read-only', 'accounts', 'list');
    expect(answer.code).not.toBe(0);
    expect(answer.stdout).toBe('');
  });

  test('says in doctor that its logins are as they should be, or how to make them so', async () => {
    expect((await aCommand({ url: demo.url })('doctor')).stdout).toContain('each login has the rights it needs and no others');
    await using bare = await aDatabase('blank');
    await aCommand({ url: bare.url })('migrate', '--roles');
    await query(bare.url, 'GRANT UPDATE ON bank.account TO bursar_reader');
    const doctor = await aCommand({ url: bare.url })('doctor');
    expect(doctor.stdout).toMatch(/FAIL\s+roles\s+too much: UPDATE on bank\.account for bursar_reader/);
    expect(doctor.code).toBe(1);
  });
});

describe('bursar migrate --roles', { timeout: 120_000 }, () => {
  test('makes the roles and gives them their rights; again it changes nothing', async () => {
    await using bare = await aDatabase('blank');
    const bursar = aCommand({ url: bare.url });
    const first = await bursar('migrate', '--roles');
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toMatch(/the database roles have their rights: [\d,]{3,} changes/);
    expect(await problemsOf(bare.url)).toEqual([]);
    expect((await bursar('migrate', '--roles')).stdout).toContain('the database roles have their rights: 0 changes');
    expect((await bursar('migrate', '--roles', '--status')).code).toBe(2);
  });

  test('needs no superuser: who owns the database and may create roles can do it, in the address of the owner', async () => {
    await using bare = await aDatabase('blank');
    const database = new URL(bare.url).pathname.slice(1);
    const dba = `dba_${database.slice(-12)}`;
    await query(bare.url, `CREATE ROLE ${dba} LOGIN CREATEROLE`);
    await query(bare.url, `ALTER DATABASE ${database} OWNER TO ${dba}`);
    const owner = new URL(bare.url);
    owner.username = dba;
    const bursar = aCommand({ url: asRole(bare.url, 'bursar_operator'), environment: { BURSAR_OWNER_URL: owner.href } });
    const made = await bursar('migrate', '--roles');
    expect(made.stderr).toBe('');
    expect(made.code).toBe(0);
    expect(await problemsOf(bare.url)).toEqual([]);
    await query(bare.url, `ALTER DATABASE ${database} OWNER TO CURRENT_USER`);
  });

  test('is what doctor asks for where a right is missing', async () => {
    await using bare = await aDatabase('blank');
    const bursar = aCommand({ url: bare.url });
    await bursar('migrate', '--roles');
    await query(bare.url, 'REVOKE USAGE ON SCHEMA ops FROM bursar_operator');
    const doctor = await bursar('doctor');
    expect(doctor.stdout).toMatch(/missing: USAGE on ops for bursar_operator\s+-> run "bursar migrate --roles"/);
    await bursar('migrate', '--roles');
    expect(await problemsOf(bare.url)).toEqual([]);
  });
});

test('the traffic of a demo posts as the platform, which can do that and nothing of the operators’', async () => {
  const before = await countOf(demo.url, 'bank.transaction');
  const errors: unknown[] = [];
  const end = new AbortController();
  const traffic = startTraffic(asRole(demo.url, 'bursar_platform'), {
    perSecond: 200,
    registrationEvery: 20,
    signal: end.signal,
    onError: error => errors.push(error),
  });
  await expect.poll(() => countOf(demo.url, 'bank.transaction'), { timeout: 60_000 }).toBeGreaterThan(before + 50);
  await expect
    .poll(() => countOf(demo.url, `bank.document WHERE received_at > now() - interval '1 minute'`), { timeout: 60_000 })
    .toBeGreaterThan(0);
  end.abort();
  await traffic;
  expect(errors).toEqual([]);
});

test('the auditor’s login verifies the log, and is refused everything that would change it', async () => {
  const verified = await aCommand({ url: asRole(demo.url, 'bursar_auditor') })('audit', 'verify');
  expect(verified).toMatchObject({ code: 0, stderr: '' });
  expect(verified.stdout).toContain('unbroken');
  await expect(query(asRole(demo.url, 'bursar_auditor'), 'UPDATE ops.audit SET note = NULL')).rejects.toThrow(/permission denied/);
});

test('a demo is replaced by its owner, and its logins have their rights afterwards', { timeout: 120_000 }, async () => {
  const replaced = await aCommand({ url: demo.url })('demo', '--replace', '--scale', '20000');
  expect(replaced.code).toBe(0);
  expect(await problemsOf(demo.url)).toEqual([]);
});
