-- A refused or failed attempt is written down for somebody who has, or had, a session: without one, whoever reaches the
-- database could fill the chain with attempts of nobody. Failed sign-ins are recorded by ops.sign_in itself.
CREATE OR REPLACE FUNCTION ops.audit_attempt(token text, action_id text, verb text, entity text, entity_id text, outcome ops.outcome, error text,
                                  reason text, note text, request uuid, correlation uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session;
  written bigint;
BEGIN
  IF outcome NOT IN ('refused', 'failure') THEN
    RAISE EXCEPTION 'an attempt is refused or failed, not %', outcome USING ERRCODE = 'BU002';
  END IF;
  -- An ended session is still named: who tried matters more than whether they may.
  SELECT s.* INTO session FROM ops.operator_session s WHERE s.token_hash = sha256(convert_to(token, 'UTF8'));
  IF NOT FOUND THEN
    RAISE EXCEPTION 'nobody has signed in with this: sign in again' USING ERRCODE = 'BU001';
  END IF;
  INSERT INTO ops.audit (operator_id, operator, ip, client, session_id, action, verb, entity, entity_id, outcome, error, reason, note, request_id, correlation_id)
  VALUES (session.operator_id, (SELECT name FROM ops.operator WHERE id = session.operator_id), session.ip, session.client, session.id, action_id,
          audit_attempt.verb, audit_attempt.entity, audit_attempt.entity_id, audit_attempt.outcome, audit_attempt.error,
          audit_attempt.reason, audit_attempt.note, request, correlation)
  RETURNING seq INTO written;
  RETURN written;
END $$;
