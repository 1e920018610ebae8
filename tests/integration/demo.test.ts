import { beforeAll, describe, expect, test } from 'vitest';
import { aDatabase, type TestDatabase } from '../support/database.ts';
import { countOf, query } from '../support/query.ts';

describe('the demo bank of the default size', () => {
  let bank: TestDatabase;
  beforeAll(async () => {
    bank = await aDatabase('demo');
    return () => bank.drop();
  });

  test('it has 2,000 users, 2,500 accounts and 60,000 transactions over 400 days', async () => {
    expect([
      await countOf(bank.url, 'bank."user"'),
      await countOf(bank.url, 'bank.account'),
      await countOf(bank.url, 'bank.transaction'),
    ]).toEqual([2_000, 2_500, 60_000]);
    const [span] = await query(bank.url, `SELECT max(business_day) - min(business_day) AS days FROM bank.transaction`);
    expect(span?.['days']).toBeGreaterThanOrEqual(397);
  });

  test('every balance is the sum of its transactions, and each transaction names the balance it left', async () => {
    expect(await query(bank.url, 'SELECT * FROM bank.reconcile()')).toEqual([]);
    const legs = `SELECT id, to_account_id AS account, amount AS delta, to_balance_after AS after FROM bank.transaction WHERE to_account_id IS NOT NULL
                  UNION ALL SELECT id, from_account_id, -amount, from_balance_after FROM bank.transaction WHERE from_account_id IS NOT NULL`;
    expect(
      await countOf(
        bank.url,
        `(SELECT after - delta - coalesce(lag(after) OVER (PARTITION BY account ORDER BY id), 0) AS gap FROM (${legs}) l) g WHERE gap <> 0`,
      ),
    ).toBe(0);
    expect(await countOf(bank.url, 'bank.transaction WHERE least(from_balance_after, to_balance_after) < 0')).toBe(0);
  });

  test('what the contract would refuse is not in the history', async () => {
    expect(await countOf(bank.url, 'bank.transaction WHERE business_day <> bank.business_day(posted_at) OR posted_at > now()')).toBe(0);
    expect(
      await countOf(
        bank.url,
        'bank.transaction t JOIN bank.account a ON a.id IN (t.from_account_id, t.to_account_id) WHERE t.posted_at < a.activated_at OR a.currency <> t.currency',
      ),
    ).toBe(0);
    const beyond = `(SELECT t.business_day FROM bank.transaction t JOIN bank.account a ON a.id = CASE t.type WHEN 'deposit' THEN t.to_account_id ELSE t.from_account_id END,
                     LATERAL bank.limits_of(a, t.type) l WHERE t.type <> 'reversal' GROUP BY a.id, t.type, t.business_day, l.single, l.daily
                     HAVING max(t.amount) > l.single OR sum(t.amount) > l.daily) b`;
    expect(await countOf(bank.url, beyond)).toBe(0);
  });

  test('wages come every second Friday to the same people, rents on the first', async () => {
    const wages = await query(
      bank.url,
      `SELECT DISTINCT extract(isodow FROM business_day)::int AS day FROM bank.transaction WHERE description LIKE 'Salary %'`,
    );
    expect(wages).toEqual([{ day: 5 }]);
    expect(
      await countOf(
        bank.url,
        `(SELECT to_account_id FROM bank.transaction WHERE description LIKE 'Salary %' GROUP BY 1 HAVING count(*) >= 20) s`,
      ),
    ).toBeGreaterThan(100);
    expect(
      await query(
        bank.url,
        `SELECT DISTINCT extract(day FROM business_day)::int AS day FROM bank.transaction WHERE description LIKE 'Rent %'`,
      ),
    ).toEqual([{ day: 1 }]);
    expect(await countOf(bank.url, `bank.transaction WHERE description LIKE 'Rent %' AND channel = 'standing order'`)).toBeGreaterThan(
      1_000,
    );
  });

  test('few buy by night, and then mostly the same', async () => {
    const [share] = await query(
      bank.url,
      `
      SELECT avg((extract(hour FROM posted_at AT TIME ZONE (SELECT time_zone FROM bank.calendar)) < 5)::int) AS night FROM bank.transaction WHERE channel = 'card'`,
    );
    expect(Number(share?.['night'])).toBeGreaterThan(0.003);
    expect(Number(share?.['night'])).toBeLessThan(0.06);
  });

  test('forty applicants and more pass every opening check; each check fails for somebody', async () => {
    const [checks] = await query(
      bank.url,
      `
      WITH applicant AS (
        SELECT u.birth_date IS NOT NULL AND u.phone IS NOT NULL AS data, u.birth_date <= current_date - interval '18 years' AS grown, u.email_verified_at IS NOT NULL AS email,
               (SELECT count(DISTINCT d.kind) FROM bank.document d WHERE d.user_id = u.id AND d.status = 'verified' AND (d.expires_on IS NULL OR d.expires_on >= current_date)) = 2 AS papers,
               NOT EXISTS (SELECT FROM bank."user" o WHERE o.id <> u.id AND lower(o.last_name) = lower(u.last_name) AND lower(o.first_name) = lower(u.first_name)
                              AND o.birth_date = u.birth_date AND EXISTS (SELECT FROM bank.account x WHERE x.user_id = o.id)) AS single
          FROM bank.account a JOIN bank."user" u ON u.id = a.user_id WHERE a.status = 'pending')
      SELECT count(*)::int AS all, count(*) FILTER (WHERE data AND grown AND email AND papers AND single)::int AS clear, count(*) FILTER (WHERE NOT data)::int AS data,
             count(*) FILTER (WHERE NOT grown)::int AS minors, count(*) FILTER (WHERE NOT email)::int AS email, count(*) FILTER (WHERE NOT papers)::int AS papers,
             count(*) FILTER (WHERE NOT single)::int AS twins FROM applicant`,
    );
    expect(checks?.['all']).toBeGreaterThanOrEqual(45);
    expect(checks?.['clear']).toBeGreaterThanOrEqual(40);
    expect(Object.values(checks ?? {}).every(number => Number(number) > 0)).toBe(true);
    expect(checks?.['twins']).toBeGreaterThanOrEqual(3);
  });

  test('an account is frozen exactly while a hold is open, and closed only when empty', async () => {
    const odd = `bank.account a WHERE (a.status = 'frozen') <> EXISTS (SELECT FROM ops.hold h WHERE h.account_id = a.id AND h.released_at IS NULL)`;
    expect(await countOf(bank.url, odd)).toBe(0);
    expect(await query(bank.url, `SELECT status FROM bank.account GROUP BY status HAVING count(*) >= 4 ORDER BY status`)).toHaveLength(5);
    expect(await countOf(bank.url, `bank.account WHERE status = 'closed' AND balance <> 0`)).toBe(0);
    expect(await query(bank.url, `SELECT DISTINCT status FROM bank."user"`)).toHaveLength(4);
    expect(await countOf(bank.url, `bank."user" WHERE role = 'admin' AND status = 'active'`)).toBe(2);
    expect(await query(bank.url, `SELECT DISTINCT role FROM bank."user"`)).toHaveLength(7);
  });

  test('hostile names are in it, and failed sign-ins come in bursts from few addresses', async () => {
    expect(
      await countOf(bank.url, `bank."user" WHERE first_name LIKE E'%\\x1b[2J%' OR last_name LIKE E'%\\u2066' OR first_name = '[ok]'`),
    ).toBe(3);
    const burst = `(SELECT network(set_masklen(ip, 24)), date_trunc('hour', at) FROM bank.auth_event WHERE type = 'login_failure' GROUP BY 1, 2 HAVING count(*) >= 40) b`;
    expect(await countOf(bank.url, burst)).toBeGreaterThanOrEqual(5);
  });

  test('every planted case is noted, two of each rule in the last day', async () => {
    const cases = await query(
      bank.url,
      `
      SELECT c->>'rule' AS rule, count(*) FILTER (WHERE (c->>'fresh')::boolean)::int AS fresh, count(*)::int AS all
        FROM platform.setting, jsonb_array_elements(value) c WHERE key = 'demo.planted' GROUP BY 1`,
    );
    expect(cases).toHaveLength(17);
    expect(cases.filter(({ fresh, all }) => fresh !== 2 || Number(all) < 6)).toEqual([]);
  });
});

describe('planted shapes are what the rules say', () => {
  let bank: TestDatabase;
  beforeAll(async () => {
    bank = await aDatabase('demo');
    return () => bank.drop();
  });

  /** The transactions of each case of a rule, as seen from its account: amounts in units, out is negative. */
  const shapes = (rule: string) =>
    query(bank.url, `
      SELECT c->>'account' AS account, array_agg(CASE WHEN t.from_account_id = (c->>'account')::bigint THEN -t.amount ELSE t.amount END / 100.0 ORDER BY t.id)::float8[] AS amounts,
             array_agg(extract(epoch FROM (c->>'at')::timestamptz - t.posted_at)::float8 / 3600 ORDER BY t.id) AS hours_before
        FROM platform.setting, jsonb_array_elements(value) WITH ORDINALITY AS planted(c, place), jsonb_array_elements_text(c->'transactions') AS part(id)
        JOIN bank.transaction t ON t.id = part.id::bigint WHERE key = 'demo.planted' AND c->>'rule' = $1 GROUP BY place, c`, [rule]) as Promise<{ account: string; amounts: number[]; hours_before: number[] }[]>; // prettier-ignore

  const holdsForAll = async (rule: string, holds: (amounts: number[], hoursBefore: number[]) => boolean): Promise<void> => {
    const found = await shapes(rule);
    expect(found.length).toBeGreaterThanOrEqual(6);
    expect(found.filter(({ amounts, hours_before }) => !holds(amounts, hours_before))).toEqual([]);
  };

  test('R5 structuring: three and more within a day, each at 80 to 100 % of the limit', () =>
    holdsForAll(
      'R5',
      (amounts, hours) => amounts.length >= 3 && amounts.every(amount => amount >= 1_600 && amount <= 2_000) && Math.max(...hours) <= 24,
    ));

  test('R9 pass-through: four fifths of a credit leave within the hour', () =>
    holdsForAll(
      'R9',
      ([credit = 0, ...out], [since = 99]) => credit >= 500 && -out.reduce((sum, amount) => sum + amount, 0) >= 0.8 * credit && since <= 1,
    ));

  test('R6 dormant: silent for 180 days, then a debit', () =>
    holdsForAll('R6', (amounts, hours) => (amounts.at(-1) ?? 0) <= -100 && (hours.at(-2) ?? 0) >= 180 * 24 && hours.at(-1) === 0));

  test('R2 velocity: five and more debits within ten minutes', () =>
    holdsForAll('R2', (_, hours) => hours.filter(before => before <= 1 / 6).length >= 5));

  test('R13 limit probing: three refusals and more, then a posting', async () => {
    const probed = `(SELECT from_account_id FROM bank.posting_refusal WHERE code = 'single-limit' GROUP BY 1 HAVING count(*) >= 3 AND max(refused_at) - min(refused_at) < interval '1 day') p`;
    expect(await countOf(bank.url, probed)).toBeGreaterThanOrEqual(6);
  });

  test('R10 fan-in and fan-out: seven parties in a day', async () => {
    await holdsForAll('R10 fan-out', amounts => amounts.filter(amount => amount < 0).length >= 5);
    await holdsForAll('R10 fan-in', amounts => amounts.length >= 10);
  });
});
