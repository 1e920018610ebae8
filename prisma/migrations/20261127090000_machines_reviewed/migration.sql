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
