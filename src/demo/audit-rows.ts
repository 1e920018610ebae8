import type { Direct } from '../database/direct.ts';

/**
 * Rows as operators of a large bank would leave them, chained by the database's own hash. The sealing trigger would visit every
 * earlier version of the head row within one transaction, so the chain is carried in a variable and the head written once.
 */
const fill = `
CREATE FUNCTION pg_temp.fill_audit(wanted bigint, until timestamptz, accounts bigint, users bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  kinds CONSTANT text[] := '{accounts.approve approve account,accounts.freeze update account,accounts.unfreeze update account,account.view view account,users.edit update user,users.lock update user,user.view view user,transactions.flag update transaction,sessions.open login session,sessions.close logout session}';
  names CONSTANT text[] := ARRAY(SELECT name FROM ops.operator ORDER BY id);
  a ops.audit;
  kind text[];
  previous bytea := '\\x00';
BEGIN
  a.db_role := session_user;
  FOR n IN 1..wanted LOOP
    kind := string_to_array(kinds[1 + (n * 7::bigint) % array_length(kinds, 1)], ' ');
    a.seq := n;
    a.at := date_trunc('milliseconds', until - (wanted - n) * (interval '400 days' / wanted));
    a.operator_id := 1 + (n / 11) % array_length(names, 1);
    a.operator := names[a.operator_id];
    a.ip := '10.20.0.0'::inet + a.operator_id;
    a.client := 'bursar';
    a.session_id := md5('session ' || a.operator_id || ' ' || n / 400)::uuid;
    a.action := kind[1]; a.verb := kind[2]; a.entity := kind[3];
    a.entity_id := CASE a.entity WHEN 'session' THEN a.session_id::text ELSE (1 + (n * 7919::bigint) % CASE a.entity WHEN 'user' THEN users ELSE accounts END)::text END;
    a.entity_label := CASE a.entity WHEN 'session' THEN NULL ELSE a.entity || ' ' || a.entity_id END;
    a.old := CASE a.verb WHEN 'update' THEN jsonb_build_object('version', n % 5) END;
    a.new := CASE a.verb WHEN 'update' THEN jsonb_build_object('version', n % 5 + 1) END;
    a.outcome := CASE WHEN n % 97 = 0 THEN 'refused' WHEN n % 211 = 0 THEN 'failure' ELSE 'success' END;
    a.error := CASE WHEN a.outcome <> 'success' THEN 'the target changed meanwhile' END;
    a.note := CASE WHEN a.verb IN ('update', 'approve') THEN 'Checked against the file, number ' || n END;
    a.request_id := CASE WHEN a.verb IN ('update', 'approve') THEN md5('request ' || n)::uuid END;
    a.transaction_number := n;
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
