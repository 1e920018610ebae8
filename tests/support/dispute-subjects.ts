import { act, askFor, type Bank, type TestOperator } from './acting.ts';
import { note } from './bank-subjects.ts';
import { post } from './posting.ts';
import type { Prepare } from './every-action.ts';

/** A withdrawal of an account of its own; gives its id. */
export const aPayment = async (bank: Bank, amount = 900): Promise<string> => {
  const { id } = await bank.account({ balance: 10_000 });
  return (await post(bank.db, { type: 'withdrawal', from: id, amount })).transaction_id ?? '';
};

type DisputeState = 'received' | 'investigating' | 'upheld' | 'denied';

/** A dispute about a payment, brought to a state through the contract; gives its id. */
export const aDispute = async (bank: Bank, state: DisputeState, transaction?: string, operator: TestOperator = bank.one): Promise<string> => {
  const disputed = transaction ?? (await aPayment(bank));
  const step = (action: string, sql: string, values: unknown[]) => act(bank.db, operator, action, db => db.query<{ id: string }>(sql, values));
  const { rows } = await step('disputes.receive', `SELECT id FROM ops.receive_dispute($1, 'wrong amount', $2)`, [disputed, note]);
  const id = rows[0]?.id ?? '';
  if (state !== 'received') await step('disputes.investigate', 'SELECT id FROM ops.investigate_dispute($1, 0)', [id]);
  if (state === 'upheld' || state === 'denied') await step('disputes.decide', 'SELECT id FROM ops.decide_dispute($1, 1, $2, $3)', [id, state, note]);
  return id;
}; // prettier-ignore

export type OverrideWish = { readonly type?: string; readonly single?: number; readonly daily?: number; readonly days?: number };

/** What is asked for, as a person types it; amounts in minor units of a currency with cents. */
export const typedOverride = (account: string, { type = 'transfer', single = 500_000, daily = 900_000, days = 30 }: OverrideWish = {}) => ({
  id: account, type, single: (single / 100).toFixed(2), daily: (daily / 100).toFixed(2), days: String(days), note,
}); // prettier-ignore

/** Overrides a limit of an account, as `maker` asks and `one` approves, through the contract. */
export const anOverride = async (bank: Bank, account: string, wish: OverrideWish = {}): Promise<void> => {
  const { type = 'transfer', single = 500_000, daily = 900_000, days = 30 } = wish;
  const asked = await askFor(bank.db, 'accounts.override-limit', ['account', account]);
  await bank.behindItsBack('UPDATE ops.approval SET input = $2 WHERE id = $1', [asked, JSON.stringify(typedOverride(account, wish))]);
  await act(
    bank.db,
    bank.one,
    'accounts.override-limit',
    db =>
      db.query(`SELECT bank.override_limit($1, bank.limit_version($1), $2, $3, $4, $5, $6)`, [account, type, single, daily, days, note]),
    { target: ['account', account] },
  );
};

const endOf = async (bank: Bank, wish: OverrideWish) => {
  const { id } = await bank.account();
  await anOverride(bank, id, wish);
  return { id, type: 'transfer', note };
};

/** What is done to limits, disputes and by reversals. */
export const disputeSubjects: Readonly<Record<string, Prepare>> = {
  'accounts.override-limit': async ({ bank }) => typedOverride((await bank.account()).id),
  'accounts.end-override': ({ bank }) => endOf(bank, {}),
  'transactions.reverse': async ({ bank }) => ({ id: await aPayment(bank), ground: 'entered twice', note }),
  'disputes.receive': async ({ bank }) => ({ transaction: await aPayment(bank), kind: 'posted twice', note }),
  'disputes.investigate': async ({ bank }) => ({ id: await aDispute(bank, 'received'), note }),
  'disputes.decide': async ({ bank }) => ({ id: await aDispute(bank, 'investigating'), verdict: 'denied', findings: note }),
  'disputes.reopen': async ({ bank }) => ({ id: await aDispute(bank, 'denied'), note }),
};

/** An override that lets less through than the default: ending it takes two. */
export const disputeSubjectsOfTwo: Readonly<Record<string, Prepare>> = {
  'accounts.end-override': ({ bank }) => endOf(bank, { single: 100, daily: 200 }),
};
