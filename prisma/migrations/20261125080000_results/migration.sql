-- What a step found out: a line `result {…}` at the end of its log is kept as a document, so that what backups, drills, cleanups and probes report is a
-- row's and nobody has to read logs for it. It is what the host said, and is believed as far as the host is.

ALTER TABLE ops.run_step ADD COLUMN result jsonb;

CREATE FUNCTION ops.read_result() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  line text := (regexp_match(new.tail, '(?:^|\n)result (\{[^\n]*\})\s*$'))[1];
BEGIN
  -- What a host calls a document may be anything.
  BEGIN
    new.result := line::jsonb;
  EXCEPTION WHEN data_exception THEN
    new.result := NULL;
  END;
  RETURN new;
END $$;
CREATE TRIGGER result BEFORE UPDATE ON ops.run_step FOR EACH ROW
  WHEN (new.status IN ('succeeded', 'failed') AND old.status NOT IN ('succeeded', 'failed')) EXECUTE FUNCTION ops.read_result();
