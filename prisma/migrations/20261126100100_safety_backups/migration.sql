-- The backup that a restore takes of what it replaces is a backup like any other: known as soon as the step that took it ends, and not only once somebody looks at the host.
-- Told twice, by a step that was followed again or begun again, it is one row: a host has each name once.

CREATE FUNCTION ops.follow_safety_backup() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  said jsonb := new.result -> 'safetyBackup';
BEGIN
  -- What a host says may be anything: it must not keep the run from ending.
  BEGIN
    INSERT INTO ops.backup (host_id, name, sort, status, taken_at, octets, previous_octets, encrypted, copied, seconds, run_id, checked_at, manifest)
    SELECT new.host_id, said ->> 'name', 'database', 'verified', (said ->> 'takenAt')::timestamptz, (said ->> 'octets')::bigint, (said ->> 'previousOctets')::bigint, (said ->> 'encrypted')::boolean,
           (said ->> 'copied')::boolean, (said ->> 'seconds')::double precision, new.run_id, clock_timestamp(), said - '{expired,copied,verified}'::text[]
     WHERE jsonb_typeof(said) = 'object' AND (said ->> 'verified')::boolean
    ON CONFLICT (host_id, name) DO NOTHING;
    UPDATE ops.backup b SET status = 'expired', expired_at = clock_timestamp()
     WHERE b.host_id = new.host_id AND b.status IN ('verified', 'corrupt') AND coalesce((said -> 'expired') ? b.name, false);
  EXCEPTION WHEN data_exception OR integrity_constraint_violation OR SQLSTATE 'BU007' OR SQLSTATE 'BU010' THEN
    NULL;
  END;
  RETURN NULL;
END $$;
CREATE TRIGGER follow_safety_backup AFTER UPDATE ON ops.run_step FOR EACH ROW
  WHEN ('restore-prepare' = ANY (new.words) AND new.status <> old.status AND new.status IN ('succeeded', 'failed', 'timed out', 'aborted', 'skipped') AND new.result ? 'safetyBackup')
  EXECUTE FUNCTION ops.follow_safety_backup();
