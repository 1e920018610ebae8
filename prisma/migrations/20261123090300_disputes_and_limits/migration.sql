-- Limits that two people change for a while, the way back from a transaction, and what a customer disputes.

-- ── Overriding a limit ───────────────────────────────────────────────────────────────────────────

ALTER TABLE bank.limit_override
  ADD COLUMN set_by   bigint, -- who asked for it; null for what the setup brought
  ADD COLUMN ended_by bigint,
  ADD COLUMN ended_at timestamptz(3), -- before it expired
  ADD COLUMN end_note text,
  ADD CONSTRAINT ended_with_a_note CHECK (num_nonnulls(ended_by, ended_at, end_note) IN (0, 3));
CREATE INDEX limit_override_standing_idx ON bank.limit_override (account_id, expires_at) WHERE ended_at IS NULL;

-- In whole percent: who is near a limit is read from an index, the nearest first.
ALTER TABLE bank.limit_counter
  ADD COLUMN share smallint NOT NULL GENERATED ALWAYS AS (CASE WHEN max > 0 THEN trunc(used::numeric * 100 / max)::smallint ELSE 100 END) STORED;
CREATE INDEX limit_counter_day_share_account_id_idx ON bank.limit_counter (day, share, account_id);

-- As before, and an override that was ended counts no longer.
CREATE OR REPLACE FUNCTION bank.limits_of(account bank.account, for_type bank.transaction_type, OUT single bigint, OUT daily bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  SELECT o.single, o.daily INTO single, daily FROM bank.limit_override o
   WHERE o.account_id = account.id AND o.type = for_type AND o.ended_at IS NULL AND (o.expires_at IS NULL OR o.expires_at > clock_timestamp())
   ORDER BY o.id DESC LIMIT 1;
  IF FOUND THEN RETURN; END IF;
  SELECT d.single_units * power(10, c.exponent)::bigint, d.daily_units * power(10, c.exponent)::bigint INTO single, daily
    FROM bank.limit_default d, bank.currency c WHERE d.type = for_type AND c.code = account.currency;
END $$;

-- It is set for at most 90 days by one who asks and another who agrees, and may be ended before; it is never changed or taken away.
CREATE FUNCTION bank.guard_limit_override() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
BEGIN
  -- Before the first session nobody can act: then whoever owns the database sets it up.
  IF tg_op = 'INSERT' AND NOT EXISTS (SELECT FROM ops.operator_session) THEN RETURN new; END IF;
  run := ops.require_acting();
  IF tg_op = 'INSERT' THEN
    PERFORM ops.require_action('accounts.override-limit');
    PERFORM ops.require_target('account', new.account_id::text);
    PERFORM ops.require_two('a limit is overridden by two people');
    new.set_by := ops.maker();
    new.created_at := clock_timestamp();
    new.ended_by := NULL; new.ended_at := NULL; new.end_note := NULL;
    IF (new.expires_at > new.created_at AND new.expires_at <= new.created_at + interval '90 days') IS NOT TRUE THEN
      RAISE EXCEPTION 'an override ends by itself within 90 days' USING ERRCODE = '23514';
    END IF;
    RETURN new;
  END IF;
  IF tg_op = 'DELETE' OR old.ended_at IS NOT NULL OR (to_jsonb(new) - '{ended_by,ended_at,end_note}'::text[]) <> (to_jsonb(old) - '{ended_by,ended_at,end_note}'::text[]) THEN
    PERFORM ops.require_action('accounts.override-limit', 'accounts.end-override');
    RAISE EXCEPTION 'an override stays as it was set, and is ended once' USING ERRCODE = 'BU010';
  END IF;
  PERFORM ops.require_action('accounts.end-override');
  PERFORM ops.require_target('account', new.account_id::text);
  new.ended_by := ops.maker();
  new.ended_at := clock_timestamp();
  RETURN new;
END $$;
DROP TRIGGER demand_action ON bank.limit_override;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON bank.limit_override FOR EACH ROW EXECUTE FUNCTION bank.guard_limit_override();

-- What was looked at: every override that was set or ended since makes it another one.
CREATE FUNCTION bank.limit_version(account_id bigint) RETURNS integer LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT a.version + count(o.id) + count(o.ended_at) FROM bank.account a LEFT JOIN bank.limit_override o ON o.account_id = a.id
           WHERE a.id = limit_version.account_id GROUP BY a.id);
END $$;

-- Locks an account whose limits somebody changes, with all postings kept waiting, if it is as it was looked at. Internal.
CREATE FUNCTION bank.take_limits(target bigint, expected_version integer) RETURNS bank.account LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken bank.account;
BEGIN
  SELECT * INTO taken FROM bank.account a WHERE a.id = target FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no account %', target USING ERRCODE = 'BU011';
  END IF;
  IF bank.limit_version(target) IS DISTINCT FROM expected_version THEN
    RAISE EXCEPTION 'account % or its limits changed meanwhile', taken.number USING ERRCODE = 'BU005';
  END IF;
  RETURN taken;
END $$;

-- Whether what was typed is this amount of minor units; BU004 if not. Internal.
CREATE FUNCTION ops.demand_amount(approved jsonb, key text, done bigint, currency text) RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  typed text := replace(btrim(coalesce(approved ->> key, '')), ',', '');
BEGIN
  IF approved IS NOT NULL AND (typed !~ '^[0-9]{1,15}([.][0-9]{1,4})?$'
     OR typed::numeric * power(10::numeric, (SELECT c.exponent FROM bank.currency c WHERE c.code = demand_amount.currency)) <> done) THEN
    RAISE EXCEPTION '"%" is not as it was approved', key USING ERRCODE = 'BU004';
  END IF;
END $$;

-- From now on the day's counter measures by these limits; nobody is left with more used than there is. Internal.
CREATE FUNCTION bank.measure_again(account bank.account, for_type bank.transaction_type) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE bank.limit_counter c SET max = greatest(c.used, (bank.limits_of(account, for_type)).daily)
   WHERE c.account_id = account.id AND c.type = for_type AND c.day = bank.business_day();
END $$;

-- Replaces the limits of one kind of posting for some days, exactly as it was approved. Amounts in minor units.
CREATE FUNCTION bank.override_limit(target bigint, expected_version integer, type bank.transaction_type, single bigint, daily bigint, days integer, reason text)
RETURNS bank.limit_override LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('accounts.override-limit');
  approved jsonb := ops.require_target('account', target::text);
  account bank.account := bank.take_limits(target, expected_version);
  made bank.limit_override;
BEGIN
  PERFORM ops.demand_same(approved, 'type', type::text);
  IF approved IS NOT NULL AND (approved ->> 'days')::integer IS DISTINCT FROM days THEN
    RAISE EXCEPTION '"days" is not as it was approved' USING ERRCODE = 'BU004';
  END IF;
  PERFORM ops.demand_same(approved, 'note', reason);
  PERFORM ops.demand_amount(approved, 'single', single, account.currency);
  PERFORM ops.demand_amount(approved, 'daily', daily, account.currency);
  IF account.status <> 'active' THEN
    RAISE EXCEPTION 'account % is %: only an active account posts up to its limits', account.number, account.status USING ERRCODE = 'BU007';
  END IF;
  INSERT INTO bank.limit_override AS o (account_id, type, single, daily, expires_at, reason)
  VALUES (target, override_limit.type, override_limit.single, override_limit.daily, clock_timestamp() + make_interval(days => override_limit.days), override_limit.reason)
  RETURNING o.* INTO made;
  PERFORM bank.measure_again(account, made.type);
  RETURN made;
END $$;

-- Ends the override in force before it expires. Where that lets more through than before, two people do it.
CREATE FUNCTION bank.end_limit_override(target bigint, expected_version integer, type bank.transaction_type, note text)
RETURNS bank.limit_override LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('accounts.end-override');
  approved jsonb := ops.require_target('account', target::text);
  account bank.account := bank.take_limits(target, expected_version);
  ended bank.limit_override;
  after record;
BEGIN
  PERFORM ops.demand_same(approved, 'type', type::text);
  UPDATE bank.limit_override o SET ended_by = run.operator_id, ended_at = clock_timestamp(), end_note = note
   WHERE o.id = (SELECT s.id FROM bank.limit_override s WHERE s.account_id = target AND s.type = end_limit_override.type AND s.ended_at IS NULL
                    AND (s.expires_at IS NULL OR s.expires_at > clock_timestamp()) ORDER BY s.id DESC LIMIT 1)
  RETURNING o.* INTO ended;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no override of the %s of account % is in force', type, account.number USING ERRCODE = 'BU007';
  END IF;
  SELECT * INTO after FROM bank.limits_of(account, ended.type);
  IF after.single > ended.single OR after.daily > ended.daily THEN
    PERFORM ops.require_two(format('without this override account %s may post more: that takes two people', account.number));
  END IF;
  PERFORM bank.measure_again(account, ended.type);
  RETURN ended;
END $$;

-- ── Reversals ────────────────────────────────────────────────────────────────────────────────────

-- As before, and the ground that its customer reads is the one that was approved.
CREATE OR REPLACE FUNCTION ops.guard_approved_reversal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  approved jsonb := ops.require_target('transaction', new.reverses::text);
BEGIN
  IF approved ? 'ground' THEN PERFORM ops.demand_same(approved, 'ground', new.description); END IF;
  RETURN NULL;
END $$;

-- ── Disputes ─────────────────────────────────────────────────────────────────────────────────────

CREATE INDEX dispute_kind_received_at_id_idx ON ops.dispute (kind, received_at, id);
ALTER TABLE ops.dispute
  ADD CONSTRAINT decided_with_a_finding CHECK (num_nonnulls(decided_by, decided_at, finding) = CASE WHEN status IN ('upheld', 'denied') THEN 3 ELSE 0 END),
  ADD CONSTRAINT decided_on_evidence CHECK (status = 'received' OR (evidence IS NOT NULL AND gathered_at IS NOT NULL));

-- Which action takes a dispute from which state to which.
CREATE TABLE ops.dispute_transition (
  before text NOT NULL,
  after  text NOT NULL,
  action text NOT NULL,
  PRIMARY KEY (before, after, action)
);
INSERT INTO ops.dispute_transition VALUES ('received', 'investigating', 'disputes.investigate'), ('investigating', 'upheld', 'disputes.decide'),
  ('investigating', 'denied', 'disputes.decide'), ('upheld', 'investigating', 'disputes.reopen'), ('denied', 'investigating', 'disputes.reopen');

CREATE FUNCTION ops.guard_dispute() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_acting();
  disputed bank.transaction;
BEGIN
  IF tg_op = 'INSERT' THEN
    PERFORM ops.require_action('disputes.receive');
    SELECT * INTO disputed FROM bank.transaction t WHERE t.id = new.transaction_id;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'there is no transaction %', new.transaction_id USING ERRCODE = 'BU011';
    END IF;
    -- Whoever paid disputes; whoever was paid, where the payer is outside. Whoever closes that account or reverses this waits, and finds the dispute.
    new.account_id := coalesce(disputed.from_account_id, disputed.to_account_id);
    PERFORM FROM bank.account a WHERE a.id = new.account_id FOR NO KEY UPDATE;
    IF disputed.type = 'reversal' THEN
      RAISE EXCEPTION 'transaction % is a reversal: what is disputed is transaction %', disputed.id, disputed.reverses USING ERRCODE = 'BU007';
    END IF;
    IF EXISTS (SELECT FROM bank.transaction r WHERE r.reverses = disputed.id) THEN
      RAISE EXCEPTION 'transaction % was reversed already', disputed.id USING ERRCODE = 'BU007';
    END IF;
    new.status := 'received'; new.evidence := NULL; new.gathered_at := NULL; new.decided_by := NULL; new.decided_at := NULL; new.finding := NULL;
    new.received_by := run.operator_id; new.received_at := clock_timestamp(); new.changed_at := new.received_at; new.version := 0;
    RETURN new;
  END IF;
  IF (to_jsonb(new) - '{status,evidence,gathered_at,decided_by,decided_at,finding,changed_at,version}'::text[])
     <> (to_jsonb(old) - '{status,evidence,gathered_at,decided_by,decided_at,finding,changed_at,version}'::text[]) THEN
    RAISE EXCEPTION 'what a customer disputes stays as it was received' USING ERRCODE = 'BU010';
  END IF;
  IF NOT EXISTS (SELECT FROM ops.dispute_transition t WHERE t.before = old.status AND t.after = new.status AND t.action = run.action) THEN
    RAISE EXCEPTION '% cannot take a dispute from % to %', run.action, old.status, new.status USING ERRCODE = 'BU007';
  END IF;
  -- Evidence is gathered once, by the database, and is what everybody decides on.
  new.evidence := CASE WHEN old.status = 'received' THEN ops.dispute_evidence(old) ELSE old.evidence END;
  new.gathered_at := CASE WHEN old.status = 'received' THEN clock_timestamp() ELSE old.gathered_at END;
  IF run.action = 'disputes.reopen' THEN
    PERFORM ops.require_target('dispute', old.id::text);
    PERFORM ops.require_two('a decided dispute is opened again by two people');
  END IF;
  new.changed_at := clock_timestamp();
  new.version := old.version + 1;
  new.decided_by := CASE WHEN new.status IN ('upheld', 'denied') THEN run.operator_id END;
  new.decided_at := CASE WHEN new.status IN ('upheld', 'denied') THEN new.changed_at END;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.dispute FOR EACH ROW EXECUTE FUNCTION ops.guard_dispute();

-- What the bank knows of the hour around a disputed transaction. Internal: what it gives is kept in the dispute.
CREATE FUNCTION ops.dispute_evidence(about ops.dispute) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  disputed bank.transaction;
  owner bigint := (SELECT a.user_id FROM bank.account a WHERE a.id = about.account_id);
  begins timestamptz;
  ends timestamptz;
  login bank.auth_event;
BEGIN
  SELECT * INTO disputed FROM bank.transaction t WHERE t.id = about.transaction_id;
  begins := disputed.posted_at - interval '30 minutes';
  ends := disputed.posted_at + interval '30 minutes';
  SELECT * INTO login FROM bank.auth_event e WHERE e.user_id = owner AND e.type = 'login_success' AND e.at <= disputed.posted_at ORDER BY e.at DESC LIMIT 1;
  RETURN jsonb_build_object(
    'from', begins, 'to', ends, 'channel', disputed.channel,
    'signIn', CASE WHEN login.id IS NOT NULL THEN jsonb_build_object('at', login.at, 'ip', host(login.ip), 'device', login.user_agent,
      'newAddress', NOT EXISTS (SELECT FROM bank.auth_event e WHERE e.user_id = owner AND e.type = 'login_success' AND e.at < login.at AND e.ip = login.ip),
      'newDevice', NOT EXISTS (SELECT FROM bank.auth_event e WHERE e.user_id = owner AND e.type = 'login_success' AND e.at < login.at AND e.user_agent = login.user_agent)) END,
    'sessions', (SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s."startedAt"), '[]') FROM (
      SELECT x.device, host(x.ip) AS ip, x.started_at AS "startedAt", x.last_seen_at AS "lastSeenAt", x.ended_at AS "endedAt" FROM bank.auth_session x
       WHERE x.user_id = owner AND x.started_at <= disputed.posted_at AND (x.ended_at IS NULL OR x.ended_at >= disputed.posted_at) ORDER BY x.started_at DESC LIMIT 20) s),
    'postings', (SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.at, p.id), '[]') FROM (
      SELECT t.id, t.posted_at AS at, t.type, t.amount::text, t.currency, t.to_account_id IS NOT DISTINCT FROM about.account_id AS credit, t.channel,
             coalesce(t.counterparty, '') AS counterparty
        FROM ((SELECT * FROM bank.transaction f WHERE f.from_account_id = about.account_id AND f.posted_at BETWEEN begins AND ends ORDER BY f.posted_at LIMIT 20)
              UNION (SELECT * FROM bank.transaction o WHERE o.to_account_id = about.account_id AND o.posted_at BETWEEN begins AND ends ORDER BY o.posted_at LIMIT 20)) t
       WHERE t.id <> disputed.id ORDER BY t.posted_at LIMIT 20) p),
    'refusals', (SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY r.at), '[]') FROM (
      SELECT x.refused_at AS at, x.type, x.amount::text, x.currency, x.message
        FROM ((SELECT * FROM bank.posting_refusal f WHERE f.from_account_id = about.account_id AND f.refused_at BETWEEN begins AND ends)
              UNION (SELECT * FROM bank.posting_refusal o WHERE o.to_account_id = about.account_id AND o.refused_at BETWEEN begins AND ends)) x
       ORDER BY x.refused_at LIMIT 20) r),
    'security', (SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.at), '[]') FROM (
      SELECT e.at, e.type, host(e.ip) AS ip, e.user_agent AS device FROM bank.auth_event e
       WHERE e.user_id = owner AND e.type IN ('password_reset', 'lockout', 'login_failure', 'login_blocked') AND e.at BETWEEN disputed.posted_at - interval '24 hours' AND disputed.posted_at
       ORDER BY e.at DESC LIMIT 20) s),
    'errors', (SELECT coalesce(jsonb_agg(to_jsonb(v) ORDER BY v.at), '[]') FROM (
      SELECT e.at, e.level, e.source, e.message FROM platform.event e WHERE e.level IN ('error', 'critical') AND e.at BETWEEN begins AND ends ORDER BY e.at LIMIT 20) v),
    'alerts', (SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.id), '[]') FROM (
      SELECT x.id, x.rule, x.score, x.status, x.opened_at AS "openedAt" FROM ops.alert x WHERE x.account_id = about.account_id AND x.status IN ('open', 'in review') ORDER BY x.id DESC LIMIT 20) a),
    'flags', (SELECT coalesce(jsonb_agg(to_jsonb(g) ORDER BY g.at), '[]') FROM (
      SELECT f.transaction_id AS id, f.flagged_at AS at, f.note FROM ops.transaction_flag f WHERE f.account_id = about.account_id AND f.cleared_at IS NULL ORDER BY f.id DESC LIMIT 20) g));
END $$;

-- Locks a dispute that is as it was looked at. Internal.
CREATE FUNCTION ops.take_dispute(wanted bigint, expected_version integer) RETURNS ops.dispute LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken ops.dispute;
BEGIN
  SELECT * INTO taken FROM ops.dispute d WHERE d.id = wanted FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no dispute %', wanted USING ERRCODE = 'BU011';
  END IF;
  IF taken.version IS DISTINCT FROM expected_version THEN
    RAISE EXCEPTION 'dispute % changed meanwhile: it is % now', wanted, taken.status USING ERRCODE = 'BU005';
  END IF;
  RETURN taken;
END $$;

-- Takes in what a customer says of a transaction; the account is found, and a second open one is refused.
CREATE FUNCTION ops.receive_dispute(disputed bigint, kind text, statement text) RETURNS ops.dispute LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  received ops.dispute;
BEGIN
  PERFORM ops.require_action('disputes.receive');
  INSERT INTO ops.dispute AS d (transaction_id, account_id, kind, statement, received_by)
  VALUES (disputed, 0, receive_dispute.kind, receive_dispute.statement, 0) RETURNING d.* INTO received;
  RETURN received;
END $$;

-- Begins to look into a dispute: what the bank knows is gathered and kept with it.
CREATE FUNCTION ops.investigate_dispute(wanted bigint, expected_version integer) RETURNS ops.dispute LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('disputes.investigate');
  taken ops.dispute := ops.take_dispute(wanted, expected_version);
BEGIN
  UPDATE ops.dispute d SET status = 'investigating' WHERE d.id = taken.id RETURNING d.* INTO taken;
  RETURN taken;
END $$;

CREATE FUNCTION ops.decide_dispute(wanted bigint, expected_version integer, verdict text, finding text) RETURNS ops.dispute LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('disputes.decide');
  taken ops.dispute := ops.take_dispute(wanted, expected_version);
BEGIN
  IF taken.evidence IS NULL THEN
    RAISE EXCEPTION 'dispute % has no evidence yet: investigate it first', wanted USING ERRCODE = 'BU007';
  END IF;
  IF length(btrim(coalesce(decide_dispute.finding, ''))) < 10 THEN
    RAISE EXCEPTION 'a decision says what was found, in 10 characters or more' USING ERRCODE = '23514';
  END IF;
  UPDATE ops.dispute d SET status = verdict, finding = decide_dispute.finding WHERE d.id = taken.id RETURNING d.* INTO taken;
  RETURN taken;
END $$;

-- Opens a decided dispute again, by two people; not once the money went back.
CREATE FUNCTION ops.reopen_dispute(wanted bigint, expected_version integer) RETURNS ops.dispute LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('disputes.reopen');
  taken ops.dispute := ops.take_dispute(wanted, expected_version);
BEGIN
  IF EXISTS (SELECT FROM bank.transaction r WHERE r.reverses = taken.transaction_id) THEN
    RAISE EXCEPTION 'transaction % was reversed: there is nothing left to decide', taken.transaction_id USING ERRCODE = 'BU007';
  END IF;
  UPDATE ops.dispute d SET status = 'investigating', finding = NULL WHERE d.id = taken.id RETURNING d.* INTO taken;
  RETURN taken;
END $$;

-- ── Who may do it ────────────────────────────────────────────────────────────────────────────────

INSERT INTO ops.action_permission (action, permission, eyes, checker) VALUES
  ('accounts.override-limit', 'limit.override', 2, 'approval.decide'), ('accounts.end-override', 'limit.override', 1, 'approval.decide'),
  ('disputes.receive', 'dispute.receive', 1, NULL), ('disputes.investigate', 'dispute.decide', 1, NULL), ('disputes.decide', 'dispute.decide', 1, NULL),
  ('disputes.reopen', 'dispute.decide', 2, 'approval.decide');
-- Managers decide; were they alone in asking as well, one of them on duty could do nothing.
INSERT INTO ops.role_permission (role, permission) VALUES ('operations', 'limit.override');
