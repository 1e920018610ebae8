-- How the bank's database, hosts and platform are: measured every minute, kept as history, compared with thresholds by whoever reads it.
-- What a host says is believed as far as the host is; what the database says of itself it measures by its own functions.

CREATE TABLE ops.health_series (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  measure  text NOT NULL CHECK (measure ~ '^[a-z][a-z0-9-]{0,62}$'),
  host_id  bigint REFERENCES ops.host, -- null: of the database, or of the console that measured
  subject  text NOT NULL CHECK (length(subject) <= 200), -- of several in one place: a disk, a certificate
  at       timestamptz(3) NOT NULL, -- of the last measuring
  value    double precision CHECK (value BETWEEN -1e15 AND 1e15), -- null where it could not be measured
  grade    text CHECK (grade IN ('warn', 'bad')), -- what only whoever measured can know, beyond thresholds
  words    text NOT NULL CHECK (length(words) <= 500),
  UNIQUE NULLS NOT DISTINCT (measure, host_id, subject)
);
CREATE INDEX health_series_host_id_idx ON ops.health_series (host_id);

-- History of a series: every measuring for two days, then the first of each hour for ninety.
CREATE TABLE ops.health_sample (
  series_id bigint NOT NULL REFERENCES ops.health_series ON DELETE CASCADE,
  at        timestamptz(3) NOT NULL,
  value     double precision NOT NULL,
  hourly    boolean NOT NULL, -- the first of its hour
  PRIMARY KEY (series_id, at)
);
CREATE INDEX health_sample_thinned_idx ON ops.health_sample (at) WHERE NOT hourly;
CREATE INDEX health_sample_expired_idx ON ops.health_sample (at) WHERE hourly;

-- When it was last measured, and by that whose turn it is: of many consoles one measures.
CREATE TABLE ops.health_watch (
  host_id    bigint REFERENCES ops.host, -- null: the database
  looked_at  timestamptz(3) NOT NULL,
  thinned_at timestamptz(3),
  UNIQUE NULLS NOT DISTINCT (host_id)
);

CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.health_series FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.health_sample FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.health_watch FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- Needs a server that was started with its library; a database user who may not create it leaves that to whoever may.
DO $$
BEGIN
  IF current_setting('shared_preload_libraries') ~ 'pg_stat_statements' THEN
    CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
  END IF;
EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
  NULL;
END $$;

-- ── Looking ──────────────────────────────────────────────────────────────────────────────────────

-- A statement without what people typed into it: whoever writes values as literals shows them to nobody here.
CREATE FUNCTION ops.without_values(statement text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT left(regexp_replace(regexp_replace(regexp_replace(statement, '''([^'']|'''')*(''|$)', '?', 'g'), '\$([a-z_]*)\$.*', '?'), '\s+', ' ', 'g'), 2000)
$$;

-- Sessions that wait for a lock of another, each with the one it waits for.
CREATE FUNCTION ops.waiting_sessions() RETURNS TABLE (pid bigint, waits_seconds bigint, login text, client text, statement text, wants text,
                                                      blocker_pid bigint, blocker_login text, blocker_client text, blocker_state text, blocker_since timestamptz, blocker_statement text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT w.pid::bigint, greatest(0, extract(epoch FROM clock_timestamp() - coalesce((SELECT min(l.waitstart) FROM pg_locks l WHERE l.pid = w.pid AND NOT l.granted), w.query_start)))::bigint,
         w.usename::text, w.application_name, ops.without_values(w.query),
         coalesce((SELECT l.mode || coalesce(' on ' || (SELECT c.relname FROM pg_class c WHERE c.oid = l.relation), ' on ' || l.locktype) FROM pg_locks l WHERE l.pid = w.pid AND NOT l.granted LIMIT 1), '-'),
         b.pid::bigint, b.usename::text, b.application_name, b.state, b.xact_start, ops.without_values(b.query)
    FROM pg_stat_activity w CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) WITH ORDINALITY AS x (pid, turn) LEFT JOIN pg_stat_activity b ON b.pid = x.pid
   WHERE w.datname = current_database() AND w.wait_event_type = 'Lock' AND x.turn = 1
$$;

-- The statements that take longest: of all that were counted since the statistics began, or those that run now where nothing counts them.
CREATE FUNCTION ops.slow_statements() RETURNS TABLE (id bigint, mean_ms double precision, calls bigint, total_ms double precision, max_ms double precision, rows_each double precision, login text, statement text, counted boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  home text := (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements');
BEGIN
  IF home IS NOT NULL THEN
    BEGIN
      RETURN QUERY EXECUTE format(
        'SELECT s.queryid & 562949953421311, sum(s.total_exec_time) / greatest(sum(s.calls), 1), sum(s.calls)::bigint, sum(s.total_exec_time), max(s.max_exec_time),
                (sum(s.rows) / greatest(sum(s.calls), 1))::float8, string_agg(DISTINCT pg_get_userbyid(s.userid)::text, '', ''), ops.without_values(min(s.query)), true
           FROM %I.pg_stat_statements s
          WHERE s.dbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) AND s.toplevel AND s.queryid IS NOT NULL
            AND s.query !~* ''^\s*(create|alter|drop|copy|vacuum|analyze|reindex|refresh|begin|commit|grant|revoke|truncate|comment|do)\y''
          GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 200', home);
      RETURN;
    EXCEPTION WHEN object_not_in_prerequisite_state OR undefined_table OR undefined_column OR insufficient_privilege THEN
      NULL; -- the extension is there and its library is not
    END;
  END IF;
  RETURN QUERY
  SELECT a.pid::bigint, extract(epoch FROM clock_timestamp() - a.query_start)::float8 * 1000, 1::bigint, extract(epoch FROM clock_timestamp() - a.query_start)::float8 * 1000,
         extract(epoch FROM clock_timestamp() - a.query_start)::float8 * 1000, NULL::float8, a.usename::text, ops.without_values(a.query), false
    FROM pg_stat_activity a WHERE a.datname = current_database() AND a.state = 'active' AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend';
END $$;

-- Tables with their size and what autovacuum left to do.
CREATE FUNCTION ops.table_statistics() RETURNS TABLE (id bigint, name text, live bigint, dead bigint, dead_percent double precision, bytes bigint, table_bytes bigint, index_bytes bigint,
                                                       sequential bigint, by_index bigint, vacuumed_at timestamptz, analyzed_at timestamptz, age bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.relid::bigint, s.schemaname || '.' || s.relname, s.n_live_tup, s.n_dead_tup,
         CASE WHEN s.n_live_tup + s.n_dead_tup > 0 THEN 100.0 * s.n_dead_tup / (s.n_live_tup + s.n_dead_tup) ELSE 0 END,
         (c.relpages + i.pages + coalesce(o.relpages, 0))::bigint * current_setting('block_size')::bigint, (c.relpages + coalesce(o.relpages, 0))::bigint * current_setting('block_size')::bigint,
         i.pages * current_setting('block_size')::bigint, s.seq_scan, coalesce(s.idx_scan, 0), greatest(s.last_vacuum, s.last_autovacuum), greatest(s.last_analyze, s.last_autoanalyze), age(c.relfrozenxid)::bigint
    FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid LEFT JOIN pg_class o ON o.oid = c.reltoastrelid
   CROSS JOIN LATERAL (SELECT coalesce(sum(x.relpages), 0)::bigint AS pages FROM pg_index d JOIN pg_class x ON x.oid = d.indexrelid WHERE d.indrelid = c.oid) i
$$;

-- Indexes with how often they were used. One that enforces something is needed even where nobody reads by it.
CREATE FUNCTION ops.index_statistics() RETURNS TABLE (id bigint, name text, on_table text, scans bigint, bytes bigint, enforces boolean, is_valid boolean, definition text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.indexrelid::bigint, s.schemaname || '.' || s.indexrelname, s.schemaname || '.' || s.relname, s.idx_scan, c.relpages::bigint * current_setting('block_size')::bigint,
         i.indisunique OR i.indisexclusion OR EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = s.indexrelid), i.indisvalid, pg_get_indexdef(s.indexrelid)
    FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid JOIN pg_class c ON c.oid = s.indexrelid
$$;

CREATE FUNCTION ops.size_words(bytes double precision) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN round(abs(bytes) / 1024) < 1024 THEN round(bytes / 1024) || ' kB' WHEN round(abs(bytes) / 1048576) < 1024 THEN round(bytes / 1048576) || ' MB' ELSE round((bytes / 1073741824)::numeric, 1) || ' GB' END
$$;

-- ── Measuring ────────────────────────────────────────────────────────────────────────────────────

-- Connections, locks, transactions, statements. Internal.
CREATE FUNCTION ops.measure_sessions() RETURNS TABLE (measure text, value double precision, grade text, words text) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  most integer := current_setting('max_connections')::int;
  sees_all boolean := pg_has_role(current_user, 'pg_read_all_stats', 'USAGE');
BEGIN
  RETURN QUERY SELECT 'connections', 100.0::float8 * count(*) / most, NULL::text,
         format('%s of %s: %s at work, %s idle in a transaction', count(*), most, count(*) FILTER (WHERE a.state = 'active'), count(*) FILTER (WHERE a.state LIKE 'idle in%'))
         || CASE WHEN sees_all THEN '' ELSE '; GRANT pg_read_all_stats TO bursar_owner shows the rest' END
    FROM pg_stat_activity a WHERE a.backend_type = 'client backend';
  RETURN QUERY SELECT 'lock-waits', coalesce(max(w.waits_seconds), 0)::float8, NULL::text,
         CASE WHEN count(*) = 0 THEN 'nobody waits for a lock'
              ELSE format('%s waiting, first behind process %s of %s (%s)', count(*), (array_agg(w.blocker_pid ORDER BY w.waits_seconds DESC))[1], (array_agg(w.blocker_login ORDER BY w.waits_seconds DESC))[1],
                          (array_agg(w.blocker_client ORDER BY w.waits_seconds DESC))[1]) END
    FROM ops.waiting_sessions() w;
  RETURN QUERY SELECT 'longest-transaction', coalesce(max(t.seconds), 0)::float8, NULL::text,
         coalesce((array_agg(format('process %s of %s (%s), %s', t.pid, t.usename, t.application_name, t.state) ORDER BY t.seconds DESC))[1], 'none is open')
    FROM (SELECT a.pid, a.usename, a.application_name, a.state, extract(epoch FROM clock_timestamp() - a.xact_start) AS seconds
            FROM pg_stat_activity a WHERE a.backend_type = 'client backend' AND a.xact_start IS NOT NULL AND a.pid <> pg_backend_pid()) t;
  RETURN QUERY SELECT 'slowest-statement', coalesce(max(s.mean_ms), 0), NULL::text,
         CASE WHEN count(*) = 0 THEN 'no statement was called three times'
              ELSE format('%s: %s', CASE WHEN bool_or(s.counted) THEN 'mean of ' || (array_agg(s.calls ORDER BY s.mean_ms DESC))[1] || ' calls' ELSE 'runs now, pg_stat_statements is not there' END,
                          left((array_agg(s.statement ORDER BY s.mean_ms DESC))[1], 200)) END
    FROM ops.slow_statements() s WHERE s.calls >= 3 OR NOT s.counted;
  RETURN QUERY SELECT 'cache-hits', CASE WHEN d.blks_hit + d.blks_read >= 10000 THEN 100.0::float8 * d.blks_hit / (d.blks_hit + d.blks_read) END, NULL::text,
         CASE WHEN d.blks_hit + d.blks_read >= 10000 THEN format('%s of %s blocks were in memory', to_char(d.blks_hit, 'FM999,999,999,999'), to_char(d.blks_hit + d.blks_read, 'FM999,999,999,999'))
              ELSE 'too little was read to say' END
    FROM pg_stat_database d WHERE d.datname = current_database();
END $$;

-- Tables, indexes, size, growth. Internal.
CREATE FUNCTION ops.measure_storage() RETURNS TABLE (measure text, value double precision, grade text, words text) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  size bigint := pg_database_size(current_database());
  since timestamptz := (SELECT d.stats_reset FROM pg_stat_database d WHERE d.datname = current_database());
  daily double precision; -- octets that come every day
  span interval;
  room record;
BEGIN
  RETURN QUERY SELECT 'dead-rows', coalesce(max(t.dead_percent), 0), NULL::text,
         coalesce((array_agg(format('%s: %s of %s rows are dead, last vacuum %s', t.name, to_char(t.dead, 'FM999,999,999,999'), to_char(t.dead + t.live, 'FM999,999,999,999'), coalesce(to_char(t.vacuumed_at, 'YYYY-MM-DD HH24:MI'), 'never')) ORDER BY t.dead_percent DESC))[1],
                  'no table has 10,000 dead rows')
    FROM ops.table_statistics() t WHERE t.dead >= 10000;
  RETURN QUERY SELECT 'unused-indexes', coalesce(sum(i.bytes), 0)::float8, NULL::text,
         format('%s that nothing was read by%s', count(*), coalesce(' since ' || to_char(since, 'YYYY-MM-DD'), ' so far'))
    FROM ops.index_statistics() i WHERE i.scans = 0 AND NOT i.enforces AND i.bytes >= 65536;
  RETURN QUERY SELECT 'broken-indexes', count(*)::float8, NULL::text, coalesce(left(string_agg(i.name, ', '), 300), 'every index is valid') FROM ops.index_statistics() i WHERE NOT i.is_valid;

  SELECT regr_slope(s.value, extract(epoch FROM s.at)) * 86400, max(s.at) - min(s.at) INTO daily, span
    FROM ops.health_sample s JOIN ops.health_series r ON r.id = s.series_id WHERE r.measure = 'database-size' AND r.host_id IS NULL AND s.hourly AND s.at > clock_timestamp() - interval '30 days';
  RETURN QUERY SELECT 'database-size', size::float8, NULL::text,
         CASE WHEN span >= interval '6 hours' THEN format('%s a day in the last %s', CASE WHEN daily < 0 THEN '-' ELSE '+' END || ops.size_words(abs(daily)), CASE WHEN span >= interval '2 days' THEN round(extract(epoch FROM span) / 86400) || ' days' ELSE round(extract(epoch FROM span) / 3600) || ' hours' END)
              ELSE 'growth is known after six hours of samples' END;
  SELECT r.value AS free, h.name INTO room FROM ops.health_series r JOIN ops.host h ON h.id = r.host_id
   WHERE r.measure = 'host-database-room' AND h.retired_at IS NULL AND r.at > clock_timestamp() - interval '1 day' ORDER BY r.at DESC LIMIT 1;
  RETURN QUERY SELECT 'capacity',
         CASE WHEN room.free IS NULL OR span IS NULL OR span < interval '6 hours' THEN NULL WHEN daily <= 0 THEN 3650 ELSE least(3650, room.free / daily) END, NULL::text,
         CASE WHEN room.free IS NULL THEN 'no host has told how much room the disk of the database has'
              WHEN span IS NULL OR span < interval '6 hours' THEN format('%s are free on %s; growth is known after six hours of samples', ops.size_words(room.free), room.name)
              WHEN daily <= 0 THEN format('%s are free on %s, and the database does not grow', ops.size_words(room.free), room.name)
              ELSE format('%s are free on %s, at %s a day until %s', ops.size_words(room.free), room.name, ops.size_words(daily), to_char(clock_timestamp() + make_interval(days => least(3650, room.free / daily)::int), 'YYYY-MM-DD')) END;
END $$;

-- Replication, wraparound, checkpoints. Internal.
CREATE FUNCTION ops.measure_upkeep() RETURNS TABLE (measure text, value double precision, grade text, words text) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  timed bigint;
  asked bigint;
BEGIN
  IF pg_is_in_recovery() THEN
    RETURN QUERY SELECT 'replication', coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0)::float8, NULL::text, 'this server follows another one';
  ELSE
    RETURN QUERY SELECT 'replication', coalesce(max(extract(epoch FROM r.replay_lag)), 0)::float8, CASE WHEN bool_or(r.state <> 'streaming') THEN 'warn' END,
           CASE WHEN count(*) = 0 THEN 'no server follows this one' ELSE left(string_agg(format('%s %s, %s behind', r.application_name, r.state, ops.size_words(pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn)::float8)), '; '), 400) END
      FROM pg_stat_replication r;
    RETURN QUERY SELECT 'replication-slots', coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn)), 0)::float8, NULL::text,
           CASE WHEN count(*) = 0 THEN 'none is left without its reader' ELSE left('nobody reads ' || string_agg(s.slot_name, ', '), 400) END
      FROM pg_replication_slots s WHERE NOT s.active;
  END IF;
  RETURN QUERY SELECT 'wraparound', 100.0::float8 * max(age(d.datfrozenxid)) / 2147483647, NULL::text,
         format('%s transactions since the oldest freeze, of 2,147,483,647; autovacuum begins at %s', to_char(max(age(d.datfrozenxid)), 'FM999,999,999,999'), to_char(current_setting('autovacuum_freeze_max_age')::bigint, 'FM999,999,999,999'))
    FROM pg_database d;
  -- Since Postgres 17 they are counted in a view of their own
  IF current_setting('server_version_num')::int >= 170000 THEN EXECUTE 'SELECT num_timed, num_requested FROM pg_stat_checkpointer' INTO timed, asked;
  ELSE EXECUTE 'SELECT checkpoints_timed, checkpoints_req FROM pg_stat_bgwriter' INTO timed, asked;
  END IF;
  RETURN QUERY SELECT 'checkpoints', CASE WHEN timed + asked >= 20 THEN 100.0::float8 * asked / (timed + asked) END, NULL::text,
         format('%s when due, %s before', timed, asked) || CASE WHEN timed + asked >= 20 THEN '; many before are a sign of a small max_wal_size' ELSE ': too few to judge' END;
END $$;

-- What jobs found out about ledger, audit and backups. Internal.
CREATE FUNCTION ops.measure_jobs() RETURNS TABLE (measure text, value double precision, grade text, words text) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
              WHEN EXISTS (SELECT FROM ops.backup c WHERE c.sort = 'database' AND c.status = 'corrupt' AND c.taken_at > b.taken_at) THEN 'bad' END,
         CASE WHEN b.id IS NULL THEN 'there is none that was verified' ELSE left(format('%s on %s, %s%s%s', b.name, b.host, coalesce(ops.size_words(b.octets::float8), 'of unknown size'),
              CASE WHEN b.encrypted THEN ', encrypted' ELSE ', not encrypted' END, CASE WHEN b.copied THEN ', copied' ELSE ', not copied elsewhere' END), 500) END
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

-- All that the database knows of itself, now. What cannot be measured says why, and the rest is measured all the same.
CREATE FUNCTION ops.measure_health() RETURNS TABLE (measure text, value double precision, grade text, words text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
#variable_conflict use_column
BEGIN
  BEGIN RETURN QUERY SELECT * FROM ops.measure_sessions();
  EXCEPTION WHEN insufficient_privilege OR lock_not_available OR object_not_in_prerequisite_state THEN RETURN QUERY SELECT 'connections', NULL::float8, NULL::text, left(sqlerrm, 500); END;
  BEGIN RETURN QUERY SELECT * FROM ops.measure_storage();
  EXCEPTION WHEN insufficient_privilege OR lock_not_available OR object_not_in_prerequisite_state THEN RETURN QUERY SELECT 'database-size', NULL::float8, NULL::text, left(sqlerrm, 500); END;
  BEGIN RETURN QUERY SELECT * FROM ops.measure_upkeep();
  EXCEPTION WHEN insufficient_privilege OR lock_not_available OR object_not_in_prerequisite_state THEN RETURN QUERY SELECT 'wraparound', NULL::float8, NULL::text, left(sqlerrm, 500); END;
  RETURN QUERY SELECT * FROM ops.measure_jobs();
END $$;

-- ── Keeping ──────────────────────────────────────────────────────────────────────────────────────

-- Stores what was measured; gives how much. Values that are no numbers are kept as not measured. Internal.
CREATE FUNCTION ops.keep_readings(of_host bigint, readings jsonb) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  moment timestamptz(3) := clock_timestamp();
  kept integer;
BEGIN
  IF jsonb_typeof(readings) IS DISTINCT FROM 'array' OR jsonb_array_length(readings) > 300 THEN
    RAISE EXCEPTION 'readings are a list of at most 300' USING ERRCODE = 'BU004';
  END IF;
  WITH given AS (
    SELECT DISTINCT ON (1, 2) e ->> 'measure' AS measure, left(coalesce(e ->> 'subject', ''), 200) AS subject,
           CASE WHEN jsonb_typeof(e -> 'value') = 'number' AND abs((e ->> 'value')::numeric) <= 1e15 THEN (e ->> 'value')::float8 END AS value,
           CASE WHEN e ->> 'grade' IN ('warn', 'bad') THEN e ->> 'grade' END AS grade, left(coalesce(e ->> 'words', ''), 500) AS words
      FROM jsonb_array_elements(readings) e WHERE e ->> 'measure' ~ '^[a-z][a-z0-9-]{0,62}$' AND (of_host IS NULL OR e ->> 'measure' ~ '^(host|platform)-') ORDER BY 1, 2
  ), series AS (
    INSERT INTO ops.health_series AS s (measure, host_id, subject, at, value, grade, words) SELECT g.measure, of_host, g.subject, moment, g.value, g.grade, g.words FROM given g
    ON CONFLICT (measure, host_id, subject) DO UPDATE SET at = excluded.at, value = excluded.value, grade = excluded.grade, words = excluded.words
    RETURNING s.id, s.value
  ), samples AS (
    INSERT INTO ops.health_sample (series_id, at, value, hourly)
    SELECT r.id, moment, r.value, NOT EXISTS (SELECT FROM ops.health_sample o WHERE o.series_id = r.id AND o.at >= date_trunc('hour', moment) AND o.hourly) FROM series r WHERE r.value IS NOT NULL
    ON CONFLICT DO NOTHING
  )
  SELECT count(*) INTO kept FROM series;
  -- A disk that is gone, a service that is expected no more
  DELETE FROM ops.health_series s WHERE s.host_id = of_host AND s.at < moment - interval '1 day';
  RETURN kept;
END $$;

-- Lets go of history: beyond two days all but the first of each hour, and everything beyond ninety. Internal.
CREATE FUNCTION ops.thin_health() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM ops.health_sample s WHERE NOT s.hourly AND s.at < clock_timestamp() - interval '2 days';
  DELETE FROM ops.health_sample s WHERE s.hourly AND s.at < clock_timestamp() - interval '90 days';
END $$;

-- Measures the database, once a minute whoever asks; 0 where somebody did so just now.
CREATE FUNCTION ops.sample_health(token text) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  watch ops.health_watch;
  kept integer;
BEGIN
  PERFORM ops.scheduling_session(token);
  INSERT INTO ops.health_watch (host_id, looked_at) VALUES (NULL, '-infinity') ON CONFLICT (host_id) DO NOTHING;
  SELECT * INTO watch FROM ops.health_watch w WHERE w.host_id IS NULL FOR UPDATE SKIP LOCKED;
  IF NOT FOUND OR watch.looked_at > clock_timestamp() - interval '55 seconds' THEN RETURN 0; END IF;
  kept := ops.keep_readings(NULL, (SELECT coalesce(jsonb_agg(to_jsonb(m)), '[]') FROM ops.measure_health() m));
  IF watch.thinned_at IS NULL OR watch.thinned_at < clock_timestamp() - interval '1 hour' THEN
    PERFORM ops.thin_health();
    watch.thinned_at := clock_timestamp();
  END IF;
  UPDATE ops.health_watch w SET looked_at = clock_timestamp(), thinned_at = watch.thinned_at WHERE w.host_id IS NULL;
  RETURN kept;
END $$;

-- Hosts in use whose turn it is to be asked, at most eight; whoever gets them asks them, and others get them again in five minutes.
CREATE FUNCTION ops.claim_unasked_hosts(token text) RETURNS TABLE (id bigint, name text, address text, port integer, username text, fingerprint text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  session uuid := ops.delivering_session(token);
BEGIN
  IF NOT ops.may((SELECT s.operator_id FROM ops.operator_session s WHERE s.id = session), 'host.use') THEN
    RAISE EXCEPTION 'asking hosts needs the permission host.use: ask an administrator for a role that has it' USING ERRCODE = 'BU002';
  END IF;
  INSERT INTO ops.health_watch (host_id, looked_at) SELECT h.id, '-infinity' FROM ops.host h WHERE h.retired_at IS NULL ON CONFLICT (host_id) DO NOTHING;
  RETURN QUERY
  WITH due AS (
    SELECT w.host_id FROM ops.health_watch w JOIN ops.host h ON h.id = w.host_id
     WHERE h.retired_at IS NULL AND w.looked_at < clock_timestamp() - interval '5 minutes' ORDER BY w.looked_at, w.host_id LIMIT 8 FOR UPDATE OF w SKIP LOCKED
  ), taken AS (UPDATE ops.health_watch w SET looked_at = clock_timestamp() FROM due WHERE w.host_id = due.host_id RETURNING w.host_id)
  SELECT h.id, h.name, h.address, h.port, h.username, h.fingerprint FROM taken JOIN ops.host h ON h.id = taken.host_id ORDER BY h.name;
END $$;

-- What a host answered, or without a host what only a console knows: its anchors. Needs no window and leaves no row in audit, since nothing changes but what is known.
-- Dropped where the host's key was pinned anew meanwhile.
CREATE FUNCTION ops.report_health(token text, wanted bigint, seen_fingerprint text, readings jsonb) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  session uuid := ops.delivering_session(token);
BEGIN
  IF wanted IS NULL THEN
    PERFORM ops.scheduling_session(token);
    RETURN ops.keep_readings(NULL, (SELECT coalesce(jsonb_agg(e), '[]') FROM jsonb_array_elements(readings) e WHERE e ->> 'measure' = 'audit-anchor'));
  END IF;
  IF NOT ops.may((SELECT s.operator_id FROM ops.operator_session s WHERE s.id = session), 'host.use') THEN
    RAISE EXCEPTION 'asking hosts needs the permission host.use: ask an administrator for a role that has it' USING ERRCODE = 'BU002';
  END IF;
  IF NOT EXISTS (SELECT FROM ops.host h WHERE h.id = wanted AND h.fingerprint = seen_fingerprint AND h.retired_at IS NULL) THEN RETURN 0; END IF;
  RETURN ops.keep_readings(wanted, readings);
END $$;

-- A run that asks a host stores what it said, too: its steps end with lines `result {"readings": […]}`.
CREATE FUNCTION ops.keep_result_of_probe() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM ops.run r WHERE r.id = new.run_id AND r.runbook = 'probe-hosts') THEN
    -- What a host calls readings may be anything
    BEGIN
      PERFORM ops.keep_readings(new.host_id, new.result -> 'readings');
    EXCEPTION WHEN data_exception OR check_violation OR SQLSTATE 'BU004' THEN NULL;
    END;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER readings AFTER UPDATE ON ops.run_step FOR EACH ROW
  WHEN (new.result IS NOT NULL AND new.result IS DISTINCT FROM old.result) EXECUTE FUNCTION ops.keep_result_of_probe();

-- Loops of every console with records of their own, as detection is one: a row for every minute would say nothing that the samples do not.
INSERT INTO ops.schedule (name, title, words, cron, permission, built_in, repeatable, catch_up_minutes) VALUES
  ('health', 'Health of the database', 'the database is measured; one console at a time', '* * * * *', 'schedule.run', true, true, 0),
  ('host-health', 'Health of the hosts', 'hosts in use are asked how they are; one console at a time', '*/5 * * * *', 'host.use', true, true, 0);

INSERT INTO ops.role_permission (role, permission)
SELECT r, 'health.read' FROM unnest(ARRAY['sysop', 'admin', 'manager', 'auditor', 'developer', 'operations', 'analyst']) r;
INSERT INTO ops.action_permission (action, permission) VALUES ('runbooks.probe-hosts', 'run.start');

REVOKE EXECUTE ON FUNCTION ops.measure_sessions, ops.measure_storage, ops.measure_upkeep, ops.measure_jobs, ops.keep_readings, ops.thin_health FROM PUBLIC;
