-- Who an operator is, how they sign in, and when they may write. The database compares what the password was
-- derived to (argon2id, in the console) and computes one-time codes itself, so that a session begins only where
-- both were known, whoever connects. The key of the codes' seeds never lies here.
--
-- What was refused must be remembered: these functions answer with a refusal instead of raising one.

CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA public;

-- ── Operators ────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE ops.operator
  ADD COLUMN email      text CHECK (email ~ '^[^[:space:]@]+@[^[:space:]@]+\.[^[:space:]@]+$' AND length(email) <= 254),
  ADD COLUMN created_by bigint REFERENCES ops.operator,
  ADD COLUMN version    integer NOT NULL DEFAULT 0;

ALTER TABLE ops.operator_role
  ADD COLUMN granted_by   bigint REFERENCES ops.operator,
  ADD COLUMN incident_id  bigint,
  ADD COLUMN last_used_at timestamptz(3);

CREATE TABLE ops.operator_credential (
  operator_id          bigint PRIMARY KEY REFERENCES ops.operator,
  cost                 text, -- parameters of argon2id, as a PHC string begins
  salt                 bytea CHECK (octet_length(salt) = 16),
  verifier             bytea CHECK (octet_length(verifier) = 32), -- sha256 of the derived key
  seed_iv              bytea CHECK (octet_length(seed_iv) = 16),
  seed                 bytea, -- of the one-time codes, encrypted with a key outside the database
  last_step            bigint NOT NULL DEFAULT 0, -- of the last code that was accepted: none is accepted twice
  failures_from        timestamptz(3) NOT NULL DEFAULT now(), -- failures before it no longer count
  enrolment_hash       bytea CHECK (octet_length(enrolment_hash) = 32),
  enrolment_expires_at timestamptz(3),
  last_login_at        timestamptz(3),
  changed_at           timestamptz(3) NOT NULL DEFAULT now(),
  CONSTRAINT complete_or_none CHECK (num_nonnulls(cost, salt, verifier, seed_iv, seed) IN (0, 5))
);

CREATE TABLE ops.recovery_code (
  operator_id bigint NOT NULL REFERENCES ops.operator,
  code_hash   bytea NOT NULL CHECK (octet_length(code_hash) = 32),
  used_at     timestamptz(3),
  PRIMARY KEY (operator_id, code_hash)
);

CREATE TABLE ops.sign_in_attempt (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  operator_id bigint REFERENCES ops.operator, -- null where nobody has that name; what was typed may be a password
  ip          inet,
  at          timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  succeeded   boolean NOT NULL
);
CREATE INDEX sign_in_attempt_operator_id_at_idx ON ops.sign_in_attempt (operator_id, at);
CREATE INDEX sign_in_attempt_ip_at_idx ON ops.sign_in_attempt (ip, at);
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON ops.sign_in_attempt FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.sign_in_attempt FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- Makes the salt of names that nobody has, so that asking for one does not tell which there are.
CREATE TABLE ops.decoy (
  id     boolean PRIMARY KEY DEFAULT true CHECK (id),
  secret bytea NOT NULL DEFAULT public.gen_random_bytes(32)
);
INSERT INTO ops.decoy DEFAULT VALUES;

ALTER TABLE ops.operator_session
  ADD COLUMN number     bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  ADD COLUMN kind       text NOT NULL DEFAULT 'screen' CHECK (kind IN ('screen', 'token', 'demo', 'enrolment', 'owner')),
  ADD COLUMN locked_at  timestamptz(3),
  ADD COLUMN code_at    timestamptz(3), -- when a one-time code was given last
  ADD COLUMN demo_code  text,
  ADD COLUMN revoked_by bigint REFERENCES ops.operator;
CREATE INDEX operator_session_started_at_number_idx ON ops.operator_session (started_at, number);
CREATE INDEX operator_session_last_seen_at_number_idx ON ops.operator_session (last_seen_at, number);

-- ── Addresses that are let in, or not ────────────────────────────────────────────────────────────

CREATE TABLE platform.ip_rule (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind       text NOT NULL CHECK (kind IN ('allow', 'block')),
  network    cidr NOT NULL,
  scope      text NOT NULL CHECK (scope IN ('admin', 'platform', 'everything')), -- the console, the platform, or both
  reason     text NOT NULL CHECK (length(btrim(reason)) >= 10),
  created_by bigint REFERENCES ops.operator,
  created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz(3),
  removed_at timestamptz(3),
  removed_by bigint REFERENCES ops.operator,
  hits       bigint NOT NULL DEFAULT 0,
  CONSTRAINT a_block_ends CHECK (kind = 'allow' OR expires_at IS NOT NULL),
  CONSTRAINT removed_by_somebody CHECK (num_nonnulls(removed_at, removed_by) IN (0, 2))
);
CREATE INDEX ip_rule_created_at_id_idx ON platform.ip_rule (created_at, id);
CREATE TRIGGER demand_action BEFORE INSERT OR DELETE ON platform.ip_rule FOR EACH ROW EXECUTE FUNCTION ops.demand_action('ip-rules.%');
CREATE TRIGGER demand_action_to_change BEFORE UPDATE ON platform.ip_rule FOR EACH ROW
  WHEN ((to_jsonb(old) - 'hits') IS DISTINCT FROM (to_jsonb(new) - 'hits')) EXECUTE FUNCTION ops.demand_action('ip-rules.%');

-- Why an address is not let in; null lets it in. Where an allowlist stands, only those on it are; somebody at the
-- machine itself has no address and is not kept out by any.
CREATE FUNCTION platform.ip_objection(address inet, wanted text) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  rule platform.ip_rule;
BEGIN
  IF address IS NULL THEN RETURN NULL; END IF;
  SELECT r.* INTO rule FROM platform.ip_rule r
   WHERE r.kind = 'block' AND r.scope IN (wanted, 'everything') AND r.removed_at IS NULL AND r.expires_at > clock_timestamp() AND address <<= r.network LIMIT 1;
  IF FOUND THEN RETURN format('the address %s is blocked until %s UTC', host(address), to_char(rule.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')); END IF;
  IF EXISTS (SELECT FROM platform.ip_rule r WHERE r.kind = 'allow' AND r.scope IN (wanted, 'everything') AND r.removed_at IS NULL
                AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp()))
     AND NOT EXISTS (SELECT FROM platform.ip_rule r WHERE r.kind = 'allow' AND r.scope IN (wanted, 'everything') AND r.removed_at IS NULL
                AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp()) AND address <<= r.network) THEN
    RETURN format('the address %s is not on the allowlist', host(address));
  END IF;
  RETURN NULL;
END $$;

-- ── Sessions ─────────────────────────────────────────────────────────────────────────────────────

-- The live session behind a token, or a refusal that says what to do. Idle for 15 minutes it is locked, whether or
-- not anybody noticed; a token for commands has no keys that could be idle, and ends soon by itself.
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
  RETURN session;
END $$;

-- What an operator may do now: roles that have not expired, by database time. What concerns oneself alone, everybody may.
CREATE OR REPLACE FUNCTION ops.permissions_of(of_operator bigint) RETURNS SETOF text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT DISTINCT p.permission FROM ops.operator_role r JOIN ops.role_permission p USING (role)
    WHERE r.operator_id = of_operator AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp()) UNION SELECT 'self';
END $$;

CREATE FUNCTION ops.may(of_operator bigint, wanted text) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM ops.permissions_of(of_operator) AS held(permission) WHERE held.permission = wanted);
END $$;

-- What the console derives a password with; for a name that nobody has, something that looks the same.
CREATE FUNCTION ops.sign_in_challenge(operator_name text, OUT cost text, OUT salt bytea) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  SELECT c.cost, c.salt INTO cost, salt FROM ops.operator o JOIN ops.operator_credential c ON c.operator_id = o.id WHERE o.name = operator_name AND c.salt IS NOT NULL;
  cost := coalesce(cost, '$argon2id$v=19$m=65536,t=3,p=1');
  salt := coalesce(salt, (SELECT substring(public.hmac(convert_to(operator_name, 'UTF8'), d.secret, 'sha256') FOR 16) FROM ops.decoy d));
END $$;

-- Code of RFC 6238 for one step of 30 s: SHA-1, six digits.
CREATE FUNCTION ops.totp(seed bytea, step bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  mac bytea := public.hmac(decode(lpad(to_hex(step), 16, '0'), 'hex'), seed, 'sha1');
  at integer := get_byte(mac, 19) & 15;
BEGIN
  RETURN lpad(((((get_byte(mac, at) & 127)::bigint << 24) | (get_byte(mac, at + 1) << 16) | (get_byte(mac, at + 2) << 8) | get_byte(mac, at + 3)) % 1000000)::text, 6, '0');
END $$;

-- Uses up a one-time code, one step either side, or a recovery code; false where it is wrong or was used before.
CREATE FUNCTION ops.take_code(of_operator bigint, code text, seed_key bytea) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  credential ops.operator_credential;
  seed bytea;
  step bigint := floor(extract(epoch FROM clock_timestamp()) / 30);
BEGIN
  SELECT * INTO credential FROM ops.operator_credential WHERE operator_id = of_operator FOR UPDATE;
  IF NOT FOUND OR credential.seed IS NULL OR code IS NULL THEN RETURN false; END IF;
  IF code !~ '^[0-9]{6}$' THEN
    UPDATE ops.recovery_code SET used_at = clock_timestamp()
     WHERE operator_id = of_operator AND code_hash = sha256(convert_to(code, 'UTF8')) AND used_at IS NULL;
    RETURN FOUND;
  END IF;
  BEGIN
    seed := public.decrypt_iv(credential.seed, seed_key, credential.seed_iv, 'aes');
  EXCEPTION WHEN external_routine_invocation_exception THEN
    RETURN false; -- another key than the one it was encrypted with
  END;
  FOR candidate IN step - 1 .. step + 1 LOOP
    IF candidate > credential.last_step AND ops.totp(seed, candidate) = code THEN
      UPDATE ops.operator_credential SET last_step = candidate WHERE operator_id = of_operator;
      RETURN true;
    END IF;
  END LOOP;
  RETURN false;
END $$;

-- Until when an operator cannot sign in: five failures within 30 minutes, with no success between, lock for 30 minutes. Null where they can.
CREATE FUNCTION ops.locked_until(of_operator bigint) RETURNS timestamptz LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  counts_from timestamptz := greatest(clock_timestamp() - interval '30 minutes',
    (SELECT c.failures_from FROM ops.operator_credential c WHERE c.operator_id = of_operator),
    (SELECT max(s.at) FROM ops.sign_in_attempt s WHERE s.operator_id = of_operator AND s.succeeded));
BEGIN
  RETURN (SELECT CASE WHEN count(*) >= 5 THEN max(a.at) + interval '30 minutes' END
            FROM ops.sign_in_attempt a WHERE a.operator_id = of_operator AND NOT a.succeeded AND a.at > counts_from);
END $$;

-- From when on an address may try again: from the third failure of the last hour on the wait doubles, up to 15 minutes.
CREATE FUNCTION ops.address_waits_until(address inet) RETURNS timestamptz LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  failures bigint;
  last timestamptz;
BEGIN
  SELECT count(*), max(a.at) INTO failures, last FROM ops.sign_in_attempt a
   WHERE a.ip IS NOT DISTINCT FROM address AND NOT a.succeeded AND a.at > clock_timestamp() - interval '1 hour'
     AND a.at > coalesce((SELECT max(s.at) FROM ops.sign_in_attempt s WHERE s.ip IS NOT DISTINCT FROM address AND s.succeeded), '-infinity');
  RETURN CASE WHEN failures >= 3 THEN last + make_interval(secs => least(900, power(2, failures - 2))) END;
END $$;

-- Sign-ins are no actions; their audit rows are written here and in the functions below.
CREATE FUNCTION ops.audit_sign_in(of_operator bigint, session uuid, ip inet, client text, action text, verb text, outcome ops.outcome, error text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO ops.audit (operator_id, operator, ip, client, session_id, action, verb, entity, entity_id, outcome, error)
  VALUES (of_operator, (SELECT o.name FROM ops.operator o WHERE o.id = of_operator), audit_sign_in.ip, left(audit_sign_in.client, 120), session,
          audit_sign_in.action, audit_sign_in.verb, 'session', coalesce(session::text, '-'), audit_sign_in.outcome, audit_sign_in.error);
END $$;

-- Checks a password (as derived by the console) and a code, counting failures. Null where both are right, and words where not.
CREATE FUNCTION ops.check_credentials(of_operator bigint, derived bytea, code text, seed_key bytea, ip inet, code_too boolean,
                                      OUT refusal text, OUT next_step text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  credential ops.operator_credential;
  waits timestamptz;
  right_one boolean;
BEGIN
  -- One at a time from one address, and one at a time for one operator: parallel guesses are counted like others.
  PERFORM pg_advisory_xact_lock(hashtextextended('sign-in ' || coalesce(host(ip), 'here'), 0));
  refusal := platform.ip_objection(ip, 'admin');
  IF refusal IS NOT NULL THEN
    next_step := 'sign in from an address that is allowed, or have an administrator change the rule'; RETURN;
  END IF;
  waits := ops.address_waits_until(ip);
  IF waits > clock_timestamp() THEN
    refusal := 'too many failures from this address';
    next_step := format('try again in %s s', ceil(extract(epoch FROM waits - clock_timestamp()))); RETURN;
  END IF;
  SELECT * INTO credential FROM ops.operator_credential WHERE operator_id = of_operator FOR UPDATE;
  waits := ops.locked_until(of_operator);
  IF waits > clock_timestamp() THEN
    refusal := 'this operator is locked after 5 failures';
    next_step := format('try again at %s UTC, or have an administrator reset it', to_char(waits AT TIME ZONE 'UTC', 'HH24:MI')); RETURN;
  END IF;
  right_one := credential.verifier IS NOT NULL AND credential.verifier = sha256(derived)
               AND EXISTS (SELECT FROM ops.operator o WHERE o.id = of_operator AND o.is_active);
  -- A code is used up only beside the right password: else anybody could use up somebody's codes.
  IF right_one AND code_too THEN right_one := ops.take_code(of_operator, code, seed_key); END IF;
  INSERT INTO ops.sign_in_attempt (operator_id, ip, succeeded) VALUES (of_operator, check_credentials.ip, right_one);
  IF NOT right_one THEN
    refusal := CASE WHEN code_too THEN 'name, password or code is wrong' ELSE 'the password is wrong' END;
    next_step := CASE WHEN ops.locked_until(of_operator) > clock_timestamp() THEN 'that was the fifth failure: wait 30 minutes, or have an administrator reset it'
                      ELSE 'try again; five failures lock for 30 minutes' END;
  END IF;
END $$;

-- Opens a session for whoever knows the password and has a fresh code; the token is the key to it. Kind 'screen' lasts 8 hours, 'token' one.
CREATE FUNCTION ops.sign_in(operator_name text, derived bytea, code text, seed_key bytea, token text, kind text, client text, ip inet,
                            OUT session_id uuid, OUT refusal text, OUT next_step text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  who bigint := (SELECT o.id FROM ops.operator o WHERE o.name = operator_name);
BEGIN
  IF length(token) < 32 OR kind NOT IN ('screen', 'token') THEN
    RAISE EXCEPTION 'a session is for a screen or a token, and its token has at least 32 characters' USING ERRCODE = 'BU001';
  END IF;
  SELECT c.refusal, c.next_step INTO refusal, next_step FROM ops.check_credentials(who, derived, code, seed_key, ip, true) c;
  IF refusal IS NOT NULL THEN
    PERFORM ops.audit_sign_in(who, NULL, ip, client, 'sessions.open', 'login', 'refused', refusal);
    RETURN;
  END IF;
  INSERT INTO ops.operator_session (operator_id, token_hash, ip, client, kind, code_at, expires_at)
  VALUES (who, sha256(convert_to(token, 'UTF8')), sign_in.ip, left(sign_in.client, 120), sign_in.kind, clock_timestamp(),
          clock_timestamp() + CASE sign_in.kind WHEN 'screen' THEN interval '8 hours' ELSE interval '1 hour' END)
  RETURNING id INTO session_id;
  UPDATE ops.operator_credential SET last_login_at = clock_timestamp() WHERE operator_id = who;
  PERFORM ops.audit_sign_in(who, session_id, ip, client, 'sessions.open', 'login', 'success', NULL);
END $$;

-- A demo bank signs its operators in by name: nobody's money is in it.
CREATE OR REPLACE FUNCTION ops.open_demo_session(operator_name text, token text, client text, ip inet DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  opened ops.operator_session;
  objection text := platform.ip_objection(ip, 'admin');
BEGIN
  IF NOT EXISTS (SELECT FROM platform.demo_marker) THEN
    RAISE EXCEPTION 'this is no demo database: the demo operator cannot sign in' USING ERRCODE = 'BU001';
  END IF;
  IF objection IS NOT NULL THEN
    RAISE EXCEPTION '%', objection USING ERRCODE = 'BU001';
  END IF;
  IF length(token) < 32 THEN
    RAISE EXCEPTION 'a session token has at least 32 characters' USING ERRCODE = 'BU001';
  END IF;
  INSERT INTO ops.operator_session (operator_id, token_hash, ip, client, kind, expires_at)
  SELECT o.id, sha256(convert_to(token, 'UTF8')), open_demo_session.ip, open_demo_session.client, 'demo', now() + interval '8 hours'
    FROM ops.operator o WHERE o.name = operator_name AND o.is_active
  RETURNING * INTO opened;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no active operator %', operator_name USING ERRCODE = 'BU001';
  END IF;
  PERFORM ops.audit_sign_in(opened.operator_id, opened.id, opened.ip, opened.client, 'sessions.open', 'login', 'success', NULL);
  RETURN opened.id;
END $$;

-- Confirms a fresh code within a session: steps that ask for one take it for five minutes.
CREATE FUNCTION ops.confirm_code(token text, code text, seed_key bytea, OUT refusal text, OUT next_step text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.live_session(token);
  waits timestamptz;
  right_one boolean;
BEGIN
  PERFORM FROM ops.operator_session s WHERE s.id = session.id FOR UPDATE;
  waits := ops.locked_until(session.operator_id);
  IF waits > clock_timestamp() THEN
    refusal := 'this operator is locked after 5 failures';
    next_step := format('try again at %s UTC, or have an administrator reset it', to_char(waits AT TIME ZONE 'UTC', 'HH24:MI')); RETURN;
  END IF;
  IF session.kind = 'demo' THEN
    right_one := (SELECT s.demo_code = code FROM ops.operator_session s WHERE s.id = session.id) IS TRUE;
  ELSE
    right_one := ops.take_code(session.operator_id, code, seed_key);
  END IF;
  IF right_one THEN
    UPDATE ops.operator_session s SET code_at = clock_timestamp(), demo_code = NULL WHERE s.id = session.id; RETURN;
  END IF;
  INSERT INTO ops.sign_in_attempt (operator_id, ip, succeeded) VALUES (session.operator_id, session.ip, false);
  PERFORM ops.audit_sign_in(session.operator_id, session.id, session.ip, session.client, 'sessions.confirm-code', 'login', 'refused', 'the code is wrong');
  refusal := 'the code is wrong, or was used before';
  next_step := 'take the next one; five failures lock for 30 minutes';
END $$;

-- The code that a demo shows on screen, in place of the one on somebody's telephone.
CREATE FUNCTION ops.demo_code(token text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.live_session(token);
  made text;
BEGIN
  IF session.kind <> 'demo' THEN
    RAISE EXCEPTION 'only a demo shows its codes' USING ERRCODE = 'BU002';
  END IF;
  UPDATE ops.operator_session s SET demo_code = coalesce(s.demo_code, lpad((('x' || encode(public.gen_random_bytes(4), 'hex'))::bit(32)::bigint % 1000000)::text, 6, '0'))
   WHERE s.id = session.id RETURNING s.demo_code INTO made;
  RETURN made;
END $$;

-- Locks one's own session: nothing is read or written with it until it is unlocked.
CREATE FUNCTION ops.lock_session(token text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE ops.operator_session SET locked_at = clock_timestamp()
   WHERE token_hash = sha256(convert_to(token, 'UTF8')) AND revoked_at IS NULL AND locked_at IS NULL;
END $$;

-- Unlocks it with the password; a demo needs none. An ended session stays ended.
CREATE FUNCTION ops.unlock_session(token text, derived bytea, OUT refusal text, OUT next_step text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session;
BEGIN
  SELECT s.* INTO session FROM ops.operator_session s JOIN ops.operator o ON o.id = s.operator_id
   WHERE s.token_hash = sha256(convert_to(token, 'UTF8')) AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp() AND o.is_active;
  IF NOT FOUND THEN
    refusal := 'this session has ended'; next_step := 'sign in again'; RETURN;
  END IF;
  IF session.kind <> 'demo' THEN
    SELECT c.refusal, c.next_step INTO refusal, next_step FROM ops.check_credentials(session.operator_id, derived, NULL, NULL, session.ip, false) c;
    IF refusal IS NOT NULL THEN
      PERFORM ops.audit_sign_in(session.operator_id, session.id, session.ip, session.client, 'sessions.unlock', 'login', 'refused', refusal);
      RETURN;
    END IF;
  END IF;
  UPDATE ops.operator_session SET locked_at = NULL, last_seen_at = clock_timestamp() WHERE id = session.id;
  PERFORM ops.audit_sign_in(session.operator_id, session.id, session.ip, session.client, 'sessions.unlock', 'login', 'success', NULL);
END $$;

-- ── Enrolment: the operator alone chooses password and codes ─────────────────────────────────────

-- Puts a new operator's, or one's own new, credentials in place of the old. Internal: no role may execute it.
CREATE FUNCTION ops.put_credentials(of_operator bigint, cost text, salt bytea, verifier bytea, seed_iv bytea, seed bytea, recovery bytea[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE ops.operator_credential c
     SET cost = put_credentials.cost, salt = put_credentials.salt, verifier = put_credentials.verifier, seed_iv = coalesce(put_credentials.seed_iv, c.seed_iv),
         seed = coalesce(put_credentials.seed, c.seed), enrolment_hash = NULL, enrolment_expires_at = NULL, failures_from = clock_timestamp(), changed_at = clock_timestamp()
   WHERE c.operator_id = of_operator;
  IF recovery IS NOT NULL THEN
    DELETE FROM ops.recovery_code WHERE operator_id = of_operator;
    INSERT INTO ops.recovery_code (operator_id, code_hash) SELECT of_operator, h FROM unnest(recovery) AS h;
  END IF;
END $$;

-- Whoever holds the enrolment code sets password and one-time codes, and proves that they work. Refuses with words, never says which was wrong.
CREATE FUNCTION ops.enrol(operator_name text, enrolment_code text, cost text, salt bytea, verifier bytea, seed_iv bytea, seed bytea, seed_key bytea, code text,
                          recovery bytea[], client text, ip inet, OUT refusal text, OUT next_step text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  who ops.operator;
  credential ops.operator_credential;
  token text := encode(public.gen_random_bytes(32), 'hex');
  waits timestamptz;
  now_step bigint := floor(extract(epoch FROM clock_timestamp()) / 30);
  matched bigint;
  session uuid;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('sign-in ' || coalesce(host(ip), 'here'), 0));
  waits := ops.address_waits_until(ip);
  IF waits > clock_timestamp() THEN
    refusal := 'too many failures from this address';
    next_step := format('try again in %s s', ceil(extract(epoch FROM waits - clock_timestamp()))); RETURN;
  END IF;
  SELECT o.* INTO who FROM ops.operator o WHERE o.name = operator_name AND o.is_active;
  SELECT c.* INTO credential FROM ops.operator_credential c WHERE c.operator_id = who.id FOR UPDATE;
  IF credential.enrolment_hash IS NULL OR credential.enrolment_hash <> sha256(convert_to(enrolment_code, 'UTF8')) OR credential.enrolment_expires_at <= clock_timestamp() THEN
    INSERT INTO ops.sign_in_attempt (operator_id, ip, succeeded) VALUES (who.id, enrol.ip, false);
    PERFORM ops.audit_sign_in(who.id, NULL, ip, client, 'operators.enrol', 'login', 'refused', 'the enrolment code is wrong or has expired');
    refusal := 'the name or the enrolment code is wrong, or the code has expired';
    next_step := 'ask an administrator to reset you: that makes a new code'; RETURN;
  END IF;
  SELECT n INTO matched FROM generate_series(now_step - 1, now_step + 1) n WHERE ops.totp(public.decrypt_iv(enrol.seed, seed_key, enrol.seed_iv, 'aes'), n) = code;
  IF matched IS NULL THEN
    refusal := 'the one-time code is wrong';
    next_step := 'scan the picture again and type the code that your app shows now; the clock of telephone and server must agree'; RETURN;
  END IF;
  INSERT INTO ops.operator_session (operator_id, token_hash, ip, client, kind, expires_at)
  VALUES (who.id, sha256(convert_to(token, 'UTF8')), enrol.ip, left(enrol.client, 120), 'enrolment', clock_timestamp() + interval '1 minute') RETURNING id INTO session;
  PERFORM ops.begin_action(token, 'operators.enrol', sha256(verifier), gen_random_uuid());
  PERFORM ops.put_credentials(who.id, cost, salt, verifier, seed_iv, seed, recovery);
  UPDATE ops.operator_credential SET last_step = matched WHERE operator_id = who.id;
  PERFORM ops.write_audit('update', 'operator', who.id::text, who.name, NULL, '{"credentials": "enrolled"}', 'success', NULL, NULL, NULL, '{"summary": "enrolled"}');
  UPDATE ops.operator_session SET revoked_at = clock_timestamp() WHERE id = session;
END $$;

-- Changes one's own password; every other session of one's own ends.
CREATE FUNCTION ops.change_password(token text, derived bytea, cost text, salt bytea, verifier bytea, OUT refusal text, OUT next_step text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.live_session(token);
BEGIN
  SELECT c.refusal, c.next_step INTO refusal, next_step FROM ops.check_credentials(session.operator_id, derived, NULL, NULL, session.ip, false) c;
  IF refusal IS NOT NULL THEN RETURN; END IF;
  PERFORM ops.begin_action(token, 'operators.change-password', sha256(verifier), gen_random_uuid());
  PERFORM ops.put_credentials(session.operator_id, cost, salt, verifier, NULL, NULL, NULL);
  UPDATE ops.operator_session s SET revoked_at = clock_timestamp(), revoked_by = session.operator_id
   WHERE s.operator_id = session.operator_id AND s.id <> session.id AND s.revoked_at IS NULL;
  PERFORM ops.write_audit('update', 'operator', session.operator_id::text, (SELECT o.name FROM ops.operator o WHERE o.id = session.operator_id), NULL,
                          '{"password": "changed"}', 'success', NULL, NULL, NULL, '{"summary": "changed the password"}');
END $$;

-- ── Write windows ────────────────────────────────────────────────────────────────────────────────

-- A session starts read-only. What was open when stays for ever.
CREATE TABLE ops.write_window (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  session_id  uuid NOT NULL REFERENCES ops.operator_session,
  operator_id bigint NOT NULL REFERENCES ops.operator,
  reason      text NOT NULL CHECK (length(btrim(reason)) >= 4),
  incident_id bigint,
  opened_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  expires_at  timestamptz(3) NOT NULL,
  closed_at   timestamptz(3),
  CONSTRAINT at_most_an_hour CHECK (expires_at <= opened_at + interval '60 minutes')
);
CREATE INDEX write_window_session_id_idx ON ops.write_window (session_id);
CREATE TRIGGER keep BEFORE UPDATE ON ops.write_window FOR EACH ROW
  WHEN ((to_jsonb(old) - 'closed_at') IS DISTINCT FROM (to_jsonb(new) - 'closed_at') OR old.closed_at IS NOT NULL) EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_rows BEFORE DELETE ON ops.write_window FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.write_window FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- Until when a session may write; null while it is read-only.
CREATE FUNCTION ops.window_of(session uuid) RETURNS ops.write_window LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found_one ops.write_window;
BEGIN
  SELECT * INTO found_one FROM ops.write_window w WHERE w.session_id = session AND w.closed_at IS NULL AND w.expires_at > clock_timestamp() ORDER BY w.id DESC LIMIT 1;
  RETURN found_one;
END $$;

-- Opens a window of 1 to 60 minutes, in place of one that is open; returns its end.
CREATE FUNCTION ops.open_window(token text, reason text, minutes integer) RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.live_session(token);
  until timestamptz(3);
BEGIN
  IF minutes NOT BETWEEN 1 AND 60 OR length(btrim(reason)) < 4 THEN
    RAISE EXCEPTION 'a write window takes a reason and 1 to 60 minutes' USING ERRCODE = '23514';
  END IF;
  PERFORM ops.begin_action(token, 'windows.open', sha256(convert_to(reason, 'UTF8')), gen_random_uuid());
  UPDATE ops.write_window w SET closed_at = clock_timestamp() WHERE w.session_id = session.id AND w.closed_at IS NULL;
  INSERT INTO ops.write_window (session_id, operator_id, reason, incident_id, expires_at)
  VALUES (session.id, session.operator_id, btrim(reason), (SELECT max(i.id) FROM ops.incident i WHERE i.status IN ('open', 'contained')),
          clock_timestamp() + make_interval(mins => minutes) - interval '5 milliseconds') RETURNING expires_at INTO until;
  PERFORM ops.write_audit('update', 'session', session.id::text, NULL, NULL, jsonb_build_object('minutes', minutes), 'success', NULL, btrim(reason), NULL,
                          '{"summary": "opened a write window"}');
  RETURN until;
END $$;

-- During an incident one key opens it again, with the reason it had.
CREATE FUNCTION ops.renew_window(token text, minutes integer) RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.live_session(token);
  earlier ops.write_window;
BEGIN
  IF NOT EXISTS (SELECT FROM ops.incident i WHERE i.status IN ('open', 'contained')) THEN
    RAISE EXCEPTION 'a window is renewed only while an incident is open: open a new one with a reason' USING ERRCODE = 'BU014';
  END IF;
  SELECT * INTO earlier FROM ops.write_window w WHERE w.session_id = session.id ORDER BY w.id DESC LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this session had no window yet: open one with a reason' USING ERRCODE = 'BU014';
  END IF;
  RETURN ops.open_window(token, earlier.reason, minutes);
END $$;

CREATE FUNCTION ops.close_window(token text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE ops.write_window w SET closed_at = clock_timestamp()
    FROM ops.operator_session s WHERE s.token_hash = sha256(convert_to(token, 'UTF8')) AND w.session_id = s.id AND w.closed_at IS NULL AND w.expires_at > clock_timestamp();
END $$;

-- ── Incidents, as much of them as rights depend on ───────────────────────────────────────────────

CREATE TABLE ops.incident (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  level      smallint NOT NULL CHECK (level BETWEEN 1 AND 3),
  kind       text NOT NULL CHECK (kind IN ('security', 'outage')),
  title      text NOT NULL CHECK (length(btrim(title)) BETWEEN 10 AND 200),
  status     text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'contained', 'resolved', 'reviewed')),
  opened_by  bigint NOT NULL REFERENCES ops.operator,
  opened_at  timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  changed_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  version    integer NOT NULL DEFAULT 0
);
CREATE INDEX incident_opened_at_id_idx ON ops.incident (opened_at, id);

CREATE TABLE ops.incident_transition (
  before text NOT NULL,
  after  text NOT NULL,
  action text NOT NULL,
  PRIMARY KEY (before, after)
);
INSERT INTO ops.incident_transition VALUES ('open', 'contained', 'incidents.contain'), ('contained', 'resolved', 'incidents.resolve'), ('resolved', 'reviewed', 'incidents.review');

CREATE FUNCTION ops.guard_incident() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
BEGIN
  IF tg_op = 'INSERT' THEN
    run := ops.require_action('incidents.declare');
    new.opened_by := run.operator_id; new.opened_at := clock_timestamp(); new.changed_at := new.opened_at; new.status := 'open'; new.version := 0;
    RETURN new;
  END IF;
  run := ops.require_acting();
  IF (to_jsonb(new) - '{status,changed_at,version}'::text[]) <> (to_jsonb(old) - '{status,changed_at,version}'::text[])
     OR NOT EXISTS (SELECT FROM ops.incident_transition t WHERE t.before = old.status AND t.after = new.status AND t.action = run.action) THEN
    RAISE EXCEPTION '% cannot take an incident from % to %', run.action, old.status, new.status USING ERRCODE = 'BU007';
  END IF;
  new.changed_at := clock_timestamp(); new.version := old.version + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.incident FOR EACH ROW EXECUTE FUNCTION ops.guard_incident();
CREATE TRIGGER keep BEFORE DELETE ON ops.incident FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.incident FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

CREATE FUNCTION ops.declare_incident(level smallint, kind text, title text) RETURNS ops.incident LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  declared ops.incident;
BEGIN
  INSERT INTO ops.incident AS i (level, kind, title) VALUES (declare_incident.level, declare_incident.kind, declare_incident.title) RETURNING i.* INTO declared;
  RETURN declared;
END $$;

-- Moves an incident on, if it is still the version that was looked at (BU005 if not).
CREATE FUNCTION ops.move_incident(wanted bigint, after text, expected_version integer) RETURNS ops.incident LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  moved ops.incident;
BEGIN
  UPDATE ops.incident i SET status = after WHERE i.id = wanted AND i.version = expected_version RETURNING i.* INTO moved;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'incident % changed meanwhile', wanted USING ERRCODE = 'BU005';
  END IF;
  RETURN moved;
END $$;
