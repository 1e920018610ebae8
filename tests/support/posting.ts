import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';

/** Posts through the contract; the answer's code is null where it was posted. */
export type Answer = { transaction_id: string | null; refusal_id: string | null; code: string | null; message: string | null };
export type Wish = {
  key?: string;
  type: string;
  from?: string | null;
  to?: string | null;
  amount: number | bigint | string;
  currency?: string;
  description?: string;
};

export const post = async (db: Client, wish: Wish): Promise<Answer> => {
  const { rows } = await db.query<Answer>('SELECT * FROM bank.post_transaction($1, $2, $3, $4, $5, $6, $7, NULL, $8)', [
    wish.key ?? randomUUID(), wish.type, wish.from ?? null, wish.to ?? null, String(wish.amount), wish.currency ?? 'EUR', 'online', wish.description ?? '',
  ]); // prettier-ignore
  if (!rows[0]) throw new Error('post_transaction gave no answer');
  return rows[0];
};

/** The way around the contract: a plain INSERT. */
export const insertPosting = async (db: Client, wish: Wish & { reverses?: string }): Promise<string> => {
  const { rows } = await db.query<{ id: string }>(
    `INSERT INTO bank.transaction (type, from_account_id, to_account_id, amount, currency, channel, reverses) VALUES ($1, $2, $3, $4, $5, 'online', $6) RETURNING id`,
    [wish.type, wish.from ?? null, wish.to ?? null, String(wish.amount), wish.currency ?? 'EUR', wish.reverses ?? null],
  );
  return rows[0]?.id ?? '';
};
