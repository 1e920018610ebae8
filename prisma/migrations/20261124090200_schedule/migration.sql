-- What is due by the clock. Consoles and daemons compute when; a row for each due time, written under the lock of its job, decides
-- who executes it. Every due time up to `looked_until` has such a row, and the next one is claimed only by whoever knows that time:
-- none is left out and none is taken twice, however many consoles look at once.

CREATE TABLE ops.schedule (
  id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name             text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z0-9-]{0,62}$'),
  title            text NOT NULL CHECK (length(btrim(title)) BETWEEN 3 AND 100),
  words            text NOT NULL, -- what it does
  cron             text NOT NULL CHECK (length(cron) BETWEEN 9 AND 200), -- in the time zone of the bank
  permission       text NOT NULL, -- of whoever's console executes it
  built_in         boolean NOT NULL DEFAULT false, -- a loop of every console that keeps its own records
  repeatable       boolean NOT NULL DEFAULT false, -- may be begun again where a console ended in the middle
  catch_up_minutes integer NOT NULL DEFAULT 0 CHECK (catch_up_minutes BETWEEN 0 AND 44640),
  paused_by        bigint, -- an operator; no reference, because a demo empties those and keeps the jobs
  paused_at        timestamptz(3),
  looked_until     timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  next_due         timestamptz(3)[] NOT NULL DEFAULT '{}', -- as the last console that looked computed them
  version          integer NOT NULL DEFAULT 0,
  CONSTRAINT paused_by_somebody CHECK ((paused_by IS NULL) = (paused_at IS NULL)),
  CONSTRAINT built_in_goes_on CHECK (NOT (built_in AND paused_by IS NOT NULL))
);

CREATE TABLE ops.schedule_run (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  schedule_id bigint NOT NULL REFERENCES ops.schedule,
  due_at      timestamptz(3) NOT NULL,
  status      text NOT NULL CHECK (status IN ('waiting', 'claimed', 'succeeded', 'failed', 'missed')),
  asked_by    bigint REFERENCES ops.operator, -- who did not want to wait until it is due
  times       integer NOT NULL DEFAULT 1 CHECK (times >= 1), -- due times that were missed one after the other
  last_due_at timestamptz(3), -- the last of them
  claims      integer NOT NULL DEFAULT 0, -- only the newest reports
  claimed_by  uuid REFERENCES ops.operator_session,
  lease_until timestamptz(3),
  began_at    timestamptz(3),
  finished_at timestamptz(3),
  words       text, -- what came of it
  UNIQUE (schedule_id, due_at),
  CONSTRAINT many_only_missed CHECK (times = 1 OR (status = 'missed' AND last_due_at > due_at)),
  CONSTRAINT claimed_by_somebody CHECK (status <> 'claimed' OR num_nonnulls(claimed_by, lease_until, began_at) = 3),
  CONSTRAINT ended_once CHECK ((status IN ('succeeded', 'failed', 'missed')) = (finished_at IS NOT NULL))
);
CREATE UNIQUE INDEX schedule_run_one_at_a_time_key ON ops.schedule_run (schedule_id) WHERE status = 'claimed';
CREATE UNIQUE INDEX schedule_run_one_waits_key ON ops.schedule_run (schedule_id) WHERE status = 'waiting';

-- What a job is never changes here; it is paused and resumed by actions, and what was looked at only grows.
CREATE FUNCTION ops.guard_schedule() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  loose text[] := '{paused_by,paused_at,looked_until,next_due,version}';
BEGIN
  IF (to_jsonb(new) - loose) <> (to_jsonb(old) - loose) OR new.looked_until < old.looked_until THEN
    RAISE EXCEPTION 'what the job % is stays as it is' , old.name USING ERRCODE = 'BU010';
  END IF;
  IF (new.paused_by, new.paused_at) IS DISTINCT FROM (old.paused_by, old.paused_at) THEN
    PERFORM ops.require_action(CASE WHEN new.paused_by IS NULL THEN 'schedule.resume' ELSE 'schedule.pause' END);
    new.version := old.version + 1;
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE UPDATE ON ops.schedule FOR EACH ROW EXECUTE FUNCTION ops.guard_schedule();
CREATE TRIGGER keep BEFORE DELETE ON ops.schedule FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.schedule FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

CREATE FUNCTION ops.guard_schedule_run() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (new.id, new.schedule_id, new.due_at, new.asked_by, new.times, new.last_due_at) IS DISTINCT FROM (old.id, old.schedule_id, old.due_at, old.asked_by, old.times, old.last_due_at) THEN
    RAISE EXCEPTION 'when something was due never changes' USING ERRCODE = 'BU010';
  END IF;
  IF old.status IN ('succeeded', 'failed', 'missed') OR (old.status = 'claimed' AND new.status = 'waiting') OR (old.status = 'waiting' AND new.status IN ('succeeded', 'failed')) THEN
    RAISE EXCEPTION 'what was due at % is % and cannot become %', old.due_at, old.status, new.status USING ERRCODE = 'BU007';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE UPDATE ON ops.schedule_run FOR EACH ROW EXECUTE FUNCTION ops.guard_schedule_run();
CREATE TRIGGER keep BEFORE DELETE ON ops.schedule_run FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.schedule_run FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- The session behind a token, if it may execute what is due. A locked screen goes on with it. Internal.
CREATE FUNCTION ops.scheduling_session(token text) RETURNS ops.operator_session LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  holder uuid := ops.delivering_session(token);
  session ops.operator_session;
BEGIN
  SELECT s.* INTO STRICT session FROM ops.operator_session s WHERE s.id = holder;
  IF NOT ops.may(session.operator_id, 'schedule.run') THEN
    RAISE EXCEPTION 'executing what is due needs the permission schedule.run: ask an administrator for a role that has it' USING ERRCODE = 'BU002';
  END IF;
  RETURN session;
END $$;

-- Takes the next due time of a job after the one that was looked at last, for 15 seconds; `said` is what became of it. Due times that nobody
-- may catch up any more are written down as missed instead, those that follow one another as one row.
CREATE FUNCTION ops.claim_due(token text, job text, due timestamptz, last_due timestamptz, due_times integer, after timestamptz, OUT said text, OUT run bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.scheduling_session(token);
  schedule ops.schedule;
  latest timestamptz := greatest(due, last_due);
BEGIN
  SELECT * INTO schedule FROM ops.schedule s WHERE s.name = job AND NOT s.built_in FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no job %', job USING ERRCODE = 'BU011'; END IF;
  IF due <= after OR due <> date_trunc('minute', due) OR (due_times = 1) <> (latest = due) THEN
    RAISE EXCEPTION 'a due time is a minute after the one before' USING ERRCODE = 'BU004';
  END IF;
  IF schedule.paused_at IS NOT NULL THEN said := 'paused'; RETURN; END IF;
  IF schedule.looked_until <> after THEN said := 'moved'; RETURN; END IF;
  IF latest > clock_timestamp() THEN said := 'early'; RETURN; END IF;
  IF latest < clock_timestamp() - make_interval(mins => schedule.catch_up_minutes + 1) THEN
    INSERT INTO ops.schedule_run AS r (schedule_id, due_at, status, times, last_due_at, finished_at, words)
    VALUES (schedule.id, due, 'missed', due_times, CASE WHEN due_times > 1 THEN last_due END, clock_timestamp(), 'no console that may execute it was open in time') RETURNING r.id INTO run;
    said := 'missed';
  ELSIF due_times > 1 THEN
    RAISE EXCEPTION 'what can still be caught up is claimed one by one' USING ERRCODE = 'BU004';
  ELSIF NOT ops.may(session.operator_id, schedule.permission) THEN
    said := 'forbidden'; RETURN;
  ELSIF EXISTS (SELECT FROM ops.schedule_run r WHERE r.schedule_id = schedule.id AND r.status = 'claimed') THEN
    said := 'busy'; RETURN;
  ELSE
    INSERT INTO ops.schedule_run AS r (schedule_id, due_at, status, claims, claimed_by, lease_until, began_at)
    VALUES (schedule.id, due, 'claimed', 1, session.id, clock_timestamp() + interval '15 seconds', clock_timestamp()) RETURNING r.id INTO run;
    said := 'claimed';
  END IF;
  UPDATE ops.schedule s SET looked_until = latest WHERE s.id = schedule.id;
END $$;

-- What somebody asked for, or what a console that ended left behind: begun again where that does no harm, else reported as missed.
CREATE FUNCTION ops.claim_left(token text, jobs text[], OUT run bigint, OUT job text, OUT claim integer, OUT due_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  session ops.operator_session := ops.scheduling_session(token);
  left_over record;
BEGIN
  FOR left_over IN
    SELECT r.id, r.status, r.claims, r.due_at AS due, s.name, s.repeatable, s.permission
      FROM ops.schedule_run r JOIN ops.schedule s ON s.id = r.schedule_id
     WHERE r.status = 'waiting' OR (r.status = 'claimed' AND r.lease_until <= clock_timestamp()) ORDER BY r.id FOR UPDATE OF s, r SKIP LOCKED
  LOOP
    IF left_over.status = 'claimed' AND (NOT left_over.repeatable OR left_over.claims >= 3) THEN
      UPDATE ops.schedule_run r SET status = 'missed', finished_at = clock_timestamp(), lease_until = NULL, words = CASE WHEN left_over.repeatable
               THEN 'three consoles ended in the middle of it' ELSE 'the console that began it ended before it said how it went: see whether it was done' END
       WHERE r.id = left_over.id;
    ELSIF left_over.status = 'waiting' AND left_over.due < clock_timestamp() - interval '1 hour' THEN
      UPDATE ops.schedule_run r SET status = 'missed', finished_at = clock_timestamp(), words = 'no console that may execute it was open within an hour' WHERE r.id = left_over.id;
    ELSIF run IS NULL AND left_over.name = ANY (jobs) AND ops.may(session.operator_id, left_over.permission)
          AND (left_over.status = 'claimed' OR NOT EXISTS (SELECT FROM ops.schedule_run o JOIN ops.schedule_run w ON w.schedule_id = o.schedule_id WHERE w.id = left_over.id AND o.status = 'claimed')) THEN
      UPDATE ops.schedule_run r SET status = 'claimed', claims = r.claims + 1, claimed_by = session.id, lease_until = clock_timestamp() + interval '15 seconds', began_at = clock_timestamp()
       WHERE r.id = left_over.id RETURNING r.id, r.claims, r.due_at INTO run, claim, due_at;
      job := left_over.name;
    END IF;
  END LOOP;
END $$;

-- Keeps a claim for another 15 seconds; false where it is no longer this console's.
CREATE FUNCTION ops.keep_claim(token text, run bigint, claim integer) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.scheduling_session(token);
BEGIN
  UPDATE ops.schedule_run r SET lease_until = clock_timestamp() + interval '15 seconds'
   WHERE r.id = run AND r.claims = claim AND r.claimed_by = session.id AND r.status = 'claimed';
  RETURN FOUND;
END $$;

CREATE FUNCTION ops.finish_claim(token text, run bigint, claim integer, went_well boolean, said text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT ops.keep_claim(token, run, claim) THEN RETURN false; END IF;
  UPDATE ops.schedule_run r SET status = CASE WHEN went_well THEN 'succeeded' ELSE 'failed' END, finished_at = clock_timestamp(), lease_until = NULL, words = left(said, 1000) WHERE r.id = run;
  RETURN true;
END $$;

-- When a job is due next, as a console computed it; only for people to read.
CREATE FUNCTION ops.note_next_due(token text, job text, next timestamptz[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM ops.scheduling_session(token);
  IF cardinality(next) > 3 THEN RAISE EXCEPTION 'three are enough' USING ERRCODE = 'BU004'; END IF;
  UPDATE ops.schedule s SET next_due = next WHERE s.name = job AND s.next_due IS DISTINCT FROM next::timestamptz(3)[];
END $$;

-- Opens the review of the day as the work of a claim: the same action with its row in audit, without a write window, because nobody types.
CREATE FUNCTION ops.open_daily_when_due(token text, run bigint, claim integer) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.scheduling_session(token);
  opened ops.daily_review;
BEGIN
  IF NOT ops.keep_claim(token, run, claim) OR NOT EXISTS (SELECT FROM ops.schedule_run r JOIN ops.schedule s ON s.id = r.schedule_id WHERE r.id = run AND s.name = 'daily-review') THEN
    RAISE EXCEPTION 'the daily review is not due in this session' USING ERRCODE = 'BU004';
  END IF;
  IF NOT ops.may(session.operator_id, 'daily.review') THEN
    RAISE EXCEPTION 'opening the daily review needs the permission daily.review' USING ERRCODE = 'BU002';
  END IF;
  SELECT * INTO opened FROM ops.daily_review r WHERE r.day = bank.business_day();
  IF FOUND THEN RETURN format('the review of %s was opened already', opened.day); END IF;
  PERFORM ops.take_request(session, 'daily.open', sha256(convert_to('schedule ' || run, 'UTF8')), gen_random_uuid(), NULL);
  opened := ops.open_daily();
  PERFORM ops.write_audit('create', 'daily-review', opened.id::text, format('review of %s', opened.day), NULL, jsonb_build_object('day', opened.day, 'items', opened.items),
                          'success', NULL, 'opened by the schedule', NULL, jsonb_build_object('summary', 'opened by the schedule'));
  RETURN format('opened the review of %s with %s items', opened.day, opened.items);
END $$;

-- ── Actions ──────────────────────────────────────────────────────────────────────────────────────

-- Locks a job that consoles execute by the schedule. Internal.
CREATE FUNCTION ops.take_schedule(wanted bigint) RETURNS ops.schedule LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken ops.schedule;
BEGIN
  SELECT * INTO taken FROM ops.schedule s WHERE s.id = wanted FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no job %', wanted USING ERRCODE = 'BU011'; END IF;
  IF taken.built_in THEN
    RAISE EXCEPTION '% is part of every console and goes on while one is open', taken.name USING ERRCODE = 'BU007';
  END IF;
  RETURN taken;
END $$;

-- Pauses a job or has it go on; what fell into the pause is not made up for, and nothing was missed by it.
CREATE FUNCTION ops.set_schedule_paused(wanted bigint, paused boolean, expected_version integer) RETURNS ops.schedule LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action(CASE WHEN paused THEN 'schedule.pause' ELSE 'schedule.resume' END);
  changed ops.schedule := ops.take_schedule(wanted);
BEGIN
  IF changed.version <> expected_version THEN RAISE EXCEPTION 'the job % changed meanwhile', changed.name USING ERRCODE = 'BU005'; END IF;
  IF (changed.paused_at IS NOT NULL) = paused THEN
    RAISE EXCEPTION 'the job % is % already', changed.name, CASE WHEN paused THEN 'paused' ELSE 'going on' END USING ERRCODE = 'BU007';
  END IF;
  UPDATE ops.schedule s SET paused_by = CASE WHEN paused THEN run.operator_id END, paused_at = CASE WHEN paused THEN clock_timestamp() END,
         looked_until = CASE WHEN paused THEN s.looked_until ELSE greatest(s.looked_until, clock_timestamp()) END, next_due = '{}'
   WHERE s.id = changed.id RETURNING s.* INTO changed;
  RETURN changed;
END $$;

-- Asks for a job now, once; whatever console may execute it does so within seconds.
CREATE FUNCTION ops.run_schedule_now(wanted bigint) RETURNS ops.schedule_run LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('schedule.run-now');
  schedule ops.schedule := ops.take_schedule(wanted);
  asked ops.schedule_run;
BEGIN
  IF NOT ops.may(run.operator_id, schedule.permission) THEN
    RAISE EXCEPTION 'the job % needs the permission %', schedule.name, schedule.permission USING ERRCODE = 'BU002';
  END IF;
  IF EXISTS (SELECT FROM ops.schedule_run r WHERE r.schedule_id = schedule.id AND r.status IN ('waiting', 'claimed')) THEN
    RAISE EXCEPTION 'the job % is being executed or waits for it already', schedule.name USING ERRCODE = 'BU007';
  END IF;
  INSERT INTO ops.schedule_run AS r (schedule_id, due_at, status, asked_by) VALUES (schedule.id, clock_timestamp(), 'waiting', run.operator_id) RETURNING r.* INTO asked;
  RETURN asked;
END $$;

-- ── Jobs whose work exists ───────────────────────────────────────────────────────────────────────

INSERT INTO ops.schedule (name, title, words, cron, permission, built_in, repeatable, catch_up_minutes) VALUES
  ('detection', 'Rules of monitoring', 'the rules look at what was posted; one console at a time', '* * * * *', 'detection.run', true, true, 0),
  ('security-events', 'Security events', 'security events are counted from sign-ins, audit and rewards', '* * * * *', 'self', true, true, 0),
  ('notices', 'Notices', 'what is due in the outbox is sent, where a way out is set up', '*/5 * * * * *', 'self', true, true, 0),
  ('ledger', 'Ledger reconciliation', 'every balance is compared with the sum of its postings', '15 3 * * *', 'transaction.read', false, true, 720),
  ('audit-verify', 'Audit verification', 'the chain of the audit log is checked against its anchors', '30 3 * * *', 'audit.read', false, true, 720),
  ('daily-review', 'Daily review', 'the review of the day is opened', '0 6 * * *', 'daily.review', false, false, 720);

INSERT INTO ops.role_permission (role, permission)
SELECT r, 'schedule.read' FROM unnest(ARRAY['sysop', 'admin', 'manager', 'auditor', 'developer', 'operations', 'analyst']) r
UNION ALL SELECT r, 'schedule.run' FROM unnest(ARRAY['sysop', 'admin', 'manager', 'operations', 'analyst']) r
UNION ALL SELECT r, 'schedule.edit' FROM unnest(ARRAY['sysop', 'admin']) r;
INSERT INTO ops.action_permission (action, permission) VALUES
  ('schedule.pause', 'schedule.edit'), ('schedule.resume', 'schedule.edit'), ('schedule.run-now', 'schedule.run');
