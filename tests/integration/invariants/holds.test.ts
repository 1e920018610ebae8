import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { act, aBank, refusal, toStatus, type Bank, type TestOperator } from '../../support/acting.ts';
import { post } from '../../support/posting.ts';
import { waitingHere } from '../../support/query.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await aBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const codeOf = async (work: () => Promise<unknown>) => (await refusal(bank.db, work)).code;
/** An action about the account that is the first value. */
const run = (action: string, sql: string, values: unknown[] = [], operator: TestOperator = bank.one) =>
  act(bank.db, operator, action, db => db.query(sql, values), { target: ['account', String(values[0])] });
const insertHold = `INSERT INTO ops.hold (account_id, ground, note, review_on, placed_by) VALUES ($1, 'compliance', 'held for a test', current_date + 7, 1)`;
const setStatus = 'SELECT bank.set_account_status(a.id, $2, a.version) FROM bank.account a WHERE id = $1';
const release = `SELECT ops.release_holds(a.id, a.version, 'cause resolved') FROM bank.account a WHERE id = $1`;
const retract = `SELECT ops.retract_hold(a.id, a.version, 'wrong account') FROM bank.account a WHERE id = $1`;
const openHolds = async (id: string) =>
  (await bank.rows('SELECT FROM ops.hold WHERE account_id = $1 AND released_at IS NULL', [id])).length;

describe('at the commit an account is frozen exactly while it has an open hold', () => {
  test('frozen without a hold', async () => {
    const { id } = await bank.account();
    expect(await codeOf(() => run('accounts.freeze', setStatus, [id, 'frozen']))).toBe('BU007');
  });

  test('a hold without frozen', async () => {
    const { id } = await bank.account();
    expect(await codeOf(() => run('accounts.freeze', insertHold, [id]))).toBe('BU007');
    expect(await codeOf(() => run('accounts.freeze', insertHold, ['999999999']))).toBe('BU007');
  });

  test('unfrozen with its hold', async () => {
    const { id } = await bank.account({ status: 'frozen' });
    expect(await codeOf(() => run('accounts.unfreeze', setStatus, [id, 'active']))).toBe('BU007');
  });

  test('its hold released, but still frozen', async () => {
    const { id } = await bank.account({ status: 'frozen' });
    expect(
      await codeOf(() => run('accounts.unfreeze', `UPDATE ops.hold SET findings = 'cause resolved' WHERE account_id = $1`, [id])),
    ).toBe('BU007');
  });

  test('one of two holds released: it stays frozen until the last', async () => {
    const { id } = await bank.account({ status: 'frozen' });
    await run('accounts.freeze', insertHold, [id]);
    await run(
      'accounts.unfreeze',
      `UPDATE ops.hold SET findings = 'this one is over' WHERE id = (SELECT min(id) FROM ops.hold WHERE account_id = $1)`,
      [id],
    );
    expect(await openHolds(id)).toBe(1);
    await run('accounts.unfreeze', release, [id]);
    expect(await bank.rows('SELECT status FROM bank.account WHERE id = $1', [id])).toEqual([{ status: 'active' }]);
  });

  test('not even where each side looked before the other committed', async () => {
    const { id } = await bank.account({ status: 'frozen' });
    const other = await bank.connect();
    const releasing = async (db: Bank['db']) => {
      await db.query(release, [id]);
      await db.query('SET CONSTRAINTS ops.match_status IMMEDIATE');
      const placed = refusal(other, () =>
        act(other, bank.two, 'accounts.freeze', async () => {
          await other.query(insertHold, [id]);
          await other.query('SET CONSTRAINTS ops.match_status IMMEDIATE');
        }),
      );
      // it waits for this transaction: without that both would find their own half in order
      await expect.poll(async () => (await db.query(waitingHere)).rowCount, { timeout: 60_000 }).toBe(1);
      return { placed };
    };
    const { placed } = await act(bank.db, bank.one, 'accounts.unfreeze', releasing, { target: ['account', id] });
    expect((await placed).code).toBe('BU007');
    await other.end();
    expect(await openHolds(id)).toBe(0);
  });
});

describe('a hold is placed once and released once', () => {
  const changes: readonly [name: string, assignment: string][] = [
    ['another account', 'account_id = account_id + 1'],
    ['another ground', `ground = 'court order'`],
    ['another note', `note = 'another note of ten'`],
    ['a later review', 'review_on = review_on + 1'],
    ['another placer', 'placed_by = 2'],
    ['an earlier time', `placed_at = placed_at - interval '1 hour'`],
  ];
  test.each(changes)('%s', async (_, assignment) => {
    const { id } = await bank.account({ status: 'frozen' });
    expect(await codeOf(() => run('accounts.unfreeze', `UPDATE ops.hold SET ${assignment} WHERE account_id = $1`, [id]))).toBe('BU007');
    expect(await codeOf(() => bank.rows(`UPDATE ops.hold SET ${assignment} WHERE account_id = $1`, [id]))).toBe('BU004');
  });

  test('not released twice, not released without findings, not opened again', async () => {
    const { id } = await bank.account({ status: 'frozen' });
    expect(
      await codeOf(() =>
        run('accounts.unfreeze', `SELECT ops.release_holds(a.id, a.version, NULL) FROM bank.account a WHERE id = $1`, [id]),
      ),
    ).toBe('23514');
    await run('accounts.unfreeze', release, [id]);
    for (const assignment of [`findings = 'something else'`, 'released_at = NULL, released_by = NULL, findings = NULL']) {
      expect(await codeOf(() => run('accounts.unfreeze', `UPDATE ops.hold SET ${assignment} WHERE account_id = $1`, [id]))).toBe('BU007');
    }
    expect(await codeOf(() => run('accounts.unfreeze', release, [id]))).toBe('BU007');
  });

  test('who and when come from the session and the clock', async () => {
    const { id } = await bank.account();
    await act(bank.db, bank.two, 'accounts.freeze', async db => {
      await db.query(setStatus, [id, 'frozen']);
      await db.query(`INSERT INTO ops.hold (account_id, ground, note, review_on, placed_by, placed_at, released_by, released_at, findings)
        VALUES ($1, 'compliance', 'held for a test', current_date + 7, 1, '2001-01-01', 1, now(), 'released already')`, [id]); // prettier-ignore
    });
    const hold = () =>
      bank.rows(
        `SELECT placed_by, placed_at > now() - interval '1 minute' AS now, released_by, released_at > placed_at AS after FROM ops.hold WHERE account_id = $1`,
        [id],
      );
    expect(await hold()).toEqual([{ placed_by: bank.two.id, now: true, released_by: null, after: null }]);
    const byHand = `UPDATE ops.hold SET findings = 'cause resolved', released_by = 2, released_at = '2001-01-01' WHERE account_id = $1`;
    const unfreeze = async (db: Bank['db']) => {
      await db.query(setStatus, [id, 'active']);
      await db.query(byHand, [id]);
    };
    await act(bank.db, bank.one, 'accounts.unfreeze', unfreeze, { target: ['account', id] });
    expect(await hold()).toEqual([{ placed_by: bank.two.id, now: true, released_by: bank.one.id, after: true }]);
  });

  const wrong: readonly [name: string, ground: string, note: string, days: number][] = [
    ['a ground that is none', 'dislike', 'held for a test', 7],
    ['a note that is too short', 'compliance', 'because   ', 7],
    ['a review that is too late', 'compliance', 'held for a test', 33],
    ['a review in the past', 'compliance', 'held for a test', -3],
  ];
  test.each(wrong)('%s', async (_, ground, note, days) => {
    const { id } = await bank.account();
    const place = 'SELECT ops.place_hold(a.id, a.version, $2, $3, current_date + $4::int, false) FROM bank.account a WHERE id = $1';
    expect(await codeOf(() => run('accounts.freeze', place, [id, ground, note, days]))).toBe('23514');
  });

  test('a frozen account is not frozen again, a version that passed is stale', async () => {
    const { id } = await bank.account({ status: 'frozen' });
    expect(await codeOf(() => toStatus(bank.db, bank.one, id, 'frozen'))).toBe('BU007');
    expect(await codeOf(() => run('accounts.unfreeze', `SELECT ops.release_holds($1, 0, 'cause resolved')`, [id]))).toBe('BU005');
  });
});

describe('by which action', () => {
  test('only accounts.freeze places, only an unfreezing releases, each only what is its own', async () => {
    const { id } = await bank.account({ status: 'frozen' });
    for (const action of ['accounts.unfreeze', 'accounts.close', 'transactions.flag'])
      expect(await codeOf(() => run(action, insertHold, [id]))).toBe('BU004');
    for (const action of ['accounts.freeze', 'users.edit']) {
      expect(await codeOf(() => run(action, `UPDATE ops.hold SET findings = 'cause resolved' WHERE account_id = $1`, [id]))).toBe('BU004');
    }
    expect(await codeOf(() => run('accounts.unfreeze', retract, [id]))).toBe('BU004');
    const pending = await bank.account({ status: 'pending' });
    expect(await codeOf(() => run('accounts.unfreeze', release, [pending.id]))).toBe('BU007');
    const active = await bank.account();
    for (const action of ['accounts.unfreeze', 'accounts.retract-freeze'])
      expect(await codeOf(() => run(action, release, [active.id]))).toBe('BU007');
  });

  test('a freeze is retracted by its placer within ten minutes of database time, whichever function is called', async () => {
    const { id } = await bank.account({ status: 'frozen' });
    const moved = (age: string) =>
      bank.behindItsBack(`UPDATE ops.hold SET placed_at = clock_timestamp() - $2::interval WHERE account_id = $1`, [id, age]);
    for (const sql of [retract, release]) expect(await codeOf(() => run('accounts.retract-freeze', sql, [id], bank.two))).toBe('BU009');
    await moved('10 minutes 1 second');
    for (const sql of [retract, release]) expect(await codeOf(() => run('accounts.retract-freeze', sql, [id]))).toBe('BU009');
    await moved('9 minutes 50 seconds');
    await run('accounts.retract-freeze', retract, [id]);
    expect(await openHolds(id)).toBe(0);
  });

  test('the ten minutes run on in a transaction that is kept open', async () => {
    const { id } = await bank.account({ status: 'frozen' });
    await bank.behindItsBack(
      `UPDATE ops.hold SET placed_at = clock_timestamp() - interval '9 minutes 59.8 seconds' WHERE account_id = $1`,
      [id],
    );
    const late = act(bank.db, bank.one, 'accounts.retract-freeze', async db => {
      await db.query('SELECT pg_sleep(0.3)');
      await db.query(retract, [id]);
    });
    expect((await refusal(bank.db, () => late)).code).toBe('BU009');
  });
});

test('a flag is set once at a time and cleared once, by its actions, under the operator’s own name', async () => {
  const { id } = await bank.account({ balance: 1_000 });
  const { transaction_id: posted } = await post(bank.db, { type: 'withdrawal', from: id, amount: 10 });
  const flag = `SELECT ops.flag_transaction($1, 'looks odd to me')`;
  const clear = `SELECT ops.clear_flag($1, 'the customer explained')`;
  expect(await codeOf(() => bank.rows(flag, [posted]))).toBe('BU004');
  expect(await codeOf(() => run('transactions.unflag', flag, [posted]))).toBe('BU004');
  expect(await codeOf(() => run('transactions.unflag', clear, [posted]))).toBe('BU005');
  expect(await codeOf(() => run('transactions.flag', flag, ['999999999']))).toBe('BU005');
  const forged = `INSERT INTO ops.transaction_flag (transaction_id, account_id, note, flagged_by) VALUES ($1, 999, 'looks odd to me', 1)`;
  await run('transactions.flag', forged, [posted], bank.two);
  expect(await bank.rows('SELECT account_id, flagged_by FROM ops.transaction_flag WHERE transaction_id = $1', [posted])).toEqual([
    { account_id: id, flagged_by: bank.two.id },
  ]);
  expect(await codeOf(() => run('transactions.flag', flag, [posted]))).toBe('BU005');
  expect(await codeOf(() => run('transactions.flag', forged, [posted]))).toBe('23505');
  expect(await codeOf(() => run('transactions.flag', clear, [posted]))).toBe('BU004');
  expect(
    await codeOf(() =>
      run('transactions.unflag', 'UPDATE ops.transaction_flag SET note = $2 WHERE transaction_id = $1', [posted, 'another note of ten']),
    ),
  ).toBe('BU007');
  await run('transactions.unflag', clear, [posted]);
  expect(await codeOf(() => run('transactions.unflag', clear, [posted]))).toBe('BU005');
  expect(
    await codeOf(() =>
      run('transactions.unflag', 'UPDATE ops.transaction_flag SET clear_note = $2 WHERE transaction_id = $1', [posted, 'x']),
    ),
  ).toBe('BU007');
  await run('transactions.flag', flag, [posted]);
});
