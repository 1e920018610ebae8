import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { act, aBank, askFor, refusal, type Bank } from '../../support/acting.ts';
import { aDispute, aPayment } from '../../support/dispute-subjects.ts';
import { post } from '../../support/posting.ts';
import { inParallel, report } from '../../support/reliability.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await aBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const note = 'looked into by a test';
const under = (action: string, sql: string, values: unknown[] = [], target?: readonly [string, string]) =>
  refusal(bank.db, () => act(bank.db, bank.one, action, db => db.query(sql, values), target ? { target } : {}));
const rowOf = async (id: string) =>
  (await bank.rows<{ status: string; version: number; evidence: Record<string, unknown> | null; account_id: string }>(
    'SELECT status, version, evidence, account_id FROM ops.dispute WHERE id = $1',
    [id],
  ))[0]; // prettier-ignore

describe('a dispute goes its way and no other', () => {
  const receive = `SELECT ops.receive_dispute($1, 'wrong amount', 'looked into by a test')`;

  test('it is about a posting that stands, once at a time, and finds its account', async () => {
    const { id: payer } = await bank.account({ balance: 10_000 });
    const { id: payee } = await bank.account();
    const transfer = (await post(bank.db, { type: 'transfer', from: payer, to: payee, amount: 900 })).transaction_id ?? '';
    const deposit = (await post(bank.db, { type: 'deposit', to: payee, amount: 900 })).transaction_id ?? '';
    expect((await rowOf(await aDispute(bank, 'received', transfer)))?.account_id).toBe(payer);
    expect((await rowOf(await aDispute(bank, 'received', deposit)))?.account_id).toBe(payee);
    expect((await under('disputes.receive', receive, [transfer])).code).toBe('23505');
    expect((await under('disputes.receive', receive, ['999999999'])).code).toBe('BU011');

    const reversed = await aPayment(bank);
    const { rows } = await act(
      bank.db,
      bank.one,
      'transactions.reverse',
      db => db.query<{ id: string }>(`SELECT bank.reverse_transaction($1, 'entered twice') AS id`, [reversed]),
      { target: ['transaction', reversed] },
    );
    expect(await under('disputes.receive', receive, [reversed])).toMatchObject({ code: 'BU007', message: `transaction ${reversed} was reversed already` });
    expect((await under('disputes.receive', receive, [rows[0]?.id])).message).toMatch(/is a reversal/);
    expect((await under('disputes.receive', `SELECT ops.receive_dispute($1, 'bad mood', 'looked into by a test')`, [await aPayment(bank)])).code).toBe('23514');
  });

  test('no step is left out, none is done twice, and what was found stays', async () => {
    const id = await aDispute(bank, 'received');
    const decide = `SELECT ops.decide_dispute($1, $2, 'upheld', $3)`;
    expect(await under('disputes.decide', decide, [id, 0, note])).toMatchObject({ code: 'BU007', message: `dispute ${id} has no evidence yet: investigate it first` });
    await act(bank.db, bank.one, 'disputes.investigate', db => db.query('SELECT ops.investigate_dispute($1, 0)', [id]));
    const evidence = (await rowOf(id))?.evidence;
    expect(Object.keys(evidence ?? {}).toSorted()).toEqual(
      ['alerts', 'channel', 'errors', 'flags', 'from', 'postings', 'refusals', 'security', 'sessions', 'signIn', 'to'],
    );
    expect((await under('disputes.investigate', 'SELECT ops.investigate_dispute($1, 1)', [id])).code).toBe('BU007');
    expect((await under('disputes.decide', decide, [id, 0, note])).code).toBe('BU005');
    expect((await under('disputes.decide', decide, [id, 1, 'short'])).code).toBe('23514');
    expect((await under('disputes.decide', `SELECT ops.decide_dispute($1, 1, 'received', $2)`, [id, note])).code).toBe('BU007');
    await act(bank.db, bank.one, 'disputes.decide', db => db.query(decide, [id, 1, note]));
    expect((await under('disputes.decide', decide, [id, 2, note])).code).toBe('BU007');

    const statements: readonly [sql: string, code: string][] = [
      [`UPDATE ops.dispute SET statement = 'something else said' WHERE id = $1`, 'BU010'],
      [`UPDATE ops.dispute SET transaction_id = 1 WHERE id = $1`, 'BU010'],
      [`UPDATE ops.dispute SET evidence = '{}' WHERE id = $1`, 'BU007'],
      [`UPDATE ops.dispute SET finding = 'found something else' WHERE id = $1`, 'BU007'],
      [`DELETE FROM ops.dispute WHERE id = $1`, 'BU010'],
    ];
    for (const [sql, code] of statements) {
      expect([sql, (await under('disputes.decide', sql, [id])).code]).toEqual([sql, code]);
      expect([sql, (await refusal(bank.db, () => bank.rows(sql, [id]))).code]).toEqual([sql, code === 'BU010' && sql.startsWith('DELETE') ? 'BU010' : 'BU004']);
    }
    // evidence is what the database finds, whatever is given
    const other = await aDispute(bank, 'received');
    await act(bank.db, bank.one, 'disputes.investigate', db =>
      db.query(`UPDATE ops.dispute SET status = 'investigating', evidence = '{"forged": true}' WHERE id = $1`, [other]),
    );
    expect((await rowOf(other))?.evidence).not.toHaveProperty('forged');
    expect((await rowOf(id))?.evidence).toEqual(evidence);
  });

  test('opened again it takes two, is the one that was approved, and not once the money went back', async () => {
    const [id, other] = [await aDispute(bank, 'denied'), await aDispute(bank, 'denied')];
    const reopen = 'SELECT ops.reopen_dispute($1, 2)';
    const alone = () => act(bank.db, bank.one, 'disputes.reopen', db => db.query(reopen, [id]), { asked: false });
    expect((await refusal(bank.db, alone)).code).toBe('BU012');
    expect((await under('disputes.reopen', reopen, [other], ['dispute', id])).code).toBe('BU004');
    expect((await under('disputes.reopen', reopen, [id], ['dispute', id])).code).toBe('done');
    expect(await rowOf(id)).toMatchObject({ status: 'investigating', version: 3 });

    const payment = await aPayment(bank);
    const upheld = await aDispute(bank, 'upheld', payment);
    await act(bank.db, bank.one, 'transactions.reverse', db => db.query(`SELECT bank.reverse_transaction($1, 'dispute upheld')`, [payment]), {
      target: ['transaction', payment],
    });
    expect((await under('disputes.reopen', reopen, [upheld], ['dispute', upheld])).message).toMatch(/was reversed/);
  });
}); // prettier-ignore

test('the ground that a customer reads of a reversal is the one that was approved', async () => {
  const payment = await aPayment(bank);
  const asked = await askFor(bank.db, 'transactions.reverse', ['transaction', payment]);
  await bank.behindItsBack(`UPDATE ops.approval SET input = '{"ground": "wrong amount"}' WHERE id = $1`, [asked]);
  const reverse = (ground: string) => under('transactions.reverse', 'SELECT bank.reverse_transaction($1, $2)', [payment, ground], ['transaction', payment]);
  expect((await reverse('dispute upheld')).code).toBe('BU004');
  expect((await reverse('wrong amount')).code).toBe('done');
}); // prettier-ignore

test('of two at once one receives a dispute, one decides it, and the other is told', async () => {
  const rounds = 12;
  const [first, second] = await Promise.all([bank.connect(), bank.connect()]);
  const both = async (action: string, sql: string, values: unknown[]): Promise<readonly string[]> => {
    const attempt = (db: Bank['db'], operator: typeof bank.one) =>
      refusal(db, () => act(db, operator, action, inside => inside.query(sql, values)));
    return (await Promise.all([attempt(first, bank.one), attempt(second, bank.two)])).map(({ code }) => code).toSorted();
  };
  const payments: string[] = [];
  for (let index = 0; index < rounds; index++) payments.push(await aPayment(bank));
  const seen = { received: 0, decided: 0 };
  await inParallel([first], payments, async (_, payment) => {
    expect(await both('disputes.receive', `SELECT ops.receive_dispute($1, 'other', $2)`, [payment, note])).toEqual(['23505', 'done']);
    seen.received++;
    const [open] = await bank.rows<{ id: string }>('SELECT id FROM ops.dispute WHERE transaction_id = $1', [payment]);
    await act(bank.db, bank.one, 'disputes.investigate', db => db.query('SELECT ops.investigate_dispute($1, 0)', [open?.id]));
    const decided = await both('disputes.decide', `SELECT ops.decide_dispute($1, 1, 'denied', $2)`, [open?.id, note]);
    expect(decided).toEqual(['BU005', 'done']);
    seen.decided++;
  });
  const [row] = await bank.rows<{ disputes: string; twice: string }>(
    `SELECT count(*) AS disputes, count(*) FILTER (WHERE version <> 2) AS twice FROM ops.dispute WHERE transaction_id = ANY ($1)`,
    [payments],
  );
  expect(row).toEqual({ disputes: String(rounds), twice: '0' });
  report('two operators at one dispute', { races: rounds * 2, 'received once': seen.received, 'decided once': seen.decided });
  await Promise.all([first.end(), second.end()]);
});

test('an account is never closed over an open dispute, also where both happen at once', async () => {
  const rounds = 10;
  const [closer, clerk] = await Promise.all([bank.connect(), bank.connect()]);
  const outcomes: Record<string, number> = {};
  for (let round = 0; round < rounds; round++) {
    const { id } = await bank.account({ balance: 900 });
    const payment = (await post(bank.db, { type: 'withdrawal', from: id, amount: 900 })).transaction_id ?? '';
    await askFor(bank.db, 'accounts.close', ['account', id]);
    const close = () =>
      act(closer, bank.one, 'accounts.close', db => db.query('SELECT bank.set_account_status($1, $2, (SELECT version FROM bank.account WHERE id = $1))', [id, 'closed']), {
        target: ['account', id],
      });
    const receive = () => act(clerk, bank.two, 'disputes.receive', db => db.query(`SELECT ops.receive_dispute($1, 'other', $2)`, [payment, note]));
    const [closed, received] = await Promise.all([refusal(closer, close), clerk.query('SELECT pg_sleep($1)', [(round % 5) / 400]).then(() => refusal(clerk, receive))]);
    expect(received.code).toBe('done');
    const outcome = closed.code === 'done' ? 'closed first' : closed.code;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  expect(new Set(Object.keys(outcomes)).isSubsetOf(new Set(['closed first', 'BU007']))).toBe(true);
  const [wrong] = await bank.rows<{ count: string }>(
    `SELECT count(*) FROM bank.account a JOIN ops.dispute d ON d.account_id = a.id WHERE a.status = 'closed' AND d.received_at < a.closed_at AND d.status IN ('received', 'investigating')`,
  );
  expect(wrong?.count).toBe('0');
  report('closing against a dispute', { races: rounds, ...outcomes });
  await Promise.all([closer.end(), clerk.end()]);
}); // prettier-ignore
