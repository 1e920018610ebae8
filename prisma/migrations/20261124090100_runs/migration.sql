-- What runs on hosts: the exact words of each step are written down when it is asked for, so that what was previewed and
-- approved is what is executed, by whatever console. A console that executes holds a lease; when it ends without a word
-- another takes the run over and asks the host what became of it.

CREATE TABLE ops.run (
  id           uuid PRIMARY KEY, -- the request's, and the beginning of the ids on its hosts
  number       bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  runbook      text NOT NULL,
  version      text NOT NULL,
  title        text NOT NULL CHECK (length(btrim(title)) BETWEEN 3 AND 200),
  target       text NOT NULL, -- of dangerous ones, one at a time
  dangerous    boolean NOT NULL,
  input        jsonb NOT NULL,
  status       text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'timed out', 'aborted', 'unknown')),
  queued_by    bigint NOT NULL REFERENCES ops.operator,
  queued_at    timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  approval_id  uuid REFERENCES ops.approval,
  began_at     timestamptz(3),
  finished_at  timestamptz(3),
  aborted_by   bigint REFERENCES ops.operator, -- who asked for it
  aborted_at   timestamptz(3),
  error        text,
  lease_holder uuid REFERENCES ops.operator_session,
  lease_until  timestamptz(3),
  claims       integer NOT NULL DEFAULT 0, -- only the newest reports
  version_no   integer NOT NULL DEFAULT 0
);
CREATE INDEX run_queued_at_number_idx ON ops.run (queued_at, number);
CREATE INDEX run_status_queued_at_number_idx ON ops.run (status, queued_at, number);
CREATE INDEX run_runbook_queued_at_number_idx ON ops.run (runbook, queued_at, number);
CREATE UNIQUE INDEX run_one_dangerous_key ON ops.run (target) WHERE dangerous AND status IN ('queued', 'running', 'unknown');

CREATE TABLE ops.run_step (
  run_id          uuid NOT NULL REFERENCES ops.run,
  position        smallint NOT NULL CHECK (position BETWEEN 1 AND 500),
  title           text NOT NULL,
  host_id         bigint NOT NULL REFERENCES ops.host,
  words           text[] NOT NULL CHECK (cardinality(words) >= 1), -- the program and its arguments; never a secret
  timeout_seconds integer NOT NULL CHECK (timeout_seconds BETWEEN 1 AND 86400),
  pause_after     boolean NOT NULL DEFAULT false, -- the canary: what comes after waits until its success was seen
  status          text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'running', 'succeeded', 'failed', 'timed out', 'aborted', 'unknown', 'skipped')),
  began_at        timestamptz(3),
  finished_at     timestamptz(3),
  code            integer,
  bytes           bigint NOT NULL DEFAULT 0, -- of its log that were read
  sha256          text, -- of its whole log
  tail            text NOT NULL DEFAULT '', -- the end of its log
  PRIMARY KEY (run_id, position)
);

CREATE TABLE ops.run_transition (
  before text NOT NULL,
  after  text NOT NULL,
  PRIMARY KEY (before, after)
);
INSERT INTO ops.run_transition VALUES ('queued', 'running'), ('queued', 'aborted'), ('running', 'succeeded'), ('running', 'failed'), ('running', 'timed out'), ('running', 'aborted'),
  ('running', 'unknown'), ('unknown', 'running');

CREATE FUNCTION ops.guard_run() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  loose text[] := '{status,began_at,finished_at,aborted_by,aborted_at,error,lease_holder,lease_until,claims,version_no}';
BEGIN
  IF (to_jsonb(new) - loose) <> (to_jsonb(old) - loose) THEN
    RAISE EXCEPTION 'what a run was asked to do never changes' USING ERRCODE = 'BU010';
  END IF;
  IF new.status <> old.status AND NOT EXISTS (SELECT FROM ops.run_transition t WHERE t.before = old.status AND t.after = new.status) THEN
    RAISE EXCEPTION 'run % is % and cannot become %', old.number, old.status, new.status USING ERRCODE = 'BU007';
  END IF;
  IF new.status IN ('succeeded', 'failed', 'timed out', 'aborted') AND old.status <> new.status THEN new.finished_at := clock_timestamp(); new.lease_until := NULL; new.lease_holder := NULL; END IF;
  IF new.status = 'running' AND old.status = 'queued' THEN new.began_at := clock_timestamp(); END IF;
  new.version_no := old.version_no + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE UPDATE ON ops.run FOR EACH ROW EXECUTE FUNCTION ops.guard_run();
CREATE TRIGGER keep BEFORE DELETE ON ops.run FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.run FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep BEFORE UPDATE ON ops.run_step FOR EACH ROW
  WHEN ((new.run_id, new.position, new.title, new.host_id, new.words, new.timeout_seconds, new.pause_after) IS DISTINCT FROM (old.run_id, old.position, old.title, old.host_id, old.words, old.timeout_seconds, old.pause_after)
        OR old.status IN ('succeeded', 'failed', 'timed out', 'aborted', 'skipped') OR new.bytes < old.bytes)
  EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_rows BEFORE DELETE ON ops.run_step FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.run_step FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- Asks for a run, as part of the action of its runbook: its id is the request's, so that a repeat asks for no second one.
CREATE FUNCTION ops.queue_run(runbook text, version text, title text, target text, dangerous boolean, input jsonb, steps jsonb) RETURNS ops.run
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('runbooks.' || runbook);
  queued ops.run;
BEGIN
  PERFORM ops.require_target('run', target);
  INSERT INTO ops.run AS r (id, runbook, version, title, target, dangerous, input, queued_by, approval_id)
  VALUES (run.request_id, queue_run.runbook, queue_run.version, queue_run.title, queue_run.target, queue_run.dangerous, queue_run.input, run.operator_id, run.approval_id)
  RETURNING r.* INTO queued;
  INSERT INTO ops.run_step (run_id, position, title, host_id, words, timeout_seconds, pause_after)
  SELECT queued.id, s.position, s.step ->> 'title', h.id, ARRAY(SELECT jsonb_array_elements_text(s.step -> 'words')), (s.step ->> 'timeoutSeconds')::integer, coalesce((s.step ->> 'pauseAfter')::boolean, false)
    FROM jsonb_array_elements(steps) WITH ORDINALITY AS s(step, position) JOIN ops.host h ON h.name = s.step ->> 'host' AND h.retired_at IS NULL;
  IF NOT EXISTS (SELECT FROM ops.run_step t WHERE t.run_id = queued.id) OR (SELECT count(*) FROM ops.run_step t WHERE t.run_id = queued.id) <> jsonb_array_length(steps) THEN
    RAISE EXCEPTION 'a run has steps, each on a host in use' USING ERRCODE = 'BU007';
  END IF;
  RETURN queued;
END $$;

-- The session behind a token, if it may execute. A locked screen goes on executing what was begun. Internal.
CREATE FUNCTION ops.executing_session(token text) RETURNS ops.operator_session LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  holder uuid := ops.delivering_session(token);
  session ops.operator_session;
BEGIN
  SELECT s.* INTO STRICT session FROM ops.operator_session s WHERE s.id = holder;
  IF NOT ops.may(session.operator_id, 'host.use') THEN
    RAISE EXCEPTION 'executing runs needs the permission host.use: ask an administrator for a role that has it' USING ERRCODE = 'BU002';
  END IF;
  RETURN session;
END $$;

-- A run that nobody executes now, for 15 seconds: queued, or left behind by a console that ended. With `wanted` only that one.
CREATE FUNCTION ops.claim_run(token text, wanted uuid DEFAULT NULL) RETURNS ops.run LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.executing_session(token);
  claimed ops.run;
BEGIN
  SELECT * INTO claimed FROM ops.run r
   WHERE r.status IN ('queued', 'running', 'unknown') AND (wanted IS NULL OR r.id = wanted) AND (r.lease_until IS NULL OR r.lease_until <= clock_timestamp())
   ORDER BY r.number LIMIT 1 FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN RETURN NULL; END IF;
  UPDATE ops.run r SET status = 'running', lease_holder = session.id, lease_until = clock_timestamp() + interval '15 seconds', claims = r.claims + 1
   WHERE r.id = claimed.id RETURNING r.* INTO claimed;
  RETURN claimed;
END $$;

-- Keeps a claim for another 15 seconds; false where another console has it now.
CREATE FUNCTION ops.keep_run(token text, wanted uuid, claim integer) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.executing_session(token);
BEGIN
  UPDATE ops.run r SET lease_until = clock_timestamp() + interval '15 seconds'
   WHERE r.id = wanted AND r.claims = claim AND r.lease_holder = session.id AND r.status = 'running';
  RETURN FOUND;
END $$;

-- Gives a claim back before its time: a console that leaves lets the next one go on at once.
CREATE FUNCTION ops.release_run(token text, wanted uuid, claim integer) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT ops.keep_run(token, wanted, claim) THEN RETURN false; END IF;
  UPDATE ops.run r SET lease_until = NULL, lease_holder = NULL WHERE r.id = wanted;
  RETURN true;
END $$;

-- What was seen of a step. False where another console has the run now: it saw more.
CREATE FUNCTION ops.report_step(token text, wanted uuid, claim integer, at_position smallint, seen_status text, seen_code integer, seen_bytes bigint, seen_sha256 text, seen_tail text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT ops.keep_run(token, wanted, claim) THEN RETURN false; END IF;
  UPDATE ops.run_step s SET status = seen_status, code = seen_code, bytes = greatest(s.bytes, seen_bytes), sha256 = seen_sha256, tail = right(coalesce(seen_tail, s.tail), 20000),
         began_at = CASE WHEN seen_status <> 'skipped' THEN coalesce(s.began_at, clock_timestamp()) END,
         finished_at = CASE WHEN seen_status IN ('succeeded', 'failed', 'timed out', 'aborted', 'skipped') THEN clock_timestamp() END
   WHERE s.run_id = wanted AND s.position = at_position AND s.status NOT IN ('succeeded', 'failed', 'timed out', 'aborted', 'skipped');
  RETURN true;
END $$;

-- How a run ended, with its row in audit: the second of two, since asking for it was the first.
CREATE FUNCTION ops.finish_run(token text, wanted uuid, claim integer, ended text, why text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.executing_session(token);
  finished ops.run;
BEGIN
  IF NOT ops.keep_run(token, wanted, claim) THEN RETURN false; END IF;
  UPDATE ops.run r SET status = ended, error = left(why, 1000), lease_until = CASE WHEN ended = 'unknown' THEN clock_timestamp() + interval '5 seconds' END WHERE r.id = wanted RETURNING r.* INTO finished;
  IF ended = 'unknown' THEN RETURN true; END IF;
  PERFORM ops.take_request(session, 'runs.finish', sha256(convert_to(wanted::text, 'UTF8')), gen_random_uuid(), NULL);
  PERFORM ops.write_audit('update', 'run', finished.number::text, finished.title, jsonb_build_object('status', 'running'),
                          jsonb_build_object('status', ended, 'runbook', finished.runbook, 'logs', (SELECT jsonb_agg(s.sha256 ORDER BY s.position) FROM ops.run_step s WHERE s.run_id = wanted)),
                          CASE ended WHEN 'succeeded' THEN 'success'::ops.outcome ELSE 'failure' END, NULL, finished.error, wanted, '{"summary": "a run ended"}');
  RETURN true;
END $$;

-- Asks for an end; whoever executes sees it within a second.
CREATE FUNCTION ops.abort_run(wanted bigint) RETURNS ops.run LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('runs.abort');
  asked ops.run;
BEGIN
  SELECT * INTO asked FROM ops.run r WHERE r.number = wanted FOR UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no run %', wanted USING ERRCODE = 'BU011';
  END IF;
  IF asked.status NOT IN ('queued', 'running', 'unknown') THEN
    RAISE EXCEPTION 'run % is % already', wanted, asked.status USING ERRCODE = 'BU007';
  END IF;
  UPDATE ops.run r SET aborted_by = run.operator_id, aborted_at = clock_timestamp(), status = CASE WHEN r.status = 'queued' THEN 'aborted' ELSE r.status END
   WHERE r.id = asked.id RETURNING r.* INTO asked;
  RETURN asked;
END $$;

INSERT INTO ops.role_permission (role, permission)
SELECT r, 'run.read' FROM unnest(ARRAY['sysop', 'admin', 'manager', 'auditor', 'developer', 'operations']) r
UNION ALL SELECT 'sysop', unnest(ARRAY['run.start', 'run.abort']);
INSERT INTO ops.action_permission (action, permission, needs_window) VALUES ('runs.abort', 'run.abort', true), ('runs.finish', 'host.use', false);
INSERT INTO ops.action_permission (action, permission) VALUES
  ('runbooks.host-report', 'run.start'), ('runbooks.service-status', 'run.start'), ('runbooks.restart-service', 'run.start'), ('runbooks.search-log', 'run.start');
