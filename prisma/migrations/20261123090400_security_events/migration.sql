-- Security events. The database counts them itself, from sign-ins, from the audit log and from what the platform notes of
-- rewards, so that nobody writes one by hand; operators acknowledge them. And the walkthroughs that say what to do about one.

-- ── Settings ─────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE platform.setting DISABLE TRIGGER demand_action;
INSERT INTO platform.setting (key, label, type, category, value, default_value, is_editable, min, max, pattern, safe_min, standard, description) VALUES
  ('security.log', 'Security log', 'boolean', 'security', 'true', 'true', true, NULL, NULL, NULL, 1, 'PCI DSS 10.4.1 asks that security events are looked at daily',
   'Whether security events are gathered at all'),
  ('security.log-level', 'Security log: asks from', 'string', 'security', '"warning"', '"warning"', true, NULL, NULL, '^(info|warning|critical)$', NULL, NULL,
   'From which level on an event asks for somebody: info, warning or critical; what is below is noted only'),
  ('security.log-days', 'Security log: days kept', 'integer', 'security', '90', '90', true, 30, 3650, NULL, NULL, NULL,
   'Days that security events are kept; the audit log, from which they are counted, is kept longer'),
  ('security.alert-failed-logins', 'Failed logins that alert', 'integer', 'security', '10', '10', true, 2, 1000, NULL, NULL, NULL,
   'Failed sign-ins of one user within an hour, or from one address within ten minutes, that make a security event'),
  ('security.alert-names', 'Names from one address', 'integer', 'security', '5', '5', true, 2, 1000, NULL, NULL, NULL,
   'Usernames that fail from one address within ten minutes and make a brute force event'),
  ('security.alert-suspicious', 'Refusals that alert', 'integer', 'security', '5', '5', true, 2, 1000, NULL, NULL, NULL,
   'Refused attempts of one operator within an hour that make a suspicious pattern'),
  ('abuse.xp-per-hour', 'XP in an hour', 'integer', 'security', '100', '100', true, 1, 100000, NULL, NULL, NULL,
   'More experience points of one user within an hour are taken for abuse of rewards'),
  ('abuse.entries-per-hour', 'Rewarded entries in an hour', 'integer', 'security', '10', '10', true, 1, 10000, NULL, NULL, NULL,
   'More rewarded entries of one user within an hour are taken for abuse of rewards');
ALTER TABLE platform.setting ENABLE TRIGGER demand_action;
INSERT INTO platform.setting_version (key, version, value) SELECT s.key, s.version, s.value FROM platform.setting s
  WHERE s.key ~ '^(security[.](log|alert-)|abuse[.])' AND NOT EXISTS (SELECT FROM platform.setting_version v WHERE v.key = s.key);

-- Whether an event of this level asks for somebody, or is only noted.
CREATE FUNCTION ops.asks_for_somebody(level text) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN array_position('{info,warning,critical}', level)
      >= array_position('{info,warning,critical}', (SELECT s.value #>> '{}' FROM platform.setting s WHERE s.key = 'security.log-level'));
END $$;

-- ── What the platform notes of rewards ───────────────────────────────────────────────────────────

-- A ledger: what was given is never taken out of it, but compensated.
CREATE TABLE platform.xp_event (
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id bigint NOT NULL,
  points  integer NOT NULL CHECK (points <> 0 AND abs(points) <= 100000),
  kind    text NOT NULL DEFAULT 'earned' CHECK (kind IN ('earned', 'granted', 'compensated')),
  reason  text NOT NULL CHECK (length(btrim(reason)) BETWEEN 1 AND 200),
  key     uuid NOT NULL UNIQUE, -- of the entry that earned them, chosen by whoever notes it: the same entry earns once
  at      timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT earned_is_more CHECK (kind <> 'earned' OR points > 0)
);
CREATE INDEX xp_event_user_id_at_idx ON platform.xp_event (user_id, at);
CREATE INDEX xp_event_at_id_idx ON platform.xp_event (at, id);
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON platform.xp_event FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON platform.xp_event FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- For the platform: a user earned points by an entry. The same key with the same content is the same event.
CREATE FUNCTION platform.record_xp(person bigint, points integer, reason text, key uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  noted platform.xp_event;
BEGIN
  IF NOT EXISTS (SELECT FROM bank."user" u WHERE u.id = person) THEN
    RAISE EXCEPTION 'there is no user %', person USING ERRCODE = 'BU011';
  END IF;
  INSERT INTO platform.xp_event AS x (user_id, points, reason, key) VALUES (person, record_xp.points, record_xp.reason, record_xp.key)
  ON CONFLICT ON CONSTRAINT xp_event_key_key DO NOTHING RETURNING x.* INTO noted;
  IF FOUND THEN RETURN noted.id; END IF;
  SELECT * INTO STRICT noted FROM platform.xp_event x WHERE x.key = record_xp.key;
  IF (noted.user_id, noted.points, noted.reason, noted.kind) IS DISTINCT FROM (person, record_xp.points, record_xp.reason, 'earned') THEN
    RAISE EXCEPTION 'the key % was used before with other content', record_xp.key USING ERRCODE = 'BU003';
  END IF;
  RETURN noted.id;
END $$;

-- ── Security events: counted, never written by hand ──────────────────────────────────────────────

ALTER TABLE ops.security_event ADD COLUMN acknowledge_note text,
  ADD COLUMN subject text NOT NULL, -- what it is about: the same kind about the same within an hour is the same event
  ADD CONSTRAINT acknowledged_with_note CHECK (num_nonnulls(acknowledged_by, acknowledged_at, acknowledge_note) IN (0, 3));
CREATE INDEX security_event_subject_last_at_idx ON ops.security_event (subject, last_at);
CREATE INDEX security_event_source_last_at_id_idx ON ops.security_event (source, last_at, id);
CREATE INDEX security_event_open_idx ON ops.security_event (last_at, id) WHERE acknowledged_at IS NULL;
CREATE INDEX sign_in_attempt_at_idx ON ops.sign_in_attempt (at);

-- An event grows by being gathered again, and is acknowledged; nothing else about it changes.
CREATE FUNCTION ops.guard_security_event() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  growing text[] := '{level,source,ip,summary,count,first_at,last_at}';
  seen text[] := '{acknowledged_by,acknowledged_at,acknowledge_note}';
  run ops.action_run;
BEGIN
  IF tg_op = 'INSERT' THEN
    new.acknowledged_by := NULL; new.acknowledged_at := NULL; new.acknowledge_note := NULL;
    RETURN new;
  END IF;
  IF (to_jsonb(new) - growing) = (to_jsonb(old) - growing) AND new.count >= old.count AND new.last_at >= old.last_at AND new.first_at <= old.first_at THEN RETURN new; END IF;
  IF (to_jsonb(new) - seen) <> (to_jsonb(old) - seen) THEN
    RAISE EXCEPTION 'a security event only grows, and is acknowledged' USING ERRCODE = 'BU010';
  END IF;
  run := ops.require_action('security-events.acknowledge');
  PERFORM ops.require_target('security-event', old.id::text);
  IF old.acknowledged_at >= old.last_at THEN
    RAISE EXCEPTION 'event % was acknowledged already', old.id USING ERRCODE = 'BU007';
  END IF;
  new.acknowledged_by := run.operator_id; new.acknowledged_at := clock_timestamp();
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.security_event FOR EACH ROW EXECUTE FUNCTION ops.guard_security_event();

-- Where gathering has come to. Rows carry the time of their writing and become visible at their commit: the next look begins
-- where no transaction that could still commit had begun to write.
CREATE TABLE ops.security_watch (
  id          boolean PRIMARY KEY DEFAULT true CHECK (id),
  since       timestamptz(3) NOT NULL, -- whatever was written before it is visible, and was looked at
  mark_at     timestamptz(3), -- becomes `since` when every transaction numbered below mark_next has ended
  mark_next   bigint,
  gathered_at timestamptz(3)
);
CREATE TRIGGER keep BEFORE DELETE ON ops.security_watch FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.security_watch FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- What users' sign-ins make of the hours from `from_hour` on; those hours are counted anew as a whole, so that counting twice
-- gives the same. Windows slide: ten failures within an hour are ten, wherever the hour begins. Internal.
CREATE FUNCTION ops.security_of_sign_ins(from_hour timestamptz)
RETURNS TABLE (kind text, level text, source text, ip inet, user_id bigint, operator text, summary text, count integer, first_at timestamptz, last_at timestamptz, subject text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  most integer := platform.whole_setting('security.alert-failed-logins');
  most_names integer := platform.whole_setting('security.alert-names');
BEGIN
  RETURN QUERY
  WITH failure AS MATERIALIZED (
    SELECT e.username, e.user_id, host(e.ip) AS address, e.at FROM bank.auth_event e WHERE e.type = 'login_failure' AND e.at >= from_hour - interval '1 hour'
  ), slid AS (
    SELECT f.*, count(*) OVER w AS failures, first_value(f.at) OVER w AS began
      FROM failure f WINDOW w AS (PARTITION BY f.username ORDER BY f.at RANGE BETWEEN interval '1 hour' PRECEDING AND CURRENT ROW)
  ), failed AS (
    SELECT s.username, max(s.user_id) AS user_id, date_trunc('hour', s.at, 'UTC') AS hour, max(s.failures)::integer AS n, min(s.began) AS first, max(s.at) AS last,
           array_agg(DISTINCT s.address) AS addresses, mode() WITHIN GROUP (ORDER BY s.address) AS address
      FROM slid s WHERE s.failures >= most AND s.at >= from_hour GROUP BY s.username, date_trunc('hour', s.at, 'UTC')
  ), entered AS (
    SELECT f.*, EXISTS (SELECT FROM bank.auth_event e WHERE e.user_id = f.user_id AND e.type = 'login_success' AND e.at BETWEEN f.first AND f.last + interval '1 hour'
                           AND host(e.ip) = ANY (f.addresses)) AS got_in
      FROM failed f
  )
  SELECT 'failed logins', CASE WHEN f.got_in OR f.n >= 5 * most THEN 'critical' ELSE 'warning' END,
         CASE cardinality(f.addresses) WHEN 1 THEN f.address ELSE cardinality(f.addresses) || ' addresses' END, f.address::inet, f.user_id, NULL::text,
         format('%s failed sign-ins of %s within an hour%s%s', f.n, f.username, CASE WHEN f.user_id IS NULL THEN ', a name that nobody has' ELSE '' END,
                CASE WHEN f.got_in THEN ', then somebody got in from there' ELSE '' END),
         f.n, f.first, f.last, 'failed logins|' || f.username
    FROM entered f
  UNION ALL
  SELECT 'lockout', 'warning', host(l.address), l.address, l.user_id, NULL,
         CASE l.n WHEN 1 THEN format('%s was locked out', l.username) ELSE format('%s was locked out %s times within an hour', l.username, l.n) END, l.n, l.first, l.last,
         'lockout|' || l.username
    FROM (SELECT e.username, max(e.user_id) AS user_id, date_trunc('hour', e.at, 'UTC') AS hour, count(*)::integer AS n, min(e.at) AS first, max(e.at) AS last, mode() WITHIN GROUP (ORDER BY e.ip) AS address
            FROM bank.auth_event e WHERE e.type = 'lockout' AND e.at >= from_hour GROUP BY e.username, date_trunc('hour', e.at, 'UTC')) l;

  -- Names are counted by the minute: ten of them make a window.
  RETURN QUERY
  WITH busy AS MATERIALIZED (
    SELECT host(e.ip) AS address, date_trunc('minute', e.at) AS minute, e.username, max(e.user_id) AS user_id, count(*) AS n, min(e.at) AS first, max(e.at) AS last
      FROM bank.auth_event e WHERE e.type = 'login_failure' AND e.at >= from_hour - interval '10 minutes' GROUP BY 1, 2, 3
  ), guessed AS (
    SELECT w.address, w.minute, sum(b.n) AS failures, count(DISTINCT b.username) AS names, max(b.user_id) AS user_id, min(b.first) AS first, max(b.last) AS last
      FROM (SELECT DISTINCT address, minute FROM busy WHERE minute >= from_hour) w
      JOIN busy b ON b.address = w.address AND b.minute BETWEEN w.minute - interval '9 minutes' AND w.minute
     GROUP BY w.address, w.minute HAVING sum(b.n) >= least(most, most_names)
  ), forced AS (
    SELECT g.address, date_trunc('hour', g.minute, 'UTC') AS hour, max(g.failures)::integer AS n, max(g.names)::integer AS names, max(g.user_id) AS user_id, min(g.first) AS first, max(g.last) AS last
      FROM guessed g WHERE g.failures >= most OR g.names >= most_names GROUP BY g.address, date_trunc('hour', g.minute, 'UTC')
  ), entered AS (
    SELECT f.*, (SELECT min(e.username) FROM bank.auth_event e WHERE host(e.ip) = f.address AND e.type = 'login_success' AND e.at BETWEEN f.first AND f.last + interval '1 hour'
                    AND e.username IN (SELECT b.username FROM busy b WHERE b.address = f.address)) AS got_in
      FROM forced f
  )
  SELECT 'brute force', CASE WHEN f.got_in IS NOT NULL OR f.n >= 5 * most OR f.names >= 5 * most_names THEN 'critical' ELSE 'warning' END, f.address, f.address::inet,
         CASE f.names WHEN 1 THEN f.user_id END, NULL::text,
         format('%s failed sign-ins with %s from %s within 10 minutes%s', f.n, CASE f.names WHEN 1 THEN 'one name' ELSE f.names || ' names' END, f.address, ', then ' || f.got_in || ' got in'),
         f.n, f.first, f.last, 'brute force|' || f.address
    FROM entered f;

  -- An address is new where its user came from another one before, and not from it within 90 days. Countries are not known here.
  RETURN QUERY
  WITH arrived AS (
    SELECT e.user_id, max(e.username) AS username, host(e.ip) AS address, min(e.at) AS first
      FROM bank.auth_event e WHERE e.type = 'login_success' AND e.at >= from_hour AND e.user_id IS NOT NULL GROUP BY e.user_id, host(e.ip)
  ), fresh AS (
    SELECT a.*, EXISTS (SELECT FROM bank.auth_event p WHERE p.user_id = a.user_id AND p.type = 'password_reset' AND p.at BETWEEN a.first - interval '1 day' AND a.first) AS by_reset,
           (SELECT count(*) FROM bank.auth_event p WHERE p.user_id = a.user_id AND p.type = 'login_failure' AND p.at BETWEEN a.first - interval '1 day' AND a.first) AS failures
      FROM arrived a
     WHERE (SELECT host(p.ip) FROM bank.auth_event p WHERE p.user_id = a.user_id AND p.type = 'login_success' AND p.at < a.first ORDER BY p.at DESC LIMIT 1) <> a.address
       AND NOT EXISTS (SELECT FROM bank.auth_event p WHERE p.user_id = a.user_id AND p.type = 'login_success' AND p.at >= a.first - interval '90 days' AND p.at < a.first AND host(p.ip) = a.address)
  )
  SELECT 'new address', CASE WHEN f.by_reset OR f.failures >= 3 THEN 'warning' ELSE 'info' END, f.address, f.address::inet, f.user_id, NULL::text,
         format('%s signed in from an address not seen for 90 days%s', f.username,
                CASE WHEN f.by_reset THEN ', within a day of a new password' WHEN f.failures >= 3 THEN format(', after %s failures', f.failures) ELSE '' END),
         1, f.first, f.first, format('new address|%s %s', f.user_id, f.address)
    FROM fresh f
  UNION ALL
  SELECT 'admin access', 'info', host(p.address), p.address, p.user_id, NULL, format('%s, administrator of the platform, signed in', p.username), p.n, p.first, p.last,
         format('admin access|user %s|%s', p.user_id, extract(epoch FROM p.hour)::bigint)
    FROM (SELECT u.id AS user_id, u.username, date_trunc('hour', e.at, 'UTC') AS hour, count(*)::integer AS n, min(e.at) AS first, max(e.at) AS last, mode() WITHIN GROUP (ORDER BY e.ip) AS address
            FROM bank."user" u JOIN bank.auth_event e ON e.user_id = u.id
           WHERE u.role = 'admin' AND e.type = 'login_success' AND e.at >= from_hour GROUP BY u.id, u.username, date_trunc('hour', e.at, 'UTC')) p;
END $$;

-- What operators do: the same from the audit log. Internal.
CREATE FUNCTION ops.security_of_operators(from_hour timestamptz)
RETURNS TABLE (kind text, level text, source text, ip inet, user_id bigint, operator text, summary text, count integer, first_at timestamptz, last_at timestamptz, subject text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  most integer := platform.whole_setting('security.alert-failed-logins');
  most_refused integer := platform.whole_setting('security.alert-suspicious');
  -- Who may do what: of operators, and of the platform's users.
  raising text[] := '{operators.create,operators.enable,operators.grant-role,operators.revoke-role,operators.grant-developer,operators.end-developer,operators.reset,roles.create,roles.set-permissions,roles.restore}';
  giving text[] := '{users.change-role,users.grant-role,grants.grant,grants.revoke,users.activate}';
  alone text[] := '{operators.found,operators.recover}';
BEGIN
  RETURN QUERY
  WITH logged AS MATERIALIZED (
    SELECT a.seq, a.at, a.operator_id, a.operator, a.ip, a.client, a.action, a.verb, a.entity, a.entity_id, coalesce(a.entity_label, a.entity_id) AS record, a.outcome, a.correlation_id,
           date_trunc('hour', a.at, 'UTC') AS hour
      FROM ops.audit a WHERE a.at >= from_hour - interval '1 hour'
  ), admitted AS (
    SELECT r.operator_id, r.operator, r.hour, count(*)::integer AS n, min(r.at) AS first, max(r.at) AS last, mode() WITHIN GROUP (ORDER BY r.ip) AS address, mode() WITHIN GROUP (ORDER BY r.client) AS client,
           bool_or(g.role = 'owner') AS is_owner
      FROM logged r JOIN ops.role_grant g ON g.operator_id = r.operator_id AND g.role IN ('admin', 'owner') AND g.granted_at <= r.at AND coalesce(g.ended_at, g.expires_at, 'infinity') > r.at
     WHERE r.action = 'sessions.open' AND r.outcome = 'success' AND r.at >= from_hour GROUP BY r.operator_id, r.operator, r.hour
  ), known AS (
    SELECT m.*, m.address IS NOT NULL AND EXISTS (SELECT FROM ops.audit p WHERE p.operator = m.operator AND p.action = 'sessions.open' AND p.outcome = 'success' AND p.at < m.first)
             AND NOT EXISTS (SELECT FROM ops.audit p WHERE p.operator = m.operator AND p.action = 'sessions.open' AND p.outcome = 'success' AND p.ip = m.address
                                AND p.at < m.first AND p.at > m.first - interval '90 days') AS is_new
      FROM admitted m
  ), slid AS (
    SELECT r.*, count(*) OVER w AS refusals, first_value(r.at) OVER w AS began FROM logged r WHERE r.outcome = 'refused' AND r.action <> 'sessions.open' AND r.operator IS NOT NULL
    WINDOW w AS (PARTITION BY r.operator ORDER BY r.at RANGE BETWEEN interval '1 hour' PRECEDING AND CURRENT ROW)
  ), tried AS (
    SELECT r.*, count(*) OVER w AS failures, first_value(r.at) OVER w AS began FROM logged r WHERE r.outcome = 'refused' AND r.action = 'sessions.open'
    WINDOW w AS (PARTITION BY r.ip ORDER BY r.at RANGE BETWEEN interval '10 minutes' PRECEDING AND CURRENT ROW)
  )
  SELECT 'admin access', CASE WHEN k.is_owner OR k.is_new THEN 'warning' ELSE 'info' END, coalesce(host(k.address), k.client, 'console'), k.address, NULL::bigint, k.operator,
         format('%s signed in to the console%s', CASE WHEN k.is_owner THEN 'the owner of the database' ELSE format('%s, administrator,', k.operator) END,
                CASE WHEN k.is_new THEN ' from an address not seen for 90 days' ELSE '' END),
         k.n, k.first, k.last, format('admin access|operator %s|%s', k.operator, extract(epoch FROM k.hour)::bigint)
    FROM known k
  UNION ALL
  SELECT 'admin access', 'info', coalesce(host(max(r.ip)), max(r.client), 'console'), max(r.ip), NULL, r.operator,
         format('%s exported %s', r.operator, string_agg(DISTINCT r.entity, ', ')), count(*)::integer, min(r.at), max(r.at), format('export|%s|%s', r.operator, extract(epoch FROM r.hour)::bigint)
    FROM logged r WHERE r.verb = 'export' AND r.outcome = 'success' AND r.at >= from_hour AND r.operator IS NOT NULL GROUP BY r.operator, r.hour
  UNION ALL
  SELECT 'privilege change', CASE WHEN r.action = ANY (alone) THEN 'critical' WHEN r.action = ANY (raising) THEN 'warning' ELSE 'info' END,
         coalesce(host(r.ip), r.client, 'console'), r.ip, CASE WHEN r.entity = 'user' AND r.entity_id ~ '^[0-9]{1,18}$' THEN r.entity_id::bigint END, r.operator,
         format('%s: %s of %s %s', r.operator, r.action, r.entity, left(r.record, 100)), 1, r.at, r.at, format('privilege change|%s', r.seq)
    FROM logged r WHERE r.outcome = 'success' AND r.at >= from_hour AND r.action = ANY (raising || giving || alone)
  UNION ALL
  SELECT 'suspicious pattern', CASE WHEN max(s.refusals) >= 5 * most_refused THEN 'critical' ELSE 'warning' END, coalesce(host(max(s.ip)), max(s.client), 'console'), max(s.ip), NULL, s.operator,
         format('%s refused attempts of %s within an hour: %s', max(s.refusals), s.operator, left(string_agg(DISTINCT s.action, ', '), 200)), max(s.refusals)::integer, min(s.began), max(s.at),
         'suspicious pattern|' || s.operator
    FROM slid s WHERE s.refusals >= most_refused AND s.at >= from_hour GROUP BY s.operator, s.hour
  UNION ALL
  SELECT 'brute force', 'critical', coalesce(host(t.ip), 'this machine'), t.ip, NULL, CASE count(DISTINCT t.operator) WHEN 1 THEN max(t.operator) END,
         format('%s refused sign-ins to this console from %s within 10 minutes', max(t.failures), coalesce(host(t.ip), 'this machine')), max(t.failures)::integer, min(t.began), max(t.at),
         'brute force|console ' || coalesce(host(t.ip), '-')
    FROM tried t WHERE t.failures >= most AND t.at >= from_hour GROUP BY t.ip, t.hour;

  -- As the database locks them: five failures within 30 minutes.
  RETURN QUERY
  SELECT 'lockout', 'critical', coalesce(host(max(f.ip)), 'this machine'), max(f.ip), NULL::bigint, o.name, format('operator %s is locked after 5 failures', o.name), max(f.failures)::integer, min(f.began), max(f.at),
         'lockout|operator ' || o.name
    FROM (SELECT a.operator_id, a.ip, a.at, count(*) OVER w AS failures, first_value(a.at) OVER w AS began FROM ops.sign_in_attempt a
           WHERE NOT a.succeeded AND a.at >= from_hour - interval '30 minutes' AND a.operator_id IS NOT NULL
          WINDOW w AS (PARTITION BY a.operator_id ORDER BY a.at RANGE BETWEEN interval '30 minutes' PRECEDING AND CURRENT ROW)) f JOIN ops.operator o ON o.id = f.operator_id
   WHERE f.failures >= 5 AND f.at >= from_hour GROUP BY o.name, date_trunc('hour', f.at, 'UTC');
END $$;

-- Rewards that somebody collects faster than anybody works. Internal.
CREATE FUNCTION ops.security_of_rewards(from_hour timestamptz)
RETURNS TABLE (kind text, level text, source text, ip inet, user_id bigint, operator text, summary text, count integer, first_at timestamptz, last_at timestamptz, subject text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  most_points integer := platform.whole_setting('abuse.xp-per-hour');
  most_entries integer := platform.whole_setting('abuse.entries-per-hour');
BEGIN
  RETURN QUERY
  SELECT 'abuse', CASE WHEN max(s.points) > 5 * most_points OR max(s.entries) > 5 * most_entries THEN 'critical' ELSE 'warning' END, 'rewards', NULL::inet, s.user_id, NULL::text,
         format('%s earned %s XP by %s entries within an hour', coalesce((SELECT u.username FROM bank."user" u WHERE u.id = s.user_id), 'user ' || s.user_id), max(s.points), max(s.entries)),
         max(s.entries)::integer, min(s.began)::timestamptz, max(s.at)::timestamptz, 'abuse|' || s.user_id
    FROM (SELECT x.user_id, x.at, sum(x.points) OVER w AS points, count(*) OVER w AS entries, first_value(x.at) OVER w AS began FROM platform.xp_event x
           WHERE x.kind = 'earned' AND x.at >= from_hour - interval '1 hour'
          WINDOW w AS (PARTITION BY x.user_id ORDER BY x.at RANGE BETWEEN interval '1 hour' PRECEDING AND CURRENT ROW)) s
   WHERE (s.points > most_points OR s.entries > most_entries) AND s.at >= from_hour GROUP BY s.user_id, date_trunc('hour', s.at, 'UTC');
END $$;

-- Gathers what happened since the last time, one console at a time; the others find it done. `raised` are new events, `grown` those
-- seen before that went on. Internal: ops.gather_security_events asks who wants to know.
CREATE FUNCTION ops.gather_security(OUT raised integer, OUT grown integer) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  seen pg_snapshot := pg_current_snapshot();
  began timestamptz(3) := clock_timestamp();
  watch ops.security_watch;
  from_hour timestamptz;
BEGIN
  raised := 0; grown := 0;
  IF (SELECT s.value = 'false' FROM platform.setting s WHERE s.key = 'security.log') THEN RETURN; END IF;
  -- The first time a day is looked at; after a pause of all consoles a week at most, so that one look stays short.
  INSERT INTO ops.security_watch (since) VALUES (began - interval '1 day') ON CONFLICT DO NOTHING;
  SELECT * INTO watch FROM ops.security_watch FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN; END IF;
  -- An hour more than the overlap: whether somebody got in after failing is known up to an hour later.
  from_hour := date_trunc('hour', greatest(watch.since, began - interval '7 days') - interval '70 minutes', 'UTC');
  WITH counted AS MATERIALIZED (
    SELECT * FROM ops.security_of_sign_ins(from_hour) UNION ALL SELECT * FROM ops.security_of_operators(from_hour) UNION ALL SELECT * FROM ops.security_of_rewards(from_hour)
  ), parted AS (
    SELECT c.*, c.first_at > max(c.last_at) OVER (PARTITION BY c.subject ORDER BY c.first_at, c.last_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) + interval '1 hour' AS apart FROM counted c
  ), episode AS (
    SELECT p.*, count(*) FILTER (WHERE p.apart) OVER (PARTITION BY p.subject ORDER BY p.first_at, p.last_at) AS part FROM parted p
  ), joined AS (
    -- What happened on both sides of a full hour is told once, as it was at its worst.
    SELECT DISTINCT ON (p.subject, p.part) p.kind, max(p.level_rank) OVER w AS level_rank, p.source, p.ip, p.user_id, p.operator, p.summary, p.count, min(p.first_at) OVER w AS first_at, max(p.last_at) OVER w AS last_at, p.subject
      FROM (SELECT q.*, array_position('{info,warning,critical}', q.level) AS level_rank FROM episode q) p WINDOW w AS (PARTITION BY p.subject, p.part)
     ORDER BY p.subject, p.part, p.count DESC, p.last_at DESC
  ), keyed AS (
    SELECT j.*, coalesce((SELECT k.dedupe_key FROM ops.security_event k WHERE k.subject = j.subject AND k.last_at >= j.first_at - interval '1 hour' AND k.first_at <= j.last_at + interval '1 hour'
                           ORDER BY k.first_at LIMIT 1), format('%s|%s', j.subject, (extract(epoch FROM j.first_at) * 1000)::bigint)) AS key
      FROM joined j
  ), told AS (
    -- Two parts of now may both belong to what was one part before.
    SELECT DISTINCT ON (k.key) k.kind, max(k.level_rank) OVER w AS level_rank, k.source, k.ip, k.user_id, k.operator, k.summary, k.count, min(k.first_at) OVER w AS first_at, max(k.last_at) OVER w AS last_at, k.subject, k.key
      FROM keyed k WINDOW w AS (PARTITION BY k.key) ORDER BY k.key, k.count DESC, k.last_at DESC
  ), stored AS (
    INSERT INTO ops.security_event AS e (kind, level, source, ip, user_id, operator, summary, count, first_at, last_at, subject, dedupe_key, correlation_id)
    SELECT t.kind, ('{info,warning,critical}'::text[])[t.level_rank], t.source, t.ip, t.user_id, t.operator, t.summary, t.count, t.first_at, t.last_at, t.subject, t.key,
           CASE t.kind WHEN 'privilege change' THEN (SELECT coalesce(a.correlation_id, a.request_id) FROM ops.audit a WHERE a.seq = split_part(t.subject, '|', 2)::bigint) END
      FROM told t ORDER BY t.last_at, t.subject
    ON CONFLICT (dedupe_key) DO UPDATE
       SET level = CASE WHEN array_position('{info,warning,critical}', excluded.level) > array_position('{info,warning,critical}', e.level) THEN excluded.level ELSE e.level END,
           source = excluded.source, ip = excluded.ip, summary = CASE WHEN excluded.count >= e.count THEN excluded.summary ELSE e.summary END,
           count = greatest(e.count, excluded.count), first_at = least(e.first_at, excluded.first_at), last_at = greatest(e.last_at, excluded.last_at)
     WHERE excluded.count > e.count OR excluded.last_at > e.last_at OR array_position('{info,warning,critical}', excluded.level) > array_position('{info,warning,critical}', e.level)
    RETURNING e.xmax = 0 AS is_new
  )
  SELECT count(*) FILTER (WHERE s.is_new), count(*) FILTER (WHERE NOT s.is_new) INTO raised, grown FROM stored s;
  -- Rows that this look could not see are of transactions numbered from its snapshot's first open one on. If that is not below the mark, they were
  -- written after the mark was made.
  IF watch.mark_next IS NULL OR watch.mark_next <= pg_snapshot_xmin(seen)::text::bigint THEN
    UPDATE ops.security_watch SET since = coalesce(watch.mark_at, watch.since), mark_at = began, mark_next = pg_snapshot_xmax(seen)::text::bigint, gathered_at = began;
  ELSE
    UPDATE ops.security_watch SET gathered_at = began;
  END IF;
END $$;

-- The same for whoever is signed in; a locked screen goes on gathering. It takes nothing from its caller but the token.
CREATE FUNCTION ops.gather_security_events(token text, OUT raised integer, OUT grown integer) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM ops.delivering_session(token);
  SELECT g.raised, g.grown INTO raised, grown FROM ops.gather_security() g;
END $$;

-- Somebody has seen an event as it stands at this count. If it goes on it asks again.
CREATE FUNCTION ops.acknowledge_security_event(wanted bigint, note text, expected_count integer) RETURNS ops.security_event
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  event ops.security_event;
BEGIN
  PERFORM ops.require_action('security-events.acknowledge');
  SELECT * INTO event FROM ops.security_event e WHERE e.id = wanted FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no security event %', wanted USING ERRCODE = 'BU011';
  END IF;
  IF event.count IS DISTINCT FROM expected_count THEN
    RAISE EXCEPTION 'event % went on meanwhile', wanted USING ERRCODE = 'BU005';
  END IF;
  UPDATE ops.security_event e SET acknowledge_note = acknowledge_security_event.note, acknowledged_by = 0, acknowledged_at = clock_timestamp() WHERE e.id = event.id RETURNING e.* INTO event;
  RETURN event;
END $$;

-- ── Walkthroughs ────────────────────────────────────────────────────────────────────────────────

-- Somebody works through the steps of a walkthrough about a user or an operator. What the steps are is part of the console; which of them are
-- done is read from the audit log from `begun_at` on, by whomever they were done.
CREATE TABLE ops.flow (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  flow         text NOT NULL CHECK (flow ~ '^[a-z-]{3,40}$'),
  subject_kind text NOT NULL CHECK (subject_kind IN ('user', 'operator')),
  subject_id   bigint NOT NULL,
  subject      text NOT NULL, -- how they were called then
  event_id     bigint REFERENCES ops.security_event, -- what it was begun about
  begun_by     bigint NOT NULL REFERENCES ops.operator,
  begun_at     timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  closed_by    bigint REFERENCES ops.operator,
  closed_at    timestamptz(3),
  findings     text,
  CONSTRAINT closed_with_findings CHECK (num_nonnulls(closed_by, closed_at, findings) IN (0, 3))
);
CREATE UNIQUE INDEX flow_one_open_key ON ops.flow (flow, subject_kind, subject_id) WHERE closed_at IS NULL;
CREATE INDEX flow_begun_at_id_idx ON ops.flow (begun_at, id);
CREATE INDEX flow_subject_id_idx ON ops.flow (subject_id, subject_kind);

-- What somebody found where a step asks to look, or why it is left out.
CREATE TABLE ops.flow_note (
  flow_id  bigint NOT NULL REFERENCES ops.flow,
  step     text NOT NULL CHECK (step ~ '^[a-z-]{3,40}$'),
  note     text NOT NULL CHECK (length(btrim(note)) BETWEEN 10 AND 2000),
  noted_by bigint NOT NULL REFERENCES ops.operator,
  noted_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (flow_id, step)
);

CREATE FUNCTION ops.guard_flow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
  closing text[] := '{closed_by,closed_at,findings}';
BEGIN
  IF tg_op = 'INSERT' THEN
    run := ops.require_action('flows.begin');
    new.begun_by := run.operator_id; new.begun_at := clock_timestamp(); new.closed_by := NULL; new.closed_at := NULL; new.findings := NULL;
    new.subject := CASE new.subject_kind WHEN 'user' THEN (SELECT u.username FROM bank."user" u WHERE u.id = new.subject_id) ELSE (SELECT o.name FROM ops.operator o WHERE o.id = new.subject_id) END;
    IF new.subject IS NULL THEN
      RAISE EXCEPTION 'there is no % %', new.subject_kind, new.subject_id USING ERRCODE = 'BU011';
    END IF;
    RETURN new;
  END IF;
  run := ops.require_action('flows.close');
  IF old.closed_at IS NOT NULL OR (to_jsonb(new) - closing) <> (to_jsonb(old) - closing) THEN
    RAISE EXCEPTION 'a walkthrough is begun once and closed once' USING ERRCODE = 'BU007';
  END IF;
  new.closed_by := run.operator_id; new.closed_at := clock_timestamp();
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.flow FOR EACH ROW EXECUTE FUNCTION ops.guard_flow();
CREATE TRIGGER keep BEFORE DELETE ON ops.flow FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.flow FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

CREATE FUNCTION ops.guard_flow_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('flow-steps.settle');
BEGIN
  IF EXISTS (SELECT FROM ops.flow f WHERE f.id = new.flow_id AND f.closed_at IS NOT NULL) THEN
    RAISE EXCEPTION 'this walkthrough is closed' USING ERRCODE = 'BU007';
  END IF;
  new.noted_by := run.operator_id; new.noted_at := clock_timestamp();
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT ON ops.flow_note FOR EACH ROW EXECUTE FUNCTION ops.guard_flow_note();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON ops.flow_note FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.flow_note FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

CREATE FUNCTION ops.begin_flow(walk text, about_kind text, about_id bigint, event bigint) RETURNS ops.flow
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  begun ops.flow;
BEGIN
  PERFORM ops.require_action('flows.begin');
  INSERT INTO ops.flow AS f (flow, subject_kind, subject_id, subject, event_id, begun_by) VALUES (walk, about_kind, about_id, '', event, 0)
  ON CONFLICT (flow, subject_kind, subject_id) WHERE closed_at IS NULL DO NOTHING RETURNING f.* INTO begun;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'somebody walks through this already' USING ERRCODE = 'BU007';
  END IF;
  RETURN begun;
END $$;

CREATE FUNCTION ops.note_flow_step(wanted bigint, step text, note text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM ops.require_action('flow-steps.settle');
  -- Whoever closes it waits, or is waited for.
  IF NOT EXISTS (SELECT FROM ops.flow f WHERE f.id = wanted FOR SHARE) THEN
    RAISE EXCEPTION 'there is no walkthrough %', wanted USING ERRCODE = 'BU011';
  END IF;
  INSERT INTO ops.flow_note AS n (flow_id, step, note, noted_by) VALUES (wanted, note_flow_step.step, note_flow_step.note, 0) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this step has its note already' USING ERRCODE = 'BU005';
  END IF;
END $$;

CREATE FUNCTION ops.close_flow(wanted bigint, findings text) RETURNS ops.flow LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  closed ops.flow;
BEGIN
  PERFORM ops.require_action('flows.close');
  UPDATE ops.flow f SET findings = close_flow.findings, closed_by = 0, closed_at = clock_timestamp() WHERE f.id = wanted AND f.closed_at IS NULL RETURNING f.* INTO closed;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this walkthrough is closed already' USING ERRCODE = 'BU005';
  END IF;
  RETURN closed;
END $$;

INSERT INTO ops.action_permission (action, permission) VALUES
  ('security-events.acknowledge', 'security.acknowledge'), ('flows.begin', 'security.acknowledge'), ('flows.close', 'security.acknowledge'), ('flow-steps.settle', 'security.acknowledge');

-- Parts of other functions, and what only the platform's own role may call.
REVOKE EXECUTE ON FUNCTION ops.gather_security, ops.security_of_sign_ins, ops.security_of_operators, ops.security_of_rewards, platform.record_xp FROM PUBLIC;
