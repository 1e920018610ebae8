-- What a live token reaches by SQL that no pane offers: answers of functions without secrets, and nothing that comes
-- along with an action it has nothing to do with.

-- ── Whoever changes a user does not learn the hash of their password by it ───────────────────────

CREATE OR REPLACE FUNCTION bank.create_user(username text, email text, first_name text, last_name text, birth_date date, phone text, role text,
                                 status bank.user_status, password_hash text) RETURNS bank."user"
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  created bank."user";
BEGIN
  PERFORM ops.require_acting();
  -- A password that an operator chose is known to two: it must be changed at the first sign-in.
  INSERT INTO bank."user" AS u (username, email, first_name, last_name, birth_date, phone, role, status, password_hash, must_change_password)
  VALUES (create_user.username, create_user.email, create_user.first_name, create_user.last_name, create_user.birth_date, create_user.phone,
          create_user.role, create_user.status, create_user.password_hash, create_user.password_hash IS NOT NULL)
  RETURNING u.* INTO created;
  created.password_hash := NULL;
  RETURN created;
END $$;

CREATE OR REPLACE FUNCTION bank.set_user_profile(id bigint, expected_version integer, email text, first_name text, last_name text, phone text) RETURNS bank."user"
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changed bank."user" := bank.take_user(set_user_profile.id, expected_version);
BEGIN
  UPDATE bank."user" u
     SET email = set_user_profile.email, first_name = set_user_profile.first_name, last_name = set_user_profile.last_name, phone = set_user_profile.phone
   WHERE u.id = changed.id RETURNING u.* INTO changed;
  changed.password_hash := NULL;
  RETURN changed;
END $$;

CREATE OR REPLACE FUNCTION bank.set_user_status(id bigint, after bank.user_status, expected_version integer) RETURNS bank."user"
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changed bank."user" := bank.take_user(set_user_status.id, expected_version);
BEGIN
  IF changed.status = after THEN
    RAISE EXCEPTION 'user % is % already', changed.username, after USING ERRCODE = 'BU007';
  END IF;
  UPDATE bank."user" u SET status = after WHERE u.id = changed.id RETURNING u.* INTO changed;
  IF after IN ('locked', 'deactivated') THEN PERFORM bank.revoke_sessions(changed.id); END IF;
  changed.password_hash := NULL;
  RETURN changed;
END $$;

-- ── What comes along with an action comes with those that are about it ───────────────────────────

-- Ends every live session of a user; returns how many.
CREATE OR REPLACE FUNCTION bank.revoke_sessions(owner bigint) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ended integer;
BEGIN
  PERFORM ops.require_action('users.end-sessions', 'users.lock', 'users.deactivate', 'users.reset-password', 'users.change-role');
  UPDATE bank.auth_session SET ended_at = clock_timestamp() WHERE user_id = owner AND ended_at IS NULL;
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN ended;
END $$;

-- What everybody may do tells nobody outside: else whoever may only look could write to customers in the bank's name.
CREATE FUNCTION ops.guard_notice_of_self() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.acting();
BEGIN
  IF new.channel = 'email' AND (SELECT p.permission FROM ops.action_permission p WHERE p.action = run.action) = 'self'
     AND run.approval_id IS NULL AND NOT EXISTS (SELECT FROM ops.operator o WHERE new.recipient IN (o.email, o.name)) THEN
    RAISE EXCEPTION '% tells operators and nobody else', run.action USING ERRCODE = 'BU004';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard_self BEFORE INSERT ON ops.notice FOR EACH ROW EXECUTE FUNCTION ops.guard_notice_of_self();

-- ── A session that has ended ends nothing any more ───────────────────────────────────────────────

CREATE OR REPLACE FUNCTION ops.close_session(token text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  closed ops.operator_session;
BEGIN
  UPDATE ops.operator_session SET revoked_at = now()
   WHERE token_hash = sha256(convert_to(token, 'UTF8')) AND revoked_at IS NULL AND expires_at > clock_timestamp() RETURNING * INTO closed;
  IF NOT FOUND THEN RETURN; END IF;
  INSERT INTO ops.audit (operator_id, operator, ip, client, session_id, action, verb, entity, entity_id, outcome)
  SELECT closed.operator_id, o.name, closed.ip, closed.client, closed.id, 'sessions.close', 'logout', 'session', closed.id::text, 'success'
    FROM ops.operator o WHERE o.id = closed.operator_id;
END $$;

CREATE OR REPLACE FUNCTION ops.close_window(token text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE ops.write_window w SET closed_at = clock_timestamp()
    FROM ops.operator_session s
   WHERE s.token_hash = sha256(convert_to(token, 'UTF8')) AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp()
     AND w.session_id = s.id AND w.closed_at IS NULL AND w.expires_at > clock_timestamp();
END $$;

CREATE OR REPLACE FUNCTION ops.lock_session(token text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE ops.operator_session SET locked_at = clock_timestamp()
   WHERE token_hash = sha256(convert_to(token, 'UTF8')) AND revoked_at IS NULL AND expires_at > clock_timestamp() AND locked_at IS NULL;
END $$;
