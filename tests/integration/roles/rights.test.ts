import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from 'pg';
import { dmlOf, functionsOf, harmless, internal, loginRoles, ownerRole, secrets, soundsSecret } from '../../../src/database/grants.ts';
import { readCatalog, type Catalog } from '../../../src/database/rights-catalog.ts';
import { applyRights, rightsProblems } from '../../../src/database/rights.ts';
import { asRole } from '../../../src/database/role-url.ts';
import { connectionSettings } from '../../../src/database/settings.ts';
import { aBank, refusal, type Bank } from '../../support/acting.ts';
import { aDatabase } from '../../support/database.ts';
import { report } from '../../support/reliability.ts';

let bank: Bank;
let catalog: Catalog;
beforeAll(async () => {
  bank = await aBank();
  catalog = await readCatalog(bank.db);
});
afterAll(() => bank[Symbol.asyncDispose]());

const connectAs = async (url: string, user: string): Promise<Client> => {
  const address = new URL(url);
  address.username = user;
  const client = new Client(connectionSettings(address.href, { applicationName: 'tests' }));
  await client.connect();
  return client;
};

describe('every thing in the database stands in one list', () => {
  const functions = (): readonly string[] =>
    catalog.things.filter(({ kind, trigger }) => kind === 'function' && !trigger).map(({ name }) => name);

  test('every function is somebody’s or nobody’s, never both', () => {
    const granted = new Set(loginRoles.flatMap(role => functionsOf[role]));
    expect(functions().filter(name => !granted.has(name) && !internal.includes(name))).toEqual([]);
    expect(internal.filter(name => granted.has(name))).toEqual([]);
    expect([...granted, ...internal].filter(name => !functions().includes(name))).toEqual([]);
  });

  test('every column that sounds like a secret is called one, or harmless', () => {
    const columns = catalog.columns.map(({ table, name, type }) => ({ name: `${table}.${name}`, sounds: soundsSecret(name, type) }));
    const sounding = columns.filter(({ sounds }) => sounds).map(({ name }) => name);
    expect(sounding.filter(name => !secrets.includes(name) && !harmless.includes(name))).toEqual([]);
    expect(secrets.filter(name => harmless.includes(name))).toEqual([]);
    expect([...secrets, ...harmless].filter(name => !columns.some(column => column.name === name))).toEqual([]);
  });

  test('what a role writes itself is there', () => {
    const tables = new Set(catalog.columns.map(({ table }) => table));
    for (const role of loginRoles) expect(dmlOf[role].filter(({ table }) => !tables.has(table))).toEqual([]);
  });
});

describe('the rights of the database', () => {
  test('are those of the lists, and everything belongs to an owner who logs in nowhere', async () => {
    expect(await rightsProblems(bank.db)).toEqual([]);
    report('rights', {
      things: catalog.things.length,
      'rights of four roles': catalog.rights.length,
      'rights of everybody': catalog.rights.filter(({ role }) => role === 'public').length,
    });
    expect(catalog.rights.filter(({ role }) => role === 'public')).toEqual([]);
    const attempt = await refusal(bank.db, () => connectAs(bank.url, ownerRole));
    expect(`${attempt.code} ${attempt.message}`).toMatch(/^28000 .*not permitted to log in/);
  });

  test('applied again change nothing; whatever somebody changed meanwhile comes right', async () => {
    expect(await applyRights(bank.db)).toBe(0);
    await bank.db.query(`GRANT UPDATE ON bank.account TO bursar_operator; GRANT SELECT (password_hash) ON bank."user" TO bursar_reader;
      GRANT EXECUTE ON FUNCTION ops.take_code TO PUBLIC; REVOKE SELECT ON bank.transaction FROM bursar_reader; ALTER TABLE ops.hold OWNER TO CURRENT_USER`);
    expect((await rightsProblems(bank.db)).toSorted()).toEqual([
      'missing: SELECT on bank.transaction for bursar_reader',
      expect.stringMatching(/^table ops.hold belongs to /),
      'too much: EXECUTE on ops.take_code(of_operator bigint, code text, seed_key bytea) for public',
      'too much: SELECT on bank."user" (password_hash) for bursar_reader',
      'too much: UPDATE on bank.account for bursar_operator',
    ]);
    expect(await applyRights(bank.db)).toBe(5);
    expect(await rightsProblems(bank.db)).toEqual([]);
  });

  test('are applied by six consoles of two databases at once', async () => {
    await using other = await aDatabase('empty');
    const clients = await Promise.all(
      Array.from({ length: 6 }, (_, index) => connectAs(index % 2 === 0 ? bank.url : other.url, new URL(bank.url).username)),
    );
    for (const url of [bank.url, other.url]) {
      const client = await connectAs(url, new URL(url).username);
      await client.query(`REVOKE ALL ON ALL TABLES IN SCHEMA bank, ops FROM bursar_operator`);
      await client.end();
    }
    const changes = await Promise.all(clients.map(client => applyRights(client)));
    expect(changes.filter(count => count > 0)).toHaveLength(2);
    for (const client of clients) {
      expect(await rightsProblems(client)).toEqual([]);
      await client.end();
    }
  });

  test('come to what a later migration makes, and to nobody before', async () => {
    await bank.db.query(
      `CREATE TABLE ops.later (id bigint, invite_token text); CREATE FUNCTION ops.later_function() RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
    );
    await applyRights(bank.db);
    const reader = await connectAs(bank.url, 'bursar_reader');
    expect((await refusal(reader, () => reader.query('SELECT id FROM ops.later'))).code).toBe('done');
    expect((await refusal(reader, () => reader.query('SELECT invite_token FROM ops.later'))).code).toBe('42501');
    expect((await refusal(reader, () => reader.query('SELECT ops.later_function()'))).code).toBe('42501');
    await reader.end();
    await bank.db.query('DROP TABLE ops.later; DROP FUNCTION ops.later_function()');
  });
});

test('an address as another role keeps host, database and parameters, and leaves the password behind', () => {
  expect(asRole('postgresql://owner:secret@db.example:5433/bank?sslmode=verify-full', 'bursar_reader')).toBe(
    'postgresql://bursar_reader@db.example:5433/bank?sslmode=verify-full',
  );
});
