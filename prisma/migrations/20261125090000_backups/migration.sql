-- Backups as their hosts tell of them: a row follows from what a step of a run found out, whatever runbook it belongs to. What lies on a host is the truth, and the row a copy of it.

CREATE TABLE ops.backup (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  host_id         bigint NOT NULL REFERENCES ops.host,
  name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 150), -- of its folder there; the run's while it is written
  sort            text NOT NULL CHECK (sort IN ('database', 'files')),
  status          text NOT NULL DEFAULT 'writing' CHECK (status IN ('writing', 'written', 'verified', 'corrupt', 'expired')),
  pinned          boolean NOT NULL DEFAULT false, -- stays however old it becomes
  taken_at        timestamptz(3) NOT NULL DEFAULT clock_timestamp(), -- the moment that it holds
  octets          bigint CHECK (octets >= 0),
  previous_octets bigint CHECK (previous_octets >= 0), -- of the one before on that host
  encrypted       boolean,
  copied          boolean, -- to another disk or host, and read there
  seconds         double precision,
  run_id          uuid REFERENCES ops.run, -- that took it; null where it was found on the host
  checked_at      timestamptz(3), -- read whole for the last time
  fault           text, -- what was wrong with it then
  expired_at      timestamptz(3),
  manifest        jsonb NOT NULL DEFAULT '{}', -- what it says of itself, without the lists of its files
  version         integer NOT NULL DEFAULT 0,
  UNIQUE (host_id, name)
);
CREATE INDEX backup_taken_at_id_idx ON ops.backup (taken_at, id);
CREATE INDEX backup_sort_taken_at_id_idx ON ops.backup (sort, taken_at, id);
CREATE INDEX backup_run_id_idx ON ops.backup (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE ops.backup_transition (
  before text NOT NULL,
  after  text NOT NULL,
  PRIMARY KEY (before, after)
);
INSERT INTO ops.backup_transition VALUES ('writing', 'written'), ('written', 'verified'), ('verified', 'corrupt'), ('verified', 'expired'), ('corrupt', 'verified'), ('corrupt', 'expired');

CREATE FUNCTION ops.guard_backup() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF new.status <> old.status AND NOT EXISTS (SELECT FROM ops.backup_transition t WHERE t.before = old.status AND t.after = new.status) THEN
    RAISE EXCEPTION 'backup % is % and cannot become %', old.name, old.status, new.status USING ERRCODE = 'BU007';
  END IF;
  IF (new.id, new.host_id, new.sort, new.run_id) IS DISTINCT FROM (old.id, old.host_id, old.sort, old.run_id)
     OR (old.status <> 'writing' AND (new.name, new.taken_at, new.octets, new.previous_octets, new.encrypted, new.seconds, new.manifest)
                                     IS DISTINCT FROM (old.name, old.taken_at, old.octets, old.previous_octets, old.encrypted, old.seconds, old.manifest)) THEN
    RAISE EXCEPTION 'what backup % holds never changes', old.name USING ERRCODE = 'BU010';
  END IF;
  new.version := old.version + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE UPDATE ON ops.backup FOR EACH ROW EXECUTE FUNCTION ops.guard_backup();
-- One that was never finished is no backup; its run says what became of it.
CREATE TRIGGER keep BEFORE DELETE ON ops.backup FOR EACH ROW WHEN (old.status <> 'writing') EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.backup FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- What a host says of one backup, in a result. Internal.
CREATE FUNCTION ops.take_backup_result(of_run uuid, of_host bigint, said jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  writing bigint := (SELECT b.id FROM ops.backup b WHERE b.run_id = of_run AND b.host_id = of_host AND b.status = 'writing');
BEGIN
  IF EXISTS (SELECT FROM ops.backup b WHERE b.host_id = of_host AND b.name = said ->> 'name') THEN
    DELETE FROM ops.backup b WHERE b.id = writing;
    RETURN;
  END IF;
  UPDATE ops.backup b
     SET name = said ->> 'name', status = 'written', taken_at = (said ->> 'takenAt')::timestamptz, octets = (said ->> 'octets')::bigint, previous_octets = (said ->> 'previousOctets')::bigint,
         encrypted = (said ->> 'encrypted')::boolean, copied = (said ->> 'copied')::boolean, seconds = (said ->> 'seconds')::double precision, manifest = said - '{expired,copied,verified}'::text[]
   WHERE b.id = writing;
  UPDATE ops.backup b SET status = 'verified', checked_at = clock_timestamp() WHERE b.id = writing AND (said ->> 'verified')::boolean;
END $$;

-- What really lies on a host: what is gone has expired, what nobody knew of is known now. Internal.
CREATE FUNCTION ops.take_backup_list(of_host bigint, said jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE ops.backup b SET status = 'expired', expired_at = clock_timestamp()
   WHERE b.host_id = of_host AND b.status IN ('verified', 'corrupt') AND NOT coalesce((said -> 'names' -> b.sort) ? b.name, true);
  UPDATE ops.backup b SET status = l.one ->> 'status', pinned = (l.one ->> 'pinned')::boolean, checked_at = coalesce((l.one ->> 'checkedAt')::timestamptz, b.checked_at), fault = l.one ->> 'why'
    FROM jsonb_array_elements(said -> 'backups') AS l (one)
   WHERE b.host_id = of_host AND b.name = l.one ->> 'name' AND b.status IN ('verified', 'corrupt') AND l.one ->> 'status' IN ('verified', 'corrupt')
     AND (b.status, b.pinned, b.fault) IS DISTINCT FROM (l.one ->> 'status', (l.one ->> 'pinned')::boolean, l.one ->> 'why');
  INSERT INTO ops.backup (host_id, name, sort, status, pinned, taken_at, octets, encrypted, checked_at, fault, manifest)
  SELECT of_host, l.one ->> 'name', l.one ->> 'sort', l.one ->> 'status', (l.one ->> 'pinned')::boolean, (l.one ->> 'takenAt')::timestamptz, (l.one ->> 'octets')::bigint,
         (l.one ->> 'encrypted')::boolean, (l.one ->> 'checkedAt')::timestamptz, l.one ->> 'why', l.one
    FROM jsonb_array_elements(said -> 'backups') AS l (one) WHERE l.one ->> 'status' IN ('verified', 'corrupt')
  ON CONFLICT (host_id, name) DO NOTHING;
END $$;

CREATE FUNCTION ops.follow_backup() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
      UPDATE ops.backup b SET status = CASE WHEN (new.result ->> 'verified')::boolean THEN 'verified' ELSE 'corrupt' END, checked_at = clock_timestamp(), fault = new.result ->> 'fault'
       WHERE b.host_id = new.host_id AND b.name = new.result ->> 'name' AND b.status IN ('verified', 'corrupt');
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
CREATE TRIGGER follow_backup AFTER UPDATE ON ops.run_step FOR EACH ROW
  WHEN (new.words[1:2] = '{bursar,maintain}' AND new.words[3] IN ('backup', 'backup-files', 'verify-backup', 'pin-backup', 'unpin-backup', 'list-backups') AND new.status <> old.status)
  EXECUTE FUNCTION ops.follow_backup();

INSERT INTO ops.role_permission (role, permission)
SELECT r, 'backup.read' FROM unnest(ARRAY['sysop', 'admin', 'manager', 'auditor', 'developer', 'operations']) r
UNION ALL SELECT 'sysop', 'backup.take';
INSERT INTO ops.action_permission (action, permission) VALUES
  ('runbooks.backup', 'backup.take'), ('runbooks.backup-files', 'backup.take'), ('runbooks.verify-backup', 'backup.take'), ('runbooks.list-backups', 'backup.take'),
  ('runbooks.pin-backup', 'backup.take'), ('runbooks.unpin-backup', 'backup.take');
