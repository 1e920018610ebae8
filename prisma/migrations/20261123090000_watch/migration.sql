-- What watching the bank leaves behind: hits of the detection rules, alerts, cases, disputes, security events, notes. Who may change
-- which of them by what is in the migrations that follow; until then nothing but their owner writes to them.

ALTER TABLE platform.setting DROP CONSTRAINT setting_category_check;
ALTER TABLE platform.setting ADD CONSTRAINT setting_category_check CHECK (category IN ('system', 'security', 'email', 'detection'));

-- ── Notes on any record ──────────────────────────────────────────────────────────────────────────

CREATE TABLE ops.note (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  entity     text NOT NULL,
  entity_id  text NOT NULL,
  text       text NOT NULL CHECK (length(btrim(text)) BETWEEN 10 AND 2000),
  written_by bigint NOT NULL REFERENCES ops.operator,
  written_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX note_entity_entity_id_id_idx ON ops.note (entity, entity_id, id);
CREATE INDEX note_written_at_id_idx ON ops.note (written_at, id);

-- ── Detection: rules, runs, hits ─────────────────────────────────────────────────────────────────

-- The rules the console knows; their SQL is part of it, and their parameters and modes are settings (detection.rN.…).
CREATE TABLE ops.detection_rule (
  id          smallint PRIMARY KEY CHECK (id BETWEEN 1 AND 999), -- 5 is R5
  title       text NOT NULL,
  explanation text NOT NULL,
  score       smallint NOT NULL CHECK (score BETWEEN 1 AND 100),
  version     integer NOT NULL DEFAULT 1
);

-- One pass over what was posted. The next one begins where every transaction that could still commit is later.
CREATE TABLE ops.detection_run (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  operator_id   bigint NOT NULL REFERENCES ops.operator,
  session_id    uuid NOT NULL REFERENCES ops.operator_session,
  started_at    timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  snapshot_next bigint NOT NULL, -- no transaction number from here on was given when it started
  since         timestamptz(3) NOT NULL, -- what was posted from here on is looked at
  finished_at   timestamptz(3), -- null: under way, or its console ended meanwhile
  hits          integer NOT NULL DEFAULT 0, -- new ones
  alerts        integer NOT NULL DEFAULT 0 -- new ones
);
CREATE INDEX detection_run_started_at_id_idx ON ops.detection_run (started_at, id);

CREATE TABLE ops.alert (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  rule          smallint NOT NULL REFERENCES ops.detection_rule,
  account_id    bigint NOT NULL,
  score         smallint NOT NULL, -- of the account, when the newest hit came: its rules of the last 24 hours, added
  status        text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'in review', 'dismissed', 'escalated')),
  opened_at     timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  last_hit_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  hits          integer NOT NULL DEFAULT 1,
  claimed_by    bigint REFERENCES ops.operator,
  claimed_at    timestamptz(3),
  snoozed_until timestamptz(3),
  outcome       text CHECK (outcome IN ('confirmed', 'valuable', 'false positive')),
  decided_by    bigint REFERENCES ops.operator,
  decided_at    timestamptz(3),
  case_id       bigint,
  changed_at    timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  version       integer NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX alert_one_open_key ON ops.alert (rule, account_id) WHERE status IN ('open', 'in review');
CREATE INDEX alert_opened_at_id_idx ON ops.alert (opened_at, id);
CREATE INDEX alert_status_opened_at_id_idx ON ops.alert (status, opened_at, id);
CREATE INDEX alert_last_hit_at_id_idx ON ops.alert (last_hit_at, id);
CREATE INDEX alert_account_id_idx ON ops.alert (account_id);
CREATE INDEX alert_score_id_idx ON ops.alert (score, id);

CREATE TABLE ops.rule_hit (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  rule            smallint NOT NULL REFERENCES ops.detection_rule,
  rule_version    integer NOT NULL,
  shadow          boolean NOT NULL DEFAULT false, -- counted, but it raises nothing
  account_id      bigint NOT NULL,
  last_id         bigint NOT NULL, -- the transaction that completed it
  transaction_ids bigint[] NOT NULL CHECK (cardinality(transaction_ids) BETWEEN 1 AND 200),
  observed        jsonb NOT NULL, -- what was seen, by name
  parameters      jsonb NOT NULL, -- what it was measured by, by name
  words           text NOT NULL, -- "7 debits in 8 min, limit 5"
  score           smallint NOT NULL,
  at              timestamptz(3) NOT NULL, -- when the transaction that completed it was posted
  found_at        timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  run_id          bigint REFERENCES ops.detection_run,
  alert_id        bigint REFERENCES ops.alert,
  UNIQUE (rule, account_id, last_id, shadow)
);
CREATE INDEX rule_hit_account_id_at_idx ON ops.rule_hit (account_id, at);
CREATE INDEX rule_hit_alert_id_idx ON ops.rule_hit (alert_id);
CREATE INDEX rule_hit_rule_at_idx ON ops.rule_hit (rule, at);

-- One rule about one account raises nothing until then.
CREATE TABLE ops.alert_snooze (
  rule       smallint NOT NULL REFERENCES ops.detection_rule,
  account_id bigint NOT NULL,
  until      timestamptz(3) NOT NULL,
  note       text NOT NULL,
  set_by     bigint NOT NULL REFERENCES ops.operator,
  set_at     timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (rule, account_id)
);

-- ── Cases ────────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE ops.case_file (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  title       text NOT NULL CHECK (length(btrim(title)) BETWEEN 10 AND 200),
  account_id  bigint,
  status      text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'investigating', 'suspended', 'pending approval', 'confirmed', 'refuted', 'inconclusive')),
  score       smallint NOT NULL DEFAULT 0, -- of its gravest alert
  opened_by   bigint NOT NULL REFERENCES ops.operator,
  opened_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  assigned_to bigint REFERENCES ops.operator,
  finding     text,
  incident_id bigint,
  changed_at  timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  version     integer NOT NULL DEFAULT 0
);
CREATE INDEX case_file_opened_at_id_idx ON ops.case_file (opened_at, id);
CREATE INDEX case_file_status_opened_at_id_idx ON ops.case_file (status, opened_at, id);
CREATE INDEX case_file_account_id_idx ON ops.case_file (account_id);
ALTER TABLE ops.alert ADD CONSTRAINT alert_case_id_fkey FOREIGN KEY (case_id) REFERENCES ops.case_file;

CREATE TABLE ops.case_link (
  case_id   bigint NOT NULL REFERENCES ops.case_file,
  entity    text NOT NULL,
  entity_id text NOT NULL,
  linked_by bigint NOT NULL REFERENCES ops.operator,
  linked_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (case_id, entity, entity_id)
);
CREATE INDEX case_link_entity_entity_id_idx ON ops.case_link (entity, entity_id);

-- ── Disputes ─────────────────────────────────────────────────────────────────────────────────────

CREATE TABLE ops.dispute (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  transaction_id bigint NOT NULL,
  account_id     bigint NOT NULL, -- whose owner disputes
  kind           text NOT NULL CHECK (kind IN ('not authorised', 'wrong amount', 'posted twice', 'not received', 'system fault', 'other')),
  statement      text NOT NULL CHECK (length(btrim(statement)) BETWEEN 10 AND 2000), -- what the customer says
  status         text NOT NULL DEFAULT 'received' CHECK (status IN ('received', 'investigating', 'upheld', 'denied')),
  evidence       jsonb, -- gathered by the database when it is investigated
  gathered_at    timestamptz(3),
  received_by    bigint NOT NULL REFERENCES ops.operator,
  received_at    timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  decided_by     bigint REFERENCES ops.operator,
  decided_at     timestamptz(3),
  finding        text,
  changed_at     timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  version        integer NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX dispute_one_open_key ON ops.dispute (transaction_id) WHERE status IN ('received', 'investigating');
CREATE INDEX dispute_received_at_id_idx ON ops.dispute (received_at, id);
CREATE INDEX dispute_status_received_at_id_idx ON ops.dispute (status, received_at, id);
CREATE INDEX dispute_account_id_idx ON ops.dispute (account_id);
CREATE INDEX dispute_transaction_id_idx ON ops.dispute (transaction_id);

-- ── Security events ──────────────────────────────────────────────────────────────────────────────

CREATE TABLE ops.security_event (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind            text NOT NULL CHECK (kind IN ('failed logins', 'lockout', 'brute force', 'new address', 'admin access', 'privilege change', 'suspicious pattern', 'abuse')),
  level           text NOT NULL CHECK (level IN ('info', 'warning', 'critical')),
  source          text NOT NULL, -- an IP address, or the pane or job it came from
  ip              inet,
  user_id         bigint, -- of the platform
  operator        text,
  summary         text NOT NULL,
  count           integer NOT NULL DEFAULT 1 CHECK (count > 0),
  first_at        timestamptz(3) NOT NULL,
  last_at         timestamptz(3) NOT NULL,
  dedupe_key      text NOT NULL UNIQUE, -- the same thing seen again is counted, not written again
  acknowledged_by bigint REFERENCES ops.operator,
  acknowledged_at timestamptz(3),
  correlation_id  uuid
);
CREATE INDEX security_event_last_at_id_idx ON ops.security_event (last_at, id);
CREATE INDEX security_event_kind_last_at_id_idx ON ops.security_event (kind, last_at, id);
CREATE INDEX security_event_level_last_at_id_idx ON ops.security_event (level, last_at, id);
CREATE INDEX security_event_user_id_idx ON ops.security_event (user_id);

-- What is written once stays; what changes is guarded by what follows.
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON ops.note FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep BEFORE DELETE ON ops.alert FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep BEFORE DELETE ON ops.rule_hit FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep BEFORE DELETE ON ops.detection_run FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep BEFORE DELETE ON ops.case_file FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep BEFORE DELETE ON ops.dispute FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep BEFORE DELETE ON ops.security_event FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
DO $$ DECLARE kept text; BEGIN
  FOREACH kept IN ARRAY '{note,alert,rule_hit,detection_run,case_file,dispute,security_event}'::text[] LOOP
    EXECUTE format('CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.%I FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change()', kept);
  END LOOP;
END $$;

-- ── Who may look, and who may act ────────────────────────────────────────────────────────────────

INSERT INTO ops.role_permission (role, permission)
SELECT r, p FROM unnest(ARRAY['analyst', 'operations', 'manager', 'auditor', 'admin', 'sysop']) r,
  unnest(ARRAY['alert.read', 'case.read', 'dispute.read', 'limit.read', 'rule.read', 'security.read', 'event.read', 'note.read', 'daily.read', 'detection.run']) p
UNION ALL SELECT 'support', unnest(ARRAY['dispute.read', 'limit.read', 'event.read', 'note.read', 'security.read', 'daily.read'])
UNION ALL SELECT 'viewer', unnest(ARRAY['alert.read', 'limit.read', 'note.read'])
UNION ALL SELECT 'developer', unnest(ARRAY['event.read', 'note.read', 'security.read']);
INSERT INTO ops.role_permission (role, permission)
SELECT r, 'note.write' FROM unnest(ARRAY['analyst', 'operations', 'manager', 'admin', 'sysop', 'support', 'developer']) r
UNION ALL SELECT r, 'daily.review' FROM unnest(ARRAY['analyst', 'operations', 'manager', 'auditor', 'admin', 'sysop', 'support']) r
UNION ALL SELECT r, 'security.acknowledge' FROM unnest(ARRAY['analyst', 'operations', 'admin', 'sysop']) r;
INSERT INTO ops.role_permission (role, permission) VALUES
  ('analyst', 'alert.decide'), ('analyst', 'case.work'), ('manager', 'case.work'), ('manager', 'case.decide'),
  ('support', 'dispute.receive'), ('operations', 'dispute.receive'), ('operations', 'dispute.decide'), ('manager', 'limit.override');
-- Whoever audits looks at what others decide.
DELETE FROM ops.role_permission WHERE (role, permission) IN (('auditor', 'detection.run'), ('auditor', 'daily.review'));
