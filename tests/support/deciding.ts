import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { hashOf, type TestOperator } from './acting.ts';

/** A request to close an account, as its maker left it. */
export type Asked = { readonly id: string; readonly number: string; readonly account: string };

const input = hashOf('close it');

type Begin = { readonly token: string; readonly action: string; readonly approval?: string | null; readonly request?: string | undefined };

const asAction = async (
  db: Client,
  { token, action, approval = null, request = randomUUID() }: Begin,
  work: () => Promise<unknown>,
): Promise<void> => {
  await db.query('BEGIN');
  try {
    await db.query('SELECT ops.begin_action($1, $2, $3, $4, $5)', [token, action, input, request, approval]);
    await work();
    await db.query(`SELECT ops.write_audit('update', 'account', '1', NULL, NULL, NULL, 'success', NULL, 'a note of a test', NULL, '{}')`);
    await db.query('COMMIT');
  } catch (error) {
    await db.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
};

/** Asks for an account to be closed, by SQL and nothing else. */
export const askToClose = async (db: Client, maker: TestOperator, account: string): Promise<Asked> => {
  const id = randomUUID();
  const ask = () =>
    db.query(`SELECT ops.make_request('accounts.close', '1', 'account', $1, $1, 0, '{}', $2, '[]', '-', 'asked for by a test', 24)`, [
      account,
      input,
    ]);
  await asAction(db, { token: maker.token, action: 'approvals.request', request: id }, ask);
  const { rows } = await db.query<{ number: string }>('SELECT number FROM ops.approval WHERE id = $1', [id]);
  return { id, number: rows[0]?.number ?? '', account };
};

const close = (db: Client, account: string) =>
  db.query(`SELECT bank.set_account_status($1, 'closed', (SELECT version FROM bank.account WHERE id = $1))`, [account]);

/** Decides a request and carries it out, as the kit does: one transaction. */
export const approveAndClose = (db: Client, token: string, { id, account }: Asked, request?: string): Promise<void> =>
  asAction(db, { token, action: 'accounts.close', approval: id, request }, () => close(db, account));

/** Does the same under another action, or under none that was approved. */
export const closeUnder = (db: Client, token: string, action: string, approval: string | null, account: string): Promise<void> =>
  asAction(db, { token, action, approval }, () => close(db, account));
