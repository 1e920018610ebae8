-- Who acts, and the record of it. Every change a person makes begins with ops.begin_action and cannot
-- commit without its audit row. SQLSTATE class BU is ours: database/fault.ts names each code.
--
-- Every function that runs with its owner's rights names pg_temp last: unnamed it would be searched first, and
-- a caller's temporary type called text would run with those rights. Deadlines are read from the clock and
-- never from now(), which stands still in a transaction that somebody keeps open. What every posting or action
-- calls is plpgsql, which keeps its plans; a LANGUAGE sql function that cannot be inlined is planned at each call.

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
  transaction_number bigint NOT NULL,
  operator_id        bigint NOT NULL REFERENCES ops.operator,
  session_id         uuid NOT NULL REFERENCES ops.operator_session,
  action             text NOT NULL REFERENCES ops.action_permission,
  input_hash         bytea NOT NULL,
  approval_id        uuid,
  began_at           timestamptz(3) NOT NULL DEFAULT now(),
  result             jsonb, -- what a repeat of the same request is answered with
  -- Restored on another server, the numbers begin anew: the time tells an old transaction from this one.
  UNIQUE (transaction_number, began_at)
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
-- stable when a later migration adds a column. Documents go in as text: JSON's null is not SQL's.
CREATE FUNCTION ops.audit_hash(prev bytea, a ops.audit) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT sha256(prev || convert_to(json_build_array(
    a.seq, (date_part('epoch', a.at) * 1000)::bigint, a.db_role, a.operator_id, a.operator, a.ip::text, a.client, a.session_id,
    a.action, a.verb, a.entity, a.entity_id, a.entity_label, a.old::text, a.new::text, a.outcome, a.reason, a.note, a.error,
    a.request_id, a.approval_id, a.correlation_id, a.transaction_number)::text, 'UTF8'))
$$;

CREATE FUNCTION ops.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% on %.% is not allowed: it is kept as it was written', tg_op, tg_table_schema, tg_table_name USING ERRCODE = 'BU010';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ops.audit FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON ops.audit FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();
-- Only sealing a row, from inside its trigger, moves the head.
CREATE TRIGGER moved_by_sealing BEFORE UPDATE ON ops.audit_head FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep BEFORE DELETE ON ops.audit_head FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.audit_head FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.action_run FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.operator FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.operator_role FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.operator_session FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- First broken row of the chain, or null. `problem` says what is wrong with it. The anchor is a row's number and
-- hash as they were noted outside the database: without it a rewritten history that is whole in itself passes.
CREATE FUNCTION ops.verify_audit(anchor_seq bigint DEFAULT NULL, anchor_hash bytea DEFAULT NULL)
RETURNS TABLE (checked bigint, first_broken bigint, problem text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- RETURN QUERY, because Postgres runs a SELECT INTO on one processor only.
  RETURN QUERY
  WITH content AS (
    SELECT count(*) AS rows, min(a.seq) FILTER (WHERE a.hash <> ops.audit_hash(a.prev, a)) AS seq, 'its content was changed' AS wrong, 2 AS rank FROM ops.audit a
  ), link AS (
    SELECT c.seq, CASE WHEN c.seq <> c.expected_seq THEN format('rows %s to %s are missing', c.expected_seq, c.seq - 1)
                       ELSE 'it does not follow the row before it' END AS wrong, 1 AS rank
      FROM (SELECT a.seq, a.prev, lag(a.seq, 1, 0::bigint) OVER chain + 1 AS expected_seq, lag(a.hash, 1, '\x00'::bytea) OVER chain AS expected_prev
              FROM ops.audit a WINDOW chain AS (ORDER BY a.seq)) c
     WHERE c.seq <> c.expected_seq OR c.prev <> c.expected_prev ORDER BY c.seq LIMIT 1
  ), final AS (
    SELECT coalesce(l.seq, 0) + 1 AS seq, format('the chain ends before it, but its head is %s', coalesce('row ' || h.seq, 'gone')) AS wrong, 3 AS rank
      FROM (VALUES (1)) AS one LEFT JOIN ops.audit_head h ON true LEFT JOIN (SELECT a.seq, a.hash FROM ops.audit a ORDER BY a.seq DESC LIMIT 1) l ON true
     WHERE h.seq IS DISTINCT FROM coalesce(l.seq, 0) OR h.hash IS DISTINCT FROM coalesce(l.hash, '\x00')
  ), anchored AS (
    SELECT anchor_seq AS seq, 'it is not the row that was anchored: the history was written anew' AS wrong, 4 AS rank
     WHERE anchor_hash IS DISTINCT FROM coalesce((SELECT a.hash FROM ops.audit a WHERE a.seq = anchor_seq), CASE WHEN anchor_seq IS NULL THEN anchor_hash END)
  ), first AS (
    SELECT b.seq, b.wrong FROM (SELECT c.seq, c.wrong, c.rank FROM content c UNION ALL TABLE link UNION ALL TABLE final UNION ALL TABLE anchored) b
     WHERE b.seq IS NOT NULL ORDER BY b.seq, b.rank LIMIT 1
  )
  SELECT c.rows, f.seq, f.wrong FROM content c LEFT JOIN first f ON true;
END $$;

-- ── Acting ───────────────────────────────────────────────────────────────────────────────────────

-- The action that the current transaction carries out; nulls where none was begun.
CREATE FUNCTION ops.acting() RETURNS ops.action_run LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
BEGIN
  SELECT * INTO run FROM ops.action_run
   WHERE transaction_number = pg_current_xact_id_if_assigned()::text::bigint AND began_at = transaction_timestamp()::timestamptz(3);
  RETURN run;
END $$;

-- The same, but refuses where none was begun: nobody changes anything namelessly.
CREATE FUNCTION ops.require_acting() RETURNS ops.action_run LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.acting();
BEGIN
  IF run.request_id IS NULL THEN
    RAISE EXCEPTION 'nobody is acting in this transaction: it must begin with ops.begin_action' USING ERRCODE = 'BU004';
  END IF;
  -- What comes after the audit row would not be in it.
  IF run.result IS NOT NULL THEN
    RAISE EXCEPTION 'action % has its audit row already: nothing changes after it', run.action USING ERRCODE = 'BU004';
  END IF;
  RETURN run;
END $$;

-- The same, but only for what the named actions do: whoever may do one thing may not do another by it.
CREATE FUNCTION ops.require_action(VARIADIC allowed text[]) RETURNS ops.action_run LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_acting();
BEGIN
  IF run.action <> ALL (allowed) THEN
    RAISE EXCEPTION '% does not do this; % does', run.action, array_to_string(allowed, ' or ') USING ERRCODE = 'BU004';
  END IF;
  RETURN run;
END $$;

-- The live session behind a token, or a refusal that says what to do.
CREATE FUNCTION ops.live_session(token text) RETURNS ops.operator_session LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session;
BEGIN
  SELECT s.* INTO session FROM ops.operator_session s JOIN ops.operator o ON o.id = s.operator_id
   WHERE s.token_hash = sha256(convert_to(token, 'UTF8')) AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp() AND o.is_active;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this session has ended: sign in again' USING ERRCODE = 'BU001';
  END IF;
  RETURN session;
END $$;

-- What an operator may do now: roles that have not expired, by database time.
CREATE FUNCTION ops.permissions_of(of_operator bigint) RETURNS SETOF text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT DISTINCT p.permission FROM ops.operator_role r JOIN ops.role_permission p USING (role)
    WHERE r.operator_id = of_operator AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp());
END $$;

-- Begins an action: derives the operator from the session token, checks the permission, takes the
-- idempotency key and ties all of it to this transaction. `replay` is the first result of a request
-- that was carried out already; the caller then changes nothing.
CREATE FUNCTION ops.begin_action(token text, action_id text, input bytea, request uuid, approval uuid DEFAULT NULL,
                                 OUT operator_id bigint, OUT session_id uuid, OUT replay jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.live_session(token);
  needed text;
  earlier ops.action_run;
BEGIN
  -- With an older snapshot a revoked session would still look alive, and a lock waited for would show nothing new.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'an action runs in a read committed transaction, not in a % one', current_setting('transaction_isolation') USING ERRCODE = 'BU004';
  END IF;
  IF (ops.acting()).request_id IS NOT NULL THEN
    RAISE EXCEPTION 'a transaction carries out one action' USING ERRCODE = 'BU004';
  END IF;
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

-- The head row hands out the sequence: a serial beside an advisory lock can commit out of order. Who did what was
-- done comes from the action under way and never from the statement; without one only attempts, looks and
-- sign-ins are recorded.
CREATE FUNCTION ops.seal_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.acting();
  actor record;
  head ops.audit_head;
BEGIN
  IF run.request_id = new.request_id THEN
    SELECT o.id, o.name, s.id AS session_id, s.ip, s.client, s.revoked_at IS NULL AND o.is_active AS welcome INTO STRICT actor
      FROM ops.operator o, ops.operator_session s WHERE o.id = run.operator_id AND s.id = run.session_id;
    IF NOT actor.welcome THEN
      RAISE EXCEPTION 'this session was ended meanwhile: sign in again' USING ERRCODE = 'BU001';
    END IF;
    new.operator_id := actor.id; new.operator := actor.name; new.session_id := actor.session_id; new.ip := actor.ip; new.client := actor.client;
    new.action := run.action; new.approval_id := run.approval_id;
  ELSIF new.outcome IN ('success', 'partial') AND new.verb NOT IN ('view', 'export', 'login', 'logout') THEN
    RAISE EXCEPTION 'what was done is recorded only by the action that does it' USING ERRCODE = 'BU004';
  END IF;
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

-- The audit row of the action this transaction carries out, and what a repeat is answered with.
-- It is to be the last statement: the head stays locked until the commit.
CREATE FUNCTION ops.write_audit(verb text, entity text, entity_id text, entity_label text, old jsonb, new jsonb, outcome ops.outcome,
                                reason text, note text, correlation uuid, result jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_acting();
  written bigint;
BEGIN
  INSERT INTO ops.audit (action, verb, entity, entity_id, entity_label, old, new, outcome, reason, note, request_id, correlation_id)
  VALUES (run.action, write_audit.verb, write_audit.entity, write_audit.entity_id, write_audit.entity_label, write_audit.old, write_audit.new,
          write_audit.outcome, write_audit.reason, write_audit.note, run.request_id, correlation)
  RETURNING seq INTO written;
  UPDATE ops.action_run SET result = coalesce(write_audit.result, '{}') || jsonb_build_object('audit', written) WHERE request_id = run.request_id;
  RETURN written;
END $$;

-- No audit, no action: a transaction that began an action cannot commit without its row.
CREATE FUNCTION ops.demand_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM ops.audit a JOIN ops.action_run r USING (request_id)
                  WHERE a.request_id = new.request_id AND a.transaction_number = new.transaction_number AND r.result IS NOT NULL) THEN
    RAISE EXCEPTION 'action % has no audit row', new.action USING ERRCODE = 'BU008';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER demand_audit AFTER INSERT ON ops.action_run DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ops.demand_audit();

-- A key, once taken, says for ever what it was taken for; only the answer is filled in, once.
CREATE FUNCTION ops.guard_action_run() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF tg_op = 'UPDATE' AND old.result IS NULL AND (to_jsonb(new) - 'result') = (to_jsonb(old) - 'result') THEN RETURN new; END IF;
  RAISE EXCEPTION 'a request cannot be changed after it was made' USING ERRCODE = 'BU010';
END $$;
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON ops.action_run FOR EACH ROW EXECUTE FUNCTION ops.guard_action_run();

-- A refused or failed attempt, in a transaction of its own, since the attempt's was rolled back.
CREATE FUNCTION ops.audit_attempt(token text, action_id text, verb text, entity text, entity_id text, outcome ops.outcome, error text,
                                  reason text, note text, request uuid, correlation uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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

CREATE FUNCTION ops.close_session(token text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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

-- A table that only the actions named like its argument change. Before the first session nobody can act: then
-- whoever owns the database sets it up.
CREATE FUNCTION ops.demand_action() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM ops.operator_session) AND (ops.require_acting()).action NOT LIKE tg_argv[0] THEN
    RAISE EXCEPTION '%.% is changed only by %', tg_table_schema, tg_table_name, tg_argv[0] USING ERRCODE = 'BU004';
  END IF;
  RETURN coalesce(new, old);
END $$;
CREATE TRIGGER demand_action BEFORE INSERT OR UPDATE ON ops.operator FOR EACH ROW EXECUTE FUNCTION ops.demand_action('operators.%');
CREATE TRIGGER demand_action BEFORE INSERT OR UPDATE OR DELETE ON ops.operator_role FOR EACH ROW EXECUTE FUNCTION ops.demand_action('operators.%');
CREATE TRIGGER demand_action BEFORE INSERT OR UPDATE OR DELETE ON platform.setting FOR EACH ROW EXECUTE FUNCTION ops.demand_action('settings.%');
-- Nobody turns a bank into a demo, where anybody may act, once somebody has signed in to it.
CREATE TRIGGER demand_action BEFORE INSERT ON platform.demo_marker FOR EACH ROW EXECUTE FUNCTION ops.demand_action('demo.%');

CREATE FUNCTION ops.guard_operator_role() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF new.operator_id = (ops.acting()).operator_id THEN
    RAISE EXCEPTION 'an operator cannot change its own roles' USING ERRCODE = 'BU009';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER not_oneself BEFORE INSERT OR UPDATE ON ops.operator_role FOR EACH ROW EXECUTE FUNCTION ops.guard_operator_role();

CREATE FUNCTION ops.keep_an_admin() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- Two who each remove the other's administrator wait here for one another. Not FOR UPDATE: that would also
  -- wait for, and deadlock with, everybody who is just granting the role.
  PERFORM FROM ops.role WHERE name = 'admin' FOR NO KEY UPDATE;
  -- One whose role runs out by itself is none that stays.
  IF NOT EXISTS (SELECT FROM ops.operator o JOIN ops.operator_role r ON r.operator_id = o.id
                  WHERE r.role = 'admin' AND o.is_active AND r.expires_at IS NULL) THEN
    RAISE EXCEPTION 'the last active administrator must stay' USING ERRCODE = 'BU009';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_an_admin AFTER UPDATE OR DELETE ON ops.operator_role FOR EACH ROW WHEN (old.role = 'admin') EXECUTE FUNCTION ops.keep_an_admin();
CREATE TRIGGER keep_an_admin AFTER UPDATE OF is_active ON ops.operator FOR EACH ROW WHEN (old.is_active AND NOT new.is_active) EXECUTE FUNCTION ops.keep_an_admin();
CREATE TRIGGER keep BEFORE DELETE ON ops.operator FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();

-- A session can be looked at again and ended; it never passes to another, grows longer or comes back.
CREATE TRIGGER keep BEFORE UPDATE ON ops.operator_session FOR EACH ROW
  WHEN (new.expires_at > old.expires_at OR (old.revoked_at IS NOT NULL AND new.revoked_at IS DISTINCT FROM old.revoked_at)
        OR (new.id, new.operator_id, new.token_hash, new.ip, new.client, new.started_at)
           IS DISTINCT FROM (old.id, old.operator_id, old.token_hash, old.ip, old.client, old.started_at))
  EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_ended BEFORE DELETE ON ops.operator_session FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();

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
