-- Access reviews ask about machines too: what works without a person is kept or revoked by somebody as what a person may, and stands in the result that is sealed.

-- ── What a review notes of a machine ─────────────────────────────────────────────────────────────

ALTER TABLE ops.access_review_item DROP CONSTRAINT access_review_item_source_check, DROP CONSTRAINT access_review_item_subject_kind_check,
  ADD CONSTRAINT access_review_item_source_check CHECK (source IN ('operator', 'grant', 'user', 'machine')), -- a machine: ops.machine
  ADD CONSTRAINT access_review_item_subject_kind_check CHECK (subject_kind IN ('operator', 'user', 'machine')),
  ADD COLUMN machine jsonb, -- where it stands, what it may, whose key it is and who approved that, as ops.machine_facts said when the review was opened
  ADD CONSTRAINT machine_whole CHECK ((source = 'machine') = (machine IS NOT NULL) AND (source = 'machine') = (subject_kind = 'machine'));

-- What people need to know of a machine to keep or revoke it. Internal.
CREATE FUNCTION ops.machine_facts(of_machine bigint) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT jsonb_build_object(
    'place', m.place, 'from', ARRAY(SELECT n::text FROM unnest(m.networks) n), 'used from', CASE WHEN m.used_at IS NOT NULL THEN coalesce(host(m.used_from), 'the machine of the database') END,
    'fingerprint', k.fingerprint, 'approved by', ops.approver_of_key(k.fingerprint),
    'days left', greatest(0, floor(extract(epoch FROM k.valid_until - clock_timestamp()) / 86400))::integer,
    'permissions', (SELECT coalesce(jsonb_agg(p ORDER BY p), '[]') FROM ops.permissions_of(m.operator_id) p),
    -- where it finished runs lately; it may work on any host of the inventory
    'hosts', (SELECT coalesce(jsonb_agg(DISTINCT h.name ORDER BY h.name), '[]')
                FROM ops.audit a JOIN ops.run r ON r.number::text = a.entity_id JOIN ops.run_step s ON s.run_id = r.id JOIN ops.host h ON h.id = s.host_id
               WHERE a.operator = 'machine.' || m.name AND a.entity = 'run' AND a.action = 'runs.finish' AND a.at > clock_timestamp() - interval '92 days'))
    FROM ops.machine m JOIN ops.machine_key k ON k.operator_id = m.operator_id AND k.ended_at IS NULL WHERE m.operator_id = of_machine);
END $$;

-- Who was the second to say yes to a key; null where the request is not there any more. Internal.
CREATE FUNCTION ops.approver_of_key(wanted text) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT o.name FROM ops.approval a JOIN ops.operator o ON o.id = a.decided_by
           WHERE a.entity = 'machine' AND a.action IN ('machines.add', 'machines.rotate') AND a.status = 'executed' AND btrim(a.input ->> 'fingerprint') = wanted ORDER BY a.number DESC LIMIT 1);
END $$;

-- ── What a review asks about, and what becomes of its decisions ──────────────────────────────────

-- As before, with machines.
CREATE OR REPLACE FUNCTION ops.access_now(kind text, since timestamptz)
RETURNS TABLE (source text, source_id bigint, subject_kind text, subject_id bigint, subject text, role text, sensitive boolean, granted_at timestamptz, granted_by text,
               expires_at timestamptz, last_used_at timestamptz, last_login_at timestamptz, inactive_days integer, change text, conflicts text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY
  WITH held AS (
    SELECT 'operator' AS source, n.id AS source_id, 'operator' AS subject_kind, o.id AS subject_id, o.name AS subject, h.role, r.rank <= 3 AS sensitive, r.rank AS level, h.granted_at,
           (SELECT b.name FROM ops.operator b WHERE b.id = h.granted_by) AS granted_by, h.expires_at, h.last_used_at,
           greatest((SELECT c.last_login_at FROM ops.operator_credential c WHERE c.operator_id = o.id), (SELECT max(s.started_at) FROM ops.operator_session s WHERE s.operator_id = o.id)) AS last_login_at,
           CASE WHEN h.granted_at > access_now.since THEN 'granted since the last review' END AS change, ops.operator_conflicts(o.id, h.role) AS conflicts
      FROM ops.operator_role h JOIN ops.operator o ON o.id = h.operator_id AND o.is_active JOIN ops.role r ON r.name = h.role
      JOIN ops.role_grant n ON n.operator_id = h.operator_id AND n.role = h.role AND n.ended_at IS NULL
     WHERE h.expires_at IS NULL OR h.expires_at > clock_timestamp()
    UNION ALL
    SELECT 'grant', g.id, 'user', u.id, u.username, r.slug || CASE WHEN g.tenant = '' THEN '' ELSE ' in ' || g.tenant END, r.level <= 3 OR r.is_module_admin, r.level, g.granted_at,
           (SELECT b.name FROM ops.operator b WHERE b.id = g.granted_by), g.expires_at, g.last_used_at, u.last_login_at,
           CASE WHEN g.granted_at > access_now.since THEN 'granted since the last review' END, platform.user_conflicts(u.id, r.id)
      FROM platform.role_grant g JOIN platform.role r ON r.id = g.role_id JOIN bank."user" u ON u.id = g.user_id
     WHERE g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > clock_timestamp())
    UNION ALL
    SELECT 'user', u.id, 'user', u.id, u.username, u.role, br.rank <= 3, br.rank, coalesce(c.at, u.created_at),
           coalesce(c.operator, (SELECT b.name FROM ops.operator b WHERE b.id = u.created_by)), NULL, NULL, u.last_login_at,
           CASE WHEN c.at > access_now.since THEN format('%s from %s', CASE WHEN old_role.rank > br.rank THEN 'raised' ELSE 'lowered' END, c.old ->> 'role') END,
           coalesce(platform.user_conflicts(u.id, pr.id), '{}')
      FROM bank."user" u JOIN bank.role br ON br.name = u.role LEFT JOIN platform.role pr ON pr.bank_role = u.role
      LEFT JOIN LATERAL (SELECT a.at, a.operator, a.old FROM ops.audit a WHERE a.entity = 'user' AND a.entity_id = u.id::text AND a.action = 'users.change-role' AND a.outcome = 'success' ORDER BY a.seq DESC LIMIT 1) c ON true
      LEFT JOIN bank.role old_role ON old_role.name = c.old ->> 'role'
     WHERE u.role <> 'customer' AND u.status <> 'deactivated'
    UNION ALL
    -- What works without a person is always asked about: it executes on every host.
    SELECT 'machine', m.operator_id, 'machine', m.operator_id, m.name, 'unattended work', true, 1, k.approved_at, (SELECT b.name FROM ops.operator b WHERE b.id = k.asked_by), k.valid_until, m.used_at,
           (SELECT max(s.started_at) FROM ops.operator_session s WHERE s.operator_id = m.operator_id),
           CASE WHEN k.valid_until <= clock_timestamp() THEN 'its key has ended' WHEN m.added_at > access_now.since THEN 'added since the last review'
                WHEN k.approved_at > access_now.since THEN 'another key since the last review' END, '{}'
      FROM ops.machine m JOIN ops.operator o ON o.id = m.operator_id AND o.is_active JOIN ops.machine_key k ON k.operator_id = m.operator_id AND k.ended_at IS NULL
  ), judged AS (
    -- A grant that is not used is idle however often its holder signs in.
    SELECT h.*, ops.days_since(CASE WHEN h.source = 'grant' THEN coalesce(h.last_used_at, greatest(h.last_login_at, h.granted_at))
                                    ELSE coalesce(greatest(h.last_used_at, h.last_login_at), h.granted_at) END) AS inactive FROM held h
  )
  SELECT j.source, j.source_id, j.subject_kind, j.subject_id, j.subject, j.role, j.sensitive, j.granted_at, j.granted_by, j.expires_at, j.last_used_at, j.last_login_at, j.inactive, j.change, j.conflicts
    FROM judged j
   WHERE kind = 'quarterly' OR j.sensitive OR j.source = 'operator' OR j.conflicts <> '{}' OR j.change IS NOT NULL OR j.inactive >= 90 OR j.level <= 5
   ORDER BY j.conflicts = '{}', NOT j.sensitive, j.inactive DESC, j.subject_kind, j.subject, j.role;
END $$;

CREATE OR REPLACE FUNCTION ops.access_context(kind text, since timestamptz) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN jsonb_build_object(
    'changes', (SELECT coalesce(jsonb_agg(jsonb_build_object('row', c.seq, 'at', ops.instant(c.at), 'operator', c.operator, 'action', c.action, 'record', coalesce(c.entity_label, c.entity_id), 'why', coalesce(c.note, c.reason)) ORDER BY c.seq), '[]')
                  FROM (SELECT * FROM ops.audit a WHERE a.at > since AND a.outcome = 'success' AND a.verb <> 'view'
                           AND (a.action IN ('users.change-role', 'users.grant-role', 'users.activate', 'users.deactivate', 'review-items.revoke') OR a.action LIKE ANY ('{operators.%,roles.%,grants.%,machines.%}'))
                         ORDER BY a.seq DESC LIMIT 500) c),
    'separation', (SELECT jsonb_agg(s.title ORDER BY s.title) FROM ops.separation s),
    'two people', (SELECT coalesce(jsonb_agg(p.action ORDER BY p.action), '[]') FROM ops.action_permission p WHERE p.eyes = 2),
    'policies', (SELECT coalesce(jsonb_object_agg(s.key, s.value), '{}') FROM platform.setting s WHERE s.key ~ '^(password|lockout|session|security)'))
    || CASE WHEN kind = 'quarterly' THEN jsonb_build_object('permissions',
         (SELECT jsonb_object_agg(x.name, x.held) FROM (
            SELECT 'operator ' || r.name AS name, (SELECT coalesce(jsonb_agg(p.permission ORDER BY p.permission), '[]') FROM ops.role_permission p WHERE p.role = r.name) AS held FROM ops.role r
            UNION ALL SELECT r.slug, (SELECT coalesce(jsonb_agg(p.codename ORDER BY p.codename), '[]') FROM platform.role_permission rp JOIN platform.permission p ON p.id = rp.permission_id WHERE rp.role_id = r.id)
              FROM platform.role r WHERE r.is_active
            UNION ALL SELECT 'machine ' || m.name, (SELECT coalesce(jsonb_agg(p ORDER BY p), '[]') FROM ops.permissions_of(m.operator_id) p)
              FROM ops.machine m JOIN ops.operator o ON o.id = m.operator_id AND o.is_active) x)) ELSE '{}' END;
END $$;

CREATE OR REPLACE FUNCTION ops.open_review(kind text, title text) RETURNS ops.access_review LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  opened ops.access_review;
  -- The one before of this kind ended what is looked at; the first looks back over its period.
  from_when timestamptz := coalesce((SELECT max(r.closed_at) FROM ops.access_review r WHERE r.kind = open_review.kind),
    clock_timestamp() - CASE open_review.kind WHEN 'monthly' THEN interval '31 days' ELSE interval '92 days' END);
  found_items integer;
BEGIN
  PERFORM ops.require_action('reviews.open');
  INSERT INTO ops.access_review AS r (kind, title, since, opened_by) VALUES (open_review.kind, btrim(open_review.title), from_when, 0)
  ON CONFLICT DO NOTHING RETURNING r.* INTO opened;
  IF opened.id IS NULL THEN RAISE EXCEPTION 'a % review is open already: close it first', open_review.kind USING ERRCODE = 'BU007'; END IF;
  INSERT INTO ops.access_review_item (review_id, source, source_id, subject_kind, subject_id, subject, role, sensitive, granted_at, granted_by, expires_at, last_used_at, last_login_at, inactive_days, change, conflicts, machine)
  SELECT opened.id, n.*, CASE WHEN n.source = 'machine' THEN ops.machine_facts(n.source_id) END FROM ops.access_now(open_review.kind, from_when) n;
  GET DIAGNOSTICS found_items = ROW_COUNT;
  UPDATE ops.access_review r SET items = found_items, context = ops.access_context(open_review.kind, from_when) WHERE r.id = opened.id RETURNING r.* INTO opened;
  RETURN opened;
END $$;

CREATE OR REPLACE FUNCTION ops.review_document(wanted bigint) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT jsonb_pretty(jsonb_build_object(
    'review', jsonb_build_object('number', r.id, 'kind', r.kind, 'title', r.title, 'since', ops.instant(r.since), 'opened', ops.instant(r.opened_at), 'opened by', o.name,
                                 'closed', ops.instant(r.closed_at), 'closed by', c.name, 'items', r.items, 'kept', r.kept, 'revoked', r.revoked),
    'context', r.context,
    'items', (SELECT coalesce(jsonb_agg(jsonb_build_object('item', i.id, 'kind', i.subject_kind, 'who', i.subject, 'id', i.subject_id, 'source', i.source, 'role', i.role, 'sensitive', i.sensitive,
                'granted', ops.instant(i.granted_at), 'granted by', i.granted_by, 'expires', ops.instant(i.expires_at), 'last used', ops.instant(i.last_used_at), 'last login', ops.instant(i.last_login_at),
                'inactive days', i.inactive_days, 'change', i.change, 'conflicts', to_jsonb(i.conflicts), 'decision', i.decision, 'note', i.note,
                'decided by', (SELECT d.name FROM ops.operator d WHERE d.id = i.decided_by), 'decided', ops.instant(i.decided_at))
                -- only of machines, so that what was closed before keeps its hash
                || CASE WHEN i.machine IS NULL THEN '{}' ELSE jsonb_build_object('machine', i.machine) END ORDER BY i.id), '[]')
                FROM ops.access_review_item i WHERE i.review_id = r.id)))
    FROM ops.access_review r JOIN ops.operator o ON o.id = r.opened_by LEFT JOIN ops.operator c ON c.id = r.closed_by WHERE r.id = wanted);
END $$;

CREATE OR REPLACE FUNCTION ops.still_held(item ops.access_review_item) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN CASE item.source
    WHEN 'operator' THEN EXISTS (SELECT FROM ops.role_grant g JOIN ops.operator o ON o.id = g.operator_id WHERE g.id = item.source_id AND g.ended_at IS NULL AND o.is_active AND (g.expires_at IS NULL OR g.expires_at > clock_timestamp()))
    WHEN 'grant' THEN EXISTS (SELECT FROM platform.role_grant g WHERE g.id = item.source_id AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > clock_timestamp()))
    WHEN 'machine' THEN EXISTS (SELECT FROM ops.operator o WHERE o.id = item.source_id AND o.is_active)
    ELSE EXISTS (SELECT FROM bank."user" u WHERE u.id = item.source_id AND u.role = item.role AND u.status <> 'deactivated') END;
END $$;

-- Ends a machine for good, by an action that may: its sessions, and its key. Gives how many sessions ended. Internal.
CREATE FUNCTION ops.end_machine(wanted bigint, expected_version integer, action text) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target ops.operator := ops.begin_machine_change(wanted, expected_version, action);
  run ops.action_run := ops.acting();
BEGIN
  UPDATE ops.machine_key k SET ended_at = clock_timestamp(), ended_by = run.operator_id WHERE k.operator_id = target.id AND k.ended_at IS NULL;
  UPDATE ops.operator o SET version = o.version + 1, is_active = false WHERE o.id = target.id;
  RETURN ops.end_sessions_of(target.id);
END $$;
CREATE OR REPLACE FUNCTION ops.revoke_machine(wanted bigint, expected_version integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN ops.end_machine(wanted, expected_version, 'machines.revoke');
END $$;

-- As before; a machine takes one person to revoke, so that a review that revokes one ends it at once, as it does with a grant.
CREATE OR REPLACE FUNCTION ops.decide_review_item(wanted bigint, decision text, note text, expected_version integer) RETURNS ops.access_review_item
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item ops.access_review_item;
BEGIN
  PERFORM ops.require_action('review-items.keep', 'review-items.revoke');
  -- Whoever closes waits for whoever decides, and the other way round.
  PERFORM FROM ops.access_review r WHERE r.id = (SELECT i.review_id FROM ops.access_review_item i WHERE i.id = wanted) FOR SHARE;
  SELECT * INTO item FROM ops.access_review_item i WHERE i.id = wanted FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no item % in a review', wanted USING ERRCODE = 'BU011'; END IF;
  IF item.version <> expected_version THEN RAISE EXCEPTION 'somebody decided it meanwhile' USING ERRCODE = 'BU005'; END IF;
  IF item.decision = decide_review_item.decision OR item.decision = 'revoke' THEN RAISE EXCEPTION 'it was decided already: %', item.decision USING ERRCODE = 'BU007'; END IF;
  UPDATE ops.access_review_item i SET decision = decide_review_item.decision, note = decide_review_item.note, decided_by = 0, decided_at = clock_timestamp() WHERE i.id = wanted RETURNING i.* INTO item;
  IF decide_review_item.decision = 'revoke' AND item.source = 'grant' AND EXISTS (SELECT FROM platform.role_grant g WHERE g.id = item.source_id AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > clock_timestamp())) THEN
    PERFORM platform.revoke_grant(item.source_id);
  END IF;
  IF decide_review_item.decision = 'revoke' AND item.source = 'machine' AND ops.still_held(item) THEN
    PERFORM ops.end_machine(item.source_id, (SELECT o.version FROM ops.operator o WHERE o.id = item.source_id), 'review-items.revoke');
  END IF;
  RETURN item;
END $$;

CREATE OR REPLACE FUNCTION ops.guard_machine_key() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
  longest integer := platform.whole_setting('security.machine-days');
BEGIN
  IF tg_op = 'INSERT' THEN
    run := ops.require_action('machines.add', 'machines.rotate');
    IF run.approval_id IS NULL THEN
      RAISE EXCEPTION 'the key of a machine takes two people' USING ERRCODE = 'BU012';
    END IF;
    IF new.valid_until > clock_timestamp() + make_interval(days => longest) + interval '1 second' THEN
      RAISE EXCEPTION 'the key of a machine stands for % days at most', longest USING ERRCODE = '23514';
    END IF;
    RETURN new;
  END IF;
  PERFORM ops.require_action('machines.rotate', 'machines.revoke', 'review-items.revoke');
  IF old.ended_at IS NOT NULL OR (to_jsonb(new) - '{ended_at,ended_by}'::text[]) <> (to_jsonb(old) - '{ended_at,ended_by}'::text[]) THEN
    RAISE EXCEPTION 'the key of a machine ends once, and nothing else of it changes' USING ERRCODE = 'BU010';
  END IF;
  RETURN new;
END $$;

CREATE FUNCTION ops.demand_machine_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  done text;
BEGIN
  -- nobody can act yet
  IF NOT EXISTS (SELECT FROM ops.operator_session) THEN RETURN new; END IF;
  done := (ops.require_acting()).action;
  -- a review takes a machine away, and changes nothing else of it
  IF done NOT LIKE 'machines.%' AND NOT (done = 'review-items.revoke' AND old.is_active AND NOT new.is_active) THEN
    RAISE EXCEPTION 'a machine is changed only by machines.%%, and ended by review-items.revoke' USING ERRCODE = 'BU004';
  END IF;
  RETURN new;
END $$;
DROP TRIGGER demand_machine_to_change ON ops.operator;
CREATE TRIGGER demand_machine_to_change BEFORE UPDATE ON ops.operator FOR EACH ROW WHEN (old.name LIKE 'machine.%') EXECUTE FUNCTION ops.demand_machine_change();

-- ── What waits for somebody who may use hosts, and how long the keys of machines stand ───────────

ALTER TABLE platform.setting DISABLE TRIGGER demand_action;
INSERT INTO platform.setting (key, label, type, value, min, max, safe_min, safe_max, standard, description, category, is_editable, default_value)
SELECT s.key, s.label, s.type, s.value::jsonb, s.min, s.max, s.safe_min, s.safe_max, s.standard, s.description, 'health', true, s.value::jsonb FROM (VALUES
  ('health.run-waits.look', 'Run or plan waits: look from (seconds)', 'decimal', '300', 1, 86400, NULL::numeric, 3000, 'above 50 min it may be told too late to help', 'Health is "look" from so many (seconds): the longest that a queued run or a plan that is due has waited for somebody who may use hosts'),
  ('health.run-waits.wrong', 'Run or plan waits: wrong from (seconds)', 'decimal', '1800', 1, 86400, NULL, 18000, 'above 5 h it may be told too late to help', 'Health is "wrong" from so many (seconds): the longest that a queued run or a plan that is due has waited for somebody who may use hosts'),
  ('health.machine-key.look', 'Key of a machine ends in: look below (days)', 'decimal', '14', 1, 3650, 7, NULL, 'below 7 d it may be told too late to help', 'Health is "look" below so many (days): days that the key of the machine still stands that ends first; what is done while nobody has signed in stops with it'),
  ('health.machine-key.wrong', 'Key of a machine ends in: wrong below (days)', 'decimal', '3', 1, 3650, 1.5, NULL, 'below 1.5 d it may be told too late to help', 'Health is "wrong" below so many (days): days that the key of the machine still stands that ends first; what is done while nobody has signed in stops with it')
) AS s (key, label, type, value, min, max, safe_min, safe_max, standard, description);
ALTER TABLE platform.setting ENABLE TRIGGER demand_action;
INSERT INTO platform.setting_version (key, version, value) SELECT s.key, s.version, s.value FROM platform.setting s WHERE s.key LIKE ANY ('{health.run-waits.%,health.machine-key.%}');

-- Runs that nobody executes now and plans that are due and nobody has queued, with how long they wait and for whom. A run that pauses after its canary waits for a decision, and is none of them.
CREATE FUNCTION ops.waiting_work() RETURNS TABLE (entity text, entity_id text, label text, waits_from timestamptz, seconds double precision, words text, why text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  there bigint := (SELECT count(*) FROM ops.operator_session s JOIN ops.operator o ON o.id = s.operator_id
                    WHERE s.revoked_at IS NULL AND s.expires_at > clock_timestamp() AND s.kind IN ('screen', 'demo', 'token', 'machine') AND o.is_active AND ops.may(o.id, 'host.use'));
  reason text := CASE WHEN there = 0 THEN 'nobody with host.use is signed in'
                   ELSE format('%s with host.use %s open, and none has taken it', CASE WHEN there = 1 THEN 'one session' ELSE there || ' sessions' END, CASE WHEN there = 1 THEN 'is' ELSE 'are' END) END;
BEGIN
  RETURN QUERY
  WITH waiting AS (
    SELECT 'run' AS entity, r.number::text AS id, '#' || r.number AS label, format('run %s (%s)', r.number, r.title) AS what,
           greatest(r.queued_at, r.lease_until, (SELECT max(greatest(s.began_at, s.finished_at)) FROM ops.run_step s WHERE s.run_id = r.id)) AS since
      FROM ops.run r WHERE r.status IN ('queued', 'running', 'unknown') AND (r.lease_until IS NULL OR r.lease_until <= clock_timestamp()) AND ops.pausing_step(r.id) IS NULL
    UNION ALL
    SELECT 'schedule', s.id::text, s.name, format('the plan %s', s.name), s.next_due[1]
      FROM ops.schedule s WHERE s.runbook IS NOT NULL AND s.paused_at IS NULL AND s.unplanned_at IS NULL AND s.next_due[1] > s.looked_until AND s.next_due[1] <= clock_timestamp()
  )
  SELECT w.entity, w.id, w.label, w.since::timestamptz, extract(epoch FROM clock_timestamp() - w.since)::float8,
         left(format('%s waits since %s min: %s', w.what, floor(extract(epoch FROM clock_timestamp() - w.since) / 60), reason), 500), reason
    FROM waiting w WHERE w.since <= clock_timestamp() ORDER BY w.since, w.id;
END $$;

-- Internal.
CREATE FUNCTION ops.measure_unattended() RETURNS TABLE (measure text, value double precision, grade text, words text) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT 'run-waits', coalesce(max(w.seconds), 0), NULL::text,
                      CASE WHEN count(*) = 0 THEN 'nothing waits' ELSE left((array_agg(w.words ORDER BY w.waits_from, w.entity_id))[1] || CASE WHEN count(*) > 1 THEN format('; %s more', count(*) - 1) ELSE '' END, 500) END
                 FROM ops.waiting_work() w;
  -- Nothing where nobody has added a machine
  RETURN QUERY SELECT 'machine-key', extract(epoch FROM k.valid_until - clock_timestamp())::float8 / 86400, NULL::text,
                      format('the key of the machine %s %s at %s UTC', m.name, CASE WHEN k.valid_until <= clock_timestamp() THEN 'ended' ELSE 'ends' END, to_char(k.valid_until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'))
                 FROM ops.machine m JOIN ops.machine_key k ON k.operator_id = m.operator_id AND k.ended_at IS NULL ORDER BY k.valid_until LIMIT 1;
END $$;

-- As before, with what waits.
CREATE OR REPLACE FUNCTION ops.measure_health() RETURNS TABLE (measure text, value double precision, grade text, words text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
#variable_conflict use_column
BEGIN
  BEGIN RETURN QUERY SELECT * FROM ops.measure_sessions();
  EXCEPTION WHEN insufficient_privilege OR lock_not_available OR object_not_in_prerequisite_state THEN RETURN QUERY SELECT 'connections', NULL::float8, NULL::text, left(sqlerrm, 500); END;
  BEGIN RETURN QUERY SELECT * FROM ops.measure_storage();
  EXCEPTION WHEN insufficient_privilege OR lock_not_available OR object_not_in_prerequisite_state THEN RETURN QUERY SELECT 'database-size', NULL::float8, NULL::text, left(sqlerrm, 500); END;
  BEGIN RETURN QUERY SELECT * FROM ops.measure_upkeep();
  EXCEPTION WHEN insufficient_privilege OR lock_not_available OR object_not_in_prerequisite_state THEN RETURN QUERY SELECT 'wraparound', NULL::float8, NULL::text, left(sqlerrm, 500); END;
  RETURN QUERY SELECT * FROM ops.measure_jobs();
  RETURN QUERY SELECT * FROM ops.measure_unattended();
END $$;

-- As before, with what waits longer than is worth a look.
CREATE OR REPLACE FUNCTION ops.daily_of_hosts(since timestamptz)
RETURNS TABLE (category text, entity text, entity_id text, label text, words text, level text, at timestamptz, actor_id bigint, pane text, filter text, rank bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most_hours numeric := (SELECT (s.value #>> '{}')::numeric FROM platform.setting s WHERE s.key = 'health.backup.wrong');
  least_percent numeric := (SELECT (s.value #>> '{}')::numeric FROM platform.setting s WHERE s.key = 'health.backup-size.wrong');
  longest_wait numeric := (SELECT (s.value #>> '{}')::numeric FROM platform.setting s WHERE s.key = 'health.run-waits.look');
BEGIN
  RETURN QUERY
  SELECT 'failed runs', 'run', r.number::text, '#' || r.number, format('%s %s%s', r.title, r.status, coalesce(': ' || r.error, '')), CASE WHEN r.status = 'unknown' OR r.dangerous THEN 'critical' ELSE 'warning' END,
         coalesce(r.finished_at, r.queued_at)::timestamptz, NULL::bigint, 'runs', 'id=' || r.number, CASE WHEN r.status = 'unknown' OR r.dangerous THEN 0 ELSE 1 END::bigint
    FROM ops.run r WHERE r.status = 'unknown' OR (r.status IN ('failed', 'timed out') AND r.finished_at >= since)
  UNION ALL
  SELECT 'failed runs', 'schedule', s.id::text, s.name, string_agg(format('%s %s: %s', to_char(d.due_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), CASE WHEN d.times > 1 THEN format('missed %s times', d.times) ELSE d.status END, d.words), '; ' ORDER BY d.due_at),
         'warning', max(d.finished_at)::timestamptz, NULL, 'schedule', 'name=' || s.name, 2
    FROM ops.schedule_run d JOIN ops.schedule s ON s.id = d.schedule_id WHERE d.status IN ('failed', 'missed') AND d.finished_at >= since AND s.runbook IS NOT NULL GROUP BY s.id, s.name
  UNION ALL
  SELECT 'failed runs', w.entity, w.entity_id, w.label, w.words, 'warning', w.waits_from, NULL, CASE w.entity WHEN 'run' THEN 'runs' ELSE 'schedule' END, CASE w.entity WHEN 'run' THEN 'id=' || w.entity_id ELSE 'name=' || w.label END, 3
    FROM ops.waiting_work() w WHERE w.seconds >= longest_wait
      -- told above already
     AND NOT EXISTS (SELECT FROM ops.run r WHERE w.entity = 'run' AND r.number::text = w.entity_id AND r.status = 'unknown')
     AND NOT EXISTS (SELECT FROM ops.schedule_run d WHERE w.entity = 'schedule' AND d.schedule_id::text = w.entity_id AND d.status IN ('failed', 'missed') AND d.finished_at >= since)
  UNION ALL
  SELECT 'backups', 'backup', b.id::text, b.name, format('the backup %s of %s is corrupt: %s', b.name, h.name, coalesce(b.fault, 'it cannot be read')), 'critical', coalesce(b.checked_at, b.taken_at)::timestamptz, NULL, 'backups', 'id=' || b.id, 0
    FROM ops.backup b JOIN ops.host h ON h.id = b.host_id WHERE b.status = 'corrupt'
  UNION ALL
  SELECT 'backups', 'backup', b.id || '-copy', b.name, format('the copy of the backup %s of %s is %s: %s', b.name, h.name, b.copy_status, coalesce(b.copy_fault, 'it cannot be read')), 'critical', coalesce(b.copy_checked_at, b.taken_at)::timestamptz, NULL, 'backups', 'id=' || b.id, 0
    FROM ops.backup b JOIN ops.host h ON h.id = b.host_id WHERE b.status IN ('verified', 'corrupt') AND b.copy_status IN ('corrupt', 'missing')
  UNION ALL
  SELECT 'backups', 'backup', coalesce(n.id::text, '-'), coalesce(n.name, 'none'),
         CASE WHEN n.id IS NULL THEN 'there is no verified backup of the database'
              WHEN n.taken_at < clock_timestamp() - most_hours * interval '1 hour' THEN format('the newest verified backup of the database, %s on %s, is older than %s hours', n.name, n.host, most_hours)
              ELSE format('the newest backup of the database, %s on %s, is smaller than %s %% of the one before: %s octets after %s', n.name, n.host, least_percent, n.octets, n.previous_octets) END,
         'critical', coalesce(n.taken_at, clock_timestamp())::timestamptz, NULL, 'backups', CASE WHEN n.id IS NULL THEN '' ELSE 'id=' || n.id END, 1
    FROM (SELECT 1) one LEFT JOIN LATERAL (SELECT b.id, b.name, b.taken_at, b.octets, b.previous_octets, h.name AS host FROM ops.backup b JOIN ops.host h ON h.id = b.host_id
                                            WHERE b.sort = 'database' AND b.status = 'verified' ORDER BY b.taken_at DESC, b.id DESC LIMIT 1) n ON true
   WHERE EXISTS (SELECT FROM ops.host h WHERE h.retired_at IS NULL) AND (n.id IS NULL OR n.taken_at < clock_timestamp() - most_hours * interval '1 hour' OR n.octets * 100 < n.previous_octets * least_percent);
END $$;

-- ── Copies of backups are read too ───────────────────────────────────────────────────────────────

ALTER TABLE ops.backup
  ADD COLUMN copy_status     text CHECK (copy_status IN ('verified', 'corrupt', 'missing')), -- of the copy on the other disk or host; null where there should be none, or nobody has looked
  ADD COLUMN copy_checked_at timestamptz(3), -- read whole for the last time
  ADD COLUMN copy_fault      text; -- what was wrong with it then
-- Each was read whole when it was copied.
ALTER TABLE ops.backup DISABLE TRIGGER guard;
UPDATE ops.backup b SET copy_status = 'verified', copy_checked_at = b.taken_at WHERE b.copied AND b.status IN ('verified', 'corrupt');
ALTER TABLE ops.backup ENABLE TRIGGER guard;

-- As before, with the copy.
CREATE OR REPLACE FUNCTION ops.take_backup_result(of_run uuid, of_host bigint, said jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  writing bigint := (SELECT b.id FROM ops.backup b WHERE b.run_id = of_run AND b.host_id = of_host AND b.status = 'writing');
BEGIN
  IF EXISTS (SELECT FROM ops.backup b WHERE b.host_id = of_host AND b.name = said ->> 'name') THEN
    DELETE FROM ops.backup b WHERE b.id = writing;
    RETURN;
  END IF;
  UPDATE ops.backup b
     SET name = said ->> 'name', status = 'written', taken_at = (said ->> 'takenAt')::timestamptz, octets = (said ->> 'octets')::bigint, previous_octets = (said ->> 'previousOctets')::bigint,
         encrypted = (said ->> 'encrypted')::boolean, copied = (said ->> 'copied')::boolean, seconds = (said ->> 'seconds')::double precision, manifest = said - '{expired,copied,verified}'::text[]
   WHERE b.id = writing;
  UPDATE ops.backup b SET status = 'verified', checked_at = clock_timestamp(), copy_status = CASE WHEN b.copied THEN 'verified' END, copy_checked_at = CASE WHEN b.copied THEN clock_timestamp() END WHERE b.id = writing AND (said ->> 'verified')::boolean;
END $$;

CREATE OR REPLACE FUNCTION ops.take_backup_list(of_host bigint, said jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE ops.backup b SET status = 'expired', expired_at = clock_timestamp()
   WHERE b.host_id = of_host AND b.status IN ('verified', 'corrupt') AND NOT coalesce((said -> 'names' -> b.sort) ? b.name, true);
  UPDATE ops.backup b SET status = l.one ->> 'status', pinned = (l.one ->> 'pinned')::boolean, checked_at = coalesce((l.one ->> 'checkedAt')::timestamptz, b.checked_at), fault = l.one ->> 'why'
    FROM jsonb_array_elements(said -> 'backups') AS l (one)
   WHERE b.host_id = of_host AND b.name = l.one ->> 'name' AND b.status IN ('verified', 'corrupt') AND l.one ->> 'status' IN ('verified', 'corrupt')
     AND (b.status, b.pinned, b.fault) IS DISTINCT FROM (l.one ->> 'status', (l.one ->> 'pinned')::boolean, l.one ->> 'why');
  -- As they look from outside
  UPDATE ops.backup b SET copy_status = l.one ->> 'copy', copy_fault = CASE l.one ->> 'copy' WHEN 'missing' THEN 'it is not there' WHEN 'corrupt' THEN coalesce(b.copy_fault, 'it is not as long as it was') END
    FROM jsonb_array_elements(said -> 'backups') AS l (one)
   WHERE b.host_id = of_host AND b.name = l.one ->> 'name' AND b.status IN ('verified', 'corrupt') AND l.one ? 'copy' AND b.copy_status IS DISTINCT FROM l.one ->> 'copy';
  INSERT INTO ops.backup (host_id, name, sort, status, pinned, taken_at, octets, encrypted, checked_at, fault, copy_status, manifest)
  SELECT of_host, l.one ->> 'name', l.one ->> 'sort', l.one ->> 'status', (l.one ->> 'pinned')::boolean, (l.one ->> 'takenAt')::timestamptz, (l.one ->> 'octets')::bigint,
         (l.one ->> 'encrypted')::boolean, (l.one ->> 'checkedAt')::timestamptz, l.one ->> 'why', l.one ->> 'copy', l.one
    FROM jsonb_array_elements(said -> 'backups') AS l (one) WHERE l.one ->> 'status' IN ('verified', 'corrupt')
  ON CONFLICT (host_id, name) DO NOTHING;
END $$;

CREATE OR REPLACE FUNCTION ops.follow_backup() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  work text := new.words[3];
  is_over boolean := new.status IN ('succeeded', 'failed', 'timed out', 'aborted', 'skipped');
BEGIN
  IF work IN ('backup', 'backup-files') AND new.status = 'running' THEN
    INSERT INTO ops.backup (host_id, name, sort, run_id) VALUES (new.host_id, format('run %s, step %s', new.run_id, new.position), CASE work WHEN 'backup' THEN 'database' ELSE 'files' END, new.run_id)
    ON CONFLICT (host_id, name) DO NOTHING;
  END IF;
  -- What a host says may be anything: it must not keep the run from ending.
  BEGIN
    IF is_over AND work IN ('backup', 'backup-files') AND new.result ? 'name' THEN
      PERFORM ops.take_backup_result(new.run_id, new.host_id, new.result);
      UPDATE ops.backup b SET status = 'expired', expired_at = clock_timestamp()
       WHERE b.host_id = new.host_id AND b.status IN ('verified', 'corrupt') AND coalesce((new.result -> 'expired') ? b.name, false);
    ELSIF is_over AND work = 'verify-backup' AND new.result ? 'verified' THEN
      UPDATE ops.backup b SET status = CASE WHEN (new.result ->> 'verified')::boolean THEN 'verified' ELSE 'corrupt' END, checked_at = clock_timestamp(), fault = new.result ->> 'fault'
       WHERE b.host_id = new.host_id AND b.name = new.result ->> 'name' AND b.status IN ('verified', 'corrupt');
      UPDATE ops.backup b SET copy_status = new.result -> 'copy' ->> 'status', copy_checked_at = clock_timestamp(), copy_fault = new.result -> 'copy' ->> 'fault'
       WHERE b.host_id = new.host_id AND b.name = new.result ->> 'name' AND b.status IN ('verified', 'corrupt') AND jsonb_typeof(new.result -> 'copy') = 'object';
    ELSIF is_over AND work IN ('pin-backup', 'unpin-backup') AND new.result ? 'pinned' THEN
      UPDATE ops.backup b SET pinned = (new.result ->> 'pinned')::boolean WHERE b.host_id = new.host_id AND b.name = new.result ->> 'name';
    ELSIF is_over AND work = 'list-backups' AND new.result ? 'names' THEN
      PERFORM ops.take_backup_list(new.host_id, new.result);
    END IF;
  EXCEPTION WHEN data_exception OR integrity_constraint_violation OR SQLSTATE 'BU007' OR SQLSTATE 'BU010' THEN
    NULL;
  END;
  IF is_over AND work IN ('backup', 'backup-files') THEN
    DELETE FROM ops.backup b WHERE b.run_id = new.run_id AND b.host_id = new.host_id AND b.status = 'writing';
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION ops.measure_jobs() RETURNS TABLE (measure text, value double precision, grade text, words text) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT j.measure, extract(epoch FROM clock_timestamp() - good.finished_at)::float8 / 3600, CASE WHEN l.status = 'failed' THEN 'bad' WHEN good.finished_at IS NULL THEN 'warn' END,
         CASE WHEN l.id IS NULL THEN 'not looked at yet' ELSE format('%s at %s: %s', l.status, to_char(l.finished_at, 'YYYY-MM-DD HH24:MI'), left(l.words, 300)) END
    FROM (VALUES ('ledger', 'ledger'), ('audit-chain', 'audit-verify')) AS j (measure, job) JOIN ops.schedule s ON s.name = j.job
    LEFT JOIN LATERAL (SELECT r.* FROM ops.schedule_run r WHERE r.schedule_id = s.id AND r.status IN ('succeeded', 'failed') ORDER BY r.due_at DESC LIMIT 1) l ON true
    LEFT JOIN LATERAL (SELECT r.finished_at FROM ops.schedule_run r WHERE r.schedule_id = s.id AND r.status = 'succeeded' ORDER BY r.due_at DESC LIMIT 1) good ON true;

  -- A demo that nobody backed up yet is worth a look, a bank that nobody backed up is wrong
  RETURN QUERY SELECT 'backup', extract(epoch FROM clock_timestamp() - b.taken_at)::float8 / 3600,
         CASE WHEN b.id IS NULL THEN CASE WHEN EXISTS (SELECT FROM platform.demo_marker) THEN 'warn' ELSE 'bad' END
              WHEN EXISTS (SELECT FROM ops.backup c WHERE c.sort = 'database' AND c.status = 'corrupt' AND c.taken_at > b.taken_at) OR b.copy_status IN ('corrupt', 'missing') THEN 'bad' END,
         CASE WHEN b.id IS NULL THEN 'there is none that was verified' ELSE left(format('%s on %s, %s%s%s', b.name, b.host, coalesce(ops.size_words(b.octets::float8), 'of unknown size'),
              CASE WHEN b.encrypted THEN ', encrypted' ELSE ', not encrypted' END, CASE WHEN b.copy_status IN ('corrupt', 'missing') THEN ', its copy is ' || b.copy_status WHEN b.copied OR b.copy_status = 'verified' THEN ', copied' ELSE ', not copied elsewhere' END), 500) END
    FROM (VALUES (1)) one LEFT JOIN LATERAL (SELECT k.*, h.name AS host FROM ops.backup k JOIN ops.host h ON h.id = k.host_id WHERE k.sort = 'database' AND k.status = 'verified' ORDER BY k.taken_at DESC, k.id DESC LIMIT 1) b ON true;
  RETURN QUERY SELECT 'backup-size', CASE WHEN b.previous_octets > 0 THEN 100.0::float8 * b.octets / b.previous_octets END, NULL::text,
         CASE WHEN b.id IS NULL THEN 'there is none' WHEN b.previous_octets IS NULL THEN 'there is none before it' ELSE format('%s after %s', ops.size_words(b.octets::float8), ops.size_words(b.previous_octets::float8)) END
    FROM (VALUES (1)) one LEFT JOIN LATERAL (SELECT k.* FROM ops.backup k WHERE k.sort = 'database' AND k.status = 'verified' ORDER BY k.taken_at DESC, k.id DESC LIMIT 1) b ON true;
  RETURN QUERY SELECT 'drill', extract(epoch FROM clock_timestamp() - g.finished_at)::float8 / 86400, CASE WHEN NOT l.succeeded THEN 'bad' WHEN g.id IS NULL THEN 'warn' END,
         CASE WHEN l.id IS NULL THEN 'nobody restored a backup yet' WHEN NOT l.succeeded THEN 'the last one failed: ' || left(coalesce(l.finding, '-'), 400)
              ELSE format('%s was restored in %s s, %s transactions', l.backup, l.seconds, to_char(l.transactions, 'FM999,999,999,999')) END
    FROM (VALUES (1)) one LEFT JOIN LATERAL (SELECT d.* FROM ops.drill d ORDER BY d.finished_at DESC, d.id DESC LIMIT 1) l ON true
    LEFT JOIN LATERAL (SELECT d.* FROM ops.drill d WHERE d.succeeded ORDER BY d.finished_at DESC, d.id DESC LIMIT 1) g ON true;
  RETURN QUERY SELECT 'orphans', CASE WHEN jsonb_typeof(o.result -> 'orphans') = 'number' THEN (o.result ->> 'orphans')::float8 END, NULL::text,
         CASE WHEN o.finished_at IS NULL THEN 'nobody has listed them yet' ELSE format('as run %s listed them at %s', o.number, to_char(o.finished_at, 'YYYY-MM-DD HH24:MI')) END
    FROM (VALUES (1)) one LEFT JOIN LATERAL (SELECT s.result, s.finished_at, r.number FROM ops.run r JOIN ops.run_step s ON s.run_id = r.id
      WHERE r.runbook = 'orphans' AND s.status = 'succeeded' ORDER BY r.queued_at DESC, r.number DESC LIMIT 1) o ON true;
END $$;
