-- Restores and drills. How a restore went stands in a journal on the host, and in the results of its run; what a drill found is kept here, so that a pane can say
-- when a backup was last really restored, and how long that takes.

CREATE TABLE ops.drill (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id       uuid NOT NULL REFERENCES ops.run,
  position     smallint NOT NULL, -- of the step
  host_id      bigint NOT NULL REFERENCES ops.host,
  backup       text, -- unknown where it failed before one was found
  taken_at     timestamptz(3), -- when that backup was
  succeeded    boolean NOT NULL,
  seconds      numeric(10,1), -- from the first octet to the last check
  transactions bigint,
  finding      text, -- why it failed
  finished_at  timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (run_id, position),
  CONSTRAINT succeeded_has_figures CHECK (NOT succeeded OR num_nulls(backup, taken_at, seconds, transactions) = 0)
);
CREATE INDEX drill_finished_at_id_idx ON ops.drill (finished_at, id);
CREATE INDEX drill_host_id_idx ON ops.drill (host_id);

-- Only the end of a run's step writes here.
CREATE FUNCTION ops.guard_drill() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'a drill is noted when its run ends' USING ERRCODE = 'BU010';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT ON ops.drill FOR EACH ROW EXECUTE FUNCTION ops.guard_drill();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON ops.drill FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.drill FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- What a host says of a drill is believed as far as it has the form; anything else counts as failed.
CREATE FUNCTION ops.note_drill() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  said jsonb := coalesce(new.result, '{}');
  fine boolean := new.status = 'succeeded' AND coalesce(said ->> 'seconds' ~ '^\d{1,8}(\.\d+)?$' AND said ->> 'transactions' ~ '^\d{1,15}$' AND said ->> 'backup' ~ '^[A-Za-z0-9-]{1,120}$'
                  AND said ->> 'takenAt' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$', false);
BEGIN
  IF NOT EXISTS (SELECT FROM ops.run r WHERE r.id = new.run_id AND r.runbook = 'drill') THEN
    RETURN NULL;
  END IF;
  INSERT INTO ops.drill (run_id, position, host_id, backup, taken_at, succeeded, seconds, transactions, finding)
  VALUES (new.run_id, new.position, new.host_id, CASE WHEN fine THEN said ->> 'backup' END, CASE WHEN fine THEN (said ->> 'takenAt')::timestamptz END, fine,
          CASE WHEN fine THEN (said ->> 'seconds')::numeric END, CASE WHEN fine THEN (said ->> 'transactions')::bigint END,
          CASE WHEN NOT fine THEN coalesce(left((regexp_match(new.tail, '(?:^|\n)refused: ([^\n]+)'))[1], 1000), 'it ' || new.status) END)
  ON CONFLICT (run_id, position) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER note_drill AFTER UPDATE ON ops.run_step FOR EACH ROW
  WHEN (new.title = 'drill' AND new.status IN ('succeeded', 'failed', 'timed out') AND old.status NOT IN ('succeeded', 'failed', 'timed out')) EXECUTE FUNCTION ops.note_drill();

INSERT INTO ops.action_permission (action, permission, eyes, checker, needs_code, break_glass) VALUES
  ('runbooks.restore', 'run.start', 2, 'approval.decide', true, true),
  ('runbooks.restore-back', 'run.start', 2, 'approval.decide', true, true),
  ('runbooks.drop-old-database', 'run.start', 2, 'approval.decide', true, false);
INSERT INTO ops.action_permission (action, permission) VALUES ('runbooks.drill', 'run.start');

-- A restore of a database that nobody can read any more was agreed to at the terminal of its host, since nothing else was left: its row in audit is the first thing
-- that is written into the restored one, by whoever owns the database, as for an operator who is recovered.
INSERT INTO ops.action_permission (action, permission) VALUES ('restores.offline', 'operator.recover');
