-- Who acts, and the record of it. Every change a person makes begins with ops.begin_action and cannot
-- commit without its audit row. SQLSTATE class BU is ours: domain/refusal.ts names each code.

CREATE SCHEMA IF NOT EXISTS ops;
CREATE SCHEMA IF NOT EXISTS platform;

CREATE TYPE ops.outcome AS ENUM ('success', 'failure', 'partial', 'refused');

-- ── What the administered platform is ────────────────────────────────────────────────────────────

CREATE TABLE platform.setting (
  key         text PRIMARY KEY,
  value       jsonb NOT NULL,
  description text NOT NULL
);

-- Only `bursar demo` puts a row here; it refuses to fill a database that has no such row but holds data.
CREATE TABLE platform.demo_marker (
  id         boolean PRIMARY KEY DEFAULT true CHECK (id),
  seed       bigint NOT NULL,
  scale      bigint NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

-- ── Operators, roles, permissions ────────────────────────────────────────────────────────────────

CREATE TABLE ops.role (
  name  text PRIMARY KEY,
  title text NOT NULL,
  rank  smallint NOT NULL CHECK (rank BETWEEN 0 AND 10) -- 0 is the highest
);

CREATE TABLE ops.role_permission (
  role       text NOT NULL REFERENCES ops.role,
  permission text NOT NULL,
  PRIMARY KEY (role, permission)
);

-- The allow-list: an action without a row here does not exist for the database.
CREATE TABLE ops.action_permission (
  action     text PRIMARY KEY CHECK (action ~ '^[a-z-]+\.[a-z-]+$'),
  permission text NOT NULL
);

CREATE TABLE ops.operator (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name         text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z0-9._-]{0,62}$'),
  display_name text NOT NULL,
  is_active    boolean NOT NULL DEFAULT true,
  created_at   timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE ops.operator_role (
  operator_id bigint NOT NULL REFERENCES ops.operator,
  role        text NOT NULL REFERENCES ops.role,
  granted_at  timestamptz(3) NOT NULL DEFAULT now(),
  expires_at  timestamptz(3),
  PRIMARY KEY (operator_id, role)
);

CREATE TABLE ops.operator_session (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  operator_id  bigint NOT NULL REFERENCES ops.operator,
  token_hash   bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  ip           inet,
  client       text NOT NULL,
  started_at   timestamptz(3) NOT NULL DEFAULT now(),
  last_seen_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at   timestamptz(3) NOT NULL,
  revoked_at   timestamptz(3)
);
CREATE INDEX operator_session_operator_id_idx ON ops.operator_session (operator_id);

-- ── Requests: the idempotency key of every action, tied to the transaction that carries it out ───

CREATE TABLE ops.action_run (
  request_id         uuid PRIMARY KEY,
  transaction_number bigint NOT NULL UNIQUE,
  operator_id        bigint NOT NULL REFERENCES ops.operator,
  session_id         uuid NOT NULL REFERENCES ops.operator_session,
  action             text NOT NULL REFERENCES ops.action_permission,
  input_hash         bytea NOT NULL,
  approval_id        uuid,
  began_at           timestamptz(3) NOT NULL DEFAULT now(),
  result             jsonb -- what a repeat of the same request is answered with
);

-- ── Audit: one hash chain ────────────────────────────────────────────────────────────────────────

CREATE TABLE ops.audit_head (
  id   boolean PRIMARY KEY DEFAULT true CHECK (id),
  seq  bigint NOT NULL,
  hash bytea NOT NULL
);
INSERT INTO ops.audit_head (seq, hash) VALUES (0, '\x00');

CREATE TABLE ops.audit (
  seq                bigint PRIMARY KEY,
  at                 timestamptz(3) NOT NULL,
  db_role            text NOT NULL,
  operator_id        bigint,
  operator           text,
  ip                 inet,
  client             text,
  session_id         uuid,
  action             text NOT NULL,
  verb               text NOT NULL CHECK (verb IN ('create', 'update', 'delete', 'view', 'approve', 'reject', 'export', 'import', 'login', 'logout')),
  entity             text NOT NULL,
  entity_id          text NOT NULL,
  entity_label       text,
  old                jsonb,
  new                jsonb,
  outcome            ops.outcome NOT NULL,
  reason             text,
  note               text,
  error              text,
  request_id         uuid,
  approval_id        uuid,
  correlation_id     uuid,
  transaction_number bigint NOT NULL,
  prev               bytea NOT NULL,
  hash               bytea NOT NULL
);
CREATE INDEX audit_at_seq_idx ON ops.audit (at, seq);
CREATE INDEX audit_operator_seq_idx ON ops.audit (operator, seq);
CREATE INDEX audit_action_seq_idx ON ops.audit (action, seq);
CREATE INDEX audit_verb_seq_idx ON ops.audit (verb, seq);
CREATE INDEX audit_outcome_seq_idx ON ops.audit (outcome, seq);
CREATE INDEX audit_entity_entity_id_seq_idx ON ops.audit (entity, entity_id, seq);
CREATE INDEX audit_request_id_idx ON ops.audit (request_id);
CREATE INDEX audit_correlation_id_idx ON ops.audit (correlation_id);
CREATE INDEX audit_session_id_at_idx ON ops.audit (session_id, at);

-- Every field, as one JSON array, behind the hash before it. Reading the fields by name keeps the hash
-- stable when a later migration adds a column.
CREATE FUNCTION ops.audit_hash(prev bytea, a ops.audit) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT sha256(prev || convert_to(jsonb_build_array(
    a.seq, (extract(epoch FROM a.at) * 1000)::bigint, a.db_role, a.operator_id, a.operator, host(a.ip), a.client, a.session_id,
    a.action, a.verb, a.entity, a.entity_id, a.entity_label, a.old, a.new, a.outcome, a.reason, a.note, a.error,
    a.request_id, a.approval_id, a.correlation_id, a.transaction_number)::text, 'UTF8'))
$$;

-- The head row hands out the sequence: a serial beside an advisory lock can commit out of order.
CREATE FUNCTION ops.seal_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  head ops.audit_head;
BEGIN
  SELECT * INTO STRICT head FROM ops.audit_head FOR UPDATE;
  new.seq := head.seq + 1;
  new.at := date_trunc('milliseconds', clock_timestamp());
  new.db_role := session_user;
  new.transaction_number := pg_current_xact_id()::text::bigint;
  new.prev := head.hash;
  new.hash := ops.audit_hash(head.hash, new);
  UPDATE ops.audit_head SET seq = new.seq, hash = new.hash;
  RETURN new;
END $$;
CREATE TRIGGER seal BEFORE INSERT ON ops.audit FOR EACH ROW EXECUTE FUNCTION ops.seal_audit();

CREATE FUNCTION ops.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on %.% is not allowed: it is append-only', tg_op, tg_table_schema, tg_table_name USING ERRCODE = 'BU010';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ops.audit FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ops.audit FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- First broken row of the chain, or null. `problem` says what is wrong with it.
CREATE FUNCTION ops.verify_audit(OUT checked bigint, OUT first_broken bigint, OUT problem text) LANGUAGE plpgsql STABLE AS $$
DECLARE
  head ops.audit_head;
  last_seq bigint;
  last_hash bytea;
BEGIN
  SELECT * INTO head FROM ops.audit_head;
  SELECT count(*) INTO checked FROM ops.audit;
  SELECT c.seq,
         CASE WHEN c.seq <> c.expected_seq THEN 'rows ' || c.expected_seq || ' to ' || (c.seq - 1) || ' are missing'
              WHEN c.prev <> c.expected_prev THEN 'does not follow the row before it'
              ELSE 'its content was changed' END
    INTO first_broken, problem
    FROM (SELECT a.seq, a.prev, a.hash, ops.audit_hash(a.prev, a) AS expected_hash,
                 coalesce(lag(a.seq) OVER chain, 0) + 1 AS expected_seq,
                 coalesce(lag(a.hash) OVER chain, '\x00') AS expected_prev
            FROM ops.audit a WINDOW chain AS (ORDER BY a.seq)) c
   WHERE c.seq <> c.expected_seq OR c.prev <> c.expected_prev OR c.hash <> c.expected_hash
   ORDER BY c.seq LIMIT 1;
  IF first_broken IS NOT NULL THEN RETURN; END IF;
  SELECT a.seq, a.hash INTO last_seq, last_hash FROM ops.audit a ORDER BY a.seq DESC LIMIT 1;
  IF coalesce(last_seq, 0) <> head.seq OR coalesce(last_hash, '\x00') <> head.hash THEN
    first_broken := coalesce(last_seq, 0) + 1;
    problem := 'the chain ends here, but its head is row ' || head.seq;
  END IF;
END $$;

-- ── Acting ───────────────────────────────────────────────────────────────────────────────────────

-- The action that the current transaction carries out; no row where none was begun.
CREATE FUNCTION ops.acting() RETURNS SETOF ops.action_run LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT * FROM ops.action_run WHERE transaction_number = pg_current_xact_id_if_assigned()::text::bigint
$$;

-- The same, but refuses where none was begun: nobody changes anything namelessly.
CREATE FUNCTION ops.require_acting() RETURNS ops.action_run LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  run ops.action_run;
BEGIN
  SELECT * INTO run FROM ops.acting();
  IF NOT FOUND THEN
    RAISE EXCEPTION 'nobody is acting in this transaction: it must begin with ops.begin_action' USING ERRCODE = 'BU004';
  END IF;
  RETURN run;
END $$;

-- The live session behind a token, or a refusal that says what to do.
CREATE FUNCTION ops.live_session(token text) RETURNS ops.operator_session LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  session ops.operator_session;
BEGIN
  SELECT s.* INTO session FROM ops.operator_session s JOIN ops.operator o ON o.id = s.operator_id
   WHERE s.token_hash = sha256(convert_to(token, 'UTF8')) AND s.revoked_at IS NULL AND s.expires_at > now() AND o.is_active;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this session has ended: sign in again' USING ERRCODE = 'BU001';
  END IF;
  RETURN session;
END $$;

-- What an operator may do now: roles that have not expired, by database time.
CREATE FUNCTION ops.permissions_of(of_operator bigint) RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT DISTINCT p.permission FROM ops.operator_role r JOIN ops.role_permission p USING (role)
   WHERE r.operator_id = of_operator AND (r.expires_at IS NULL OR r.expires_at > now())
$$;

-- Begins an action: derives the operator from the session token, checks the permission, takes the
-- idempotency key and ties all of it to this transaction. `replay` is the first result of a request
-- that was carried out already; the caller then changes nothing.
CREATE FUNCTION ops.begin_action(token text, action_id text, input bytea, request uuid, approval uuid DEFAULT NULL,
                                 OUT operator_id bigint, OUT session_id uuid, OUT replay jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  session ops.operator_session := ops.live_session(token);
  needed text;
  earlier ops.action_run;
BEGIN
  SELECT p.permission INTO needed FROM ops.action_permission p WHERE p.action = action_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no action %', action_id USING ERRCODE = 'BU002';
  END IF;
  IF NOT EXISTS (SELECT FROM ops.permissions_of(session.operator_id) AS held(permission) WHERE held.permission = needed) THEN
    RAISE EXCEPTION '% needs the permission %: ask an administrator for a role that has it', action_id, needed USING ERRCODE = 'BU002';
  END IF;
  operator_id := session.operator_id;
  session_id := session.id;
  -- A parallel repeat waits here for the first to commit, then finds its result.
  INSERT INTO ops.action_run AS run (request_id, transaction_number, operator_id, session_id, action, input_hash, approval_id)
  VALUES (request, pg_current_xact_id()::text::bigint, session.operator_id, session.id, action_id, input, approval)
  ON CONFLICT (request_id) DO NOTHING;
  IF FOUND THEN RETURN; END IF;
  SELECT * INTO STRICT earlier FROM ops.action_run run WHERE run.request_id = request;
  IF earlier.action <> action_id OR earlier.input_hash <> input OR earlier.operator_id <> session.operator_id THEN
    RAISE EXCEPTION 'request % was used before with other content', request USING ERRCODE = 'BU003';
  END IF;
  replay := coalesce(earlier.result, 'null'::jsonb);
END $$;

-- The audit row of the action this transaction carries out, and what a repeat is answered with.
-- It is to be the last statement: the head stays locked until the commit.
CREATE FUNCTION ops.write_audit(verb text, entity text, entity_id text, entity_label text, old jsonb, new jsonb, outcome ops.outcome,
                                reason text, note text, correlation uuid, result jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  run ops.action_run := ops.require_acting();
  written bigint;
BEGIN
  INSERT INTO ops.audit (operator_id, operator, ip, client, session_id, action, verb, entity, entity_id, entity_label, old, new, outcome,
                         reason, note, request_id, approval_id, correlation_id)
  SELECT run.operator_id, o.name, s.ip, s.client, s.id, run.action, write_audit.verb, write_audit.entity, write_audit.entity_id,
         write_audit.entity_label, write_audit.old, write_audit.new, write_audit.outcome, write_audit.reason, write_audit.note,
         run.request_id, run.approval_id, correlation
    FROM ops.operator o, ops.operator_session s WHERE o.id = run.operator_id AND s.id = run.session_id
  RETURNING seq INTO written;
  UPDATE ops.action_run SET result = write_audit.result || jsonb_build_object('audit', written) WHERE request_id = run.request_id;
  RETURN written;
END $$;

-- No audit, no action: a transaction that began an action cannot commit without its row.
CREATE FUNCTION ops.demand_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM ops.audit WHERE request_id = new.request_id AND transaction_number = new.transaction_number) THEN
    RAISE EXCEPTION 'action % has no audit row', new.action USING ERRCODE = 'BU008';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER demand_audit AFTER INSERT ON ops.action_run DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ops.demand_audit();

-- A key, once taken, says for ever what it was taken for; only the answer is filled in, once.
CREATE FUNCTION ops.guard_action_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF tg_op = 'UPDATE' AND old.result IS NULL AND (to_jsonb(new) - 'result') = (to_jsonb(old) - 'result') THEN RETURN new; END IF;
  RAISE EXCEPTION 'a request cannot be changed after it was made' USING ERRCODE = 'BU010';
END $$;
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON ops.action_run FOR EACH ROW EXECUTE FUNCTION ops.guard_action_run();

-- A refused or failed attempt, in a transaction of its own, since the attempt's was rolled back.
CREATE FUNCTION ops.audit_attempt(token text, action_id text, verb text, entity text, entity_id text, outcome ops.outcome, error text,
                                  reason text, note text, request uuid, correlation uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  session ops.operator_session;
  written bigint;
BEGIN
  IF outcome NOT IN ('refused', 'failure') THEN
    RAISE EXCEPTION 'an attempt is refused or failed, not %', outcome USING ERRCODE = 'BU002';
  END IF;
  -- An ended session is still named: who tried matters more than whether they may.
  SELECT s.* INTO session FROM ops.operator_session s WHERE s.token_hash = sha256(convert_to(token, 'UTF8'));
  INSERT INTO ops.audit (operator_id, operator, ip, client, session_id, action, verb, entity, entity_id, outcome, error, reason, note, request_id, correlation_id)
  VALUES (session.operator_id, (SELECT name FROM ops.operator WHERE id = session.operator_id), session.ip, session.client, session.id, action_id,
          audit_attempt.verb, audit_attempt.entity, audit_attempt.entity_id, audit_attempt.outcome, audit_attempt.error,
          audit_attempt.reason, audit_attempt.note, request, correlation)
  RETURNING seq INTO written;
  RETURN written;
END $$;

-- Settles a request whose answer was lost: its result if it was carried out; otherwise the key is used
-- up here, so that a commit still under way can no longer succeed, and null says that nothing happened.
CREATE FUNCTION ops.settle_request(token text, action_id text, input bytea, request uuid, verb text, entity text, entity_id text) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  begun record;
BEGIN
  SELECT * INTO begun FROM ops.begin_action(token, action_id, input, request);
  IF begun.replay IS NOT NULL THEN RETURN CASE WHEN begun.replay ? 'settled' THEN NULL ELSE begun.replay END; END IF;
  PERFORM ops.write_audit(verb, entity, entity_id, NULL, NULL, NULL, 'failure', NULL, 'the connection was lost before the commit; settled as not done',
                          NULL, '{"settled": "did not happen"}'::jsonb);
  RETURN NULL;
END $$;

-- Looking at personal data, searching and exporting: one row per session and target in ten minutes.
CREATE FUNCTION ops.record_access(token text, verb text, entity text, entity_id text, detail jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  session ops.operator_session := ops.live_session(token);
BEGIN
  IF verb NOT IN ('view', 'export') THEN
    RAISE EXCEPTION 'an access is a view or an export, not %', verb USING ERRCODE = 'BU002';
  END IF;
  IF EXISTS (SELECT FROM ops.audit a WHERE a.session_id = session.id AND a.at > now() - interval '10 minutes' AND a.verb = record_access.verb
                AND a.entity = record_access.entity AND a.entity_id = record_access.entity_id AND a.new IS NOT DISTINCT FROM detail) THEN
    RETURN;
  END IF;
  INSERT INTO ops.audit (operator_id, operator, ip, client, session_id, action, verb, entity, entity_id, new, outcome)
  SELECT session.operator_id, o.name, session.ip, session.client, session.id, record_access.entity || '.' || record_access.verb,
         record_access.verb, record_access.entity, record_access.entity_id, detail, 'success'
    FROM ops.operator o WHERE o.id = session.operator_id;
END $$;

-- Signs the demo operator in, in a demo database only: a real bank has no sessions that nobody signed in to.
CREATE FUNCTION ops.open_demo_session(operator_name text, token text, client text, ip inet DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  opened ops.operator_session;
BEGIN
  IF NOT EXISTS (SELECT FROM platform.demo_marker) THEN
    RAISE EXCEPTION 'this is no demo database: the demo operator cannot sign in' USING ERRCODE = 'BU001';
  END IF;
  IF length(token) < 32 THEN
    RAISE EXCEPTION 'a session token has at least 32 characters' USING ERRCODE = 'BU001';
  END IF;
  INSERT INTO ops.operator_session (operator_id, token_hash, ip, client, expires_at)
  SELECT o.id, sha256(convert_to(token, 'UTF8')), open_demo_session.ip, open_demo_session.client, now() + interval '8 hours'
    FROM ops.operator o WHERE o.name = operator_name AND o.is_active
  RETURNING * INTO opened;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no active operator %', operator_name USING ERRCODE = 'BU001';
  END IF;
  INSERT INTO ops.audit (operator_id, operator, ip, client, session_id, action, verb, entity, entity_id, outcome)
  VALUES (opened.operator_id, operator_name, opened.ip, opened.client, opened.id, 'sessions.open', 'login', 'session', opened.id::text, 'success');
  RETURN opened.id;
END $$;

CREATE FUNCTION ops.close_session(token text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  closed ops.operator_session;
BEGIN
  UPDATE ops.operator_session SET revoked_at = now() WHERE token_hash = sha256(convert_to(token, 'UTF8')) AND revoked_at IS NULL RETURNING * INTO closed;
  IF NOT FOUND THEN RETURN; END IF;
  INSERT INTO ops.audit (operator_id, operator, ip, client, session_id, action, verb, entity, entity_id, outcome)
  SELECT closed.operator_id, o.name, closed.ip, closed.client, closed.id, 'sessions.close', 'logout', 'session', closed.id::text, 'success'
    FROM ops.operator o WHERE o.id = closed.operator_id;
END $$;

-- ── An operator cannot raise itself, and one administrator always stays ───────────────────────────

CREATE FUNCTION ops.guard_operator_role() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  run ops.action_run;
BEGIN
  -- The first operators are made by whoever owns the database: before the first session nobody can act.
  IF tg_op = 'INSERT' AND NOT EXISTS (SELECT FROM ops.operator_session) THEN RETURN new; END IF;
  run := ops.require_acting();
  IF tg_op <> 'DELETE' AND new.operator_id = run.operator_id THEN
    RAISE EXCEPTION 'an operator cannot change its own roles' USING ERRCODE = 'BU009';
  END IF;
  RETURN coalesce(new, old);
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON ops.operator_role FOR EACH ROW EXECUTE FUNCTION ops.guard_operator_role();

CREATE FUNCTION ops.keep_an_admin() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  -- Two who each remove the other's administrator wait here for one another.
  PERFORM FROM ops.role WHERE name = 'admin' FOR UPDATE;
  IF NOT EXISTS (SELECT FROM ops.operator o JOIN ops.operator_role r ON r.operator_id = o.id
                  WHERE r.role = 'admin' AND o.is_active AND (r.expires_at IS NULL OR r.expires_at > now())) THEN
    RAISE EXCEPTION 'the last active administrator must stay' USING ERRCODE = 'BU009';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_an_admin AFTER UPDATE OF role, expires_at OR DELETE ON ops.operator_role FOR EACH ROW WHEN (old.role = 'admin') EXECUTE FUNCTION ops.keep_an_admin();
CREATE TRIGGER keep_an_admin AFTER UPDATE OF is_active ON ops.operator FOR EACH ROW WHEN (old.is_active AND NOT new.is_active) EXECUTE FUNCTION ops.keep_an_admin();
CREATE TRIGGER keep_operators BEFORE DELETE ON ops.operator FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();

-- ── The roles ────────────────────────────────────────────────────────────────────────────────────

INSERT INTO ops.role (name, title, rank) VALUES
  ('admin', 'Administrator', 1), ('developer', 'Developer (timed)', 2), ('manager', 'Manager, the checker', 3), ('sysop', 'System operator', 3),
  ('operations', 'Operations', 4), ('analyst', 'Analyst', 5), ('support', 'Support', 6), ('auditor', 'Auditor', 7), ('viewer', 'Viewer', 9);

INSERT INTO ops.role_permission (role, permission)
SELECT r.name, p FROM ops.role r, unnest(ARRAY['overview.read', 'account.read', 'user.read', 'transaction.read']) AS p;
INSERT INTO ops.role_permission (role, permission) VALUES
  ('auditor', 'audit.read'), ('manager', 'audit.read'), ('admin', 'audit.read'), ('operations', 'audit.read'), ('analyst', 'audit.read'), ('sysop', 'audit.read'),
  ('analyst', 'account.freeze'), ('operations', 'account.freeze'),
  ('operations', 'account.unfreeze'), ('manager', 'account.unfreeze'),
  ('operations', 'account.close'), ('manager', 'account.close'),
  ('manager', 'account.approve'), ('manager', 'account.reject'),
  ('support', 'user.create'), ('support', 'user.edit'),
  ('support', 'user.lock'), ('operations', 'user.lock'), ('support', 'user.unlock'), ('operations', 'user.unlock'),
  ('admin', 'user.activate'), ('admin', 'user.deactivate'),
  ('analyst', 'transaction.flag'),
  ('operations', 'transaction.reverse'), ('manager', 'transaction.reverse');

INSERT INTO ops.action_permission (action, permission) VALUES
  ('accounts.freeze', 'account.freeze'), ('accounts.retract-freeze', 'account.freeze'), ('accounts.unfreeze', 'account.unfreeze'),
  ('accounts.close', 'account.close'), ('accounts.approve', 'account.approve'), ('accounts.retract-approval', 'account.approve'),
  ('accounts.reject', 'account.reject'),
  ('users.create', 'user.create'), ('users.edit', 'user.edit'), ('users.activate', 'user.activate'), ('users.deactivate', 'user.deactivate'),
  ('users.lock', 'user.lock'), ('users.unlock', 'user.unlock'),
  ('transactions.flag', 'transaction.flag'), ('transactions.unflag', 'transaction.flag'), ('transactions.reverse', 'transaction.reverse');
