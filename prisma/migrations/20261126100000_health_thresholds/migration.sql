-- From which value on a measure of health is worth a look and from which it is wrong are settings: seen, bounded, changed by two people, with every version kept.
-- One truth for the pane, the command, the overview, the pane of backups and the daily review.

ALTER TABLE platform.setting DROP CONSTRAINT setting_category_check;
ALTER TABLE platform.setting ADD CONSTRAINT setting_category_check CHECK (category IN ('system', 'security', 'email', 'detection', 'health'));

-- As before; what an alarm is raised by takes two people, like security and detection.
CREATE OR REPLACE FUNCTION platform.guard_setting() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
  IF old.category IN ('security', 'detection', 'health') THEN PERFORM ops.require_two(format('%s is a %s setting: it takes two people', old.key, old.category)); END IF;
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

-- What is wrong was worth a look before. Which way a measure counts its usual values say: where little is wrong, the first threshold is the higher one.
CREATE FUNCTION platform.guard_thresholds() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  level text := substring(new.key FROM '[a-z]+$');
  other platform.setting;
  look numeric;
  wrong numeric;
  is_low boolean;
BEGIN
  -- Both thresholds of one measure are changed one after the other
  PERFORM pg_advisory_xact_lock(hashtextextended('threshold ' || regexp_replace(new.key, '[.][a-z]+$', ''), 0));
  SELECT * INTO other FROM platform.setting s WHERE s.key = regexp_replace(new.key, '[a-z]+$', CASE level WHEN 'look' THEN 'wrong' ELSE 'look' END);
  IF NOT FOUND THEN RETURN new; END IF;
  look := (CASE level WHEN 'look' THEN new.value ELSE other.value END #>> '{}')::numeric;
  wrong := (CASE level WHEN 'look' THEN other.value ELSE new.value END #>> '{}')::numeric;
  is_low := (CASE level WHEN 'look' THEN new.default_value ELSE other.default_value END #>> '{}')::numeric > (CASE level WHEN 'look' THEN other.default_value ELSE new.default_value END #>> '{}')::numeric;
  IF (is_low AND look <= wrong) OR (NOT is_low AND look >= wrong) THEN
    RAISE EXCEPTION 'look has to come before wrong: % would be %, % is %', new.key, new.value #>> '{}', other.key, other.value #>> '{}' USING ERRCODE = '23514';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard_thresholds BEFORE UPDATE OF value ON platform.setting FOR EACH ROW WHEN (new.category = 'health' AND new.value <> old.value) EXECUTE FUNCTION platform.guard_thresholds();

-- A test compares these with the measures of the console. On a bank that is in use nobody is acting now.
ALTER TABLE platform.setting DISABLE TRIGGER demand_action;
INSERT INTO platform.setting (key, label, type, value, min, max, safe_min, safe_max, standard, description, category, is_editable, default_value)
SELECT s.key, s.label, s.type, s.value::jsonb, s.min, s.max, s.safe_min, s.safe_max, s.standard, s.description, 'health', true, s.value::jsonb FROM (VALUES
  ('health.connections.look', 'Connections: look from (percent)', 'decimal', '70', 1, 99, NULL, 85, 'above 85 % it may be told too late to help', 'Health is "look" from so many (percent): client connections of all that the server takes; at the last one nobody gets in'),
  ('health.connections.wrong', 'Connections: wrong from (percent)', 'decimal', '90', 1, 99, NULL, 95, 'above 95 % it may be told too late to help', 'Health is "wrong" from so many (percent): client connections of all that the server takes; at the last one nobody gets in'),
  ('health.lock-waits.look', 'Longest wait for a lock: look from (seconds)', 'decimal', '5', 1, 86400, NULL, 50, 'above 50 s it may be told too late to help', 'Health is "look" from so many (seconds): somebody waits for what somebody else has locked'),
  ('health.lock-waits.wrong', 'Longest wait for a lock: wrong from (seconds)', 'decimal', '60', 1, 86400, NULL, 600, 'above 10 min it may be told too late to help', 'Health is "wrong" from so many (seconds): somebody waits for what somebody else has locked'),
  ('health.longest-transaction.look', 'Longest transaction: look from (seconds)', 'decimal', '300', 1, 86400, NULL, 3000, 'above 50 min it may be told too late to help', 'Health is "look" from so many (seconds): while it is open nothing that died since can be vacuumed'),
  ('health.longest-transaction.wrong', 'Longest transaction: wrong from (seconds)', 'decimal', '1800', 1, 86400, NULL, 18000, 'above 5 h it may be told too late to help', 'Health is "wrong" from so many (seconds): while it is open nothing that died since can be vacuumed'),
  ('health.slowest-statement.look', 'Slowest statement: look from (ms)', 'decimal', '1000', 1, 60000, NULL, 10000, 'above 10 s it may be told too late to help', 'Health is "look" from so many (ms): the mean of the statement that takes longest'),
  ('health.slowest-statement.wrong', 'Slowest statement: wrong from (ms)', 'decimal', '5000', 1, 60000, NULL, 50000, 'above 50 s it may be told too late to help', 'Health is "wrong" from so many (ms): the mean of the statement that takes longest'),
  ('health.cache-hits.look', 'Blocks found in memory: look below (percent)', 'decimal', '95', 1, 100, 47.5, NULL, 'below 48 % it may be told too late to help', 'Health is "look" below so many (percent): blocks that did not have to be read from disk'),
  ('health.cache-hits.wrong', 'Blocks found in memory: wrong below (percent)', 'decimal', '80', 1, 100, 40, NULL, 'below 40 % it may be told too late to help', 'Health is "wrong" below so many (percent): blocks that did not have to be read from disk'),
  ('health.dead-rows.look', 'Dead rows, worst table: look from (percent)', 'decimal', '20', 1, 99, NULL, 60, 'above 60 % it may be told too late to help', 'Health is "look" from so many (percent): rows that are gone and still take room and time'),
  ('health.dead-rows.wrong', 'Dead rows, worst table: wrong from (percent)', 'decimal', '40', 1, 99, NULL, 70, 'above 70 % it may be told too late to help', 'Health is "wrong" from so many (percent): rows that are gone and still take room and time'),
  ('health.unused-indexes.look', 'Unused indexes: look from (GB)', 'decimal', '1', 0.1, 100000, NULL, 10, 'above 10 GB it may be told too late to help', 'Health is "look" from so many (GB): room of indexes that nobody reads by and every write pays for'),
  ('health.broken-indexes.look', 'Invalid indexes: look from (how many)', 'integer', '1', 1, 10000, NULL, 10, 'above 10 it may be told too late to help', 'Health is "look" from so many (how many): an index whose building was broken off: it costs, and serves nobody'),
  ('health.capacity.look', 'Days until its disk is full: look below (days)', 'decimal', '60', 1, 3650, 30, NULL, 'below 30 d it may be told too late to help', 'Health is "look" below so many (days): free room on its disk by what it grows in a day, of up to thirty days'),
  ('health.capacity.wrong', 'Days until its disk is full: wrong below (days)', 'decimal', '14', 1, 3650, 7, NULL, 'below 7 d it may be told too late to help', 'Health is "wrong" below so many (days): free room on its disk by what it grows in a day, of up to thirty days'),
  ('health.replication.look', 'Replicas behind: look from (seconds)', 'decimal', '30', 1, 86400, NULL, 300, 'above 5 min it may be told too late to help', 'Health is "look" from so many (seconds): how late the latest replica is'),
  ('health.replication.wrong', 'Replicas behind: wrong from (seconds)', 'decimal', '300', 1, 86400, NULL, 3000, 'above 50 min it may be told too late to help', 'Health is "wrong" from so many (seconds): how late the latest replica is'),
  ('health.replication-slots.look', 'Kept for nobody: look from (GB)', 'decimal', '1', 0.1, 100000, NULL, 10, 'above 10 GB it may be told too late to help', 'Health is "look" from so many (GB): log that a replication slot keeps although nobody reads it'),
  ('health.replication-slots.wrong', 'Kept for nobody: wrong from (GB)', 'decimal', '10', 0.1, 100000, NULL, 100, 'above 100 GB it may be told too late to help', 'Health is "wrong" from so many (GB): log that a replication slot keeps although nobody reads it'),
  ('health.wraparound.look', 'Wraparound: look from (percent)', 'decimal', '40', 1, 99, NULL, 70, 'above 70 % it may be told too late to help', 'Health is "look" from so many (percent): numbers of transactions used up since the oldest freeze; at all of them the server stops'),
  ('health.wraparound.wrong', 'Wraparound: wrong from (percent)', 'decimal', '75', 1, 99, NULL, 87.5, 'above 88 % it may be told too late to help', 'Health is "wrong" from so many (percent): numbers of transactions used up since the oldest freeze; at all of them the server stops'),
  ('health.checkpoints.look', 'Checkpoints before their time: look from (percent)', 'decimal', '50', 1, 99, NULL, 75, 'above 75 % it may be told too late to help', 'Health is "look" from so many (percent): checkpoints that came because the log was full and not because they were due'),
  ('health.ledger.look', 'Balances are their postings: look from (hours)', 'decimal', '26', 1, 168, NULL, 50, 'above 2 d it may be told too late to help', 'Health is "look" from so many (hours): time since every balance was last found to be the sum of its postings'),
  ('health.ledger.wrong', 'Balances are their postings: wrong from (hours)', 'decimal', '50', 1, 168, NULL, 50, 'above 2 d it may be told too late to help', 'Health is "wrong" from so many (hours): time since every balance was last found to be the sum of its postings'),
  ('health.orphans.look', 'Orphaned records: look from (how many)', 'integer', '1', 1, 10000, NULL, 10, 'above 10 it may be told too late to help', 'Health is "look" from so many (how many): records whose owner is gone'),
  ('health.audit-chain.look', 'Audit chain holds: look from (hours)', 'decimal', '26', 1, 168, NULL, 50, 'above 2 d it may be told too late to help', 'Health is "look" from so many (hours): time since the chain of the audit log was last verified'),
  ('health.audit-chain.wrong', 'Audit chain holds: wrong from (hours)', 'decimal', '50', 1, 168, NULL, 50, 'above 2 d it may be told too late to help', 'Health is "wrong" from so many (hours): time since the chain of the audit log was last verified'),
  ('health.audit-anchor.look', 'Last anchor of the audit log: look from (hours)', 'decimal', '2', 1, 168, NULL, 26, 'above 26 h it may be told too late to help', 'Health is "look" from so many (hours): time since a console last noted the head of the log outside the database, where there was anything new'),
  ('health.audit-anchor.wrong', 'Last anchor of the audit log: wrong from (hours)', 'decimal', '26', 1, 168, NULL, 26, 'above 26 h it may be told too late to help', 'Health is "wrong" from so many (hours): time since a console last noted the head of the log outside the database, where there was anything new'),
  ('health.backup.look', 'Last backup: look from (hours)', 'decimal', '25', 1, 168, NULL, 26, 'above 26 h it may be told too late to help', 'Health is "look" from so many (hours): time since the newest verified backup was taken'),
  ('health.backup.wrong', 'Last backup: wrong from (hours)', 'decimal', '26', 1, 168, NULL, 26, 'above 26 h it may be told too late to help', 'Health is "wrong" from so many (hours): time since the newest verified backup was taken'),
  ('health.backup-size.look', 'Last backup against the one before: look below (percent)', 'decimal', '80', 1, 100, 50, NULL, 'below 50 % it may be told too late to help', 'Health is "look" below so many (percent): a backup half as large as the one before lacks something'),
  ('health.backup-size.wrong', 'Last backup against the one before: wrong below (percent)', 'decimal', '50', 1, 100, 50, NULL, 'below 50 % it may be told too late to help', 'Health is "wrong" below so many (percent): a backup half as large as the one before lacks something'),
  ('health.drill.look', 'Last restore drill: look from (days)', 'decimal', '32', 1, 366, NULL, 62, 'above 62 d it may be told too late to help', 'Health is "look" from so many (days): a backup that nobody restored is a hope'),
  ('health.drill.wrong', 'Last restore drill: wrong from (days)', 'decimal', '62', 1, 366, NULL, 62, 'above 62 d it may be told too late to help', 'Health is "wrong" from so many (days): a backup that nobody restored is a hope'),
  ('health.platform-http.look', 'Platform answers: look from (ms)', 'decimal', '2000', 1, 5000, NULL, 5000, 'above 5,000 ms it may be told too late to help', 'Health is "look" from so many (ms): its address of health answers 200'),
  ('health.platform-http.wrong', 'Platform answers: wrong from (ms)', 'decimal', '5000', 1, 5000, NULL, 5000, 'above 5,000 ms it may be told too late to help', 'Health is "wrong" from so many (ms): its address of health answers 200'),
  ('health.platform-postgres.look', 'Database answers its host: look from (ms)', 'decimal', '1000', 1, 5000, NULL, 5000, 'above 5,000 ms it may be told too late to help', 'Health is "look" from so many (ms): sign-in and one question, on the host'),
  ('health.platform-postgres.wrong', 'Database answers its host: wrong from (ms)', 'decimal', '5000', 1, 5000, NULL, 5000, 'above 5,000 ms it may be told too late to help', 'Health is "wrong" from so many (ms): sign-in and one question, on the host'),
  ('health.platform-valkey.look', 'Valkey or Redis answers: look from (ms)', 'decimal', '500', 1, 5000, NULL, 5000, 'above 5,000 ms it may be told too late to help', 'Health is "look" from so many (ms): PING is answered with PONG'),
  ('health.platform-valkey.wrong', 'Valkey or Redis answers: wrong from (ms)', 'decimal', '5000', 1, 5000, NULL, 5000, 'above 5,000 ms it may be told too late to help', 'Health is "wrong" from so many (ms): PING is answered with PONG'),
  ('health.platform-smtp.look', 'Mail server greets: look from (ms)', 'decimal', '2000', 1, 5000, NULL, 5000, 'above 5,000 ms it may be told too late to help', 'Health is "look" from so many (ms): its greeting is a 220'),
  ('health.platform-smtp.wrong', 'Mail server greets: wrong from (ms)', 'decimal', '5000', 1, 5000, NULL, 5000, 'above 5,000 ms it may be told too late to help', 'Health is "wrong" from so many (ms): its greeting is a 220'),
  ('health.host-up.look', 'Answers: look from (ms)', 'decimal', '3000', 1, 60000, NULL, 30000, 'above 30 s it may be told too late to help', 'Health is "look" from so many (ms): key, sign-in and first command'),
  ('health.host-disk.look', 'Disk used: look from (percent)', 'decimal', '80', 1, 99, NULL, 90, 'above 90 % it may be told too late to help', 'Health is "look" from so many (percent): of what ordinary accounts may use'),
  ('health.host-disk.wrong', 'Disk used: wrong from (percent)', 'decimal', '90', 1, 99, NULL, 95, 'above 95 % it may be told too late to help', 'Health is "wrong" from so many (percent): of what ordinary accounts may use'),
  ('health.host-inodes.look', 'Inodes used: look from (percent)', 'decimal', '80', 1, 99, NULL, 90, 'above 90 % it may be told too late to help', 'Health is "look" from so many (percent): files that fit on the disk'),
  ('health.host-inodes.wrong', 'Inodes used: wrong from (percent)', 'decimal', '90', 1, 99, NULL, 95, 'above 95 % it may be told too late to help', 'Health is "wrong" from so many (percent): files that fit on the disk'),
  ('health.host-database-room.look', 'Free for the database: look below (GB)', 'decimal', '10', 0.1, 100000, 5, NULL, 'below 5.0 GB it may be told too late to help', 'Health is "look" below so many (GB): free on the disk that holds the database'),
  ('health.host-database-room.wrong', 'Free for the database: wrong below (GB)', 'decimal', '2', 0.1, 100000, 1, NULL, 'below 1.0 GB it may be told too late to help', 'Health is "wrong" below so many (GB): free on the disk that holds the database'),
  ('health.host-memory.look', 'Memory available: look below (percent)', 'decimal', '15', 1, 100, 7.5, NULL, 'below 7.5 % it may be told too late to help', 'Health is "look" below so many (percent): what programs can still have without swapping'),
  ('health.host-memory.wrong', 'Memory available: wrong below (percent)', 'decimal', '5', 1, 100, 2.5, NULL, 'below 2.5 % it may be told too late to help', 'Health is "wrong" below so many (percent): what programs can still have without swapping'),
  ('health.host-load.look', 'Load for each CPU: look from (programs for each CPU)', 'decimal', '2', 0.1, 100, NULL, 20, 'above 20.00 it may be told too late to help', 'Health is "look" from so many (programs for each CPU): programs that wait for a CPU or a disk, of fifteen minutes'),
  ('health.host-floor.look', 'Below the floor of the guide: look from (how many)', 'integer', '1', 1, 3, NULL, 3, 'above 3 it may be told too late to help', 'Health is "look" from so many (how many): less than 2 CPUs, 4 GB of memory or 50 GB of disk'),
  ('health.host-certificate.look', 'Certificate ends in: look below (days)', 'decimal', '30', 1, 3650, 15, NULL, 'below 15 d it may be told too late to help', 'Health is "look" below so many (days): days that the certificate still holds'),
  ('health.host-certificate.wrong', 'Certificate ends in: wrong below (days)', 'decimal', '7', 1, 3650, 3.5, NULL, 'below 3.5 d it may be told too late to help', 'Health is "wrong" below so many (days): days that the certificate still holds'),
  ('health.host-ports.look', 'Ports that nobody expects: look from (how many)', 'integer', '1', 1, 10000, NULL, 10, 'above 10 it may be told too late to help', 'Health is "look" from so many (how many): ports that listen to other hosts and are not in the profile'),
  ('health.host-updates.look', 'Security updates waiting: look from (how many)', 'integer', '1', 1, 10000, NULL, 10, 'above 10 it may be told too late to help', 'Health is "look" from so many (how many): of the package lists that the host has'),
  ('health.host-updates.wrong', 'Security updates waiting: wrong from (how many)', 'integer', '50', 1, 10000, NULL, 500, 'above 500 it may be told too late to help', 'Health is "wrong" from so many (how many): of the package lists that the host has')
) AS s (key, label, type, value, min, max, safe_min, safe_max, standard, description);
ALTER TABLE platform.setting ENABLE TRIGGER demand_action;
INSERT INTO platform.setting_version (key, version, value) SELECT s.key, s.version, s.value FROM platform.setting s WHERE s.category = 'health';

-- As before, by the thresholds that are set.
CREATE OR REPLACE FUNCTION ops.daily_of_hosts(since timestamptz)
RETURNS TABLE (category text, entity text, entity_id text, label text, words text, level text, at timestamptz, actor_id bigint, pane text, filter text, rank bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most_hours numeric := (SELECT (s.value #>> '{}')::numeric FROM platform.setting s WHERE s.key = 'health.backup.wrong');
  least_percent numeric := (SELECT (s.value #>> '{}')::numeric FROM platform.setting s WHERE s.key = 'health.backup-size.wrong');
BEGIN
  RETURN QUERY
  SELECT 'failed runs', 'run', r.number::text, '#' || r.number, format('%s %s%s', r.title, r.status, coalesce(': ' || r.error, '')), CASE WHEN r.status = 'unknown' OR r.dangerous THEN 'critical' ELSE 'warning' END,
         coalesce(r.finished_at, r.queued_at)::timestamptz, NULL::bigint, 'runs', 'id=' || r.number, CASE WHEN r.status = 'unknown' OR r.dangerous THEN 0 ELSE 1 END::bigint
    FROM ops.run r WHERE r.status = 'unknown' OR (r.status IN ('failed', 'timed out') AND r.finished_at >= since)
  UNION ALL
  SELECT 'failed runs', 'schedule', s.id::text, s.name, string_agg(format('%s %s: %s', to_char(d.due_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), CASE WHEN d.times > 1 THEN format('missed %s times', d.times) ELSE d.status END, d.words), '; ' ORDER BY d.due_at),
         'warning', max(d.finished_at)::timestamptz, NULL, 'schedule', 'name=' || s.name, 2
    FROM ops.schedule_run d JOIN ops.schedule s ON s.id = d.schedule_id WHERE d.status IN ('failed', 'missed') AND d.finished_at >= since AND s.runbook IS NOT NULL GROUP BY s.id, s.name
  UNION ALL
  SELECT 'backups', 'backup', b.id::text, b.name, format('the backup %s of %s is corrupt: %s', b.name, h.name, coalesce(b.fault, 'it cannot be read')), 'critical', coalesce(b.checked_at, b.taken_at)::timestamptz, NULL, 'backups', 'id=' || b.id, 0
    FROM ops.backup b JOIN ops.host h ON h.id = b.host_id WHERE b.status = 'corrupt'
  UNION ALL
  SELECT 'backups', 'backup', coalesce(n.id::text, '-'), coalesce(n.name, 'none'),
         CASE WHEN n.id IS NULL THEN 'there is no verified backup of the database'
              WHEN n.taken_at < clock_timestamp() - most_hours * interval '1 hour' THEN format('the newest verified backup of the database, %s on %s, is older than %s hours', n.name, n.host, most_hours)
              ELSE format('the newest backup of the database, %s on %s, is smaller than %s %% of the one before: %s octets after %s', n.name, n.host, least_percent, n.octets, n.previous_octets) END,
         'critical', coalesce(n.taken_at, clock_timestamp())::timestamptz, NULL, 'backups', CASE WHEN n.id IS NULL THEN '' ELSE 'id=' || n.id END, 1
    FROM (SELECT 1) one LEFT JOIN LATERAL (SELECT b.id, b.name, b.taken_at, b.octets, b.previous_octets, h.name AS host FROM ops.backup b JOIN ops.host h ON h.id = b.host_id
                                            WHERE b.sort = 'database' AND b.status = 'verified' ORDER BY b.taken_at DESC, b.id DESC LIMIT 1) n ON true
   WHERE EXISTS (SELECT FROM ops.host h WHERE h.retired_at IS NULL) AND (n.id IS NULL OR n.taken_at < clock_timestamp() - most_hours * interval '1 hour' OR n.octets * 100 < n.previous_octets * least_percent);
END $$;
