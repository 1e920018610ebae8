import { copyAcross } from '../../database/copy-across.ts';
import { fetchRows, mergeArrivals, type Sides } from './merge.ts';
import type { Carried } from './protection.ts';
import type { Table } from './tables.ts';

/** What a repeat of a lost posting is told, by the platform's own code and in words. */
const lostCode = 'lost-in-restore';

/**
 * Keys are asked for from an hour before the newest one of the backup: no posting takes so long. They come with the posting that they were for,
 * where there was one.
 */
const fetchKeys = async ({ live, scratch }: Sides): Promise<void> => {
  const { rows } = await scratch.query<{ from: string }>(
    `SELECT coalesce(max(created_at) - interval '1 hour', '-infinity')::text AS from FROM bank.idempotency_key`,
  );
  await scratch.query(
    `DROP TABLE IF EXISTS pg_temp.lost;
     CREATE TEMP TABLE lost ON COMMIT DROP AS SELECT k.*, t.type, t.from_account_id, t.to_account_id, t.amount, t.currency, t.posted_at
       FROM bank.idempotency_key k LEFT JOIN bank.transaction t ON false WITH NO DATA`,
  );
  const from = live.escapeLiteral(rows[0]?.from ?? '-infinity');
  await copyAcross(
    live,
    `SELECT k.key, k.content_hash, k.transaction_id, k.refusal_id, k.created_at, t.type, t.from_account_id, t.to_account_id, t.amount, t.currency, t.posted_at
       FROM bank.idempotency_key k LEFT JOIN bank.transaction t ON t.id = k.transaction_id WHERE k.created_at >= ${from}::timestamptz`,
    scratch,
    `pg_temp.lost (key, content_hash, transaction_id, refusal_id, created_at, type, from_account_id, to_account_id, amount, currency, posted_at)`,
  );
  await scratch.query('DELETE FROM pg_temp.lost l USING bank.idempotency_key k WHERE k.key = l.key');
};

/**
 * A posting that the backup does not have is answered as refused from now on, under the key it was made with: whoever repeats it learns that it was lost,
 * and it is never posted a second time in silence. Refusals of that time come over as they are; those made here have the negative number of the transaction,
 * which the live bank gives to none.
 */
export const carryKeys = async (sides: Sides, refusals: Table): Promise<readonly Carried[]> => {
  const { rows: newest } = await sides.scratch.query<{ from: string }>(
    `SELECT coalesce(max(refused_at) - interval '1 hour', '-infinity')::text AS from FROM bank.posting_refusal WHERE id > 0`,
  );
  await fetchRows(sides, refusals, `id > 0 AND refused_at >= ${sides.live.escapeLiteral(newest[0]?.from ?? '-infinity')}::timestamptz`);
  const refused = await mergeArrivals(sides.scratch, refusals);
  await fetchKeys(sides);
  await sides.scratch.query(
    `UPDATE pg_temp.lost SET refusal_id = -transaction_id WHERE transaction_id IS NOT NULL;
     INSERT INTO bank.posting_refusal (id, type, from_account_id, to_account_id, amount, currency, code, message) OVERRIDING SYSTEM VALUE
     SELECT refusal_id, type, from_account_id, to_account_id, amount, currency, '${lostCode}',
            format('lost in restore: it was transaction %s of %s UTC, after the backup that was restored', transaction_id, to_char(posted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'))
       FROM pg_temp.lost WHERE transaction_id IS NOT NULL`,
  );
  const { rows } = await sides.scratch.query<{ lost: string }>(
    'SELECT count(*)::text AS lost FROM pg_temp.lost WHERE transaction_id IS NOT NULL',
  );
  await sides.scratch.query(
    'INSERT INTO bank.idempotency_key (key, content_hash, refusal_id, created_at) SELECT key, content_hash, refusal_id, created_at FROM pg_temp.lost',
  );
  return [
    { what: 'refused postings', rows: refused },
    { what: 'postings that are lost, whose keys say so', rows: Number(rows[0]?.lost ?? 0) },
  ];
};

/** A reversal that is lost was still asked for and answered: a repeat is answered with that, and not with done. */
export const markLostReversals = async ({ scratch }: Sides): Promise<Carried> => {
  const { rowCount } = await scratch.query(
    `UPDATE ops.action_run r SET result = jsonb_set(r.result, '{summary}', to_jsonb('lost in restore: ' || coalesce(r.result ->> 'summary', r.action)))
      WHERE r.action = 'transactions.reverse' AND r.result IS NOT NULL AND r.result ->> 'summary' NOT LIKE 'lost in restore: %'
        AND EXISTS (SELECT FROM ops.audit a WHERE a.request_id = r.request_id AND a.outcome = 'success'
                     AND NOT EXISTS (SELECT FROM bank.transaction t WHERE t.reverses::text = a.entity_id))`,
  );
  return { what: 'reversals that are lost, whose answers say so', rows: rowCount ?? 0 };
};
