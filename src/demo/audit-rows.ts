import type { Direct } from '../database/direct.ts';

/**
 * Rows as operators of a large bank would leave them, chained by the database's own hash. The sealing trigger would visit every
 * earlier version of the head row within one transaction, so the chain is carried in a variable and the head written once.
 */
const fill = `
CREATE FUNCTION pg_temp.fill_audit(wanted bigint, until timestamptz, accounts bigint, users bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  names CONSTANT text[] := ARRAY(SELECT name FROM ops.operator ORDER BY id);
  a ops.audit;
  previous bytea := '\\x00';
BEGIN
  FOR a IN
    SELECT n, date_trunc('milliseconds', until - (wanted - n) * (interval '400 days' / wanted)), session_user, who, names[who], '10.20.0.0'::inet + who, 'bursar',
           session, k.action, k.verb, k.entity, target, CASE k.entity WHEN 'session' THEN NULL ELSE k.entity || ' ' || target END,
           CASE k.verb WHEN 'update' THEN jsonb_build_object('version', n % 5) END, CASE k.verb WHEN 'update' THEN jsonb_build_object('version', n % 5 + 1) END,
           CASE WHEN n % 97 = 0 THEN 'refused' WHEN n % 211 = 0 THEN 'failure' ELSE 'success' END::ops.outcome, NULL,
           CASE WHEN k.verb IN ('update', 'approve') THEN 'Checked against the file, number ' || n END,
           CASE WHEN n % 97 = 0 OR n % 211 = 0 THEN 'the target changed meanwhile' END,
           CASE WHEN k.verb IN ('update', 'approve') THEN md5('request ' || n)::uuid END, NULL, NULL, n, NULL, NULL
      FROM generate_series(1, wanted) AS n
      JOIN (VALUES (0, 'accounts.approve', 'approve', 'account'), (1, 'accounts.freeze', 'update', 'account'), (2, 'accounts.unfreeze', 'update', 'account'),
                   (3, 'account.view', 'view', 'account'), (4, 'users.edit', 'update', 'user'), (5, 'users.lock', 'update', 'user'), (6, 'user.view', 'view', 'user'),
                   (7, 'transactions.flag', 'update', 'transaction'), (8, 'sessions.open', 'login', 'session'), (9, 'sessions.close', 'logout', 'session')
           ) AS k(turn, action, verb, entity) ON k.turn = n * 7 % 10,
           LATERAL (SELECT 1 + n / 11 % cardinality(names)) AS operator(who),
           LATERAL (SELECT md5('session ' || who || ' ' || n / 400)::uuid) AS signed_in(session),
           LATERAL (SELECT CASE k.entity WHEN 'session' THEN session::text WHEN 'user' THEN (1 + n * 7919 % users)::text ELSE (1 + n * 7919 % accounts)::text END) AS at(target)
     ORDER BY n
  LOOP
    a.prev := previous;
    a.hash := ops.audit_hash(previous, a);
    previous := a.hash;
    INSERT INTO ops.audit VALUES (a.*);
  END LOOP;
  UPDATE ops.audit_head SET seq = wanted, hash = previous;
END $$`;

/** Fills the audit for measurements; a demo starts without, because its history is made by real actions only. */
export const fillAudit = async (
  client: Direct,
  wanted: number,
  until: number,
  bank: { readonly accounts: number; readonly users: number },
): Promise<void> => {
  if (wanted === 0) return;
  await client.query(fill);
  await client.query('SELECT pg_temp.fill_audit($1, $2, $3, $4)', [wanted, new Date(until), bank.accounts, bank.users]);
};
