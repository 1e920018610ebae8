-- Operators: made, changed and recovered by two people, or by whoever owns the database. What an operator may never do
-- to itself, to those above it or to the last administrator is refused here, whatever way it comes.

-- ── Roles and credentials change by actions on operators, and being used is no change ────────────

DROP TRIGGER demand_action ON ops.operator;
DROP TRIGGER demand_action ON ops.operator_role;
DROP TRIGGER not_oneself ON ops.operator_role;
DROP TRIGGER keep_an_admin ON ops.operator_role;

-- The owner's own operator has no credentials: only ops.open_owner_session acts as it.
CREATE TRIGGER demand_action BEFORE INSERT ON ops.operator FOR EACH ROW WHEN (new.name <> 'database-owner') EXECUTE FUNCTION ops.demand_action('operators.%');
CREATE TRIGGER demand_action_to_change BEFORE UPDATE ON ops.operator FOR EACH ROW EXECUTE FUNCTION ops.demand_action('operators.%');
CREATE TRIGGER demand_action BEFORE INSERT ON ops.operator_role FOR EACH ROW WHEN (new.role <> 'owner') EXECUTE FUNCTION ops.demand_action('operators.%');
CREATE TRIGGER demand_action_to_change BEFORE UPDATE OF operator_id, role, granted_at, expires_at, granted_by, incident_id OR DELETE ON ops.operator_role
  FOR EACH ROW EXECUTE FUNCTION ops.demand_action('operators.%');
CREATE TRIGGER demand_action BEFORE INSERT OR DELETE OR UPDATE OF cost, salt, verifier, seed_iv, seed, enrolment_hash, enrolment_expires_at, failures_from
  ON ops.operator_credential FOR EACH ROW EXECUTE FUNCTION ops.demand_action('operators.%');
CREATE TRIGGER demand_action BEFORE INSERT OR DELETE OR UPDATE OF operator_id, code_hash ON ops.recovery_code FOR EACH ROW EXECUTE FUNCTION ops.demand_action('operators.%');
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.operator_credential FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- Whoever wanted what is being done: who asked for it where two people do it. Null where nobody acts.
CREATE FUNCTION ops.maker() RETURNS bigint LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.acting();
BEGIN
  RETURN coalesce((SELECT a.maker_id FROM ops.approval a WHERE a.id = run.approval_id), run.operator_id);
END $$;

-- The highest of somebody's roles that have not run out: 0 is the highest there is, 99 is none.
CREATE FUNCTION ops.best_rank(of_operator bigint) RETURNS integer LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN coalesce((SELECT min(role.rank) FROM ops.operator_role r JOIN ops.role ON role.name = r.role
                    WHERE r.operator_id = of_operator AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp())), 99);
END $$;

CREATE OR REPLACE FUNCTION ops.guard_operator_role() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.acting();
  maker bigint := ops.maker();
  changed ops.operator_role[] := CASE tg_op WHEN 'INSERT' THEN ARRAY[new] WHEN 'DELETE' THEN ARRAY[old] ELSE ARRAY[old, new] END;
  one ops.operator_role;
BEGIN
  FOREACH one IN ARRAY changed LOOP
    IF one.operator_id IN (run.operator_id, maker) THEN
      RAISE EXCEPTION 'an operator cannot change its own roles' USING ERRCODE = 'BU009';
    END IF;
    IF (one.role = 'owner') <> EXISTS (SELECT FROM ops.operator o WHERE o.id = one.operator_id AND o.name = 'database-owner') THEN
      RAISE EXCEPTION 'the role owner is never granted, and its holder has no other' USING ERRCODE = 'BU009';
    END IF;
    -- What was lent is ended by whoever may end it, however high it is.
    IF maker IS NOT NULL AND run.action <> 'operators.end-developer' AND (SELECT role.rank FROM ops.role WHERE role.name = one.role) < ops.best_rank(maker) THEN
      RAISE EXCEPTION 'the role % ranks above your own: somebody who holds it, or more, must ask for this', one.role USING ERRCODE = 'BU009';
    END IF;
  END LOOP;
  IF tg_op <> 'DELETE' AND new.role = 'developer' AND run.request_id IS NOT NULL THEN
    IF new.expires_at IS NULL OR new.expires_at > clock_timestamp() + interval '24 hours' THEN
      RAISE EXCEPTION 'the role developer ends within 24 hours' USING ERRCODE = 'BU009';
    END IF;
    IF NOT EXISTS (SELECT FROM ops.incident i WHERE i.id = new.incident_id AND i.status IN ('open', 'contained')) THEN
      RAISE EXCEPTION 'the role developer is granted for an incident that is open: declare one first' USING ERRCODE = 'BU009';
    END IF;
    IF run.approval_id IS NULL THEN
      RAISE EXCEPTION 'the role developer takes two people' USING ERRCODE = 'BU012';
    END IF;
  END IF;
  RETURN coalesce(new, old);
END $$;
CREATE TRIGGER not_oneself BEFORE INSERT OR UPDATE OF operator_id, role, granted_at, expires_at, granted_by, incident_id OR DELETE ON ops.operator_role
  FOR EACH ROW EXECUTE FUNCTION ops.guard_operator_role();

-- One whose role runs out by itself is none that stays, nor one who could not sign in: who was never enrolled, or was reset.
-- A bank whose operators all sign in by name, as a demo does, has no credentials at all.
CREATE OR REPLACE FUNCTION ops.keep_an_admin() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- Two who each remove the other's administrator wait here for one another. Not FOR UPDATE: that would also
  -- wait for, and deadlock with, everybody who is just granting the role.
  PERFORM FROM ops.role WHERE name = 'admin' FOR NO KEY UPDATE;
  -- The owner of the database may: whoever has lost the last password cannot be kept by it.
  IF (ops.acting()).action = 'operators.recover' THEN RETURN NULL; END IF;
  IF NOT EXISTS (SELECT FROM ops.operator o JOIN ops.operator_role r ON r.operator_id = o.id LEFT JOIN ops.operator_credential c ON c.operator_id = o.id
                  WHERE r.role = 'admin' AND o.is_active AND r.expires_at IS NULL AND (c.operator_id IS NULL OR c.verifier IS NOT NULL)) THEN
    RAISE EXCEPTION 'the last active administrator must stay: make somebody else one first' USING ERRCODE = 'BU009';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_an_admin AFTER UPDATE OF operator_id, role, expires_at OR DELETE ON ops.operator_role FOR EACH ROW WHEN (old.role = 'admin')
  EXECUTE FUNCTION ops.keep_an_admin();
CREATE TRIGGER keep_an_admin AFTER UPDATE OF verifier OR DELETE ON ops.operator_credential FOR EACH ROW WHEN (old.verifier IS NOT NULL)
  EXECUTE FUNCTION ops.keep_an_admin();

-- ── Who had which role when: a grant that ended is still looked into ─────────────────────────────

CREATE TABLE ops.role_grant (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  operator_id bigint NOT NULL REFERENCES ops.operator,
  role        text NOT NULL REFERENCES ops.role,
  granted_by  bigint REFERENCES ops.operator,
  granted_at  timestamptz(3) NOT NULL,
  expires_at  timestamptz(3),
  incident_id bigint,
  ended_at    timestamptz(3), -- earlier than by itself
  ended_by    bigint REFERENCES ops.operator
);
CREATE INDEX role_grant_granted_at_id_idx ON ops.role_grant (granted_at, id);
CREATE UNIQUE INDEX role_grant_one_open_key ON ops.role_grant (operator_id, role) WHERE ended_at IS NULL;
CREATE TRIGGER keep BEFORE UPDATE ON ops.role_grant FOR EACH ROW
  WHEN ((to_jsonb(old) - '{ended_at,ended_by}'::text[]) IS DISTINCT FROM (to_jsonb(new) - '{ended_at,ended_by}'::text[]) OR old.ended_at IS NOT NULL)
  EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_rows BEFORE DELETE ON ops.role_grant FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.role_grant FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

INSERT INTO ops.role_grant (operator_id, role, granted_by, granted_at, expires_at, incident_id)
SELECT operator_id, role, granted_by, granted_at, expires_at, incident_id FROM ops.operator_role;

-- Written by nothing else; one that has run out before it is granted again ended when it ran out.
CREATE FUNCTION ops.note_role_grant() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF tg_op <> 'INSERT' THEN
    UPDATE ops.role_grant g SET ended_at = least(clock_timestamp(), old.expires_at), ended_by = CASE WHEN old.expires_at <= clock_timestamp() THEN NULL ELSE ops.maker() END
     WHERE g.operator_id = old.operator_id AND g.role = old.role AND g.ended_at IS NULL;
  END IF;
  IF tg_op <> 'DELETE' THEN
    INSERT INTO ops.role_grant (operator_id, role, granted_by, granted_at, expires_at, incident_id)
    VALUES (new.operator_id, new.role, new.granted_by, new.granted_at, new.expires_at, new.incident_id);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER note_grant AFTER INSERT OR UPDATE OF operator_id, role, granted_at, expires_at, granted_by, incident_id OR DELETE ON ops.operator_role
  FOR EACH ROW EXECUTE FUNCTION ops.note_role_grant();
CREATE TRIGGER by_granting BEFORE INSERT OR UPDATE ON ops.role_grant FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION ops.refuse_change();

-- ── The contract ─────────────────────────────────────────────────────────────────────────────────

-- Ends every session of an operator; returns how many. Internal: the functions below say who may.
CREATE FUNCTION ops.end_sessions_of(of_operator bigint) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ended integer;
BEGIN
  UPDATE ops.operator_session s SET revoked_at = clock_timestamp(), revoked_by = ops.maker()
   WHERE s.operator_id = of_operator AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp();
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN ended;
END $$;

-- Locks the operator that the action under way changes, checks who may, and raises its version. Internal.
CREATE FUNCTION ops.begin_operator_change(wanted bigint, expected_version integer, VARIADIC allowed text[]) RETURNS ops.operator
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action(VARIADIC allowed);
  target ops.operator;
BEGIN
  PERFORM ops.require_target('operator', wanted::text);
  -- One after the other: two who act on one another at once must not both be in time.
  PERFORM FROM ops.role WHERE name = 'admin' FOR NO KEY UPDATE;
  SELECT * INTO target FROM ops.operator o WHERE o.id = wanted FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no operator %', wanted USING ERRCODE = 'BU011';
  END IF;
  IF target.name = 'database-owner' THEN
    RAISE EXCEPTION 'the owner of the database is no operator that others change' USING ERRCODE = 'BU009';
  END IF;
  IF target.id IN (run.operator_id, ops.maker()) THEN
    RAISE EXCEPTION 'nobody changes their own rights: ask another administrator' USING ERRCODE = 'BU009';
  END IF;
  -- Whoever asked may have been disabled while this one waited.
  IF NOT EXISTS (SELECT FROM ops.operator o JOIN ops.operator_session s ON s.operator_id = o.id WHERE s.id = run.session_id AND o.is_active AND s.revoked_at IS NULL) THEN
    RAISE EXCEPTION 'this session was ended meanwhile: sign in again' USING ERRCODE = 'BU001';
  END IF;
  IF run.action <> 'operators.end-developer' AND ops.best_rank(target.id) < ops.best_rank(ops.maker()) THEN
    RAISE EXCEPTION '% ranks above you: somebody of the same rank must ask for this', target.name USING ERRCODE = 'BU009';
  END IF;
  IF expected_version IS NOT NULL AND target.version <> expected_version THEN
    RAISE EXCEPTION 'operator % was changed meanwhile', target.name USING ERRCODE = 'BU005';
  END IF;
  UPDATE ops.operator o SET version = o.version + 1 WHERE o.id = wanted RETURNING * INTO target;
  RETURN target;
END $$;

-- What was approved and what is done must say the same. Internal.
CREATE FUNCTION ops.demand_same(approved jsonb, key text, done text) RETURNS void LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF approved IS NOT NULL AND lower(btrim(coalesce(approved ->> key, ''))) <> lower(btrim(coalesce(done, ''))) THEN
    RAISE EXCEPTION '"%" is not as it was approved', key USING ERRCODE = 'BU004';
  END IF;
END $$;

CREATE FUNCTION ops.check_profile(name text, display_name text, email text) RETURNS void LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF name = 'database-owner' OR length(btrim(display_name)) NOT BETWEEN 1 AND 100 OR display_name ~ '[[:cntrl:]]' THEN
    RAISE EXCEPTION 'an operator has a name of its own and is called by 1 to 100 characters' USING ERRCODE = '23514';
  END IF;
END $$;

-- The rows of a new operator. Internal.
CREATE FUNCTION ops.insert_operator(name text, display_name text, email text, roles text[], enrolment_hash bytea, creator bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  created bigint;
BEGIN
  PERFORM ops.check_profile(name, display_name, email);
  IF cardinality(roles) = 0 OR roles && ARRAY['owner', 'developer'] THEN
    RAISE EXCEPTION 'a new operator has roles, and neither owner nor developer is among them' USING ERRCODE = 'BU009';
  END IF;
  INSERT INTO ops.operator (name, display_name, email, created_by)
  VALUES (insert_operator.name, btrim(insert_operator.display_name), insert_operator.email, creator) RETURNING id INTO created;
  INSERT INTO ops.operator_role (operator_id, role, granted_by) SELECT created, r, creator FROM (SELECT DISTINCT unnest(roles) AS r) one;
  INSERT INTO ops.operator_credential (operator_id, enrolment_hash, enrolment_expires_at, failures_from)
  VALUES (created, insert_operator.enrolment_hash, clock_timestamp() + interval '24 hours', clock_timestamp());
  RETURN created;
END $$;

-- A new operator, who has 24 hours to enrol with the code of that hash. Returns its id.
CREATE FUNCTION ops.create_operator(name text, display_name text, email text, roles text[], enrolment_hash bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('operators.create');
  approved jsonb := ops.require_target('operator', name);
BEGIN
  PERFORM ops.demand_same(approved, 'name', name);
  PERFORM ops.demand_same(approved, 'email', email);
  IF approved IS NOT NULL AND (SELECT array_agg(DISTINCT r ORDER BY r) FROM regexp_split_to_table(btrim(approved ->> 'roles', E' ,\t\n'), '[[:space:],]+') r)
     IS DISTINCT FROM (SELECT array_agg(DISTINCT r ORDER BY r) FROM unnest(roles) r) THEN
    RAISE EXCEPTION '"roles" are not as they were approved' USING ERRCODE = 'BU004';
  END IF;
  IF email IS NULL THEN
    RAISE EXCEPTION 'an operator has an address: the code to enrol with is sent there' USING ERRCODE = '23514';
  END IF;
  RETURN ops.insert_operator(name, display_name, email, roles, enrolment_hash, ops.maker());
END $$;

-- Enabling asks for two people and disabling for one; disabled, an operator is gone at once.
CREATE FUNCTION ops.set_operator_active(wanted bigint, active boolean, expected_version integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target ops.operator := ops.begin_operator_change(wanted, expected_version, CASE WHEN active THEN 'operators.enable' ELSE 'operators.disable' END);
BEGIN
  IF target.is_active = active THEN
    RAISE EXCEPTION 'operator % is % already', target.name, CASE WHEN active THEN 'active' ELSE 'disabled' END USING ERRCODE = 'BU007';
  END IF;
  UPDATE ops.operator o SET is_active = active WHERE o.id = wanted;
  IF active THEN RETURN 0; END IF;
  UPDATE ops.operator_credential c SET enrolment_hash = NULL, enrolment_expires_at = NULL WHERE c.operator_id = wanted AND c.enrolment_hash IS NOT NULL;
  RETURN ops.end_sessions_of(wanted);
END $$;

-- Grants a role, for good or for so many hours from now on. Granted again it has the new end.
CREATE FUNCTION ops.grant_role(wanted bigint, wanted_role text, hours integer, incident_id bigint, expected_version integer) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target ops.operator := ops.begin_operator_change(wanted, expected_version, CASE WHEN wanted_role = 'developer' THEN 'operators.grant-developer' ELSE 'operators.grant-role' END);
  approved jsonb := ops.require_target('operator', wanted::text);
  until timestamptz(3) := clock_timestamp() + make_interval(hours => hours);
BEGIN
  IF hours IS NOT NULL AND hours NOT BETWEEN 1 AND 8784 THEN
    RAISE EXCEPTION 'a role is granted for good, or for 1 to 8784 hours' USING ERRCODE = '23514';
  END IF;
  IF wanted_role <> 'developer' THEN PERFORM ops.demand_same(approved, 'role', wanted_role); END IF;
  IF approved ->> 'hours' <> '' THEN PERFORM ops.demand_same(approved, 'hours', hours::text); END IF;
  IF NOT target.is_active THEN
    RAISE EXCEPTION 'operator % is disabled: enable it first', target.name USING ERRCODE = 'BU007';
  END IF;
  IF EXISTS (SELECT FROM ops.operator_role r WHERE r.operator_id = wanted AND r.role = wanted_role AND r.expires_at IS NULL) THEN
    RAISE EXCEPTION '% has the role % already', target.name, wanted_role USING ERRCODE = 'BU007';
  END IF;
  INSERT INTO ops.operator_role AS r (operator_id, role, granted_at, granted_by, expires_at, incident_id)
  VALUES (wanted, wanted_role, clock_timestamp(), ops.maker(), until, grant_role.incident_id)
  ON CONFLICT (operator_id, role) DO UPDATE
    SET granted_at = excluded.granted_at, granted_by = excluded.granted_by, expires_at = excluded.expires_at, incident_id = excluded.incident_id, last_used_at = NULL;
  RETURN until;
END $$;

-- Takes a role away and ends the sessions that had it; returns how many.
CREATE FUNCTION ops.revoke_role(wanted bigint, wanted_role text, expected_version integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target ops.operator := ops.begin_operator_change(wanted, expected_version, CASE WHEN wanted_role = 'developer' THEN 'operators.end-developer' ELSE 'operators.revoke-role' END);
BEGIN
  IF wanted_role <> 'developer' THEN PERFORM ops.demand_same(ops.require_target('operator', wanted::text), 'role', wanted_role); END IF;
  DELETE FROM ops.operator_role r WHERE r.operator_id = wanted AND r.role = wanted_role;
  IF NOT FOUND THEN
    RAISE EXCEPTION '% has no role %', target.name, wanted_role USING ERRCODE = 'BU007';
  END IF;
  RETURN ops.end_sessions_of(wanted);
END $$;

-- Takes password, codes and locks from an operator, who enrols anew with the code of that hash. Internal.
CREATE FUNCTION ops.clear_credentials(wanted bigint, enrolment_hash bytea) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM ops.recovery_code c WHERE c.operator_id = wanted;
  INSERT INTO ops.operator_credential AS c (operator_id, enrolment_hash, enrolment_expires_at, failures_from)
  VALUES (wanted, clear_credentials.enrolment_hash, clock_timestamp() + interval '24 hours', clock_timestamp())
  ON CONFLICT (operator_id) DO UPDATE
    SET cost = NULL, salt = NULL, verifier = NULL, seed_iv = NULL, seed = NULL, enrolment_hash = excluded.enrolment_hash,
        enrolment_expires_at = excluded.enrolment_expires_at, failures_from = excluded.failures_from, changed_at = clock_timestamp();
  RETURN ops.end_sessions_of(wanted);
END $$;

CREATE FUNCTION ops.reset_operator(wanted bigint, enrolment_hash bytea, expected_version integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target ops.operator := ops.begin_operator_change(wanted, expected_version, 'operators.reset');
BEGIN
  IF NOT target.is_active THEN
    RAISE EXCEPTION 'operator % is disabled: enable it first', target.name USING ERRCODE = 'BU007';
  END IF;
  IF target.email IS NULL THEN
    RAISE EXCEPTION 'operator % has no address that a code could be sent to: give it one first', target.name USING ERRCODE = 'BU007';
  END IF;
  RETURN ops.clear_credentials(wanted, enrolment_hash);
END $$;

-- A changed address says where the next code to enrol with goes: two people see it.
CREATE FUNCTION ops.edit_operator(wanted bigint, display_name text, email text, expected_version integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target ops.operator := ops.begin_operator_change(wanted, expected_version, 'operators.edit');
BEGIN
  PERFORM ops.demand_same(ops.require_target('operator', wanted::text), 'email', email);
  PERFORM ops.check_profile(target.name, display_name, email);
  UPDATE ops.operator o SET display_name = btrim(edit_operator.display_name), email = edit_operator.email WHERE o.id = wanted;
END $$;

CREATE FUNCTION ops.end_operator_sessions(wanted bigint) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target ops.operator := ops.begin_operator_change(wanted, NULL, 'operators.end-sessions');
BEGIN
  RETURN ops.end_sessions_of(target.id);
END $$;

-- ── The owner of the database: the first administrators, and the way back when nobody can sign in ─

-- Ten minutes in which whoever owns the database acts like an operator: by actions, with a reason, in the audit log.
CREATE FUNCTION ops.open_owner_session(token text, client text, reason text, ip inet DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  who bigint;
  opened uuid;
BEGIN
  IF length(token) < 32 OR length(btrim(reason)) < 10 THEN
    RAISE EXCEPTION 'the owner gives a token of at least 32 characters and a reason of at least 10' USING ERRCODE = '23514';
  END IF;
  INSERT INTO ops.operator (name, display_name) VALUES ('database-owner', 'Owner of the database') ON CONFLICT (name) DO NOTHING;
  SELECT o.id INTO STRICT who FROM ops.operator o WHERE o.name = 'database-owner';
  IF NOT EXISTS (SELECT FROM ops.operator_role r WHERE r.operator_id = who) THEN
    INSERT INTO ops.operator_role (operator_id, role) VALUES (who, 'owner');
  END IF;
  -- An allowlist that keeps its own makers out does not keep the owner out.
  INSERT INTO ops.operator_session (operator_id, token_hash, ip, client, kind, expires_at)
  VALUES (who, sha256(convert_to(token, 'UTF8')), CASE WHEN platform.ip_objection(open_owner_session.ip, 'admin') IS NULL THEN open_owner_session.ip END,
          left(open_owner_session.client, 120), 'owner', clock_timestamp() + interval '10 minutes') RETURNING id INTO opened;
  INSERT INTO ops.write_window (session_id, operator_id, reason, expires_at) VALUES (opened, who, btrim(open_owner_session.reason), clock_timestamp() + interval '10 minutes');
  -- Who owns the database has nothing to guess: earlier failures at this terminal need no longer be waited for.
  INSERT INTO ops.sign_in_attempt (operator_id, ip, succeeded) VALUES (who, open_owner_session.ip, true);
  PERFORM ops.audit_sign_in(who, opened, open_owner_session.ip, open_owner_session.client, 'sessions.open', 'login', 'success', NULL);
  RETURN opened;
END $$;

-- How many administrators can sign in, or could within the 24 hours that they have to enrol.
CREATE FUNCTION ops.administrators() RETURNS integer LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT count(*) FROM ops.operator o JOIN ops.operator_role r ON r.operator_id = o.id JOIN ops.operator_credential c ON c.operator_id = o.id
           WHERE r.role = 'admin' AND o.is_active AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp())
             AND (c.verifier IS NOT NULL OR c.enrolment_expires_at > clock_timestamp()));
END $$;

-- One of the first two administrators: before there are two, nobody could approve of anybody.
CREATE FUNCTION ops.found_operator(name text, display_name text, email text, roles text[], enrolment_hash bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('operators.found');
BEGIN
  PERFORM FROM ops.role WHERE role.name = 'admin' FOR NO KEY UPDATE;
  IF ops.administrators() >= 2 THEN
    RAISE EXCEPTION 'there are two administrators already: they create operators, with operators create' USING ERRCODE = 'BU009';
  END IF;
  IF NOT 'admin' = ANY (roles) THEN
    RAISE EXCEPTION 'the first two operators are administrators' USING ERRCODE = 'BU009';
  END IF;
  RETURN ops.insert_operator(name, display_name, email, roles, enrolment_hash, run.operator_id);
END $$;

-- Lets an administrator enrol anew whom nobody else can help; where none is left, makes of anybody one.
CREATE FUNCTION ops.recover_operator(wanted bigint, enrolment_hash bytea, OUT sessions_ended integer, OUT became_admin boolean, OUT was_active boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target ops.operator := ops.begin_operator_change(wanted, NULL, 'operators.recover');
  others boolean := EXISTS (SELECT FROM ops.operator o JOIN ops.operator_role r ON r.operator_id = o.id
                             WHERE r.role = 'admin' AND o.is_active AND r.expires_at IS NULL);
  is_admin boolean := EXISTS (SELECT FROM ops.operator_role r WHERE r.operator_id = wanted AND r.role = 'admin' AND r.expires_at IS NULL);
BEGIN
  IF others AND NOT is_admin THEN
    RAISE EXCEPTION '% is no administrator, and there is one: they reset it, with operators reset', target.name USING ERRCODE = 'BU009';
  END IF;
  was_active := target.is_active;
  became_admin := NOT is_admin;
  IF NOT was_active THEN UPDATE ops.operator o SET is_active = true WHERE o.id = wanted; END IF;
  IF became_admin THEN
    INSERT INTO ops.operator_role (operator_id, role, granted_at, granted_by) VALUES (wanted, 'admin', clock_timestamp(), ops.maker())
    ON CONFLICT (operator_id, role) DO UPDATE SET expires_at = NULL, granted_at = excluded.granted_at, granted_by = excluded.granted_by;
  END IF;
  sessions_ended := ops.clear_credentials(wanted, enrolment_hash);
END $$;

-- ── Locks ────────────────────────────────────────────────────────────────────────────────────────

-- As before, but for 30 minutes from the fifth failure on, also where the first of the five is longer ago than that by now.
CREATE OR REPLACE FUNCTION ops.locked_until(of_operator bigint) RETURNS timestamptz LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  counts_from timestamptz := greatest(clock_timestamp() - interval '60 minutes',
    (SELECT c.failures_from FROM ops.operator_credential c WHERE c.operator_id = of_operator),
    (SELECT max(s.at) FROM ops.sign_in_attempt s WHERE s.operator_id = of_operator AND s.succeeded));
BEGIN
  RETURN (SELECT max(f.at) + interval '30 minutes'
            FROM (SELECT a.at, count(*) OVER (ORDER BY a.at RANGE BETWEEN interval '30 minutes' PRECEDING AND CURRENT ROW) AS failures
                    FROM ops.sign_in_attempt a WHERE a.operator_id = of_operator AND NOT a.succeeded AND a.at > counts_from) f
           WHERE f.failures >= 5 AND f.at > clock_timestamp() - interval '30 minutes');
END $$;

-- ── What panes show of an operator ───────────────────────────────────────────────────────────────

-- How an operator stands: never what it signs in with. One row for every operator.
CREATE FUNCTION ops.operator_standing(of_operator bigint, OUT enrolled boolean, OUT enrolment_expires_at timestamptz, OUT locked_until timestamptz, OUT last_login_at timestamptz,
                                      OUT sessions integer, OUT recovery_codes integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  SELECT c.verifier IS NOT NULL, CASE WHEN c.enrolment_hash IS NOT NULL THEN c.enrolment_expires_at END, c.last_login_at
    INTO enrolled, enrolment_expires_at, last_login_at FROM ops.operator_credential c WHERE c.operator_id = of_operator;
  enrolled := coalesce(enrolled, false);
  locked_until := ops.locked_until(of_operator);
  SELECT count(*) FILTER (WHERE s.revoked_at IS NULL AND s.expires_at > clock_timestamp()), greatest(last_login_at, max(s.started_at) FILTER (WHERE s.kind = 'demo'))
    INTO sessions, last_login_at FROM ops.operator_session s WHERE s.operator_id = of_operator;
  SELECT count(*) INTO recovery_codes FROM ops.recovery_code r WHERE r.operator_id = of_operator AND r.used_at IS NULL;
END $$;

-- ── Actions and who may ──────────────────────────────────────────────────────────────────────────

INSERT INTO ops.role_permission (role, permission) VALUES
  ('admin', 'operator.read'), ('manager', 'operator.read'), ('auditor', 'operator.read'), ('sysop', 'operator.read'),
  ('admin', 'operator.create'), ('admin', 'operator.edit'), ('admin', 'operator.enable'), ('admin', 'operator.disable'), ('admin', 'operator.reset'),
  ('admin', 'operator.grant'), ('admin', 'operator.end-sessions'), ('admin', 'developer.grant'), ('admin', 'developer.end'), ('manager', 'developer.end'),
  ('owner', 'operator.read'), ('owner', 'operator.found'), ('owner', 'operator.recover');

INSERT INTO ops.action_permission (action, permission, eyes, checker, needs_code) VALUES
  ('operators.create', 'operator.create', 2, 'access.decide', true), ('operators.edit', 'operator.edit', 2, 'access.decide', false),
  ('operators.enable', 'operator.enable', 2, 'access.decide', true), ('operators.disable', 'operator.disable', 1, NULL, false),
  ('operators.grant-role', 'operator.grant', 2, 'access.decide', true), ('operators.revoke-role', 'operator.grant', 2, 'access.decide', true),
  ('operators.grant-developer', 'developer.grant', 2, 'approval.decide', true), ('operators.end-developer', 'developer.end', 1, NULL, false),
  ('operators.reset', 'operator.reset', 2, 'access.decide', true), ('operators.end-sessions', 'operator.end-sessions', 1, NULL, false),
  ('operators.found', 'operator.found', 1, NULL, false), ('operators.recover', 'operator.recover', 1, NULL, false);

REVOKE EXECUTE ON FUNCTION ops.end_sessions_of, ops.begin_operator_change, ops.insert_operator, ops.clear_credentials, ops.open_owner_session FROM PUBLIC;
