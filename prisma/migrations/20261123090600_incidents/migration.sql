-- Incidents, from the declaration to the review: who leads, the checklist with its times, what is affected, evidence that
-- stays as it was, what is told to whom, and a review whose result is hashed.

ALTER TABLE ops.incident
  ADD COLUMN commander_id bigint REFERENCES ops.operator, -- who leads it
  ADD COLUMN contained_at timestamptz(3),
  ADD COLUMN resolved_at  timestamptz(3),
  ADD COLUMN reviewed_at  timestamptz(3),
  ADD COLUMN impact       jsonb, -- as it was when it was resolved
  ADD COLUMN root_cause   text,
  ADD COLUMN prevention   text,
  ADD COLUMN went_well    text,
  ADD COLUMN went_badly   text,
  ADD COLUMN last_seq     bigint, -- the newest row of the audit log when its review was closed: what is later is not in it
  ADD COLUMN result_hash  bytea CHECK (octet_length(result_hash) = 32);

-- What is to be done by when, by kind and level: what a declared incident begins with. `due` counts from its declaration.
CREATE TABLE ops.incident_plan (
  kind     text NOT NULL CHECK (kind IN ('security', 'outage')),
  levels   smallint[] NOT NULL CHECK (levels <@ '{1,2,3}' AND cardinality(levels) > 0),
  phase    text NOT NULL CHECK (phase IN ('first 15 minutes', '15 to 60 minutes', 'after')),
  due      interval NOT NULL CHECK (due > interval '0'),
  title    text NOT NULL CHECK (length(title) BETWEEN 3 AND 120),
  PRIMARY KEY (kind, title)
);
INSERT INTO ops.incident_plan (kind, levels, phase, due, title) VALUES
  ('security', '{1}', 'first 15 minutes', '5 min', 'Log what was seen: who, from where, how often'),
  ('security', '{1}', 'first 15 minutes', '15 min', 'Look at the sign-ins and sessions of who is concerned'),
  ('security', '{1}', '15 to 60 minutes', '30 min', 'Watch the user, account or address for more of the same'),
  ('security', '{1}', '15 to 60 minutes', '60 min', 'Assist the user: unlock, reset, explain'),
  ('security', '{1}', 'after', '4 h', 'Decide whether it is more than that: raise the level, or resolve'),
  ('security', '{2}', 'first 15 minutes', '5 min', 'Investigate now: sign-ins, sessions and transactions of the last hours'),
  ('security', '{3}', 'first 15 minutes', '5 min', 'Call the team together and name who leads'),
  ('security', '{3}', 'first 15 minutes', '10 min', 'Contain it: end sessions, lock users, block addresses'),
  ('security', '{2,3}', 'first 15 minutes', '12 min', 'Link every account that is affected'),
  ('security', '{2,3}', 'first 15 minutes', '15 min', 'Freeze the affected accounts'),
  ('security', '{3}', 'first 15 minutes', '15 min', 'Preserve the evidence, before anything is cleaned up'),
  ('security', '{2}', '15 to 60 minutes', '30 min', 'Lock the users whose passwords or sessions others may have'),
  ('security', '{3}', '15 to 60 minutes', '30 min', 'Establish the scope: whose data, which systems, since when'),
  ('security', '{2,3}', '15 to 60 minutes', '40 min', 'Notify the team and the management'),
  ('security', '{3}', '15 to 60 minutes', '45 min', 'Notify legal: duties to report have begun to run'),
  ('security', '{2}', '15 to 60 minutes', '60 min', 'Document what was seen and done, with times'),
  ('security', '{3}', '15 to 60 minutes', '60 min', 'Notify the users concerned'),
  ('security', '{2}', 'after', '4 h', 'Prevent it: block addresses, tighten limits and rules'),
  ('security', '{3}', 'after', '4 h', 'Forensics: how they came in, and what they did'),
  ('security', '{2}', 'after', '24 h', 'Assist the customers, and release the accounts that are clear'),
  ('security', '{3}', 'after', '24 h', 'Recover: restore from a clean backup, change keys and passwords'),
  ('security', '{3}', 'after', '48 h', 'Harden: close the way in, everywhere'),
  ('security', '{3}', 'after', '72 h', 'Report a breach of personal data to the authority (GDPR, article 33)'),
  ('security', '{3}', 'after', '7 days', 'Watch closely for a week'),
  ('outage', '{1,2,3}', 'first 15 minutes', '5 min', 'Assess it: what fails, since when, for whom'),
  ('outage', '{2,3}', 'first 15 minutes', '5 min', 'Call the team together and name who leads'),
  ('outage', '{1,2,3}', 'first 15 minutes', '10 min', 'Notify support and the management'),
  ('outage', '{1,2,3}', 'first 15 minutes', '15 min', 'Put it on the status page, with a time by which it is over'),
  ('outage', '{1,2,3}', '15 to 60 minutes', '30 min', 'Find the root cause'),
  ('outage', '{1,2,3}', '15 to 60 minutes', '45 min', 'Put a workaround in place'),
  ('outage', '{2,3}', '15 to 60 minutes', '60 min', 'Give a new time on the status page'),
  ('outage', '{1,2,3}', 'after', '2 h', 'Fix it'),
  ('outage', '{1,2,3}', 'after', '3 h', 'Test that it holds, and that nothing was lost or posted twice'),
  ('outage', '{1,2,3}', 'after', '4 h', 'Say on the status page that it is over'),
  ('outage', '{2,3}', 'after', '48 h', 'Review it with everybody who took part');
CREATE TRIGGER demand_action BEFORE INSERT OR UPDATE OR DELETE ON ops.incident_plan FOR EACH ROW EXECUTE FUNCTION ops.demand_action('settings.%');
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.incident_plan FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

CREATE TABLE ops.incident_step (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  incident_id bigint NOT NULL REFERENCES ops.incident,
  phase       text NOT NULL,
  title       text NOT NULL,
  due_at      timestamptz(3) NOT NULL,
  skipped     boolean NOT NULL DEFAULT false,
  done_by     bigint REFERENCES ops.operator, -- or skipped by
  done_at     timestamptz(3),
  note        text,
  version     integer NOT NULL DEFAULT 0,
  UNIQUE (incident_id, title),
  CONSTRAINT settled_whole CHECK (num_nonnulls(done_by, done_at, note) IN (0, 3) AND (done_at IS NOT NULL OR NOT skipped))
);
CREATE INDEX incident_step_due_at_id_idx ON ops.incident_step (due_at, id);
CREATE INDEX incident_step_incident_id_due_at_id_idx ON ops.incident_step (incident_id, due_at, id);

-- What an incident is about. One that was taken out again is there, with who did.
CREATE TABLE ops.incident_link (
  incident_id bigint NOT NULL REFERENCES ops.incident,
  entity      text NOT NULL CHECK (entity IN ('account', 'user', 'transaction', 'alert', 'case', 'dispute', 'security-event')),
  entity_id   text NOT NULL,
  linked_by   bigint NOT NULL REFERENCES ops.operator,
  linked_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  removed_by  bigint REFERENCES ops.operator,
  removed_at  timestamptz(3),
  PRIMARY KEY (incident_id, entity, entity_id)
);
CREATE INDEX incident_link_entity_entity_id_idx ON ops.incident_link (entity, entity_id);

-- A sealed bundle: what everything that an incident touches was like when it was preserved. Nothing in it changes.
CREATE TABLE ops.incident_evidence (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  incident_id  bigint NOT NULL REFERENCES ops.incident,
  since        timestamptz(3) NOT NULL,
  preserved_by bigint NOT NULL REFERENCES ops.operator,
  preserved_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  manifest     text NOT NULL, -- its parts with their hashes, as JSON
  manifest_sha bytea NOT NULL CHECK (octet_length(manifest_sha) = 32)
);
CREATE INDEX incident_evidence_incident_id_id_idx ON ops.incident_evidence (incident_id, id);
CREATE TABLE ops.incident_evidence_part (
  evidence_id bigint NOT NULL REFERENCES ops.incident_evidence,
  name        text NOT NULL CHECK (name ~ '^[a-z-]+$'),
  rows        integer NOT NULL, -- that are in it
  of          bigint NOT NULL, -- that there were: more than are in it only where it reached the most that is kept
  document    text NOT NULL,
  PRIMARY KEY (evidence_id, name)
);

-- What is told to whom about an incident: a draft until somebody sends it.
CREATE TABLE ops.incident_notice (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  incident_id bigint NOT NULL REFERENCES ops.incident,
  audience    text NOT NULL CHECK (audience IN ('team', 'management', 'legal', 'customers')),
  body        text NOT NULL CHECK (length(btrim(body)) BETWEEN 10 AND 1200 AND body !~ '[[:cntrl:]]'),
  status      text NOT NULL DEFAULT 'draft' CHECK (status IN ('draft', 'sent', 'discarded')),
  drafted_by  bigint NOT NULL REFERENCES ops.operator,
  drafted_at  timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  settled_by  bigint REFERENCES ops.operator, -- who sent it, or threw it away
  settled_at  timestamptz(3),
  recipients  integer NOT NULL DEFAULT 0,
  version     integer NOT NULL DEFAULT 0
);
CREATE INDEX incident_notice_drafted_at_id_idx ON ops.incident_notice (drafted_at, id);
CREATE INDEX incident_notice_incident_id_drafted_at_id_idx ON ops.incident_notice (incident_id, drafted_at, id);

CREATE INDEX write_window_incident_id_idx ON ops.write_window (incident_id) WHERE incident_id IS NOT NULL;
-- That of ops.audit (approval_id) came with the traces (20261123090500).

-- ── What may happen to them, whatever way it comes ───────────────────────────────────────────────

-- Which columns an action on an incident changes.
CREATE FUNCTION ops.loose_of_incident(action text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN CASE action
    WHEN 'incidents.contain' THEN '{status,contained_at}' WHEN 'incidents.resolve' THEN '{status,resolved_at,impact}'
    WHEN 'incidents.review' THEN '{status,reviewed_at,root_cause,prevention,went_well,went_badly,last_seq,result_hash}'
    WHEN 'incidents.set-level' THEN '{level}' WHEN 'incidents.assign' THEN '{commander_id}' ELSE '{}' END::text[];
END $$;

CREATE OR REPLACE FUNCTION ops.guard_incident() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
  loose text[];
BEGIN
  IF tg_op = 'INSERT' THEN
    run := ops.require_action('incidents.declare');
    new.opened_by := run.operator_id; new.opened_at := clock_timestamp(); new.changed_at := new.opened_at; new.status := 'open'; new.version := 0;
    new.commander_id := coalesce(new.commander_id, run.operator_id);
    new.contained_at := NULL; new.resolved_at := NULL; new.reviewed_at := NULL; new.impact := NULL; new.result_hash := NULL; new.last_seq := NULL;
    new.root_cause := NULL; new.prevention := NULL; new.went_well := NULL; new.went_badly := NULL;
    RETURN new;
  END IF;
  run := ops.require_acting();
  loose := ops.loose_of_incident(run.action) || '{changed_at,version}'::text[];
  IF (to_jsonb(new) - loose) <> (to_jsonb(old) - loose) OR old.result_hash IS NOT NULL THEN
    RAISE EXCEPTION '% does not do this to an incident', run.action USING ERRCODE = 'BU004';
  END IF;
  IF new.status <> old.status AND NOT EXISTS (SELECT FROM ops.incident_transition t WHERE t.before = old.status AND t.after = new.status AND t.action = run.action) THEN
    RAISE EXCEPTION '% cannot take an incident from % to %', run.action, old.status, new.status USING ERRCODE = 'BU007';
  END IF;
  IF run.action IN ('incidents.set-level', 'incidents.assign') AND old.status IN ('resolved', 'reviewed') THEN
    RAISE EXCEPTION 'incident % is % already', old.id, old.status USING ERRCODE = 'BU007';
  END IF;
  IF new.status = 'reviewed' AND (length(btrim(coalesce(new.root_cause, ''))) < 20 OR length(btrim(coalesce(new.prevention, ''))) < 20) THEN
    RAISE EXCEPTION 'a review says what the root cause was, and what prevents it: 20 characters or more each' USING ERRCODE = '23514';
  END IF;
  new.changed_at := clock_timestamp(); new.version := old.version + 1;
  RETURN new;
END $$;

CREATE FUNCTION ops.guard_incident_step() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
  loose text[] := '{skipped,done_by,done_at,note,version}';
BEGIN
  IF tg_op = 'INSERT' THEN
    PERFORM ops.require_action('incidents.declare', 'incidents.set-level');
    new.skipped := false; new.done_by := NULL; new.done_at := NULL; new.note := NULL;
    RETURN new;
  END IF;
  run := ops.require_action('incident-steps.check', 'incident-steps.uncheck', 'incident-steps.skip');
  IF (to_jsonb(new) - loose) <> (to_jsonb(old) - loose) THEN
    RAISE EXCEPTION 'what a step asks for stays as it was planned' USING ERRCODE = 'BU010';
  END IF;
  IF (run.action = 'incident-steps.uncheck') = (new.done_at IS NOT NULL) OR new.skipped <> (run.action = 'incident-steps.skip') THEN
    RAISE EXCEPTION '% does not do this to a step', run.action USING ERRCODE = 'BU004';
  END IF;
  IF (old.done_at IS NULL) = (new.done_at IS NULL) THEN
    RAISE EXCEPTION 'step % is % already', old.id, CASE WHEN old.done_at IS NULL THEN 'open' WHEN old.skipped THEN 'skipped' ELSE 'done' END USING ERRCODE = 'BU007';
  END IF;
  IF EXISTS (SELECT FROM ops.incident i WHERE i.id = old.incident_id AND i.status = 'reviewed') THEN
    RAISE EXCEPTION 'incident % is reviewed: its checklist stays', old.incident_id USING ERRCODE = 'BU007';
  END IF;
  IF new.done_at IS NOT NULL THEN new.done_by := run.operator_id; new.done_at := clock_timestamp(); END IF;
  new.version := old.version + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.incident_step FOR EACH ROW EXECUTE FUNCTION ops.guard_incident_step();

CREATE FUNCTION ops.guard_incident_link() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('incidents.declare', 'incidents.link', 'incidents.unlink', 'accounts.link-incident');
BEGIN
  IF EXISTS (SELECT FROM ops.incident i WHERE i.id = new.incident_id AND i.status IN ('resolved', 'reviewed')) THEN
    RAISE EXCEPTION 'incident % is over: what it was about stays', new.incident_id USING ERRCODE = 'BU007';
  END IF;
  IF tg_op = 'UPDATE' AND (new.incident_id, new.entity, new.entity_id) IS DISTINCT FROM (old.incident_id, old.entity, old.entity_id)
     OR (run.action = 'incidents.unlink') <> (new.removed_at IS NOT NULL) THEN
    RAISE EXCEPTION '% does not do this to what an incident is about', run.action USING ERRCODE = 'BU004';
  END IF;
  IF new.removed_at IS NULL THEN
    new.linked_by := run.operator_id; new.linked_at := clock_timestamp(); new.removed_by := NULL;
  ELSE
    new.linked_by := old.linked_by; new.linked_at := old.linked_at; new.removed_by := run.operator_id; new.removed_at := clock_timestamp();
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.incident_link FOR EACH ROW EXECUTE FUNCTION ops.guard_incident_link();

CREATE FUNCTION ops.guard_incident_notice() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
  loose text[];
BEGIN
  IF tg_op = 'INSERT' THEN
    run := ops.require_action('incidents.draft-notice');
    new.drafted_by := run.operator_id; new.drafted_at := clock_timestamp(); new.status := 'draft'; new.settled_by := NULL; new.settled_at := NULL; new.recipients := 0;
    RETURN new;
  END IF;
  run := ops.require_action('incident-notices.edit', 'incident-notices.send', 'incident-notices.discard');
  IF old.status <> 'draft' THEN
    RAISE EXCEPTION 'notice % was % already', old.id, old.status USING ERRCODE = 'BU007';
  END IF;
  loose := '{version}'::text[] || CASE run.action WHEN 'incident-notices.edit' THEN '{body}' ELSE '{status,settled_by,settled_at,recipients}' END::text[];
  IF (to_jsonb(new) - loose) <> (to_jsonb(old) - loose)
     OR new.status <> (CASE run.action WHEN 'incident-notices.send' THEN 'sent' WHEN 'incident-notices.discard' THEN 'discarded' ELSE 'draft' END) THEN
    RAISE EXCEPTION '% does not do this to a draft', run.action USING ERRCODE = 'BU004';
  END IF;
  IF new.status <> 'draft' THEN new.settled_by := run.operator_id; new.settled_at := clock_timestamp(); END IF;
  new.version := old.version + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.incident_notice FOR EACH ROW EXECUTE FUNCTION ops.guard_incident_notice();

CREATE FUNCTION ops.guard_incident_evidence() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('incidents.preserve');
BEGIN
  IF tg_table_name = 'incident_evidence' THEN new.preserved_by := run.operator_id; new.preserved_at := clock_timestamp(); END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT ON ops.incident_evidence FOR EACH ROW EXECUTE FUNCTION ops.guard_incident_evidence();
CREATE TRIGGER guard BEFORE INSERT ON ops.incident_evidence_part FOR EACH ROW EXECUTE FUNCTION ops.guard_incident_evidence();

CREATE TRIGGER keep BEFORE DELETE ON ops.incident_step FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep BEFORE DELETE ON ops.incident_link FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep BEFORE DELETE ON ops.incident_notice FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON ops.incident_evidence FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON ops.incident_evidence_part FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
DO $$ DECLARE kept text; BEGIN
  FOREACH kept IN ARRAY '{incident_step,incident_link,incident_notice,incident_evidence,incident_evidence_part}'::text[] LOOP
    EXECUTE format('CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.%I FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change()', kept);
  END LOOP;
END $$;

-- ── What is affected ─────────────────────────────────────────────────────────────────────────────

-- The accounts that come with records: their own, or those that they are about.
CREATE FUNCTION ops.accounts_of(links jsonb) RETURNS SETOF bigint LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY
  WITH link AS (SELECT l ->> 'entity' AS entity, (l ->> 'id')::bigint AS id FROM jsonb_array_elements(links) l)
  SELECT a.id FROM link JOIN bank.account a ON link.entity = 'account' AND a.id = link.id
  UNION SELECT a.id FROM link JOIN bank.account a ON link.entity = 'user' AND a.user_id = link.id AND a.status IN ('active', 'frozen')
  UNION SELECT a.account_id FROM link JOIN ops.alert a ON link.entity = 'alert' AND a.id = link.id
  UNION SELECT c.account_id FROM link JOIN ops.case_file c ON link.entity = 'case' AND c.id = link.id WHERE c.account_id IS NOT NULL
  UNION SELECT c.entity_id::bigint FROM link JOIN ops.case_link c ON link.entity = 'case' AND c.case_id = link.id WHERE c.entity = 'account'
  UNION SELECT d.account_id FROM link JOIN ops.dispute d ON link.entity = 'dispute' AND d.id = link.id
  UNION SELECT p.account FROM link JOIN bank.transaction t ON link.entity = 'transaction' AND t.id = link.id, LATERAL unnest(ARRAY[t.from_account_id, t.to_account_id]) p(account)
         WHERE p.account IS NOT NULL;
END $$;

-- Whether there is such a record. Internal.
CREATE FUNCTION ops.is_record(entity text, id bigint) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN CASE entity
    WHEN 'account' THEN EXISTS (SELECT FROM bank.account r WHERE r.id = is_record.id) WHEN 'user' THEN EXISTS (SELECT FROM bank."user" r WHERE r.id = is_record.id)
    WHEN 'transaction' THEN EXISTS (SELECT FROM bank.transaction r WHERE r.id = is_record.id) WHEN 'alert' THEN EXISTS (SELECT FROM ops.alert r WHERE r.id = is_record.id)
    WHEN 'case' THEN EXISTS (SELECT FROM ops.case_file r WHERE r.id = is_record.id) WHEN 'dispute' THEN EXISTS (SELECT FROM ops.dispute r WHERE r.id = is_record.id)
    WHEN 'security-event' THEN EXISTS (SELECT FROM ops.security_event r WHERE r.id = is_record.id) ELSE false END;
END $$;

-- Links records, and the accounts that come with them; returns how many were not linked before.
CREATE FUNCTION ops.link_incident(wanted bigint, links jsonb) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  missing text;
  linked integer;
BEGIN
  PERFORM ops.require_action('incidents.declare', 'incidents.link', 'accounts.link-incident');
  PERFORM FROM ops.incident i WHERE i.id = wanted FOR NO KEY UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no incident %', wanted USING ERRCODE = 'BU011'; END IF;
  SELECT format('%s %s', l ->> 'entity', l ->> 'id') INTO missing FROM jsonb_array_elements(links) l WHERE NOT ops.is_record(l ->> 'entity', (l ->> 'id')::bigint) LIMIT 1;
  IF missing IS NOT NULL THEN RAISE EXCEPTION 'there is no %', missing USING ERRCODE = 'BU011'; END IF;
  INSERT INTO ops.incident_link AS k (incident_id, entity, entity_id, linked_by)
  SELECT wanted, entity, id, 0 FROM (SELECT l ->> 'entity' AS entity, l ->> 'id' AS id FROM jsonb_array_elements(links) l UNION SELECT 'account', a::text FROM ops.accounts_of(links) a) records
   ORDER BY entity, id
  ON CONFLICT (incident_id, entity, entity_id) DO UPDATE SET removed_at = NULL WHERE k.removed_at IS NOT NULL;
  GET DIAGNOSTICS linked = ROW_COUNT;
  RETURN linked;
END $$;

-- Takes records out again, and only those that are named; returns how many.
CREATE FUNCTION ops.unlink_incident(wanted bigint, links jsonb) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  removed integer;
BEGIN
  PERFORM ops.require_action('incidents.unlink');
  PERFORM FROM ops.incident i WHERE i.id = wanted FOR NO KEY UPDATE;
  UPDATE ops.incident_link k SET removed_at = clock_timestamp()
    FROM jsonb_array_elements(links) l WHERE k.incident_id = wanted AND k.entity = l ->> 'entity' AND k.entity_id = l ->> 'id' AND k.removed_at IS NULL;
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END $$;

-- What it did, by the accounts that are linked: as it is now, and refusals until it was resolved. Amounts in minor units.
CREATE FUNCTION ops.incident_impact(wanted bigint) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (
    WITH i AS (SELECT * FROM ops.incident WHERE id = wanted),
         a AS (SELECT a.* FROM ops.incident_link l JOIN bank.account a ON a.id = l.entity_id::bigint WHERE l.incident_id = wanted AND l.entity = 'account' AND l.removed_at IS NULL),
         r AS (SELECT DISTINCT r.id FROM i, a JOIN bank.posting_refusal r ON a.id IN (r.from_account_id, r.to_account_id)
                WHERE r.refused_at BETWEEN i.opened_at AND coalesce(i.resolved_at, 'infinity'))
    SELECT jsonb_build_object('accounts', (SELECT count(*) FROM a), 'frozen', (SELECT count(*) FROM a WHERE a.status = 'frozen'),
      'frozen meanwhile', (SELECT count(DISTINCT h.account_id) FROM i, a JOIN ops.hold h ON h.account_id = a.id WHERE h.placed_at BETWEEN i.opened_at AND coalesce(i.resolved_at, 'infinity')),
      'customers', (SELECT count(DISTINCT a.user_id) FROM a), 'refused postings', (SELECT count(*) FROM r),
      'balances', (SELECT coalesce(jsonb_object_agg(b.currency, b.sum::text), '{}') FROM (SELECT a.currency, sum(a.balance) FROM a GROUP BY 1) b)));
END $$;

-- ── From declared to resolved ────────────────────────────────────────────────────────────────────

-- Adds the steps of its kind and level that it does not have yet, due from now on; returns how many. Internal.
CREATE FUNCTION ops.add_incident_steps(incident ops.incident) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  added integer;
BEGIN
  INSERT INTO ops.incident_step (incident_id, phase, title, due_at)
  SELECT incident.id, p.phase, p.title, clock_timestamp() + p.due FROM ops.incident_plan p WHERE p.kind = incident.kind AND incident.level = ANY (p.levels) ORDER BY p.due, p.title
  ON CONFLICT (incident_id, title) DO NOTHING;
  GET DIAGNOSTICS added = ROW_COUNT;
  RETURN added;
END $$;

-- Who may lead one. Internal.
CREATE FUNCTION ops.commander(name text) RETURNS bigint LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  leader bigint := (SELECT o.id FROM ops.operator o WHERE o.name = commander.name AND o.is_active AND ops.may(o.id, 'incident.manage'));
BEGIN
  IF name IS NOT NULL AND leader IS NULL THEN
    RAISE EXCEPTION '% is no operator who may lead an incident', name USING ERRCODE = 'BU011';
  END IF;
  RETURN leader;
END $$;

DROP FUNCTION ops.declare_incident(smallint, text, text);
CREATE FUNCTION ops.declare_incident(level smallint, kind text, title text, commander text DEFAULT NULL, links jsonb DEFAULT '[]') RETURNS ops.incident
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  declared ops.incident;
BEGIN
  INSERT INTO ops.incident AS i (level, kind, title, opened_by, commander_id)
  VALUES (declare_incident.level, declare_incident.kind, declare_incident.title, 0, ops.commander(declare_incident.commander)) RETURNING i.* INTO declared;
  PERFORM ops.add_incident_steps(declared);
  PERFORM ops.link_incident(declared.id, links);
  RETURN declared;
END $$;

-- Takes an incident that is still the version that was looked at (BU005 if not). Internal.
CREATE FUNCTION ops.take_incident(wanted bigint, expected_version integer) RETURNS ops.incident LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken ops.incident;
BEGIN
  SELECT * INTO taken FROM ops.incident i WHERE i.id = wanted FOR NO KEY UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no incident %', wanted USING ERRCODE = 'BU011'; END IF;
  IF taken.version <> expected_version THEN RAISE EXCEPTION 'incident % changed meanwhile', wanted USING ERRCODE = 'BU005'; END IF;
  RETURN taken;
END $$;

-- Contains or resolves an incident; its review is closed by ops.review_incident.
CREATE OR REPLACE FUNCTION ops.move_incident(wanted bigint, after text, expected_version integer) RETURNS ops.incident LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  moved ops.incident;
BEGIN
  PERFORM ops.take_incident(wanted, expected_version);
  UPDATE ops.incident i SET status = after, contained_at = CASE after WHEN 'contained' THEN clock_timestamp() ELSE i.contained_at END,
         resolved_at = CASE after WHEN 'resolved' THEN clock_timestamp() ELSE i.resolved_at END, impact = CASE after WHEN 'resolved' THEN ops.incident_impact(wanted) ELSE i.impact END
   WHERE i.id = wanted RETURNING i.* INTO moved;
  RETURN moved;
END $$;

-- Raises or lowers it; what the new level asks for beyond the old one comes onto the checklist, and nothing leaves it. Returns how many steps came.
CREATE FUNCTION ops.set_incident_level(wanted bigint, level smallint, expected_version integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken ops.incident := ops.take_incident(wanted, expected_version);
BEGIN
  UPDATE ops.incident i SET level = set_incident_level.level WHERE i.id = taken.id RETURNING i.* INTO taken;
  RETURN ops.add_incident_steps(taken);
END $$;

CREATE FUNCTION ops.assign_incident(wanted bigint, commander text, expected_version integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM ops.take_incident(wanted, expected_version);
  UPDATE ops.incident i SET commander_id = ops.commander(assign_incident.commander) WHERE i.id = wanted;
END $$;

-- Ticks a step off, skips it, or opens it again: by the action under way. Of two at once one does it.
CREATE FUNCTION ops.settle_incident_step(wanted bigint, expected_version integer, note text) RETURNS ops.incident_step LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('incident-steps.check', 'incident-steps.uncheck', 'incident-steps.skip');
  settled ops.incident_step;
BEGIN
  -- A review that is closed meanwhile is waited for.
  PERFORM FROM ops.incident i WHERE i.id = (SELECT s.incident_id FROM ops.incident_step s WHERE s.id = wanted) FOR KEY SHARE;
  SELECT * INTO settled FROM ops.incident_step s WHERE s.id = wanted FOR NO KEY UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no step %', wanted USING ERRCODE = 'BU011'; END IF;
  IF settled.version <> expected_version THEN RAISE EXCEPTION 'step % changed meanwhile', wanted USING ERRCODE = 'BU005'; END IF;
  UPDATE ops.incident_step s SET done_at = CASE WHEN run.action <> 'incident-steps.uncheck' THEN clock_timestamp() END, done_by = CASE WHEN run.action <> 'incident-steps.uncheck' THEN 0 END,
         note = CASE WHEN run.action <> 'incident-steps.uncheck' THEN btrim(settle_incident_step.note) END, skipped = run.action = 'incident-steps.skip'
   WHERE s.id = wanted RETURNING s.* INTO settled;
  RETURN settled;
END $$;

-- ── What is told ─────────────────────────────────────────────────────────────────────────────────

CREATE FUNCTION ops.draft_incident_notice(wanted bigint, audience text, body text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  drafted bigint;
BEGIN
  INSERT INTO ops.incident_notice AS n (incident_id, audience, body, drafted_by) VALUES (wanted, draft_incident_notice.audience, draft_incident_notice.body, 0) RETURNING n.id INTO drafted;
  RETURN drafted;
END $$;

-- Edits, sends or throws away a draft: by the action under way. What goes to customers takes two people; of two who send it at once, one does.
CREATE FUNCTION ops.settle_incident_notice(wanted bigint, expected_version integer, body text DEFAULT NULL, recipients integer DEFAULT 0) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('incident-notices.edit', 'incident-notices.send', 'incident-notices.discard');
  draft ops.incident_notice;
BEGIN
  PERFORM ops.require_target('incident-notice', wanted::text);
  -- A review that is closed meanwhile is waited for: what is sent is in it, or later than it.
  PERFORM FROM ops.incident i WHERE i.id = (SELECT n.incident_id FROM ops.incident_notice n WHERE n.id = wanted) FOR KEY SHARE;
  SELECT * INTO draft FROM ops.incident_notice n WHERE n.id = wanted FOR NO KEY UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no draft %', wanted USING ERRCODE = 'BU011'; END IF;
  IF draft.version <> expected_version THEN RAISE EXCEPTION 'draft % changed meanwhile', wanted USING ERRCODE = 'BU005'; END IF;
  IF run.action = 'incident-notices.send' AND draft.audience = 'customers' THEN PERFORM ops.require_two('what is sent to customers takes two people'); END IF;
  UPDATE ops.incident_notice n SET body = CASE run.action WHEN 'incident-notices.edit' THEN btrim(settle_incident_notice.body) ELSE n.body END,
         status = CASE run.action WHEN 'incident-notices.send' THEN 'sent' WHEN 'incident-notices.discard' THEN 'discarded' ELSE n.status END,
         recipients = CASE run.action WHEN 'incident-notices.send' THEN settle_incident_notice.recipients ELSE 0 END
   WHERE n.id = wanted;
END $$;

-- Where a draft would go: staff by their channels, legal by the address of the setting, customers by that of each owner of an affected account.
CREATE FUNCTION ops.incident_recipients(wanted bigint) RETURNS TABLE (channel text, recipient text) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  draft ops.incident_notice;
BEGIN
  SELECT * INTO draft FROM ops.incident_notice n WHERE n.id = wanted;
  IF draft.audience IN ('team', 'management') THEN
    RETURN QUERY SELECT r.channel, r.recipient FROM ops.staff_recipients(CASE draft.audience WHEN 'team' THEN 'incident.manage' ELSE 'manager' END) r;
  ELSIF draft.audience = 'legal' THEN
    RETURN QUERY SELECT 'email'::text, s.value #>> '{}' FROM platform.setting s WHERE s.key = 'email.legal-address';
  ELSE
    RETURN QUERY SELECT DISTINCT 'email'::text, u.email FROM ops.incident_link l JOIN bank.account a ON a.id = l.entity_id::bigint JOIN bank."user" u ON u.id = a.user_id
                  WHERE l.incident_id = draft.incident_id AND l.entity = 'account' AND l.removed_at IS NULL ORDER BY 2;
  END IF;
END $$;

-- Whoever may send what was drafted may not by it send anything to anybody: the draft says whom, and it is sent in this transaction.
CREATE FUNCTION ops.guard_incident_update() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF new.about_entity <> 'incident-notice' OR NOT EXISTS (
       SELECT FROM ops.incident_notice n JOIN ops.incident_recipients(n.id) r ON r.channel = new.channel AND new.recipient IN (r.recipient, 'no address')
        WHERE n.id::text = new.about_id AND n.status = 'sent' AND n.xmin = pg_current_xact_id()::xid) THEN
    RAISE EXCEPTION 'an update on an incident goes to whom its draft is for' USING ERRCODE = 'BU004';
  END IF;
  RETURN new;
END $$;
CREATE TRIGGER guard_incident BEFORE INSERT ON ops.notice FOR EACH ROW WHEN (new.template = 'incident-update') EXECUTE FUNCTION ops.guard_incident_update();
INSERT INTO ops.notice_use VALUES ('incident-update', 'incident-notices.send');

ALTER TABLE platform.setting DISABLE TRIGGER demand_action;
INSERT INTO platform.setting (key, label, type, category, value, default_value, is_editable, pattern, description) VALUES
  ('email.legal-address', 'Address of legal', 'string', 'email', '"legal@bank.example"', '"legal@bank.example"', true, '^[^[:space:]@]+@[^[:space:]@]+[.][^[:space:]@]+$',
   'Where notices on incidents go that are meant for legal');
ALTER TABLE platform.setting ENABLE TRIGGER demand_action;
INSERT INTO platform.setting_version (key, version, value) SELECT s.key, s.version, s.value FROM platform.setting s WHERE s.key = 'email.legal-address';

-- ── The timeline, and the review ─────────────────────────────────────────────────────────────────

-- Everything on record that concerns an incident, newest first: what was done to it, to what it is about until it was resolved, in write
-- windows of it, under glass broken in it, and whatever came with one of these.
CREATE FUNCTION ops.incident_timeline(wanted bigint) RETURNS TABLE (seq bigint, at timestamptz, operator text, action text, record text, outcome text, note text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  i ops.incident;
  until timestamptz;
  closed timestamptz;
BEGIN
  SELECT * INTO i FROM ops.incident x WHERE x.id = wanted;
  until := coalesce(i.resolved_at, 'infinity');
  closed := coalesce(i.reviewed_at, 'infinity');
  RETURN QUERY
  WITH own AS MATERIALIZED (
    SELECT a.seq, a.correlation_id FROM ops.audit a WHERE a.entity = 'incident' AND a.entity_id = wanted::text
    UNION SELECT a.seq, a.correlation_id FROM ops.incident_step s JOIN ops.audit a ON a.entity = 'incident-step' AND a.entity_id = s.id::text WHERE s.incident_id = wanted
    UNION SELECT a.seq, a.correlation_id FROM ops.incident_notice n JOIN ops.audit a ON a.entity = 'incident-notice' AND a.entity_id = n.id::text WHERE n.incident_id = wanted
    UNION SELECT a.seq, a.correlation_id FROM ops.incident_link l JOIN ops.audit a ON a.entity = l.entity AND a.entity_id = l.entity_id
           WHERE l.incident_id = wanted AND l.removed_at IS NULL AND a.at BETWEEN i.opened_at AND until
    UNION SELECT a.seq, a.correlation_id FROM ops.incident_link l JOIN ops.note n ON n.entity = l.entity AND n.entity_id = l.entity_id JOIN ops.audit a ON a.entity = 'note' AND a.entity_id = n.id::text
           WHERE l.incident_id = wanted AND l.removed_at IS NULL AND n.written_at BETWEEN i.opened_at AND until
    UNION SELECT a.seq, a.correlation_id FROM ops.note n JOIN ops.audit a ON a.entity = 'note' AND a.entity_id = n.id::text WHERE n.entity = 'incident' AND n.entity_id = wanted::text
    UNION SELECT a.seq, a.correlation_id FROM ops.write_window w JOIN ops.audit a ON a.session_id = w.session_id AND a.at BETWEEN w.opened_at AND coalesce(w.closed_at, w.expires_at)
           WHERE w.incident_id = wanted AND a.at <= until
    UNION SELECT a.seq, a.correlation_id FROM ops.approval p JOIN ops.audit a ON a.approval_id = p.id WHERE p.incident_id = wanted
  ), everything AS (
    SELECT o.seq FROM own o UNION SELECT a.seq FROM ops.audit a WHERE a.correlation_id IN (SELECT o.correlation_id FROM own o) AND a.at <= until
  )
  SELECT a.seq, a.at, coalesce(a.operator, '-'), a.action, a.entity || ' ' || coalesce(a.entity_label, a.entity_id), a.outcome::text, coalesce(a.note, CASE WHEN a.entity = 'note' THEN a.new ->> 'text' END, a.error)
    FROM everything e JOIN ops.audit a ON a.seq = e.seq
   WHERE a.verb NOT IN ('view', 'export') AND (i.last_seq IS NULL OR a.seq <= i.last_seq)
   ORDER BY a.seq DESC;
  IF FOUND THEN RETURN; END IF;
  -- One that a demo began with was declared by nobody: its own tables tell what there is to tell.
  RETURN QUERY
  SELECT NULL::bigint, m.at::timestamptz, o.name, m.action, m.record, 'success', m.note FROM (
      SELECT i.opened_at AS at, i.opened_by AS who, 'incidents.declare' AS action, 'incident ' || i.title AS record, NULL AS note
      UNION ALL SELECT i.contained_at, i.commander_id, 'incidents.contain', 'incident ' || i.title, NULL
      UNION ALL SELECT i.resolved_at, i.commander_id, 'incidents.resolve', 'incident ' || i.title, NULL
      UNION ALL SELECT e.preserved_at, e.preserved_by, 'incidents.preserve', 'incident ' || i.title, NULL FROM ops.incident_evidence e WHERE e.incident_id = wanted AND e.preserved_at <= closed
      UNION ALL SELECT n.settled_at, n.settled_by, 'incident-notices.send', 'incident-notice to ' || n.audience, NULL FROM ops.incident_notice n WHERE n.incident_id = wanted AND n.status = 'sent' AND n.settled_at <= closed
      UNION ALL SELECT h.placed_at, h.placed_by, 'accounts.freeze', 'account ' || a.number, h.note FROM ops.incident_link l JOIN bank.account a ON a.id = l.entity_id::bigint
                  JOIN ops.hold h ON h.account_id = a.id WHERE l.incident_id = wanted AND l.entity = 'account' AND h.placed_at BETWEEN i.opened_at AND until
      UNION ALL SELECT s.done_at, s.done_by, CASE WHEN s.skipped THEN 'incident-steps.skip' ELSE 'incident-steps.check' END, 'incident-step ' || s.title, s.note
                  FROM ops.incident_step s WHERE s.incident_id = wanted) m JOIN ops.operator o ON o.id = m.who
   WHERE m.at IS NOT NULL AND EXISTS (SELECT FROM platform.demo_marker) ORDER BY m.at DESC, m.record;
END $$;

-- The whole of an incident, always the same text for the same rows: what is hashed when its review is closed, and signed when it leaves.
CREATE FUNCTION ops.incident_document(wanted bigint) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT jsonb_pretty(jsonb_build_object(
    'incident', jsonb_build_object('number', i.id, 'level', i.level, 'kind', i.kind, 'title', i.title, 'status', i.status, 'opened', ops.instant(i.opened_at), 'opened by', o.name,
                                   'led by', c.name, 'contained', ops.instant(i.contained_at), 'resolved', ops.instant(i.resolved_at), 'reviewed', ops.instant(i.reviewed_at)),
    'seconds', jsonb_build_object('to contain', floor(extract(epoch FROM i.contained_at - i.opened_at)), 'to resolve', floor(extract(epoch FROM i.resolved_at - i.opened_at))),
    'impact', i.impact,
    'review', jsonb_build_object('root cause', i.root_cause, 'prevention', i.prevention, 'went well', i.went_well, 'went badly', i.went_badly),
    'steps', (SELECT coalesce(jsonb_agg(jsonb_build_object('phase', s.phase, 'step', s.title, 'due', ops.instant(s.due_at), 'done', ops.instant(s.done_at), 'by', d.name, 'note', s.note,
                'result', CASE WHEN s.skipped THEN 'skipped' WHEN s.done_at IS NULL THEN 'not done' WHEN s.done_at <= s.due_at THEN 'in time' ELSE 'late' END,
                'late by', CASE WHEN s.done_at > s.due_at AND NOT s.skipped THEN floor(extract(epoch FROM s.done_at - s.due_at)) END) ORDER BY s.due_at, s.id), '[]')
                FROM ops.incident_step s LEFT JOIN ops.operator d ON d.id = s.done_by WHERE s.incident_id = i.id),
    'records', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', l.entity, 'record', coalesce(a.number, u.username, l.entity_id), 'linked', ops.instant(l.linked_at)) ORDER BY l.entity, l.entity_id), '[]')
                  FROM ops.incident_link l LEFT JOIN bank.account a ON l.entity = 'account' AND a.id = l.entity_id::bigint LEFT JOIN bank."user" u ON l.entity = 'user' AND u.id = l.entity_id::bigint
                 WHERE l.incident_id = i.id AND l.removed_at IS NULL),
    'evidence', (SELECT coalesce(jsonb_agg(jsonb_build_object('bundle', e.id, 'preserved', ops.instant(e.preserved_at), 'by', p.name, 'sha256', encode(e.manifest_sha, 'hex')) ORDER BY e.id), '[]')
                   FROM ops.incident_evidence e JOIN ops.operator p ON p.id = e.preserved_by WHERE e.incident_id = i.id AND (i.reviewed_at IS NULL OR e.preserved_at <= i.reviewed_at)),
    'notices', (SELECT coalesce(jsonb_agg(jsonb_build_object('audience', n.audience, 'sent', ops.instant(n.settled_at), 'by', p.name, 'recipients', n.recipients, 'text', n.body) ORDER BY n.settled_at, n.id), '[]')
                  FROM ops.incident_notice n JOIN ops.operator p ON p.id = n.settled_by
                 WHERE n.incident_id = i.id AND n.status = 'sent' AND (i.reviewed_at IS NULL OR n.settled_at <= i.reviewed_at)),
    'timeline', (SELECT coalesce(jsonb_agg(jsonb_build_object('row', t.seq, 'at', ops.instant(t.at), 'operator', t.operator, 'action', t.action, 'record', t.record, 'outcome', t.outcome, 'note', t.note)
                          ORDER BY t.at, t.seq, t.record), '[]') FROM ops.incident_timeline(i.id) t)))
    FROM ops.incident i JOIN ops.operator o ON o.id = i.opened_by LEFT JOIN ops.operator c ON c.id = i.commander_id WHERE i.id = wanted);
END $$;

-- Closes the review of an incident that is resolved; its result is hashed, and nothing of it changes any more.
CREATE FUNCTION ops.review_incident(wanted bigint, expected_version integer, root_cause text, prevention text, went_well text, went_badly text) RETURNS ops.incident
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  reviewed ops.incident;
BEGIN
  PERFORM ops.require_action('incidents.review');
  -- Whoever ticks a step, sends a notice or preserves evidence holds it shared: they come before, or not into the review.
  PERFORM FROM ops.incident i WHERE i.id = wanted FOR UPDATE;
  PERFORM ops.take_incident(wanted, expected_version);
  UPDATE ops.incident i SET status = 'reviewed', reviewed_at = clock_timestamp(), last_seq = (SELECT coalesce(max(a.seq), 0) FROM ops.audit a), root_cause = btrim(review_incident.root_cause),
         prevention = btrim(review_incident.prevention), went_well = nullif(btrim(review_incident.went_well), ''), went_badly = nullif(btrim(review_incident.went_badly), '') WHERE i.id = wanted;
  UPDATE ops.incident i SET result_hash = sha256(convert_to(ops.incident_document(wanted), 'UTF8')) WHERE i.id = wanted RETURNING i.* INTO reviewed;
  RETURN reviewed;
END $$;

-- ── Evidence ─────────────────────────────────────────────────────────────────────────────────────

-- The parts of a bundle: what is read for each, as JSON, what is newest first. $1 is the incident, $2 and $3 are when it begins and ends.
CREATE FUNCTION ops.evidence_parts() RETURNS TABLE (name text, query text) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  transactions CONSTANT text := 'SELECT t.* FROM account a JOIN bank.transaction t ON t.from_account_id = a.id WHERE t.posted_at BETWEEN $2 AND $3
                                 UNION SELECT t.* FROM account a JOIN bank.transaction t ON t.to_account_id = a.id WHERE t.posted_at BETWEEN $2 AND $3';
BEGIN
  RETURN QUERY VALUES
    ('incident', $q$SELECT to_jsonb(i) AS r FROM ops.incident i WHERE i.id = $1$q$),
    ('steps', $q$SELECT to_jsonb(s) AS r FROM ops.incident_step s WHERE s.incident_id = $1 ORDER BY s.id$q$),
    ('links', $q$SELECT to_jsonb(l) AS r FROM ops.incident_link l WHERE l.incident_id = $1 ORDER BY l.entity, l.entity_id$q$),
    ('drafts', $q$SELECT to_jsonb(n) AS r FROM ops.incident_notice n WHERE n.incident_id = $1 ORDER BY n.id$q$),
    ('accounts', $q$SELECT to_jsonb(b) AS r FROM bank.account b WHERE b.id IN (SELECT id FROM account) ORDER BY b.id$q$),
    ('users', $q$SELECT to_jsonb(u) - '{password_hash,search_text}'::text[] AS r FROM bank."user" u WHERE u.id IN (SELECT id FROM person) ORDER BY u.id$q$),
    ('transactions', 'SELECT to_jsonb(t) AS r FROM (' || transactions || ') t ORDER BY t.posted_at DESC, t.id DESC'),
    ('refusals', $q$SELECT to_jsonb(f) AS r FROM bank.posting_refusal f WHERE f.refused_at BETWEEN $2 AND $3 AND (f.from_account_id IN (SELECT id FROM account) OR f.to_account_id IN (SELECT id FROM account)) ORDER BY f.id DESC$q$),
    ('holds', $q$SELECT to_jsonb(h) AS r FROM ops.hold h WHERE h.account_id IN (SELECT id FROM account) ORDER BY h.id DESC$q$),
    ('flags', $q$SELECT to_jsonb(f) AS r FROM ops.transaction_flag f WHERE f.account_id IN (SELECT id FROM account) ORDER BY f.id DESC$q$),
    ('alerts', $q$SELECT to_jsonb(a) AS r FROM ops.alert a WHERE a.account_id IN (SELECT id FROM account) ORDER BY a.id DESC$q$),
    ('hits', $q$SELECT to_jsonb(h) AS r FROM ops.rule_hit h WHERE h.account_id IN (SELECT id FROM account) AND h.at BETWEEN $2 AND $3 ORDER BY h.id DESC$q$),
    ('cases', $q$SELECT to_jsonb(c) AS r FROM ops.case_file c WHERE c.account_id IN (SELECT id FROM account) OR c.id::text IN (SELECT entity_id FROM ops.incident_link WHERE incident_id = $1 AND entity = 'case') ORDER BY c.id DESC$q$),
    ('disputes', $q$SELECT to_jsonb(d) AS r FROM ops.dispute d WHERE d.account_id IN (SELECT id FROM account) ORDER BY d.id DESC$q$),
    ('notes', $q$SELECT to_jsonb(n) AS r FROM ops.note n WHERE (n.entity, n.entity_id) IN (SELECT 'incident', $1::text UNION SELECT entity, entity_id FROM ops.incident_link WHERE incident_id = $1) ORDER BY n.id DESC$q$),
    ('security-events', $q$SELECT to_jsonb(e) AS r FROM ops.security_event e WHERE e.last_at BETWEEN $2 AND $3 ORDER BY e.last_at DESC, e.id DESC$q$),
    ('sign-ins', $q$SELECT to_jsonb(e) AS r FROM bank.auth_event e WHERE e.user_id IN (SELECT id FROM person) AND e.at BETWEEN $2 AND $3 ORDER BY e.id DESC$q$),
    ('sessions', $q$SELECT to_jsonb(s) AS r FROM bank.auth_session s WHERE s.user_id IN (SELECT id FROM person) AND s.last_seen_at BETWEEN $2 AND $3 ORDER BY s.last_seen_at DESC, s.id$q$),
    ('operator-sessions', $q$SELECT to_jsonb(s) - '{token_hash,demo_code}'::text[] AS r FROM ops.operator_session s WHERE s.last_seen_at BETWEEN $2 AND $3 ORDER BY s.last_seen_at DESC, s.number DESC$q$),
    ('approvals', $q$SELECT to_jsonb(p) AS r FROM ops.approval p WHERE p.made_at BETWEEN $2 AND $3 ORDER BY p.made_at DESC, p.number DESC$q$),
    ('notices', $q$SELECT to_jsonb(n) - 'sealed' AS r FROM ops.notice n WHERE n.created_at BETWEEN $2 AND $3 AND (n.about_entity, n.about_id) IN (SELECT entity, entity_id FROM ops.incident_link WHERE incident_id = $1 UNION SELECT 'incident-notice', d.id::text FROM ops.incident_notice d WHERE d.incident_id = $1) ORDER BY n.number DESC$q$),
    ('audit', $q$SELECT to_jsonb(a) AS r FROM ops.audit a WHERE a.at BETWEEN $2 AND $3 ORDER BY a.at DESC, a.seq DESC$q$);
  -- The transcripts of runbooks, where there are any.
  IF to_regclass('ops.run_step') IS NOT NULL THEN
    RETURN QUERY VALUES ('runs', $q$SELECT to_jsonb(x) || jsonb_build_object('steps', (SELECT jsonb_agg(to_jsonb(s) ORDER BY s.position) FROM ops.run_step s WHERE s.run_id = x.id)) AS r
                                      FROM ops.run x WHERE x.queued_at BETWEEN $2 AND $3 ORDER BY x.number DESC$q$);
  END IF;
END $$;

-- Writes a bundle: every part as it is now, what happened from `began` to `ended`, no more than 10,000 rows of each kind, the newest; the
-- manifest says of how many. Internal.
CREATE FUNCTION ops.store_evidence(wanted bigint, began timestamptz, ended timestamptz, by_operator bigint) RETURNS ops.incident_evidence
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  most CONSTANT integer := 10000;
  i ops.incident;
  part record;
  found_rows bigint;
  document text;
  parts jsonb := '[]';
  names text[] := '{}';
  counts bigint[] := '{}';
  documents text[] := '{}';
  preserved ops.incident_evidence;
BEGIN
  SELECT * INTO STRICT i FROM ops.incident x WHERE x.id = wanted;
  FOR part IN SELECT p.name, p.query FROM ops.evidence_parts() p LOOP
    EXECUTE format(
      $q$WITH account AS MATERIALIZED (SELECT l.entity_id::bigint AS id FROM ops.incident_link l WHERE l.incident_id = $1 AND l.entity = 'account' AND l.removed_at IS NULL),
           person AS MATERIALIZED (SELECT a.user_id AS id FROM bank.account a WHERE a.id IN (SELECT id FROM account)
                                   UNION SELECT l.entity_id::bigint FROM ops.incident_link l WHERE l.incident_id = $1 AND l.entity = 'user' AND l.removed_at IS NULL),
           part AS MATERIALIZED (%s)
         SELECT (SELECT count(*) FROM part), (SELECT '[' || coalesce(E'\n' || string_agg(few.r::text, E',\n') || E'\n', '') || ']' FROM (SELECT r FROM part LIMIT %s) few), $2, $3$q$, part.query, most)
      INTO found_rows, document USING wanted, began, ended;
    document := document || E'\n';
    names := names || part.name; counts := counts || found_rows; documents := documents || document;
    parts := parts || jsonb_build_object('file', part.name || '.json', 'rows', least(found_rows, most), 'of', found_rows, 'sha256', encode(sha256(convert_to(document, 'UTF8')), 'hex'));
  END LOOP;
  INSERT INTO ops.incident_evidence AS e (incident_id, since, preserved_by, preserved_at, manifest, manifest_sha)
  SELECT wanted, began, by_operator, ended, m.text, sha256(convert_to(m.text, 'UTF8'))
    FROM (SELECT jsonb_pretty(jsonb_build_object('incident', i.id, 'title', i.title, 'since', ops.instant(began), 'until', ops.instant(ended), 'most rows of a kind', most, 'parts', parts)) || E'\n' AS text) m
  RETURNING e.* INTO preserved;
  INSERT INTO ops.incident_evidence_part (evidence_id, name, rows, of, document)
  SELECT preserved.id, k.name, least(k.of, most), k.of, k.document FROM unnest(names, counts, documents) AS k(name, of, document);
  RETURN preserved;
END $$;

-- Preserves what everything is like now, with what happened since so many hours before the declaration.
CREATE FUNCTION ops.preserve_incident(wanted bigint, hours integer) RETURNS ops.incident_evidence LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run := ops.require_action('incidents.preserve');
  i ops.incident;
BEGIN
  SELECT * INTO i FROM ops.incident x WHERE x.id = wanted FOR SHARE;
  IF NOT FOUND THEN RAISE EXCEPTION 'there is no incident %', wanted USING ERRCODE = 'BU011'; END IF;
  IF hours NOT BETWEEN 1 AND 720 THEN RAISE EXCEPTION 'evidence begins 1 to 720 hours before the declaration' USING ERRCODE = '23514'; END IF;
  RETURN ops.store_evidence(wanted, i.opened_at - make_interval(hours => hours), clock_timestamp(), run.operator_id);
END $$;

-- ── Who may do it ────────────────────────────────────────────────────────────────────────────────

INSERT INTO ops.role_permission (role, permission)
SELECT r, 'incident.evidence' FROM unnest(ARRAY['analyst', 'operations', 'manager', 'auditor', 'admin', 'sysop']) r;

INSERT INTO ops.action_permission (action, permission, checker) VALUES
  ('incidents.set-level', 'incident.manage', NULL), ('incidents.assign', 'incident.manage', NULL), ('incidents.link', 'incident.manage', NULL), ('incidents.unlink', 'incident.manage', NULL),
  ('accounts.link-incident', 'incident.manage', NULL), ('incidents.preserve', 'incident.manage', NULL), ('incidents.draft-notice', 'incident.manage', NULL),
  ('incident-steps.check', 'incident.manage', NULL), ('incident-steps.uncheck', 'incident.manage', NULL), ('incident-steps.skip', 'incident.manage', NULL),
  ('incident-notices.edit', 'incident.manage', NULL), ('incident-notices.send', 'incident.manage', 'approval.decide'), ('incident-notices.discard', 'incident.manage', NULL);

REVOKE EXECUTE ON FUNCTION ops.loose_of_incident, ops.is_record, ops.add_incident_steps, ops.commander, ops.take_incident, ops.evidence_parts, ops.store_evidence FROM PUBLIC;
