-- Maintenance mode: windows in which the platform answers all but its staff with a message. Whether one is on is a question of the database's clock and of nothing
-- else: it begins and ends by itself, with no job and no console there.

CREATE TABLE platform.maintenance (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  message  text NOT NULL CHECK (length(btrim(message)) BETWEEN 3 AND 300 AND message !~ '[[:cntrl:]]'), -- what people who are turned away read
  from_at  timestamptz(3) NOT NULL,
  until    timestamptz(3) NOT NULL,
  asked_by bigint NOT NULL REFERENCES ops.operator,
  asked_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  extended integer NOT NULL DEFAULT 0, -- how many times
  ended_by bigint REFERENCES ops.operator, -- before its time
  ended_at timestamptz(3),
  version  integer NOT NULL DEFAULT 0,
  CONSTRAINT lasts_a_week_at_most CHECK (until > from_at AND until <= from_at + interval '7 days'),
  CONSTRAINT ended_by_somebody CHECK (num_nonnulls(ended_by, ended_at) IN (0, 2)),
  CONSTRAINT one_at_a_time EXCLUDE USING gist (tstzrange(from_at, until) WITH &&) WHERE (ended_at IS NULL)
);
CREATE INDEX maintenance_from_at_id_idx ON platform.maintenance (from_at, id);

CREATE FUNCTION platform.guard_maintenance() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
BEGIN
  IF tg_op = 'INSERT' THEN
    run := ops.require_action('maintenance.start', 'maintenance.plan');
    new.asked_by := run.operator_id; new.asked_at := clock_timestamp(); new.extended := 0; new.ended_by := NULL; new.ended_at := NULL; new.version := 0;
    RETURN new;
  END IF;
  IF (to_jsonb(new) - '{until,extended,ended_by,ended_at,version}'::text[]) <> (to_jsonb(old) - '{until,extended,ended_by,ended_at,version}'::text[]) THEN
    RAISE EXCEPTION 'what a window of maintenance was stays' USING ERRCODE = 'BU010';
  END IF;
  IF old.ended_at IS NOT NULL OR old.until <= clock_timestamp() THEN
    RAISE EXCEPTION 'the maintenance of % is over', to_char(old.from_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI') USING ERRCODE = 'BU007';
  END IF;
  run := ops.require_action(CASE WHEN new.ended_at IS NOT NULL THEN 'maintenance.end' ELSE 'maintenance.extend' END);
  IF new.ended_at IS NOT NULL THEN
    new.ended_by := run.operator_id; new.ended_at := clock_timestamp(); new.until := old.until;
  END IF;
  new.version := old.version + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON platform.maintenance FOR EACH ROW EXECUTE FUNCTION platform.guard_maintenance();
CREATE TRIGGER keep BEFORE DELETE ON platform.maintenance FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON platform.maintenance FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- For the platform, at each of its requests: what to tell, and until when; no row while people are let in.
CREATE FUNCTION platform.maintenance_now() RETURNS TABLE (message text, until timestamptz) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT m.message, m.until::timestamptz FROM platform.maintenance m
                WHERE m.ended_at IS NULL AND m.from_at <= clock_timestamp() AND m.until > clock_timestamp() ORDER BY m.from_at DESC LIMIT 1;
END $$;

-- Begins now (without `from_at`) or later, and ends by itself.
CREATE FUNCTION platform.open_maintenance(message text, from_at timestamptz, lasts interval) RETURNS platform.maintenance LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action(CASE WHEN from_at IS NULL THEN 'maintenance.start' ELSE 'maintenance.plan' END);
  begins timestamptz := coalesce(from_at, clock_timestamp());
  other platform.maintenance;
  opened platform.maintenance;
BEGIN
  IF from_at <= clock_timestamp() THEN RAISE EXCEPTION 'what is planned begins later than now' USING ERRCODE = 'BU007'; END IF;
  SELECT * INTO other FROM platform.maintenance m WHERE m.ended_at IS NULL AND tstzrange(m.from_at, m.until) && tstzrange(begins, begins + lasts) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'maintenance is % from % to % already: extend it or end it', CASE WHEN other.from_at <= clock_timestamp() THEN 'on' ELSE 'planned' END,
      to_char(other.from_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), to_char(other.until AT TIME ZONE 'UTC', 'MM-DD HH24:MI') USING ERRCODE = 'BU007';
  END IF;
  INSERT INTO platform.maintenance AS m (message, from_at, until, asked_by) VALUES (btrim(open_maintenance.message), begins, begins + lasts, run.operator_id) RETURNING m.* INTO opened;
  PERFORM platform.record_event('warning', 'maintenance', format('maintenance %s until %s UTC: %s', CASE WHEN from_at IS NULL THEN 'is on' ELSE 'is planned from ' || to_char(opened.from_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI') END,
                                                               to_char(opened.until AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), opened.message));
  RETURN opened;
END $$;

CREATE FUNCTION platform.extend_maintenance(wanted bigint, longer interval, expected_version integer) RETURNS platform.maintenance LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changed platform.maintenance;
BEGIN
  PERFORM ops.require_action('maintenance.extend');
  SELECT * INTO changed FROM platform.maintenance m WHERE m.id = wanted FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no maintenance %', wanted USING ERRCODE = 'BU011'; END IF;
  IF changed.version <> expected_version THEN RAISE EXCEPTION 'maintenance % changed meanwhile', wanted USING ERRCODE = 'BU005'; END IF;
  IF longer <= interval '0' THEN RAISE EXCEPTION 'it is extended, or ended' USING ERRCODE = 'BU004'; END IF;
  UPDATE platform.maintenance m SET until = m.until + longer, extended = m.extended + 1 WHERE m.id = wanted RETURNING m.* INTO changed;
  PERFORM platform.record_event('warning', 'maintenance', format('maintenance is extended until %s UTC', to_char(changed.until AT TIME ZONE 'UTC', 'MM-DD HH24:MI')));
  RETURN changed;
END $$;

CREATE FUNCTION platform.end_maintenance(wanted bigint, expected_version integer) RETURNS platform.maintenance LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changed platform.maintenance;
BEGIN
  PERFORM ops.require_action('maintenance.end');
  SELECT * INTO changed FROM platform.maintenance m WHERE m.id = wanted FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no maintenance %', wanted USING ERRCODE = 'BU011'; END IF;
  IF changed.version <> expected_version THEN RAISE EXCEPTION 'maintenance % changed meanwhile', wanted USING ERRCODE = 'BU005'; END IF;
  UPDATE platform.maintenance m SET ended_at = clock_timestamp() WHERE m.id = wanted RETURNING m.* INTO changed;
  PERFORM platform.record_event('info', 'maintenance', CASE WHEN changed.from_at > changed.ended_at THEN 'planned maintenance is cancelled' ELSE 'maintenance is over' END);
  RETURN changed;
END $$;

-- ── Switches ─────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE platform.setting DISABLE TRIGGER demand_action;
INSERT INTO platform.setting (key, label, type, category, value, default_value, is_editable, is_public, safe_max, standard, description) VALUES
  ('platform.disable-sharing', 'Sharing is off', 'boolean', 'system', 'false', 'false', true, true, NULL, NULL, 'While it is on users share nothing with others: no links, no invitations to look'),
  ('platform.skip-service-auth', 'Services need no token', 'boolean', 'security', 'false', 'false', true, true, 0, 'services prove who they are; without it only a developer''s own machine is safe',
   'Services of the platform talk to each other without a token. Only where platform.environment is development or test: anywhere else the platform reads no');
ALTER TABLE platform.setting ENABLE TRIGGER demand_action;
INSERT INTO platform.setting_version (key, version, value) VALUES ('platform.disable-sharing', 0, 'false'), ('platform.skip-service-auth', 0, 'false');

-- Whether this is a place where nothing real can be lost.
CREATE FUNCTION platform.is_for_developers() RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT s.value #>> '{}' FROM platform.setting s WHERE s.key = 'platform.environment') IN ('development', 'test');
END $$;

CREATE FUNCTION platform.guard_switch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (ops.acting()).request_id IS NOT NULL AND platform.is_for_developers() IS NOT TRUE THEN
    RAISE EXCEPTION '% is for development only, and this is %', new.key, (SELECT s.value #>> '{}' FROM platform.setting s WHERE s.key = 'platform.environment') USING ERRCODE = 'BU007';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard_switch BEFORE UPDATE ON platform.setting FOR EACH ROW WHEN (new.key = 'platform.skip-service-auth' AND new.value = 'true' AND old.value <> new.value) EXECUTE FUNCTION platform.guard_switch();

-- Settings that the platform reads; whether maintenance is on is among them, as it is now.
CREATE OR REPLACE FUNCTION platform.public_settings() RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_object_agg(s.key, CASE s.key WHEN 'platform.skip-service-auth' THEN to_jsonb(s.value = 'true' AND platform.is_for_developers() IS TRUE) ELSE s.value END ORDER BY s.key)
         || jsonb_build_object('platform.maintenance-mode', EXISTS (SELECT FROM platform.maintenance_now())) FROM platform.setting s WHERE s.is_public
$$;

INSERT INTO ops.role_permission (role, permission)
SELECT r, 'maintenance.read' FROM unnest(ARRAY['sysop', 'admin', 'manager', 'auditor', 'developer', 'operations', 'support', 'analyst']) r
UNION ALL SELECT 'sysop', 'maintenance.edit';
INSERT INTO ops.action_permission (action, permission) VALUES
  ('maintenance.start', 'maintenance.edit'), ('maintenance.plan', 'maintenance.edit'), ('maintenance.extend', 'maintenance.edit'), ('maintenance.end', 'maintenance.edit'),
  ('runbooks.maintenance-on', 'maintenance.edit'), ('runbooks.maintenance-off', 'maintenance.edit');
