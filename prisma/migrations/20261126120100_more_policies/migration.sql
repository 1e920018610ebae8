-- What grew without a policy: keys of the console's actions, sessions of operators, refused postings. And what two people decide about files: putting them back, removing
-- what belongs to nothing.

INSERT INTO ops.cleanup_policy (name, title, words, kind, days, floor_days, archive) VALUES
  -- A request that is repeated after its key is gone is carried out again. No console repeats one after its session has ended, which is within a day; a plan or an
  -- approval may wait for weeks. The audit row of each stays for ever.
  ('action-keys', 'Keys of actions', 'keys by which a repeated action of the console is recognised, and bulk actions that are over', 'rows', 365, 90, false),
  ('operator-sessions', 'Ended sessions of operators', 'sessions that are over and that no window, request, action or run speaks of', 'rows', 90, 90, false),
  ('posting-refusals', 'Refused postings', 'refusals of postings whose keys are gone', 'rows', 365, 365, false);

DROP TRIGGER guard ON ops.action_run;
CREATE TRIGGER guard BEFORE UPDATE ON ops.action_run FOR EACH ROW EXECUTE FUNCTION ops.guard_action_run();
CREATE TRIGGER keep_rows AFTER DELETE ON ops.action_run REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION ops.keep_uncleaned('began_at');
CREATE INDEX action_run_began_at_idx ON ops.action_run (began_at);

CREATE TRIGGER keep_rows AFTER DELETE ON ops.bulk_run REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION ops.keep_uncleaned('begun_at');
CREATE INDEX bulk_run_begun_at_idx ON ops.bulk_run (begun_at);

DROP TRIGGER keep_ended ON ops.operator_session;
CREATE TRIGGER keep_ended AFTER DELETE ON ops.operator_session REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION ops.keep_uncleaned('expires_at');
CREATE INDEX operator_session_expires_at_idx ON ops.operator_session (expires_at);
-- Whether anything speaks of a session is asked for each that may go, and once more by the reference itself.
CREATE INDEX action_run_session_id_idx ON ops.action_run (session_id);
CREATE INDEX bulk_run_session_id_idx ON ops.bulk_run (session_id);
CREATE INDEX approval_maker_session_idx ON ops.approval (maker_session);
CREATE INDEX approval_decided_session_idx ON ops.approval (decided_session) WHERE decided_session IS NOT NULL;
CREATE INDEX notice_claimed_by_idx ON ops.notice (claimed_by) WHERE claimed_by IS NOT NULL;
CREATE INDEX detection_run_session_id_idx ON ops.detection_run (session_id);
CREATE INDEX run_lease_holder_idx ON ops.run (lease_holder) WHERE lease_holder IS NOT NULL;
CREATE INDEX schedule_run_claimed_by_idx ON ops.schedule_run (claimed_by) WHERE claimed_by IS NOT NULL;

-- A refusal is evidence and the answer to its key: it changes never, and goes after its key.
CREATE TRIGGER keep BEFORE UPDATE ON bank.posting_refusal FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_rows AFTER DELETE ON bank.posting_refusal REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION ops.keep_uncleaned('refused_at');
CREATE INDEX idempotency_key_refusal_id_idx ON bank.idempotency_key (refusal_id) WHERE refusal_id IS NOT NULL;

-- ── Files ────────────────────────────────────────────────────────────────────────────────────────

INSERT INTO ops.action_permission (action, permission, eyes, checker, needs_code) VALUES
  ('runbooks.restore-files', 'run.start', 2, 'approval.decide', true),
  ('runbooks.remove-orphans', 'run.start', 1, 'approval.decide', true);

-- What is removed was listed by a run within the last day; databases, and more than a hundred files, take two people.
CREATE FUNCTION ops.confirm_orphans() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  listed ops.run_step;
  what text := new.input ->> 'what';
BEGIN
  SELECT s.* INTO listed FROM ops.run r JOIN ops.run_step s ON s.run_id = r.id
   WHERE r.number = (new.input ->> 'list')::bigint AND s.words[1:3] = '{bursar,maintain,orphans}' AND s.status = 'succeeded' AND s.result ? 'list';
  IF NOT FOUND THEN RAISE EXCEPTION 'run % listed no orphans', new.input ->> 'list' USING ERRCODE = 'BU011'; END IF;
  IF new.approval_id IS NOT NULL AND NOT EXISTS (SELECT FROM ops.approval a WHERE a.id = new.approval_id AND a.input ->> 'list' = new.input ->> 'list' AND a.input ->> 'what' = what) THEN
    RAISE EXCEPTION 'something else was approved' USING ERRCODE = 'BU004';
  END IF;
  IF listed.finished_at < coalesce((SELECT a.made_at FROM ops.approval a WHERE a.id = new.approval_id), clock_timestamp()) - interval '24 hours' THEN
    RAISE EXCEPTION 'what run % listed was listed more than a day ago', new.input ->> 'list' USING ERRCODE = 'BU005', HINT = 'List it again.';
  END IF;
  -- What a host says may be anything: a number that is none counts as many.
  IF what IS DISTINCT FROM 'media' OR (CASE jsonb_typeof(listed.result -> 'files') WHEN 'number' THEN (listed.result ->> 'files')::numeric > 100 ELSE true END) THEN
    PERFORM ops.require_two('removing databases, or where more than a hundred files were listed, takes two people');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER confirm_orphans AFTER INSERT ON ops.run FOR EACH ROW WHEN (new.runbook = 'remove-orphans') EXECUTE FUNCTION ops.confirm_orphans();
