-- The users' side: how they get a new password, are invited, sign in, stay signed in and are signed out, which addresses
-- may come, and the settings that all of it obeys.
--
-- Functions marked "for the platform" are called by the platform itself, with its own database role. They act for
-- nobody at the console: what proves the right is a secret that only its addressee has. Nobody else may execute them.

-- ── Sign-ins and sessions ────────────────────────────────────────────────────────────────────────

ALTER TABLE bank.auth_session
  ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY,
  ADD CONSTRAINT auth_session_number_key UNIQUE (number);
-- The two kinds of sessions are one list (ops.session_list), which is read in order of time.
CREATE INDEX auth_session_started_at_place_idx ON bank.auth_session (started_at, (number * 2));
CREATE INDEX auth_session_last_seen_at_place_idx ON bank.auth_session (last_seen_at, (number * 2));
CREATE INDEX operator_session_started_at_place_idx ON ops.operator_session (started_at, (number * 2 + 1));
CREATE INDEX operator_session_last_seen_at_place_idx ON ops.operator_session (last_seen_at, (number * 2 + 1));
CREATE INDEX auth_session_place_idx ON bank.auth_session ((number * 2));
CREATE INDEX operator_session_place_idx ON ops.operator_session ((number * 2 + 1));
CREATE INDEX auth_session_user_id_idx ON bank.auth_session (user_id);

-- A try from an address that is not let in says nothing about the password: it never counts towards a lockout.
ALTER TABLE bank.auth_event
  DROP CONSTRAINT auth_event_type_check,
  ADD CONSTRAINT auth_event_type_check CHECK (type IN ('login_success', 'login_failure', 'login_blocked', 'lockout', 'logout', 'password_reset'));
CREATE INDEX auth_event_at_id_idx ON bank.auth_event (at, id);
CREATE INDEX auth_event_username_at_idx ON bank.auth_event (username, at);
CREATE INDEX auth_event_host_at_idx ON bank.auth_event (host(ip), at);

CREATE VIEW ops.session_list AS
SELECT number * 2 AS id, 'user' AS kind, user_id AS who_id, device AS client, ip, started_at, last_seen_at, ended_at, NULL::timestamptz(3) AS expires_at,
       NULL::timestamptz(3) AS locked_at, NULL::bigint AS ended_by
  FROM bank.auth_session
UNION ALL
SELECT number * 2 + 1, 'operator', operator_id, client, ip, started_at, last_seen_at, revoked_at, expires_at, locked_at, revoked_by FROM ops.operator_session;

-- Ends one session of a user (BU005 where it has ended already); returns whose it was.
CREATE FUNCTION bank.end_session(number bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  owner bigint;
BEGIN
  PERFORM ops.require_action('sessions.end');
  UPDATE bank.auth_session s SET ended_at = clock_timestamp() WHERE s.number = end_session.number AND s.ended_at IS NULL RETURNING s.user_id INTO owner;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this session has ended already' USING ERRCODE = 'BU005';
  END IF;
  RETURN owner;
END $$;

-- Ends an operator's session: whatever that operator writes next is refused.
CREATE FUNCTION ops.end_operator_session(number bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('sessions.end-operator');
  ended ops.operator_session;
BEGIN
  UPDATE ops.operator_session s SET revoked_at = clock_timestamp(), revoked_by = run.operator_id
   WHERE s.number = end_operator_session.number AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp() RETURNING s.* INTO ended;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this session has ended already' USING ERRCODE = 'BU005';
  END IF;
  IF ended.id = run.session_id THEN
    RAISE EXCEPTION 'this is the session you are working in: leave the console instead' USING ERRCODE = 'BU009';
  END IF;
  RETURN ended.operator_id;
END $$;

-- ── A new password, by a link that works once ────────────────────────────────────────────────────

ALTER TABLE bank."user" ADD COLUMN email_changed_at timestamptz(3);

-- Whoever can change the address and ask for a new password could take a user over alone. Fires after `guard`.
CREATE FUNCTION bank.note_address_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  new.email_changed_at := CASE WHEN lower(new.email) <> lower(old.email) THEN clock_timestamp() ELSE old.email_changed_at END;
  RETURN new;
END $$;
CREATE TRIGGER note_address BEFORE UPDATE ON bank."user" FOR EACH ROW EXECUTE FUNCTION bank.note_address_change();

CREATE TABLE bank.password_reset (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id      bigint NOT NULL REFERENCES bank."user",
  purpose      text NOT NULL CHECK (purpose IN ('reset', 'invitation')),
  token_hash   bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32), -- sha256; the token itself is only in the message to its user
  requested_by bigint NOT NULL,
  requested_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  expires_at   timestamptz(3) NOT NULL,
  used_at      timestamptz(3),
  used_in      bigint, -- the transaction that chose the password
  cancelled_at timestamptz(3),
  CONSTRAINT not_for_long CHECK (expires_at <= requested_at + CASE purpose WHEN 'reset' THEN interval '1 hour' ELSE interval '7 days' END),
  CONSTRAINT used_or_cancelled CHECK (num_nonnulls(used_at, cancelled_at) <= 1 AND num_nonnulls(used_at, used_in) IN (0, 2))
);
CREATE UNIQUE INDEX password_reset_one_open_key ON bank.password_reset (user_id) WHERE used_at IS NULL AND cancelled_at IS NULL;
CREATE INDEX password_reset_user_id_id_idx ON bank.password_reset (user_id, id);

CREATE FUNCTION bank.guard_password_reset() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  loose text[] := '{used_at,used_in,cancelled_at}';
BEGIN
  IF tg_op = 'INSERT' THEN
    PERFORM ops.require_action('users.reset-password', 'users.create');
    new.requested_by := ops.maker();
    new.requested_at := clock_timestamp(); new.used_at := NULL; new.used_in := NULL; new.cancelled_at := NULL;
    RETURN new;
  END IF;
  IF (to_jsonb(new) - loose) <> (to_jsonb(old) - loose) OR old.used_at IS NOT NULL OR old.cancelled_at IS NOT NULL THEN
    RAISE EXCEPTION 'a link is made once, and used or cancelled once' USING ERRCODE = 'BU010';
  END IF;
  IF new.cancelled_at IS NOT NULL THEN
    PERFORM ops.require_acting();
    new.cancelled_at := clock_timestamp();
  ELSIF old.expires_at <= clock_timestamp() THEN
    RAISE EXCEPTION 'this link has expired' USING ERRCODE = 'BU007';
  ELSE
    new.used_at := clock_timestamp(); new.used_in := pg_current_xact_id()::text::bigint;
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON bank.password_reset FOR EACH ROW EXECUTE FUNCTION bank.guard_password_reset();
CREATE TRIGGER keep BEFORE DELETE ON bank.password_reset FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON bank.password_reset FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- What a user's earlier passwords were derived to: the platform compares a new one with the last few of them.
CREATE TABLE bank.password_history (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id       bigint NOT NULL REFERENCES bank."user",
  password_hash text NOT NULL,
  replaced_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX password_history_user_id_id_idx ON bank.password_history (user_id, id);

-- Whether a link of this user was used in this very transaction.
CREATE FUNCTION bank.comes_by_link(person bigint) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM bank.password_reset r WHERE r.user_id = person AND r.used_in = pg_current_xact_id_if_assigned()::text::bigint
                    AND r.used_at >= transaction_timestamp()::timestamptz(3));
END $$;

-- By a link a user's password is chosen, and nothing else.
CREATE FUNCTION bank.guard_user_by_link() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  loose text[] := '{password_hash,must_change_password,version,status,email_verified_at,search_text}';
BEGIN
  IF new.password_hash IS NOT DISTINCT FROM old.password_hash OR new.password_hash IS NULL OR new.must_change_password OR new.version <> old.version + 1
     OR (to_jsonb(new) - loose) <> (to_jsonb(old) - loose) OR (new.status <> old.status AND (old.status <> 'invited' OR new.status <> 'active'))
     OR (old.email_verified_at IS NOT NULL AND new.email_verified_at IS DISTINCT FROM old.email_verified_at) THEN
    RAISE EXCEPTION 'by a link a password is chosen, and nothing else' USING ERRCODE = 'BU004';
  END IF;
  RETURN new;
END $$;

DROP TRIGGER guard ON bank."user";
CREATE TRIGGER guard BEFORE UPDATE ON bank."user" FOR EACH ROW WHEN (NOT bank.comes_by_link(new.id)) EXECUTE FUNCTION bank.guard_user();
CREATE TRIGGER guard_by_link BEFORE UPDATE ON bank."user" FOR EACH ROW WHEN (bank.comes_by_link(new.id)) EXECUTE FUNCTION bank.guard_user_by_link();

CREATE FUNCTION bank.keep_password_history() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO bank.password_history (user_id, password_hash) VALUES (old.id, old.password_hash);
  -- 24 is the most that the setting can ask for.
  DELETE FROM bank.password_history h WHERE h.user_id = old.id
     AND h.id <= (SELECT o.id FROM bank.password_history o WHERE o.user_id = old.id ORDER BY o.id DESC OFFSET 24 LIMIT 1);
  RETURN NULL;
END $$;
CREATE TRIGGER keep_password AFTER UPDATE OF password_hash ON bank."user" FOR EACH ROW
  WHEN (old.password_hash IS NOT NULL AND old.password_hash IS DISTINCT FROM new.password_hash) EXECUTE FUNCTION bank.keep_password_history();

-- Makes a link in place of one that is open. Internal.
CREATE FUNCTION bank.make_link(owner bigint, purpose text, token_hash bytea, lifetime interval) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  until timestamptz(3);
BEGIN
  UPDATE bank.password_reset r SET cancelled_at = clock_timestamp() WHERE r.user_id = owner AND r.used_at IS NULL AND r.cancelled_at IS NULL;
  INSERT INTO bank.password_reset AS r (user_id, purpose, token_hash, requested_by, expires_at)
  VALUES (owner, make_link.purpose, make_link.token_hash, 0, clock_timestamp() + lifetime - interval '1 second') RETURNING r.expires_at INTO until;
  RETURN until;
END $$;

-- Takes a user's password away and makes the link by which they, and nobody else, choose a new one; ends every session.
-- Returns until when the link works.
CREATE FUNCTION bank.reset_password(id bigint, expected_version integer, token_hash bytea) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  person bank."user" := bank.take_user(reset_password.id, expected_version);
BEGIN
  PERFORM ops.require_action('users.reset-password');
  PERFORM ops.require_target('user', person.id::text);
  IF person.email_changed_at > clock_timestamp() - interval '24 hours' THEN
    PERFORM ops.require_two(format('the e-mail address of %s was changed within the last 24 hours: a new password takes two people', person.username));
  END IF;
  UPDATE bank."user" u SET password_hash = NULL, must_change_password = true WHERE u.id = person.id;
  PERFORM bank.revoke_sessions(person.id);
  RETURN bank.make_link(person.id, 'reset', token_hash, interval '1 hour');
END $$;

-- The link by which somebody who is created in this very action chooses the first password; it activates who is only invited.
CREATE FUNCTION bank.send_invitation(id bigint, token_hash bytea) RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('users.create');
BEGIN
  IF NOT EXISTS (SELECT FROM bank."user" u WHERE u.id = send_invitation.id AND u.created_by = run.operator_id AND u.created_at >= transaction_timestamp()::timestamptz(3)
                    AND u.version = 0 AND u.password_hash IS NULL) THEN
    RAISE EXCEPTION 'an invitation is for somebody who is just created and has no password yet' USING ERRCODE = 'BU007';
  END IF;
  RETURN bank.make_link(send_invitation.id, 'invitation', token_hash, interval '7 days');
END $$;

-- Whoever gets a link hears of it: one made by a colleague for a password of their own choice does not go unnoticed.
CREATE FUNCTION bank.demand_notice() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM ops.notice n JOIN bank."user" u ON u.id = new.user_id
                  WHERE n.request_id = (ops.acting()).request_id AND n.about_entity = 'user' AND n.about_id = new.user_id::text
                    AND n.template = CASE new.purpose WHEN 'reset' THEN 'password-reset' ELSE 'invite' END AND n.recipient = u.email) THEN
    RAISE EXCEPTION 'a link is made together with the message to its user' USING ERRCODE = 'BU008';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER demand_notice AFTER INSERT ON bank.password_reset DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION bank.demand_notice();

-- For the platform: uses a link up and sets the password (PHC format) that its user chose. Of many at once one succeeds.
CREATE FUNCTION bank.redeem_password_reset(token text, new_password_hash text, ip inet, user_agent text DEFAULT '', OUT user_id bigint, OUT refusal text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  link bank.password_reset;
  person bank."user";
BEGIN
  IF new_password_hash !~ '^\$argon2id\$' THEN
    RAISE EXCEPTION 'a password is kept as an argon2id hash in PHC format' USING ERRCODE = '23514';
  END IF;
  UPDATE bank.password_reset r SET used_at = clock_timestamp()
   WHERE r.token_hash = sha256(convert_to(token, 'UTF8')) AND r.used_at IS NULL AND r.cancelled_at IS NULL AND r.expires_at > clock_timestamp() RETURNING r.* INTO link;
  IF NOT FOUND THEN
    refusal := 'this link was used, has expired or was replaced by a newer one: ask for another'; RETURN;
  END IF;
  UPDATE bank."user" u
     SET password_hash = new_password_hash, must_change_password = false, version = u.version + 1,
         status = CASE WHEN link.purpose = 'invitation' AND u.status = 'invited' THEN 'active' ELSE u.status END,
         -- Whoever has the link reads the mail of this address, unless the address changed since.
         email_verified_at = CASE WHEN u.email_verified_at IS NULL AND coalesce(u.email_changed_at < link.requested_at, true) THEN clock_timestamp() ELSE u.email_verified_at END
   WHERE u.id = link.user_id RETURNING u.* INTO person;
  INSERT INTO bank.auth_event (type, username, user_id, ip, user_agent) VALUES ('password_reset', person.username, person.id, redeem_password_reset.ip, left(redeem_password_reset.user_agent, 200));
  user_id := person.id;
END $$;

-- For the platform: hashes that a new password must not match, as many as the setting says.
CREATE FUNCTION bank.earlier_passwords(owner bigint) RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT h.password_hash FROM bank.password_history h WHERE h.user_id = owner
   ORDER BY h.id DESC LIMIT (SELECT (s.value #>> '{}')::integer FROM platform.setting s WHERE s.key = 'security.password-history')
$$;

-- ── Invites ──────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE platform.invite (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code_hash  bytea NOT NULL UNIQUE CHECK (octet_length(code_hash) = 32), -- sha256; the code itself is only in the message to the invitee
  code_hint  text NOT NULL CHECK (length(code_hint) <= 4), -- its last letters, to tell one from another
  email      text NOT NULL CHECK (email ~ '^[^[:space:]@]+@[^[:space:]@]+\.[^[:space:]@]+$' AND length(email) <= 254),
  role       text NOT NULL,
  created_by bigint NOT NULL REFERENCES ops.operator,
  created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz(3) NOT NULL,
  max_uses   integer NOT NULL DEFAULT 1 CHECK (max_uses BETWEEN 1 AND 1000),
  uses       integer NOT NULL DEFAULT 0,
  revoked_at timestamptz(3),
  revoked_by bigint REFERENCES ops.operator,
  version    integer NOT NULL DEFAULT 0,
  CONSTRAINT never_used_more_often CHECK (uses BETWEEN 0 AND max_uses),
  CONSTRAINT at_most_30_days CHECK (expires_at <= created_at + interval '30 days'),
  CONSTRAINT revoked_by_somebody CHECK (num_nonnulls(revoked_at, revoked_by) IN (0, 2))
);
CREATE INDEX invite_created_at_id_idx ON platform.invite (created_at, id);
CREATE INDEX invite_email_idx ON platform.invite (lower(email));

CREATE TABLE platform.invite_use (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  invite_id bigint NOT NULL REFERENCES platform.invite,
  username  text NOT NULL,
  used_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  used_in   bigint NOT NULL -- the transaction that registered the user
);
CREATE INDEX invite_use_invite_id_idx ON platform.invite_use (invite_id);
CREATE INDEX invite_use_username_idx ON platform.invite_use (username);
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON platform.invite_use FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON platform.invite_use FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

CREATE FUNCTION platform.guard_invite() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
  asked jsonb;
  loose text[] := '{revoked_at,revoked_by,version}';
BEGIN
  IF tg_op = 'INSERT' THEN
    run := ops.require_action('invites.create');
    asked := ops.require_target('invite', new.email);
    -- Whoever can invite could make an administrator of a mailbox of their own.
    IF new.role IN ('admin', 'developer') THEN
      RAISE EXCEPTION 'nobody is invited as %: change the role of a user who is there', new.role USING ERRCODE = 'BU009';
    END IF;
    IF new.role NOT IN ('viewer', 'customer') THEN
      PERFORM ops.require_two(format('an invite as %s takes two people', new.role));
    END IF;
    IF asked ->> 'role' IS DISTINCT FROM (CASE WHEN asked IS NOT NULL THEN new.role END) THEN
      RAISE EXCEPTION 'the request was for an invite as %', asked ->> 'role' USING ERRCODE = 'BU004';
    END IF;
    IF NOT EXISTS (SELECT FROM bank.role r WHERE r.name = new.role) THEN
      RAISE EXCEPTION 'the platform has no role %', new.role USING ERRCODE = '23514';
    END IF;
    new.created_by := ops.maker(); new.created_at := clock_timestamp(); new.uses := 0; new.revoked_at := NULL; new.revoked_by := NULL; new.version := 0;
    RETURN new;
  END IF;
  -- Used: once more, while it may be.
  IF new.uses = old.uses + 1 AND (to_jsonb(new) - 'uses') = (to_jsonb(old) - 'uses') AND old.revoked_at IS NULL AND old.expires_at > clock_timestamp() THEN RETURN new; END IF;
  run := ops.require_action('invites.revoke');
  IF (to_jsonb(new) - loose) <> (to_jsonb(old) - loose) OR old.revoked_at IS NOT NULL THEN
    RAISE EXCEPTION 'an invite is made once and revoked once' USING ERRCODE = 'BU010';
  END IF;
  new.revoked_at := clock_timestamp(); new.revoked_by := run.operator_id; new.version := old.version + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON platform.invite FOR EACH ROW EXECUTE FUNCTION platform.guard_invite();
CREATE TRIGGER keep BEFORE DELETE ON platform.invite FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON platform.invite FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

CREATE FUNCTION platform.create_invite(code_hash bytea, code_hint text, email text, role text, days integer, max_uses integer) RETURNS platform.invite
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  made platform.invite;
BEGIN
  INSERT INTO platform.invite AS i (code_hash, code_hint, email, role, created_by, expires_at, max_uses)
  VALUES (create_invite.code_hash, create_invite.code_hint, create_invite.email, create_invite.role, 0,
          clock_timestamp() + make_interval(days => days) - interval '1 second', create_invite.max_uses)
  RETURNING i.* INTO made;
  RETURN made;
END $$;

CREATE FUNCTION platform.revoke_invite(id bigint, expected_version integer) RETURNS platform.invite LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  revoked platform.invite;
BEGIN
  PERFORM ops.require_action('invites.revoke');
  SELECT * INTO revoked FROM platform.invite i WHERE i.id = revoke_invite.id FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no invite %', revoke_invite.id USING ERRCODE = 'BU011';
  END IF;
  IF revoked.version IS DISTINCT FROM expected_version OR revoked.revoked_at IS NOT NULL OR revoked.uses = revoked.max_uses OR revoked.expires_at <= clock_timestamp() THEN
    RAISE EXCEPTION 'this invite was used up, has expired or was revoked already' USING ERRCODE = 'BU005';
  END IF;
  UPDATE platform.invite i SET revoked_at = clock_timestamp() WHERE i.id = revoked.id RETURNING i.* INTO revoked;
  RETURN revoked;
END $$;

-- Whether a new user is the one who registers by an invite in this very transaction.
CREATE FUNCTION platform.comes_by_invite(username text, role text, status bank.user_status, created_by bigint, version integer) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN created_by IS NULL AND version = 0 AND status = 'active'
    AND EXISTS (SELECT FROM platform.invite_use u JOIN platform.invite i ON i.id = u.invite_id
                 WHERE u.username = comes_by_invite.username AND i.role = comes_by_invite.role
                   AND u.used_in = pg_current_xact_id_if_assigned()::text::bigint AND u.used_at >= transaction_timestamp()::timestamptz(3));
END $$;
CREATE TRIGGER guard_new BEFORE INSERT ON bank."user" FOR EACH ROW
  WHEN (NOT platform.comes_by_invite(new.username, new.role, new.status, new.created_by, new.version)) EXECUTE FUNCTION bank.guard_user();

-- For the platform: registers somebody by an invite. However many come at once, no more get in than it has uses.
CREATE FUNCTION platform.use_invite(code text, username text, email text, first_name text, last_name text, birth_date date, password_hash text,
                                    OUT user_id bigint, OUT refusal text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  invite platform.invite;
BEGIN
  -- Waits for others who use the same invite, then looks at it anew.
  SELECT * INTO invite FROM platform.invite i WHERE i.code_hash = sha256(convert_to(code, 'UTF8')) FOR UPDATE;
  refusal := CASE WHEN invite.id IS NULL THEN 'there is no such invite'
                  WHEN invite.revoked_at IS NOT NULL THEN 'this invite was revoked'
                  WHEN invite.expires_at <= clock_timestamp() THEN 'this invite has expired'
                  WHEN invite.uses >= invite.max_uses THEN 'this invite was used already'
                  WHEN EXISTS (SELECT FROM bank."user" u WHERE u.username = use_invite.username) THEN 'this username is taken'
                  WHEN EXISTS (SELECT FROM bank."user" u WHERE lower(u.email) = lower(use_invite.email)) THEN 'another user has this e-mail address' END;
  IF refusal IS NOT NULL THEN RETURN; END IF;
  UPDATE platform.invite i SET uses = i.uses + 1 WHERE i.id = invite.id;
  INSERT INTO platform.invite_use (invite_id, username, used_in) VALUES (invite.id, use_invite.username, pg_current_xact_id()::text::bigint);
  -- The code came to this address: whoever has it reads its mail.
  INSERT INTO bank."user" AS u (username, email, email_verified_at, first_name, last_name, birth_date, role, status, password_hash)
  VALUES (use_invite.username, use_invite.email, CASE WHEN lower(use_invite.email) = lower(invite.email) THEN clock_timestamp() END,
          use_invite.first_name, use_invite.last_name, use_invite.birth_date, invite.role, 'active', use_invite.password_hash)
  RETURNING u.id INTO user_id;
END $$;

-- ── Addresses ────────────────────────────────────────────────────────────────────────────────────

-- Rules that stand, in one place. A rule of scope 'everything' is in both of the others.
CREATE FUNCTION platform.ip_rules_now(wanted_kind text, wanted_scope text) RETURNS SETOF platform.ip_rule LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT r.* FROM platform.ip_rule r WHERE r.kind = wanted_kind AND r.removed_at IS NULL AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp())
     AND (r.scope = wanted_scope OR r.scope = 'everything' OR wanted_scope = 'everything')
$$;

-- Refuses a change of the rules that shuts out whoever makes or decides it. Internal.
CREATE FUNCTION platform.keep_oneself_in(run ops.action_run) RETURNS void LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session;
BEGIN
  FOR session IN SELECT s.* FROM ops.operator_session s
                  WHERE s.id IN (run.session_id, (SELECT a.maker_session FROM ops.approval a WHERE a.id = run.approval_id)) LOOP
    IF platform.ip_objection(session.ip, 'admin') IS NOT NULL THEN
      RAISE EXCEPTION 'this would shut out %, who comes from %', (SELECT o.name FROM ops.operator o WHERE o.id = session.operator_id), host(session.ip) USING ERRCODE = 'BU009';
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION platform.guard_ip_rule() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
  asked jsonb;
  near platform.ip_rule;
  own inet;
BEGIN
  IF tg_op = 'UPDATE' THEN
    IF (to_jsonb(new) - 'hits') = (to_jsonb(old) - 'hits') THEN RETURN new; END IF;
    run := ops.require_action('ip-rules.remove');
    IF old.removed_at IS NOT NULL OR (to_jsonb(new) - '{removed_at,removed_by}'::text[]) <> (to_jsonb(old) - '{removed_at,removed_by}'::text[]) THEN
      RAISE EXCEPTION 'a rule is made once and removed once' USING ERRCODE = 'BU010';
    END IF;
    PERFORM ops.require_target('ip-rule', old.id::text);
    IF old.kind = 'allow' THEN PERFORM ops.require_two('to take an address off the allowlist takes two people'); END IF;
    new.removed_at := clock_timestamp(); new.removed_by := run.operator_id;
    RETURN new;
  END IF;
  -- Before the first session nobody can act: then whoever owns the database sets it up.
  IF NOT EXISTS (SELECT FROM ops.operator_session) THEN RETURN new; END IF;
  run := CASE new.kind WHEN 'allow' THEN ops.require_action('ip-rules.allow') ELSE ops.require_action('ip-rules.block', 'sign-ins.block') END;
  asked := ops.require_target('ip-rule', new.network::text);
  IF asked ->> 'scope' IS DISTINCT FROM (CASE WHEN asked IS NOT NULL THEN new.scope END) THEN
    RAISE EXCEPTION 'the request was for the scope %', asked ->> 'scope' USING ERRCODE = 'BU004';
  END IF;
  new.created_by := ops.maker(); new.created_at := clock_timestamp(); new.removed_at := NULL; new.removed_by := NULL; new.hits := 0;
  IF new.kind = 'block' THEN
    IF masklen(new.network) < (CASE family(new.network) WHEN 4 THEN 8 ELSE 16 END) THEN
      RAISE EXCEPTION '% is too wide to be blocked', new.network USING ERRCODE = '23514';
    END IF;
    IF new.expires_at <= new.created_at OR new.expires_at > new.created_at + interval '1 year' THEN
      RAISE EXCEPTION 'a block ends within a year' USING ERRCODE = '23514';
    END IF;
    own := (SELECT s.ip FROM ops.operator_session s WHERE s.id = run.session_id);
    IF own <<= new.network THEN
      RAISE EXCEPTION '% is your own address, or holds it', new.network USING ERRCODE = 'BU009';
    END IF;
    SELECT r.* INTO near FROM platform.ip_rules_now('allow', new.scope) r WHERE r.network && new.network LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION '% is on the allowlist (rule %): remove it there first', near.network, near.id USING ERRCODE = 'BU009';
    END IF;
  END IF;
  IF EXISTS (SELECT FROM platform.ip_rules_now(new.kind, new.scope) r WHERE r.network = new.network AND r.scope = new.scope) THEN
    RAISE EXCEPTION 'there is such a rule for % already', new.network USING ERRCODE = 'BU007';
  END IF;
  RETURN new;
END $$;
DROP TRIGGER demand_action ON platform.ip_rule;
DROP TRIGGER demand_action_to_change ON platform.ip_rule;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON platform.ip_rule FOR EACH ROW EXECUTE FUNCTION platform.guard_ip_rule();
CREATE TRIGGER keep BEFORE DELETE ON platform.ip_rule FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON platform.ip_rule FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- Adds a rule; `hours` is how long it stands, null for ever (an allowlist's only).
CREATE FUNCTION platform.add_ip_rule(kind text, network cidr, scope text, reason text, hours integer) RETURNS platform.ip_rule
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_acting();
  made platform.ip_rule;
BEGIN
  -- Two who change the rules at once each see the other's.
  PERFORM pg_advisory_xact_lock(hashtextextended('ip rules', 0));
  INSERT INTO platform.ip_rule AS r (kind, network, scope, reason, expires_at)
  VALUES (add_ip_rule.kind, add_ip_rule.network, add_ip_rule.scope, add_ip_rule.reason, clock_timestamp() + make_interval(hours => hours)) RETURNING r.* INTO made;
  PERFORM platform.keep_oneself_in(run);
  RETURN made;
END $$;

CREATE FUNCTION platform.remove_ip_rule(id bigint) RETURNS platform.ip_rule LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('ip-rules.remove');
  removed platform.ip_rule;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('ip rules', 0));
  UPDATE platform.ip_rule r SET removed_at = clock_timestamp() WHERE r.id = remove_ip_rule.id AND r.removed_at IS NULL RETURNING r.* INTO removed;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this rule was removed already' USING ERRCODE = 'BU005';
  END IF;
  PERFORM platform.keep_oneself_in(run);
  RETURN removed;
END $$;

-- Counts a sign-in that a block refused. Internal.
CREATE FUNCTION platform.count_hit(address inet, wanted text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE platform.ip_rule r SET hits = r.hits + 1 WHERE r.id IN (SELECT n.id FROM platform.ip_rules_now('block', wanted) n WHERE address <<= n.network)
$$;

-- As before; a sign-in that a block refused is counted there.
CREATE OR REPLACE FUNCTION ops.audit_sign_in(of_operator bigint, session uuid, ip inet, client text, action text, verb text, outcome ops.outcome, error text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO ops.audit (operator_id, operator, ip, client, session_id, action, verb, entity, entity_id, outcome, error)
  VALUES (of_operator, (SELECT o.name FROM ops.operator o WHERE o.id = of_operator), audit_sign_in.ip, left(audit_sign_in.client, 120), session,
          audit_sign_in.action, audit_sign_in.verb, 'session', coalesce(session::text, '-'), audit_sign_in.outcome, audit_sign_in.error);
  IF outcome = 'refused' THEN PERFORM platform.count_hit(ip, 'admin'); END IF;
END $$;

-- ── Settings ─────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE platform.setting
  ADD COLUMN id            bigint GENERATED ALWAYS AS IDENTITY,
  ADD COLUMN label         text,
  ADD COLUMN type          text NOT NULL DEFAULT 'json' CHECK (type IN ('string', 'integer', 'decimal', 'boolean', 'json')),
  ADD COLUMN category      text NOT NULL DEFAULT 'system' CHECK (category IN ('system', 'security', 'email')),
  ADD COLUMN is_editable   boolean NOT NULL DEFAULT false,
  ADD COLUMN is_public     boolean NOT NULL DEFAULT false, -- the platform may read it: platform.public_settings
  ADD COLUMN default_value jsonb,
  ADD COLUMN min           numeric,
  ADD COLUMN max           numeric,
  ADD COLUMN pattern       text, -- what a string must look like
  ADD COLUMN safe_min      numeric, -- beyond it a standard is broken, which `standard` names: allowed, knowingly
  ADD COLUMN safe_max      numeric,
  ADD COLUMN standard      text,
  ADD COLUMN version       integer NOT NULL DEFAULT 0,
  ADD CONSTRAINT setting_id_key UNIQUE (id),
  ADD CONSTRAINT value_of_its_type CHECK (CASE type WHEN 'string' THEN jsonb_typeof(value) = 'string' WHEN 'boolean' THEN jsonb_typeof(value) = 'boolean'
    WHEN 'decimal' THEN jsonb_typeof(value) = 'number' WHEN 'integer' THEN jsonb_typeof(value) = 'number' AND value::text ~ '^-?[0-9]{1,18}$' ELSE true END);
CREATE INDEX setting_category_key_idx ON platform.setting (category, key);

CREATE TABLE platform.setting_version (
  key        text NOT NULL REFERENCES platform.setting,
  version    integer NOT NULL,
  value      jsonb NOT NULL,
  changed_by bigint, -- the operator, also one who went with an earlier demo; null: set up with the database
  changed_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (key, version)
);
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON platform.setting_version FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON platform.setting_version FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

CREATE FUNCTION platform.guard_setting() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.acting();
  asked jsonb;
  wished text;
  plain text := new.value #>> '{}';
BEGIN
  -- Before the first session whoever owns the database sets it up; ops.demand_action sees to that.
  IF run.request_id IS NULL THEN RETURN new; END IF;
  IF tg_op = 'INSERT' OR (to_jsonb(new) - '{value,version}'::text[]) <> (to_jsonb(old) - '{value,version}'::text[]) THEN
    RAISE EXCEPTION 'of a setting only its value changes' USING ERRCODE = 'BU010';
  END IF;
  IF NOT old.is_editable THEN
    RAISE EXCEPTION '% is not changed at the console', old.key USING ERRCODE = 'BU007';
  END IF;
  asked := ops.require_target('setting', old.id::text);
  IF old.category = 'security' THEN PERFORM ops.require_two(format('%s is a security setting: it takes two people', old.key)); END IF;
  IF asked IS NOT NULL THEN
    wished := CASE run.action WHEN 'settings.revert' THEN (SELECT v.value #>> '{}' FROM platform.setting_version v WHERE v.key = old.key AND v.version::text = asked ->> 'to')
                              ELSE CASE WHEN old.type = 'boolean' THEN (asked ->> 'value' IN ('yes', 'true'))::text ELSE btrim(asked ->> 'value') END END;
    IF wished IS DISTINCT FROM plain THEN
      RAISE EXCEPTION 'what was approved for % is %', old.key, wished USING ERRCODE = 'BU004';
    END IF;
  END IF;
  IF new.type IN ('integer', 'decimal') AND (plain::numeric < new.min OR plain::numeric > new.max) THEN
    RAISE EXCEPTION '% lies between % and %', old.key, coalesce(new.min::text, 'any'), coalesce(new.max::text, 'any') USING ERRCODE = '23514';
  END IF;
  IF new.type = 'string' AND plain !~ new.pattern THEN
    RAISE EXCEPTION '% cannot be that', old.key USING ERRCODE = '23514';
  END IF;
  new.version := old.version + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON platform.setting FOR EACH ROW EXECUTE FUNCTION platform.guard_setting();
CREATE TRIGGER keep BEFORE DELETE ON platform.setting FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON platform.setting FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

CREATE FUNCTION platform.keep_setting_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO platform.setting_version (key, version, value, changed_by) VALUES (new.key, new.version, new.value, ops.maker());
  RETURN NULL;
END $$;

-- Settings that the database came with; on a bank that is in use nobody is acting now.
ALTER TABLE platform.setting DISABLE TRIGGER demand_action;
INSERT INTO platform.setting (key, label, type, category, value, is_editable, is_public, min, max, pattern, safe_min, safe_max, standard, description) VALUES
  ('platform.name', 'Name', 'string', 'system', '"Bank"', true, true, NULL, NULL, '^[^[:cntrl:]]{1,80}$', NULL, NULL, NULL, 'What the administered platform calls itself'),
  ('security.password-length', 'Shortest password', 'integer', 'security', '15', true, true, 8, 128, NULL, 15, NULL,
   'NIST SP 800-63B-4, 3.1.1.2 asks for 15 where the password is the only factor; ASVS 6.2.1 recommends 15', 'Fewest characters of a password'),
  ('security.password-upper', 'Asks for a capital letter', 'boolean', 'security', 'false', true, true, NULL, NULL, NULL, NULL, 0,
   'ASVS 6.2.5 forbids composition rules: they make people write Password1!', 'Composition rule: a capital letter'),
  ('security.password-lower', 'Asks for a small letter', 'boolean', 'security', 'false', true, true, NULL, NULL, NULL, NULL, 0,
   'ASVS 6.2.5 forbids composition rules: they make people write Password1!', 'Composition rule: a small letter'),
  ('security.password-digit', 'Asks for a digit', 'boolean', 'security', 'false', true, true, NULL, NULL, NULL, NULL, 0,
   'ASVS 6.2.5 forbids composition rules: they make people write Password1!', 'Composition rule: a digit'),
  ('security.password-special', 'Asks for a special character', 'boolean', 'security', 'false', true, true, NULL, NULL, NULL, NULL, 0,
   'ASVS 6.2.5 forbids composition rules: they make people write Password1!', 'Composition rule: a character that is neither letter nor digit'),
  ('security.password-history', 'Password history', 'integer', 'security', '5', true, true, 0, 24, NULL, 4, NULL,
   'PCI DSS 8.3.7 asks that a new password be none of the last 4', 'A new password is none of so many earlier ones'),
  ('security.session-idle-seconds', 'Idle session ends after (s)', 'integer', 'security', '900', true, true, 60, 86400, NULL, NULL, 900,
   'PCI DSS 8.2.8 asks for a new sign-in after 15 minutes idle', 'Seconds without a request after which a session of a user ends'),
  ('security.lockout-attempts', 'Failures before a lockout', 'integer', 'security', '5', true, false, 3, 100, NULL, NULL, 10,
   'PCI DSS 8.3.4 asks for a lockout after at most 10 failures', 'Failed sign-ins of one user, without a success between, that lock'),
  ('security.lockout-seconds', 'Length of a lockout (s)', 'integer', 'security', '1800', true, false, 60, 86400, NULL, 1800, NULL,
   'PCI DSS 8.3.4 asks for at least 30 minutes', 'Seconds that a lockout lasts, and in which failures count'),
  ('security.reset-link', 'Link for a new password', 'string', 'security', '"https://bank.example/password#{token}"', true, false, NULL, NULL, '^https://[!-~]*[{]token[}][!-~]*$', NULL, NULL, NULL,
   'Where a user chooses a new password; {token} is put in its place'),
  ('security.invite-link', 'Link for an invite', 'string', 'security', '"https://bank.example/register#{token}"', true, false, NULL, NULL, '^https://[!-~]*[{]token[}][!-~]*$', NULL, NULL, NULL,
   'Where somebody who was invited registers; {token} is put in its place'),
  ('email.support-address', 'Support address', 'string', 'email', '"support@bank.example"', true, true, NULL, NULL, '^[^[:space:]@]+@[^[:space:]@]+[.][^[:space:]@]+$', NULL, NULL, NULL,
   'Where users write to')
ON CONFLICT (key) DO UPDATE SET label = excluded.label, type = excluded.type, category = excluded.category, is_editable = excluded.is_editable, is_public = excluded.is_public,
  min = excluded.min, max = excluded.max, pattern = excluded.pattern, safe_min = excluded.safe_min, safe_max = excluded.safe_max, standard = excluded.standard;
UPDATE platform.setting SET label = 'Environment', type = 'string', is_public = true WHERE key = 'platform.environment';
UPDATE platform.setting SET default_value = value, label = coalesce(label, key);
ALTER TABLE platform.setting ALTER COLUMN label SET DEFAULT '';
ALTER TABLE platform.setting ALTER COLUMN label SET NOT NULL;
ALTER TABLE platform.setting ENABLE TRIGGER demand_action;
INSERT INTO platform.setting_version (key, version, value) SELECT s.key, s.version, s.value FROM platform.setting s;
CREATE TRIGGER keep_version AFTER UPDATE OF value ON platform.setting FOR EACH ROW WHEN (old.version <> new.version) EXECUTE FUNCTION platform.keep_setting_version();

-- Changes a setting that is still the version looked at. What was approved for it is what it becomes.
CREATE FUNCTION platform.set_setting(key text, value jsonb, expected_version integer) RETURNS platform.setting
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changed platform.setting;
BEGIN
  PERFORM ops.require_action('settings.edit', 'settings.revert');
  SELECT * INTO changed FROM platform.setting s WHERE s.key = set_setting.key FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no setting %', set_setting.key USING ERRCODE = 'BU011';
  END IF;
  IF changed.version IS DISTINCT FROM expected_version THEN
    RAISE EXCEPTION '% changed meanwhile', changed.key USING ERRCODE = 'BU005';
  END IF;
  IF changed.value = set_setting.value THEN
    RAISE EXCEPTION '% is that already', changed.key USING ERRCODE = 'BU007';
  END IF;
  UPDATE platform.setting s SET value = set_setting.value WHERE s.key = changed.key RETURNING s.* INTO changed;
  RETURN changed;
END $$;

-- Gives a setting the value that an older version had.
CREATE FUNCTION platform.revert_setting(key text, to_version integer, expected_version integer) RETURNS platform.setting
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  older jsonb := (SELECT v.value FROM platform.setting_version v WHERE v.key = revert_setting.key AND v.version = to_version);
BEGIN
  IF older IS NULL THEN
    RAISE EXCEPTION '% had no version %', revert_setting.key, to_version USING ERRCODE = 'BU011';
  END IF;
  RETURN platform.set_setting(revert_setting.key, older, expected_version);
END $$;

-- For the platform: what it may know, as one document. It obeys the password policy and the idle time itself.
CREATE FUNCTION platform.public_settings() RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_object_agg(s.key, s.value ORDER BY s.key) FROM platform.setting s WHERE s.is_public
$$;

CREATE FUNCTION platform.whole_setting(wanted text) RETURNS integer LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT (s.value #>> '{}')::integer FROM platform.setting s WHERE s.key = wanted);
END $$;

-- ── How users sign in ────────────────────────────────────────────────────────────────────────────

-- Until when a username is locked out, or null. A lockout is an event, not a state of the user: it ends by itself, or with a new password.
CREATE FUNCTION bank.locked_out_until(name text) RETURNS timestamptz LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  lockout bank.auth_event;
  until timestamptz;
BEGIN
  SELECT * INTO lockout FROM bank.auth_event e WHERE e.username = name AND e.type = 'lockout' ORDER BY e.at DESC, e.id DESC LIMIT 1;
  until := lockout.at + make_interval(secs => platform.whole_setting('security.lockout-seconds'));
  -- Of two in one millisecond the id says which was first.
  IF until > clock_timestamp() AND NOT EXISTS (SELECT FROM bank.auth_event e WHERE e.username = name AND e.type = 'password_reset' AND e.at >= lockout.at AND e.id > lockout.id) THEN
    RETURN until;
  END IF;
  RETURN NULL;
END $$;

-- For the platform: somebody tried to sign in and the password was right or not. Says whether they are in, and in which
-- session; whatever speaks against it, everybody who does not know the password hears the same words.
CREATE FUNCTION bank.record_sign_in(username text, ip inet, user_agent text, device text, succeeded boolean,
                                    OUT verdict text, OUT words text, OUT session_id uuid, OUT must_change_password boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  name text := left(lower(username), 100);
  person bank."user";
  until timestamptz;
  seconds integer := platform.whole_setting('security.lockout-seconds');
  counts_from timestamptz;
  counts_after bigint;
  failures bigint;
BEGIN
  -- One at a time for one name: parallel guesses are counted like others.
  PERFORM pg_advisory_xact_lock(hashtextextended('user sign-in ' || name, 0));
  SELECT * INTO person FROM bank."user" u WHERE u.username = name;
  words := platform.ip_objection(ip, 'platform');
  IF words IS NOT NULL THEN
    verdict := 'blocked';
    PERFORM platform.count_hit(ip, 'platform');
    INSERT INTO bank.auth_event (type, username, user_id, ip, user_agent) VALUES ('login_blocked', name, person.id, record_sign_in.ip, left(record_sign_in.user_agent, 200));
    RETURN;
  END IF;
  until := bank.locked_out_until(name);
  IF until IS NULL AND succeeded AND person.status = 'active' THEN
    verdict := 'welcome'; words := 'signed in'; must_change_password := person.must_change_password;
    INSERT INTO bank.auth_session (user_id, device, ip) VALUES (person.id, left(record_sign_in.device, 120), record_sign_in.ip) RETURNING id INTO session_id;
    INSERT INTO bank.auth_event (type, username, user_id, ip, user_agent) VALUES ('login_success', name, person.id, record_sign_in.ip, left(record_sign_in.user_agent, 200));
    UPDATE bank."user" u SET last_login_at = clock_timestamp() WHERE u.id = person.id;
    RETURN;
  END IF;
  INSERT INTO bank.auth_event (type, username, user_id, ip, user_agent) VALUES ('login_failure', name, person.id, record_sign_in.ip, left(record_sign_in.user_agent, 200));
  IF until IS NULL THEN
    -- What came before a success, a new password or an earlier lockout's end counts no more.
    SELECT max(e.id) FILTER (WHERE e.type <> 'lockout'), max(e.at + make_interval(secs => seconds)) FILTER (WHERE e.type = 'lockout' AND e.at + make_interval(secs => seconds) <= clock_timestamp())
      INTO counts_after, counts_from FROM bank.auth_event e
     WHERE e.username = name AND e.type IN ('login_success', 'password_reset', 'lockout') AND e.at > clock_timestamp() - make_interval(secs => 2 * seconds);
    SELECT count(*) INTO failures FROM bank.auth_event e
     WHERE e.username = name AND e.type = 'login_failure' AND e.id > coalesce(counts_after, 0) AND e.at > greatest(counts_from, clock_timestamp() - make_interval(secs => seconds));
    IF failures >= platform.whole_setting('security.lockout-attempts') THEN
      INSERT INTO bank.auth_event (type, username, user_id, ip, user_agent) VALUES ('lockout', name, person.id, record_sign_in.ip, left(record_sign_in.user_agent, 200));
      until := clock_timestamp() + make_interval(secs => seconds);
    END IF;
  END IF;
  IF until IS NOT NULL THEN
    verdict := 'locked out'; words := format('too many failures: try again at %s UTC', to_char(until AT TIME ZONE 'UTC', 'HH24:MI'));
  ELSIF succeeded AND person.id IS NOT NULL THEN
    verdict := 'not active'; words := format('this user is %s: speak to your bank', person.status);
  ELSE
    verdict := 'refused'; words := 'the username or the password is wrong';
  END IF;
END $$;

-- ── Who may do what ──────────────────────────────────────────────────────────────────────────────

INSERT INTO ops.role_permission (role, permission)
SELECT r, p FROM unnest(ARRAY['support', 'operations', 'analyst', 'manager', 'auditor', 'sysop', 'admin']) r, unnest(ARRAY['session.read', 'sign-in.read', 'ip-rule.read']) p
UNION ALL SELECT r, 'invite.read' FROM unnest(ARRAY['support', 'manager', 'auditor', 'admin']) r
UNION ALL SELECT r, 'setting.read' FROM unnest(ARRAY['operations', 'manager', 'auditor', 'sysop', 'admin']) r;
INSERT INTO ops.role_permission (role, permission) VALUES
  ('support', 'session.end'), ('support', 'user.end-sessions'), ('operations', 'user.end-sessions'), ('admin', 'operator.end-session'),
  ('support', 'user.reset-password'), ('support', 'invite.edit'), ('operations', 'ip-rule.block'), ('admin', 'ip-rule.allow'), ('admin', 'setting.edit');

INSERT INTO ops.action_permission (action, permission, eyes, checker, needs_code) VALUES
  ('sessions.end', 'session.end', 1, NULL, false), ('sessions.end-operator', 'operator.end-session', 1, NULL, false),
  ('users.end-sessions', 'user.end-sessions', 1, NULL, false), ('users.reset-password', 'user.reset-password', 1, 'approval.decide', true),
  ('invites.create', 'invite.edit', 1, 'approval.decide', false), ('invites.revoke', 'invite.edit', 1, NULL, false),
  ('ip-rules.block', 'ip-rule.block', 1, NULL, false), ('sign-ins.block', 'ip-rule.block', 1, NULL, false), ('ip-rules.allow', 'ip-rule.allow', 2, 'access.decide', true),
  ('ip-rules.remove', 'ip-rule.block', 1, 'access.decide', false),
  ('settings.edit', 'setting.edit', 1, 'access.decide', true), ('settings.revert', 'setting.edit', 1, 'access.decide', true);

-- Parts of other functions, and what only the platform's own role may call.
REVOKE EXECUTE ON FUNCTION bank.make_link, platform.keep_oneself_in, platform.count_hit, bank.locked_out_until, bank.earlier_passwords,
  bank.redeem_password_reset, platform.use_invite, bank.record_sign_in FROM PUBLIC;
