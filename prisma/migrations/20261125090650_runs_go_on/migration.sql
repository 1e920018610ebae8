-- After the first of several hosts a run pauses by itself, so that somebody can look. Whoever has looked lets it go on at once, or ends it.

ALTER TABLE ops.run
  ADD COLUMN continued_by bigint REFERENCES ops.operator,
  ADD COLUMN continued_at timestamptz(3),
  ADD CONSTRAINT continued_by_somebody CHECK (num_nonnulls(continued_by, continued_at) IN (0, 2));

CREATE OR REPLACE FUNCTION ops.guard_run() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  loose text[] := '{status,began_at,finished_at,aborted_by,aborted_at,error,lease_holder,lease_until,claims,version_no,continued_by,continued_at}';
BEGIN
  IF (to_jsonb(new) - loose) <> (to_jsonb(old) - loose) THEN
    RAISE EXCEPTION 'what a run was asked to do never changes' USING ERRCODE = 'BU010';
  END IF;
  IF new.status <> old.status AND NOT EXISTS (SELECT FROM ops.run_transition t WHERE t.before = old.status AND t.after = new.status) THEN
    RAISE EXCEPTION 'run % is % and cannot become %', old.number, old.status, new.status USING ERRCODE = 'BU007';
  END IF;
  IF (new.continued_by, new.continued_at) IS DISTINCT FROM (old.continued_by, old.continued_at) THEN PERFORM ops.require_action('runs.continue'); END IF;
  IF new.status IN ('succeeded', 'failed', 'timed out', 'aborted') AND old.status <> new.status THEN new.finished_at := clock_timestamp(); new.lease_until := NULL; new.lease_holder := NULL; END IF;
  IF new.status = 'running' AND old.status = 'queued' THEN new.began_at := clock_timestamp(); END IF;
  new.version_no := old.version_no + 1;
  RETURN new;
END $$;

-- The step after which a run pauses now: it has succeeded, and nothing after it has begun. Null where it does not pause.
CREATE FUNCTION ops.pausing_step(of_run uuid) RETURNS smallint LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT s.position FROM ops.run_step s JOIN ops.run r ON r.id = s.run_id
           WHERE s.run_id = of_run AND r.status = 'running' AND s.pause_after AND s.status = 'succeeded' AND (r.continued_at IS NULL OR r.continued_at < s.finished_at)
             AND EXISTS (SELECT FROM ops.run_step n WHERE n.run_id = of_run AND n.position = s.position + 1 AND n.status = 'waiting') ORDER BY s.position DESC LIMIT 1);
END $$;

CREATE FUNCTION ops.continue_run(wanted bigint) RETURNS ops.run LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('runs.continue');
  asked ops.run;
BEGIN
  SELECT * INTO asked FROM ops.run r WHERE r.number = wanted FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no run %', wanted USING ERRCODE = 'BU011'; END IF;
  IF ops.pausing_step(asked.id) IS NULL THEN RAISE EXCEPTION 'run % does not pause now', wanted USING ERRCODE = 'BU007'; END IF;
  UPDATE ops.run r SET continued_by = run.operator_id, continued_at = clock_timestamp() WHERE r.id = asked.id RETURNING r.* INTO asked;
  RETURN asked;
END $$;

INSERT INTO ops.action_permission (action, permission) VALUES ('runs.continue', 'run.start');
