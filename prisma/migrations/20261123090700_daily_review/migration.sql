-- The daily review: everything that nobody has looked at yet, gathered by the database, decided one by one, and closed with a
-- record whose hash stands in the audit log. The handover from one shift to the next, with a digest that the database computes.

-- What a review asks about. `passing` is found by when it happened: what nobody decided is asked about again in the next review.
-- `standing` is asked about until somebody keeps it, and again after seven days or when it changed. `daily` is asked about every day.
CREATE TABLE ops.daily_category (
  name   text PRIMARY KEY,
  place  smallint NOT NULL UNIQUE,
  kind   text NOT NULL CHECK (kind IN ('passing', 'standing', 'daily')),
  remark text -- why nothing of it can be found yet
);
INSERT INTO ops.daily_category (name, place, kind, remark) VALUES
  ('broken glass', 1, 'daily', NULL), ('alerts', 2, 'daily', NULL), ('security events', 3, 'passing', NULL), ('failed logins', 4, 'passing', NULL),
  ('new holds', 5, 'passing', NULL), ('holds to review', 6, 'daily', NULL), ('flagged transactions', 7, 'standing', NULL),
  ('large transactions', 8, 'passing', NULL), ('pending accounts', 9, 'standing', NULL), ('snoozes', 10, 'standing', NULL), ('expiring roles', 11, 'standing', NULL),
  ('expiring limits', 12, 'standing', NULL), ('expiring IP rules', 13, 'standing', NULL), ('dead notices', 14, 'standing', NULL),
  ('failed runs', 15, 'passing', 'no runs yet'), ('backups', 16, 'daily', 'no backups known');
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON ops.daily_category FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.daily_category FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

CREATE TABLE ops.daily_review (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  day         date NOT NULL UNIQUE, -- of the bank
  since       timestamptz(3) NOT NULL, -- what passed is looked at from here on: the last review's end
  opened_by   bigint NOT NULL REFERENCES ops.operator,
  opened_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  gathered_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(), -- and up to here
  items       integer NOT NULL DEFAULT 0,
  closed_by   bigint REFERENCES ops.operator,
  closed_at   timestamptz(3),
  close_note  text,
  kept        integer NOT NULL DEFAULT 0, -- these four when it is closed
  acted       integer NOT NULL DEFAULT 0,
  escalated   integer NOT NULL DEFAULT 0,
  undecided   integer NOT NULL DEFAULT 0,
  result_hash bytea CHECK (octet_length(result_hash) = 32),
  version     integer NOT NULL DEFAULT 0,
  CONSTRAINT closed_whole CHECK (num_nonnulls(closed_by, closed_at, close_note) IN (0, 3) AND (closed_at IS NULL OR items = kept + acted + escalated + undecided))
);
CREATE UNIQUE INDEX daily_review_one_open_key ON ops.daily_review ((closed_at IS NULL)) WHERE closed_at IS NULL;
CREATE INDEX daily_review_opened_at_id_idx ON ops.daily_review (opened_at, id);

CREATE TABLE ops.daily_item (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  review_id   bigint NOT NULL REFERENCES ops.daily_review,
  category    text NOT NULL REFERENCES ops.daily_category,
  entity      text NOT NULL,
  entity_id   text NOT NULL,
  label       text NOT NULL,
  words       text NOT NULL, -- what was seen when it was gathered
  level       text NOT NULL CHECK (level IN ('info', 'warning', 'critical')),
  at          timestamptz(3) NOT NULL, -- since when it is so
  actor_id    bigint, -- whose act it is, who therefore does not judge it
  pane        text NOT NULL, -- where the record is, and by which filter
  filter      text NOT NULL,
  gathered_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  decision    text CHECK (decision IN ('keep', 'act', 'escalate')),
  note        text,
  decided_by  bigint REFERENCES ops.operator,
  decided_at  timestamptz(3),
  version     integer NOT NULL DEFAULT 0,
  UNIQUE (review_id, category, entity, entity_id),
  CONSTRAINT decided_whole CHECK (num_nonnulls(decision, note, decided_by, decided_at) IN (0, 4) AND (note IS NULL OR length(btrim(note)) BETWEEN 10 AND 2000))
);
CREATE INDEX daily_item_review_id_id_idx ON ops.daily_item (review_id, id);
CREATE INDEX daily_item_entity_entity_id_idx ON ops.daily_item (entity, entity_id);

-- How much there was of each category, and how much of it is listed.
CREATE TABLE ops.daily_coverage (
  review_id bigint NOT NULL REFERENCES ops.daily_review,
  category  text NOT NULL REFERENCES ops.daily_category,
  listed    integer NOT NULL DEFAULT 0,
  left_out  integer NOT NULL DEFAULT 0, -- beyond the most that is listed
  seen      integer NOT NULL DEFAULT 0, -- kept within seven days and unchanged: not asked about again
  remark    text,
  PRIMARY KEY (review_id, category)
);

-- ── What may happen to them ──────────────────────────────────────────────────────────────────────

CREATE FUNCTION ops.guard_daily_review() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF tg_op = 'INSERT' THEN
    new.opened_by := (ops.require_action('daily.open')).operator_id;
    new.opened_at := clock_timestamp(); new.gathered_at := new.opened_at; new.closed_at := NULL; new.closed_by := NULL; new.close_note := NULL; new.result_hash := NULL; new.version := 0;
    RETURN new;
  END IF;
  IF old.result_hash IS NOT NULL OR (new.day, new.since, new.opened_by, new.opened_at) IS DISTINCT FROM (old.day, old.since, old.opened_by, old.opened_at) THEN
    RAISE EXCEPTION 'a review stays as it was opened, and as it was closed' USING ERRCODE = 'BU010';
  END IF;
  IF (new.items, new.gathered_at) IS DISTINCT FROM (old.items, old.gathered_at) THEN
    PERFORM ops.require_action('daily.open', 'daily.refresh');
    new.gathered_at := clock_timestamp();
  END IF;
  IF (new.closed_at, new.closed_by, new.close_note, new.kept, new.acted, new.escalated, new.undecided, new.result_hash)
     IS DISTINCT FROM (old.closed_at, old.closed_by, old.close_note, old.kept, old.acted, old.escalated, old.undecided, old.result_hash) THEN
    new.closed_by := (ops.require_action('daily.close')).operator_id;
    new.closed_at := coalesce(old.closed_at, clock_timestamp());
  END IF;
  new.version := old.version + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.daily_review FOR EACH ROW EXECUTE FUNCTION ops.guard_daily_review();

CREATE FUNCTION ops.guard_daily_item() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
  loose text[] := '{decision,note,decided_by,decided_at,version}';
BEGIN
  IF tg_op = 'INSERT' THEN
    PERFORM ops.require_action('daily.open', 'daily.refresh');
    new.gathered_at := clock_timestamp(); new.decision := NULL; new.note := NULL; new.decided_by := NULL; new.decided_at := NULL; new.version := 0;
    RETURN new;
  END IF;
  IF (to_jsonb(new) - loose) <> (to_jsonb(old) - loose) OR (old.decision IS NULL) = (new.decision IS NULL) THEN
    RAISE EXCEPTION 'what a review found stays as it was found; a decision is taken back before another is made' USING ERRCODE = 'BU010';
  END IF;
  run := ops.require_action('daily-items.' || coalesce(new.decision, 'undo'));
  IF EXISTS (SELECT FROM ops.daily_review r WHERE r.id = old.review_id AND r.closed_at IS NOT NULL) THEN
    RAISE EXCEPTION 'review % is closed', old.review_id USING ERRCODE = 'BU007';
  END IF;
  IF new.decision IN ('keep', 'act') AND old.actor_id = run.operator_id THEN
    RAISE EXCEPTION 'nobody reviews what they did themselves: somebody else decides it, or it is escalated' USING ERRCODE = 'BU009';
  END IF;
  IF new.decision IS NOT NULL THEN
    new.decided_by := run.operator_id; new.decided_at := clock_timestamp();
  END IF;
  new.version := old.version + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.daily_item FOR EACH ROW EXECUTE FUNCTION ops.guard_daily_item();

CREATE FUNCTION ops.guard_daily_coverage() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM ops.require_action('daily.open', 'daily.refresh');
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.daily_coverage FOR EACH ROW EXECUTE FUNCTION ops.guard_daily_coverage();

-- ── What there is to look at ─────────────────────────────────────────────────────────────────────

CREATE FUNCTION ops.money_words(amount bigint, currency text) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  digits integer := coalesce((SELECT c.exponent FROM bank.currency c WHERE c.code = money_words.currency), 2);
BEGIN
  RETURN format('%s %s', money_words.currency, to_char(amount / power(10::numeric, digits), 'FM999,999,999,999,999,990' || CASE WHEN digits > 0 THEN '.' || repeat('0', digits) ELSE '' END));
END $$;

-- Accounts, holds, transactions and limits. The lowest rank is listed first.
CREATE FUNCTION ops.daily_of_bank(since timestamptz)
RETURNS TABLE (category text, entity text, entity_id text, label text, words text, level text, at timestamptz, actor_id bigint, pane text, filter text, rank bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  tomorrow date := bank.business_day() + 1;
  share numeric := coalesce((SELECT (s.value #>> '{}')::numeric FROM platform.setting s WHERE s.key = 'detection.r1.percent'), 80);
BEGIN
  RETURN QUERY
  WITH held AS (
    SELECT DISTINCT ON (h.account_id) h.account_id, h.ground, h.note, h.review_on, h.placed_at, h.placed_by, o.name, a.number
      FROM ops.hold h JOIN ops.operator o ON o.id = h.placed_by JOIN bank.account a ON a.id = h.account_id
     WHERE h.released_at IS NULL ORDER BY h.account_id, h.id DESC
  )
  SELECT 'new holds', 'account', h.account_id::text, h.number, format('frozen by %s for %s: %s', h.name, h.ground, h.note), 'warning', h.placed_at::timestamptz, h.placed_by,
         'accounts', 'id=' || h.account_id, extract(epoch FROM h.placed_at)::bigint
    FROM held h WHERE h.placed_at >= since
  UNION ALL
  SELECT 'holds to review', 'account', h.account_id::text, h.number, format('due %s, %s by %s: %s', min(h.review_on), h.ground, o.name, h.note),
         CASE WHEN min(h.review_on) < tomorrow - 1 THEN 'critical' ELSE 'warning' END, h.placed_at::timestamptz, NULL::bigint, 'accounts', 'id=' || h.account_id, min(h.review_on) - date '2000-01-01'
    FROM (SELECT d.account_id, a.number, d.review_on, d.ground, d.note, d.placed_at, d.placed_by,
                 row_number() OVER (PARTITION BY d.account_id ORDER BY d.review_on, d.id) AS turn
            FROM ops.hold d JOIN bank.account a ON a.id = d.account_id WHERE d.released_at IS NULL AND d.review_on <= tomorrow) h
    JOIN ops.operator o ON o.id = h.placed_by WHERE h.turn = 1 GROUP BY h.account_id, h.number, o.name, h.ground, h.note, h.placed_at
  UNION ALL
  SELECT 'flagged transactions', 'transaction', f.transaction_id::text, '#' || f.transaction_id, format('%s, flagged by %s: %s', ops.money_words(t.amount, t.currency), o.name, f.note), 'warning',
         f.flagged_at::timestamptz, NULL, 'transactions', 'id=' || f.transaction_id, -extract(epoch FROM f.flagged_at)::bigint
    FROM (SELECT DISTINCT ON (g.transaction_id) g.* FROM ops.transaction_flag g WHERE g.cleared_at IS NULL ORDER BY g.transaction_id, g.id DESC) f
    JOIN bank.transaction t ON t.id = f.transaction_id JOIN ops.operator o ON o.id = f.flagged_by
  UNION ALL
  SELECT 'large transactions', 'transaction', t.id::text, '#' || t.id,
         format('%s of %s from %s to %s%s', t.type, ops.money_words(t.amount, t.currency), coalesce(x.number, t.counterparty, 'outside'), coalesce(y.number, t.counterparty, 'outside'),
                CASE WHEN l.is_hit THEN '; hit by R1' ELSE '' END),
         CASE WHEN l.is_hit THEN 'warning' ELSE 'info' END, t.posted_at::timestamptz, NULL, 'transactions', 'id=' || t.id, -t.amount
    FROM (SELECT c.id, bool_or(c.is_hit) AS is_hit
            FROM (SELECT p.id, false AS is_hit FROM bank.transaction p JOIN bank.limit_default d ON d.type = p.type JOIN bank.currency m ON m.code = p.currency
                   WHERE p.posted_at >= since AND p.amount * 100 >= d.single_units * share * power(10::numeric, m.exponent)
                  UNION ALL SELECT h.last_id, true FROM ops.rule_hit h WHERE h.rule = 1 AND NOT h.shadow AND h.at >= since) c
           GROUP BY c.id) l
    JOIN bank.transaction t ON t.id = l.id LEFT JOIN bank.account x ON x.id = t.from_account_id LEFT JOIN bank.account y ON y.id = t.to_account_id
  UNION ALL
  SELECT 'pending accounts', 'account', a.id::text, a.number, format('%s account of %s waits for approval', a.type, u.username), 'info', a.opened_at::timestamptz, NULL,
         'accounts', 'id=' || a.id, extract(epoch FROM a.opened_at)::bigint
    FROM bank.account a JOIN bank."user" u ON u.id = a.user_id WHERE a.status = 'pending'
  UNION ALL
  SELECT 'expiring limits', 'limit', v.id::text, a.number, format('its own limit for a %s (%s, %s a day) ends on %s', v.type, ops.money_words(v.single, a.currency), ops.money_words(v.daily, a.currency),
                to_char(v.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')), 'info', v.created_at::timestamptz, NULL, 'accounts', 'id=' || a.id, extract(epoch FROM v.expires_at)::bigint
    FROM bank.limit_override v JOIN bank.account a ON a.id = v.account_id WHERE v.ended_at IS NULL AND v.expires_at BETWEEN clock_timestamp() AND clock_timestamp() + interval '7 days';
END $$;

-- Failed logins that no security event tells of, by user and by address: from as many on as alert.
CREATE FUNCTION ops.daily_failures(since timestamptz)
RETURNS TABLE (category text, entity text, entity_id text, label text, words text, level text, at timestamptz, actor_id bigint, pane text, filter text, rank bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most integer := coalesce(platform.whole_setting('security.alert-failed-logins'), 10);
BEGIN
  RETURN QUERY
  WITH failure AS MATERIALIZED (SELECT e.user_id, e.username, e.ip, e.at FROM bank.auth_event e WHERE e.type = 'login_failure' AND e.at >= since),
  told AS (SELECT s.user_id, s.ip FROM ops.security_event s WHERE s.kind IN ('failed logins', 'brute force', 'lockout') AND s.level <> 'info' AND s.last_at >= since)
  SELECT 'failed logins', 'user', f.user_id::text, f.username, format('%s failed logins from %s addresses', count(*), count(DISTINCT f.ip)), 'warning', max(f.at)::timestamptz, NULL::bigint,
         'users', 'id=' || f.user_id, -count(*)
    FROM failure f WHERE f.user_id IS NOT NULL AND NOT EXISTS (SELECT FROM told t WHERE t.user_id = f.user_id) GROUP BY f.user_id, f.username HAVING count(*) >= most
  UNION ALL
  SELECT 'failed logins', 'sign-in', host(f.ip), host(f.ip), format('%s failed logins for %s users', count(*), count(DISTINCT f.username)), 'warning', max(f.at)::timestamptz, NULL,
         'sign-ins', 'type=login_failure ip=' || host(f.ip), -count(*)
    FROM failure f WHERE f.ip IS NOT NULL AND NOT EXISTS (SELECT FROM told t WHERE t.ip = f.ip) GROUP BY f.ip HAVING count(*) >= most;
END $$;

-- Alerts, security, rights, rules of addresses and notices.
CREATE FUNCTION ops.daily_of_console(since timestamptz)
RETURNS TABLE (category text, entity text, entity_id text, label text, words text, level text, at timestamptz, actor_id bigint, pane text, filter text, rank bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  today timestamptz := clock_timestamp();
  soon timestamptz := today + interval '7 days';
BEGIN
  RETURN QUERY
  SELECT 'broken glass', 'approval', a.number::text, '#' || a.number, format('%s alone did %s to %s %s, which takes two: %s', o.name, a.action, a.entity, a.entity_label, a.note), 'critical',
         coalesce(a.executed_at, a.made_at)::timestamptz, a.maker_id, 'inbox', 'number=' || a.number, a.number
    FROM ops.approval a JOIN ops.operator o ON o.id = a.maker_id WHERE a.break_glass AND a.status = 'executed' AND a.verdict IS NULL
  UNION ALL
  SELECT 'alerts', 'alert', l.id::text, '#' || l.id, format('R%s %s on %s, score %s%s%s: %s', l.rule, r.title, coalesce(x.number, l.account_id::text), l.score,
                CASE WHEN c.name IS NOT NULL THEN ', claimed by ' || c.name ELSE '' END,
                CASE WHEN l.snoozed_until > today THEN ', SNOOZED until ' || to_char(l.snoozed_until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') ELSE '' END,
                coalesce((SELECT h.words FROM ops.rule_hit h WHERE h.alert_id = l.id ORDER BY h.id DESC LIMIT 1), format('%s hits', l.hits))),
         CASE WHEN l.score >= 80 THEN 'critical' ELSE 'warning' END, l.last_hit_at::timestamptz, NULL::bigint, 'alerts', 'id=' || l.id, -l.score::bigint
    FROM ops.alert l JOIN ops.detection_rule r ON r.id = l.rule LEFT JOIN bank.account x ON x.id = l.account_id LEFT JOIN ops.operator c ON c.id = l.claimed_by
   WHERE l.status IN ('open', 'in review')
  UNION ALL
  SELECT 'snoozes', 'account', z.account_id::text, coalesce(x.number, z.account_id::text), string_agg(format('R%s raises nothing until %s (%s: %s)', z.rule, to_char(z.until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), o.name, z.note), '; ' ORDER BY z.rule),
         'info', max(z.set_at)::timestamptz, NULL, 'accounts', 'id=' || z.account_id, extract(epoch FROM min(z.until))::bigint
    FROM ops.alert_snooze z JOIN ops.operator o ON o.id = z.set_by LEFT JOIN bank.account x ON x.id = z.account_id WHERE z.until > today GROUP BY z.account_id, x.number
  UNION ALL
  SELECT 'security events', 'security-event', s.id::text, s.source, format('%s: %s%s', s.kind, s.summary, CASE WHEN s.acknowledged_at IS NOT NULL THEN ' (acknowledged)' ELSE '' END), s.level, s.last_at::timestamptz, NULL,
         'security', 'id=' || s.id, CASE s.level WHEN 'critical' THEN 0 ELSE 1 END
    FROM ops.security_event s WHERE s.level IN ('warning', 'critical') AND s.last_at >= since
  UNION ALL
  SELECT 'expiring roles', 'operator', o.id::text, o.name, 'operator: ' || string_agg(format('%s ends on %s', h.role, to_char(h.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')), ', ' ORDER BY h.expires_at, h.role), 'info',
         min(h.granted_at)::timestamptz, NULL, 'operators', 'id=' || o.id, extract(epoch FROM min(h.expires_at))::bigint
    FROM ops.operator_role h JOIN ops.operator o ON o.id = h.operator_id AND o.is_active WHERE h.expires_at BETWEEN today AND soon GROUP BY o.id, o.name
  UNION ALL
  SELECT 'expiring roles', 'grant', (g.id * 2)::text, u.username, format('%s%s ends on %s', r.slug, CASE WHEN g.tenant = '' THEN '' ELSE ' in ' || g.tenant END, to_char(g.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')), 'info',
         g.granted_at::timestamptz, NULL, 'grants', format('who="%s" role=%s', u.username, r.slug), extract(epoch FROM g.expires_at)::bigint
    FROM platform.role_grant g JOIN platform.role r ON r.id = g.role_id JOIN bank."user" u ON u.id = g.user_id WHERE g.revoked_at IS NULL AND g.expires_at BETWEEN today AND soon
  UNION ALL
  SELECT 'expiring IP rules', 'ip-rule', p.id::text, p.network::text, format('%s (%s) ends on %s: %s', p.kind, p.scope, to_char(p.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), p.reason), 'info',
         p.created_at::timestamptz, NULL, 'ip-rules', 'id=' || p.id, extract(epoch FROM p.expires_at)::bigint
    FROM platform.ip_rule p WHERE p.removed_at IS NULL AND p.expires_at BETWEEN today AND soon
  UNION ALL
  SELECT 'dead notices', 'notice', n.number::text, '#' || n.number, format('%s by %s was given up: %s', n.template, n.channel, coalesce(n.last_error, 'no reason is known')), 'warning', n.created_at::timestamptz, NULL,
         'notices', 'number=' || n.number, -n.number
    FROM ops.notice n WHERE n.status = 'dead';
END $$;

-- ── The review ───────────────────────────────────────────────────────────────────────────────────

-- Adds what is not in the review yet, at most 200 of a category, the gravest first, and counts what is left out. Internal.
CREATE FUNCTION ops.gather_daily(wanted bigint) RETURNS ops.daily_review LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  review ops.daily_review;
  most CONSTANT integer := 200;
BEGIN
  SELECT * INTO STRICT review FROM ops.daily_review r WHERE r.id = wanted FOR UPDATE;
  WITH now_there AS (
    SELECT * FROM ops.daily_of_bank(review.since) UNION ALL SELECT * FROM ops.daily_failures(review.since) UNION ALL SELECT * FROM ops.daily_of_console(review.since)
    UNION ALL
    -- What passed and nobody decided does not fall out by being old.
    SELECT i.category, i.entity, i.entity_id, i.label, i.words, i.level, i.at, i.actor_id, i.pane, i.filter, -1
      FROM ops.daily_item i JOIN ops.daily_category c ON c.name = i.category AND c.kind = 'passing'
     WHERE i.decision IS NULL AND i.review_id = (SELECT max(r.id) FROM ops.daily_review r WHERE r.id < wanted)
  ), found AS MATERIALIZED (
    SELECT DISTINCT ON (n.category, n.entity, n.entity_id) n.*, c.place AS part,
           c.kind = 'standing' AND EXISTS (SELECT FROM ops.daily_item e WHERE e.entity = n.entity AND e.entity_id = n.entity_id AND e.category = n.category AND e.words = n.words
                                              AND e.review_id < wanted AND e.decision = 'keep' AND e.decided_at > clock_timestamp() - interval '7 days') AS is_seen
      FROM now_there n JOIN ops.daily_category c ON c.name = n.category
     WHERE NOT EXISTS (SELECT FROM ops.daily_item e WHERE e.review_id = wanted AND e.category = n.category AND e.entity = n.entity AND e.entity_id = n.entity_id)
     ORDER BY n.category, n.entity, n.entity_id, n.rank DESC
  ), turns AS (
    SELECT f.*, row_number() OVER (PARTITION BY f.category ORDER BY f.rank, f.at, f.entity_id) AS turn FROM found f WHERE NOT f.is_seen
  ), before AS (
    SELECT i.category, count(*) AS listed FROM ops.daily_item i WHERE i.review_id = wanted GROUP BY i.category
  ), added AS (
    INSERT INTO ops.daily_item (review_id, category, entity, entity_id, label, words, level, at, actor_id, pane, filter)
    SELECT wanted, t.category, t.entity, t.entity_id, left(t.label, 200), left(t.words, 2000), t.level, t.at, t.actor_id, t.pane, t.filter
      FROM turns t LEFT JOIN before b USING (category) WHERE t.turn <= most - coalesce(b.listed, 0) ORDER BY t.part, t.turn
    RETURNING category
  )
  INSERT INTO ops.daily_coverage AS v (review_id, category, listed, left_out, seen, remark)
  SELECT wanted, c.name, coalesce(b.listed, 0) + a.added, t.turns - a.added, f.seen, c.remark
    FROM ops.daily_category c LEFT JOIN before b ON b.category = c.name,
         LATERAL (SELECT count(*) AS added FROM added x WHERE x.category = c.name) a, LATERAL (SELECT count(*) AS turns FROM turns x WHERE x.category = c.name) t,
         LATERAL (SELECT count(*) AS seen FROM found x WHERE x.category = c.name AND x.is_seen) f
  ON CONFLICT (review_id, category) DO UPDATE SET listed = excluded.listed, left_out = excluded.left_out, seen = excluded.seen, remark = excluded.remark;
  UPDATE ops.daily_review r SET items = (SELECT count(*) FROM ops.daily_item i WHERE i.review_id = wanted), gathered_at = clock_timestamp() WHERE r.id = wanted RETURNING r.* INTO review;
  RETURN review;
END $$;

-- Opens the review of this business day: one a day, and one at a time.
CREATE FUNCTION ops.open_daily() RETURNS ops.daily_review LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  opened ops.daily_review;
  today date := bank.business_day();
BEGIN
  PERFORM ops.require_action('daily.open');
  INSERT INTO ops.daily_review AS r (day, since, opened_by)
  VALUES (today, coalesce((SELECT max(p.gathered_at) FROM ops.daily_review p), clock_timestamp() - interval '24 hours'), 0) ON CONFLICT DO NOTHING RETURNING r.* INTO opened;
  IF opened.id IS NULL THEN
    RAISE EXCEPTION '%', coalesce((SELECT format('the review of %s is open already', r.day) FROM ops.daily_review r WHERE r.closed_at IS NULL),
                                  format('the review of %s is closed: the next one is opened tomorrow', today)) USING ERRCODE = 'BU007';
  END IF;
  RETURN ops.gather_daily(opened.id);
END $$;

CREATE FUNCTION ops.refresh_daily(wanted bigint, expected_version integer) RETURNS ops.daily_review LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  review ops.daily_review;
BEGIN
  PERFORM ops.require_action('daily.refresh');
  SELECT * INTO review FROM ops.daily_review r WHERE r.id = wanted FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no daily review %', wanted USING ERRCODE = 'BU011'; END IF;
  IF review.closed_at IS NOT NULL THEN RAISE EXCEPTION 'review % is closed', wanted USING ERRCODE = 'BU007'; END IF;
  IF review.version <> expected_version THEN RAISE EXCEPTION 'review % changed meanwhile', wanted USING ERRCODE = 'BU005'; END IF;
  RETURN ops.gather_daily(wanted);
END $$;

-- Locks an item of an open review for a decision, as it was when it was looked at. Internal.
CREATE FUNCTION ops.take_daily_item(wanted bigint, expected_version integer) RETURNS ops.daily_item LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item ops.daily_item;
BEGIN
  -- Whoever closes waits for whoever decides, and the other way round.
  PERFORM FROM ops.daily_review r WHERE r.id = (SELECT i.review_id FROM ops.daily_item i WHERE i.id = wanted) FOR SHARE;
  SELECT * INTO item FROM ops.daily_item i WHERE i.id = wanted FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no item % in a daily review', wanted USING ERRCODE = 'BU011'; END IF;
  IF item.version <> expected_version THEN
    RAISE EXCEPTION '% decided it meanwhile', coalesce((SELECT o.name FROM ops.operator o WHERE o.id = item.decided_by), 'somebody') USING ERRCODE = 'BU005';
  END IF;
  RETURN item;
END $$;

CREATE FUNCTION ops.decide_daily_item(wanted bigint, decision text, note text, expected_version integer) RETURNS ops.daily_item
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item ops.daily_item;
BEGIN
  PERFORM ops.require_action('daily-items.keep', 'daily-items.act', 'daily-items.escalate');
  item := ops.take_daily_item(wanted, expected_version);
  IF item.decision IS NOT NULL THEN RAISE EXCEPTION 'it was decided already: %', item.decision USING ERRCODE = 'BU007'; END IF;
  UPDATE ops.daily_item i SET decision = decide_daily_item.decision, note = btrim(decide_daily_item.note), decided_by = 0, decided_at = clock_timestamp() WHERE i.id = wanted RETURNING i.* INTO item;
  RETURN item;
END $$;

CREATE FUNCTION ops.undo_daily_item(wanted bigint, expected_version integer) RETURNS ops.daily_item LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item ops.daily_item;
BEGIN
  PERFORM ops.require_action('daily-items.undo');
  item := ops.take_daily_item(wanted, expected_version);
  IF item.decision IS NULL THEN RAISE EXCEPTION 'nobody has decided it' USING ERRCODE = 'BU007'; END IF;
  UPDATE ops.daily_item i SET decision = NULL, note = NULL, decided_by = NULL, decided_at = NULL WHERE i.id = wanted RETURNING i.* INTO item;
  RETURN item;
END $$;

-- The record of a review, always the same text for the same rows: what is hashed and signed.
CREATE FUNCTION ops.daily_document(wanted bigint) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT jsonb_pretty(jsonb_build_object(
    'review', jsonb_build_object('number', r.id, 'day', r.day, 'since', ops.instant(r.since), 'opened', ops.instant(r.opened_at), 'opened by', o.name, 'gathered', ops.instant(r.gathered_at),
                                 'closed', ops.instant(r.closed_at), 'closed by', c.name, 'note', r.close_note, 'items', r.items, 'kept', r.kept, 'acted', r.acted, 'escalated', r.escalated,
                                 'undecided', r.undecided),
    'coverage', (SELECT coalesce(jsonb_agg(jsonb_build_object('category', v.category, 'found', v.listed + v.left_out, 'listed', v.listed, 'seen', v.seen, 'remark', v.remark,
                   'kept', n.kept, 'acted', n.acted, 'escalated', n.escalated, 'undecided', v.listed - n.kept - n.acted - n.escalated) ORDER BY g.place), '[]')
                   FROM ops.daily_coverage v JOIN ops.daily_category g ON g.name = v.category,
                        LATERAL (SELECT count(*) FILTER (WHERE i.decision = 'keep') AS kept, count(*) FILTER (WHERE i.decision = 'act') AS acted, count(*) FILTER (WHERE i.decision = 'escalate') AS escalated
                                   FROM ops.daily_item i WHERE i.review_id = r.id AND i.category = v.category) n
                  WHERE v.review_id = r.id),
    'people', (SELECT coalesce(jsonb_agg(jsonb_build_object('who', n.name, 'kept', n.kept, 'acted', n.acted, 'escalated', n.escalated) ORDER BY n.name), '[]')
                 FROM (SELECT d.name, count(*) FILTER (WHERE i.decision = 'keep') AS kept, count(*) FILTER (WHERE i.decision = 'act') AS acted, count(*) FILTER (WHERE i.decision = 'escalate') AS escalated
                         FROM ops.daily_item i JOIN ops.operator d ON d.id = i.decided_by WHERE i.review_id = r.id GROUP BY d.name) n),
    'items', (SELECT coalesce(jsonb_agg(jsonb_build_object('item', i.id, 'category', i.category, 'entity', i.entity, 'id', i.entity_id, 'label', i.label, 'words', i.words, 'level', i.level,
                'at', ops.instant(i.at), 'gathered', ops.instant(i.gathered_at), 'decision', i.decision, 'note', i.note,
                'decided by', (SELECT d.name FROM ops.operator d WHERE d.id = i.decided_by), 'decided', ops.instant(i.decided_at)) ORDER BY i.id), '[]')
                FROM ops.daily_item i WHERE i.review_id = r.id)))
    FROM ops.daily_review r JOIN ops.operator o ON o.id = r.opened_by LEFT JOIN ops.operator c ON c.id = r.closed_by WHERE r.id = wanted);
END $$;

-- Closes a review as it was looked at: with so many items that nobody decided, and the note that says why.
CREATE FUNCTION ops.close_daily(wanted bigint, expected_version integer, expected_undecided integer, note text) RETURNS ops.daily_review
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken ops.daily_review;
  tally record;
BEGIN
  PERFORM ops.require_action('daily.close');
  SELECT * INTO taken FROM ops.daily_review r WHERE r.id = wanted FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no daily review %', wanted USING ERRCODE = 'BU011'; END IF;
  IF taken.closed_at IS NOT NULL THEN RAISE EXCEPTION 'review % is closed already', wanted USING ERRCODE = 'BU007'; END IF;
  SELECT count(*) FILTER (WHERE i.decision = 'keep') AS kept, count(*) FILTER (WHERE i.decision = 'act') AS acted, count(*) FILTER (WHERE i.decision = 'escalate') AS escalated,
         count(*) FILTER (WHERE i.decision IS NULL) AS undecided INTO tally FROM ops.daily_item i WHERE i.review_id = wanted;
  IF taken.version <> expected_version OR tally.undecided <> expected_undecided THEN RAISE EXCEPTION 'review % changed meanwhile', wanted USING ERRCODE = 'BU005'; END IF;
  UPDATE ops.daily_review r SET closed_at = clock_timestamp(), closed_by = 0, close_note = btrim(close_daily.note), kept = tally.kept, acted = tally.acted, escalated = tally.escalated,
         undecided = tally.undecided WHERE r.id = wanted;
  UPDATE ops.daily_review r SET result_hash = sha256(convert_to(ops.daily_document(wanted), 'UTF8')) WHERE r.id = wanted RETURNING r.* INTO taken;
  RETURN taken;
END $$;

-- ── Handover ─────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE ops.handover (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  text        text NOT NULL CHECK (length(btrim(text)) BETWEEN 10 AND 2000),
  since       timestamptz(3) NOT NULL, -- when the shift began
  digest      jsonb NOT NULL, -- how everything stood, as the database counted it
  written_by  bigint NOT NULL REFERENCES ops.operator,
  written_at  timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  accepted_by bigint REFERENCES ops.operator,
  accepted_at timestamptz(3),
  accept_note text,
  version     integer NOT NULL DEFAULT 0,
  CONSTRAINT accepted_by_another CHECK (accepted_by <> written_by AND num_nonnulls(accepted_by, accepted_at, accept_note) IN (0, 3))
);
CREATE INDEX handover_written_at_id_idx ON ops.handover (written_at, id);

-- A shift begins with the last handover, and twelve hours back where that is longer ago.
CREATE FUNCTION ops.shift_start() RETURNS timestamptz LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN greatest(clock_timestamp() - interval '12 hours', (SELECT max(h.written_at) FROM ops.handover h));
END $$;

-- How everything stands now, and what happened in the shift. Lists hold the first few; the numbers beside them are whole.
CREATE FUNCTION ops.shift_digest(since timestamptz, of_operator bigint) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  today timestamptz := clock_timestamp();
  tomorrow date := bank.business_day() + 1;
BEGIN
  RETURN jsonb_build_object('from', ops.instant(since), 'at', ops.instant(today), 'operator', (SELECT o.name FROM ops.operator o WHERE o.id = of_operator),
    'alerts', (SELECT jsonb_build_object('open', count(*) FILTER (WHERE l.status = 'open'), 'in review', count(*) FILTER (WHERE l.status = 'in review'), 'snoozed', count(*) FILTER (WHERE l.snoozed_until > today))
                 FROM ops.alert l WHERE l.status IN ('open', 'in review')),
    'gravest', (SELECT coalesce(jsonb_agg(jsonb_build_object('alert', l.id, 'rule', l.rule, 'account', coalesce(x.number, l.account_id::text), 'score', l.score) ORDER BY l.score DESC, l.id), '[]')
                  FROM (SELECT * FROM ops.alert a WHERE a.status IN ('open', 'in review') ORDER BY a.score DESC, a.id LIMIT 10) l LEFT JOIN bank.account x ON x.id = l.account_id),
    'requests', (SELECT count(*) FROM ops.approval a WHERE a.status = 'pending' AND a.expires_at > today),
    'pending', (SELECT coalesce(jsonb_agg(jsonb_build_object('number', a.number, 'action', a.action, 'record', a.entity || ' ' || a.entity_label, 'by', o.name, 'expires', ops.instant(a.expires_at)) ORDER BY a.expires_at), '[]')
                  FROM (SELECT * FROM ops.approval p WHERE p.status = 'pending' AND p.expires_at > today ORDER BY p.expires_at LIMIT 10) a JOIN ops.operator o ON o.id = a.maker_id),
    'incidents', (SELECT coalesce(jsonb_agg(jsonb_build_object('number', i.id, 'level', i.level, 'title', i.title, 'status', i.status) ORDER BY i.id DESC), '[]') FROM ops.incident i WHERE i.status IN ('open', 'contained')),
    'frozen', (SELECT coalesce(jsonb_agg(jsonb_build_object('account', a.number, 'ground', h.ground, 'by', o.name, 'at', ops.instant(h.placed_at)) ORDER BY h.placed_at), '[]')
                 FROM (SELECT * FROM ops.hold p WHERE p.placed_at >= since ORDER BY p.placed_at DESC LIMIT 20) h JOIN bank.account a ON a.id = h.account_id JOIN ops.operator o ON o.id = h.placed_by),
    'holds', (SELECT coalesce(jsonb_agg(jsonb_build_object('account', a.number, 'on', h.review_on, 'ground', h.ground) ORDER BY h.review_on, h.id), '[]')
                FROM (SELECT * FROM ops.hold p WHERE p.released_at IS NULL AND p.review_on <= tomorrow ORDER BY p.review_on, p.id LIMIT 20) h JOIN bank.account a ON a.id = h.account_id),
    'review', (SELECT jsonb_build_object('number', r.id, 'day', r.day, 'items', r.items, 'decided', (SELECT count(*) FROM ops.daily_item i WHERE i.review_id = r.id AND i.decision IS NOT NULL))
                 FROM ops.daily_review r WHERE r.closed_at IS NULL),
    'notices', (SELECT jsonb_build_object('dead', count(*) FILTER (WHERE n.status = 'dead'), 'failed', count(*) FILTER (WHERE n.status = 'failed')) FROM ops.notice n WHERE n.status IN ('dead', 'failed')),
    'acts', (SELECT coalesce(jsonb_agg(jsonb_build_object('audit', a.seq, 'at', ops.instant(a.at), 'action', a.action, 'record', coalesce(a.entity_label, a.entity_id), 'outcome', a.outcome) ORDER BY a.seq), '[]')
               FROM (SELECT * FROM ops.audit u WHERE u.operator_id = of_operator AND u.at >= since AND u.verb NOT IN ('view', 'export', 'login', 'logout') AND u.action <> 'windows.open' ORDER BY u.seq DESC LIMIT 20) a));
END $$;

CREATE FUNCTION ops.guard_handover() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
  loose text[] := '{accepted_by,accepted_at,accept_note,version}';
BEGIN
  IF tg_op = 'INSERT' THEN
    run := ops.require_action('handovers.write');
    new.written_by := run.operator_id; new.since := ops.shift_start(); new.digest := ops.shift_digest(new.since, run.operator_id); new.written_at := clock_timestamp();
    new.accepted_by := NULL; new.accepted_at := NULL; new.accept_note := NULL; new.version := 0;
    RETURN new;
  END IF;
  run := ops.require_action('handovers.accept');
  IF (to_jsonb(new) - loose) <> (to_jsonb(old) - loose) THEN RAISE EXCEPTION 'a handover stays as it was written' USING ERRCODE = 'BU010'; END IF;
  IF old.accepted_at IS NOT NULL THEN RAISE EXCEPTION 'handover % is accepted already', old.id USING ERRCODE = 'BU007'; END IF;
  IF old.written_by = run.operator_id THEN RAISE EXCEPTION 'whoever writes a handover does not accept it' USING ERRCODE = 'BU009'; END IF;
  new.accepted_by := run.operator_id; new.accepted_at := clock_timestamp(); new.version := old.version + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.handover FOR EACH ROW EXECUTE FUNCTION ops.guard_handover();

CREATE FUNCTION ops.write_handover(text text) RETURNS ops.handover LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  written ops.handover;
BEGIN
  PERFORM ops.require_action('handovers.write');
  INSERT INTO ops.handover AS h (text, since, digest, written_by) VALUES (btrim(write_handover.text), clock_timestamp(), '{}', 0) RETURNING h.* INTO written;
  RETURN written;
END $$;

CREATE FUNCTION ops.accept_handover(wanted bigint, note text, expected_version integer) RETURNS ops.handover LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken ops.handover;
BEGIN
  PERFORM ops.require_action('handovers.accept');
  SELECT * INTO taken FROM ops.handover h WHERE h.id = wanted FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no handover %', wanted USING ERRCODE = 'BU011'; END IF;
  IF taken.version <> expected_version THEN RAISE EXCEPTION '% accepted it meanwhile', (SELECT o.name FROM ops.operator o WHERE o.id = taken.accepted_by) USING ERRCODE = 'BU005'; END IF;
  UPDATE ops.handover h SET accept_note = btrim(accept_handover.note) WHERE h.id = wanted RETURNING h.* INTO taken;
  RETURN taken;
END $$;

-- ── Kept, permitted, told ────────────────────────────────────────────────────────────────────────

DO $$ DECLARE kept text; BEGIN
  FOREACH kept IN ARRAY '{daily_review,daily_item,daily_coverage,handover}'::text[] LOOP
    EXECUTE format('CREATE TRIGGER keep BEFORE DELETE ON ops.%I FOR EACH ROW EXECUTE FUNCTION ops.refuse_change()', kept);
    EXECUTE format('CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.%I FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change()', kept);
  END LOOP;
END $$;

INSERT INTO ops.action_permission (action, permission) VALUES
  ('daily.open', 'daily.review'), ('daily.refresh', 'daily.review'), ('daily.close', 'daily.review'), ('daily-items.keep', 'daily.review'), ('daily-items.act', 'daily.review'),
  ('daily-items.escalate', 'daily.review'), ('daily-items.undo', 'daily.review'), ('handovers.write', 'daily.review'), ('handovers.accept', 'daily.review');
INSERT INTO ops.notice_use VALUES ('review-escalated', 'daily-items.escalate');
INSERT INTO ops.notable (entity, relation, id_column, permission) VALUES
  ('daily-review', 'ops.daily_review', 'id', 'daily.read'), ('daily-item', 'ops.daily_item', 'id', 'daily.read'), ('handover', 'ops.handover', 'id', 'daily.read');

REVOKE EXECUTE ON FUNCTION ops.daily_of_bank, ops.daily_failures, ops.daily_of_console, ops.gather_daily, ops.take_daily_item FROM PUBLIC;
