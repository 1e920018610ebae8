-- What is told to people outside the console. A notice is enqueued by the action that it tells of and commits with it
-- or not at all; consoles deliver it at least once. What it says never changes; a link or a code is no part of it, but
-- lies beside it, sealed with a key that no database holds, until it was sent, has expired or was given up.

CREATE TABLE ops.notice (
  id                uuid PRIMARY KEY DEFAULT gen_random_uuid(), -- what receivers tell a repeat by
  number            bigint GENERATED ALWAYS AS IDENTITY,
  template          text NOT NULL,
  channel           text NOT NULL CHECK (channel IN ('email', 'webhook', 'command')),
  recipient         text NOT NULL CHECK (length(recipient) BETWEEN 1 AND 254),
  subject           text NOT NULL CHECK (length(subject) BETWEEN 1 AND 300 AND subject !~ '[[:cntrl:]]'),
  body              text NOT NULL CHECK (length(body) BETWEEN 1 AND 20000),
  sealed            text CHECK (length(sealed) <= 4000),
  secret_expires_at timestamptz(3),
  about_entity      text NOT NULL,
  about_id          text NOT NULL,
  created_by        bigint NOT NULL REFERENCES ops.operator,
  created_at        timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  request_id        uuid NOT NULL, -- of the action that it tells of
  status            text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'sending', 'sent', 'failed', 'dead', 'kept', 'cancelled')),
  attempts          integer NOT NULL DEFAULT 0, -- and the number of the newest claim
  forgiven          integer NOT NULL DEFAULT 0, -- attempts before somebody had it tried again: they no longer count
  due_at            timestamptz(3) NOT NULL DEFAULT clock_timestamp(), -- of one that is being sent: the end of its lease
  claimed_by        uuid REFERENCES ops.operator_session,
  last_error        text,
  detail            text,
  sent_at           timestamptz(3),
  CONSTRAINT notice_number_key UNIQUE (number),
  CONSTRAINT sealed_until_it_expires CHECK (sealed IS NULL OR secret_expires_at IS NOT NULL),
  CONSTRAINT sealed_while_it_is_of_use CHECK (sealed IS NULL OR status IN ('waiting', 'sending', 'failed')),
  CONSTRAINT sent_at_its_time CHECK ((status = 'sent') = (sent_at IS NOT NULL))
);
CREATE INDEX notice_created_at_number_idx ON ops.notice (created_at, number);
CREATE INDEX notice_status_created_at_number_idx ON ops.notice (status, created_at, number);
CREATE INDEX notice_about_entity_about_id_idx ON ops.notice (about_entity, about_id);
CREATE INDEX notice_due_at_number_idx ON ops.notice (due_at, number) WHERE status IN ('waiting', 'sending', 'failed');
CREATE INDEX notice_secret_expires_at_idx ON ops.notice (secret_expires_at) WHERE sealed IS NOT NULL;

-- Which actions tell what: nobody sends an invitation by freezing an account.
CREATE TABLE ops.notice_use (
  template text NOT NULL,
  action   text NOT NULL, -- a pattern of LIKE
  PRIMARY KEY (template, action)
);
INSERT INTO ops.notice_use VALUES
  ('account-frozen', 'accounts.freeze'), ('account-unfrozen', 'accounts.unfreeze'), ('account-closed', 'accounts.close'),
  ('password-reset', 'users.%'), ('address-changed', 'users.%'), ('address-changed', 'operators.%'), ('invite', 'invites.%'), ('invite', 'users.create'),
  ('approval-waiting', 'approvals.request'), ('break-glass', '%'),
  ('developer-role', 'operators.%'), ('operator-created', 'operators.%'), ('enrolment', 'operators.%'),
  ('role-changed', 'users.%'), ('role-changed', 'operators.%'), ('role-changed', 'grants.%'), ('role-changed', 'review-items.%');

-- ── What may happen to a notice ──────────────────────────────────────────────────────────────────

CREATE FUNCTION ops.guard_notice() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
  loose text[] := '{status,attempts,forgiven,due_at,claimed_by,last_error,detail,sent_at,sealed}';
  is_over boolean := new.secret_expires_at <= clock_timestamp();
BEGIN
  IF tg_op = 'INSERT' THEN
    run := ops.require_acting();
    IF NOT EXISTS (SELECT FROM ops.notice_use u WHERE u.template = new.template AND run.action LIKE u.action) THEN
      RAISE EXCEPTION '% sends no notice %', run.action, new.template USING ERRCODE = 'BU004';
    END IF;
    new.created_by := run.operator_id; new.request_id := run.request_id; new.created_at := clock_timestamp(); new.due_at := new.created_at;
    new.attempts := 0; new.forgiven := 0; new.claimed_by := NULL; new.sent_at := NULL; new.detail := NULL; new.last_error := NULL;
    new.status := 'waiting';
    IF new.channel = 'email' AND new.recipient !~ '^[^[:space:]@]+@[^[:space:]@]+\.[^[:space:]@]+$' THEN
      new.status := 'dead'; new.last_error := 'there is no address to send it to'; new.sealed := NULL;
    END IF;
    -- Nobody behind a demo's addresses expects anything.
    IF EXISTS (SELECT FROM platform.demo_marker) THEN
      new.status := 'kept'; new.sealed := NULL; new.detail := 'a demo sends nothing';
    END IF;
    RETURN new;
  END IF;
  IF (to_jsonb(new) - loose) <> (to_jsonb(old) - loose) OR (new.sealed IS NOT NULL AND new.sealed IS DISTINCT FROM old.sealed) THEN
    RAISE EXCEPTION 'what a notice says never changes' USING ERRCODE = 'BU010';
  END IF;
  IF new.status = 'sending' AND old.status IN ('waiting', 'failed', 'sending') AND old.due_at <= clock_timestamp() AND new.attempts = old.attempts + 1
     AND new.claimed_by IS NOT NULL AND new.due_at BETWEEN clock_timestamp() AND clock_timestamp() + interval '120 seconds' AND new.forgiven = old.forgiven THEN
    RETURN new;
  END IF;
  IF new.attempts <> old.attempts OR new.claimed_by IS DISTINCT FROM old.claimed_by THEN
    RAISE EXCEPTION 'a notice is claimed when it is due, for two minutes' USING ERRCODE = 'BU007';
  END IF;
  CASE
    WHEN old.status = 'sending' AND new.status IN ('sent', 'failed', 'dead') AND new.forgiven = old.forgiven THEN NULL;
    WHEN old.status IN ('waiting', 'failed', 'sending') AND new.status = 'dead' AND is_over THEN NULL;
    WHEN old.status IN ('dead', 'failed') AND new.status = 'waiting' THEN
      PERFORM ops.require_action('notices.retry');
      new.forgiven := old.attempts; new.due_at := clock_timestamp();
    WHEN old.status IN ('waiting', 'failed', 'dead') AND new.status = 'cancelled' THEN PERFORM ops.require_action('notices.cancel');
    ELSE RAISE EXCEPTION 'notice % is % and cannot become %', old.number, old.status, new.status USING ERRCODE = 'BU007';
  END CASE;
  IF new.status NOT IN ('waiting', 'failed') THEN new.sealed := NULL; END IF;
  new.sent_at := CASE WHEN new.status = 'sent' THEN clock_timestamp() END;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.notice FOR EACH ROW EXECUTE FUNCTION ops.guard_notice();
CREATE TRIGGER keep BEFORE DELETE ON ops.notice FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.notice FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- A link that nobody can use any more is told to nobody, and erased whether or not anybody delivers here. Internal.
CREATE FUNCTION ops.expire_notices() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE ops.notice n SET status = 'dead', last_error = 'its link or code expired before it was sent'
   WHERE n.id IN (SELECT e.id FROM ops.notice e WHERE e.sealed IS NOT NULL AND e.secret_expires_at <= clock_timestamp() AND (e.status <> 'sending' OR e.due_at <= clock_timestamp())
                     FOR UPDATE SKIP LOCKED);
END $$;

-- ── Enqueueing ───────────────────────────────────────────────────────────────────────────────────

-- Puts a notice into the outbox, as part of the action under way. Without an address it is there too, as dead. Returns its number.
CREATE FUNCTION ops.enqueue_notice(template text, channel text, recipient text, subject text, body text, sealed text, secret_expires_at timestamptz,
                                   about_entity text, about_id text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  enqueued bigint;
BEGIN
  PERFORM ops.require_acting();
  PERFORM ops.expire_notices();
  INSERT INTO ops.notice (template, channel, recipient, subject, body, sealed, secret_expires_at, about_entity, about_id, created_by, request_id)
  VALUES (enqueue_notice.template, enqueue_notice.channel, enqueue_notice.recipient, enqueue_notice.subject, enqueue_notice.body, enqueue_notice.sealed,
          enqueue_notice.secret_expires_at, enqueue_notice.about_entity, enqueue_notice.about_id, 0, gen_random_uuid()) RETURNING number INTO enqueued;
  RETURN enqueued;
END $$;

-- Active operators who now hold a permission, or a role: the one has a dot in its name, the other has none.
CREATE FUNCTION ops.operators_with(wanted text) RETURNS SETOF ops.operator LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT o.* FROM ops.operator o
   WHERE o.is_active AND (ops.may(o.id, wanted) OR EXISTS (SELECT FROM ops.operator_role r
          WHERE r.operator_id = o.id AND r.role = wanted AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp())))
   ORDER BY o.id;
END $$;

-- Where a notice to staff goes: by e-mail to each of them (to the name of who has no address: it is there as dead then), by any other channel once.
CREATE FUNCTION ops.staff_recipients(wanted text, but_not bigint DEFAULT NULL) RETURNS TABLE (channel text, recipient text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  channels text[] := string_to_array((SELECT s.value #>> '{}' FROM platform.setting s WHERE s.key = 'notices.staff-channels'), ',');
BEGIN
  RETURN QUERY
    SELECT 'email'::text, coalesce(o.email, o.name) FROM ops.operators_with(wanted) o WHERE 'email' = ANY (channels) AND o.id IS DISTINCT FROM but_not
    UNION ALL SELECT c, 'staff'::text FROM unnest(channels) c WHERE c <> 'email';
END $$;

-- ── Breaking the glass is told, whatever way it was broken ───────────────────────────────────────

-- Nobody's text passes for ours: letters that every font shows, on one line, in quotes.
CREATE FUNCTION ops.in_notice(told text, most integer) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN '"' || left(regexp_replace(replace(told, '"', ''''), '[^ -~]', '?', 'g'), most) || '"';
END $$;

-- The same text as the template break-glass of the console, which a test compares. The environment is what the database calls itself.
CREATE FUNCTION ops.tell_broken_glass() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  who text := (SELECT o.name FROM ops.operator o WHERE o.id = new.maker_id);
  at timestamptz := clock_timestamp();
  facts text[] := ARRAY[
    'Environment', coalesce((SELECT s.value #>> '{}' FROM platform.setting s WHERE s.key = 'platform.environment'), 'unnamed'),
    'At', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC',
    'Operator', who, 'Action', new.action, 'Target', new.entity || ' ' || new.entity_label,
    'Incident', '#' || new.incident_id || ' ' || (SELECT i.title FROM ops.incident i WHERE i.id = new.incident_id),
    'Ratify by', to_char((at + interval '24 hours') AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'];
  body text := E'One person alone did what otherwise takes two.\n\n';
BEGIN
  FOR i IN 1 .. cardinality(facts) BY 2 LOOP
    body := body || '  ' || rpad(facts[i] || ':', 13) || CASE WHEN facts[i] IN ('At', 'Ratify by') THEN facts[i + 1] ELSE ops.in_notice(facts[i + 1], 200) END || E'\n';
  END LOOP;
  body := body || E'\nA manager ratifies or disputes it in the inbox of the console: bursar inbox list.\n\n'
    'Written by a machine; nobody reads answers. Nobody who works here ever asks for your password or a code.\n';
  PERFORM ops.enqueue_notice('break-glass', r.channel, r.recipient, format('Break-glass: %s by %s', ops.in_notice(new.action, 40), ops.in_notice(who, 40)), body, NULL, NULL,
                             'approval', new.number::text)
     FROM ops.staff_recipients('approval.ratify') r;
  RETURN NULL;
END $$;
CREATE TRIGGER tell AFTER UPDATE OF break_glass ON ops.approval FOR EACH ROW WHEN (new.break_glass AND NOT old.break_glass) EXECUTE FUNCTION ops.tell_broken_glass();

-- ── Delivering ───────────────────────────────────────────────────────────────────────────────────

-- Any operator's console delivers, with the token of its sign-in. It learns nothing by that: who may claim reads the outbox
-- anyway, and what is sealed is opened only with the key outside the database. A locked screen goes on delivering. Internal.
CREATE FUNCTION ops.delivering_session(token text) RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session uuid := (SELECT s.id FROM ops.operator_session s JOIN ops.operator o ON o.id = s.operator_id
                    WHERE s.token_hash = sha256(convert_to(token, 'UTF8')) AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp() AND o.is_active
                      AND s.kind <> 'enrolment' AND platform.ip_objection(s.ip, 'admin') IS NULL);
BEGIN
  IF session IS NULL THEN
    RAISE EXCEPTION 'this session has ended: sign in again' USING ERRCODE = 'BU001';
  END IF;
  RETURN session;
END $$;

-- Leases what is due for these channels to the console that asks, for 120 seconds; two consoles never get the same at once.
CREATE FUNCTION ops.claim_notices(token text, most integer, channels text[])
RETURNS TABLE (id uuid, claim integer, attempt integer, channel text, recipient text, template text, subject text, body text, sealed text, created_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session uuid := ops.delivering_session(token);
BEGIN
  PERFORM ops.expire_notices();
  RETURN QUERY
  WITH due AS (
    SELECT w.id FROM ops.notice w WHERE w.status IN ('waiting', 'sending', 'failed') AND w.due_at <= clock_timestamp() AND w.channel = ANY (channels)
     ORDER BY w.due_at, w.number LIMIT least(greatest(most, 1), 100) FOR UPDATE SKIP LOCKED
  )
  UPDATE ops.notice n SET status = 'sending', attempts = n.attempts + 1, due_at = clock_timestamp() + interval '119.9 seconds', claimed_by = session
    FROM due WHERE n.id = due.id
  RETURNING n.id, n.attempts, n.attempts - n.forgiven, n.channel, n.recipient, n.template, n.subject, n.body, n.sealed, n.created_at::timestamptz;
END $$;

-- Stores what came of a claim; false, and nothing, where a newer claim was made since. Who has claimed may tell even after its session ended.
CREATE FUNCTION ops.settle_notice(token text, wanted uuid, claim integer, outcome text, told text, retry_at timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF outcome NOT IN ('sent', 'failed', 'dead') OR (outcome = 'failed') <> (retry_at IS NOT NULL) THEN
    RAISE EXCEPTION 'a delivery ends as sent, as failed until another time, or as dead' USING ERRCODE = '23514';
  END IF;
  UPDATE ops.notice n
     SET status = outcome, due_at = CASE outcome WHEN 'failed' THEN least(retry_at, clock_timestamp() + interval '1 day') ELSE n.due_at END,
         detail = CASE outcome WHEN 'sent' THEN left(told, 500) END, last_error = CASE outcome WHEN 'sent' THEN n.last_error ELSE left(told, 500) END
    FROM ops.operator_session s
   WHERE n.id = wanted AND n.attempts = claim AND n.status = 'sending' AND s.id = n.claimed_by AND s.token_hash = sha256(convert_to(token, 'UTF8'));
  RETURN FOUND;
END $$;

-- ── What operators do about it ───────────────────────────────────────────────────────────────────

-- Locks a notice that nobody is sending now. Internal.
CREATE FUNCTION ops.take_notice(wanted bigint, expected_attempts integer) RETURNS ops.notice LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken ops.notice;
BEGIN
  SELECT * INTO taken FROM ops.notice n WHERE n.number = wanted FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no notice %', wanted USING ERRCODE = 'BU011';
  END IF;
  IF taken.attempts <> expected_attempts THEN
    RAISE EXCEPTION 'notice % was tried again meanwhile', wanted USING ERRCODE = 'BU005';
  END IF;
  RETURN taken;
END $$;

-- Has a notice that failed tried again at once, with all its attempts before it.
CREATE FUNCTION ops.retry_notice(wanted bigint, expected_attempts integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken ops.notice;
BEGIN
  PERFORM ops.require_action('notices.retry');
  taken := ops.take_notice(wanted, expected_attempts);
  IF taken.secret_expires_at IS NOT NULL AND (taken.sealed IS NULL OR taken.secret_expires_at <= clock_timestamp()) THEN
    RAISE EXCEPTION 'the link or code of notice % is gone: make a new one', wanted USING ERRCODE = 'BU007';
  END IF;
  IF taken.channel = 'email' AND taken.recipient NOT LIKE '%@%' THEN
    RAISE EXCEPTION 'notice % has no address to send it to', wanted USING ERRCODE = 'BU007';
  END IF;
  UPDATE ops.notice n SET status = 'waiting' WHERE n.id = taken.id;
END $$;

CREATE FUNCTION ops.cancel_notice(wanted bigint, expected_attempts integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken ops.notice;
BEGIN
  PERFORM ops.require_action('notices.cancel');
  taken := ops.take_notice(wanted, expected_attempts);
  UPDATE ops.notice n SET status = 'cancelled' WHERE n.id = taken.id;
END $$;

-- ── Settings, permissions, rights ────────────────────────────────────────────────────────────────

-- Whoever could change it alone could break the glass unheard: a security setting takes two people.
ALTER TABLE platform.setting DISABLE TRIGGER demand_action;
INSERT INTO platform.setting (key, label, type, category, value, default_value, is_editable, pattern, description) VALUES
  ('notices.staff-channels', 'Channels to staff', 'string', 'security', '"email"', '"email"', true, '^(email|webhook|command)(,(email|webhook|command)){0,2}$',
   'By which channels operators are told of waiting approvals, broken glass and new rights: email, webhook, command, with commas between');
ALTER TABLE platform.setting ENABLE TRIGGER demand_action;
INSERT INTO platform.setting_version (key, version, value) SELECT s.key, s.version, s.value FROM platform.setting s WHERE s.key = 'notices.staff-channels';

INSERT INTO ops.role_permission (role, permission)
SELECT r.name, 'notice.read' FROM ops.role r WHERE r.name NOT IN ('owner', 'viewer');
INSERT INTO ops.role_permission (role, permission) VALUES
  ('support', 'notice.edit'), ('operations', 'notice.edit'), ('admin', 'notice.edit'), ('manager', 'notice.edit');
INSERT INTO ops.action_permission (action, permission) VALUES ('notices.retry', 'notice.edit'), ('notices.cancel', 'notice.edit');

REVOKE EXECUTE ON FUNCTION ops.expire_notices, ops.delivering_session, ops.take_notice, ops.in_notice FROM PUBLIC;
