-- Machines: operators without a person, for what must be done while nobody has signed in. A machine has a key instead of a password, for a time and never for good; it asks for
-- nothing, approves nothing and holds no role: what it may is a list in a function here, and what it does is what people planned, queued or left to the clock.

-- ── What a machine is ────────────────────────────────────────────────────────────────────────────

-- Beside its row in ops.operator, so that everything that names an operator names it too.
CREATE TABLE ops.machine (
  operator_id bigint PRIMARY KEY REFERENCES ops.operator,
  name        text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z0-9-]{0,39}$'), -- as an operator it is called machine.NAME
  place       text NOT NULL CHECK (length(btrim(place)) BETWEEN 1 AND 200), -- where it stands, and what for
  networks    inet[] NOT NULL DEFAULT '{}' CHECK (cardinality(networks) <= 20), -- none: from anywhere
  added_at    timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  used_at     timestamptz(3), -- when its key was shown last
  used_from   inet -- null: on the machine of the database
);
CREATE INDEX machine_added_at_operator_id_idx ON ops.machine (added_at, operator_id);

-- The keys that people approved, by their fingerprints: 256 random bits that never leave their machine need no slow hash. Whoever reads this cannot sign in with it.
CREATE TABLE ops.machine_key (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  operator_id bigint NOT NULL REFERENCES ops.machine,
  fingerprint text NOT NULL UNIQUE CHECK (fingerprint ~ '^SHA256:[A-Za-z0-9+/]{43}$'), -- unique for ever: what was taken back never comes again
  asked_by    bigint NOT NULL REFERENCES ops.operator,
  approved_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  valid_until timestamptz(3) NOT NULL CHECK (valid_until > approved_at AND valid_until <= approved_at + interval '367 days'),
  ended_at    timestamptz(3), -- earlier than by itself
  ended_by    bigint REFERENCES ops.operator,
  CONSTRAINT ended_whole CHECK (num_nonnulls(ended_at, ended_by) IN (0, 2))
);
CREATE UNIQUE INDEX machine_key_one_open_key ON ops.machine_key (operator_id) WHERE ended_at IS NULL;

CREATE FUNCTION ops.is_machine(of_operator bigint) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM ops.machine m WHERE m.operator_id = of_operator);
END $$;

-- Where this connection comes from, as the server sees it: nobody can say anything else. Null on the machine of the database itself.
CREATE FUNCTION ops.machine_address() RETURNS inet LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  address inet := host(inet_client_addr())::inet;
BEGIN
  RETURN CASE WHEN address <<= '127.0.0.0/8' OR address = '::1' THEN NULL ELSE address END;
END $$;

-- Why a machine may not work here and now; null where it may, and of whoever is no machine.
CREATE FUNCTION ops.machine_objection(of_operator bigint) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  machine ops.machine;
  held ops.machine_key;
  address inet := ops.machine_address();
BEGIN
  SELECT * INTO machine FROM ops.machine m WHERE m.operator_id = of_operator;
  IF NOT FOUND THEN RETURN NULL; END IF;
  SELECT * INTO held FROM ops.machine_key k WHERE k.operator_id = of_operator AND k.ended_at IS NULL;
  IF NOT FOUND OR NOT EXISTS (SELECT FROM ops.operator o WHERE o.id = of_operator AND o.is_active) THEN
    RETURN format('the machine %s was revoked', machine.name);
  END IF;
  IF held.valid_until <= clock_timestamp() THEN
    RETURN format('the key of the machine %s ended at %s UTC', machine.name, to_char(held.valid_until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'));
  END IF;
  IF cardinality(machine.networks) > 0 AND NOT coalesce(address, '127.0.0.1') <<= ANY (machine.networks) THEN
    RETURN format('the machine %s may not work from %s', machine.name, coalesce(host(address), 'the machine of the database'));
  END IF;
  RETURN platform.ip_objection(address, 'admin');
END $$;

-- ── What a machine is not ────────────────────────────────────────────────────────────────────────

CREATE FUNCTION ops.refuse_machine() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF ops.is_machine(new.operator_id) THEN
    RAISE EXCEPTION 'a machine has neither roles nor a password nor codes' USING ERRCODE = 'BU009';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER no_machine BEFORE INSERT OR UPDATE OF operator_id ON ops.operator_role FOR EACH ROW EXECUTE FUNCTION ops.refuse_machine();
CREATE TRIGGER no_machine BEFORE INSERT OR UPDATE OF operator_id ON ops.operator_credential FOR EACH ROW EXECUTE FUNCTION ops.refuse_machine();
CREATE TRIGGER no_machine BEFORE INSERT OR UPDATE OF operator_id ON ops.recovery_code FOR EACH ROW EXECUTE FUNCTION ops.refuse_machine();
CREATE TRIGGER no_machine BEFORE INSERT OR UPDATE OF operator_id ON ops.write_window FOR EACH ROW EXECUTE FUNCTION ops.refuse_machine();

-- The name tells them apart wherever only a name stands, as in the audit log.
DROP TRIGGER demand_action ON ops.operator;
DROP TRIGGER demand_action_to_change ON ops.operator;
CREATE TRIGGER demand_action BEFORE INSERT ON ops.operator FOR EACH ROW WHEN (new.name <> 'database-owner' AND new.name NOT LIKE 'machine.%') EXECUTE FUNCTION ops.demand_action('operators.%');
CREATE TRIGGER demand_machine BEFORE INSERT ON ops.operator FOR EACH ROW WHEN (new.name LIKE 'machine.%') EXECUTE FUNCTION ops.demand_action('machines.add');
CREATE TRIGGER demand_action_to_change BEFORE UPDATE ON ops.operator FOR EACH ROW WHEN (old.name NOT LIKE 'machine.%') EXECUTE FUNCTION ops.demand_action('operators.%');
CREATE TRIGGER demand_machine_to_change BEFORE UPDATE ON ops.operator FOR EACH ROW WHEN (old.name LIKE 'machine.%') EXECUTE FUNCTION ops.demand_action('machines.%');
CREATE FUNCTION ops.guard_operator_name() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'nobody becomes a machine by a new name, and no machine a person' USING ERRCODE = 'BU009';
END $$;
CREATE TRIGGER guard_name BEFORE UPDATE OF name ON ops.operator FOR EACH ROW WHEN ((old.name LIKE 'machine.%' OR new.name LIKE 'machine.%') AND old.name <> new.name)
  EXECUTE FUNCTION ops.guard_operator_name();

CREATE FUNCTION ops.guard_machine() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF tg_op = 'UPDATE' THEN
    IF (to_jsonb(new) - '{used_at,used_from}'::text[]) <> (to_jsonb(old) - '{used_at,used_from}'::text[]) THEN
      RAISE EXCEPTION 'what a machine is stays as it was approved: revoke it and add another' USING ERRCODE = 'BU010';
    END IF;
    RETURN new;
  END IF;
  PERFORM ops.require_action('machines.add');
  IF NOT EXISTS (SELECT FROM ops.operator o WHERE o.id = new.operator_id AND o.name = 'machine.' || new.name)
     OR EXISTS (SELECT FROM ops.operator_role r WHERE r.operator_id = new.operator_id) OR EXISTS (SELECT FROM ops.operator_session s WHERE s.operator_id = new.operator_id) THEN
    RAISE EXCEPTION 'no person becomes a machine' USING ERRCODE = 'BU009';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.machine FOR EACH ROW EXECUTE FUNCTION ops.guard_machine();
CREATE TRIGGER keep BEFORE DELETE ON ops.machine FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.machine FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

CREATE FUNCTION ops.guard_machine_key() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
  PERFORM ops.require_action('machines.rotate', 'machines.revoke');
  IF old.ended_at IS NOT NULL OR (to_jsonb(new) - '{ended_at,ended_by}'::text[]) <> (to_jsonb(old) - '{ended_at,ended_by}'::text[]) THEN
    RAISE EXCEPTION 'the key of a machine ends once, and nothing else of it changes' USING ERRCODE = 'BU010';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.machine_key FOR EACH ROW EXECUTE FUNCTION ops.guard_machine_key();
CREATE TRIGGER keep BEFORE DELETE ON ops.machine_key FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.machine_key FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- Whatever way an action begins, a machine begins no other than those that execute what others asked for; and never one that was approved.
CREATE FUNCTION ops.guard_machine_action() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF ops.is_machine(new.operator_id) THEN
    RAISE EXCEPTION 'a machine does not do %: it executes what people planned or queued', new.action USING ERRCODE = 'BU002';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard_machine BEFORE INSERT ON ops.action_run FOR EACH ROW
  WHEN (new.action NOT IN ('schedule.queue-run', 'runs.finish', 'daily.open', 'detection.run') OR new.approval_id IS NOT NULL) EXECUTE FUNCTION ops.guard_machine_action();

-- ── Its sessions: short, and prolonged by its key alone ──────────────────────────────────────────

ALTER TABLE ops.operator_session DROP CONSTRAINT operator_session_kind_check,
  ADD CONSTRAINT operator_session_kind_check CHECK (kind IN ('screen', 'token', 'demo', 'enrolment', 'owner', 'machine'));

-- As before; the session of a machine may grow longer, as the trigger after it allows.
DROP TRIGGER keep ON ops.operator_session;
CREATE TRIGGER keep BEFORE UPDATE ON ops.operator_session FOR EACH ROW
  WHEN ((new.expires_at > old.expires_at AND old.kind <> 'machine') OR (old.revoked_at IS NOT NULL AND new.revoked_at IS DISTINCT FROM old.revoked_at)
        OR (new.id, new.operator_id, new.token_hash, new.ip, new.client, new.started_at)
           IS DISTINCT FROM (old.id, old.operator_id, old.token_hash, old.ip, old.client, old.started_at))
  EXECUTE FUNCTION ops.refuse_change();

CREATE FUNCTION ops.guard_machine_session() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (new.kind = 'machine') <> ops.is_machine(new.operator_id) OR (tg_op = 'UPDATE' AND new.kind <> old.kind) THEN
    RAISE EXCEPTION 'a machine signs in with its key, and nobody else does' USING ERRCODE = 'BU009';
  END IF;
  IF new.kind = 'machine' AND (tg_op = 'INSERT' OR new.expires_at > old.expires_at) AND (new.revoked_at IS NOT NULL
     OR new.expires_at > clock_timestamp() + interval '1 hour 1 second' OR (tg_op = 'UPDATE' AND old.expires_at <= clock_timestamp())
     OR NOT EXISTS (SELECT FROM ops.machine_key k WHERE k.operator_id = new.operator_id AND k.ended_at IS NULL AND k.valid_until >= new.expires_at)) THEN
    RAISE EXCEPTION 'the session of a machine lasts an hour at most, and no longer than its key' USING ERRCODE = 'BU009';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard_machine BEFORE INSERT OR UPDATE OF operator_id, kind, expires_at ON ops.operator_session FOR EACH ROW EXECUTE FUNCTION ops.guard_machine_session();

-- As before; of a machine also whether its key still stands and it comes from where it may. Asked for by everything that a session writes.
CREATE OR REPLACE FUNCTION ops.live_session(token text) RETURNS ops.operator_session LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session;
  objection text;
BEGIN
  SELECT s.* INTO session FROM ops.operator_session s JOIN ops.operator o ON o.id = s.operator_id
   WHERE s.token_hash = sha256(convert_to(token, 'UTF8')) AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp() AND o.is_active;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this session has ended: sign in again' USING ERRCODE = 'BU001';
  END IF;
  IF session.locked_at IS NOT NULL OR (session.kind IN ('screen', 'demo') AND session.last_seen_at < clock_timestamp() - interval '15 minutes') THEN
    RAISE EXCEPTION 'this session is locked: unlock it with your password' USING ERRCODE = 'BU001';
  END IF;
  objection := platform.ip_objection(session.ip, 'admin');
  IF objection IS NOT NULL THEN
    RAISE EXCEPTION '%', objection USING ERRCODE = 'BU001';
  END IF;
  IF session.kind = 'machine' THEN
    objection := ops.machine_objection(session.operator_id);
    IF objection IS NOT NULL THEN RAISE EXCEPTION '%', objection USING ERRCODE = 'BU001'; END IF;
  END IF;
  RETURN session;
END $$;

CREATE OR REPLACE FUNCTION ops.delivering_session(token text) RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  objection text;
  session uuid := (SELECT s.id FROM ops.operator_session s JOIN ops.operator o ON o.id = s.operator_id
                    WHERE s.token_hash = sha256(convert_to(token, 'UTF8')) AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp() AND o.is_active
                      AND s.kind <> 'enrolment' AND platform.ip_objection(s.ip, 'admin') IS NULL);
BEGIN
  IF session IS NULL THEN
    RAISE EXCEPTION 'this session has ended: sign in again' USING ERRCODE = 'BU001';
  END IF;
  objection := (SELECT ops.machine_objection(s.operator_id) FROM ops.operator_session s WHERE s.id = session AND s.kind = 'machine');
  IF objection IS NOT NULL THEN RAISE EXCEPTION '%', objection USING ERRCODE = 'BU001'; END IF;
  RETURN session;
END $$;

-- Opens the session of a machine, or prolongs the one with this token, by one of its keys: the one it works with, and the one that may have been approved instead. The right key is never kept
-- waiting, whatever others tried: 256 bits are not guessed, and a bank's backup must not depend on who fails in its name. Wrong ones are counted and delayed like wrong passwords.
CREATE FUNCTION ops.open_machine_session(machine text, keys text[], token text, client text,
                                         OUT fingerprint text, OUT expires_at timestamptz, OUT began boolean, OUT refusal text, OUT next_step text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  held ops.machine;
  shown ops.machine_key;
  session ops.operator_session;
  address inet := ops.machine_address();
  waits timestamptz;
BEGIN
  IF length(token) < 32 OR cardinality(keys) NOT BETWEEN 1 AND 2 THEN
    RAISE EXCEPTION 'a machine shows one key or two, and its token has at least 32 characters' USING ERRCODE = 'BU001';
  END IF;
  SELECT * INTO held FROM ops.machine m WHERE m.name = machine;
  -- Whoever revokes or rotates waits for this one, and this one for them: no session of an old key is left over.
  PERFORM FROM ops.operator o WHERE o.id = held.operator_id FOR SHARE;
  SELECT k.* INTO shown FROM ops.machine_key k
   WHERE k.operator_id = held.operator_id AND k.fingerprint IN (SELECT 'SHA256:' || rtrim(encode(sha256(convert_to(u, 'UTF8')), 'base64'), '=') FROM unnest(keys) u)
   ORDER BY k.ended_at IS NOT NULL, k.id DESC LIMIT 1;
  IF NOT FOUND THEN
    -- One at a time from one address, as people are.
    PERFORM pg_advisory_xact_lock(hashtextextended('sign-in ' || coalesce(host(address), 'here'), 0));
    refusal := platform.ip_objection(address, 'admin');
    waits := greatest(ops.address_waits_until(address), ops.locked_until(held.operator_id));
    IF refusal IS NOT NULL THEN
      next_step := 'come from an address that is allowed, or have an administrator change the rule';
    ELSIF waits > clock_timestamp() THEN
      refusal := 'too many failures of this machine, or from this address';
      next_step := format('try again in %s s', ceil(extract(epoch FROM waits - clock_timestamp())));
    ELSE
      INSERT INTO ops.sign_in_attempt (operator_id, ip, succeeded) VALUES (held.operator_id, address, false);
      refusal := 'the name or the key of this machine is wrong';
      next_step := 'compare the fingerprint: "bursar machines enrol NAME" here, "bursar machines list" where somebody has signed in';
    END IF;
  ELSE
    fingerprint := shown.fingerprint;
    refusal := coalesce(ops.machine_objection(held.operator_id), CASE WHEN shown.ended_at IS NOT NULL THEN
      format('this key of the machine %s was replaced at %s UTC', held.name, to_char(shown.ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')) END);
    next_step := CASE WHEN shown.ended_at IS NULL AND shown.valid_until <= clock_timestamp() THEN format('make another: bursar machines enrol %s, then bursar machines rotate %s', held.name, held.name)
                      WHEN refusal IS NOT NULL THEN 'ask an administrator: bursar machines list' END;
  END IF;
  IF refusal IS NOT NULL THEN
    PERFORM ops.audit_sign_in(held.operator_id, NULL, address, client, 'sessions.open', 'login', 'refused', refusal);
    RETURN;
  END IF;
  expires_at := least(clock_timestamp() + interval '1 hour', shown.valid_until);
  UPDATE ops.operator_session s SET expires_at = open_machine_session.expires_at, last_seen_at = clock_timestamp()
   WHERE s.token_hash = sha256(convert_to(token, 'UTF8')) AND s.operator_id = held.operator_id AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp() RETURNING s.* INTO session;
  began := session.id IS NULL;
  IF began THEN
    INSERT INTO ops.operator_session AS s (operator_id, token_hash, ip, client, kind, expires_at)
    VALUES (held.operator_id, sha256(convert_to(token, 'UTF8')), address, left(open_machine_session.client, 120), 'machine', open_machine_session.expires_at) RETURNING s.* INTO session;
    INSERT INTO ops.sign_in_attempt (operator_id, ip, succeeded) VALUES (held.operator_id, address, true);
    PERFORM ops.audit_sign_in(held.operator_id, session.id, address, client, 'sessions.open', 'login', 'success', NULL);
  END IF;
  UPDATE ops.machine m SET used_at = clock_timestamp(), used_from = address WHERE m.operator_id = held.operator_id;
END $$;

-- ── What a machine may ───────────────────────────────────────────────────────────────────────────

-- As before; all that a machine may, for every machine alike: execute what is due and what is queued, run the rules, ask hosts, and see what it executes. No data of customers, and nothing to ask for.
CREATE OR REPLACE FUNCTION ops.permissions_of(of_operator bigint) RETURNS SETOF text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF ops.is_machine(of_operator) THEN
    RETURN QUERY SELECT unnest(ARRAY['schedule.run', 'detection.run', 'host.use', 'schedule.read', 'host.read', 'run.read']);
    RETURN;
  END IF;
  RETURN QUERY SELECT DISTINCT p.permission FROM ops.operator_role r JOIN ops.role_permission p USING (role)
    WHERE r.operator_id = of_operator AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp()) UNION SELECT 'self';
END $$;

-- As before; whoever approved of a machine approved that it executes, and it begins nothing by itself.
CREATE OR REPLACE FUNCTION ops.begin_action(token text, action_id text, input bytea, request uuid, approval uuid DEFAULT NULL, breaking_glass boolean DEFAULT false,
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
  IF session.kind = 'machine' THEN
    RAISE EXCEPTION 'a machine asks for nothing: it executes what people planned or queued' USING ERRCODE = 'BU002';
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

-- Whether somebody executes a job that needs this permission: a machine executes whatever people planned, as it can ask for none of it.
CREATE FUNCTION ops.may_execute(of_operator bigint, wanted text) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN ops.may(of_operator, wanted) OR ops.is_machine(of_operator);
END $$;

-- As before, by ops.may_execute.
CREATE OR REPLACE FUNCTION ops.claim_due(token text, job text, due timestamptz, last_due timestamptz, due_times integer, after timestamptz, OUT said text, OUT run bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.scheduling_session(token);
  schedule ops.schedule;
  latest timestamptz := greatest(due, last_due);
BEGIN
  SELECT * INTO schedule FROM ops.schedule s WHERE s.name = job AND NOT s.built_in FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no job %', job USING ERRCODE = 'BU011'; END IF;
  IF due <= after OR due <> date_trunc('minute', due) OR (due_times = 1) <> (latest = due) THEN
    RAISE EXCEPTION 'a due time is a minute after the one before' USING ERRCODE = 'BU004';
  END IF;
  IF schedule.paused_at IS NOT NULL OR schedule.unplanned_at IS NOT NULL THEN said := 'paused'; RETURN; END IF;
  IF schedule.looked_until <> after THEN said := 'moved'; RETURN; END IF;
  IF latest > clock_timestamp() THEN said := 'early'; RETURN; END IF;
  IF latest < clock_timestamp() - make_interval(mins => schedule.catch_up_minutes + 1) THEN
    INSERT INTO ops.schedule_run AS r (schedule_id, due_at, status, times, last_due_at, finished_at, words)
    VALUES (schedule.id, due, 'missed', due_times, CASE WHEN due_times > 1 THEN last_due END, clock_timestamp(), 'no console that may execute it was open in time') RETURNING r.id INTO run;
    said := 'missed';
  ELSIF due_times > 1 THEN
    RAISE EXCEPTION 'what can still be caught up is claimed one by one' USING ERRCODE = 'BU004';
  ELSIF NOT ops.may_execute(session.operator_id, schedule.permission) THEN
    said := 'forbidden'; RETURN;
  ELSIF EXISTS (SELECT FROM ops.schedule_run r WHERE r.schedule_id = schedule.id AND r.status = 'claimed') THEN
    said := 'busy'; RETURN;
  ELSE
    INSERT INTO ops.schedule_run AS r (schedule_id, due_at, status, claims, claimed_by, lease_until, began_at)
    VALUES (schedule.id, due, 'claimed', 1, session.id, clock_timestamp() + interval '15 seconds', clock_timestamp()) RETURNING r.id INTO run;
    said := 'claimed';
  END IF;
  UPDATE ops.schedule s SET looked_until = latest WHERE s.id = schedule.id;
END $$;

CREATE OR REPLACE FUNCTION ops.claim_left(token text, jobs text[], OUT run bigint, OUT job text, OUT claim integer, OUT due_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  session ops.operator_session := ops.scheduling_session(token);
  left_over record;
BEGIN
  FOR left_over IN
    SELECT r.id, r.status, r.claims, r.due_at AS due, s.name, s.repeatable, s.permission
      FROM ops.schedule_run r JOIN ops.schedule s ON s.id = r.schedule_id
     WHERE r.status = 'waiting' OR (r.status = 'claimed' AND r.lease_until <= clock_timestamp()) ORDER BY r.id FOR UPDATE OF s, r SKIP LOCKED
  LOOP
    IF left_over.status = 'claimed' AND (NOT left_over.repeatable OR left_over.claims >= 3) THEN
      UPDATE ops.schedule_run r SET status = 'missed', finished_at = clock_timestamp(), lease_until = NULL, words = CASE WHEN left_over.repeatable
               THEN 'three consoles ended in the middle of it' ELSE 'the console that began it ended before it said how it went: see whether it was done' END
       WHERE r.id = left_over.id;
    ELSIF left_over.status = 'waiting' AND left_over.due < clock_timestamp() - interval '1 hour' THEN
      UPDATE ops.schedule_run r SET status = 'missed', finished_at = clock_timestamp(), words = 'no console that may execute it was open within an hour' WHERE r.id = left_over.id;
    ELSIF run IS NULL AND left_over.name = ANY (jobs) AND ops.may_execute(session.operator_id, left_over.permission)
          AND (left_over.status = 'claimed' OR NOT EXISTS (SELECT FROM ops.schedule_run o JOIN ops.schedule_run w ON w.schedule_id = o.schedule_id WHERE w.id = left_over.id AND o.status = 'claimed')) THEN
      UPDATE ops.schedule_run r SET status = 'claimed', claims = r.claims + 1, claimed_by = session.id, lease_until = clock_timestamp() + interval '15 seconds', began_at = clock_timestamp()
       WHERE r.id = left_over.id RETURNING r.id, r.claims, r.due_at INTO run, claim, due_at;
      job := left_over.name;
    END IF;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION ops.queue_planned_run(token text, due bigint, claim integer) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.scheduling_session(token);
  schedule ops.schedule;
  queued ops.run;
  other ops.run;
  at timestamptz(3);
  steps integer;
BEGIN
  SELECT s.* INTO schedule FROM ops.schedule_run r JOIN ops.schedule s ON s.id = r.schedule_id WHERE r.id = due AND s.runbook IS NOT NULL FOR UPDATE OF s;
  IF schedule.id IS NULL OR NOT ops.keep_claim(token, due, claim) THEN
    RAISE EXCEPTION 'no planned run is due in this session' USING ERRCODE = 'BU004';
  END IF;
  IF NOT ops.may_execute(session.operator_id, schedule.permission) THEN
    RAISE EXCEPTION 'queueing a planned run needs the permission %', schedule.permission USING ERRCODE = 'BU002';
  END IF;
  SELECT r.due_at INTO at FROM ops.schedule_run r WHERE r.id = due;
  SELECT * INTO queued FROM ops.run r WHERE r.schedule_id = schedule.id AND r.due_at = at;
  IF FOUND THEN RETURN queued.number; END IF;
  IF schedule.unplanned_at IS NOT NULL THEN RAISE EXCEPTION '% was unplanned before it was queued', schedule.name USING ERRCODE = 'BU007'; END IF;
  PERFORM ops.take_request(session, 'schedule.queue-run', sha256(convert_to('schedule ' || due, 'UTF8')), gen_random_uuid(), NULL);
  BEGIN
    INSERT INTO ops.run AS r (id, runbook, version, title, target, dangerous, input, queued_by, schedule_id, due_at)
    VALUES ((ops.require_acting()).request_id, schedule.runbook, schedule.plan ->> 'version', schedule.plan ->> 'title', schedule.plan ->> 'target', (schedule.plan ->> 'dangerous')::boolean,
            schedule.plan -> 'input', session.operator_id, schedule.id, at)
    RETURNING r.* INTO queued;
  EXCEPTION WHEN unique_violation THEN
    SELECT * INTO other FROM ops.run r WHERE r.dangerous AND r.target = schedule.plan ->> 'target' AND r.status IN ('queued', 'running', 'unknown');
    RAISE EXCEPTION 'run % (%) works on %, so this one was not queued', other.number, other.title, other.target USING ERRCODE = 'BU007';
  END;
  INSERT INTO ops.run_step (run_id, position, title, host_id, words, timeout_seconds, pause_after)
  SELECT queued.id, s.position, s.step ->> 'title', h.id, ARRAY(SELECT jsonb_array_elements_text(s.step -> 'words')), (s.step ->> 'timeoutSeconds')::integer, coalesce((s.step ->> 'pauseAfter')::boolean, false)
    FROM jsonb_array_elements(schedule.plan -> 'steps') WITH ORDINALITY AS s(step, position) JOIN ops.host h ON h.name = s.step ->> 'host' AND h.retired_at IS NULL;
  GET DIAGNOSTICS steps = ROW_COUNT;
  IF steps <> jsonb_array_length(schedule.plan -> 'steps') THEN
    RAISE EXCEPTION 'a host of % is retired: unplan it and plan it without that host', schedule.name USING ERRCODE = 'BU007';
  END IF;
  UPDATE ops.schedule_run r SET run_id = queued.id WHERE r.id = due;
  PERFORM ops.write_audit('create', 'run', queued.number::text, queued.title, NULL,
                          jsonb_build_object('run', queued.number::text, 'target', queued.target, 'steps', steps, 'job', schedule.name, 'due', at),
                          'success', NULL, format('queued by the schedule: %s', schedule.name), NULL, jsonb_build_object('summary', format('queued run %s', queued.number)));
  RETURN queued.number;
END $$;

CREATE OR REPLACE FUNCTION ops.open_daily_when_due(token text, run bigint, claim integer) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.scheduling_session(token);
  opened ops.daily_review;
BEGIN
  IF NOT ops.keep_claim(token, run, claim) OR NOT EXISTS (SELECT FROM ops.schedule_run r JOIN ops.schedule s ON s.id = r.schedule_id WHERE r.id = run AND s.name = 'daily-review') THEN
    RAISE EXCEPTION 'the daily review is not due in this session' USING ERRCODE = 'BU004';
  END IF;
  IF NOT ops.may_execute(session.operator_id, 'daily.review') THEN
    RAISE EXCEPTION 'opening the daily review needs the permission daily.review' USING ERRCODE = 'BU002';
  END IF;
  SELECT * INTO opened FROM ops.daily_review r WHERE r.day = bank.business_day();
  IF FOUND THEN RETURN format('the review of %s was opened already', opened.day); END IF;
  PERFORM ops.take_request(session, 'daily.open', sha256(convert_to('schedule ' || run, 'UTF8')), gen_random_uuid(), NULL);
  opened := ops.open_daily();
  PERFORM ops.write_audit('create', 'daily-review', opened.id::text, format('review of %s', opened.day), NULL, jsonb_build_object('day', opened.day, 'items', opened.items),
                          'success', NULL, 'opened by the schedule', NULL, jsonb_build_object('summary', 'opened by the schedule'));
  RETURN format('opened the review of %s with %s items', opened.day, opened.items);
END $$;

-- ── Added and rotated by two people, revoked by one ──────────────────────────────────────────────

CREATE FUNCTION ops.add_machine(name text, place text, networks text[], fingerprint text, days integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('machines.add');
  approved jsonb := ops.require_target('machine', name);
  created bigint;
BEGIN
  PERFORM ops.demand_same(approved, 'name', name);
  PERFORM ops.demand_same(approved, 'place', place);
  PERFORM ops.demand_key(approved, fingerprint, days);
  IF approved IS NOT NULL AND (SELECT array_agg(DISTINCT n::inet ORDER BY n::inet) FROM regexp_split_to_table(btrim(coalesce(approved ->> 'from', ''), E' ,\t\n'), '[[:space:],]+') n WHERE n <> '')
     IS DISTINCT FROM (SELECT array_agg(DISTINCT n::inet ORDER BY n::inet) FROM unnest(networks) n) THEN
    RAISE EXCEPTION '"from" is not as it was approved' USING ERRCODE = 'BU004';
  END IF;
  INSERT INTO ops.operator AS o (name, display_name, created_by) VALUES ('machine.' || add_machine.name, 'Machine ' || add_machine.name, ops.maker()) RETURNING o.id INTO created;
  INSERT INTO ops.machine (operator_id, name, place, networks) VALUES (created, add_machine.name, btrim(add_machine.place), add_machine.networks::inet[]);
  INSERT INTO ops.machine_key (operator_id, fingerprint, asked_by, valid_until)
  VALUES (created, add_machine.fingerprint, ops.maker(), clock_timestamp() + make_interval(days => coalesce(add_machine.days, platform.whole_setting('security.machine-days'))));
  RETURN created;
END $$;

-- The key is the one that was approved, and for as long. Internal.
CREATE FUNCTION ops.demand_key(approved jsonb, fingerprint text, days integer) RETURNS void LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- Not as demand_same does: the letters of a fingerprint are capital or small.
  IF approved IS NOT NULL AND btrim(coalesce(approved ->> 'fingerprint', '')) <> demand_key.fingerprint THEN
    RAISE EXCEPTION '"fingerprint" is not as it was approved' USING ERRCODE = 'BU004';
  END IF;
  PERFORM ops.demand_same(approved, 'days', days::text);
END $$;

-- Locks a machine that is in use for a change by somebody whose session still lives. Internal.
CREATE FUNCTION ops.begin_machine_change(wanted bigint, expected_version integer, action text) RETURNS ops.operator LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action(action);
  target ops.operator;
BEGIN
  PERFORM ops.require_target('machine', wanted::text);
  SELECT o.* INTO target FROM ops.operator o JOIN ops.machine m ON m.operator_id = o.id WHERE o.id = wanted FOR NO KEY UPDATE OF o;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no machine %', wanted USING ERRCODE = 'BU011'; END IF;
  IF NOT EXISTS (SELECT FROM ops.operator o JOIN ops.operator_session s ON s.operator_id = o.id WHERE s.id = run.session_id AND o.is_active AND s.revoked_at IS NULL) THEN
    RAISE EXCEPTION 'this session was ended meanwhile: sign in again' USING ERRCODE = 'BU001';
  END IF;
  IF NOT target.is_active THEN RAISE EXCEPTION '% was revoked already: add another', target.name USING ERRCODE = 'BU007'; END IF;
  IF target.version <> expected_version THEN RAISE EXCEPTION '% was changed meanwhile', target.name USING ERRCODE = 'BU005'; END IF;
  RETURN target;
END $$;

-- Puts another key in the place of the one that stands; what works with the old one ends at once. Gives until when it stands.
CREATE FUNCTION ops.rotate_machine(wanted bigint, expected_version integer, fingerprint text, days integer) RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target ops.operator := ops.begin_machine_change(wanted, expected_version, 'machines.rotate');
  run ops.action_run := ops.acting();
  until timestamptz;
BEGIN
  PERFORM ops.demand_key(ops.require_target('machine', wanted::text), fingerprint, days);
  UPDATE ops.machine_key k SET ended_at = clock_timestamp(), ended_by = run.operator_id WHERE k.operator_id = wanted AND k.ended_at IS NULL;
  INSERT INTO ops.machine_key AS k (operator_id, fingerprint, asked_by, valid_until)
  VALUES (wanted, rotate_machine.fingerprint, ops.maker(), clock_timestamp() + make_interval(days => coalesce(rotate_machine.days, platform.whole_setting('security.machine-days')))) RETURNING k.valid_until INTO until;
  UPDATE ops.operator o SET version = o.version + 1 WHERE o.id = wanted;
  PERFORM ops.end_sessions_of(wanted);
  RETURN until;
END $$;

-- Ends a machine for good: its sessions, and its key. Gives how many sessions ended.
CREATE FUNCTION ops.revoke_machine(wanted bigint, expected_version integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target ops.operator := ops.begin_machine_change(wanted, expected_version, 'machines.revoke');
  run ops.action_run := ops.acting();
BEGIN
  UPDATE ops.machine_key k SET ended_at = clock_timestamp(), ended_by = run.operator_id WHERE k.operator_id = wanted AND k.ended_at IS NULL;
  UPDATE ops.operator o SET version = o.version + 1, is_active = false WHERE o.id = wanted;
  RETURN ops.end_sessions_of(wanted);
END $$;

ALTER TABLE platform.setting DISABLE TRIGGER demand_action;
INSERT INTO platform.setting (key, label, type, category, value, default_value, is_editable, min, max, safe_max, standard, description) VALUES
  ('security.machine-days', 'Key of a machine: days', 'integer', 'security', '90', '90', true, 1, 366, 90, 'PCI DSS 8.6.3 asks that keys of application and system accounts are changed as often as the bank''s own risk analysis says',
   'Days that the key of a machine stands at most, from its approval on');
ALTER TABLE platform.setting ENABLE TRIGGER demand_action;
INSERT INTO platform.setting_version (key, version, value) VALUES ('security.machine-days', 0, '90');

INSERT INTO ops.role_permission (role, permission)
SELECT r, 'machine.read' FROM unnest(ARRAY['admin', 'manager', 'sysop', 'auditor', 'developer']) r
UNION ALL SELECT 'admin', 'machine.add'
UNION ALL SELECT r, 'machine.revoke' FROM unnest(ARRAY['admin', 'manager', 'sysop']) r;
INSERT INTO ops.action_permission (action, permission, eyes, checker, needs_code) VALUES
  ('machines.add', 'machine.add', 2, 'access.decide', true), ('machines.rotate', 'machine.add', 2, 'access.decide', true), ('machines.revoke', 'machine.revoke', 1, NULL, false);
