import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { act, aBank, hashOf, refusal, writeAudit, type Bank, type TestOperator } from '../../support/acting.ts';
import { waitingHere } from '../../support/query.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await aBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const nothing = () => Promise.resolve();
const begin = async (operator: TestOperator, action: string, input: string, request: string): Promise<unknown> => {
  const { rows } = await bank.db.query<{ replay: unknown }>('SELECT replay FROM ops.begin_action($1, $2, $3, $4)', [
    operator.token,
    action,
    hashOf(input),
    request,
  ]);
  return rows[0]?.replay;
};
const settle = async (db: Bank['db'], request: string, input = 'input'): Promise<unknown> => {
  const { rows } = await db.query<{ result: unknown }>(
    `SELECT ops.settle_request($1, 'accounts.freeze', $2, $3, 'update', 'account', '1') AS result`,
    [bank.one.token, hashOf(input), request],
  );
  return rows[0]?.result;
};
const auditOf = (request: string) => bank.rows('SELECT outcome FROM ops.audit WHERE request_id = $1', [request]);

describe('a request is carried out once', () => {
  test('a repeat is answered with the first result', async () => {
    const request = randomUUID();
    await act(bank.db, bank.one, 'accounts.freeze', () => writeAudit(bank.db, { summary: 'froze it' }), {
      request,
      input: 'input',
      audit: false,
    });
    expect(await begin(bank.one, 'accounts.freeze', 'input', request)).toEqual({
      summary: 'froze it',
      audit: expect.any(Number) as number,
    });
    expect(await auditOf(request)).toHaveLength(1);
  });

  test.each([null, '[]', '{}', '{"a":1}'])('a result of %s still tells a repeat from a first time', async result => {
    const request = randomUUID();
    const write = () =>
      bank.db.query(`SELECT ops.write_audit('update', 'account', '1', NULL, NULL, NULL, 'success', NULL, NULL, NULL, $1::jsonb)`, [result]);
    await act(bank.db, bank.one, 'accounts.freeze', write, { request, input: 'input', audit: false });
    expect(await begin(bank.one, 'accounts.freeze', 'input', request)).toBeTruthy();
  });

  const others: readonly [name: string, begin: (request: string) => Promise<unknown>][] = [
    ['other content', request => begin(bank.one, 'accounts.freeze', 'another input', request)],
    ['another action', request => begin(bank.one, 'accounts.close', 'input', request)],
    ['another operator', request => begin(bank.two, 'accounts.freeze', 'input', request)],
  ];
  test.each(others)('%s under its id is refused', async (_, again) => {
    const request = randomUUID();
    await act(bank.db, bank.one, 'accounts.freeze', nothing, { request, input: 'input' });
    expect((await refusal(bank.db, () => again(request))).code).toBe('BU003');
  });

  test('a request that was refused or rolled back has used no id', async () => {
    const request = randomUUID();
    await refusal(bank.db, () =>
      act(bank.db, bank.one, 'accounts.freeze', () => bank.db.query('SELECT 1 / 0'), { request, input: 'input' }),
    );
    await act(bank.db, bank.one, 'accounts.freeze', nothing, { request, input: 'another input' });
    expect(await auditOf(request)).toEqual([{ outcome: 'success' }]);
  });

  test('twenty at once: one is carried out, the others get its result', async () => {
    const request = randomUUID();
    const clients = await Promise.all(Array.from({ length: 20 }, () => bank.connect()));
    const results = await Promise.all(
      clients.map(async db => {
        await db.query('BEGIN');
        const { rows } = await db.query<{ replay: { audit: number } | null }>('SELECT replay FROM ops.begin_action($1, $2, $3, $4)', [
          bank.one.token,
          'accounts.freeze',
          hashOf('x'),
          request,
        ]);
        if (!rows[0]?.replay) await writeAudit(db);
        await db.query('COMMIT');
        return rows[0]?.replay?.audit ?? 0;
      }),
    );
    const carriedOut = results.filter(audit => audit === 0);
    expect(carriedOut).toHaveLength(1);
    expect(new Set(results).size).toBe(2);
    expect(await auditOf(request)).toHaveLength(1);
    await Promise.all(clients.map(db => db.end()));
  });
});

describe('a request whose answer was lost is settled', () => {
  test('as carried out, with its result', async () => {
    const request = randomUUID();
    await act(bank.db, bank.one, 'accounts.freeze', nothing, { request, input: 'input' });
    expect(await settle(bank.db, request)).toEqual({ summary: 'done', audit: expect.any(Number) as number });
    expect(await auditOf(request)).toEqual([{ outcome: 'success' }]);
  });

  test('as not done, so that it cannot be done any more', async () => {
    const request = randomUUID();
    expect(await settle(bank.db, request)).toBeNull();
    expect(await settle(bank.db, request)).toBeNull();
    expect(await begin(bank.one, 'accounts.freeze', 'input', request)).toMatchObject({ settled: 'did not happen' });
    expect(await auditOf(request)).toEqual([{ outcome: 'failure' }]);
    expect((await refusal(bank.db, () => settle(bank.db, request, 'another input'))).code).toBe('BU003');
  });

  test('by waiting, where its commit is still under way', async () => {
    const settledBeside = async (end: 'COMMIT' | 'ROLLBACK'): Promise<unknown> => {
      const request = randomUUID();
      const other = await bank.connect();
      await bank.db.query('BEGIN');
      await begin(bank.one, 'accounts.freeze', 'input', request);
      await writeAudit(bank.db);
      const settled = settle(other, request);
      await expect.poll(() => bank.rows(waitingHere), { timeout: 60_000 }).toHaveLength(1);
      await bank.db.query(end);
      const result = await settled;
      await other.end();
      return result;
    };
    expect(await settledBeside('COMMIT')).toMatchObject({ summary: 'done' });
    expect(await settledBeside('ROLLBACK')).toBeNull();
  });

  test('and nothing is done in the transaction that settles it', async () => {
    const { id } = await bank.account();
    await bank.db.query('BEGIN');
    await settle(bank.db, randomUUID());
    const { code } = await refusal(bank.db, () =>
      bank.rows(`SELECT ops.place_hold($1, 1, 'compliance', 'held for a test', current_date, false)`, [id]),
    );
    expect(code).toBe('BU004');
  });
});

describe('what is recorded without an action', () => {
  test("an attempt is refused or failed, never done, and never nobody's", async () => {
    const attempt = (outcome: string, token = bank.one.token) =>
      bank.rows(
        `SELECT ops.audit_attempt($1, 'accounts.freeze', 'update', 'account', '1', $2::ops.outcome, 'no', NULL, NULL, gen_random_uuid(), NULL)`,
        [token, outcome],
      );
    for (const outcome of ['success', 'partial']) expect((await refusal(bank.db, () => attempt(outcome))).code).toBe('BU002');
    for (const outcome of ['refused', 'failure']) {
      await attempt(outcome);
      expect((await refusal(bank.db, () => attempt(outcome, 'nobody'))).code).toBe('BU001');
    }
    expect(await bank.rows(`SELECT DISTINCT operator FROM ops.audit WHERE error = 'no'`)).toEqual([{ operator: 'one' }]);
  });

  test('a look at a record, once in ten minutes; only looks and exports', async () => {
    const look = (verb: string) => bank.rows(`SELECT ops.record_access($1, $2, 'user', '77', NULL)`, [bank.one.token, verb]);
    for (let time = 0; time < 3; time++) await look('view');
    expect(await bank.rows(`SELECT action FROM ops.audit WHERE entity_id = '77'`)).toEqual([{ action: 'user.view' }]);
    expect((await refusal(bank.db, () => look('approve'))).code).toBe('BU002');
    expect((await refusal(bank.db, () => bank.rows(`SELECT ops.record_access('nobody', 'view', 'user', '77', NULL)`))).code).toBe('BU001');
  });

  test('a demo session only in a demo database', async () => {
    const open = () => bank.rows(`SELECT ops.open_demo_session('one', $1, 'test')`, ['t'.repeat(32)]);
    expect((await refusal(bank.db, open)).code).toBe('BU001');
    // and a bank that somebody signed in to does not become one
    expect((await refusal(bank.db, () => bank.rows('INSERT INTO platform.demo_marker (seed, scale) VALUES (1, 1)'))).code).toBe('BU004');
  });
});
