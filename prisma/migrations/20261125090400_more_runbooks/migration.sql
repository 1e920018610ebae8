-- The runbooks of the guides beyond backup, restore and cleanup: logs, updates, certificates, variables, migrations, tokens; and walkthroughs about a host.

-- What changes the platform takes two people where one of its hosts is in production, whatever the console says. A planned run was agreed to when it was planned.
CREATE FUNCTION ops.guard_production() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM ops.run r JOIN ops.host h ON h.id = new.host_id
              WHERE r.id = new.run_id AND r.approval_id IS NULL AND r.schedule_id IS NULL AND h.environment = 'production'
                AND r.runbook IN ('install-log-rotation', 'rotate-logs', 'update-application', 'roll-back-application', 'security-update', 'renew-certificates', 'deploy-platform',
                                  'apply-migrations', 'rotate-service-token')) THEN
    RAISE EXCEPTION 'in production this takes two people' USING ERRCODE = 'BU012';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard_production BEFORE INSERT ON ops.run_step FOR EACH ROW EXECUTE FUNCTION ops.guard_production();

INSERT INTO ops.action_permission (action, permission, checker, needs_code)
SELECT 'runbooks.' || r, 'run.start', 'approval.decide', true
  FROM unnest(ARRAY['install-log-rotation', 'rotate-logs', 'update-application', 'roll-back-application', 'security-update', 'renew-certificates', 'deploy-platform', 'apply-migrations',
                    'rotate-service-token']) r;
INSERT INTO ops.action_permission (action, permission)
SELECT 'runbooks.' || r, 'run.start'
  FROM unnest(ARRAY['check-update', 'check-security-updates', 'certificate-days', 'validate-environment', 'show-migrations', 'verify-service-token', 'weekly-export']) r;

-- ── Walkthroughs about a host ────────────────────────────────────────────────────────────────────

ALTER TABLE ops.flow DROP CONSTRAINT flow_subject_kind_check, ADD CONSTRAINT flow_subject_kind_check CHECK (subject_kind IN ('user', 'operator', 'host'));

CREATE OR REPLACE FUNCTION ops.guard_flow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
  closing text[] := '{closed_by,closed_at,findings}';
BEGIN
  IF tg_op = 'INSERT' THEN
    run := ops.require_action('flows.begin');
    new.begun_by := run.operator_id; new.begun_at := clock_timestamp(); new.closed_by := NULL; new.closed_at := NULL; new.findings := NULL;
    new.subject := CASE new.subject_kind
      WHEN 'user' THEN (SELECT u.username FROM bank."user" u WHERE u.id = new.subject_id)
      WHEN 'host' THEN (SELECT h.name FROM ops.host h WHERE h.id = new.subject_id AND h.retired_at IS NULL)
      ELSE (SELECT o.name FROM ops.operator o WHERE o.id = new.subject_id) END;
    IF new.subject IS NULL THEN
      RAISE EXCEPTION 'there is no % %', new.subject_kind, new.subject_id USING ERRCODE = 'BU011';
    END IF;
    RETURN new;
  END IF;
  run := ops.require_action('flows.close');
  IF old.closed_at IS NOT NULL OR (to_jsonb(new) - closing) <> (to_jsonb(old) - closing) THEN
    RAISE EXCEPTION 'a walkthrough is begun once and closed once' USING ERRCODE = 'BU007';
  END IF;
  new.closed_by := run.operator_id; new.closed_at := clock_timestamp();
  RETURN new;
END $$;
