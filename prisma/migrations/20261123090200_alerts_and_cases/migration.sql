-- Alerts and cases: who takes one, what becomes of it, and which of that takes two people. An alert that somebody works on is theirs:
-- nobody else decides it, and a manager can take it away from them.

CREATE INDEX alert_next_idx ON ops.alert (score DESC, opened_at, id) WHERE status = 'open';
CREATE INDEX alert_claimed_by_idx ON ops.alert (claimed_by) WHERE claimed_by IS NOT NULL;
CREATE INDEX alert_decided_by_idx ON ops.alert (decided_by) WHERE decided_by IS NOT NULL;
CREATE INDEX alert_outcome_idx ON ops.alert (outcome) WHERE outcome IS NOT NULL;
CREATE INDEX alert_snoozed_until_idx ON ops.alert (snoozed_until) WHERE snoozed_until IS NOT NULL;
CREATE INDEX alert_case_id_idx ON ops.alert (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX case_file_assigned_to_idx ON ops.case_file (assigned_to) WHERE assigned_to IS NOT NULL;
CREATE INDEX case_file_score_id_idx ON ops.case_file (score, id);

ALTER TABLE ops.alert
  ADD CONSTRAINT reviewed_by_somebody CHECK (status <> 'in review' OR (claimed_by IS NOT NULL AND claimed_at IS NOT NULL)),
  ADD CONSTRAINT decided_by_somebody CHECK ((status IN ('dismissed', 'escalated')) = (decided_by IS NOT NULL) AND (decided_by IS NULL) = (decided_at IS NULL)),
  ADD CONSTRAINT dismissed_with_outcome CHECK (status <> 'dismissed' OR outcome IS NOT NULL),
  ADD CONSTRAINT escalated_to_a_case CHECK ((status = 'escalated') = (case_id IS NOT NULL));
ALTER TABLE ops.case_file
  ADD CONSTRAINT investigated_by_somebody CHECK (status = 'open' OR assigned_to IS NOT NULL),
  ADD CONSTRAINT closed_with_finding CHECK ((status IN ('confirmed', 'refuted', 'inconclusive')) = (finding IS NOT NULL));
ALTER TABLE ops.alert_snooze ADD CONSTRAINT for_30_days CHECK (until > set_at AND until <= set_at + interval '31 days');

-- ── What can become of an alert ──────────────────────────────────────────────────────────────────

CREATE TABLE ops.alert_transition (
  before text NOT NULL,
  after  text NOT NULL,
  action text NOT NULL,
  PRIMARY KEY (before, after, action)
);
INSERT INTO ops.alert_transition VALUES
  ('open', 'in review', 'alerts.claim'), ('open', 'in review', 'alerts.claim-next'),
  ('in review', 'open', 'alerts.release'), ('in review', 'open', 'alerts.snooze'),
  ('in review', 'dismissed', 'alerts.dismiss'), ('in review', 'escalated', 'alerts.escalate'),
  ('dismissed', 'in review', 'alerts.reopen'), ('escalated', 'in review', 'alerts.reopen');

-- Detection opens alerts and adds hits to them; people do the rest, each action its own part.
CREATE FUNCTION ops.guard_alert() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
  loose text[];
BEGIN
  IF tg_op = 'INSERT' THEN
    PERFORM ops.require_action('detection.run');
    new.status := 'open'; new.claimed_by := NULL; new.claimed_at := NULL; new.outcome := NULL; new.decided_by := NULL; new.decided_at := NULL; new.case_id := NULL;
    new.opened_at := clock_timestamp(); new.changed_at := new.opened_at; new.version := 0;
    RETURN new;
  END IF;
  run := ops.require_acting();
  IF new.status <> old.status THEN
    IF NOT EXISTS (SELECT FROM ops.alert_transition t WHERE t.before = old.status AND t.after = new.status AND t.action = run.action) THEN
      RAISE EXCEPTION '% cannot take an alert from % to %', run.action, old.status, new.status USING ERRCODE = 'BU007';
    END IF;
    loose := '{status,claimed_by,claimed_at,decided_by,decided_at,outcome,case_id,snoozed_until}';
  ELSE
    loose := CASE run.action WHEN 'detection.run' THEN '{score,last_hit_at,hits,snoozed_until}' WHEN 'alerts.snooze' THEN '{snoozed_until}'
                             WHEN 'alerts.unsnooze' THEN '{snoozed_until}' WHEN 'cases.close' THEN '{outcome}' ELSE '{}' END::text[];
  END IF;
  loose := loose || '{changed_at,version}'::text[];
  IF (to_jsonb(new) - loose) <> (to_jsonb(old) - loose) THEN
    RAISE EXCEPTION '% does not change this of an alert', run.action USING ERRCODE = 'BU010';
  END IF;
  new.changed_at := clock_timestamp(); new.version := old.version + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.alert FOR EACH ROW EXECUTE FUNCTION ops.guard_alert();

CREATE FUNCTION ops.guard_snooze() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF tg_op = 'DELETE' THEN
    PERFORM ops.require_action('alerts.unsnooze');
    RETURN old;
  END IF;
  PERFORM ops.require_action('alerts.snooze');
  new.set_by := ops.maker(); new.set_at := clock_timestamp();
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON ops.alert_snooze FOR EACH ROW EXECUTE FUNCTION ops.guard_snooze();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.alert_snooze FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- ── What can become of a case ────────────────────────────────────────────────────────────────────

CREATE TABLE ops.case_transition (
  before text NOT NULL,
  after  text NOT NULL,
  action text NOT NULL, -- '-': no action of its own, but the request to close it
  PRIMARY KEY (before, after, action)
);
INSERT INTO ops.case_transition VALUES
  ('open', 'investigating', 'cases.take'), ('investigating', 'suspended', 'cases.suspend'), ('suspended', 'investigating', 'cases.resume'),
  ('investigating', 'pending approval', '-'), ('pending approval', 'investigating', '-'),
  ('pending approval', 'confirmed', 'cases.close'), ('pending approval', 'refuted', 'cases.close'), ('pending approval', 'inconclusive', 'cases.close');

-- Whether somebody's request to close a case waits. Internal.
CREATE FUNCTION ops.closing_waits(wanted bigint) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM ops.approval a WHERE a.action = 'cases.close' AND a.entity = 'case' AND a.entity_id = wanted::text
                    AND a.status = 'pending' AND a.expires_at > clock_timestamp());
END $$;

CREATE FUNCTION ops.guard_case() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
  loose text[] := '{changed_at,version}';
BEGIN
  IF tg_op = 'INSERT' THEN
    run := ops.require_action('cases.open', 'alerts.escalate');
    new.opened_by := run.operator_id; new.opened_at := clock_timestamp(); new.changed_at := new.opened_at;
    new.status := 'open'; new.assigned_to := NULL; new.finding := NULL; new.incident_id := NULL; new.version := 0;
    RETURN new;
  END IF;
  IF new.status <> old.status AND EXISTS (SELECT FROM ops.case_transition t WHERE t.before = old.status AND t.after = new.status AND t.action = '-') THEN
    -- It follows the request, and whoever decides that looked at this version
    IF (new.status = 'pending approval') <> ops.closing_waits(old.id) OR (to_jsonb(new) - '{status,changed_at}'::text[]) <> (to_jsonb(old) - '{status,changed_at}'::text[]) THEN
      RAISE EXCEPTION 'case % waits for approval exactly while a request to close it does', old.id USING ERRCODE = 'BU007';
    END IF;
    new.changed_at := clock_timestamp();
    RETURN new;
  END IF;
  run := ops.require_acting();
  IF new.status <> old.status THEN
    IF NOT EXISTS (SELECT FROM ops.case_transition t WHERE t.before = old.status AND t.after = new.status AND t.action = run.action) THEN
      RAISE EXCEPTION '% cannot take a case from % to %', run.action, old.status, new.status USING ERRCODE = 'BU007';
    END IF;
    loose := loose || CASE run.action WHEN 'cases.close' THEN '{status,finding}' WHEN 'cases.take' THEN '{status,assigned_to}' ELSE '{status}' END::text[];
  ELSE
    loose := loose || CASE run.action WHEN 'alerts.escalate' THEN '{score}' WHEN 'cases.take' THEN '{assigned_to}' WHEN 'cases.link' THEN '{incident_id}' ELSE '{}' END::text[];
  END IF;
  IF old.finding IS NOT NULL OR (to_jsonb(new) - loose) <> (to_jsonb(old) - loose) THEN
    RAISE EXCEPTION '% does not change this of a case', run.action USING ERRCODE = 'BU010';
  END IF;
  new.changed_at := clock_timestamp(); new.version := old.version + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.case_file FOR EACH ROW EXECUTE FUNCTION ops.guard_case();

-- A request to close a case makes it wait; one that ends without closing it gives it back.
CREATE FUNCTION ops.follow_request() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF tg_op = 'INSERT' THEN
    UPDATE ops.case_file c SET status = 'pending approval' WHERE c.id::text = new.entity_id AND c.status = 'investigating';
  ELSIF old.status = 'pending' AND new.status IN ('rejected', 'cancelled', 'expired', 'failed') THEN
    UPDATE ops.case_file c SET status = 'investigating' WHERE c.id::text = new.entity_id AND c.status = 'pending approval';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER case_follows AFTER INSERT OR UPDATE OF status ON ops.approval FOR EACH ROW
  WHEN (new.action = 'cases.close' AND new.entity = 'case') EXECUTE FUNCTION ops.follow_request();

CREATE FUNCTION ops.guard_case_link() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  new.linked_by := (ops.require_action('cases.link')).operator_id; new.linked_at := clock_timestamp();
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT ON ops.case_link FOR EACH ROW EXECUTE FUNCTION ops.guard_case_link();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON ops.case_link FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.case_link FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- ── Alerts: taking, leaving, deciding ────────────────────────────────────────────────────────────

-- What somebody said about an alert or a case while they acted on it. Internal.
CREATE FUNCTION ops.note_act(entity text, id bigint, words text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO ops.note AS n (entity, entity_id, text, written_by) VALUES (note_act.entity, note_act.id::text, note_act.words, ops.maker());
END $$;

-- Locks an alert that is still the version that was looked at (BU005); null where any will do. Internal.
CREATE FUNCTION ops.take_alert(wanted bigint, expected_version integer) RETURNS ops.alert LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken ops.alert;
BEGIN
  SELECT * INTO taken FROM ops.alert a WHERE a.id = wanted FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no alert %', wanted USING ERRCODE = 'BU011';
  END IF;
  IF taken.version <> expected_version THEN
    RAISE EXCEPTION 'alert % changed meanwhile', wanted USING ERRCODE = 'BU005';
  END IF;
  RETURN taken;
END $$;

-- An alert is decided by whoever claimed it; under an approval by whoever asked. Internal.
CREATE FUNCTION ops.demand_claim(taken ops.alert) RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF taken.status <> 'in review' THEN
    RAISE EXCEPTION 'alert % is %: claim it first', taken.id, taken.status USING ERRCODE = 'BU007';
  END IF;
  IF taken.claimed_by <> ops.maker() THEN
    RAISE EXCEPTION 'alert % is in review by %', taken.id, (SELECT o.name FROM ops.operator o WHERE o.id = taken.claimed_by) USING ERRCODE = 'BU002';
  END IF;
END $$;

CREATE FUNCTION ops.claim_alert(wanted bigint) RETURNS ops.alert LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('alerts.claim');
  taken ops.alert := ops.take_alert(wanted, NULL);
BEGIN
  IF taken.status <> 'open' THEN
    RAISE EXCEPTION 'alert % is %', wanted, taken.status || coalesce(' by ' || (SELECT o.name FROM ops.operator o WHERE o.id = taken.claimed_by AND taken.status = 'in review'), '') USING ERRCODE = 'BU007';
  END IF;
  UPDATE ops.alert a SET status = 'in review', claimed_by = run.operator_id, claimed_at = clock_timestamp() WHERE a.id = wanted RETURNING a.* INTO taken;
  RETURN taken;
END $$;

-- The gravest that nobody works on, the oldest of these first. Two who ask at once get one each: what the other is taking is skipped.
CREATE FUNCTION ops.claim_next_alert() RETURNS ops.alert LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('alerts.claim-next');
  taken ops.alert;
BEGIN
  SELECT * INTO taken FROM ops.alert a WHERE a.status = 'open' AND (a.snoozed_until IS NULL OR a.snoozed_until <= clock_timestamp())
   ORDER BY a.score DESC, a.opened_at, a.id LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no alert waits for anybody' USING ERRCODE = 'BU011';
  END IF;
  UPDATE ops.alert a SET status = 'in review', claimed_by = run.operator_id, claimed_at = clock_timestamp() WHERE a.id = taken.id RETURNING a.* INTO taken;
  RETURN taken;
END $$;

CREATE FUNCTION ops.release_alert(wanted bigint, expected_version integer) RETURNS ops.alert LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('alerts.release');
  taken ops.alert := ops.take_alert(wanted, expected_version);
BEGIN
  IF taken.status <> 'in review' THEN
    RAISE EXCEPTION 'alert % is %: nobody has it', wanted, taken.status USING ERRCODE = 'BU007';
  END IF;
  IF taken.claimed_by <> run.operator_id AND NOT ops.may(run.operator_id, 'case.decide') THEN
    RAISE EXCEPTION 'alert % is in review by %: they release it, or a manager', wanted, (SELECT o.name FROM ops.operator o WHERE o.id = taken.claimed_by) USING ERRCODE = 'BU002';
  END IF;
  UPDATE ops.alert a SET status = 'open', claimed_by = NULL, claimed_at = NULL WHERE a.id = wanted RETURNING a.* INTO taken;
  RETURN taken;
END $$;

-- Its rule raises nothing more about its account until a day begins, at most 30 days from now. Above a score of 80 that takes two people, as
-- dismissing does: a snooze that long is a dismissal.
CREATE FUNCTION ops.snooze_alert(wanted bigint, until_day date, note text, expected_version integer) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('alerts.snooze');
  approved jsonb := ops.require_target('alert', wanted::text);
  taken ops.alert := ops.take_alert(wanted, expected_version);
  ends timestamptz := until_day::timestamp AT TIME ZONE (SELECT c.time_zone FROM bank.calendar c);
BEGIN
  IF taken.status = 'escalated' THEN
    RAISE EXCEPTION 'alert % is escalated: its case decides', wanted USING ERRCODE = 'BU007';
  END IF;
  IF taken.status = 'in review' THEN PERFORM ops.demand_claim(taken); END IF;
  IF until_day IS NULL OR until_day <= bank.business_day() OR until_day > bank.business_day() + 30 THEN
    RAISE EXCEPTION 'a snooze ends within the next 30 days' USING ERRCODE = '23514';
  END IF;
  IF approved ->> 'until' ~ '^\d{4}-\d\d-\d\d$' THEN PERFORM ops.demand_same(approved, 'until', until_day::text); END IF;
  IF taken.score > 80 THEN
    PERFORM ops.require_two(format('alert %s has a score of %s: snoozing it takes two people', wanted, taken.score));
  END IF;
  INSERT INTO ops.alert_snooze AS s (rule, account_id, until, note, set_by) VALUES (taken.rule, taken.account_id, ends, snooze_alert.note, run.operator_id)
  ON CONFLICT (rule, account_id) DO UPDATE SET until = excluded.until, note = excluded.note;
  PERFORM ops.note_act('alert', wanted, snooze_alert.note);
  UPDATE ops.alert a SET snoozed_until = ends, status = CASE a.status WHEN 'in review' THEN 'open' ELSE a.status END,
         claimed_by = CASE WHEN a.status <> 'in review' THEN a.claimed_by END, claimed_at = CASE WHEN a.status <> 'in review' THEN a.claimed_at END WHERE a.id = wanted;
  RETURN ends;
END $$;

CREATE FUNCTION ops.unsnooze_alert(wanted bigint, expected_version integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('alerts.unsnooze');
  taken ops.alert := ops.take_alert(wanted, expected_version);
BEGIN
  DELETE FROM ops.alert_snooze s WHERE s.rule = taken.rule AND s.account_id = taken.account_id AND s.until > clock_timestamp();
  IF NOT FOUND THEN
    RAISE EXCEPTION 'nothing is snoozed about the account of alert %', wanted USING ERRCODE = 'BU007';
  END IF;
  UPDATE ops.alert a SET snoozed_until = NULL WHERE a.rule = taken.rule AND a.account_id = taken.account_id AND a.snoozed_until IS NOT NULL;
END $$;

CREATE FUNCTION ops.dismiss_alert(wanted bigint, outcome text, note text, expected_version integer) RETURNS ops.alert
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('alerts.dismiss');
  approved jsonb := ops.require_target('alert', wanted::text);
  taken ops.alert := ops.take_alert(wanted, expected_version);
BEGIN
  PERFORM ops.demand_claim(taken);
  IF dismiss_alert.outcome IS NULL OR dismiss_alert.outcome NOT IN ('false positive', 'valuable') THEN
    RAISE EXCEPTION 'an alert is dismissed as a false positive or as valuable; what is confirmed is escalated' USING ERRCODE = '23514';
  END IF;
  PERFORM ops.demand_same(approved, 'outcome', dismiss_alert.outcome);
  IF taken.score > 80 THEN
    PERFORM ops.require_two(format('alert %s has a score of %s: dismissing it takes two people', wanted, taken.score));
  END IF;
  PERFORM ops.note_act('alert', wanted, dismiss_alert.note);
  UPDATE ops.alert a SET status = 'dismissed', outcome = dismiss_alert.outcome, decided_by = ops.maker(), decided_at = clock_timestamp()
   WHERE a.id = wanted RETURNING a.* INTO taken;
  RETURN taken;
END $$;

-- Into the open case of its account, or into a new one; two at once open one.
CREATE FUNCTION ops.escalate_alert(wanted bigint, title text, note text, expected_version integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('alerts.escalate');
  taken ops.alert := ops.take_alert(wanted, expected_version);
  joined bigint;
BEGIN
  PERFORM ops.demand_claim(taken);
  PERFORM pg_advisory_xact_lock(hashtext('case of an account'), hashint8(taken.account_id));
  SELECT c.id INTO joined FROM ops.case_file c WHERE c.account_id = taken.account_id AND c.status IN ('open', 'investigating', 'suspended') ORDER BY c.id DESC LIMIT 1 FOR UPDATE;
  IF FOUND THEN
    UPDATE ops.case_file c SET score = taken.score WHERE c.id = joined AND c.score < taken.score;
  ELSE
    INSERT INTO ops.case_file AS c (title, account_id, score, opened_by) VALUES (escalate_alert.title, taken.account_id, taken.score, run.operator_id) RETURNING c.id INTO joined;
  END IF;
  PERFORM ops.note_act('alert', wanted, escalate_alert.note);
  UPDATE ops.alert a SET status = 'escalated', case_id = joined, decided_by = run.operator_id, decided_at = clock_timestamp() WHERE a.id = wanted;
  RETURN joined;
END $$;

-- Takes a decision back: alone whoever made it, otherwise two. What was escalated comes back only while its case is not decided.
CREATE FUNCTION ops.reopen_alert(wanted bigint, note text, expected_version integer) RETURNS ops.alert LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('alerts.reopen');
  approved jsonb := ops.require_target('alert', wanted::text);
  taken ops.alert := ops.take_alert(wanted, expected_version);
  state text;
BEGIN
  IF taken.status NOT IN ('dismissed', 'escalated') THEN
    RAISE EXCEPTION 'alert % is %: nothing is to be taken back', wanted, taken.status USING ERRCODE = 'BU007';
  END IF;
  IF taken.decided_by <> run.operator_id THEN
    PERFORM ops.require_two(format('alert %s was %s by somebody else: taking that back takes two people', wanted, taken.status));
  END IF;
  IF taken.status = 'escalated' THEN
    SELECT c.status INTO state FROM ops.case_file c WHERE c.id = taken.case_id FOR UPDATE;
    IF state NOT IN ('open', 'investigating', 'suspended') THEN
      RAISE EXCEPTION 'case % of alert % is %', taken.case_id, wanted, state USING ERRCODE = 'BU007';
    END IF;
  END IF;
  IF EXISTS (SELECT FROM ops.alert a WHERE a.rule = taken.rule AND a.account_id = taken.account_id AND a.status IN ('open', 'in review')) THEN
    RAISE EXCEPTION 'the same rule has raised another alert about this account since: decide that one' USING ERRCODE = 'BU007';
  END IF;
  PERFORM ops.note_act('alert', wanted, reopen_alert.note);
  UPDATE ops.alert a SET status = 'in review', claimed_by = ops.maker(), claimed_at = clock_timestamp(), decided_by = NULL, decided_at = NULL, outcome = NULL, case_id = NULL
   WHERE a.id = wanted RETURNING a.* INTO taken;
  RETURN taken;
END $$;

-- ── Cases ────────────────────────────────────────────────────────────────────────────────────────

-- Locks a case that is still the version that was looked at (BU005); one whose request to close it ran out is investigated again. Internal.
CREATE FUNCTION ops.take_case_file(wanted bigint, expected_version integer) RETURNS ops.case_file LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken ops.case_file;
BEGIN
  SELECT * INTO taken FROM ops.case_file c WHERE c.id = wanted FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no case %', wanted USING ERRCODE = 'BU011';
  END IF;
  IF taken.version <> expected_version THEN
    RAISE EXCEPTION 'case % changed meanwhile', wanted USING ERRCODE = 'BU005';
  END IF;
  IF taken.status = 'pending approval' AND (ops.require_acting()).approval_id IS NULL AND NOT ops.closing_waits(wanted) THEN
    UPDATE ops.case_file c SET status = 'investigating' WHERE c.id = wanted RETURNING c.* INTO taken;
  END IF;
  RETURN taken;
END $$;

-- A case is worked on by whoever took it, or by a manager. Internal.
CREATE FUNCTION ops.demand_assigned(taken ops.case_file) RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF taken.assigned_to IS DISTINCT FROM ops.maker() AND NOT ops.may(ops.maker(), 'case.decide') THEN
    RAISE EXCEPTION 'case % is %', taken.id, coalesce('investigated by ' || (SELECT o.name FROM ops.operator o WHERE o.id = taken.assigned_to), 'taken by nobody yet') USING ERRCODE = 'BU002';
  END IF;
END $$;

CREATE FUNCTION ops.open_case(title text, about_account bigint, note text) RETURNS ops.case_file LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('cases.open');
  opened ops.case_file;
BEGIN
  INSERT INTO ops.case_file AS c (title, account_id, opened_by) VALUES (open_case.title, about_account, run.operator_id) RETURNING c.* INTO opened;
  PERFORM ops.note_act('case', opened.id, open_case.note);
  RETURN opened;
END $$;

-- Whoever takes a case investigates it; one that somebody has is taken over by a manager.
CREATE FUNCTION ops.take_case(wanted bigint, note text, expected_version integer) RETURNS ops.case_file LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('cases.take');
  taken ops.case_file := ops.take_case_file(wanted, expected_version);
BEGIN
  IF taken.status NOT IN ('open', 'investigating', 'suspended') OR taken.assigned_to = run.operator_id THEN
    RAISE EXCEPTION 'case % is % already', wanted, CASE WHEN taken.assigned_to = run.operator_id THEN 'yours' ELSE taken.status END USING ERRCODE = 'BU007';
  END IF;
  IF taken.status <> 'open' THEN PERFORM ops.demand_assigned(taken); END IF;
  PERFORM ops.note_act('case', wanted, take_case.note);
  UPDATE ops.case_file c SET assigned_to = run.operator_id, status = CASE c.status WHEN 'open' THEN 'investigating' ELSE c.status END WHERE c.id = wanted RETURNING c.* INTO taken;
  RETURN taken;
END $$;

CREATE FUNCTION ops.move_case(wanted bigint, after text, note text, expected_version integer) RETURNS ops.case_file LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('cases.suspend', 'cases.resume');
  taken ops.case_file := ops.take_case_file(wanted, expected_version);
BEGIN
  PERFORM ops.demand_assigned(taken);
  PERFORM ops.note_act('case', wanted, move_case.note);
  UPDATE ops.case_file c SET status = after WHERE c.id = wanted AND c.status <> after RETURNING c.* INTO taken;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'case % is % already', wanted, after USING ERRCODE = 'BU007';
  END IF;
  RETURN taken;
END $$;

-- A decided case is kept as it was decided. Internal.
CREATE FUNCTION ops.demand_undecided(taken ops.case_file) RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF taken.finding IS NOT NULL THEN
    RAISE EXCEPTION 'case % is %', taken.id, taken.status USING ERRCODE = 'BU007';
  END IF;
END $$;

CREATE FUNCTION ops.link_case(wanted bigint, entity text, entity_id text, note text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('cases.link');
  taken ops.case_file := ops.take_case_file(wanted, NULL);
BEGIN
  PERFORM ops.demand_undecided(taken);
  IF link_case.entity !~ '^[a-z][a-z-]{1,40}$' OR length(btrim(link_case.entity_id)) NOT BETWEEN 1 AND 100 OR (link_case.entity, link_case.entity_id) = ('case', wanted::text) THEN
    RAISE EXCEPTION 'a case is linked to another record, by its kind and id' USING ERRCODE = '23514';
  END IF;
  INSERT INTO ops.case_link AS l (case_id, entity, entity_id, linked_by) VALUES (wanted, link_case.entity, link_case.entity_id, run.operator_id) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'case % is linked to % % already', wanted, link_case.entity, link_case.entity_id USING ERRCODE = 'BU007';
  END IF;
  IF link_case.entity = 'incident' THEN
    UPDATE ops.case_file c SET incident_id = i.id FROM ops.incident i WHERE c.id = wanted AND i.id::text = link_case.entity_id;
  END IF;
  PERFORM ops.note_act('case', wanted, link_case.note);
END $$;

-- Two people always: one asks while it is investigated, another decides. Its alerts have its outcome, by which their rules are judged.
CREATE FUNCTION ops.close_case(wanted bigint, judged text, findings text, expected_version integer) RETURNS ops.case_file LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('cases.close');
  approved jsonb := ops.require_target('case', wanted::text);
  taken ops.case_file := ops.take_case_file(wanted, expected_version);
BEGIN
  PERFORM ops.require_two('closing a case takes two people');
  PERFORM ops.demand_same(approved, 'finding', judged);
  PERFORM ops.demand_assigned(taken);
  IF length(btrim(findings)) < 10 THEN
    RAISE EXCEPTION 'what was found takes at least 10 characters' USING ERRCODE = '23514';
  END IF;
  UPDATE ops.case_file c SET status = judged, finding = findings WHERE c.id = wanted RETURNING c.* INTO taken;
  UPDATE ops.alert a SET outcome = CASE judged WHEN 'confirmed' THEN 'confirmed' WHEN 'refuted' THEN 'false positive' ELSE 'valuable' END WHERE a.case_id = wanted;
  RETURN taken;
END $$;

-- ── An account is closed when nothing is open about it ───────────────────────────────────────────

CREATE FUNCTION ops.guard_closing() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  against text := concat_ws(', ',
    (SELECT 'alert ' || string_agg(a.id::text, ' and ' ORDER BY a.id) FROM ops.alert a WHERE a.account_id = new.id AND a.status IN ('open', 'in review')),
    (SELECT 'case ' || string_agg(c.id::text, ' and ' ORDER BY c.id) FROM ops.case_file c WHERE c.account_id = new.id AND c.finding IS NULL),
    (SELECT 'dispute ' || string_agg(d.id::text, ' and ' ORDER BY d.id) FROM ops.dispute d WHERE d.account_id = new.id AND d.status IN ('received', 'investigating')));
BEGIN
  IF against <> '' THEN
    RAISE EXCEPTION 'account % is not closed while something about it is open: %', new.number, against USING ERRCODE = 'BU007';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER nothing_open AFTER UPDATE OF status ON bank.account FOR EACH ROW WHEN (old.status <> 'closed' AND new.status = 'closed') EXECUTE FUNCTION ops.guard_closing();

-- ── Who may do what ──────────────────────────────────────────────────────────────────────────────

INSERT INTO ops.role_permission (role, permission) VALUES ('analyst', 'alert.release'), ('manager', 'alert.release');

INSERT INTO ops.action_permission (action, permission, eyes, checker) VALUES
  ('alerts.claim', 'alert.decide', 1, NULL), ('alerts.claim-next', 'alert.decide', 1, NULL), ('alerts.release', 'alert.release', 1, NULL),
  ('alerts.snooze', 'alert.decide', 1, 'approval.decide'), ('alerts.unsnooze', 'alert.decide', 1, NULL), ('alerts.dismiss', 'alert.decide', 1, 'approval.decide'),
  ('alerts.escalate', 'alert.decide', 1, NULL), ('alerts.reopen', 'alert.decide', 1, 'approval.decide'),
  ('cases.open', 'case.work', 1, NULL), ('cases.take', 'case.work', 1, NULL), ('cases.suspend', 'case.work', 1, NULL), ('cases.resume', 'case.work', 1, NULL),
  ('cases.link', 'case.work', 1, NULL), ('cases.close', 'case.work', 2, 'case.decide');

-- Parts of other functions: called with arguments that they alone may choose.
REVOKE EXECUTE ON FUNCTION ops.note_act, ops.take_alert, ops.demand_claim, ops.take_case_file, ops.demand_assigned, ops.demand_undecided FROM PUBLIC;
