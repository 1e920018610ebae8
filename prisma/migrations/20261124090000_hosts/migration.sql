-- The hosts that are maintained from here, each with the one key it is known by.

CREATE TABLE ops.host (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name        text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z0-9-]{0,62}$'),
  address     text NOT NULL CHECK (address ~ '^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$' OR address ~ '^[0-9A-Fa-f:]{2,45}$'),
  port        integer NOT NULL DEFAULT 22 CHECK (port BETWEEN 1 AND 65535),
  username    text NOT NULL CHECK (username ~ '^[a-z_][a-z0-9_-]{0,31}$'),
  fingerprint text NOT NULL CHECK (fingerprint ~ '^SHA256:[A-Za-z0-9+/]{43}$'),
  pinned_by   bigint NOT NULL REFERENCES ops.operator,
  pinned_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  environment text NOT NULL DEFAULT 'production' CHECK (environment IN ('production', 'staging', 'test', 'demo')),
  tags        text[] NOT NULL DEFAULT '{}' CHECK (cardinality(tags) <= 20),
  added_by    bigint NOT NULL REFERENCES ops.operator,
  added_at    timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  retired_at  timestamptz(3),
  state       text NOT NULL DEFAULT 'not asked' CHECK (state IN ('not asked', 'up', 'unreachable', 'changed-key', 'refused', 'lost', 'timed-out')),
  detail      text, -- what was wrong when it was last asked
  latency_ms  integer CHECK (latency_ms >= 0), -- of the last handshake that went well
  asked_at    timestamptz(3),
  up_at       timestamptz(3), -- when it last was up
  version     integer NOT NULL DEFAULT 0
);
CREATE INDEX host_added_at_id_idx ON ops.host (added_at, id);
CREATE INDEX host_environment_name_idx ON ops.host (environment, name);

-- What is found out about a host changes by asking it; what it is changes by actions, and where it is never: another
-- address is another host.
CREATE FUNCTION ops.guard_host() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
  asked text[] := '{state,detail,latency_ms,asked_at,up_at}';
BEGIN
  IF tg_op = 'INSERT' THEN
    run := ops.require_action('hosts.add');
    new.added_by := run.operator_id; new.added_at := clock_timestamp(); new.pinned_by := run.operator_id; new.pinned_at := new.added_at;
    new.retired_at := NULL; new.state := 'not asked'; new.detail := NULL; new.latency_ms := NULL; new.asked_at := NULL; new.up_at := NULL; new.version := 0;
    RETURN new;
  END IF;
  IF (to_jsonb(new) - asked) = (to_jsonb(old) - asked) THEN RETURN new; END IF;
  IF (new.name, new.address, new.port, new.username, new.added_by, new.added_at) IS DISTINCT FROM (old.name, old.address, old.port, old.username, old.added_by, old.added_at) THEN
    RAISE EXCEPTION 'host % stays where it is: retire it and add another', old.name USING ERRCODE = 'BU010';
  END IF;
  IF new.fingerprint <> old.fingerprint THEN
    run := ops.require_action('hosts.repin');
    new.pinned_by := run.operator_id; new.pinned_at := clock_timestamp(); new.state := 'not asked'; new.detail := NULL;
  END IF;
  IF (new.environment, new.tags) IS DISTINCT FROM (old.environment, old.tags) THEN PERFORM ops.require_action('hosts.edit'); END IF;
  IF new.retired_at IS DISTINCT FROM old.retired_at THEN PERFORM ops.require_action('hosts.retire', 'hosts.restore'); END IF;
  new.version := old.version + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.host FOR EACH ROW EXECUTE FUNCTION ops.guard_host();
CREATE TRIGGER keep BEFORE DELETE ON ops.host FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.host FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

CREATE FUNCTION ops.add_host(name text, address text, port integer, username text, fingerprint text, environment text, tags text[]) RETURNS ops.host
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  added ops.host;
BEGIN
  PERFORM ops.require_action('hosts.add');
  INSERT INTO ops.host AS h (name, address, port, username, fingerprint, environment, tags)
  VALUES (add_host.name, add_host.address, add_host.port, add_host.username, add_host.fingerprint, add_host.environment, add_host.tags)
  RETURNING h.* INTO added;
  RETURN added;
END $$;

-- Locks a host if it is still the version that was looked at. Internal.
CREATE FUNCTION ops.take_host(wanted bigint, expected_version integer) RETURNS ops.host LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken ops.host;
BEGIN
  SELECT * INTO taken FROM ops.host h WHERE h.id = wanted FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no host %', wanted USING ERRCODE = 'BU011';
  END IF;
  IF taken.version IS DISTINCT FROM expected_version THEN
    RAISE EXCEPTION 'host % changed meanwhile', taken.name USING ERRCODE = 'BU005';
  END IF;
  RETURN taken;
END $$;

-- Another key for a host, as after a new installation: decided by two, for the very key that both saw.
CREATE FUNCTION ops.repin_host(wanted bigint, fingerprint text, expected_version integer) RETURNS ops.host
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changed ops.host := ops.take_host(wanted, expected_version);
  asked jsonb;
BEGIN
  PERFORM ops.require_action('hosts.repin');
  PERFORM ops.require_two('another key for a host takes two people');
  asked := ops.require_target('host', wanted::text);
  IF asked ->> 'fingerprint' IS DISTINCT FROM repin_host.fingerprint THEN
    RAISE EXCEPTION 'what was approved for % is %', changed.name, asked ->> 'fingerprint' USING ERRCODE = 'BU004';
  END IF;
  UPDATE ops.host h SET fingerprint = repin_host.fingerprint WHERE h.id = changed.id RETURNING h.* INTO changed;
  RETURN changed;
END $$;

CREATE FUNCTION ops.edit_host(wanted bigint, environment text, tags text[], expected_version integer) RETURNS ops.host
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changed ops.host := ops.take_host(wanted, expected_version);
BEGIN
  PERFORM ops.require_action('hosts.edit');
  UPDATE ops.host h SET environment = edit_host.environment, tags = edit_host.tags WHERE h.id = changed.id RETURNING h.* INTO changed;
  RETURN changed;
END $$;

-- A host that is retired is connected to no more; its name stays taken.
CREATE FUNCTION ops.set_host_retired(wanted bigint, retired boolean, expected_version integer) RETURNS ops.host
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changed ops.host := ops.take_host(wanted, expected_version);
BEGIN
  PERFORM ops.require_action(CASE WHEN retired THEN 'hosts.retire' ELSE 'hosts.restore' END);
  IF (changed.retired_at IS NOT NULL) = retired THEN
    RAISE EXCEPTION 'host % is % already', changed.name, CASE WHEN retired THEN 'retired' ELSE 'in use' END USING ERRCODE = 'BU007';
  END IF;
  UPDATE ops.host h SET retired_at = CASE WHEN retired THEN clock_timestamp() END WHERE h.id = changed.id RETURNING h.* INTO changed;
  RETURN changed;
END $$;

-- What came of asking a host; needs no window, since nothing changes but what is known. Whoever reports it has a live session.
CREATE FUNCTION ops.report_host(token text, wanted bigint, seen_fingerprint text, state text, detail text, latency_ms integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.live_session(token);
BEGIN
  IF NOT ops.may(session.operator_id, 'host.use') THEN
    RAISE EXCEPTION 'asking hosts needs the permission host.use: ask an administrator for a role that has it' USING ERRCODE = 'BU002';
  END IF;
  -- An answer about a key that was pinned before is about another time.
  UPDATE ops.host h SET state = report_host.state, detail = left(report_host.detail, 500), asked_at = clock_timestamp(),
         latency_ms = CASE WHEN report_host.state = 'up' THEN report_host.latency_ms ELSE h.latency_ms END,
         up_at = CASE WHEN report_host.state = 'up' THEN clock_timestamp() ELSE h.up_at END
   WHERE h.id = wanted AND h.fingerprint = seen_fingerprint AND h.retired_at IS NULL;
END $$;

INSERT INTO ops.role_permission (role, permission)
SELECT r, 'host.read' FROM unnest(ARRAY['sysop', 'admin', 'manager', 'auditor', 'developer', 'operations']) r
UNION ALL SELECT 'sysop', unnest(ARRAY['host.edit', 'host.use']);
INSERT INTO ops.action_permission (action, permission, eyes, checker, needs_code) VALUES
  ('hosts.add', 'host.edit', 1, NULL, true), ('hosts.repin', 'host.edit', 2, 'approval.decide', true), ('hosts.edit', 'host.edit', 1, NULL, false),
  ('hosts.retire', 'host.edit', 1, NULL, false), ('hosts.restore', 'host.edit', 1, NULL, true);
