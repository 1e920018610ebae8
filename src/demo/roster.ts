import type { Direct } from '../database/direct.ts';
import type { Random } from './random.ts';

/** Somebody whose account traffic moves; the balance is what it was when the roster was read, less what traffic took. */
export type Resident = {
  readonly account: number;
  readonly user: number;
  readonly username: string;
  readonly currency: string;
  readonly unit: number;
  balance: number;
};

export type Roster = { readonly active: readonly Resident[]; readonly frozen: readonly number[]; readonly pending: number };

/** So many accounts share the traffic that nobody runs into a daily limit by noon. */
const rosterSize = 2_000;

/**
 * Reads who takes part. Left alone are accounts of the last days, of which approvals can be retracted only while nothing was posted and rule 12
 * expects little, and whoever has a part in a planted case.
 */
export const readRoster = async (client: Direct, random: Random): Promise<Roster> => {
  const { rows: bounds } = await client.query<{ last: number | null }>('SELECT max(id)::int AS last FROM bank.account');
  const last = bounds[0]?.last ?? 0;
  const wanted = last <= rosterSize ? null : Array.from({ length: rosterSize * 1.3 }, () => random.between(1, last));
  const { rows } = await client.query<{
    account: number;
    user: number;
    username: string;
    currency: string;
    exponent: number;
    balance: string;
  }>(
    `WITH planted AS (
       SELECT part::bigint AS id FROM platform.setting, jsonb_array_elements(value) c, jsonb_array_elements_text(c -> 'transactions') part WHERE key = 'demo.planted')
     SELECT a.id::int AS account, u.id::int AS user, u.username, a.currency, c.exponent, a.balance::text
       FROM bank.account a JOIN bank."user" u ON u.id = a.user_id JOIN bank.currency c ON c.code = a.currency
      WHERE a.status = 'active' AND u.status = 'active' AND a.opened_at < clock_timestamp() - interval '8 days' AND a.activated_at < clock_timestamp() - interval '15 minutes'
        AND a.id NOT IN (SELECT unnest(ARRAY[t.from_account_id, t.to_account_id]) FROM planted JOIN bank.transaction t ON t.id = planted.id EXCEPT SELECT NULL) AND ($1::bigint[] IS NULL OR a.id = ANY ($1))
      ORDER BY a.id LIMIT $2`,
    [wanted, rosterSize],
  );
  const { rows: others } = await client.query<{ frozen: number[]; pending: number }>(
    `SELECT ARRAY(SELECT id::int FROM bank.account WHERE status = 'frozen' ORDER BY opened_at DESC LIMIT 20) AS frozen,
            (SELECT count(*)::int FROM bank.account WHERE status = 'pending') AS pending`,
  );
  return {
    active: rows.map(({ exponent, balance, ...row }) => ({ ...row, unit: 10 ** exponent, balance: Number(balance) })),
    frozen: others[0]?.frozen ?? [],
    pending: others[0]?.pending ?? 0,
  };
};
