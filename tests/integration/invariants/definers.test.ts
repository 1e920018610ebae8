import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { act, aBank, hashOf, refusal, type Bank } from '../../support/acting.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await aBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

test('every function with its owner’s rights, and every trigger, names its path, pg_temp last', async () => {
  const functions = await bank.rows<{ name: string; path: string | null }>(`
    SELECT p.oid::regprocedure::text AS name, (SELECT s FROM unnest(p.proconfig) s WHERE s LIKE 'search_path=%') AS path
      FROM pg_proc p WHERE p.pronamespace IN ('bank'::regnamespace, 'ops'::regnamespace, 'platform'::regnamespace)
       AND (p.prosecdef OR p.prorettype = 'trigger'::regtype)`);
  expect(functions.length).toBeGreaterThan(40);
  expect(functions.filter(({ path }) => path !== 'search_path=pg_catalog, pg_temp')).toEqual([]);
});

test('no function but these is called without such a path', async () => {
  const functions = await bank.rows<{ name: string }>(`
    SELECT p.proname AS name FROM pg_proc p WHERE p.pronamespace IN ('bank'::regnamespace, 'ops'::regnamespace, 'platform'::regnamespace) AND p.proconfig IS NULL ORDER BY 1`);
  // called by the functions above, or reading only, with the caller's own rights
  expect(functions.map(({ name }) => name)).toEqual(['audit_hash', 'limits_of', 'objection_to', 'reconcile']);
});

const stranger = 'bursar_test_stranger';
const asStranger = async (rights = ''): Promise<Bank['db']> => {
  const db = await bank.connect();
  await db.query(`DO $$ BEGIN CREATE ROLE ${stranger}; EXCEPTION WHEN duplicate_object THEN NULL; END $$; ${rights}; SET ROLE ${stranger}`);
  return db;
};

test('a caller’s temporary types, tables and functions are never taken for the bank’s', async () => {
  const db = await asStranger(
    `GRANT USAGE ON SCHEMA bank, ops TO ${stranger}; GRANT SELECT ON bank.account, ops.action_permission TO ${stranger}; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA bank, ops TO ${stranger}`,
  );
  const { id } = await bank.account({ balance: 100 });
  const types = ['text', 'uuid', 'jsonb', 'bytea', 'inet', 'int4', 'date', 'timestamptz'];
  await db.query(`
    CREATE TEMP TABLE hijacked (by name);
    CREATE FUNCTION pg_temp.hijack() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO pg_temp.hijacked VALUES (current_user); RETURN true; END $$;
    ${types.map(type => `CREATE DOMAIN pg_temp.${type} AS pg_catalog.${type} CHECK (pg_temp.hijack());`).join('\n')}
    CREATE TEMP TABLE account (id bigint);
    CREATE TEMP TABLE transaction (id bigint);
    SET search_path = pg_temp, pg_catalog;`);
  await db.query(`SELECT bank.post_transaction(gen_random_uuid(), 'withdrawal', $1, NULL, 1, 'EUR', 'atm')`, [id]);
  const freeze = `SELECT ops.place_hold(a.id, a.version, 'compliance', 'held for a test', current_date, false) FROM bank.account a WHERE id = $1`;
  await act(db, bank.one, 'accounts.freeze', () => db.query(freeze, [id]));
  await db.query('RESET ROLE');
  expect((await db.query(`SELECT DISTINCT by FROM pg_temp.hijacked WHERE by <> '${stranger}'`)).rows).toEqual([]);
  await db.query(
    `REVOKE USAGE ON SCHEMA bank, ops FROM ${stranger}; REVOKE SELECT ON bank.account, ops.action_permission FROM ${stranger}; REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA bank, ops FROM ${stranger}`,
  );
  await db.end();
});

describe('a caller’s own rights', () => {
  const attempts: readonly string[] = [
    'SELECT * FROM bank.account', `SELECT bank.post_transaction(gen_random_uuid(), 'deposit', NULL, 1, 1, 'EUR', 'atm')`, 'SELECT bank.take_user(1, 0)',
    'SELECT * FROM ops.audit', `SELECT ops.live_session('x')`, `SELECT * FROM ops.verify_audit()`, 'UPDATE ops.operator SET is_active = false',
  ]; // prettier-ignore
  test('are none, where nobody granted any', async () => {
    const db = await asStranger();
    for (const attempt of attempts) expect((await refusal(db, () => db.query(attempt))).code).toBe('42501');
    await db.end();
  });
});

test('a token or a hash in a wrong place is only a refusal', async () => {
  const hostile = [`' OR true --`, '\u001b[2J', 'x'.repeat(1_000_000), '%', '\\x00'];
  for (const token of hostile) {
    const begin = () => bank.db.query('SELECT ops.begin_action($1, $1, $2, gen_random_uuid())', [token, hashOf(token)]);
    expect((await refusal(bank.db, begin)).code).toBe('BU001');
  }
});
