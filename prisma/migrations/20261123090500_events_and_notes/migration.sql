-- What the administered platform writes of itself, what operators note on records, and which transactions the rules
-- of detection hit.

-- ── Events of the platform ───────────────────────────────────────────────────────────────────────

-- Kept as it was written. A correlation id is given by whoever begins something, and carried by all that comes of it.
CREATE TABLE platform.event (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at             timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  level          text NOT NULL CHECK (level IN ('debug', 'info', 'warning', 'error', 'critical')),
  source         text NOT NULL CHECK (length(source) BETWEEN 1 AND 100), -- the part of the platform
  message        text NOT NULL CHECK (length(message) BETWEEN 1 AND 4000),
  job_id         text CHECK (length(job_id) BETWEEN 1 AND 100),
  user_id        bigint, -- whom it concerns; a log knows more users than there are
  correlation_id uuid,
  detail         jsonb
);
CREATE INDEX event_at_id_idx ON platform.event (at, id);
CREATE INDEX event_level_at_id_idx ON platform.event (level, at, id);
CREATE INDEX event_source_at_id_idx ON platform.event (source, at, id);
CREATE INDEX event_source_level_at_id_idx ON platform.event (source, level, at, id);
CREATE INDEX event_correlation_id_idx ON platform.event (correlation_id) WHERE correlation_id IS NOT NULL;
CREATE INDEX event_job_id_at_id_idx ON platform.event (job_id, at, id) WHERE job_id IS NOT NULL;
CREATE INDEX event_user_id_at_id_idx ON platform.event (user_id, at, id) WHERE user_id IS NOT NULL;
-- New rows wait in a short list only: every search reads it.
CREATE INDEX event_text_idx ON platform.event USING gin (lower(message) gin_trgm_ops) WITH (gin_pending_list_limit = 128);
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON platform.event FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON platform.event FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- For the platform alone. What is too long is cut: a log must not fail what it tells of.
CREATE FUNCTION platform.record_event(level text, source text, message text, job_id text DEFAULT NULL, user_id bigint DEFAULT NULL,
                                      correlation_id uuid DEFAULT NULL, detail jsonb DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  written bigint;
BEGIN
  INSERT INTO platform.event AS e (level, source, message, job_id, user_id, correlation_id, detail)
  VALUES (record_event.level, coalesce(nullif(left(record_event.source, 100), ''), '-'), coalesce(nullif(left(record_event.message, 4000), ''), '-'),
          nullif(left(record_event.job_id, 100), ''), record_event.user_id,
          record_event.correlation_id,
          CASE WHEN length(record_event.detail::text) <= 16000 THEN record_event.detail
               WHEN record_event.detail IS NOT NULL THEN jsonb_build_object('cut', left(record_event.detail::text, 4000)) END)
  RETURNING e.id INTO written;
  RETURN written;
END $$;

-- ── One correlation id through everything ────────────────────────────────────────────────────────

CREATE INDEX audit_approval_id_idx ON ops.audit (approval_id) WHERE approval_id IS NOT NULL;
CREATE INDEX notice_request_id_idx ON ops.notice (request_id);
CREATE INDEX security_event_correlation_id_idx ON ops.security_event (correlation_id) WHERE correlation_id IS NOT NULL;

-- ── Notes on any record ──────────────────────────────────────────────────────────────────────────

-- What can be noted on: where its records are, and what it takes to read them. A migration that adds a kind of record adds its row.
CREATE TABLE ops.notable (
  entity     text PRIMARY KEY,
  relation   text NOT NULL,
  id_column  text NOT NULL DEFAULT 'id',
  permission text NOT NULL
);
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON ops.notable FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.notable FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();
INSERT INTO ops.notable (entity, relation, id_column, permission) VALUES
  ('account', 'bank.account', 'id', 'account.read'), ('user', 'bank."user"', 'id', 'user.read'), ('transaction', 'bank.transaction', 'id', 'transaction.read'),
  ('session', 'ops.session_list', 'id', 'session.read'), ('sign-in', 'bank.auth_event', 'id', 'sign-in.read'), ('audit', 'ops.audit', 'seq', 'audit.read'),
  ('role', 'platform.role', 'id', 'role.read'), ('permission', 'platform.permission', 'id', 'role.read'), ('grant', 'ops.held_role', 'id', 'grant.read'),
  ('review', 'ops.access_review', 'id', 'review.read'), ('review-item', 'ops.access_review_item', 'id', 'review.read'),
  ('operator', 'ops.operator', 'id', 'operator.read'), ('developer-grant', 'ops.role_grant', 'id', 'operator.read'), ('approval', 'ops.approval', 'number', 'approval.read'),
  ('incident', 'ops.incident', 'id', 'incident.read'), ('ip-rule', 'platform.ip_rule', 'id', 'ip-rule.read'), ('invite', 'platform.invite', 'id', 'invite.read'),
  ('setting', 'platform.setting', 'id', 'setting.read'), ('notice', 'ops.notice', 'number', 'notice.read'), ('event', 'platform.event', 'id', 'event.read'),
  ('alert', 'ops.alert', 'id', 'alert.read'), ('case', 'ops.case_file', 'id', 'case.read'), ('dispute', 'ops.dispute', 'id', 'dispute.read'),
  ('rule', 'ops.detection_rule', 'id', 'rule.read'), ('security-event', 'ops.security_event', 'id', 'security.read'), ('flow', 'ops.flow', 'id', 'security.read'),
  ('limit', 'bank.account', 'id', 'limit.read'), ('incident-step', 'ops.incident_step', 'id', 'incident.read'), ('incident-notice', 'ops.incident_notice', 'id', 'incident.read');

-- Who wrote it and when comes from the action under way.
CREATE FUNCTION ops.guard_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- Under an approval the words are those of whoever asked
  PERFORM ops.require_acting();
  new.written_by := ops.maker();
  new.written_at := clock_timestamp();
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT ON ops.note FOR EACH ROW EXECUTE FUNCTION ops.guard_note();

-- Notes something on a record (BU011 where there is none) that whoever writes may read (BU002).
CREATE FUNCTION ops.add_note(entity text, entity_id text, text text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('notes.add');
  place ops.notable;
  is_there boolean := false;
  written bigint;
BEGIN
  SELECT * INTO place FROM ops.notable n WHERE n.entity = add_note.entity;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'nothing is noted on a record of kind %', left(add_note.entity, 60) USING ERRCODE = 'BU011';
  END IF;
  IF NOT ops.may(run.operator_id, place.permission) THEN
    RAISE EXCEPTION 'a note on a record of kind % needs the permission %: ask an administrator for a role that has it', place.entity, place.permission USING ERRCODE = 'BU002';
  END IF;
  IF add_note.entity_id ~ '^[0-9]{1,18}$' THEN
    EXECUTE format('SELECT EXISTS (SELECT FROM %s t WHERE t.%I = $1)', place.relation, place.id_column) INTO is_there USING add_note.entity_id::bigint;
  END IF;
  IF NOT is_there THEN
    RAISE EXCEPTION 'there is no % %', place.entity, left(add_note.entity_id, 60) USING ERRCODE = 'BU011';
  END IF;
  INSERT INTO ops.note AS n (entity, entity_id, text) VALUES (place.entity, (add_note.entity_id::bigint)::text, add_note.text) RETURNING n.id INTO written;
  RETURN written;
END $$;
INSERT INTO ops.action_permission (action, permission) VALUES ('notes.add', 'note.write');

-- ── Which transactions the rules hit ─────────────────────────────────────────────────────────────

-- A list of transactions asks for each of them; a hit names up to two hundred. What only counts in shadow marks nothing.
CREATE TABLE ops.red_flag (
  transaction_id bigint NOT NULL,
  rule           smallint NOT NULL,
  hit_id         bigint NOT NULL REFERENCES ops.rule_hit,
  PRIMARY KEY (transaction_id, rule, hit_id)
);
CREATE INDEX red_flag_rule_transaction_id_idx ON ops.red_flag (rule, transaction_id);

CREATE FUNCTION ops.mark_transactions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO ops.red_flag (transaction_id, rule, hit_id) SELECT DISTINCT marked, new.rule, new.id FROM unnest(new.transaction_ids) marked;
  RETURN NULL;
END $$;
CREATE TRIGGER mark AFTER INSERT ON ops.rule_hit FOR EACH ROW WHEN (NOT new.shadow) EXECUTE FUNCTION ops.mark_transactions();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON ops.red_flag FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.red_flag FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();
INSERT INTO ops.red_flag (transaction_id, rule, hit_id) SELECT DISTINCT unnest(h.transaction_ids), h.rule, h.id FROM ops.rule_hit h WHERE NOT h.shadow;

REVOKE EXECUTE ON FUNCTION platform.record_event, ops.guard_note, ops.add_note, ops.mark_transactions FROM PUBLIC;
