-- What takes two people: a request that one makes and another decides, and the same transaction carries out. Which
-- actions take what is data here, so that no way in gets past it.

ALTER TABLE ops.action_permission
  ADD COLUMN eyes         smallint NOT NULL DEFAULT 1 CHECK (eyes IN (1, 2)), -- 1 may still be 2 by what is changed: ops.require_two
  ADD COLUMN checker      text,                           -- the permission of whoever decides a request
  ADD COLUMN needs_code   boolean NOT NULL DEFAULT false, -- a one-time code not older than five minutes
  ADD COLUMN needs_window boolean NOT NULL DEFAULT true,
  ADD COLUMN break_glass  boolean NOT NULL DEFAULT false, -- one person may do it in an incident
  ADD CONSTRAINT two_need_a_checker CHECK (eyes = 1 OR checker IS NOT NULL);

CREATE TABLE ops.approval (
  id              uuid PRIMARY KEY, -- the maker's request
  number          bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  action          text NOT NULL REFERENCES ops.action_permission,
  action_version  text NOT NULL, -- of the definition it was made with: another one is stale
  entity          text NOT NULL,
  entity_id       text NOT NULL,
  entity_label    text NOT NULL,
  entity_version  integer NOT NULL,
  input           jsonb NOT NULL, -- as it was typed; never a secret
  input_hash      bytea NOT NULL,
  preview         jsonb NOT NULL,
  preview_hash    text NOT NULL,
  note            text NOT NULL CHECK (length(btrim(note)) >= 10),
  maker_id        bigint NOT NULL REFERENCES ops.operator,
  maker_session   uuid NOT NULL REFERENCES ops.operator_session,
  made_at         timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  expires_at      timestamptz(3) NOT NULL,
  status          text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'approved', 'rejected', 'cancelled', 'expired', 'executed', 'failed')),
  decided_by      bigint REFERENCES ops.operator,
  decided_session uuid REFERENCES ops.operator_session,
  decided_at      timestamptz(3),
  decision_note   text,
  executed_at     timestamptz(3),
  error           text,
  break_glass     boolean NOT NULL DEFAULT false,
  incident_id     bigint REFERENCES ops.incident,
  ratified_by     bigint REFERENCES ops.operator,
  ratified_at     timestamptz(3),
  verdict         text CHECK (verdict IN ('ratified', 'disputed')),
  verdict_note    text,
  CONSTRAINT not_by_its_maker CHECK (decided_by <> maker_id),
  CONSTRAINT decided_by_another CHECK (status NOT IN ('approved', 'executed', 'rejected') OR decided_by IS NOT NULL OR break_glass),
  CONSTRAINT ratified_by_another CHECK (ratified_by <> maker_id AND num_nonnulls(ratified_by, ratified_at, verdict, verdict_note) IN (0, 4)),
  CONSTRAINT within_a_week CHECK (expires_at <= made_at + interval '7 days')
);
CREATE UNIQUE INDEX approval_one_open_key ON ops.approval (action, entity, entity_id) WHERE status = 'pending';
CREATE INDEX approval_made_at_number_idx ON ops.approval (made_at, number);
CREATE INDEX approval_status_made_at_number_idx ON ops.approval (status, made_at, number);
CREATE INDEX approval_entity_entity_id_idx ON ops.approval (entity, entity_id);

CREATE TABLE ops.approval_transition (
  before text NOT NULL,
  after  text NOT NULL,
  PRIMARY KEY (before, after)
);
INSERT INTO ops.approval_transition VALUES ('pending', 'approved'), ('pending', 'rejected'), ('pending', 'cancelled'), ('pending', 'expired'), ('pending', 'failed'),
  ('approved', 'executed');

-- Who made a request and what it says is fixed for ever; who decided it comes from the action under way.
CREATE FUNCTION ops.guard_approval() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
  loose text[] := '{status,decided_by,decided_session,decided_at,decision_note,executed_at,error,break_glass,incident_id,ratified_by,ratified_at,verdict,verdict_note}';
BEGIN
  IF tg_op = 'INSERT' THEN
    run := ops.require_action('approvals.request');
    new.maker_id := run.operator_id; new.maker_session := run.session_id; new.made_at := clock_timestamp();
    new.status := 'pending'; new.break_glass := false;
    new.decided_by := NULL; new.decided_session := NULL; new.decided_at := NULL; new.executed_at := NULL; new.error := NULL; new.incident_id := NULL;
    new.ratified_by := NULL; new.ratified_at := NULL; new.verdict := NULL; new.verdict_note := NULL;
    RETURN new;
  END IF;
  IF (to_jsonb(new) - loose) <> (to_jsonb(old) - loose) THEN
    RAISE EXCEPTION 'what a request asks for never changes: cancel it and make another' USING ERRCODE = 'BU010';
  END IF;
  IF new.status = 'expired' AND old.status = 'pending' AND old.expires_at <= clock_timestamp() THEN RETURN new; END IF;
  run := ops.require_acting();
  IF new.status <> old.status THEN
    IF NOT EXISTS (SELECT FROM ops.approval_transition t WHERE t.before = old.status AND t.after = new.status) THEN
      RAISE EXCEPTION 'request % is % and cannot become %', old.number, old.status, new.status USING ERRCODE = 'BU007';
    END IF;
    IF new.status IN ('approved', 'executed') AND run.approval_id IS DISTINCT FROM old.id THEN
      RAISE EXCEPTION 'a request is carried out by its own action' USING ERRCODE = 'BU004';
    END IF;
    IF run.action IS DISTINCT FROM (CASE new.status WHEN 'rejected' THEN 'approvals.reject' WHEN 'cancelled' THEN 'approvals.cancel'
                                                   WHEN 'failed' THEN 'approvals.fail' WHEN 'expired' THEN '-' ELSE old.action END) THEN
      RAISE EXCEPTION '% cannot make a request %', run.action, new.status USING ERRCODE = 'BU004';
    END IF;
    IF new.status = 'cancelled' THEN
      IF run.operator_id <> old.maker_id THEN
        RAISE EXCEPTION 'a request is cancelled by whoever made it' USING ERRCODE = 'BU009';
      END IF;
      new.decided_by := NULL;
    ELSIF new.status <> 'executed' THEN
      IF run.operator_id = old.maker_id AND NOT new.break_glass THEN
        RAISE EXCEPTION 'whoever made a request cannot decide it' USING ERRCODE = 'BU009';
      END IF;
      new.decided_by := CASE WHEN NOT new.break_glass THEN run.operator_id END;
    END IF;
    new.decided_session := run.session_id;
    new.decided_at := coalesce(old.decided_at, clock_timestamp());
  ELSIF new.verdict IS NOT NULL AND old.verdict IS NULL THEN
    PERFORM ops.require_action('approvals.ratify');
    new.ratified_by := run.operator_id; new.ratified_at := clock_timestamp();
  ELSIF old.status = 'approved' AND run.approval_id = old.id AND old.decision_note IS NULL AND (to_jsonb(new) - 'decision_note') = (to_jsonb(old) - 'decision_note') THEN
    RETURN new;
  ELSIF to_jsonb(new) <> to_jsonb(old) THEN
    RAISE EXCEPTION 'a request that was decided stays as it was decided' USING ERRCODE = 'BU010';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.approval FOR EACH ROW EXECUTE FUNCTION ops.guard_approval();
CREATE TRIGGER keep BEFORE DELETE ON ops.approval FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.approval FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- ── Acting, by what each action takes ────────────────────────────────────────────────────────────

-- Takes the request's key for this transaction, or gives the result of the first who had it. Internal: asks for no right.
CREATE FUNCTION ops.take_request(session ops.operator_session, action_id text, input bytea, request uuid, approval uuid) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  earlier ops.action_run;
BEGIN
  -- A parallel repeat waits here for the first to commit, then finds its result.
  INSERT INTO ops.action_run AS run (request_id, transaction_number, operator_id, session_id, action, input_hash, approval_id)
  VALUES (request, pg_current_xact_id()::text::bigint, session.operator_id, session.id, action_id, input, approval)
  ON CONFLICT (request_id) DO NOTHING;
  IF FOUND THEN RETURN NULL; END IF;
  SELECT * INTO STRICT earlier FROM ops.action_run run WHERE run.request_id = request;
  IF earlier.action <> action_id OR earlier.input_hash <> input OR earlier.operator_id <> session.operator_id THEN
    RAISE EXCEPTION 'request % was used before with other content', request USING ERRCODE = 'BU003';
  END IF;
  RETURN coalesce(earlier.result, 'null'::jsonb);
END $$;

-- Whoever was made an operator by the maker owes them something, and decides neither way. Internal.
CREATE FUNCTION ops.demand_stranger(checker bigint, asked ops.approval) RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM ops.operator o WHERE o.id = checker AND o.created_by = asked.maker_id) THEN
    RAISE EXCEPTION 'an operator never decides requests of the one who created it' USING ERRCODE = 'BU002';
  END IF;
END $$;

-- Locks a pending request that this operator may decide, with what it must still be. Internal.
CREATE FUNCTION ops.take_approval(session ops.operator_session, wanted uuid, action_id text, input bytea, breaking boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  asked ops.approval;
  rule ops.action_permission;
BEGIN
  SELECT * INTO asked FROM ops.approval a WHERE a.id = wanted FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no request %', wanted USING ERRCODE = 'BU011';
  END IF;
  SELECT * INTO STRICT rule FROM ops.action_permission p WHERE p.action = asked.action;
  IF asked.action <> action_id OR asked.input_hash <> input THEN
    RAISE EXCEPTION 'request % asked for something else', asked.number USING ERRCODE = 'BU003';
  END IF;
  IF asked.status <> 'pending' THEN
    RAISE EXCEPTION 'request % is % already', asked.number, asked.status USING ERRCODE = 'BU007';
  END IF;
  IF asked.expires_at <= clock_timestamp() THEN
    RAISE EXCEPTION 'request % has expired: it must be made anew', asked.number USING ERRCODE = 'BU007';
  END IF;
  IF breaking THEN
    IF asked.maker_id <> session.operator_id THEN
      RAISE EXCEPTION 'the glass is broken by whoever made the request' USING ERRCODE = 'BU009';
    END IF;
    RETURN;
  END IF;
  IF asked.maker_id = session.operator_id THEN
    RAISE EXCEPTION 'whoever made a request cannot decide it: somebody else with the permission % can', rule.checker USING ERRCODE = 'BU009';
  END IF;
  PERFORM ops.demand_stranger(session.operator_id, asked);
  IF NOT EXISTS (SELECT FROM ops.operator o WHERE o.id = asked.maker_id AND o.is_active) OR NOT ops.may(asked.maker_id, rule.permission) THEN
    RAISE EXCEPTION 'whoever made request % may no longer ask for it: reject it', asked.number USING ERRCODE = 'BU002';
  END IF;
END $$;

-- A bulk that was begun while its operator was there goes on when the window lapses, the screen locks or the session
-- reaches its end: for so many records of one action, within four hours, and not after the session was ended by somebody.
CREATE TABLE ops.bulk_run (
  request_id uuid PRIMARY KEY,
  session_id uuid NOT NULL REFERENCES ops.operator_session,
  action     text NOT NULL REFERENCES ops.action_permission,
  remaining  integer NOT NULL CHECK (remaining BETWEEN 0 AND 10001),
  begun_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);

-- Begins a bulk: what one record would need now, the whole needs now. Repeated with the same request, by the same operator
-- in whatever session, it goes on where it stopped.
CREATE FUNCTION ops.begin_bulk(token text, action_id text, request uuid, records integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.live_session(token);
BEGIN
  PERFORM ops.demand_readiness(session, action_id, false);
  -- One more than its records: the row for the whole.
  INSERT INTO ops.bulk_run AS b (request_id, session_id, action, remaining) VALUES (request, session.id, action_id, records + 1)
  ON CONFLICT (request_id) DO UPDATE SET session_id = excluded.session_id, begun_at = excluded.begun_at
   WHERE b.action = excluded.action AND EXISTS (SELECT FROM ops.operator_session s WHERE s.id = b.session_id AND s.operator_id = session.operator_id);
  IF NOT FOUND THEN
    RAISE EXCEPTION 'request % was used before with other content', request USING ERRCODE = 'BU003';
  END IF;
END $$;

-- The session behind a token, for one more record of a bulk that was begun with it; a repeat of one that was done is none.
CREATE FUNCTION ops.session_of_bulk(token text, action_id text, request uuid, is_repeat boolean) RETURNS ops.operator_session LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session;
BEGIN
  SELECT s.* INTO session FROM ops.operator_session s JOIN ops.operator o ON o.id = s.operator_id
   WHERE s.token_hash = sha256(convert_to(token, 'UTF8')) AND s.revoked_at IS NULL AND o.is_active;
  UPDATE ops.bulk_run b SET remaining = b.remaining - CASE WHEN is_repeat THEN 0 ELSE 1 END
   WHERE b.request_id = request AND b.session_id = session.id AND action_id IN (b.action, 'approvals.request') AND (b.remaining > 0 OR is_repeat)
     AND b.begun_at > clock_timestamp() - interval '4 hours';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this session has ended, or the bulk was not begun with it: sign in again' USING ERRCODE = 'BU001';
  END IF;
  RETURN session;
END $$;

-- Whether a session may do this now: the write window (BU014), and a code that is fresh (BU013).
CREATE FUNCTION ops.demand_readiness(session ops.operator_session, action_id text, breaking_glass boolean) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  rule ops.action_permission;
BEGIN
  SELECT * INTO rule FROM ops.action_permission p WHERE p.action = action_id;
  IF rule.needs_window AND (ops.window_of(session.id)).id IS NULL THEN
    RAISE EXCEPTION 'this session is read-only: open a write window first' USING ERRCODE = 'BU014';
  END IF;
  IF (rule.needs_code OR breaking_glass) AND session.code_at < clock_timestamp() - interval '5 minutes' IS NOT FALSE THEN
    RAISE EXCEPTION '% needs a fresh one-time code', action_id USING ERRCODE = 'BU013';
  END IF;
END $$;

-- Begins an action: derives the operator from the session token, checks permission, write window, one-time code and
-- approval, takes the idempotency key and ties all of it to this transaction. `replay` is the first result of a request
-- that was carried out already; the caller then changes nothing.
DROP FUNCTION ops.begin_action(text, text, bytea, uuid, uuid);
CREATE FUNCTION ops.begin_action(token text, action_id text, input bytea, request uuid, approval uuid DEFAULT NULL, breaking_glass boolean DEFAULT false,
                                 bulk uuid DEFAULT NULL,
                                 OUT operator_id bigint, OUT session_id uuid, OUT replay jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session;
  rule ops.action_permission;
  needed text;
  incident bigint;
BEGIN
  session := CASE WHEN bulk IS NULL THEN ops.live_session(token) ELSE ops.session_of_bulk(token, action_id, bulk, EXISTS (SELECT FROM ops.action_run r WHERE r.request_id = request)) END;
  -- With an older snapshot a revoked session would still look alive, and a lock waited for would show nothing new.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'an action runs in a read committed transaction, not in a % one', current_setting('transaction_isolation') USING ERRCODE = 'BU004';
  END IF;
  IF (ops.acting()).request_id IS NOT NULL THEN
    RAISE EXCEPTION 'a transaction carries out one action' USING ERRCODE = 'BU004';
  END IF;
  SELECT * INTO rule FROM ops.action_permission p WHERE p.action = action_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no action %', action_id USING ERRCODE = 'BU002';
  END IF;
  operator_id := session.operator_id;
  session_id := session.id;
  -- What was carried out already is answered, whatever has lapsed since.
  IF EXISTS (SELECT FROM ops.action_run r WHERE r.request_id = request) THEN
    replay := ops.take_request(session, action_id, input, request, approval); RETURN;
  END IF;
  needed := CASE WHEN approval IS NULL OR breaking_glass THEN rule.permission ELSE rule.checker END;
  IF NOT ops.may(session.operator_id, needed) THEN
    RAISE EXCEPTION '% needs the permission %: ask an administrator for a role that has it', action_id, needed USING ERRCODE = 'BU002';
  END IF;
  IF bulk IS NULL THEN PERFORM ops.demand_readiness(session, action_id, breaking_glass); END IF;
  IF rule.eyes = 2 AND approval IS NULL THEN
    RAISE EXCEPTION '% takes two people: make a request, and somebody with the permission % decides it', action_id, rule.checker USING ERRCODE = 'BU012';
  END IF;
  IF breaking_glass THEN
    SELECT max(i.id) INTO incident FROM ops.incident i WHERE i.status = 'open';
    IF approval IS NULL OR NOT rule.break_glass OR incident IS NULL THEN
      RAISE EXCEPTION 'the glass is broken for a request of one''s own, in an open incident, and not for %', CASE WHEN rule.break_glass THEN 'less' ELSE action_id END USING ERRCODE = 'BU002';
    END IF;
  END IF;
  IF approval IS NOT NULL THEN PERFORM ops.take_approval(session, approval, action_id, input, breaking_glass); END IF;
  replay := ops.take_request(session, action_id, input, request, approval);
  IF approval IS NOT NULL AND replay IS NULL THEN
    UPDATE ops.approval a SET status = 'approved', break_glass = breaking_glass, incident_id = incident WHERE a.id = approval;
  END IF;
  UPDATE ops.operator_role r SET last_used_at = clock_timestamp() FROM ops.role_permission p
   WHERE r.operator_id = session.operator_id AND p.role = r.role AND p.permission = needed AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp())
     AND (r.last_used_at IS NULL OR r.last_used_at < clock_timestamp() - interval '1 hour');
END $$;

-- Facts can ask for two people where the action alone does not.
CREATE FUNCTION ops.require_two(why text) RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (ops.require_acting()).approval_id IS NULL THEN
    RAISE EXCEPTION '%', why USING ERRCODE = 'BU012';
  END IF;
END $$;

-- What is done under an approval is done to what was approved. Returns the input that was approved; null where nobody had to approve.
CREATE FUNCTION ops.require_target(entity text, id text) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_acting();
  asked ops.approval;
BEGIN
  IF run.approval_id IS NULL THEN RETURN NULL; END IF;
  SELECT * INTO STRICT asked FROM ops.approval a WHERE a.id = run.approval_id;
  IF (asked.entity, asked.entity_id) IS DISTINCT FROM (require_target.entity, require_target.id) THEN
    RAISE EXCEPTION 'request % is about % %, not about % %', asked.number, asked.entity, asked.entity_id, require_target.entity, require_target.id USING ERRCODE = 'BU004';
  END IF;
  RETURN asked.input;
END $$;

CREATE FUNCTION ops.guard_approved_account() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM ops.require_target('account', new.id::text);
  RETURN NULL;
END $$;
CREATE TRIGGER as_approved AFTER UPDATE OF status ON bank.account FOR EACH ROW WHEN (old.status <> new.status) EXECUTE FUNCTION ops.guard_approved_account();

CREATE FUNCTION ops.guard_approved_reversal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM ops.require_target('transaction', new.reverses::text);
  RETURN NULL;
END $$;
CREATE TRIGGER as_approved AFTER INSERT ON bank.transaction FOR EACH ROW WHEN (new.reverses IS NOT NULL) EXECUTE FUNCTION ops.guard_approved_reversal();

-- Somebody who was put out comes back only when two agree.
CREATE FUNCTION ops.guard_reactivation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM ops.require_target('user', new.id::text);
  PERFORM ops.require_two(format('%s was deactivated: activating again takes two people', new.username));
  RETURN NULL;
END $$;
CREATE TRIGGER as_approved AFTER UPDATE OF status ON bank."user" FOR EACH ROW WHEN (old.status = 'deactivated' AND new.status = 'active') EXECUTE FUNCTION ops.guard_reactivation();

-- As before, and an approved request is executed by the same row that says so.
CREATE OR REPLACE FUNCTION ops.write_audit(verb text, entity text, entity_id text, entity_label text, old jsonb, new jsonb, outcome ops.outcome,
                                reason text, note text, correlation uuid, result jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_acting();
  written bigint;
BEGIN
  IF run.approval_id IS NOT NULL THEN
    UPDATE ops.approval a SET status = 'executed', executed_at = clock_timestamp() WHERE a.id = run.approval_id;
  END IF;
  INSERT INTO ops.audit (action, verb, entity, entity_id, entity_label, old, new, outcome, reason, note, request_id, correlation_id)
  VALUES (run.action, write_audit.verb, write_audit.entity, write_audit.entity_id, write_audit.entity_label, write_audit.old, write_audit.new,
          write_audit.outcome, write_audit.reason, write_audit.note, run.request_id, correlation)
  RETURNING seq INTO written;
  UPDATE ops.action_run SET result = coalesce(write_audit.result, '{}') || jsonb_build_object('audit', written) WHERE request_id = run.request_id;
  RETURN written;
END $$;

-- As before: a window or a code that lapsed meanwhile must not hide what became of a request.
CREATE OR REPLACE FUNCTION ops.settle_request(token text, action_id text, input bytea, request uuid, verb text, entity text, entity_id text) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.live_session(token);
  replay jsonb;
BEGIN
  replay := ops.take_request(session, action_id, input, request, NULL);
  IF replay IS NOT NULL THEN RETURN CASE WHEN replay ? 'settled' THEN NULL ELSE replay END; END IF;
  PERFORM ops.write_audit(verb, entity, entity_id, NULL, NULL, NULL, 'failure', NULL, 'the connection was lost before the commit; settled as not done',
                          NULL, '{"settled": "did not happen"}'::jsonb);
  RETURN NULL;
END $$;

-- ── Making and deciding requests ─────────────────────────────────────────────────────────────────

-- Asks for an action that takes two people; runs as the action approvals.request, whose key is the request's id.
CREATE FUNCTION ops.make_request(action_id text, action_version text, entity text, entity_id text, entity_label text, entity_version integer,
                                 input jsonb, input_hash bytea, preview jsonb, preview_hash text, note text, hours integer) RETURNS ops.approval
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('approvals.request');
  rule ops.action_permission;
  made ops.approval;
BEGIN
  SELECT * INTO rule FROM ops.action_permission p WHERE p.action = action_id;
  IF rule.checker IS NULL THEN
    RAISE EXCEPTION 'there is no action % that somebody else decides', action_id USING ERRCODE = 'BU002';
  END IF;
  IF NOT ops.may(run.operator_id, rule.permission) THEN
    RAISE EXCEPTION '% needs the permission %: ask an administrator for a role that has it', action_id, rule.permission USING ERRCODE = 'BU002';
  END IF;
  UPDATE ops.approval a SET status = 'expired'
   WHERE a.action = action_id AND a.entity = make_request.entity AND a.entity_id = make_request.entity_id AND a.status = 'pending' AND a.expires_at <= clock_timestamp();
  INSERT INTO ops.approval AS a (id, action, action_version, entity, entity_id, entity_label, entity_version, input, input_hash, preview, preview_hash, note, expires_at,
                                 maker_id, maker_session)
  VALUES (run.request_id, action_id, make_request.action_version, make_request.entity, make_request.entity_id, make_request.entity_label, make_request.entity_version,
          make_request.input, make_request.input_hash, make_request.preview, make_request.preview_hash, make_request.note,
          clock_timestamp() + make_interval(hours => least(greatest(hours, 1), 167)), run.operator_id, run.session_id)
  RETURNING a.* INTO made;
  RETURN made;
END $$;

-- Locks a request that still waits. Internal.
CREATE FUNCTION ops.open_request(wanted bigint) RETURNS ops.approval LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  asked ops.approval;
BEGIN
  SELECT * INTO asked FROM ops.approval a WHERE a.number = wanted FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no request %', wanted USING ERRCODE = 'BU011';
  END IF;
  IF asked.status <> 'pending' OR asked.expires_at <= clock_timestamp() THEN
    RAISE EXCEPTION 'request % % already', wanted, CASE WHEN asked.status = 'pending' THEN 'has expired' ELSE 'is ' || asked.status END USING ERRCODE = 'BU007';
  END IF;
  RETURN asked;
END $$;

-- Whoever decides a request holds its action's checker permission (BU002), and was not made by its maker. Internal.
CREATE FUNCTION ops.demand_checker(of_operator bigint, asked ops.approval) RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  needed text := (SELECT p.checker FROM ops.action_permission p WHERE p.action = asked.action);
BEGIN
  IF NOT ops.may(of_operator, needed) THEN
    RAISE EXCEPTION 'request % is decided by somebody with the permission %', asked.number, needed USING ERRCODE = 'BU002';
  END IF;
  PERFORM ops.demand_stranger(of_operator, asked);
END $$;

-- Whoever may approve may reject (BU002), and nobody their own (BU009, by the guard).
CREATE FUNCTION ops.reject_request(wanted bigint, note text) RETURNS ops.approval LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('approvals.reject');
  asked ops.approval := ops.open_request(wanted);
BEGIN
  PERFORM ops.demand_checker(run.operator_id, asked);
  UPDATE ops.approval a SET status = 'rejected', decision_note = reject_request.note WHERE a.id = asked.id RETURNING * INTO asked;
  RETURN asked;
END $$;

CREATE FUNCTION ops.cancel_request(wanted bigint, note text) RETURNS ops.approval LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  asked ops.approval := ops.open_request(wanted);
BEGIN
  UPDATE ops.approval a SET status = 'cancelled', decision_note = cancel_request.note WHERE a.id = asked.id RETURNING * INTO asked;
  RETURN asked;
END $$;

-- An approved request that could not be carried out: its target had changed, or refused.
CREATE FUNCTION ops.fail_request(wanted bigint, error text) RETURNS ops.approval LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('approvals.fail');
  asked ops.approval := ops.open_request(wanted);
BEGIN
  PERFORM ops.demand_checker(run.operator_id, asked);
  UPDATE ops.approval a SET status = 'failed', error = left(fail_request.error, 2000) WHERE a.id = asked.id RETURNING * INTO asked;
  RETURN asked;
END $$;

-- What the checker wrote; in the transaction that carries the request out.
CREATE FUNCTION ops.note_decision(note text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_acting();
BEGIN
  UPDATE ops.approval a SET decision_note = note_decision.note WHERE a.id = run.approval_id;
END $$;

-- A verdict on what one person did under broken glass: ratified or disputed, within a day.
CREATE FUNCTION ops.judge_request(wanted bigint, judged text, note text) RETURNS ops.approval LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('approvals.ratify');
  asked ops.approval;
BEGIN
  SELECT * INTO asked FROM ops.approval a WHERE a.number = wanted FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no request %', wanted USING ERRCODE = 'BU011';
  END IF;
  IF NOT asked.break_glass OR asked.status <> 'executed' OR asked.verdict IS NOT NULL THEN
    RAISE EXCEPTION 'request % does not wait for a verdict', wanted USING ERRCODE = 'BU007';
  END IF;
  IF asked.maker_id = run.operator_id THEN
    RAISE EXCEPTION 'whoever broke the glass does not judge it' USING ERRCODE = 'BU009';
  END IF;
  UPDATE ops.approval a SET verdict = judged, verdict_note = judge_request.note, ratified_by = run.operator_id, ratified_at = clock_timestamp()
   WHERE a.id = asked.id RETURNING * INTO asked;
  RETURN asked;
END $$;

-- ── What a console asks every second ─────────────────────────────────────────────────────────────

-- The pulse of a session: whether it lives, until when it may write, and what waits for its operator. Notes that
-- somebody is there; locks it where nobody was for 15 minutes.
CREATE FUNCTION ops.touch(token text, active boolean, OUT state text, OUT why text, OUT expires_at timestamptz, OUT window_expires_at timestamptz, OUT window_reason text,
                          OUT code_at timestamptz, OUT inbox integer, OUT to_ratify integer, OUT incident text, OUT developers text, OUT broken_glass integer, OUT permissions text[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session;
  who ops.operator;
  pane ops.write_window;
BEGIN
  SELECT * INTO session FROM ops.operator_session s WHERE s.token_hash = sha256(convert_to(token, 'UTF8'));
  SELECT * INTO who FROM ops.operator o WHERE o.id = session.operator_id;
  why := CASE WHEN session.id IS NULL THEN 'there is no such session'
              WHEN NOT who.is_active THEN 'this operator was deactivated'
              WHEN session.revoked_at IS NOT NULL THEN 'this session was ended' || coalesce(' by ' || (SELECT o.name FROM ops.operator o WHERE o.id = session.revoked_by), '')
              ELSE platform.ip_objection(session.ip, 'admin') END;
  IF why IS NOT NULL THEN state := 'ended'; RETURN; END IF;
  -- Not ended by anybody: what was begun with it goes on.
  IF session.expires_at <= clock_timestamp() THEN state := 'over'; why := 'this session reached its end'; RETURN; END IF;
  expires_at := session.expires_at;
  IF session.locked_at IS NULL AND session.kind IN ('screen', 'demo') AND session.last_seen_at < clock_timestamp() - interval '15 minutes' THEN
    UPDATE ops.operator_session s SET locked_at = clock_timestamp() WHERE s.id = session.id RETURNING s.locked_at INTO session.locked_at;
  END IF;
  IF session.locked_at IS NOT NULL THEN
    state := 'locked'; why := 'nobody was here for 15 minutes, or it was locked by key'; RETURN;
  END IF;
  IF active AND session.last_seen_at < clock_timestamp() - interval '20 seconds' THEN
    UPDATE ops.operator_session s SET last_seen_at = clock_timestamp() WHERE s.id = session.id;
  END IF;
  state := 'live';
  code_at := session.code_at;
  pane := ops.window_of(session.id);
  window_expires_at := pane.expires_at; window_reason := pane.reason;
  permissions := ARRAY(SELECT p FROM ops.permissions_of(who.id) p ORDER BY 1);
  SELECT count(*) INTO inbox FROM ops.approval a JOIN ops.action_permission p USING (action)
   WHERE a.status = 'pending' AND a.expires_at > clock_timestamp() AND a.maker_id <> who.id AND p.checker = ANY (permissions);
  SELECT count(*) FILTER (WHERE a.maker_id <> who.id AND 'approval.ratify' = ANY (permissions)), count(*) INTO to_ratify, broken_glass
    FROM ops.approval a WHERE a.break_glass AND a.status = 'executed' AND a.verdict IS NULL;
  SELECT format('#%s level %s %s', i.id, i.level, i.title) INTO incident FROM ops.incident i WHERE i.status IN ('open', 'contained') ORDER BY i.id DESC LIMIT 1;
  SELECT string_agg(format('%s until %s', o.name, to_char(r.expires_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI')), ', ' ORDER BY r.expires_at) INTO developers
    FROM ops.operator_role r JOIN ops.operator o ON o.id = r.operator_id WHERE r.role = 'developer' AND o.is_active AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp());
END $$;

-- Whose live session a token is; null where it is none.
CREATE FUNCTION ops.session_holder(token text) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT o.name FROM ops.operator o WHERE o.id = (ops.live_session(token)).operator_id);
EXCEPTION WHEN SQLSTATE 'BU001' THEN
  RETURN NULL;
END $$;

-- ── Roles, permissions, actions ──────────────────────────────────────────────────────────────────

INSERT INTO ops.role (name, title, rank) VALUES ('owner', 'Owner of the database, for recovery', 0);

INSERT INTO ops.role_permission (role, permission)
SELECT r, p FROM unnest(ARRAY['admin', 'developer', 'manager', 'sysop', 'operations', 'analyst', 'support']) r, unnest(ARRAY['window.open', 'incident.manage']) p;
INSERT INTO ops.role_permission (role, permission)
SELECT r.name, p FROM ops.role r, unnest(ARRAY['approval.read', 'incident.read']) AS p WHERE r.name <> 'owner';
INSERT INTO ops.role_permission (role, permission) VALUES
  ('manager', 'approval.decide'), ('manager', 'access.decide'), ('admin', 'access.decide'), ('manager', 'approval.ratify'), ('admin', 'approval.ratify');

UPDATE ops.action_permission SET eyes = 2, checker = 'approval.decide', needs_code = true, break_glass = true
 WHERE action IN ('accounts.unfreeze', 'accounts.close', 'transactions.reverse');
UPDATE ops.action_permission SET checker = 'access.decide' WHERE action = 'users.activate';
-- Taken back in ten minutes by whoever did it: that needs nobody else.
INSERT INTO ops.action_permission (action, permission, needs_window) VALUES
  ('operators.enrol', 'self', false), ('operators.change-password', 'self', false), ('windows.open', 'window.open', false);
INSERT INTO ops.action_permission (action, permission) VALUES
  ('approvals.request', 'self'), ('approvals.reject', 'self'), ('approvals.cancel', 'self'), ('approvals.fail', 'self'), ('approvals.approve', 'self'), ('approvals.break-glass', 'self'), ('approvals.ratify', 'approval.ratify'),
  ('incidents.declare', 'incident.manage'), ('incidents.contain', 'incident.manage'), ('incidents.resolve', 'incident.manage'), ('incidents.review', 'incident.manage');

-- ── Who may call what ────────────────────────────────────────────────────────────────────────────

-- Parts of other functions: called with arguments that they alone may choose.
REVOKE EXECUTE ON FUNCTION ops.take_code, ops.check_credentials, ops.audit_sign_in, ops.put_credentials, ops.take_request, ops.take_approval, ops.demand_stranger, ops.open_request, ops.demand_checker, ops.session_of_bulk,
  ops.locked_until, ops.address_waits_until FROM PUBLIC;
