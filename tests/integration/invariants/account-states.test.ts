import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { act, aBank, openOperatorSession, refusal, toStatus, type AccountStatus, type Bank } from '../../support/acting.ts';
import { insertPosting, post } from '../../support/posting.ts';

const statuses: readonly AccountStatus[] = ['pending', 'active', 'frozen', 'closed', 'rejected'];

/** DOMAIN.md: pending → active / rejected; active ↔ frozen; active / frozen → closed. And who may do it. */
const lawful = new Set([
  'accounts.approve pending active',
  'accounts.reject pending rejected',
  'accounts.freeze active frozen',
  'accounts.unfreeze frozen active',
  'accounts.retract-freeze frozen active',
  'accounts.close active closed',
  'accounts.close frozen closed',
  'accounts.retract-approval active pending',
]);
const actions = [
  'accounts.approve', 'accounts.reject', 'accounts.freeze', 'accounts.unfreeze', 'accounts.retract-freeze', 'accounts.close', 'accounts.retract-approval',
  'users.edit',
]; // prettier-ignore
const changes = statuses.flatMap(before => statuses.filter(after => after !== before).map(after => [before, after] as const));

let bank: Bank;
beforeAll(async () => {
  bank = await aBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

/** Tries inside an action about `values[0]` and takes everything back, so that one account serves all attempts. */
const attempt = async (action: string, sql: string, values: unknown[], about = values[0]): Promise<string> => {
  const undone = new Error('undone');
  const work = async (): Promise<never> => {
    await bank.db.query(sql, values);
    throw undone;
  };
  const { code } = await refusal(bank.db, () =>
    act(bank.db, bank.one, action, work, { target: ['account', String(about)] }).catch((error: unknown) => {
      if (error !== undone) throw error;
    }),
  );
  return code;
};

describe('an account changes its state only by the action that the transition belongs to', () => {
  for (const [before, after] of changes) {
    test(`${before} → ${after}`, async () => {
      const { id } = await bank.account({ status: before });
      for (const action of actions) {
        const expected = lawful.has(`${action} ${before} ${after}`) ? 'done' : 'BU007';
        const byContract = await attempt(action, 'SELECT bank.set_account_status(a.id, $2, a.version) FROM bank.account a WHERE id = $1', [
          id,
          after,
        ]);
        const byUpdate = await attempt(action, 'UPDATE bank.account SET status = $2, closed_at = now() WHERE id = $1', [id, after]);
        expect({ action, byContract, byUpdate }).toEqual({ action, byContract: expected, byUpdate: expected });
      }
      expect((await refusal(bank.db, () => bank.rows('UPDATE bank.account SET status = $2 WHERE id = $1', [id, after]))).code).toBe(
        'BU004',
      );
      expect(await bank.rows('SELECT status FROM bank.account WHERE id = $1', [id])).toEqual([{ status: before }]);
    });
  }

  test('to the state it is in already is no change', async () => {
    for (const status of statuses) {
      const { id } = await bank.account({ status });
      expect(
        await attempt('accounts.freeze', 'SELECT bank.set_account_status(a.id, a.status, a.version) FROM bank.account a WHERE id = $1', [
          id,
        ]),
      ).toBe('BU007');
    }
  });

  test('a looked-at version that is old, new or missing is refused as stale', async () => {
    const { id } = await bank.account();
    for (const version of [0, 2, -1, null]) {
      expect(await attempt('accounts.close', 'SELECT bank.set_account_status($1, $2, $3)', [id, 'closed', version])).toBe('BU005');
    }
    expect(await attempt('accounts.close', 'SELECT bank.set_account_status($1, $2, $3)', [id, 'closed', 1])).toBe('done');
    expect(await attempt('accounts.close', 'SELECT bank.set_account_status(-1, $1, 0)', ['closed'], id)).toBe('BU011');
  });

  test('what was approved for one account is not done to another', async () => {
    const [approved, other] = [await bank.account(), await bank.account()];
    for (const sql of ['SELECT bank.set_account_status(a.id, $2, a.version) FROM bank.account a WHERE id = $1', 'UPDATE bank.account SET status = $2 WHERE id = $1']) {
      expect(await attempt('accounts.close', sql, [other.id, 'closed'], approved.id)).toBe('BU004');
      expect(await attempt('accounts.close', sql, [approved.id, 'closed'])).toBe('done');
    } // prettier-ignore
  });
});

describe('closing', () => {
  test('with a balance is refused', async () => {
    const { id } = await bank.account({ balance: 100 });
    expect(await refusal(bank.db, () => toStatus(bank.db, bank.one, id, 'closed'))).toMatchObject({
      code: '23514',
      message: expect.stringContaining('closed_is_empty') as unknown,
    });
  });

  test('with a hold is refused at the commit, with the hold released it is not', async () => {
    const { id } = await bank.account({ status: 'frozen' });
    expect((await refusal(bank.db, () => toStatus(bank.db, bank.one, id, 'closed'))).code).toBe('BU007');
    const close = async () => {
      await bank.db.query(`UPDATE ops.hold SET findings = 'closed by order' WHERE account_id = $1`, [id]);
      await bank.db.query('SELECT bank.set_account_status(a.id, $2, a.version) FROM bank.account a WHERE id = $1', [id, 'closed']);
    };
    await act(bank.db, bank.one, 'accounts.close', close, { target: ['account', id] });
    expect(await bank.rows('SELECT status, closed_at IS NOT NULL AS dated FROM bank.account WHERE id = $1', [id])).toEqual([
      { status: 'closed', dated: true },
    ]);
  });

  test('without the date is impossible even without triggers', async () => {
    const { id } = await bank.account();
    expect((await refusal(bank.db, () => bank.behindItsBack(`UPDATE bank.account SET status = 'closed' WHERE id = $1`, [id]))).code).toBe(
      '23514',
    );
  });
});

describe('what else of an account may not be', () => {
  /** By an action always BU007; namelessly as said. */
  const rowChanges: readonly [name: string, assignment: string, nameless: string][] = [
    ['a balance by UPDATE', 'balance = balance + 1', 'BU007'],
    ['a balance below zero', 'balance = -1', 'BU007'],
    ['a balance and a state at once', `balance = 1, status = 'frozen'`, 'BU007'],
    ['another number', `number = '000000000001'`, 'BU004'],
    ['another owner', 'user_id = user_id + 1', 'BU004'],
    ['another currency', `currency = 'USD'`, 'BU004'],
    ['another type', `type = 'current'`, 'BU004'],
    ['another opener', 'opened_by = 1', 'BU004'],
    ['another approver', 'activated_by = 2, activated_at = now()', 'BU004'],
    ['another version', 'version = 17', 'BU004'],
  ];
  test.each(rowChanges)('%s', async (_, assignment, nameless) => {
    const { id } = await bank.account({ balance: 500 });
    for (const action of actions) expect(await attempt(action, `UPDATE bank.account SET ${assignment} WHERE id = $1`, [id])).toBe('BU007');
    expect((await refusal(bank.db, () => bank.rows(`UPDATE bank.account SET ${assignment} WHERE id = $1`, [id]))).code).toBe(nameless);
  });

  test('a balance below zero is impossible even without triggers', async () => {
    const { id } = await bank.account();
    expect((await refusal(bank.db, () => bank.behindItsBack('UPDATE bank.account SET balance = -1 WHERE id = $1', [id]))).code).toBe(
      '23514',
    );
  });

  const openings: readonly [name: string, columns: string, values: string, code: string][] = [
    ['with money', 'balance', '1', 'BU007'],
    ['frozen', 'status', `'frozen'`, 'BU007'],
    ['closed', 'status', `'closed'`, 'BU007'],
    ['rejected', 'status', `'rejected'`, 'BU007'],
    ['active, namelessly', 'status', `'active'`, 'BU004'],
  ];
  test.each(openings)('opening it %s', async (_, column, value, code) => {
    const open = () =>
      bank.rows(
        `INSERT INTO bank.account (number, user_id, currency, ${column}) VALUES (bank.next_account_number(), $1, 'EUR', ${value})`,
        [bank.customer],
      );
    expect((await refusal(bank.db, open)).code).toBe(code);
  });

  test('who opened and who approved is written by the guard, whatever the statement says', async () => {
    const [opened] = await bank.rows<{ id: string; opened_by: string | null; version: number }>(
      `INSERT INTO bank.account (number, user_id, currency, opened_by, activated_by, version) VALUES (bank.next_account_number(), $1, 'EUR', 99, 99, 99) RETURNING *`,
      [bank.customer],
    );
    expect(opened).toMatchObject({ opened_by: null, activated_by: null, version: 0 });
    await act(bank.db, bank.two, 'accounts.approve', db =>
      db.query(`UPDATE bank.account SET status = 'active', activated_by = 99, version = 99 WHERE id = $1`, [opened?.id]),
    );
    expect(await bank.rows('SELECT activated_by, version FROM bank.account WHERE id = $1', [opened?.id])).toEqual([
      { activated_by: bank.two.id, version: 1 },
    ]);
  });

  test('whoever opened it does not approve it, a colleague does', async () => {
    const id = await act(bank.db, bank.one, 'users.create', async db => {
      const { rows } = await db.query<{ id: string }>(`SELECT id FROM bank.open_account($1, 'savings', 'EUR', 'pending')`, [bank.customer]);
      return rows[0]?.id ?? '';
    });
    expect((await refusal(bank.db, () => toStatus(bank.db, bank.one, id, 'active'))).code).toBe('BU009');
    await toStatus(bank.db, bank.two, id, 'active');
  });

  test('an active account is opened only by the actions that open accounts', async () => {
    const open = `SELECT bank.open_account($1, 'savings', 'EUR', $2)`;
    for (const status of ['pending', 'active']) {
      expect(await attempt('accounts.freeze', open, [bank.customer, status])).toBe('BU004');
      expect(await attempt('users.create', open, [bank.customer, status])).toBe('done');
    }
  });
});

test('an approval is retracted by its giver, within ten minutes of database time, while nothing was posted', async () => {
  const own = await bank.account();
  const retract = (operator = bank.one, id = own.id) =>
    act(bank.db, operator, 'accounts.retract-approval', db =>
      db.query('SELECT bank.retract_approval(a.id, a.version) FROM bank.account a WHERE id = $1', [id]),
    );
  expect((await refusal(bank.db, () => retract(bank.two))).code).toBe('BU009');
  await bank.behindItsBack(`UPDATE bank.account SET activated_at = clock_timestamp() - interval '10 minutes 1 second' WHERE id = $1`, [
    own.id,
  ]);
  expect((await refusal(bank.db, () => retract())).code).toBe('BU009');
  await bank.behindItsBack(`UPDATE bank.account SET activated_at = clock_timestamp() - interval '9 minutes 50 seconds' WHERE id = $1`, [
    own.id,
  ]);
  await retract();
  expect(await bank.rows('SELECT status, activated_by FROM bank.account WHERE id = $1', [own.id])).toEqual([
    { status: 'pending', activated_by: null },
  ]);

  const used = await bank.account({ balance: 100 });
  await post(bank.db, { type: 'withdrawal', from: used.id, amount: 100 });
  expect((await refusal(bank.db, () => retract(bank.one, used.id))).code).toBe('BU009');
  await expect(insertPosting(bank.db, { type: 'deposit', to: used.id, amount: 1 })).resolves.toMatch(/^\d+$/);
});

test('an account opens active only for somebody who may approve it', async () => {
  await using world = await aBank({ others: { clerk: ['support'] } });
  const [clerk] = await world.rows<{ id: string }>(`SELECT id FROM ops.operator WHERE name = 'clerk'`);
  const id = clerk?.id ?? '';
  const operator = { id, name: 'clerk', token: await openOperatorSession(world.db, id) };
  const open = (status: string) =>
    refusal(world.db, () =>
      act(world.db, operator, 'users.create', db =>
        db.query(`SELECT bank.open_account($1, 'savings', 'EUR', $2)`, [world.customer, status]),
      ),
    );
  expect((await open('active')).code).toBe('BU002');
  expect((await open('pending')).code).toBe('done');
});
