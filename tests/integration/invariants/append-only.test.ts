import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { act, askFor, aBank, refusal, toStatus, type Bank } from '../../support/acting.ts';
import { post } from '../../support/posting.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await aBank();
  const account = await bank.account({ balance: 1_000 });
  const { transaction_id: id } = await post(bank.db, { type: 'withdrawal', from: account.id, amount: 10 });
  await act(bank.db, bank.one, 'transactions.flag', db => db.query(`SELECT ops.flag_transaction($1, 'looks odd to me')`, [id]));
  await toStatus(bank.db, bank.one, account.id, 'frozen');
  await askFor(bank.db, 'accounts.unfreeze', ['account', account.id]);
  await bank.rows(
    `INSERT INTO ops.operator_session (operator_id, token_hash, client, expires_at) VALUES ($1, sha256('nobody'), 'nobody', now() + interval '1 hour')`,
    [bank.one.id],
  );
  await bank.rows(`INSERT INTO ops.sign_in_attempt (operator_id, succeeded) VALUES ($1, false)`, [bank.one.id]);
  await bank.behindItsBack(
    `INSERT INTO bank.limit_override (account_id, type, single, daily, reason) VALUES ($1, 'deposit', 1, 1, 'a test')`,
    [account.id],
  );
  await bank.rows(`SELECT bank.post_transaction(gen_random_uuid(), 'withdrawal', $1, NULL, 1, 'EUR', 'atm')`, [account.id]);
});
afterAll(() => bank[Symbol.asyncDispose]());

/** How a table refuses: BU010 as append-only or kept, BU004 as namelessly changed; '' where it may be done. */
const tables: readonly [table: string, column: string, update: string, remove: string][] = [
  ['bank.transaction', 'amount', 'BU010', 'BU010'],
  ['ops.audit', 'note', 'BU010', 'BU010'],
  ['ops.audit_head', 'seq', 'BU010', 'BU010'],
  ['ops.action_run', 'action', 'BU010', 'BU010'],
  ['ops.operator_session', 'client', 'BU010', 'BU010'],
  ['bank.account', 'status', 'BU004', 'BU010'],
  ['bank."user"', 'status', 'BU004', 'BU010'],
  ['ops.hold', 'note', 'BU004', 'BU010'],
  ['ops.transaction_flag', 'note', 'BU004', 'BU010'],
  ['ops.operator', 'display_name', 'BU004', 'BU010'],
  ['ops.operator_role', 'role', 'BU004', 'BU004'],
  ['bank.limit_override', 'daily', 'BU004', 'BU004'],
  ['bank.limit_counter', 'used', 'BU010', 'BU010'],
  ['bank.limit_default', 'daily_units', 'BU004', 'BU004'],
  ['bank.calendar', 'time_zone', 'BU004', 'BU004'],
  ['bank.currency', 'exponent', 'BU010', 'BU010'],
  ['bank.idempotency_key', 'content_hash', 'BU010', 'BU010'],
  ['ops.approval', 'note', 'BU010', 'BU010'],
  ['ops.write_window', 'reason', 'BU010', 'BU010'],
  ['ops.sign_in_attempt', 'succeeded', 'BU010', 'BU010'],
  ['ops.role_grant', 'role', 'BU010', 'BU010'],
  ['platform.setting_version', 'value', 'BU010', 'BU010'],
  ['platform.setting', 'value', 'BU004', 'BU004'],
];

/** Another value of the column's own type. */
const otherValue: Readonly<Record<string, string>> = {
  amount: 'amount + 1', note: `'something else'`, seq: 'seq + 1', action: `'accounts.close'`, client: `'somebody'`, display_name: `'Somebody'`,
  role: `'sysop'`, daily: 'daily + 1', used: '0', daily_units: 'daily_units + 1', time_zone: `'UTC'`, exponent: '0', reason: `'something else'`, succeeded: 'true', value: `'"x"'`, content_hash: `'\\x00'`,
}; // prettier-ignore

describe.each(tables)('%s', (table, column, update, remove) => {
  const value = column === 'status' ? (table === 'bank.account' ? `'closed'` : `'locked'`) : (otherValue[column] ?? '');

  test('has a row to try it on', async () => {
    expect(await bank.rows(`SELECT FROM ${table} LIMIT 1`)).toHaveLength(1);
  });

  test('UPDATE', async () => {
    expect((await refusal(bank.db, () => bank.rows(`UPDATE ${table} SET ${column} = ${value}`))).code).toBe(update);
  });

  test('DELETE', async () => {
    // what speaks of a session would refuse before its own guard does
    const which = table === 'ops.operator_session' ? ` WHERE client = 'nobody'` : '';
    expect((await refusal(bank.db, () => bank.rows(`DELETE FROM ${table}${which}`))).code).toBe(remove);
  });

  test('TRUNCATE', async () => {
    expect((await refusal(bank.db, () => bank.rows(`TRUNCATE ${table} CASCADE`))).code).toBe('BU010');
  });

  test('INSERT … ON CONFLICT DO UPDATE', async () => {
    const { rows } = await bank.db.query<{ key: string; columns: string }>(
      `SELECT (SELECT string_agg(quote_ident(k.attname), ', ') FROM pg_index i JOIN pg_attribute k ON k.attrelid = i.indrelid AND k.attnum = ANY (i.indkey)
                WHERE i.indrelid = $1::regclass AND i.indisprimary) AS key,
              string_agg(quote_ident(attname), ', ') AS columns
         FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND attgenerated = ''`,
      [table],
    );
    const { key, columns } = rows[0] ?? { key: '', columns: '' };
    const upsert = `INSERT INTO ${table} AS t (${columns}) OVERRIDING SYSTEM VALUE SELECT ${columns} FROM ${table} LIMIT 1
      ON CONFLICT (${key}) DO UPDATE SET ${column} = ${value.replace(/^(\w+) \+/, 't.$1 +')}`;
    expect((await refusal(bank.db, () => bank.rows(upsert))).code).toMatch(/^(BU\d{3}|23505)$/);
  });
});

test('nothing that was tried left a trace', async () => {
  expect(await bank.rows('SELECT first_broken FROM ops.verify_audit()')).toEqual([{ first_broken: null }]);
  expect(await bank.rows('SELECT * FROM bank.reconcile()')).toEqual([]);
});
