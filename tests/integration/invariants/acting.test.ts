import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { act, aBank, hashOf, openOperatorSession, refusal, writeAudit, type Bank, type TestOperator } from '../../support/acting.ts';

let bank: Bank;
let idOf: Readonly<Record<string, string>>;
beforeAll(async () => {
  bank = await aBank({ others: { vera: ['viewer'], ravi: ['analyst'], tim: ['viewer', 'analyst'], nora: ['analyst'] } });
  const rows = await bank.rows<{ name: string; id: string }>('SELECT name, id FROM ops.operator');
  idOf = Object.fromEntries(rows.map(({ name, id }) => [name, id]));
});
afterAll(() => bank[Symbol.asyncDispose]());

const begin = (token: string | null, action = 'accounts.freeze', db = bank.db) =>
  db.query('SELECT ops.begin_action($1, $2, $3, $4)', [token, action, hashOf('input'), randomUUID()]);
const signIn = async (name: string, lifetime?: string): Promise<TestOperator> => ({
  id: idOf[name] ?? '',
  name,
  token: await openOperatorSession(bank.db, idOf[name] ?? '', lifetime),
});
const codeOf = async (work: () => Promise<unknown>) => (await refusal(bank.db, work)).code;
const freezing = (operator: TestOperator) => act(bank.db, operator, 'accounts.freeze', () => Promise.resolve());

describe('an action begins with a live session', () => {
  test.each([['none', null], ['an empty one', ''], ['a wrong one', 'token-of-nobody']])('token: %s', async (_, token) => {
    expect(await codeOf(() => begin(token))).toBe('BU001');
  }); // prettier-ignore

  test('the hash in the table is no token', async () => {
    const rows = await bank.rows<{ hash: string }>(`SELECT encode(token_hash, 'hex') AS hash FROM ops.operator_session`);
    for (const { hash } of rows) expect(await codeOf(() => begin(hash))).toBe('BU001');
  });

  test('not with one that expired, was closed, or whose operator left', async () => {
    expect(await codeOf(async () => freezing(await signIn('ravi', '-1 millisecond')))).toBe('BU001');
    const ravi = await signIn('ravi');
    await freezing(ravi);
    await bank.rows('SELECT ops.close_session($1)', [ravi.token]);
    expect(await codeOf(() => freezing(ravi))).toBe('BU001');
    const nora = await signIn('nora');
    await bank.behindItsBack('UPDATE ops.operator SET is_active = false WHERE id = $1', [nora.id]);
    expect(await codeOf(() => freezing(nora))).toBe('BU001');
  });

  test('not with one that expires while the transaction is kept open before it', async () => {
    const ravi = await signIn('ravi', '200 milliseconds');
    await bank.db.query('BEGIN');
    await bank.db.query('SELECT pg_sleep(0.25)');
    expect(await codeOf(() => begin(ravi.token))).toBe('BU001');
  });

  test('not in a transaction that still sees yesterday', async () => {
    const ravi = await signIn('ravi');
    for (const level of ['REPEATABLE READ', 'SERIALIZABLE']) {
      await bank.db.query(`BEGIN ISOLATION LEVEL ${level}`);
      expect(await codeOf(() => begin(ravi.token))).toBe('BU004');
    }
  });

  test('and one that is revoked under way does not end', async () => {
    const ravi = await signIn('ravi');
    const other = await bank.connect();
    const cut = act(bank.db, ravi, 'accounts.freeze', () => other.query('SELECT ops.close_session($1)', [ravi.token]));
    expect(await refusal(bank.db, () => cut)).toMatchObject({ code: 'BU001' });
    await other.end();
  });
});

describe('an action needs its permission', () => {
  test('which the role does not have', async () => {
    const vera = await signIn('vera');
    const actions = await bank.rows<{ action: string; permission: string }>('SELECT action, permission FROM ops.action_permission');
    expect(actions.length).toBeGreaterThan(10);
    for (const { action, permission } of actions) {
      // what concerns oneself alone begins for everybody, and does not end without its audit row
      expect({ action, code: await codeOf(() => begin(vera.token, action)) }).toEqual({ action, code: permission === 'self' ? 'BU008' : 'BU002' });
    } // prettier-ignore
  });

  test('which one role has and another has not', async () => {
    const ravi = await signIn('ravi');
    await freezing(ravi);
    expect(await codeOf(() => begin(ravi.token, 'accounts.unfreeze'))).toBe('BU002');
  });

  test('from a role that has not run out, by database time, even within a transaction', async () => {
    const tim = await signIn('tim');
    const until = (time: string) =>
      bank.behindItsBack(
        `UPDATE ops.operator_role SET expires_at = clock_timestamp() + $1::interval WHERE operator_id = $2 AND role = 'analyst'`,
        [time, tim.id],
      );
    await until('1 hour');
    await freezing(tim);
    await until('-1 millisecond');
    expect(await codeOf(() => freezing(tim))).toBe('BU002');
    await until('200 milliseconds');
    await bank.db.query('BEGIN');
    await bank.db.query('SELECT pg_sleep(0.25)');
    expect(await codeOf(() => begin(tim.token))).toBe('BU002');
  });

  test.each(['accounts.plunder', '', 'accounts', null])('an action that is not listed does not exist: %s', async action => {
    expect(
      await codeOf(() => bank.db.query('SELECT ops.begin_action($1, $2, $3, $4)', [bank.one.token, action, hashOf('x'), randomUUID()])),
    ).toBe('BU002');
  });
});

describe('nobody changes anything namelessly', () => {
  const statements: readonly string[] = [
    `SELECT bank.set_account_status(1, 'closed', 1)`, 'SELECT bank.retract_approval(1, 1)', `SELECT bank.open_account(1, 'savings', 'EUR', 'active')`,
    `SELECT bank.create_user('eve', 'eve@mail.example', 'E', 'V', NULL, NULL, 'admin', 'active', NULL)`, 'SELECT bank.take_user(1, 0)',
    `SELECT bank.set_user_profile(1, 0, 'a@b.cc', 'A', 'B', NULL)`, `SELECT bank.set_user_status(1, 'locked', 0)`, 'SELECT bank.set_user_locked(1, true, 0)',
    'SELECT bank.set_user_active(1, false, 0)', 'SELECT bank.revoke_sessions(1)', `SELECT ops.place_hold(1, 1, 'compliance', 'held for a test', current_date, false)`,
    `SELECT ops.release_holds(1, 1, 'x')`, `SELECT ops.retract_hold(1, 1, 'x')`, `SELECT ops.flag_transaction(1, 'looks odd to me')`, `SELECT ops.clear_flag(1, 'x')`,
    `SELECT ops.write_audit('update', 'account', '1', NULL, NULL, NULL, 'success', NULL, NULL, NULL, NULL)`, 'SELECT ops.require_acting()',
    `INSERT INTO ops.hold (account_id, ground, note, review_on) VALUES (1, 'compliance', 'held for a test', current_date)`,
    `INSERT INTO ops.transaction_flag (transaction_id, note) VALUES (1, 'looks odd to me')`,
    `INSERT INTO ops.operator (name, display_name) VALUES ('mallory', 'M')`, `INSERT INTO ops.operator_role (operator_id, role) VALUES (1, 'developer')`,
    `INSERT INTO platform.setting VALUES ('x', '1', 'x')`,
    `INSERT INTO ops.audit (action, verb, entity, entity_id, outcome) VALUES ('accounts.freeze', 'update', 'account', '1', 'success')`,
  ]; // prettier-ignore
  test.each(statements)('%s', async statement => {
    // there is an account and a user to do it to, and a transaction with a number of its own
    await bank.account({ balance: 1 });
    await bank.db.query('BEGIN');
    await bank.db.query('SELECT pg_current_xact_id()');
    expect((await refusal(bank.db, () => bank.rows(statement))).code).toBe('BU004');
  });
});

describe('no audit, no action', () => {
  test('without its row an action does not commit', async () => {
    expect(await codeOf(() => act(bank.db, bank.one, 'accounts.freeze', () => Promise.resolve(), { audit: false }))).toBe('BU008');
  });

  test('nor with a row that was rolled back to a savepoint', async () => {
    const work = async () => {
      await bank.db.query('SAVEPOINT before');
      await writeAudit(bank.db);
      await bank.db.query('ROLLBACK TO before');
    };
    expect(await codeOf(() => act(bank.db, bank.one, 'accounts.freeze', work, { audit: false }))).toBe('BU008');
  });

  test('nor with a row that somebody wrote by hand', async () => {
    const request = randomUUID();
    const byHand = (outcome: string) => () =>
      bank.db.query(
        `INSERT INTO ops.audit (action, verb, entity, entity_id, outcome, request_id, operator) VALUES ('x.y', 'update', 'account', '1', $2, $1, 'mallory')`,
        [request, outcome],
      );
    for (const outcome of ['success', 'refused']) {
      expect(await codeOf(() => act(bank.db, bank.one, 'accounts.freeze', byHand(outcome), { audit: false, request }))).toBe('BU008');
    }
  });

  test('nothing changes after the row, and there is only one', async () => {
    const { id } = await bank.account();
    const late = async () => {
      await writeAudit(bank.db);
      await bank.db.query('SELECT bank.set_account_status(a.id, $2, a.version) FROM bank.account a WHERE id = $1', [id, 'closed']);
    };
    expect(await codeOf(() => act(bank.db, bank.one, 'accounts.close', late, { audit: false }))).toBe('BU004');
    expect(await codeOf(() => act(bank.db, bank.one, 'accounts.close', () => writeAudit(bank.db)))).toBe('BU004');
  });

  test('the row says who acted from where, whatever the statement says', async () => {
    const request = randomUUID();
    await act(bank.db, bank.two, 'accounts.freeze', () => Promise.resolve(), { request });
    expect(
      await bank.rows('SELECT operator, operator_id, action, host(ip) AS ip, client FROM ops.audit WHERE request_id = $1', [request]),
    ).toEqual([{ operator: 'two', operator_id: bank.two.id, action: 'accounts.freeze', ip: '10.0.0.1', client: 'test' }]);
  });
});

test('a transaction carries out one action', async () => {
  expect(await codeOf(() => act(bank.db, bank.one, 'accounts.freeze', () => begin(bank.one.token, 'accounts.close')))).toBe('BU004');
});

test('a number that another server gave a transaction is not taken for this one', async () => {
  await bank.db.query('BEGIN');
  const old = await bank.rows<{ transaction_number: string }>('SELECT pg_current_xact_id()::text AS transaction_number');
  await bank.db.query('SET LOCAL session_replication_role = replica');
  await bank.db.query(
    `INSERT INTO ops.action_run SELECT gen_random_uuid(), $1, $2, s.id, 'accounts.freeze', '\\x00', NULL, now() - interval '1 day', NULL FROM ops.operator_session s LIMIT 1`,
    [old[0]?.transaction_number, bank.one.id],
  );
  expect(await codeOf(() => bank.rows('SELECT ops.require_acting()'))).toBe('BU004');
});
