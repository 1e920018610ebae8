-- How long what grows is kept, and what was removed. Policies are rows that two people change. Nothing is removed that was not counted first: the count fixes
-- the instant before which rows may go, and the triggers that keep such rows let the database's owner remove just those, whatever statement it sends.

CREATE TABLE ops.cleanup_policy (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name       text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z-]{2,39}$'),
  title      text NOT NULL CHECK (length(btrim(title)) BETWEEN 3 AND 100),
  words      text NOT NULL, -- what it removes
  kind       text NOT NULL CHECK (kind IN ('rows', 'files', 'orphans', 'kept')), -- orphans are never part of the full cleanup, what is kept of none
  days       integer CHECK (days <= 3650),
  floor_days integer NOT NULL CHECK (floor_days >= 1), -- nobody goes below
  archive    boolean NOT NULL DEFAULT false, -- written to a file, with its SHA-256, before it is removed
  enabled    boolean NOT NULL DEFAULT true,
  changed_by bigint, -- an operator; no reference, because a demo empties those and keeps the policies
  changed_at timestamptz(3),
  version    integer NOT NULL DEFAULT 0,
  CONSTRAINT not_below_its_floor CHECK ((kind = 'kept') = (days IS NULL) AND coalesce(days >= floor_days, true))
);

INSERT INTO ops.cleanup_policy (name, title, words, kind, days, floor_days, archive) VALUES
  ('activity-logs', 'Activity log', 'events of the platform, sign-ins of customers, attempts to sign in of operators', 'rows', 90, 30, false),
  ('execution-logs', 'Execution log', 'logs of runs (the runs stay), runs of detection and of the schedule, delivered notices', 'rows', 30, 7, false),
  ('security-log', 'Security log', 'acknowledged security events that no walkthrough, incident or review points at', 'rows', 90, 90, true),
  ('sessions', 'Ended sessions', 'sessions of customers that are over', 'rows', 90, 30, false),
  ('reset-links', 'Used reset links', 'password links that were used, cancelled or have expired', 'rows', 30, 7, false),
  ('limit-counters', 'Limit counters', 'what was used of daily limits on days long past', 'rows', 90, 31, false),
  ('posting-keys', 'Answered posting keys', 'keys by which a repeated posting is recognised', 'rows', 90, 31, false),
  ('health-samples', 'Health samples', 'measurements of health', 'rows', 90, 31, false),
  ('temp-files', 'Temporary files', 'old files in the temporary folders of the platform', 'files', 1, 1, false),
  ('orphaned-data', 'Orphaned data', 'sign-ins and events of customers that are gone, unfinished files of backups', 'orphans', 7, 1, false),
  ('audit', 'Audit log', 'never removed: each row proves the one before it', 'kept', NULL, 365, false);

-- A count, and what was removed by it.
CREATE TABLE ops.cleanup (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  policy        text NOT NULL, -- its name, or `all`
  host          text NOT NULL, -- as that host calls itself
  estimated_at  timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  status        text NOT NULL DEFAULT 'estimated' CHECK (status IN ('estimated', 'running', 'done', 'stopped')),
  rows          bigint NOT NULL CHECK (rows >= 0),
  bytes         bigint NOT NULL CHECK (bytes >= 0),
  removed       bigint NOT NULL DEFAULT 0 CHECK (removed >= 0),
  removed_bytes bigint NOT NULL DEFAULT 0,
  run_id        uuid, -- the run that was asked for with it
  began_at      timestamptz(3),
  finished_at   timestamptz(3),
  why           text -- it was stopped
);
CREATE INDEX cleanup_estimated_at_id_idx ON ops.cleanup (estimated_at, id);
CREATE INDEX cleanup_run_id_idx ON ops.cleanup (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE ops.cleanup_part (
  cleanup_id     bigint NOT NULL REFERENCES ops.cleanup,
  position       smallint NOT NULL CHECK (position BETWEEN 1 AND 200),
  policy         text NOT NULL REFERENCES ops.cleanup_policy (name),
  what           text NOT NULL, -- in words
  relation       text, -- of rows
  boundary       timestamptz(3) NOT NULL, -- only what is older goes
  rows           bigint NOT NULL CHECK (rows >= 0),
  bytes          bigint NOT NULL CHECK (bytes >= 0),
  oldest         timestamptz(3),
  newest         timestamptz(3),
  removed        bigint NOT NULL DEFAULT 0 CHECK (removed >= 0),
  removed_bytes  bigint NOT NULL DEFAULT 0,
  archive        text, -- the file on the host
  archive_rows   bigint,
  archive_sha256 text CHECK (archive_sha256 ~ '^[0-9a-f]{64}$'),
  finished_at    timestamptz(3),
  PRIMARY KEY (cleanup_id, position),
  -- Whatever goes on elsewhere meanwhile: never more than a tenth beyond what was counted.
  CONSTRAINT not_beyond_the_count CHECK (removed <= rows + rows / 10)
);

-- Whether the transaction may remove a row of this table and time: it belongs to a cleanup under way, is older than its boundary, and whoever is
-- connected owns the tables. What a session only sets, without being the owner, opens nothing. Internal.
CREATE FUNCTION ops.is_cleaned(relation text, at timestamptz) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  wanted text := current_setting('bursar.cleanup', true);
BEGIN
  IF wanted IS NULL OR wanted !~ '^[0-9]{1,18}$' OR at IS NULL THEN RETURN false; END IF;
  RETURN pg_has_role(session_user, (SELECT c.relowner FROM pg_class c WHERE c.oid = 'ops.cleanup'::regclass), 'USAGE')
     AND EXISTS (SELECT FROM ops.cleanup c JOIN ops.cleanup_part p ON p.cleanup_id = c.id
                  WHERE c.id = wanted::bigint AND c.status = 'running' AND p.relation = is_cleaned.relation AND is_cleaned.at < p.boundary);
END $$;

CREATE FUNCTION ops.guard_cleanup() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  loose text[] := '{status,removed,removed_bytes,run_id,began_at,finished_at,why}';
BEGIN
  IF (to_jsonb(new) - loose) <> (to_jsonb(old) - loose) OR new.removed < old.removed THEN
    RAISE EXCEPTION 'what was counted never changes' USING ERRCODE = 'BU010';
  END IF;
  IF (old.status, new.status) NOT IN (('estimated', 'estimated'), ('estimated', 'running'), ('running', 'running'), ('running', 'done'), ('running', 'stopped'))
     AND to_jsonb(new) <> to_jsonb(old) THEN
    RAISE EXCEPTION 'cleanup % is % and cannot become %', old.id, old.status, new.status USING ERRCODE = 'BU007';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE UPDATE ON ops.cleanup FOR EACH ROW EXECUTE FUNCTION ops.guard_cleanup();
CREATE TRIGGER keep BEFORE DELETE ON ops.cleanup FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.cleanup FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

CREATE FUNCTION ops.guard_cleanup_part() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  loose text[] := '{removed,removed_bytes,archive,archive_rows,archive_sha256,finished_at}';
  policy ops.cleanup_policy;
BEGIN
  IF tg_op = 'UPDATE' THEN
    IF (to_jsonb(new) - loose) <> (to_jsonb(old) - loose) OR new.removed < old.removed THEN
      RAISE EXCEPTION 'what was counted never changes' USING ERRCODE = 'BU010';
    END IF;
    RETURN new;
  END IF;
  SELECT * INTO STRICT policy FROM ops.cleanup_policy p WHERE p.name = new.policy;
  IF policy.kind = 'kept' OR new.boundary > clock_timestamp() - make_interval(days => policy.floor_days) THEN
    RAISE EXCEPTION 'nobody removes % before %', policy.title, CASE policy.kind WHEN 'kept' THEN 'the end of time' ELSE policy.floor_days || ' days' END USING ERRCODE = 'BU010';
  END IF;
  IF NOT EXISTS (SELECT FROM ops.cleanup c WHERE c.id = new.cleanup_id AND c.status = 'estimated') THEN
    RAISE EXCEPTION 'what is counted later is another cleanup' USING ERRCODE = 'BU007';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.cleanup_part FOR EACH ROW EXECUTE FUNCTION ops.guard_cleanup_part();
CREATE TRIGGER keep BEFORE DELETE ON ops.cleanup_part FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.cleanup_part FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- ── What cleanups may remove: all else about these tables stays as it was ────────────────────────

DROP TRIGGER keep ON platform.event;
CREATE TRIGGER keep BEFORE UPDATE ON platform.event FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_rows BEFORE DELETE ON platform.event FOR EACH ROW WHEN (NOT ops.is_cleaned('platform.event', old.at)) EXECUTE FUNCTION ops.refuse_change();
DROP TRIGGER keep ON ops.sign_in_attempt;
CREATE TRIGGER keep BEFORE UPDATE ON ops.sign_in_attempt FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_rows BEFORE DELETE ON ops.sign_in_attempt FOR EACH ROW WHEN (NOT ops.is_cleaned('ops.sign_in_attempt', old.at)) EXECUTE FUNCTION ops.refuse_change();
DROP TRIGGER keep ON ops.detection_run;
CREATE TRIGGER keep BEFORE DELETE ON ops.detection_run FOR EACH ROW WHEN (NOT ops.is_cleaned('ops.detection_run', old.finished_at)) EXECUTE FUNCTION ops.refuse_change();
DROP TRIGGER keep ON ops.schedule_run;
CREATE TRIGGER keep BEFORE DELETE ON ops.schedule_run FOR EACH ROW WHEN (NOT ops.is_cleaned('ops.schedule_run', old.finished_at)) EXECUTE FUNCTION ops.refuse_change();
DROP TRIGGER keep ON ops.notice;
CREATE TRIGGER keep BEFORE DELETE ON ops.notice FOR EACH ROW WHEN (NOT ops.is_cleaned('ops.notice', old.created_at)) EXECUTE FUNCTION ops.refuse_change();
DROP TRIGGER keep ON ops.security_event;
CREATE TRIGGER keep BEFORE DELETE ON ops.security_event FOR EACH ROW WHEN (NOT ops.is_cleaned('ops.security_event', old.last_at)) EXECUTE FUNCTION ops.refuse_change();
DROP TRIGGER keep ON bank.password_reset;
CREATE TRIGGER keep BEFORE DELETE ON bank.password_reset FOR EACH ROW WHEN (NOT ops.is_cleaned('bank.password_reset', old.requested_at)) EXECUTE FUNCTION ops.refuse_change();

-- The log of a step may be emptied, and nothing else: that it ran, how it ended and the hash of its log stay.
DROP TRIGGER keep ON ops.run_step;
CREATE TRIGGER keep BEFORE UPDATE ON ops.run_step FOR EACH ROW
  WHEN (((new.run_id, new.position, new.title, new.host_id, new.words, new.timeout_seconds, new.pause_after) IS DISTINCT FROM (old.run_id, old.position, old.title, old.host_id, old.words, old.timeout_seconds, old.pause_after)
         OR old.status IN ('succeeded', 'failed', 'timed out', 'aborted', 'skipped') OR new.bytes < old.bytes)
        AND NOT (new.tail = '' AND (new.run_id, new.position, new.title, new.host_id, new.words, new.timeout_seconds, new.pause_after, new.status, new.began_at, new.finished_at, new.code, new.bytes, new.sha256, new.result)
                   IS NOT DISTINCT FROM (old.run_id, old.position, old.title, old.host_id, old.words, old.timeout_seconds, old.pause_after, old.status, old.began_at, old.finished_at, old.code, old.bytes, old.sha256, old.result)
                 AND ops.is_cleaned('ops.run_step', old.finished_at)))
  EXECUTE FUNCTION ops.refuse_change();
CREATE INDEX run_step_finished_at_idx ON ops.run_step (finished_at) WHERE tail <> '';
CREATE INDEX rule_hit_run_id_idx ON ops.rule_hit (run_id);
CREATE INDEX auth_session_ended_at_idx ON bank.auth_session (ended_at) WHERE ended_at IS NOT NULL;

-- ── Asking for a cleanup ─────────────────────────────────────────────────────────────────────────

-- How many people a cleanup takes: two for more than a million rows, and for younger ones than its policy lets go. Internal.
CREATE FUNCTION ops.cleanup_eyes(cleanup ops.cleanup) RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN cleanup.rows - cleanup.removed > 1000000
               OR EXISTS (SELECT FROM ops.cleanup_part p JOIN ops.cleanup_policy y ON y.name = p.policy
                           WHERE p.cleanup_id = cleanup.id AND p.boundary > cleanup.estimated_at - make_interval(days => y.days) + interval '1 hour') THEN 2 ELSE 1 END
$$;

-- What a run removes was counted at most a quarter of an hour before somebody asked for it, and more than a million rows take two people.
CREATE FUNCTION ops.confirm_cleanup() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cleanup ops.cleanup;
BEGIN
  SELECT * INTO cleanup FROM ops.cleanup c WHERE c.id = (new.input ->> 'id')::bigint FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no cleanup %', new.input ->> 'id' USING ERRCODE = 'BU011'; END IF;
  IF cleanup.status NOT IN ('estimated', 'running') THEN
    RAISE EXCEPTION 'cleanup % is % already', cleanup.id, cleanup.status USING ERRCODE = 'BU007';
  END IF;
  IF EXISTS (SELECT FROM ops.run r WHERE r.id = cleanup.run_id AND r.id <> new.id AND r.status IN ('queued', 'running', 'unknown')) THEN
    RAISE EXCEPTION 'a run of cleanup % is under way', cleanup.id USING ERRCODE = 'BU007';
  END IF;
  IF new.approval_id IS NOT NULL AND NOT EXISTS (SELECT FROM ops.approval a WHERE a.id = new.approval_id AND a.input ->> 'id' = new.input ->> 'id') THEN
    RAISE EXCEPTION 'another cleanup was approved' USING ERRCODE = 'BU004';
  END IF;
  IF ops.cleanup_eyes(cleanup) = 2 THEN
    PERFORM ops.require_two(format('cleanup %s takes two people: it removes more than a million rows, or younger ones than its policy', cleanup.id));
  END IF;
  IF cleanup.status = 'estimated'
     AND cleanup.estimated_at < coalesce((SELECT a.made_at FROM ops.approval a WHERE a.id = new.approval_id), clock_timestamp()) - interval '15 minutes' THEN
    RAISE EXCEPTION 'what cleanup % removes was counted more than 15 minutes ago', cleanup.id USING ERRCODE = 'BU005', HINT = 'Estimate it again.';
  END IF;
  UPDATE ops.cleanup c SET run_id = new.id WHERE c.id = cleanup.id;
  RETURN NULL;
END $$;
CREATE TRIGGER confirm_cleanup AFTER INSERT ON ops.run FOR EACH ROW WHEN (new.runbook = 'cleanup') EXECUTE FUNCTION ops.confirm_cleanup();

-- ── Policies ─────────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION ops.guard_cleanup_policy() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('policies.edit');
  loose text[] := '{days,enabled,changed_by,changed_at,version}';
BEGIN
  IF (to_jsonb(new) - loose) <> (to_jsonb(old) - loose) OR old.kind = 'kept' THEN
    RAISE EXCEPTION 'what the policy % is stays as it is', old.name USING ERRCODE = 'BU010';
  END IF;
  new.changed_by := run.operator_id; new.changed_at := clock_timestamp(); new.version := old.version + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE UPDATE ON ops.cleanup_policy FOR EACH ROW EXECUTE FUNCTION ops.guard_cleanup_policy();
CREATE TRIGGER keep BEFORE DELETE ON ops.cleanup_policy FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.cleanup_policy FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

CREATE FUNCTION ops.set_cleanup_policy(wanted bigint, days integer, enabled boolean, expected_version integer) RETURNS ops.cleanup_policy
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changed ops.cleanup_policy;
  approved jsonb;
BEGIN
  PERFORM ops.require_action('policies.edit');
  approved := ops.require_target('policy', wanted::text);
  PERFORM ops.demand_same(approved, 'days', set_cleanup_policy.days::text);
  IF approved ? 'enabled' OR NOT set_cleanup_policy.enabled THEN
    PERFORM ops.demand_same(approved, 'enabled', CASE WHEN set_cleanup_policy.enabled THEN 'yes' ELSE 'no' END);
  END IF;
  SELECT * INTO changed FROM ops.cleanup_policy p WHERE p.id = wanted FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no policy %', wanted USING ERRCODE = 'BU011'; END IF;
  IF changed.version <> expected_version THEN RAISE EXCEPTION 'the policy % changed meanwhile', changed.name USING ERRCODE = 'BU005'; END IF;
  IF changed.kind = 'kept' OR set_cleanup_policy.days < changed.floor_days OR set_cleanup_policy.days > 3650 THEN
    RAISE EXCEPTION '% is kept %', changed.title, CASE changed.kind WHEN 'kept' THEN 'for ever' ELSE format('%s to 3650 days', changed.floor_days) END USING ERRCODE = 'BU004';
  END IF;
  UPDATE ops.cleanup_policy p SET days = set_cleanup_policy.days, enabled = set_cleanup_policy.enabled WHERE p.id = wanted RETURNING p.* INTO changed;
  RETURN changed;
END $$;

INSERT INTO ops.role_permission (role, permission)
SELECT r, 'cleanup.read' FROM unnest(ARRAY['sysop', 'admin', 'manager', 'auditor', 'developer', 'operations']) r
UNION ALL SELECT r, 'policy.edit' FROM unnest(ARRAY['sysop', 'admin']) r;
INSERT INTO ops.action_permission (action, permission, eyes, checker, needs_code) VALUES
  ('policies.edit', 'policy.edit', 2, 'approval.decide', true),
  ('runbooks.cleanup', 'run.start', 1, 'approval.decide', true),
  ('runbooks.full-cleanup', 'run.start', 2, 'approval.decide', false);
INSERT INTO ops.action_permission (action, permission) VALUES
  ('runbooks.cleanup-estimate', 'run.start'), ('runbooks.vacuum', 'run.start'), ('runbooks.statistics', 'run.start'),
  ('runbooks.unused-indexes', 'run.start'), ('runbooks.orphans', 'run.start');
