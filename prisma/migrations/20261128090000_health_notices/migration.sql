-- What is wrong with the bank's database, hosts, backups, runs and jobs is told to whoever mends it, by the outbox that everything else leaves by.
--
-- The rule, all of which stands here:
--   Once a minute, whoever measures the database looks, in the same transaction, at everything that an alarm is told of (ops.alarms_now), one console at a time.
--   A state (a measure, a backup) is told as wrong when two measurings in a row say so, and as well again when two in a row do, but not within an hour of the alarm. So no alarm waits,
--   and one that flaps is told once an hour at most. A measure of what ends (`soon`) is told when it is worth a look, and once more when it is wrong.
--   An event (a run or job that failed, a job that was missed) is told once; others of the same runbook and target, or of the same job, follow an hour later as one.
--   What was measured too long ago, or cannot be measured, says nothing. While maintenance mode is on, platform and services say nothing either.
-- Measuring, the state of the alarm and its notices commit together or not at all: who dies in between has told nothing and forgotten nothing.

CREATE TABLE ops.alarm (
  subject text PRIMARY KEY, -- what it is about, in one word of its kind and its name: the key by which it is told once
  level   smallint NOT NULL CHECK (level BETWEEN 0 AND 2), -- as it was found last: well, ends soon, wrong
  times   integer NOT NULL, -- measurings in a row that found it so
  at      timestamptz(3) NOT NULL, -- the last one, which is counted once however often it is looked at
  told    smallint NOT NULL DEFAULT 0 CHECK (told BETWEEN 0 AND 2), -- as people know it
  told_at timestamptz(3)
);
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.alarm FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- The measures that an alarm is told of. Titles, units and what helps are those of the console, which a test compares; thresholds are the settings, or 1 of what is yes or no.
CREATE TABLE ops.alarm_measure (
  measure  text PRIMARY KEY,
  title    text NOT NULL,
  unit     text NOT NULL, -- of its setting; empty where it is yes or no
  low      boolean NOT NULL, -- little of it is what is wrong
  soon     boolean NOT NULL, -- told when it is worth a look already
  by_value boolean NOT NULL, -- what else is wrong with it is told by a name of its own: a run, a job, a backup
  helps    text NOT NULL,
  command  text NOT NULL -- of the runbook that helps, or what shows more; {host} and {subject} are filled in
);
INSERT INTO ops.alarm_measure VALUES
  ('connections', 'Connections', 'percent', false, false, false, 'close consoles, or find who holds them; raise max_connections', 'bursar statements list'),
  ('lock-waits', 'Longest wait for a lock', 'seconds', false, false, false, 'see who blocks whom, and end what blocks', 'bursar locks list'),
  ('longest-transaction', 'Longest transaction', 'seconds', false, false, false, 'see who has it open, and have them end it', 'bursar locks list'),
  ('slowest-statement', 'Slowest statement', 'ms', false, false, false, 'look at the slowest, and at what indexes they would need', 'bursar statements list'),
  ('cache-hits', 'Blocks found in memory', 'percent', true, false, false, 'more shared_buffers, or cleanup of what nobody reads', 'bursar runs start cleanup-estimate --host {host} --note why'),
  ('dead-rows', 'Dead rows, worst table', 'percent', false, false, false, 'vacuum', 'bursar runs start vacuum --host {host} --note why'),
  ('capacity', 'Days until its disk is full', 'days', true, false, false, 'cleanup, then vacuum; a larger disk', 'bursar runs start cleanup-estimate --host {host} --note why'),
  ('replication', 'Replicas behind', 'seconds', false, false, false, 'look at its network and its disk', 'bursar health list name=replication'),
  ('replication-slots', 'Kept for nobody', 'GB', false, false, false, 'start its reader, or drop the slot', 'bursar health list name=replication-slots'),
  ('wraparound', 'Wraparound', 'percent', false, false, false, 'vacuum freeze; find the transaction, slot or prepared one that holds it back', 'bursar runs start vacuum --host {host} --note why'),
  ('ledger', 'Balances are their postings', 'hours', false, false, true, 'run the job ledger; freeze what differs', 'bursar schedule run-now ledger --note why'),
  ('audit-chain', 'Audit chain holds', 'hours', false, false, true, 'run the job audit-verify; bursar audit verify names the row', 'bursar audit verify'),
  ('audit-anchor', 'Last anchor of the audit log', 'hours', false, false, false, 'open a console or bursar daemon; see the permissions of its home', 'bursar health list name=audit-anchor'),
  ('backup', 'Last backup', 'hours', false, false, true, 'back up now', 'bursar runs start backup --host {host} --note why'),
  ('backup-size', 'Last backup against the one before', 'percent', true, false, false, 'look at its manifest before the old ones expire', 'bursar backups list'),
  ('drill', 'Last restore drill', 'days', false, false, true, 'a drill restores the newest backup beside the bank, checks and drops it', 'bursar runs start drill --host {host} --note why'),
  ('platform-http', 'Platform answers', 'ms', false, false, false, 'service status, its log, restart', 'bursar runs start service-status --hosts {host} --service NAME --note why'),
  ('platform-tls', 'Speaks TLS below 1.2', '', false, false, false, 'ssl_protocols TLSv1.2 TLSv1.3 in its web server', 'bursar health list name=platform-tls'),
  ('platform-postgres', 'Database answers its host', 'ms', false, false, false, 'service status of the database', 'bursar runs start service-status --hosts {host} --service NAME --note why'),
  ('platform-valkey', 'Valkey or Redis answers', 'ms', false, false, false, 'service status, restart', 'bursar runs start service-status --hosts {host} --service NAME --note why'),
  ('platform-smtp', 'Mail server greets', 'ms', false, false, false, 'service status; see the pane notices for what waits', 'bursar runs start service-status --hosts {host} --service NAME --note why'),
  ('host-up', 'Answers', 'ms', false, false, false, 'bursar hosts ask says what is wrong', 'bursar hosts ask {host}'),
  ('host-disk', 'Disk used', 'percent', false, false, false, 'cleanup of temporary files, log rotation, then a larger disk', 'bursar runs start cleanup-estimate --host {host} --note why'),
  ('host-inodes', 'Inodes used', 'percent', false, false, false, 'cleanup of temporary files', 'bursar runs start cleanup-estimate --host {host} --note why'),
  ('host-database-room', 'Free for the database', 'GB', true, false, false, 'cleanup, then vacuum; a larger disk', 'bursar runs start cleanup-estimate --host {host} --note why'),
  ('host-memory', 'Memory available', 'percent', true, false, false, 'see what takes it; restart the service that grows', 'bursar runs start host-report --hosts {host} --note why'),
  ('host-service', 'Service is active', '', true, false, false, 'look at its status and log; restart it', 'bursar runs start restart-service --hosts {host} --service {subject} --note why'),
  ('host-certificate', 'Certificate ends in', 'days', true, true, false, 'renew certificates', 'bursar runs start renew-certificates --hosts {host} --note why'),
  ('host-updates', 'Security updates waiting', 'how many', false, false, false, 'security update', 'bursar runs start check-security-updates --hosts {host} --note why'),
  ('run-waits', 'Run or plan waits', 'seconds', false, false, false, 'open a console of somebody with host.use and a key for its hosts, or a bursar daemon with the key of a machine', 'bursar runs list status=queued'),
  ('machine-key', 'Key of a machine ends in', 'days', true, true, false, 'on its host: bursar machines enrol NAME; then two people: bursar machines rotate NAME', 'bursar machines list');

-- ── What there is to tell ────────────────────────────────────────────────────────────────────────

-- A value as it stands in a notice, with the threshold that it is told by. Internal.
CREATE FUNCTION ops.alarm_words(value double precision, threshold double precision, of ops.alarm_measure) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN value IS NULL OR threshold IS NULL OR (of).unit = '' THEN ''
              ELSE format('%s %s, alarm %s %s: ', trim_scale(round(value::numeric, 1)), replace((of).unit, 'how many', 'of them'), CASE WHEN (of).low THEN 'below' ELSE 'from' END, trim_scale(threshold::numeric)) END
$$;

-- Everything that an alarm is told of, as it is now; level null: nobody knows. Internal.
CREATE FUNCTION ops.alarms_now() RETURNS TABLE (subject text, part text, level integer, at timestamptz, happened boolean, entity text, entity_id text,
                                                what text, place text, words text, helps text, command text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  in_maintenance boolean := EXISTS (SELECT FROM platform.maintenance_now());
  since timestamptz := clock_timestamp() - interval '1 day';
  database_host text := (SELECT h.name FROM ops.health_series s JOIN ops.host h ON h.id = s.host_id
                          WHERE s.measure IN ('host-database-room', 'platform-postgres') AND h.retired_at IS NULL ORDER BY s.measure, s.at DESC LIMIT 1);
BEGIN
  RETURN QUERY
  WITH measured AS (
    SELECT m, r.measure, r.subject, r.at, r.grade, r.words, h.name AS host, concat_ws(':', r.measure, h.name, nullif(r.subject, '')) AS name,
           r.value / CASE m.unit WHEN 'GB' THEN 1073741824 ELSE 1 END AS value, -- octets are set by the GB
           coalesce((SELECT (s.value #>> '{}')::float8 FROM platform.setting s WHERE s.key = format('health.%s.wrong', r.measure)), CASE m.unit WHEN '' THEN 1 END) AS wrong,
           CASE WHEN m.soon THEN (SELECT (s.value #>> '{}')::float8 FROM platform.setting s WHERE s.key = format('health.%s.look', r.measure)) END AS look
      FROM ops.health_series r JOIN ops.alarm_measure m ON m.measure = r.measure LEFT JOIN ops.host h ON h.id = r.host_id WHERE h.retired_at IS NULL
  ), graded AS (
    SELECT n.*, CASE WHEN in_maintenance AND (n.measure LIKE 'platform-%' OR n.measure = 'host-service') THEN NULL
                     WHEN n.grade = 'bad' AND (NOT (n.m).by_value OR (n.measure = 'backup' AND n.value IS NULL)) THEN 2 -- without a value there is no backup at all
                     WHEN CASE WHEN (n.m).low THEN n.value < n.wrong ELSE n.value >= n.wrong END THEN 2
                     WHEN n.value IS NULL AND n.grade IS NULL THEN NULL
                     WHEN CASE WHEN (n.m).low THEN n.value < n.look ELSE n.value >= n.look END THEN 1 ELSE 0 END AS level
      FROM measured n
  )
  SELECT 'measure ' || g.name, 'health', g.level, g.at::timestamptz, false, 'health', g.name, regexp_replace((g.m).title, ' ends in$', '') || CASE WHEN g.subject = '' THEN '' ELSE ': ' || g.subject END, coalesce(g.host, 'the bank'),
         ops.alarm_words(g.value, CASE WHEN g.level < 2 AND (g.m).soon THEN g.look ELSE g.wrong END, g.m) || g.words, (g.m).helps,
         replace(replace((g.m).command, '{host}', coalesce(g.host, database_host, 'HOST')), '{subject}', g.subject)
    FROM graded g
  UNION ALL
  SELECT 'backup ' || b.id, 'backups', CASE WHEN b.status = 'corrupt' OR b.copy_status IN ('corrupt', 'missing') OR b.fault IS NOT NULL THEN 2 ELSE 0 END, clock_timestamp(), false, 'backup', b.id::text, 'Backup ' || b.name, h.name,
         CASE WHEN b.status = 'corrupt' THEN 'it is corrupt' WHEN b.copy_status IN ('corrupt', 'missing') THEN 'its copy is ' || b.copy_status WHEN b.fault IS NOT NULL THEN 'it is left as a copy alone' ELSE 'it can be read whole' END,
         'take another one now, and look at the disk that holds it', format('bursar runs start backup --host %s --note why', h.name)
    FROM ops.backup b JOIN ops.host h ON h.id = b.host_id WHERE b.status IN ('verified', 'corrupt')
  UNION ALL
  SELECT format('run %s %s', r.runbook, r.target), 'runs', 2, max(r.finished_at)::timestamptz, true, 'run', max(r.number)::text, format('Run %s: %s', max(r.number), (array_agg(r.title ORDER BY r.number DESC))[1]),
         coalesce(nullif(r.target, ''), 'the bank'), (array_agg(r.status ORDER BY r.number DESC))[1] || CASE WHEN count(*) > 1 THEN format(', the last of %s within a day', count(*)) ELSE '' END,
         'read its transcript, mend what it names, ask for it again', format('bursar runs show %s', max(r.number))
    FROM ops.run r WHERE r.status IN ('failed', 'timed out') AND r.finished_at > since GROUP BY r.runbook, r.target
  UNION ALL
  -- A plan whose run was queued has done its part: the run tells what came of it
  SELECT 'job ' || s.name, 'jobs', 2, max(d.finished_at)::timestamptz, true, 'schedule', s.name, 'Job ' || s.name, 'the bank',
         (array_agg(CASE WHEN d.times > 1 THEN format('missed %s times', d.times) ELSE d.status END || coalesce(': ' || d.words, '') ORDER BY d.finished_at DESC))[1]
           || CASE WHEN count(*) > 1 THEN format(', the last of %s within a day', count(*)) ELSE '' END,
         'see what it says, mend it, have it run now', format('bursar schedule run-now %s --note why', s.name)
    FROM ops.schedule_run d JOIN ops.schedule s ON s.id = d.schedule_id WHERE d.status IN ('failed', 'missed') AND d.run_id IS NULL AND d.finished_at > since GROUP BY s.name;
END $$;

-- ── Telling it ───────────────────────────────────────────────────────────────────────────────────

-- To whoever may start runbooks, or to administrators where nobody may. The same text as the template health-alarm of the console, which a test compares. Internal.
CREATE FUNCTION ops.tell_alarm(state text, what text, place text, words text, helps text, command text, entity text, entity_id text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  facts text[] := ARRAY[
    'Environment', ops.in_notice(coalesce((SELECT s.value #>> '{}' FROM platform.setting s WHERE s.key = 'platform.environment'), 'unnamed'), 200),
    'At', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC',
    'What', ops.in_notice(what, 200), 'Where', ops.in_notice(place, 200), 'Found', ops.in_notice(words, 200)]
    || CASE WHEN state = 'well' THEN '{}' ELSE ARRAY['What helps', ops.in_notice(helps, 200), 'Command', ops.in_notice(command, 200)] END;
  body text := CASE state WHEN 'wrong' THEN 'Something is wrong.' WHEN 'soon' THEN 'Something ends soon.' ELSE 'What was wrong is well again.' END || E'\n\n';
BEGIN
  FOR i IN 1 .. cardinality(facts) BY 2 LOOP
    body := body || '  ' || rpad(facts[i] || ':', 13) || facts[i + 1] || E'\n';
  END LOOP;
  body := body || E'\nAll that is measured is in the console: bursar health list.\n\n'
    'Written by a machine; nobody reads answers. Nobody who works here ever asks for your password or a code.\n';
  PERFORM ops.enqueue_notice('health-alarm', r.channel, r.recipient,
            format('%s: %s, %s', CASE state WHEN 'wrong' THEN 'Alarm' WHEN 'soon' THEN 'Ends soon' ELSE 'Well again' END, ops.in_notice(what, 40), ops.in_notice(place, 40)), body, NULL, NULL, entity, entity_id)
     FROM ops.staff_recipients(CASE WHEN EXISTS (SELECT FROM ops.operators_with('run.start')) THEN 'run.start' ELSE 'admin' END) r;
END $$;
INSERT INTO ops.notice_use VALUES ('health-alarm', 'health.alarm');
INSERT INTO ops.action_permission (action, permission, eyes, needs_window) VALUES ('health.alarm', 'schedule.run', 1, false);

-- As before, for alarms too: neither needs a write window, and whoever begins one by SQL is not to write to customers by it.
CREATE OR REPLACE FUNCTION ops.guard_notice_of_detection() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF new.channel = 'email' AND NOT EXISTS (SELECT FROM ops.operator o WHERE new.recipient IN (o.email, o.name)) THEN
    RAISE EXCEPTION '% tells operators and nobody else', CASE new.template WHEN 'alert-hold' THEN 'detection' ELSE 'an alarm' END USING ERRCODE = 'BU004';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard_alarm BEFORE INSERT ON ops.notice FOR EACH ROW WHEN (new.template = 'health-alarm') EXECUTE FUNCTION ops.guard_notice_of_detection();

-- Tells what became wrong, or well again. Internal.
CREATE FUNCTION ops.raise_alarms(session ops.operator_session) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  parts text[] := string_to_array((SELECT s.value #>> '{}' FROM platform.setting s WHERE s.key = 'notices.alarms'), ',');
  one record;
  state text;
  said jsonb := '[]';
BEGIN
  -- One console at a time, as ops.sample_health has it already
  PERFORM FROM ops.health_watch w WHERE w.host_id IS NULL FOR UPDATE;
  -- What is gone, switched off, or well and known as such needs no memory
  DELETE FROM ops.alarm a WHERE (a.level = 0 AND a.told = 0) OR NOT EXISTS (SELECT FROM ops.alarms_now() n WHERE n.subject = a.subject AND n.part = ANY (parts));
  FOR one IN
    SELECT n.*, coalesce(a.told, 0) AS known, a.told_at <= clock_timestamp() - interval '1 hour' IS NOT FALSE AS an_hour_ago, CASE WHEN a.level = n.level THEN a.times + 1 ELSE 1 END AS times
      FROM ops.alarms_now() n LEFT JOIN ops.alarm a ON a.subject = n.subject
     WHERE n.part = ANY (parts) AND (n.level > 0 OR (n.level = 0 AND a.subject IS NOT NULL)) AND (a.at IS NULL OR n.at::timestamptz(3) > a.at) ORDER BY n.level DESC, n.subject
  LOOP
    CONTINUE WHEN one.happened AND NOT one.an_hour_ago;
    state := CASE WHEN one.happened OR (one.times >= 2 AND one.level > one.known) THEN CASE one.level WHEN 2 THEN 'wrong' ELSE 'soon' END
                  WHEN one.times >= 2 AND one.level = 0 AND one.known > 0 AND one.an_hour_ago THEN 'well' END;
    INSERT INTO ops.alarm AS a (subject, level, times, at, told, told_at)
    VALUES (one.subject, one.level, one.times, one.at, CASE WHEN state IS NULL THEN 0 ELSE one.level END, CASE WHEN state IS NOT NULL THEN clock_timestamp() END)
    ON CONFLICT (subject) DO UPDATE SET level = excluded.level, times = excluded.times, at = excluded.at,
           told = CASE WHEN state IS NULL THEN a.told ELSE excluded.level END, told_at = coalesce(excluded.told_at, a.told_at);
    CONTINUE WHEN state IS NULL;
    -- An action like what people do, under the name of whose console it was
    IF said = '[]' THEN PERFORM ops.take_request(session, 'health.alarm', sha256(convert_to(clock_timestamp()::text, 'UTF8')), gen_random_uuid(), NULL); END IF;
    said := said || jsonb_build_object('state', state, 'about', one.subject);
    PERFORM ops.tell_alarm(state, one.what, one.place, one.words, one.helps, one.command, one.entity, one.entity_id);
  END LOOP;
  IF said <> '[]' THEN
    PERFORM ops.write_audit('create', 'notice', 'health', NULL, NULL, jsonb_build_object('told', said), 'success', NULL, format('%s alarms told', jsonb_array_length(said)), NULL, '{"summary": "alarms told"}');
  END IF;
END $$;

-- As before, with the alarms.
CREATE OR REPLACE FUNCTION ops.sample_health(token text) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session ops.operator_session := ops.scheduling_session(token);
  watch ops.health_watch;
  kept integer;
BEGIN
  INSERT INTO ops.health_watch (host_id, looked_at) VALUES (NULL, '-infinity') ON CONFLICT (host_id) DO NOTHING;
  SELECT * INTO watch FROM ops.health_watch w WHERE w.host_id IS NULL FOR UPDATE SKIP LOCKED;
  IF NOT FOUND OR watch.looked_at > clock_timestamp() - interval '55 seconds' THEN RETURN 0; END IF;
  kept := ops.keep_readings(NULL, (SELECT coalesce(jsonb_agg(to_jsonb(m)), '[]') FROM ops.measure_health() m));
  IF watch.thinned_at IS NULL OR watch.thinned_at < clock_timestamp() - interval '1 hour' THEN
    PERFORM ops.thin_health();
    watch.thinned_at := clock_timestamp();
  END IF;
  PERFORM ops.raise_alarms(session);
  UPDATE ops.health_watch w SET looked_at = clock_timestamp(), thinned_at = watch.thinned_at WHERE w.host_id IS NULL;
  RETURN kept;
END $$;

-- As before; a machine that measures tells what it found.
DROP TRIGGER guard_machine ON ops.action_run;
CREATE TRIGGER guard_machine BEFORE INSERT ON ops.action_run FOR EACH ROW
  WHEN (new.action NOT IN ('schedule.queue-run', 'runs.finish', 'daily.open', 'detection.run', 'health.alarm') OR new.approval_id IS NOT NULL) EXECUTE FUNCTION ops.guard_machine_action();

-- Whoever could switch it off alone could be wrong unheard: a security setting takes two people.
ALTER TABLE platform.setting DISABLE TRIGGER demand_action;
INSERT INTO platform.setting (key, label, type, category, value, default_value, is_editable, pattern, description) VALUES
  ('notices.alarms', 'Alarms to staff', 'string', 'security', '"health,backups,runs,jobs"', '"health,backups,runs,jobs"', true, '^(none|(health|backups|runs|jobs)(,(health|backups|runs|jobs)){0,3})$',
   'Of what whoever may start runbooks is told: health that is wrong, backups that are damaged, runs that failed, jobs that failed or were missed, with commas between; or none');
ALTER TABLE platform.setting ENABLE TRIGGER demand_action;
INSERT INTO platform.setting_version (key, version, value) SELECT s.key, s.version, s.value FROM platform.setting s WHERE s.key = 'notices.alarms';

REVOKE EXECUTE ON FUNCTION ops.alarm_words, ops.alarms_now, ops.tell_alarm, ops.raise_alarms FROM PUBLIC;
