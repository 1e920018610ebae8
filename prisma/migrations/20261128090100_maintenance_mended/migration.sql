-- A backup that is gone or damaged on its host and whole where it was copied to is a backup: it is shown as what it is, health and the daily review ask about it, and nothing calls it expired.
-- Such a row is verified and has a fault, which says what is wrong with the one on the host and where its copy lies.

INSERT INTO ops.backup_transition VALUES ('expired', 'verified'), ('expired', 'corrupt');

-- As before; what lies there as a copy alone is not gone.
CREATE OR REPLACE FUNCTION ops.take_backup_list(of_host bigint, said jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  away jsonb := coalesce(said -> 'copies', '{}');
BEGIN
  UPDATE ops.backup b SET status = 'expired', expired_at = clock_timestamp()
   WHERE b.host_id = of_host AND b.status IN ('verified', 'corrupt') AND NOT coalesce((said -> 'names' -> b.sort) ? b.name, true)
     AND NOT (coalesce(away ->> b.sort, '') = 'away' AND (coalesce(b.copied, false) OR b.copy_status IS NOT NULL));
  -- Nobody can tell while the place of its copy is away: it is neither whole nor gone.
  UPDATE ops.backup b SET status = 'corrupt', fault = 'it is not on its host any more, and the place of its copy is away: bring that disk back and look again', copy_status = 'missing', copy_fault = 'its place is away'
   WHERE b.host_id = of_host AND b.status IN ('verified', 'corrupt') AND NOT coalesce((said -> 'names' -> b.sort) ? b.name, true)
     AND away ->> b.sort = 'away' AND (coalesce(b.copied, false) OR b.copy_status IS NOT NULL);
  -- Whole in one place is whole; what is wrong with the other is its fault. What was thought to be gone and lies there is back.
  UPDATE ops.backup b
     SET status = CASE WHEN 'verified' IN (l.one ->> 'status', l.one ->> 'copy') THEN 'verified' ELSE 'corrupt' END, pinned = (l.one ->> 'pinned')::boolean,
         checked_at = coalesce((l.one ->> 'checkedAt')::timestamptz, b.checked_at), fault = l.one ->> 'why', expired_at = NULL
    FROM jsonb_array_elements(said -> 'backups') AS l (one)
   WHERE b.host_id = of_host AND b.name = l.one ->> 'name' AND b.status IN ('verified', 'corrupt', 'expired') AND l.one ->> 'status' IN ('verified', 'corrupt', 'missing')
     AND (b.status, b.pinned, b.fault) IS DISTINCT FROM (CASE WHEN 'verified' IN (l.one ->> 'status', l.one ->> 'copy') THEN 'verified' ELSE 'corrupt' END, (l.one ->> 'pinned')::boolean, l.one ->> 'why');
  -- As they look from outside
  UPDATE ops.backup b SET copy_status = l.one ->> 'copy', copy_fault = CASE l.one ->> 'copy' WHEN 'missing' THEN 'it is not there' WHEN 'corrupt' THEN coalesce(b.copy_fault, 'it is not as long as it was') END
    FROM jsonb_array_elements(said -> 'backups') AS l (one)
   WHERE b.host_id = of_host AND b.name = l.one ->> 'name' AND b.status IN ('verified', 'corrupt') AND l.one ? 'copy' AND b.copy_status IS DISTINCT FROM l.one ->> 'copy';
  INSERT INTO ops.backup (host_id, name, sort, status, pinned, taken_at, octets, encrypted, checked_at, fault, copy_status, manifest)
  SELECT of_host, l.one ->> 'name', l.one ->> 'sort', CASE WHEN 'verified' IN (l.one ->> 'status', l.one ->> 'copy') THEN 'verified' ELSE 'corrupt' END, (l.one ->> 'pinned')::boolean, (l.one ->> 'takenAt')::timestamptz, (l.one ->> 'octets')::bigint,
         (l.one ->> 'encrypted')::boolean, (l.one ->> 'checkedAt')::timestamptz, l.one ->> 'why', l.one ->> 'copy', l.one
    FROM jsonb_array_elements(said -> 'backups') AS l (one) WHERE l.one ->> 'status' IN ('verified', 'corrupt', 'missing')
  ON CONFLICT (host_id, name) DO NOTHING;
END $$;

-- As before; one whose copy was read and is whole is not corrupt.
CREATE OR REPLACE FUNCTION ops.follow_backup() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  work text := new.words[3];
  is_over boolean := new.status IN ('succeeded', 'failed', 'timed out', 'aborted', 'skipped');
BEGIN
  IF work IN ('backup', 'backup-files') AND new.status = 'running' THEN
    INSERT INTO ops.backup (host_id, name, sort, run_id) VALUES (new.host_id, format('run %s, step %s', new.run_id, new.position), CASE work WHEN 'backup' THEN 'database' ELSE 'files' END, new.run_id)
    ON CONFLICT (host_id, name) DO NOTHING;
  END IF;
  -- What a host says may be anything: it must not keep the run from ending.
  BEGIN
    IF is_over AND work IN ('backup', 'backup-files') AND new.result ? 'name' THEN
      PERFORM ops.take_backup_result(new.run_id, new.host_id, new.result);
      UPDATE ops.backup b SET status = 'expired', expired_at = clock_timestamp()
       WHERE b.host_id = new.host_id AND b.status IN ('verified', 'corrupt') AND coalesce((new.result -> 'expired') ? b.name, false);
    ELSIF is_over AND work = 'verify-backup' AND new.result ? 'verified' THEN
      UPDATE ops.backup b SET status = CASE WHEN (new.result ->> 'verified')::boolean OR coalesce(new.result -> 'copy' ->> 'status', '') = 'verified' THEN 'verified' ELSE 'corrupt' END, checked_at = clock_timestamp(), fault = new.result ->> 'fault'
       WHERE b.host_id = new.host_id AND b.name = new.result ->> 'name' AND b.status IN ('verified', 'corrupt');
      UPDATE ops.backup b SET copy_status = new.result -> 'copy' ->> 'status', copy_checked_at = clock_timestamp(), copy_fault = new.result -> 'copy' ->> 'fault'
       WHERE b.host_id = new.host_id AND b.name = new.result ->> 'name' AND b.status IN ('verified', 'corrupt') AND jsonb_typeof(new.result -> 'copy') = 'object';
    ELSIF is_over AND work IN ('pin-backup', 'unpin-backup') AND new.result ? 'pinned' THEN
      UPDATE ops.backup b SET pinned = (new.result ->> 'pinned')::boolean WHERE b.host_id = new.host_id AND b.name = new.result ->> 'name';
    ELSIF is_over AND work = 'list-backups' AND new.result ? 'names' THEN
      PERFORM ops.take_backup_list(new.host_id, new.result);
    END IF;
  EXCEPTION WHEN data_exception OR integrity_constraint_violation OR SQLSTATE 'BU007' OR SQLSTATE 'BU010' THEN
    NULL;
  END;
  IF is_over AND work IN ('backup', 'backup-files') THEN
    DELETE FROM ops.backup b WHERE b.run_id = new.run_id AND b.host_id = new.host_id AND b.status = 'writing';
  END IF;
  RETURN NULL;
END $$;

-- As before, with those that are left as a copy alone.
CREATE OR REPLACE FUNCTION ops.daily_of_hosts(since timestamptz)
RETURNS TABLE (category text, entity text, entity_id text, label text, words text, level text, at timestamptz, actor_id bigint, pane text, filter text, rank bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most_hours numeric := (SELECT (s.value #>> '{}')::numeric FROM platform.setting s WHERE s.key = 'health.backup.wrong');
  least_percent numeric := (SELECT (s.value #>> '{}')::numeric FROM platform.setting s WHERE s.key = 'health.backup-size.wrong');
  longest_wait numeric := (SELECT (s.value #>> '{}')::numeric FROM platform.setting s WHERE s.key = 'health.run-waits.look');
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
  SELECT 'failed runs', w.entity, w.entity_id, w.label, w.words, 'warning', w.waits_from, NULL, CASE w.entity WHEN 'run' THEN 'runs' ELSE 'schedule' END, CASE w.entity WHEN 'run' THEN 'id=' || w.entity_id ELSE 'name=' || w.label END, 3
    FROM ops.waiting_work() w WHERE w.seconds >= longest_wait
      -- told above already
     AND NOT EXISTS (SELECT FROM ops.run r WHERE w.entity = 'run' AND r.number::text = w.entity_id AND r.status = 'unknown')
     AND NOT EXISTS (SELECT FROM ops.schedule_run d WHERE w.entity = 'schedule' AND d.schedule_id::text = w.entity_id AND d.status IN ('failed', 'missed') AND d.finished_at >= since)
  UNION ALL
  SELECT 'backups', 'backup', b.id::text, b.name, format('the backup %s of %s is corrupt: %s', b.name, h.name, coalesce(b.fault, 'it cannot be read')), 'critical', coalesce(b.checked_at, b.taken_at)::timestamptz, NULL, 'backups', 'id=' || b.id, 0
    FROM ops.backup b JOIN ops.host h ON h.id = b.host_id WHERE b.status = 'corrupt'
  UNION ALL
  SELECT 'backups', 'backup', b.id::text, b.name, format('the backup %s of %s is left as a copy alone: %s', b.name, h.name, b.fault), 'critical', coalesce(b.checked_at, b.taken_at)::timestamptz, NULL, 'backups', 'id=' || b.id, 0
    FROM ops.backup b JOIN ops.host h ON h.id = b.host_id WHERE b.status = 'verified' AND b.fault IS NOT NULL
  UNION ALL
  SELECT 'backups', 'backup', b.id || '-copy', b.name, format('the copy of the backup %s of %s is %s: %s', b.name, h.name, b.copy_status, coalesce(b.copy_fault, 'it cannot be read')), 'critical', coalesce(b.copy_checked_at, b.taken_at)::timestamptz, NULL, 'backups', 'id=' || b.id, 0
    FROM ops.backup b JOIN ops.host h ON h.id = b.host_id WHERE b.status IN ('verified', 'corrupt') AND b.copy_status IN ('corrupt', 'missing')
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

CREATE OR REPLACE FUNCTION ops.measure_jobs() RETURNS TABLE (measure text, value double precision, grade text, words text) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT j.measure, extract(epoch FROM clock_timestamp() - good.finished_at)::float8 / 3600, CASE WHEN l.status = 'failed' THEN 'bad' WHEN good.finished_at IS NULL THEN 'warn' END,
         CASE WHEN l.id IS NULL THEN 'not looked at yet' ELSE format('%s at %s: %s', l.status, to_char(l.finished_at, 'YYYY-MM-DD HH24:MI'), left(l.words, 300)) END
    FROM (VALUES ('ledger', 'ledger'), ('audit-chain', 'audit-verify')) AS j (measure, job) JOIN ops.schedule s ON s.name = j.job
    LEFT JOIN LATERAL (SELECT r.* FROM ops.schedule_run r WHERE r.schedule_id = s.id AND r.status IN ('succeeded', 'failed') ORDER BY r.due_at DESC LIMIT 1) l ON true
    LEFT JOIN LATERAL (SELECT r.finished_at FROM ops.schedule_run r WHERE r.schedule_id = s.id AND r.status = 'succeeded' ORDER BY r.due_at DESC LIMIT 1) good ON true;

  -- A demo that nobody backed up yet is worth a look, a bank that nobody backed up is wrong
  RETURN QUERY SELECT 'backup', extract(epoch FROM clock_timestamp() - b.taken_at)::float8 / 3600,
         CASE WHEN b.id IS NULL THEN CASE WHEN EXISTS (SELECT FROM platform.demo_marker) THEN 'warn' ELSE 'bad' END
              WHEN EXISTS (SELECT FROM ops.backup c WHERE c.sort = 'database' AND c.status = 'corrupt' AND c.taken_at > b.taken_at) OR b.copy_status IN ('corrupt', 'missing') OR b.fault IS NOT NULL THEN 'bad' END,
         CASE WHEN b.id IS NULL THEN 'there is none that was verified' ELSE left(format('%s on %s, %s%s%s', b.name, b.host, coalesce(ops.size_words(b.octets::float8), 'of unknown size'),
              CASE WHEN b.encrypted THEN ', encrypted' ELSE ', not encrypted' END, CASE WHEN b.fault IS NOT NULL THEN ', left as a copy alone' WHEN b.copy_status IN ('corrupt', 'missing') THEN ', its copy is ' || b.copy_status WHEN b.copied OR b.copy_status = 'verified' THEN ', copied' ELSE ', not copied elsewhere' END), 500) END
    FROM (VALUES (1)) one LEFT JOIN LATERAL (SELECT k.*, h.name AS host FROM ops.backup k JOIN ops.host h ON h.id = k.host_id WHERE k.sort = 'database' AND k.status = 'verified' ORDER BY k.taken_at DESC, k.id DESC LIMIT 1) b ON true;
  RETURN QUERY SELECT 'backup-size', CASE WHEN b.previous_octets > 0 THEN 100.0::float8 * b.octets / b.previous_octets END, NULL::text,
         CASE WHEN b.id IS NULL THEN 'there is none' WHEN b.previous_octets IS NULL THEN 'there is none before it' ELSE format('%s after %s', ops.size_words(b.octets::float8), ops.size_words(b.previous_octets::float8)) END
    FROM (VALUES (1)) one LEFT JOIN LATERAL (SELECT k.* FROM ops.backup k WHERE k.sort = 'database' AND k.status = 'verified' ORDER BY k.taken_at DESC, k.id DESC LIMIT 1) b ON true;
  RETURN QUERY SELECT 'drill', extract(epoch FROM clock_timestamp() - g.finished_at)::float8 / 86400, CASE WHEN NOT l.succeeded THEN 'bad' WHEN g.id IS NULL THEN 'warn' END,
         CASE WHEN l.id IS NULL THEN 'nobody restored a backup yet' WHEN NOT l.succeeded THEN 'the last one failed: ' || left(coalesce(l.finding, '-'), 400)
              ELSE format('%s was restored in %s s, %s transactions', l.backup, l.seconds, to_char(l.transactions, 'FM999,999,999,999')) END
    FROM (VALUES (1)) one LEFT JOIN LATERAL (SELECT d.* FROM ops.drill d ORDER BY d.finished_at DESC, d.id DESC LIMIT 1) l ON true
    LEFT JOIN LATERAL (SELECT d.* FROM ops.drill d WHERE d.succeeded ORDER BY d.finished_at DESC, d.id DESC LIMIT 1) g ON true;
  RETURN QUERY SELECT 'orphans', CASE WHEN jsonb_typeof(o.result -> 'orphans') = 'number' THEN (o.result ->> 'orphans')::float8 END, NULL::text,
         CASE WHEN o.finished_at IS NULL THEN 'nobody has listed them yet' ELSE format('as run %s listed them at %s', o.number, to_char(o.finished_at, 'YYYY-MM-DD HH24:MI')) END
    FROM (VALUES (1)) one LEFT JOIN LATERAL (SELECT s.result, s.finished_at, r.number FROM ops.run r JOIN ops.run_step s ON s.run_id = r.id
      WHERE r.runbook = 'orphans' AND s.status = 'succeeded' ORDER BY r.queued_at DESC, r.number DESC LIMIT 1) o ON true;
END $$;
