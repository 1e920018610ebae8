-- Runs that are planned: a job whose work is to queue a run. What was previewed and approved, step by step, is stored with the job, and what is queued when it
-- is due is copied from there inside the database: whoever's console or daemon does it can change no word of it.

ALTER TABLE ops.schedule
  ADD COLUMN runbook      text,
  ADD COLUMN plan         jsonb,  -- version, title, target, dangerous, input and steps of each run
  ADD COLUMN planned_by   bigint, -- operators; no reference, for the reason of paused_by
  ADD COLUMN planned_at   timestamptz(3),
  ADD COLUMN unplanned_by bigint, -- it keeps its name and its history, and can be planned anew
  ADD COLUMN unplanned_at timestamptz(3),
  ADD CONSTRAINT planned_whole CHECK (num_nonnulls(runbook, plan, planned_by, planned_at) IN (0, 4) AND NOT (built_in AND runbook IS NOT NULL)),
  ADD CONSTRAINT only_plans_are_unplanned CHECK (num_nonnulls(unplanned_by, unplanned_at) IN (0, 2) AND (unplanned_at IS NULL OR runbook IS NOT NULL));

ALTER TABLE ops.run
  ADD COLUMN schedule_id bigint REFERENCES ops.schedule, -- of a planned one
  ADD COLUMN due_at      timestamptz(3),
  ADD CONSTRAINT due_by_its_plan CHECK (num_nonnulls(schedule_id, due_at) IN (0, 2)),
  ADD CONSTRAINT run_schedule_id_due_at_key UNIQUE (schedule_id, due_at);

ALTER TABLE ops.schedule_run
  ADD COLUMN run_id uuid REFERENCES ops.run, -- what was queued when it was due
  ADD CONSTRAINT schedule_run_run_id_key UNIQUE (run_id);

CREATE OR REPLACE FUNCTION ops.guard_schedule() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  loose text[] := '{paused_by,paused_at,looked_until,next_due,version,unplanned_by,unplanned_at}';
  replanned text[] := loose || '{title,words,cron,catch_up_minutes,runbook,plan,planned_by,planned_at}';
  anew boolean := old.unplanned_at IS NOT NULL AND new.unplanned_at IS NULL;
BEGIN
  IF (to_jsonb(new) - CASE WHEN anew THEN replanned ELSE loose END) <> (to_jsonb(old) - CASE WHEN anew THEN replanned ELSE loose END) OR new.looked_until < old.looked_until THEN
    RAISE EXCEPTION 'what the job % is stays as it is' , old.name USING ERRCODE = 'BU010';
  END IF;
  IF anew THEN
    PERFORM ops.require_action('schedule.plan');
    new.version := old.version + 1;
  ELSIF (new.unplanned_by, new.unplanned_at) IS DISTINCT FROM (old.unplanned_by, old.unplanned_at) THEN
    PERFORM ops.require_action('schedule.unplan');
    new.version := old.version + 1;
  ELSIF (new.paused_by, new.paused_at) IS DISTINCT FROM (old.paused_by, old.paused_at) THEN
    PERFORM ops.require_action(CASE WHEN new.paused_by IS NULL THEN 'schedule.resume' ELSE 'schedule.pause' END);
    new.version := old.version + 1;
  END IF;
  RETURN new;
END $$;

CREATE OR REPLACE FUNCTION ops.guard_schedule_run() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (new.id, new.schedule_id, new.due_at, new.asked_by, new.times, new.last_due_at) IS DISTINCT FROM (old.id, old.schedule_id, old.due_at, old.asked_by, old.times, old.last_due_at) THEN
    RAISE EXCEPTION 'when something was due never changes' USING ERRCODE = 'BU010';
  END IF;
  IF old.run_id IS NOT NULL AND new.run_id IS DISTINCT FROM old.run_id THEN
    RAISE EXCEPTION 'which run was queued never changes' USING ERRCODE = 'BU010';
  END IF;
  IF old.status IN ('succeeded', 'failed', 'missed') OR (old.status = 'claimed' AND new.status = 'waiting') OR (old.status = 'waiting' AND new.status IN ('succeeded', 'failed')) THEN
    RAISE EXCEPTION 'what was due at % is % and cannot become %', old.due_at, old.status, new.status USING ERRCODE = 'BU007';
  END IF;
  RETURN new;
END $$;

-- As before; what was unplanned is claimed by nobody.
CREATE OR REPLACE FUNCTION ops.claim_due(token text, job text, due timestamptz, last_due timestamptz, due_times integer, after timestamptz, OUT said text, OUT run bigint)
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
  IF schedule.paused_at IS NOT NULL OR schedule.unplanned_at IS NOT NULL THEN said := 'paused'; RETURN; END IF;
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

CREATE OR REPLACE FUNCTION ops.take_schedule(wanted bigint) RETURNS ops.schedule LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken ops.schedule;
BEGIN
  SELECT * INTO taken FROM ops.schedule s WHERE s.id = wanted FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no job %', wanted USING ERRCODE = 'BU011'; END IF;
  IF taken.built_in THEN
    RAISE EXCEPTION '% is part of every console and goes on while one is open', taken.name USING ERRCODE = 'BU007';
  END IF;
  IF taken.unplanned_at IS NOT NULL THEN RAISE EXCEPTION '% was unplanned: plan it anew', taken.name USING ERRCODE = 'BU007'; END IF;
  RETURN taken;
END $$;

-- As before. A plan was agreed to for its due times: whoever wants its run now needs the right to its runbook, and asks for the runbook itself where that takes more than a right.
CREATE OR REPLACE FUNCTION ops.run_schedule_now(wanted bigint) RETURNS ops.schedule_run LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('schedule.run-now');
  schedule ops.schedule := ops.take_schedule(wanted);
  rule ops.action_permission;
  asked ops.schedule_run;
BEGIN
  IF NOT ops.may(run.operator_id, schedule.permission) THEN
    RAISE EXCEPTION 'the job % needs the permission %', schedule.name, schedule.permission USING ERRCODE = 'BU002';
  END IF;
  IF schedule.runbook IS NOT NULL THEN
    SELECT * INTO rule FROM ops.action_permission p WHERE p.action = 'runbooks.' || schedule.runbook;
    IF rule.eyes = 2 OR rule.needs_code THEN
      RAISE EXCEPTION '% is for its due times; now it is asked for as a runbook, which takes %', schedule.name, CASE WHEN rule.eyes = 2 THEN 'two people' ELSE 'a code' END USING ERRCODE = 'BU007';
    ELSIF ops.may(run.operator_id, rule.permission) IS NOT TRUE THEN
      RAISE EXCEPTION 'the runbook % needs the permission %', schedule.runbook, rule.permission USING ERRCODE = 'BU002';
    END IF;
  END IF;
  IF EXISTS (SELECT FROM ops.schedule_run r WHERE r.schedule_id = schedule.id AND r.status IN ('waiting', 'claimed')) THEN
    RAISE EXCEPTION 'the job % is being executed or waits for it already', schedule.name USING ERRCODE = 'BU007';
  END IF;
  INSERT INTO ops.schedule_run AS r (schedule_id, due_at, status, asked_by) VALUES (schedule.id, clock_timestamp(), 'waiting', run.operator_id) RETURNING r.* INTO asked;
  RETURN asked;
END $$;

-- Plans a run, or plans anew what was unplanned. Whoever asks for it may ask for the runbook; it takes two people where the runbook does, and where it works in production.
CREATE FUNCTION ops.plan_run(name text, title text, words text, cron text, catch_up_minutes integer, runbook text, plan jsonb) RETURNS ops.schedule
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('schedule.plan');
  asked jsonb := ops.require_target('schedule', name);
  rule ops.action_permission;
  known ops.schedule;
  places integer;
  production boolean;
BEGIN
  IF asked IS NOT NULL AND (asked ->> 'cron', asked ->> 'runbook') IS DISTINCT FROM (plan_run.cron, plan_run.runbook) THEN
    RAISE EXCEPTION 'what was approved is % at %', asked ->> 'runbook', asked ->> 'cron' USING ERRCODE = 'BU004';
  END IF;
  SELECT * INTO rule FROM ops.action_permission p WHERE p.action = 'runbooks.' || plan_run.runbook;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no runbook %', plan_run.runbook USING ERRCODE = 'BU011'; END IF;
  IF NOT ops.may(ops.maker(), rule.permission) THEN
    RAISE EXCEPTION 'planning % needs the permission %', plan_run.runbook, rule.permission USING ERRCODE = 'BU002';
  END IF;
  IF NOT ops.may(ops.maker(), 'schedule.edit') THEN
    RAISE EXCEPTION 'planning needs the permission schedule.edit' USING ERRCODE = 'BU002';
  END IF;
  SELECT count(h.id), bool_or(h.environment = 'production') INTO places, production
    FROM jsonb_array_elements(plan -> 'steps') s LEFT JOIN ops.host h ON h.name = s ->> 'host' AND h.retired_at IS NULL;
  IF places = 0 OR places <> jsonb_array_length(plan -> 'steps') OR places > 500 OR num_nulls(plan ->> 'version', plan ->> 'title', plan ->> 'target', plan ->> 'dangerous', plan -> 'input') > 0 THEN
    RAISE EXCEPTION 'a run has steps, each on a host in use' USING ERRCODE = 'BU007';
  END IF;
  IF rule.eyes = 2 THEN PERFORM ops.require_two(format('planning %s takes two people, as it does itself', plan_run.runbook)); END IF;
  IF production THEN PERFORM ops.require_two('a plan for production takes two people'); END IF;
  SELECT * INTO known FROM ops.schedule s WHERE s.name = plan_run.name FOR UPDATE;
  IF known.id IS NOT NULL AND known.unplanned_at IS NULL THEN
    RAISE EXCEPTION 'there is a job % already', known.name USING ERRCODE = 'BU007';
  END IF;
  INSERT INTO ops.schedule AS s (name, title, words, cron, permission, repeatable, catch_up_minutes, runbook, plan, planned_by, planned_at)
  VALUES (plan_run.name, plan_run.title, plan_run.words, plan_run.cron, 'host.use', true, plan_run.catch_up_minutes, plan_run.runbook, plan_run.plan, ops.maker(), clock_timestamp())
  ON CONFLICT ON CONSTRAINT schedule_name_key DO UPDATE SET title = excluded.title, words = excluded.words, cron = excluded.cron, catch_up_minutes = excluded.catch_up_minutes,
         runbook = excluded.runbook, plan = excluded.plan, planned_by = excluded.planned_by, planned_at = excluded.planned_at, unplanned_by = NULL, unplanned_at = NULL,
         paused_by = NULL, paused_at = NULL, looked_until = greatest(s.looked_until, clock_timestamp()), next_due = '{}'
  RETURNING s.* INTO known;
  RETURN known;
END $$;

CREATE FUNCTION ops.unplan_run(wanted bigint, expected_version integer) RETURNS ops.schedule LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('schedule.unplan');
  changed ops.schedule := ops.take_schedule(wanted);
BEGIN
  IF changed.version <> expected_version THEN RAISE EXCEPTION 'the job % changed meanwhile', changed.name USING ERRCODE = 'BU005'; END IF;
  IF changed.runbook IS NULL THEN RAISE EXCEPTION '% is no planned run: it can be paused', changed.name USING ERRCODE = 'BU007'; END IF;
  UPDATE ops.schedule s SET unplanned_by = run.operator_id, unplanned_at = clock_timestamp(), next_due = '{}' WHERE s.id = changed.id RETURNING s.* INTO changed;
  UPDATE ops.schedule_run r SET status = 'missed', finished_at = clock_timestamp(), words = 'it was unplanned before anybody began it' WHERE r.schedule_id = changed.id AND r.status = 'waiting';
  RETURN changed;
END $$;

-- Queues the run of a plan as the work of a claim, with its row in audit; asked again it gives the run that was queued. A run that would exclude it is told by number.
CREATE FUNCTION ops.queue_planned_run(token text, due bigint, claim integer) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.scheduling_session(token);
  schedule ops.schedule;
  queued ops.run;
  other ops.run;
  at timestamptz(3);
  steps integer;
BEGIN
  SELECT s.* INTO schedule FROM ops.schedule_run r JOIN ops.schedule s ON s.id = r.schedule_id WHERE r.id = due AND s.runbook IS NOT NULL FOR UPDATE OF s;
  IF schedule.id IS NULL OR NOT ops.keep_claim(token, due, claim) THEN
    RAISE EXCEPTION 'no planned run is due in this session' USING ERRCODE = 'BU004';
  END IF;
  IF NOT ops.may(session.operator_id, schedule.permission) THEN
    RAISE EXCEPTION 'queueing a planned run needs the permission %', schedule.permission USING ERRCODE = 'BU002';
  END IF;
  SELECT r.due_at INTO at FROM ops.schedule_run r WHERE r.id = due;
  SELECT * INTO queued FROM ops.run r WHERE r.schedule_id = schedule.id AND r.due_at = at;
  IF FOUND THEN RETURN queued.number; END IF;
  IF schedule.unplanned_at IS NOT NULL THEN RAISE EXCEPTION '% was unplanned before it was queued', schedule.name USING ERRCODE = 'BU007'; END IF;
  PERFORM ops.take_request(session, 'schedule.queue-run', sha256(convert_to('schedule ' || due, 'UTF8')), gen_random_uuid(), NULL);
  BEGIN
    INSERT INTO ops.run AS r (id, runbook, version, title, target, dangerous, input, queued_by, schedule_id, due_at)
    VALUES ((ops.require_acting()).request_id, schedule.runbook, schedule.plan ->> 'version', schedule.plan ->> 'title', schedule.plan ->> 'target', (schedule.plan ->> 'dangerous')::boolean,
            schedule.plan -> 'input', session.operator_id, schedule.id, at)
    RETURNING r.* INTO queued;
  EXCEPTION WHEN unique_violation THEN
    SELECT * INTO other FROM ops.run r WHERE r.dangerous AND r.target = schedule.plan ->> 'target' AND r.status IN ('queued', 'running', 'unknown');
    RAISE EXCEPTION 'run % (%) works on %, so this one was not queued', other.number, other.title, other.target USING ERRCODE = 'BU007';
  END;
  INSERT INTO ops.run_step (run_id, position, title, host_id, words, timeout_seconds, pause_after)
  SELECT queued.id, s.position, s.step ->> 'title', h.id, ARRAY(SELECT jsonb_array_elements_text(s.step -> 'words')), (s.step ->> 'timeoutSeconds')::integer, coalesce((s.step ->> 'pauseAfter')::boolean, false)
    FROM jsonb_array_elements(schedule.plan -> 'steps') WITH ORDINALITY AS s(step, position) JOIN ops.host h ON h.name = s.step ->> 'host' AND h.retired_at IS NULL;
  GET DIAGNOSTICS steps = ROW_COUNT;
  IF steps <> jsonb_array_length(schedule.plan -> 'steps') THEN
    RAISE EXCEPTION 'a host of % is retired: unplan it and plan it without that host', schedule.name USING ERRCODE = 'BU007';
  END IF;
  UPDATE ops.schedule_run r SET run_id = queued.id WHERE r.id = due;
  PERFORM ops.write_audit('create', 'run', queued.number::text, queued.title, NULL,
                          jsonb_build_object('run', queued.number::text, 'target', queued.target, 'steps', steps, 'job', schedule.name, 'due', at),
                          'success', NULL, format('queued by the schedule: %s', schedule.name), NULL, jsonb_build_object('summary', format('queued run %s', queued.number)));
  RETURN queued.number;
END $$;

INSERT INTO ops.action_permission (action, permission, eyes, checker, needs_code, needs_window) VALUES
  ('schedule.plan', 'run.start', 1, 'approval.decide', true, true), ('schedule.unplan', 'schedule.edit', 1, NULL, false, true),
  ('schedule.queue-run', 'schedule.run', 1, NULL, false, false);
