import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { act, askFor, aBank, refusal, type Bank, type TestOperator } from '../support/acting.ts';
import { insertPosting, post } from '../support/posting.ts';
import { full, inParallel, report } from '../support/reliability.ts';

let bank: Bank;
let clients: readonly Bank['db'][];
beforeAll(async () => {
  bank = await aBank();
  clients = await Promise.all(Array.from({ length: 100 }, () => bank.connect()));
});
afterAll(async () => {
  await Promise.all(clients.map(db => db.end()));
  await bank[Symbol.asyncDispose]();
});

const tally = (codes: readonly string[]): Record<string, number> =>
  Object.fromEntries(
    Map.groupBy(codes, code => code)
      .entries()
      .map(([code, all]) => [code, all.length]),
  );

/** Active accounts by the hundred; `balance` appears from nowhere, so only with tests that do not reconcile. */
const manyAccounts = async (count: number, balance = 0): Promise<string[]> => {
  await bank.db.query('SET session_replication_role = replica');
  const rows = await bank.rows<{ id: string }>(
    `INSERT INTO bank.account (number, user_id, currency, status, balance) SELECT bank.next_account_number(), $1, 'EUR', 'active', $3 FROM generate_series(1, $2) RETURNING id`,
    [bank.customer, count, balance],
  );
  await bank.db.query('SET session_replication_role = origin');
  return rows.map(({ id }) => id);
};

test('one key, 100 in parallel: one posting; the key with other content: all refused', async () => {
  const { id } = await bank.account({ balance: 100_000 });
  const wish = { key: randomUUID(), type: 'withdrawal', from: id, amount: 700 };
  const answers = await Promise.all(clients.map(db => post(db, wish)));
  const others = await Promise.all(clients.map((db, index) => refusal(db, () => post(db, { ...wish, amount: 701 + index }))));
  const posted = new Set(answers.map(answer => answer.transaction_id));
  const [row] = await bank.rows<{ count: string }>('SELECT count(*) FROM bank.transaction WHERE from_account_id = $1', [id]);
  report('one key', {
    'in parallel': clients.length,
    'different answers': posted.size,
    postings: row?.count ?? '',
    'refused with other content': tally(others.map(({ code }) => code))['BU003'] ?? 0,
  });
  expect([...posted]).toEqual([expect.stringMatching(/^\d+$/)]);
  expect(row?.count).toBe('1');
  expect(tally(others.map(({ code }) => code))).toEqual({ BU003: 100 });
});

describe('the daily limit at its edge', () => {
  const daily = { deposit: 1_000_000, withdrawal: 500_000, transfer: 500_000 } as const;
  test.each(['deposit', 'withdrawal', 'transfer'] as const)(
    '50 times a %s in parallel, half of them by plain INSERT: room for seven',
    async type => {
      const [mine = '', other = ''] = await manyAccounts(2, 5_000_000);
      const legs = { deposit: { to: mine }, withdrawal: { from: mine }, transfer: { from: mine, to: other } }[type];
      await bank.behindItsBack('INSERT INTO bank.limit_counter VALUES ($1, $2, bank.business_day(), $3, $4)', [
        mine,
        type,
        daily[type] - 700,
        daily[type],
      ]);
      const attempt = async (db: Bank['db'], index: number): Promise<string> => {
        const wish = { type, ...legs, amount: 100 };
        if (index % 2 === 0) return (await post(db, wish)).code ?? 'posted';
        const { code, detail } = await refusal(db, () => insertPosting(db, wish));
        return code === 'done' ? 'posted' : detail;
      };
      const codes = tally(await Promise.all(clients.slice(0, 50).map(attempt)));
      const [row] = await bank.rows<{ used: string; max: string }>('SELECT used, max FROM bank.limit_counter WHERE account_id = $1', [
        mine,
      ]);
      report(`daily limit, ${type}`, { ...codes, used: row?.used ?? '', of: row?.max ?? '' });
      expect(codes).toEqual({ posted: 7, 'daily-limit': 43 });
      expect(row?.used).toBe(row?.max);
    },
  );
});

test('closing against posting: no closed account ever holds money', { timeout: 600_000 }, async () => {
  const rounds = full ? 1_000 : 200;
  const ids = await manyAccounts(rounds);
  // asked for beforehand: what is raced is the closing
  for (const id of ids) await askFor(bank.db, 'accounts.close', ['account', id]);
  const outcomes: string[] = [];
  const pairs = Array.from({ length: 10 }, (_, index) => clients.slice(index * 2, index * 2 + 2));
  await inParallel(pairs, ids, async ([closer = bank.db, poster = bank.db], id, index) => {
    const close = () =>
      refusal(closer, () =>
        act(
          closer,
          index % 2 ? bank.one : bank.two,
          'accounts.close',
          db => db.query('SELECT bank.set_account_status($1, $2, 0)', [id, 'closed']),
          { target: ['account', id] },
        ),
      );
    const pay = () => post(poster, { type: 'deposit', to: id, amount: 100 });
    // closing takes three more trips: the later the posting starts, the more often it comes second
    const [closed, paid] = await Promise.all([close(), poster.query('SELECT pg_sleep($1)', [(index % 8) / 2_000]).then(pay)]);
    outcomes.push(`close ${closed.code}, post ${paid.code ?? 'done'}`);
  });
  const [wrong] = await bank.rows<{ count: string }>(`SELECT count(*) FROM bank.account WHERE status = 'closed' AND balance <> 0`);
  report('closing against posting', { races: outcomes.length, 'closed with a balance': wrong?.count ?? '', ...tally(outcomes) });
  expect(wrong?.count).toBe('0');
  expect(new Set(['close 23514, post done', 'close done, post account-closed']).isSupersetOf(new Set(outcomes))).toBe(true);
});

test('reversals tried twice by 20 workers: each happens once', { timeout: 600_000 }, async () => {
  const count = full ? 500 : 50;
  const [from, to] = [(await bank.account({ balance: 100_000 })).id, (await bank.account({ balance: 100_000 })).id];
  const originals: string[] = [];
  for (let index = 0; index < count; index++) {
    originals.push((await post(bank.db, { type: 'transfer', from, to, amount: 1 + (index % 100) })).transaction_id ?? '');
  }
  // one request each, as there can be no two at a time
  for (const id of originals) await askFor(bank.db, 'transactions.reverse', ['transaction', id]);
  const codes: string[] = [];
  // both attempts side by side, so that they meet
  const attempts = originals.flatMap(id => [id, id]);
  await inParallel(clients.slice(0, 20), attempts, async (db, id) => {
    const work = () =>
      act(db, bank.one, 'transactions.reverse', () => db.query(`SELECT bank.reverse_transaction($1, 'entered twice')`, [id]), {
        target: ['transaction', id],
      });
    codes.push((await refusal(db, work)).code);
  });
  const [row] = await bank.rows<{ count: string; distinct: string }>(
    'SELECT count(*), count(DISTINCT reverses) AS distinct FROM bank.transaction WHERE reverses = ANY ($1)',
    [originals],
  );
  report('reversals tried twice', { originals: count, workers: 20, reversals: row?.count ?? '', refused: tally(codes)['BU007'] ?? 0 });
  expect(row).toEqual({ count: String(count), distinct: String(count) });
  expect(tally(codes)).toEqual({ done: count, BU007: count });
  expect(await bank.rows('SELECT balance FROM bank.account WHERE id IN ($1, $2)', [from, to])).toEqual([
    { balance: '100000' },
    { balance: '100000' },
  ]);
});

describe('two administrators remove each other at once: one always stays', () => {
  const rounds = full ? 200 : 50;
  const race = async (
    name: string,
    reset: () => Promise<void>,
    remove: (db: Bank['db'], operator: TestOperator, whom: 0 | 1) => Promise<unknown>,
    admins: () => Promise<number>,
  ) => {
    const [left = bank.db, right = bank.db] = clients;
    const outcomes: string[] = [];
    let fewest = 2;
    for (let round = 0; round < rounds; round++) {
      await reset();
      const codes = await Promise.all([refusal(left, () => remove(left, bank.one, 1)), refusal(right, () => remove(right, bank.two, 0))]);
      outcomes.push(
        codes
          .map(({ code }) => code)
          .toSorted()
          .join(' and '),
      );
      fewest = Math.min(fewest, await admins());
    }
    await reset();
    report(name, { races: rounds, 'fewest administrators left': fewest, ...tally(outcomes) });
    return { fewest, outcomes: tally(outcomes) };
  };
  const countOf = async (sql: string) => Number((await bank.rows<{ count: string }>(sql))[0]?.count);

  test('of the console', async () => {
    await bank.rows(`INSERT INTO ops.action_permission VALUES ('operators.change-role', 'account.freeze')`);
    const both = [bank.one.id, bank.two.id];
    const ended = await race(
      'last administrator of the console',
      async () => {
        await bank.behindItsBack(`DELETE FROM ops.operator_role WHERE role = 'admin' AND operator_id <> ALL ($1)`, [both]);
        await bank.behindItsBack(
          `INSERT INTO ops.operator_role (operator_id, role) SELECT unnest($1::bigint[]), 'admin' ON CONFLICT DO NOTHING`,
          [both],
        );
      },
      (db, operator, whom) =>
        act(db, operator, 'operators.change-role', () =>
          db.query(`DELETE FROM ops.operator_role WHERE role = 'admin' AND operator_id = $1`, [both[whom]]),
        ),
      () => countOf(`SELECT count(*) FROM ops.operator_role WHERE role = 'admin'`),
    );
    expect(ended).toEqual({ fewest: 1, outcomes: { 'BU009 and done': rounds } });
  });

  test('of the platform', async () => {
    const both = await act(bank.db, bank.one, 'users.create', async db => {
      const { rows } = await db.query<{ id: string }>(
        `SELECT (bank.create_user(n, n || '@mail.example', 'A', 'B', NULL, NULL, 'admin', 'active', NULL)).id FROM unnest('{left,right}'::text[]) n`,
      );
      return rows.map(({ id }) => id);
    });
    const ended = await race(
      'last administrator of the platform',
      () => bank.behindItsBack(`UPDATE bank."user" SET status = 'active' WHERE role = 'admin'`),
      (db, operator, whom) =>
        act(db, operator, 'users.deactivate', () =>
          db.query('SELECT bank.set_user_active(u.id, false, u.version) FROM bank."user" u WHERE id = $1', [both[whom]]),
        ),
      () => countOf(`SELECT count(*) FROM bank."user" WHERE role = 'admin' AND status = 'active'`),
    );
    expect(ended).toEqual({ fewest: 1, outcomes: { 'BU009 and done': rounds } });
  });
});
