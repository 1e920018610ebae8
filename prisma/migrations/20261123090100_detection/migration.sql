-- Detection: how its rules are set, how far they have looked, and how what they find becomes alerts.

-- ── What was looked at ───────────────────────────────────────────────────────────────────────────

-- Rules look at what was posted between two times, and a posting is seen only once it has committed: with its time, but later than that.
-- A watermark must therefore not be the newest time that was seen. What follows needs no right to see other people's transactions:
--
-- * A posting draws its transaction number before it reads the clock: it has written its key and locked its accounts by then.
-- * A run reads the clock (started_at) and draws its own number (snapshot_next) after that. So every posting with a time before
--   started_at has a smaller number. The number is drawn, and not taken from the snapshot: its xmax is one more than the highest number that
--   has ended, and a posting under way may have a higher one.
-- * When a run begins, everything below xmin of its snapshot has ended. The newest started_at of a run, this one included, whose number is not
--   above that xmin is its complete_until: what was posted before it has ended, and this run sees it, if it is not older than `since`.
-- * The next run looks from the newest complete_until of a run that finished. What is older was seen by a run that finished, or was rolled back.
--
-- While a posting stays open, complete_until stays where it was, and runs look at the same time again: they find nothing twice, because a
-- hit is unique. The overlap besides is for clocks that are set back: where that happens times do not follow numbers.
ALTER TABLE ops.detection_run
  ADD COLUMN until          timestamptz(3) NOT NULL, -- what was posted before it is looked at
  ADD COLUMN complete_until timestamptz(3) NOT NULL, -- when this run has finished, nothing that was posted before it is left to be seen
  ADD COLUMN lease_until    timestamptz(3) NOT NULL; -- until then no other run begins, unless this one has finished
CREATE INDEX detection_run_under_way_idx ON ops.detection_run (lease_until) WHERE finished_at IS NULL;
CREATE INDEX detection_run_complete_until_idx ON ops.detection_run (complete_until) WHERE finished_at IS NOT NULL;
CREATE INDEX rule_hit_at_idx ON ops.rule_hit (at);
CREATE INDEX alert_rule_outcome_idx ON ops.alert (rule, outcome);

CREATE FUNCTION ops.guard_detection_run() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF old.finished_at IS NOT NULL OR (to_jsonb(new) - '{lease_until,finished_at,hits,alerts}'::text[]) <> (to_jsonb(old) - '{lease_until,finished_at,hits,alerts}'::text[]) THEN
    RAISE EXCEPTION 'what a run looked at stays as it was written' USING ERRCODE = 'BU010';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE UPDATE ON ops.detection_run FOR EACH ROW EXECUTE FUNCTION ops.guard_detection_run();

-- Evidence: a hit only gets the alert that it belongs to, once.
CREATE FUNCTION ops.guard_rule_hit() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF old.alert_id IS NOT NULL OR old.shadow OR (to_jsonb(new) - 'alert_id') <> (to_jsonb(old) - 'alert_id') THEN
    RAISE EXCEPTION 'what a rule saw stays as it was written' USING ERRCODE = 'BU010';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE UPDATE ON ops.rule_hit FOR EACH ROW EXECUTE FUNCTION ops.guard_rule_hit();

CREATE TRIGGER keep BEFORE DELETE ON ops.detection_rule FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.detection_rule FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- ── A run ────────────────────────────────────────────────────────────────────────────────────────

-- The session in which a console looks for suspicious postings. A machine does it beside the screen, also while that is locked. Internal.
CREATE FUNCTION ops.detecting_session(token text) RETURNS ops.operator_session LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session;
BEGIN
  SELECT * INTO STRICT session FROM ops.operator_session s WHERE s.id = ops.delivering_session(token);
  IF NOT ops.may(session.operator_id, 'detection.run') THEN
    RAISE EXCEPTION 'detection needs the permission detection.run: ask an administrator for a role that has it' USING ERRCODE = 'BU002';
  END IF;
  RETURN session;
END $$;

-- Begins a run: which postings its rules look at. Nothing where another one is under way. A console that is killed keeps others waiting
-- for a minute; what it had raised stays, and what it had not is found by the next run, which looks from the same time again.
CREATE FUNCTION ops.begin_detection(token text, hours integer DEFAULT NULL, OUT run bigint, OUT since timestamptz, OUT until timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.detecting_session(token);
  overlap interval := make_interval(secs => platform.whole_setting('detection.overlap-seconds'));
  drawn bigint;
  horizon bigint;
  complete timestamptz(3);
  looked timestamptz(3);
BEGIN
  IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
    RAISE EXCEPTION 'a run begins in a transaction of its own: its number must be younger than its time' USING ERRCODE = 'BU004';
  END IF;
  IF NOT pg_try_advisory_xact_lock(hashtextextended('detection', 0)) THEN RETURN; END IF;
  IF EXISTS (SELECT FROM ops.detection_run r WHERE r.finished_at IS NULL AND r.lease_until > clock_timestamp()) THEN RETURN; END IF;
  until := date_trunc('milliseconds', clock_timestamp());
  drawn := pg_current_xact_id()::text::bigint;
  SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint INTO horizon;
  SELECT r.complete_until INTO looked FROM ops.detection_run r WHERE r.finished_at IS NOT NULL ORDER BY r.complete_until DESC LIMIT 1;
  looked := coalesce(looked, until - interval '24 hours');
  SELECT r.started_at INTO complete FROM ops.detection_run r WHERE r.snapshot_next <= horizon ORDER BY r.started_at DESC LIMIT 1;
  IF drawn <= horizon THEN complete := until; END IF;
  since := least(looked - overlap, until - make_interval(hours => hours));
  INSERT INTO ops.detection_run AS r (operator_id, session_id, started_at, snapshot_next, since, until, complete_until, lease_until)
  VALUES (session.operator_id, session.id, begin_detection.until, drawn, begin_detection.since, begin_detection.until,
          least(greatest(complete, looked), begin_detection.until), clock_timestamp() + interval '1 minute')
  RETURNING r.id INTO run;
END $$;

-- The run that this token began, locked; renews its lease. Internal.
CREATE FUNCTION ops.take_detection(session ops.operator_session, wanted bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE ops.detection_run r SET lease_until = clock_timestamp() + interval '1 minute'
   WHERE r.id = wanted AND r.session_id = session.id AND r.finished_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'run % is not under way in this session', wanted USING ERRCODE = 'BU007';
  END IF;
END $$;

-- ── From hits to alerts ──────────────────────────────────────────────────────────────────────────

-- The alerts that the hits of an account between two times ask for: whenever the scores of the rules that hit it within 24 hours, each counted
-- once, reach the setting, one for every such rule. Hits whose alert was found to be a false positive do not count, nor do rules that are
-- snoozed for the account. `loose` are those that belong to no alert yet: what was decided once does not come back by the same hit.
-- `score` is the highest that was reached. Every hit is looked at once for each rule, however many there are. Internal.
CREATE FUNCTION ops.alerts_due(account bigint, low timestamptz, high timestamptz)
RETURNS TABLE (rule smallint, score smallint, loose bigint[], last_at timestamptz) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  needed integer := platform.whole_setting('detection.alert-score');
BEGIN
  RETURN QUERY
  WITH live AS MATERIALIZED (
    SELECT h.id, h.rule, h.at, d.score, h.alert_id FROM ops.rule_hit h JOIN ops.detection_rule d ON d.id = h.rule LEFT JOIN ops.alert a ON a.id = h.alert_id
     WHERE h.account_id = account AND NOT h.shadow AND h.at > low - interval '24 hours' AND h.at <= high + interval '24 hours'
       AND a.outcome IS DISTINCT FROM 'false positive'
       AND NOT EXISTS (SELECT FROM ops.alert_snooze s WHERE s.rule = h.rule AND s.account_id = account AND s.until > clock_timestamp())
  ), kind AS (
    SELECT DISTINCT l.rule, l.score FROM live l
  ), seen AS ( -- at each hit, when each rule hit last
    SELECT l.id, l.rule AS own, l.at, l.alert_id, k.score, max(l.at) FILTER (WHERE l.rule = k.rule) OVER (PARTITION BY k.rule ORDER BY l.at) AS latest FROM live l CROSS JOIN kind k
  ), weighed AS (
    SELECT s.id, s.own, s.at, s.alert_id, sum(s.score) FILTER (WHERE s.latest > s.at - interval '24 hours') AS score FROM seen s GROUP BY s.id, s.own, s.at, s.alert_id
  ), reached AS ( -- when the score is reached next, from each hit on
    SELECT w.id, w.own, w.at, w.alert_id, min(w.at) FILTER (WHERE w.score >= needed AND w.at >= low) OVER (ORDER BY w.at DESC) AS enough_at,
           max(w.score) FILTER (WHERE w.at >= low) OVER () AS highest
      FROM weighed w
  )
  SELECT r.own, least(max(r.highest), 32000)::smallint, array_agg(r.id ORDER BY r.id) FILTER (WHERE r.alert_id IS NULL), max(r.at)::timestamptz
    FROM reached r WHERE r.enough_at < r.at + interval '24 hours' GROUP BY r.own ORDER BY r.own;
END $$;

-- What a machine does about alerts is an action like what people do, under the name of whose console it was: with an audit row. Internal.
CREATE FUNCTION ops.act_as_detection(session ops.operator_session, run bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (ops.acting()).request_id IS NOT NULL THEN RETURN; END IF;
  PERFORM ops.take_request(session, 'detection.run', sha256(convert_to(run::text, 'UTF8')), gen_random_uuid(), NULL);
END $$;

-- Tells everybody who decides alerts that an account asks for a hold. The same text as the template alert-hold of the console, which a test compares. Internal.
CREATE FUNCTION ops.tell_hold(account bigint, alert bigint, score smallint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  facts text[] := ARRAY[
    'Environment', ops.in_notice(coalesce((SELECT s.value #>> '{}' FROM platform.setting s WHERE s.key = 'platform.environment'), 'unnamed'), 200),
    'At', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC',
    'Alert', ops.in_notice('#' || alert, 200),
    'Account', ops.in_notice('...' || right((SELECT a.number FROM bank.account a WHERE a.id = account), 4), 200),
    'Score', ops.in_notice(score::text, 200),
    'Rules', ops.in_notice((SELECT string_agg('R' || a.rule, ', ' ORDER BY a.rule) FROM ops.alert a WHERE a.account_id = account AND a.status IN ('open', 'in review')), 200)];
  body text := E'What the rules saw of an account reached the score that asks for a hold.\n\n';
BEGIN
  FOR i IN 1 .. cardinality(facts) BY 2 LOOP
    body := body || '  ' || rpad(facts[i] || ':', 13) || facts[i + 1] || E'\n';
  END LOOP;
  body := body || E'\nLook at it in the console: bursar alerts list. Nothing was frozen by itself.\n\n'
    'Written by a machine; nobody reads answers. Nobody who works here ever asks for your password or a code.\n';
  PERFORM ops.enqueue_notice('alert-hold', r.channel, r.recipient, format('Alert #%s asks for a hold: score %s', alert, score), body, NULL, NULL, 'alert', alert::text)
     FROM ops.staff_recipients('alert.decide') r;
END $$;
INSERT INTO ops.notice_use VALUES ('alert-hold', 'detection.run');

-- It needs no write window: whoever begins it by SQL is not to write to customers by it.
CREATE FUNCTION ops.guard_notice_of_detection() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF new.channel = 'email' AND NOT EXISTS (SELECT FROM ops.operator o WHERE new.recipient IN (o.email, o.name)) THEN
    RAISE EXCEPTION 'detection tells operators and nobody else' USING ERRCODE = 'BU004';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard_detection BEFORE INSERT ON ops.notice FOR EACH ROW WHEN (new.template = 'alert-hold') EXECUTE FUNCTION ops.guard_notice_of_detection();

-- Gives the hits of an account to its open alerts and opens those that are due; returns their numbers. Internal.
CREATE FUNCTION ops.weigh_account(session ops.operator_session, run bigint, account bigint, low timestamptz, high timestamptz) RETURNS bigint[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  due record;
  given bigint[];
  made bigint;
  opened bigint[] := '{}';
  highest smallint := 0;
  asks smallint := platform.whole_setting('detection.hold-score');
  asked boolean;
BEGIN
  -- One at a time for one account: of two that hit it at once the second sees what the first has seen.
  PERFORM pg_advisory_xact_lock(hashtextextended('detection of account ' || account, 0));
  -- Whoever decides one of them right now comes first: what is decided takes no more hits.
  PERFORM FROM ops.alert a WHERE a.account_id = account AND a.status IN ('open', 'in review') ORDER BY a.id FOR NO KEY UPDATE;
  asked := EXISTS (SELECT FROM ops.alert a WHERE a.account_id = account AND a.status IN ('open', 'in review') AND a.score >= asks);
  SELECT array_agg(h.id) INTO given FROM ops.rule_hit h JOIN ops.alert a ON a.rule = h.rule AND a.account_id = h.account_id
   WHERE h.account_id = account AND a.status IN ('open', 'in review') AND NOT h.shadow AND h.alert_id IS NULL
     AND h.at > low - interval '24 hours' AND h.at <= high + interval '24 hours';
  IF given IS NOT NULL THEN
    PERFORM ops.act_as_detection(session, run);
    UPDATE ops.alert a SET hits = a.hits + g.hits, last_hit_at = greatest(a.last_hit_at, g.last_at), changed_at = clock_timestamp(), version = a.version + 1
      FROM (SELECT h.rule, count(*) AS hits, max(h.at) AS last_at FROM ops.rule_hit h WHERE h.id = ANY (given) GROUP BY h.rule) g
     WHERE a.account_id = account AND a.rule = g.rule AND a.status IN ('open', 'in review');
    UPDATE ops.rule_hit h SET alert_id = a.id FROM ops.alert a
     WHERE h.id = ANY (given) AND a.account_id = account AND a.rule = h.rule AND a.status IN ('open', 'in review');
  END IF;
  FOR due IN SELECT * FROM ops.alerts_due(account, low, high) LOOP
    highest := greatest(highest, due.score);
    CONTINUE WHEN due.loose IS NULL;
    PERFORM ops.act_as_detection(session, run);
    INSERT INTO ops.alert AS a (rule, account_id, score, last_hit_at, hits) VALUES (due.rule, account, due.score, due.last_at, cardinality(due.loose)) RETURNING a.id INTO made;
    UPDATE ops.rule_hit h SET alert_id = made WHERE h.id = ANY (due.loose);
    opened := opened || made;
  END LOOP;
  -- An alert keeps the highest score that its account had while it was open.
  IF EXISTS (SELECT FROM ops.alert a WHERE a.account_id = account AND a.status IN ('open', 'in review') AND a.score < highest) THEN
    PERFORM ops.act_as_detection(session, run);
    UPDATE ops.alert a SET score = highest, changed_at = clock_timestamp(), version = a.version + 1
     WHERE a.account_id = account AND a.status IN ('open', 'in review') AND a.score < highest;
  END IF;
  IF highest >= asks AND NOT asked THEN
    SELECT a.id INTO made FROM ops.alert a WHERE a.account_id = account AND a.status IN ('open', 'in review') AND a.score >= asks ORDER BY a.id DESC LIMIT 1;
    IF FOUND THEN PERFORM ops.tell_hold(account, made, highest); END IF;
  END IF;
  RETURN opened;
END $$;

-- Stores what a rule saw and opens the alerts that follow from it, all or nothing. `hits` are rows of account_id, last_id, transaction_ids, observed, words.
-- Score, mode and time are the database's own; a hit is about a side of the transaction that completed it. Found again they are nothing new.
CREATE FUNCTION ops.raise_hits(token text, run bigint, rule smallint, version integer, parameters jsonb, hits jsonb, OUT stored integer, OUT opened integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.detecting_session(token);
  known ops.detection_rule;
  mode text := (SELECT s.value #>> '{}' FROM platform.setting s WHERE s.key = format('detection.r%s.mode', rule));
  fresh record;
  made bigint[] := '{}';
BEGIN
  IF (ops.acting()).request_id IS NOT NULL THEN
    RAISE EXCEPTION 'a console raises hits within no other action: what comes of them has an audit row of its own' USING ERRCODE = 'BU004';
  END IF;
  PERFORM ops.take_detection(session, run);
  SELECT * INTO known FROM ops.detection_rule d WHERE d.id = rule;
  IF known.version IS DISTINCT FROM version THEN
    RAISE EXCEPTION 'this console knows version % of R%, the database version %: update it', version, rule, known.version USING ERRCODE = 'BU007';
  END IF;
  stored := 0; opened := 0;
  IF mode = 'off' THEN RETURN; END IF;
  IF EXISTS (SELECT FROM jsonb_to_recordset(hits) AS h (account_id bigint, last_id bigint, transaction_ids bigint[])
               LEFT JOIN bank.transaction t ON t.id = h.last_id AND h.account_id IN (t.from_account_id, t.to_account_id)
              WHERE t.id IS NULL OR t.id <> ALL (h.transaction_ids)) THEN
    RAISE EXCEPTION 'a hit of R% is not about a side of its last transaction', rule USING ERRCODE = '23514';
  END IF;
  FOR fresh IN
    WITH new_ones AS (
      INSERT INTO ops.rule_hit AS s (rule, rule_version, shadow, account_id, last_id, transaction_ids, observed, parameters, words, score, at, run_id)
      SELECT raise_hits.rule, known.version, mode = 'shadow', h.account_id, h.last_id, h.transaction_ids, h.observed, raise_hits.parameters, left(h.words, 300), known.score,
             t.posted_at, run
        FROM jsonb_to_recordset(hits) AS h (account_id bigint, last_id bigint, transaction_ids bigint[], observed jsonb, words text) JOIN bank.transaction t ON t.id = h.last_id
       ORDER BY h.account_id, h.last_id
      ON CONFLICT DO NOTHING RETURNING s.account_id, s.at
    )
    SELECT s.account_id, min(s.at) AS low, max(s.at) AS high, count(*)::integer AS hits FROM new_ones s GROUP BY s.account_id ORDER BY s.account_id
  LOOP
    stored := stored + fresh.hits;
    IF mode = 'live' THEN made := made || ops.weigh_account(session, run, fresh.account_id, fresh.low, fresh.high); END IF;
  END LOOP;
  opened := cardinality(made);
  UPDATE ops.detection_run r SET hits = r.hits + stored, alerts = r.alerts + opened WHERE r.id = run;
  IF (ops.acting()).request_id IS NOT NULL THEN
    PERFORM ops.write_audit(CASE opened WHEN 0 THEN 'update' ELSE 'create' END, 'rule', rule::text, 'R' || rule, NULL,
                            jsonb_build_object('run', run, 'hits', stored, 'opened', to_jsonb(made)), 'success', NULL, format('%s new hits, %s alerts opened', stored, opened), NULL,
                            '{"summary": "raised hits"}');
  END IF;
END $$;

-- Ends a run all of whose rules have raised what they saw: from here on the next one need not look at that again.
CREATE FUNCTION ops.finish_detection(token text, run bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM ops.take_detection(ops.detecting_session(token), run);
  UPDATE ops.detection_run r SET finished_at = clock_timestamp() WHERE r.id = run;
END $$;

INSERT INTO ops.action_permission (action, permission, eyes, needs_window) VALUES ('detection.run', 'detection.run', 1, false);

-- ── Settings ─────────────────────────────────────────────────────────────────────────────────────

-- As before; how suspicious postings are looked for takes two people, like security.
CREATE OR REPLACE FUNCTION platform.guard_setting() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.acting();
  asked jsonb;
  wished text;
  plain text := new.value #>> '{}';
BEGIN
  -- Before the first session whoever owns the database sets it up; ops.demand_action sees to that.
  IF run.request_id IS NULL THEN RETURN new; END IF;
  IF tg_op = 'INSERT' OR (to_jsonb(new) - '{value,version}'::text[]) <> (to_jsonb(old) - '{value,version}'::text[]) THEN
    RAISE EXCEPTION 'of a setting only its value changes' USING ERRCODE = 'BU010';
  END IF;
  IF NOT old.is_editable THEN
    RAISE EXCEPTION '% is not changed at the console', old.key USING ERRCODE = 'BU007';
  END IF;
  asked := ops.require_target('setting', old.id::text);
  IF old.category IN ('security', 'detection') THEN PERFORM ops.require_two(format('%s is a %s setting: it takes two people', old.key, old.category)); END IF;
  IF asked IS NOT NULL THEN
    wished := CASE run.action WHEN 'settings.revert' THEN (SELECT v.value #>> '{}' FROM platform.setting_version v WHERE v.key = old.key AND v.version::text = asked ->> 'to')
                              ELSE CASE WHEN old.type = 'boolean' THEN (asked ->> 'value' IN ('yes', 'true'))::text ELSE btrim(asked ->> 'value') END END;
    IF wished IS DISTINCT FROM plain THEN
      RAISE EXCEPTION 'what was approved for % is %', old.key, wished USING ERRCODE = 'BU004';
    END IF;
  END IF;
  IF new.type IN ('integer', 'decimal') AND (plain::numeric < new.min OR plain::numeric > new.max) THEN
    RAISE EXCEPTION '% lies between % and %', old.key, coalesce(new.min::text, 'any'), coalesce(new.max::text, 'any') USING ERRCODE = '23514';
  END IF;
  IF new.type = 'string' AND plain !~ new.pattern THEN
    RAISE EXCEPTION '% cannot be that', old.key USING ERRCODE = '23514';
  END IF;
  new.version := old.version + 1;
  RETURN new;
END $$;

-- What each rule is called and worth; a test compares this with the rules of the console.
INSERT INTO ops.detection_rule (id, title, explanation, score, version) VALUES
  (1, 'Large', 'One posting takes a large share of the single limit. The limit is that of the account whose limits count (who sends, or who pays in), for that type, as it was in force at that moment: accounts with a limit of their own are measured by it.', 30, 1),
  (2, 'Velocity', 'Many debits of one account within minutes, as when somebody empties it or tries out a stolen card.', 30, 1),
  (3, 'Round amounts', 'Several large, round amounts within a day that the account itself sends, takes out or pays in: trade and wages are seldom round. What others send to it does not count.', 15, 1),
  (4, 'Flagged party', 'A posting on which either side is an account with a flag that nobody had cleared when it was posted: what a suspect goes on doing, and with whom. Each of the bank''s accounts on it is hit, the suspect and the partner.', 60, 1),
  (5, 'Structuring', 'Several amounts paid in within a day, each just below a limit, as when a larger sum is cut up so that nobody asks where it comes from. The limit is the single limit for deposits of the account; where limits are higher, an amount from which banks have to report counts as well.', 50, 1),
  (6, 'Dormant account', 'Money leaves an account on which nothing had been posted for half a year: somebody may have taken over what its owner forgot.', 40, 1),
  (7, 'New payee, large', 'The first transfer that an account ever sends to another is a large one: most people who are tricked pay somebody they never paid before.', 35, 1),
  (8, 'By night', 'A large debit in the small hours of the bank''s own time zone, on an account that is hardly ever used by night. Whoever always pays by night is left alone.', 15, 1),
  (9, 'Pass-through', 'Most of what came in leaves again within the hour, in one debit or several: the account only passes money on.', 45, 1),
  (10, 'Fan-in or fan-out', 'Within a day an account receives transfers from many others, or sends to many: it collects or spreads. Wages, transfers between own accounts and standing orders, whose parties were agreed on before, do not count.', 35, 1),
  (11, 'Against own history', 'A debit many times as large as the account''s own debits of the last three months are on average, where there are enough to compare with. Standing orders, which repeat, are compared with but not hit.', 30, 1),
  (12, 'New account', 'Much leaves an account within the first days after it was opened, in one debit or several: it may have been opened for that alone.', 35, 1),
  (13, 'Limit probing', 'Debits are refused again and again because they pass a limit, and the next one is posted: somebody feels for the limit. Only the first debit after the refusals counts.', 25, 1),
  (14, 'Round trip', 'What an account sent to another comes back from there within a day, nearly as much: trade is feigned, or money is shown around. The account it came back to is hit.', 35, 1),
  (15, 'After a credential change', 'A large debit within a day of a reset of its owner''s password or second factor, or of the owner''s sign-in from an address not seen in three months and other than the last one: somebody else may have got in. The very first sign-in of a user is no new address.', 45, 1),
  (16, 'Near the daily limit', 'What an account posted of one type on one business day comes near its daily limit, as it was in force at that moment.', 15, 1);

-- On a bank that is in use nobody is acting now.
ALTER TABLE platform.setting DISABLE TRIGGER demand_action;
INSERT INTO platform.setting (key, label, type, value, min, max, pattern, description, category, is_editable, default_value)
SELECT s.key, s.label, s.type, s.value::jsonb, s.min, s.max, s.pattern, s.description, 'detection', true, s.value::jsonb FROM (VALUES
  ('detection.overlap-seconds', 'Overlap of two runs (s)', 'integer', '600', 0, 86400, NULL, 'Seconds before the end of the last run from which the next one looks again'),
  ('detection.alert-score', 'Score that opens alerts', 'integer', '40', 1, 1000, NULL, 'Scores of the rules that hit one account within 24 hours add up: from here on they open alerts'),
  ('detection.hold-score', 'Score that asks for a hold', 'integer', '80', 1, 1000, NULL, 'From this score on an alert asks for a hold on its account'),
  ('detection.r1.mode', 'R1 mode', 'string', '"live"', NULL, NULL, '^(live|shadow|off)$', 'R1 Large: live raises alerts, shadow only counts, off does not look'),
  ('detection.r1.percent', 'R1 Share of the single limit', 'decimal', '80', 10, 100, NULL, 'R1 Large: Share of the single limit (percent)'),
  ('detection.r2.mode', 'R2 mode', 'string', '"live"', NULL, NULL, '^(live|shadow|off)$', 'R2 Velocity: live raises alerts, shadow only counts, off does not look'),
  ('detection.r2.count', 'R2 Debits', 'integer', '5', 2, 100, NULL, 'R2 Velocity: Debits (count)'),
  ('detection.r2.minutes', 'R2 Within', 'integer', '10', 1, 1440, NULL, 'R2 Velocity: Within (minutes)'),
  ('detection.r3.mode', 'R3 mode', 'string', '"live"', NULL, NULL, '^(live|shadow|off)$', 'R3 Round amounts: live raises alerts, shadow only counts, off does not look'),
  ('detection.r3.count', 'R3 Postings', 'integer', '3', 2, 100, NULL, 'R3 Round amounts: Postings (count)'),
  ('detection.r3.hours', 'R3 Within', 'integer', '24', 1, 168, NULL, 'R3 Round amounts: Within (hours)'),
  ('detection.r3.least', 'R3 Each at least', 'integer', '500', 1, 1000000, NULL, 'R3 Round amounts: Each at least (units)'),
  ('detection.r3.multiple', 'R3 Each a multiple of', 'integer', '100', 1, 100000, NULL, 'R3 Round amounts: Each a multiple of (units)'),
  ('detection.r4.mode', 'R4 mode', 'string', '"live"', NULL, NULL, '^(live|shadow|off)$', 'R4 Flagged party: live raises alerts, shadow only counts, off does not look'),
  ('detection.r5.mode', 'R5 mode', 'string', '"live"', NULL, NULL, '^(live|shadow|off)$', 'R5 Structuring: live raises alerts, shadow only counts, off does not look'),
  ('detection.r5.count', 'R5 Deposits', 'integer', '3', 2, 100, NULL, 'R5 Structuring: Deposits (count)'),
  ('detection.r5.hours', 'R5 Within', 'integer', '24', 1, 168, NULL, 'R5 Structuring: Within (hours)'),
  ('detection.r5.percent', 'R5 Each at least, of the limit', 'decimal', '80', 10, 100, NULL, 'R5 Structuring: Each at least, of the limit (percent)'),
  ('detection.r5.report', 'R5 Amount to be reported', 'integer', '10000', 100, 10000000, NULL, 'R5 Structuring: Amount to be reported (units)'),
  ('detection.r6.mode', 'R6 mode', 'string', '"live"', NULL, NULL, '^(live|shadow|off)$', 'R6 Dormant account: live raises alerts, shadow only counts, off does not look'),
  ('detection.r6.days', 'R6 Nothing posted for', 'integer', '180', 14, 3650, NULL, 'R6 Dormant account: Nothing posted for (days)'),
  ('detection.r6.least', 'R6 Debit of at least', 'integer', '100', 1, 1000000, NULL, 'R6 Dormant account: Debit of at least (units)'),
  ('detection.r7.mode', 'R7 mode', 'string', '"live"', NULL, NULL, '^(live|shadow|off)$', 'R7 New payee, large: live raises alerts, shadow only counts, off does not look'),
  ('detection.r7.least', 'R7 Transfer of at least', 'integer', '1000', 1, 1000000, NULL, 'R7 New payee, large: Transfer of at least (units)'),
  ('detection.r8.mode', 'R8 mode', 'string', '"live"', NULL, NULL, '^(live|shadow|off)$', 'R8 By night: live raises alerts, shadow only counts, off does not look'),
  ('detection.r8.until', 'R8 From midnight until', 'integer', '5', 1, 12, NULL, 'R8 By night: From midnight until (hours)'),
  ('detection.r8.least', 'R8 Debit of at least', 'integer', '500', 1, 1000000, NULL, 'R8 By night: Debit of at least (units)'),
  ('detection.r8.percent', 'R8 Own share of debits by night below', 'decimal', '5', 1, 100, NULL, 'R8 By night: Own share of debits by night below (percent)'),
  ('detection.r8.days', 'R8 Looked at before', 'integer', '90', 7, 365, NULL, 'R8 By night: Looked at before (days)'),
  ('detection.r9.mode', 'R9 mode', 'string', '"live"', NULL, NULL, '^(live|shadow|off)$', 'R9 Pass-through: live raises alerts, shadow only counts, off does not look'),
  ('detection.r9.percent', 'R9 Share that leaves', 'decimal', '80', 10, 100, NULL, 'R9 Pass-through: Share that leaves (percent)'),
  ('detection.r9.least', 'R9 Credit of at least', 'integer', '500', 1, 1000000, NULL, 'R9 Pass-through: Credit of at least (units)'),
  ('detection.r9.minutes', 'R9 Within', 'integer', '60', 1, 10080, NULL, 'R9 Pass-through: Within (minutes)'),
  ('detection.r10.mode', 'R10 mode', 'string', '"live"', NULL, NULL, '^(live|shadow|off)$', 'R10 Fan-in or fan-out: live raises alerts, shadow only counts, off does not look'),
  ('detection.r10.count', 'R10 Different parties', 'integer', '5', 2, 100, NULL, 'R10 Fan-in or fan-out: Different parties (count)'),
  ('detection.r10.hours', 'R10 Within', 'integer', '24', 1, 168, NULL, 'R10 Fan-in or fan-out: Within (hours)'),
  ('detection.r11.mode', 'R11 mode', 'string', '"live"', NULL, NULL, '^(live|shadow|off)$', 'R11 Against own history: live raises alerts, shadow only counts, off does not look'),
  ('detection.r11.factor', 'R11 Times the mean', 'decimal', '5', 2, 100, NULL, 'R11 Against own history: Times the mean (factor)'),
  ('detection.r11.count', 'R11 Earlier debits', 'integer', '10', 3, 1000, NULL, 'R11 Against own history: Earlier debits (count)'),
  ('detection.r11.days', 'R11 Looked at before', 'integer', '90', 7, 365, NULL, 'R11 Against own history: Looked at before (days)'),
  ('detection.r12.mode', 'R12 mode', 'string', '"live"', NULL, NULL, '^(live|shadow|off)$', 'R12 New account: live raises alerts, shadow only counts, off does not look'),
  ('detection.r12.days', 'R12 Opened less than', 'integer', '7', 1, 90, NULL, 'R12 New account: Opened less than (days)'),
  ('detection.r12.least', 'R12 Debits in all', 'integer', '2000', 1, 1000000, NULL, 'R12 New account: Debits in all (units)'),
  ('detection.r13.mode', 'R13 mode', 'string', '"live"', NULL, NULL, '^(live|shadow|off)$', 'R13 Limit probing: live raises alerts, shadow only counts, off does not look'),
  ('detection.r13.count', 'R13 Refused before', 'integer', '3', 1, 100, NULL, 'R13 Limit probing: Refused before (count)'),
  ('detection.r13.hours', 'R13 Within', 'integer', '24', 1, 168, NULL, 'R13 Limit probing: Within (hours)'),
  ('detection.r14.mode', 'R14 mode', 'string', '"live"', NULL, NULL, '^(live|shadow|off)$', 'R14 Round trip: live raises alerts, shadow only counts, off does not look'),
  ('detection.r14.hours', 'R14 Within', 'integer', '24', 1, 168, NULL, 'R14 Round trip: Within (hours)'),
  ('detection.r14.percent', 'R14 More or less by at most', 'decimal', '10', 0, 50, NULL, 'R14 Round trip: More or less by at most (percent)'),
  ('detection.r15.mode', 'R15 mode', 'string', '"live"', NULL, NULL, '^(live|shadow|off)$', 'R15 After a credential change: live raises alerts, shadow only counts, off does not look'),
  ('detection.r15.least', 'R15 Debit of at least', 'integer', '500', 1, 1000000, NULL, 'R15 After a credential change: Debit of at least (units)'),
  ('detection.r15.hours', 'R15 Within', 'integer', '24', 1, 168, NULL, 'R15 After a credential change: Within (hours)'),
  ('detection.r15.days', 'R15 Address not seen for', 'integer', '90', 7, 365, NULL, 'R15 After a credential change: Address not seen for (days)'),
  ('detection.r16.mode', 'R16 mode', 'string', '"live"', NULL, NULL, '^(live|shadow|off)$', 'R16 Near the daily limit: live raises alerts, shadow only counts, off does not look'),
  ('detection.r16.percent', 'R16 Share of the daily limit', 'decimal', '90', 10, 100, NULL, 'R16 Near the daily limit: Share of the daily limit (percent)')
) AS s (key, label, type, value, min, max, pattern, description);
ALTER TABLE platform.setting ENABLE TRIGGER demand_action;
INSERT INTO platform.setting_version (key, version, value) SELECT s.key, s.version, s.value FROM platform.setting s WHERE s.category = 'detection';
