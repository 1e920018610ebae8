import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aBank, type Bank } from '../support/acting.ts';
import { expectedOf, newModel, operations, prelude, type Model, type Operation } from '../support/bank-model.ts';
import { carryOut } from '../support/bank-operations.ts';
import { full, report, seed } from '../support/reliability.ts';

/** So many sequences of so many operations. */
const size = full ? 512 : 32;
const accounts = 6;

let bank: Bank;
beforeAll(async () => {
  // small limits, so that sequences reach them: 60 units a posting, 150 a day
  bank = await aBank();
  await bank.behindItsBack('UPDATE bank.limit_default SET single_units = 60, daily_units = 150');
});
afterAll(() => bank[Symbol.asyncDispose]());

const openAccounts = async (): Promise<string[]> => {
  const rows = await bank.rows<{ id: string }>(
    `INSERT INTO bank.account (number, user_id, currency) SELECT bank.next_account_number(), $1, 'EUR' FROM generate_series(1, $2) RETURNING id`,
    [bank.customer, accounts],
  );
  return rows.map(({ id }) => id);
};

const stateOf = async (ids: readonly string[]) => {
  const rows = await bank.rows<{ status: string; balance: string }>(
    'SELECT status, balance FROM bank.account WHERE id = ANY ($1) ORDER BY id',
    [ids],
  );
  return rows.map(({ status, balance }) => ({ status, balance: Number(balance) }));
};

test(`${size} random sequences of ${size} operations end as the model says`, { timeout: 3_600_000 }, async () => {
  const codes = new Map<string, number>();
  const began = performance.now();
  const run = async (sequence: readonly Operation[]): Promise<void> => {
    const ids = await openAccounts();
    const model: Model = newModel(accounts);
    const context = { bank, ids, posted: [] as string[], keys: model.keys.map(() => randomUUID()) };
    for (const [step, operation] of [...prelude(accounts), ...sequence].entries()) {
      const expected = expectedOf(model, operation);
      const actual = await carryOut(context, operation);
      expect({ step, operation, code: actual }).toEqual({ step, operation, code: expected });
      codes.set(`${operation.kind} ${expected}`, (codes.get(`${operation.kind} ${expected}`) ?? 0) + 1);
    }
    expect(await stateOf(ids)).toEqual(model.accounts.map(({ status, balance }) => ({ status, balance })));
  };
  await fc.assert(fc.asyncProperty(fc.array(operations(accounts), { minLength: size, maxLength: size, size: 'max' }), run), {
    seed,
    numRuns: size,
    endOnFailure: true,
  });

  const total = codes.values().reduce((sum, count) => sum + count, 0);
  report('random operations', {
    seed,
    sequences: size,
    operations: total,
    violations: 0,
    'operations/s': Math.round((total / (performance.now() - began)) * 1_000),
  });
  report('and how they ended', Object.fromEntries([...codes].toSorted(([a], [b]) => a.localeCompare(b))));
  expect(await bank.rows('SELECT * FROM bank.reconcile()')).toEqual([]);
  expect(await bank.rows('SELECT first_broken FROM ops.verify_audit()')).toEqual([{ first_broken: null }]);
});
