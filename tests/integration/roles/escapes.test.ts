import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from 'pg';
import { openDatabase } from '../../../src/database/client.ts';
import { secrets } from '../../../src/database/grants.ts';
import { readCatalog } from '../../../src/database/rights-catalog.ts';
import { rightsProblems } from '../../../src/database/rights.ts';
import { asRole } from '../../../src/database/role-url.ts';
import { hashOf, refusal } from '../../support/acting.ts';
import { aContractWorld, type ContractWorld } from '../../support/contract-world.ts';
import { changed, tables } from '../../support/every-action.ts';
import { report } from '../../support/reliability.ts';
import { connectAs } from '../../support/role-connection.ts';

const planted = 'planted-hash-of-a-password';
const roles = ['bursar_operator', 'bursar_reader', 'bursar_auditor', 'bursar_platform'] as const;

let world: ContractWorld;
let db: Client;
beforeAll(async () => {
  world = await aContractWorld();
  db = await connectAs(world.bank.url, 'bursar_operator');
});
afterAll(async () => {
  await db.end();
  await world.bank[Symbol.asyncDispose]();
});

const codesOf = async (client: Client, attempts: readonly string[]): Promise<Record<string, string>> => {
  const codes: Record<string, string> = {};
  for (const attempt of attempts) codes[attempt] = (await refusal(client, () => client.query(attempt))).code;
  return codes;
};

/** What only a superuser, an owner or a member of more than oneself could do. */
const escapes = [
  'SET ROLE bursar_owner', 'SET SESSION AUTHORIZATION bursar_owner', 'SET ROLE bursar', 'SET SESSION AUTHORIZATION bursar', 'SET ROLE bursar_platform', 'SET ROLE pg_read_all_data',
  'GRANT bursar_owner TO CURRENT_USER', 'GRANT bursar_operator TO bursar_reader', 'ALTER ROLE CURRENT_USER SUPERUSER', 'ALTER ROLE CURRENT_USER CREATEROLE', 'CREATE ROLE evil SUPERUSER',
  `ALTER ROLE bursar_owner LOGIN`, `ALTER ROLE bursar_owner PASSWORD 'x'`, 'DROP ROLE bursar_reader', 'SET session_replication_role = replica',
  `SELECT set_config('session_replication_role', 'replica', false)`, 'ALTER DATABASE CURRENT_USER SET session_replication_role = replica', 'ALTER SYSTEM SET fsync = off',
  `COPY bank.account TO PROGRAM 'cat'`, `COPY (SELECT 1) TO '/tmp/evil'`, `COPY bank.account FROM PROGRAM 'echo 1'`, `CREATE TEMP TABLE t (x text); COPY t FROM '/etc/passwd'`,
  `SELECT pg_read_file('/etc/passwd')`, `SELECT pg_ls_dir('/')`, `SELECT lo_import('/etc/passwd')`, `SELECT lo_export(lo_create(0), '/tmp/evil')`, `SELECT pg_reload_conf()`,
  'CREATE EXTENSION dblink', 'CREATE EXTENSION postgres_fdw', `CREATE EXTENSION plpython3u`, 'CREATE SCHEMA evil', 'CREATE TABLE public.evil (x int)', 'CREATE TABLE ops.evil (x int)',
  `CREATE FUNCTION public.evil() RETURNS int LANGUAGE sql AS 'SELECT 1'`, `CREATE FUNCTION ops.evil() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'`,
  `CREATE OR REPLACE FUNCTION ops.acting() RETURNS ops.action_run LANGUAGE sql AS 'SELECT NULL::ops.action_run'`, 'ALTER FUNCTION ops.acting() SECURITY INVOKER',
  'ALTER FUNCTION ops.acting() RESET search_path', 'DROP FUNCTION ops.require_acting()', 'ALTER TABLE ops.audit OWNER TO CURRENT_USER', 'REASSIGN OWNED BY bursar_owner TO CURRENT_USER',
  'DROP OWNED BY bursar_owner', 'ALTER DEFAULT PRIVILEGES FOR ROLE bursar_owner GRANT ALL ON TABLES TO PUBLIC', 'ALTER DEFAULT PRIVILEGES IN SCHEMA ops GRANT ALL ON FUNCTIONS TO CURRENT_USER',
  'CREATE EVENT TRIGGER evil ON ddl_command_start EXECUTE FUNCTION ops.refuse_change()', 'CREATE PUBLICATION evil FOR ALL TABLES', `SELECT pg_create_logical_replication_slot('evil', 'pgoutput')`,
  'SELECT * FROM pg_authid', 'SELECT * FROM pg_statistic', `UPDATE pg_proc SET prosecdef = false`, 'DELETE FROM pg_trigger', 'UPDATE pg_class SET relhastriggers = false',
  `SELECT * FROM dblink('dbname=postgres', 'SELECT 1') AS t(x int)`, 'VACUUM FULL ops.audit', 'CLUSTER ops.audit USING audit_pkey', 'ALTER SCHEMA ops RENAME TO old', 'DROP SCHEMA ops CASCADE',
]; // prettier-ignore

/** What Postgres answers without an error and without an effect: it only warns, or it is about things that the role does not have. */
const harmlessFor = (role: string): readonly string[] => [
  `SET ROLE ${role}`,
  'VACUUM FULL ops.audit',
  'ALTER DEFAULT PRIVILEGES IN SCHEMA ops GRANT ALL ON FUNCTIONS TO CURRENT_USER',
];

describe.each(roles)('%s', { timeout: 120_000 }, role => {
  test('gets out of its rights by none of the usual ways', async () => {
    const client = await connectAs(world.bank.url, role);
    const before = await tables(world.bank);
    const codes = await codesOf(client, escapes);
    await client.end();
    const done = Object.keys(codes).filter(attempt => codes[attempt] === 'done' && !harmlessFor(role).includes(attempt));
    report(`${role}, ways out`, { tried: escapes.length, succeeded: done.length });
    expect(done).toEqual([]);
    expect(changed(before, await tables(world.bank))).toEqual([]);
    expect(await rightsProblems(world.bank.db)).toEqual([]);
  });

  test('reads no secret column: by name, by whole rows, by comparing, sorting or statistics', async () => {
    const client = await connectAs(world.bank.url, role);
    const { columns } = await readCatalog(world.bank.db);
    const attempts = secrets.flatMap(secret => {
      const [schema = '', table = '', column = ''] = secret.split('.');
      const from = `${schema}."${table}" t`;
      return [`SELECT t.${column} FROM ${from}`, `SELECT * FROM ${from}`, `SELECT t FROM ${from}`, `SELECT to_jsonb(t) FROM ${from}`, `SELECT count(t.${column}) FROM ${from}`,
        `SELECT 1 FROM ${from} WHERE t.${column}::text > 'a'`, `SELECT 1 FROM ${from} ORDER BY t.${column}`, `COPY ${schema}."${table}" TO STDOUT`, `COPY ${schema}."${table}" (${column}) TO STDOUT`,
        `CREATE TEMP VIEW v AS SELECT t.${column} FROM ${from}; SELECT * FROM v`, `SELECT xmin FROM ${from} FOR UPDATE`, `EXPLAIN ANALYZE SELECT t.${column} FROM ${from}`]; // prettier-ignore
    });
    const codes = await codesOf(client, attempts);
    const { rows: statistics } = await client.query<{ column: string }>(
      `SELECT schemaname || '.' || tablename || '.' || attname AS column FROM pg_stats WHERE schemaname IN ('bank', 'ops', 'platform')`,
    );
    await client.end();
    report(`${role}, secrets`, { columns: secrets.length, 'of all': columns.length, attempts: attempts.length });
    expect(Object.values(codes).filter(code => code !== '42501')).toEqual([]);
    expect(statistics.filter(({ column }) => secrets.includes(column))).toEqual([]);
  });
});

test('no function tells a secret: what a user is changed by never answers with the hash of the password', async () => {
  const { bank, id } = world;
  const version = (name: string) => `(SELECT version FROM bank."user" WHERE id = ${id[`user:${name}`]})`;
  const asked = {
    'users.edit': `bank.set_user_profile(${id['user:active']}, ${version('active')}, 'a@mail.example', 'Grace', 'Hopper', NULL)`,
    'users.lock': `bank.set_user_locked(${id['user:active']}, true, ${version('active')})`,
    'users.deactivate': `bank.set_user_active(${id['user:active']}, false, ${version('active')})`,
    'users.change-role': `bank.set_user_role(${id['user:active']}, 'customer', ${version('active')})`,
  };
  for (const [action, call] of Object.entries(asked)) {
    await db.query('BEGIN');
    await db.query('SELECT ops.begin_action($1, $2, $3, $4)', [bank.one.token, action, hashOf(action), randomUUID()]);
    const { rows } = await db.query<{ answer: string }>(`SELECT u::text AS answer FROM ${call} u`);
    await db.query('ROLLBACK');
    expect(rows[0]?.answer).toContain('user-active');
    expect(rows[0]?.answer).not.toContain(planted);
  }
});

test('no setting of a session says who acts', async () => {
  const before = await tables(world.bank);
  const settings = [
    'ops.operator_id',
    'ops.acting',
    'bursar.operator',
    'bursar.token',
    'app.user',
    'application_name',
    'request.jwt.claims',
  ];
  for (const setting of settings) await db.query(`SELECT set_config($1, $2, false)`, [setting, world.bank.one.id]);
  const { code } = await refusal(db, () => db.query('SELECT bank.set_account_status($1, $2, 0)', [world.id['account:pending'], 'active']));
  expect(code).toBe('BU004');
  await db.query('RESET ALL');
  expect(changed(before, await tables(world.bank))).toEqual([]);
});

test('shadows in pg_temp are taken for nothing, and catch nobody’s rights', async () => {
  const client = await connectAs(world.bank.url, 'bursar_operator');
  await client.query(`
    CREATE TEMP TABLE hijacked (by name);
    CREATE FUNCTION pg_temp.hijack() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO pg_temp.hijacked VALUES (current_user); RETURN true; END $$;
    ${['text', 'uuid', 'jsonb', 'bytea', 'inet', 'int8', 'timestamptz'].map(type => `CREATE DOMAIN pg_temp.${type} AS pg_catalog.${type} CHECK (pg_temp.hijack());`).join('\n')}
    CREATE TEMP TABLE action_run (LIKE ops.action_run); CREATE TEMP TABLE operator_session (id uuid); CREATE TEMP TABLE account (id bigint);
    CREATE FUNCTION pg_temp.sha256(pg_catalog.bytea) RETURNS pg_catalog.bytea LANGUAGE sql AS 'SELECT NULL::pg_catalog.bytea';
    CREATE FUNCTION pg_temp.acting() RETURNS ops.action_run LANGUAGE sql AS 'SELECT * FROM ops.action_run LIMIT 1';
    SET search_path = pg_temp, ops, bank, pg_catalog`);
  const before = await tables(world.bank);
  const attempts = [`SELECT ops.touch('x', true)`, `SELECT ops.begin_action('x', 'accounts.freeze', '\\x00', gen_random_uuid())`, `SELECT ops.record_access('x', 'view', 'account', '1', NULL)`,
    `SELECT bank.set_account_status(${world.id['account:pending']}, 'active', 0)`, `SELECT ops.sign_in('one', '\\x00', '123456', '\\x00', repeat('t', 40), 'screen', 'psql', NULL)`]; // prettier-ignore
  for (const attempt of attempts) await refusal(client, () => client.query(attempt));
  const { rows } = await client.query(`SELECT DISTINCT by FROM pg_temp.hijacked WHERE by <> 'bursar_operator'`);
  await client.end();
  expect(rows).toEqual([]);
  expect(changed(before, await tables(world.bank)).filter(name => name.startsWith('bank.') || name === 'ops.action_run')).toEqual([]);
});

test('a large object of one’s own is all that a role can make, and it reaches no file', async () => {
  const client = await connectAs(world.bank.url, 'bursar_reader');
  await client.query('BEGIN');
  const { rows } = await client.query<{ made: string }>('SELECT lo_create(0)::text AS made');
  const codes = await codesOf(client, [`SELECT lo_export(${rows[0]?.made}, '/tmp/evil')`]);
  await client.end();
  expect(Object.values(codes)).toEqual(['42501']);
});

test('colleagues on the same role see that a console works, and never with which token', async () => {
  const console = openDatabase({ url: asRole(world.bank.url, 'bursar_operator'), applicationName: 'bursar watched' });
  const { token } = world.bank.one;
  const working = console.writes.$queryRaw`SELECT (ops.touch(${token}, true)).state, pg_sleep(0.5)::text`.then(rows => rows);
  const watch = async (): Promise<string> =>
    (await db.query<{ query: string }>(`SELECT query FROM pg_stat_activity WHERE application_name LIKE 'bursar watched%'`)).rows
      .map(({ query }) => query)
      .join('\n');
  let seen = '';
  await expect.poll(async () => (seen = await watch()), { timeout: 60_000, interval: 20 }).toContain('ops.touch');
  await working;
  await console.close();
  expect(seen).not.toContain(token);
});
