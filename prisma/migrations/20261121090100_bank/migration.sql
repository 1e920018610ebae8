-- The bank's system of record and the narrow contract by which anybody changes it. Money is bigint
-- minor units; what must never happen is refused here, whoever asks.

CREATE SCHEMA IF NOT EXISTS bank;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

CREATE TYPE bank.user_status AS ENUM ('invited', 'active', 'locked', 'deactivated');
CREATE TYPE bank.account_status AS ENUM ('pending', 'active', 'frozen', 'closed', 'rejected');
CREATE TYPE bank.account_type AS ENUM ('savings', 'current');
CREATE TYPE bank.transaction_type AS ENUM ('deposit', 'withdrawal', 'transfer', 'reversal');
CREATE TYPE bank.document_status AS ENUM ('received', 'verified', 'rejected');

-- ── Reference data ───────────────────────────────────────────────────────────────────────────────

CREATE TABLE bank.currency (
  code     char(3) PRIMARY KEY CHECK (code ~ '^[A-Z]{3}$'),
  exponent smallint NOT NULL CHECK (exponent BETWEEN 0 AND 4) -- ISO 4217: digits of the minor unit
);
INSERT INTO bank.currency VALUES ('EUR', 2), ('USD', 2), ('GBP', 2), ('CHF', 2), ('JPY', 0), ('KWD', 3);

-- The business day is the bank's, not the server's.
CREATE TABLE bank.calendar (
  id        boolean PRIMARY KEY DEFAULT true CHECK (id),
  time_zone text NOT NULL
);
INSERT INTO bank.calendar (time_zone) VALUES ('Europe/Berlin');

CREATE FUNCTION bank.business_day(at timestamptz DEFAULT clock_timestamp()) RETURNS date LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (SELECT (at AT TIME ZONE c.time_zone)::date FROM bank.calendar c);
END $$;

-- Default limits in units of the currency (GUIDES.md D20): 2,000 a posting; 10,000 in, 5,000 out, 5,000 sent a day.
CREATE TABLE bank.limit_default (
  type         bank.transaction_type PRIMARY KEY CHECK (type <> 'reversal'),
  single_units bigint NOT NULL CHECK (single_units > 0),
  daily_units  bigint NOT NULL CHECK (daily_units > 0)
);
INSERT INTO bank.limit_default VALUES ('deposit', 2000, 10000), ('withdrawal', 2000, 5000), ('transfer', 2000, 5000);

CREATE TABLE bank.role (
  name text PRIMARY KEY,
  rank smallint NOT NULL CHECK (rank BETWEEN 0 AND 10)
);
INSERT INTO bank.role VALUES ('admin', 0), ('developer', 2), ('executive', 3), ('designer', 5), ('executor', 6), ('viewer', 9), ('customer', 10);

-- ── Users, accounts, documents ───────────────────────────────────────────────────────────────────

CREATE TABLE bank."user" (
  id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  username             text NOT NULL UNIQUE CHECK (username ~ '^[a-z0-9][a-z0-9._-]{2,62}$'),
  email                text NOT NULL CHECK (email ~ '^[^[:space:]@]+@[^[:space:]@]+\.[^[:space:]@]+$' AND length(email) <= 254),
  email_verified_at    timestamptz(3),
  first_name           text NOT NULL CHECK (length(btrim(first_name)) BETWEEN 1 AND 100),
  last_name            text NOT NULL CHECK (length(btrim(last_name)) BETWEEN 1 AND 100),
  birth_date           date CHECK (birth_date > '1900-01-01'),
  phone                text,
  role                 text NOT NULL DEFAULT 'viewer' REFERENCES bank.role,
  status               bank.user_status NOT NULL DEFAULT 'invited',
  password_hash        text,
  must_change_password boolean NOT NULL DEFAULT false,
  created_by           bigint, -- the operator; null where the person registered alone
  created_at           timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  last_login_at        timestamptz(3),
  version              integer NOT NULL DEFAULT 0,
  search_text          text NOT NULL GENERATED ALWAYS AS (lower(username || ' ' || email || ' ' || first_name || ' ' || last_name)) STORED
);
CREATE UNIQUE INDEX user_email_key ON bank."user" (lower(email));
CREATE INDEX user_created_at_id_idx ON bank."user" (created_at, id);
CREATE INDEX user_last_name_id_idx ON bank."user" (last_name, id);
CREATE INDEX user_last_login_at_id_idx ON bank."user" (last_login_at, id);
CREATE INDEX user_status_created_at_id_idx ON bank."user" (status, created_at, id);
CREATE INDEX user_role_created_at_id_idx ON bank."user" (role, created_at, id);
CREATE INDEX user_person_idx ON bank."user" (lower(last_name), lower(first_name), birth_date);
CREATE INDEX user_search_text_idx ON bank."user" USING gin (search_text gin_trgm_ops);

-- Which action takes a user from which state to which: whoever may unlock may not thereby activate.
CREATE TABLE bank.user_transition (
  before bank.user_status NOT NULL,
  after  bank.user_status NOT NULL,
  action text NOT NULL,
  PRIMARY KEY (before, after, action)
);
INSERT INTO bank.user_transition VALUES ('invited', 'active', 'users.activate'), ('active', 'locked', 'users.lock'), ('locked', 'active', 'users.unlock'),
  ('active', 'deactivated', 'users.deactivate'), ('locked', 'deactivated', 'users.deactivate'), ('deactivated', 'active', 'users.activate');

CREATE TABLE bank.account (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  number       text NOT NULL UNIQUE CHECK (number ~ '^[0-9]{12}$'),
  user_id      bigint NOT NULL REFERENCES bank."user",
  type         bank.account_type NOT NULL DEFAULT 'savings',
  currency     char(3) NOT NULL REFERENCES bank.currency,
  status       bank.account_status NOT NULL DEFAULT 'pending',
  balance      bigint NOT NULL DEFAULT 0 CHECK (balance >= 0),
  opened_by    bigint, -- the operator; null where the customer applied alone
  opened_at    timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  activated_by bigint,
  activated_at timestamptz(3),
  closed_at    timestamptz(3),
  changed_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  version      integer NOT NULL DEFAULT 0,
  CONSTRAINT closed_is_empty CHECK (status <> 'closed' OR (balance = 0 AND closed_at IS NOT NULL)),
  CONSTRAINT unopened_is_empty CHECK (status NOT IN ('pending', 'rejected') OR balance = 0)
);
CREATE INDEX account_user_id_idx ON bank.account (user_id);
CREATE INDEX account_opened_at_id_idx ON bank.account (opened_at, id);
CREATE INDEX account_changed_at_id_idx ON bank.account (changed_at, id);
CREATE INDEX account_balance_id_idx ON bank.account (balance, id);
CREATE INDEX account_status_opened_at_id_idx ON bank.account (status, opened_at, id);
CREATE INDEX account_type_opened_at_id_idx ON bank.account (type, opened_at, id);

-- Which action takes an account from which state to which. Back to pending is no transition of its own but the
-- retracting of an approval, within its ten minutes.
CREATE TABLE bank.account_transition (
  before bank.account_status NOT NULL,
  after  bank.account_status NOT NULL,
  action text NOT NULL,
  PRIMARY KEY (before, after, action)
);
INSERT INTO bank.account_transition VALUES ('pending', 'active', 'accounts.approve'), ('pending', 'rejected', 'accounts.reject'),
  ('active', 'frozen', 'accounts.freeze'), ('frozen', 'active', 'accounts.unfreeze'), ('frozen', 'active', 'accounts.retract-freeze'),
  ('active', 'closed', 'accounts.close'), ('frozen', 'closed', 'accounts.close'), ('active', 'pending', 'accounts.retract-approval');

CREATE TABLE bank.document (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id     bigint NOT NULL REFERENCES bank."user",
  kind        text NOT NULL CHECK (kind IN ('identity', 'address')),
  reference   text NOT NULL,
  status      bank.document_status NOT NULL DEFAULT 'received',
  expires_on  date,
  received_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX document_user_id_idx ON bank.document (user_id);

-- A limit of one account that replaces the default until it expires.
CREATE TABLE bank.limit_override (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES bank.account,
  type       bank.transaction_type NOT NULL CHECK (type <> 'reversal'),
  single     bigint NOT NULL CHECK (single > 0), -- minor units
  daily      bigint NOT NULL CHECK (daily >= single),
  expires_at timestamptz(3),
  reason     text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX limit_override_account_id_type_idx ON bank.limit_override (account_id, type);

-- One row per account, type and business day; the row itself refuses to pass its limit.
CREATE TABLE bank.limit_counter (
  account_id bigint NOT NULL REFERENCES bank.account,
  type       bank.transaction_type NOT NULL,
  day        date NOT NULL,
  used       bigint NOT NULL CHECK (used >= 0),
  max        bigint NOT NULL,
  PRIMARY KEY (account_id, type, day),
  CONSTRAINT within_daily_limit CHECK (used <= max)
) WITH (fillfactor = 80);

-- ── Transactions ─────────────────────────────────────────────────────────────────────────────────

-- One row a transaction: from one account to another, or null on the side outside the bank.
CREATE TABLE bank.transaction (
  id                 bigint PRIMARY KEY, -- given by the posting itself, while it holds its accounts
  type               bank.transaction_type NOT NULL,
  from_account_id    bigint REFERENCES bank.account,
  to_account_id      bigint REFERENCES bank.account,
  amount             bigint NOT NULL CHECK (amount > 0),
  currency           char(3) NOT NULL, -- its accounts' own; a foreign key would have every posting lock the same row
  channel            text NOT NULL CHECK (channel IN ('card', 'online', 'branch', 'atm', 'standing order', 'internal')),
  counterparty       text, -- the party outside the bank, as it names itself
  description        text NOT NULL DEFAULT '',
  reverses           bigint REFERENCES bank.transaction CHECK (reverses <> id),
  from_balance_after bigint,
  to_balance_after   bigint,
  business_day       date NOT NULL,
  posted_at          timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT legs_fit_type CHECK (CASE type
    WHEN 'deposit'    THEN from_account_id IS NULL AND to_account_id IS NOT NULL
    WHEN 'withdrawal' THEN from_account_id IS NOT NULL AND to_account_id IS NULL
    WHEN 'transfer'   THEN from_account_id IS NOT NULL AND to_account_id IS NOT NULL AND from_account_id <> to_account_id
    ELSE coalesce(from_account_id, to_account_id) IS NOT NULL END),
  CONSTRAINT only_reversals_reverse CHECK ((type = 'reversal') = (reverses IS NOT NULL))
);
CREATE SEQUENCE bank.transaction_id_seq OWNED BY bank.transaction.id;
CREATE UNIQUE INDEX transaction_reversed_once_key ON bank.transaction (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX transaction_posted_at_id_idx ON bank.transaction (posted_at, id);
CREATE INDEX transaction_amount_id_idx ON bank.transaction (amount, id);
CREATE INDEX transaction_type_posted_at_id_idx ON bank.transaction (type, posted_at, id);
CREATE INDEX transaction_channel_posted_at_id_idx ON bank.transaction (channel, posted_at, id);
CREATE INDEX transaction_from_account_id_posted_at_id_idx ON bank.transaction (from_account_id, posted_at, id);
CREATE INDEX transaction_to_account_id_posted_at_id_idx ON bank.transaction (to_account_id, posted_at, id);
-- The day stands beside the words, so that frequent words can be looked for day by day. New rows wait in a short list only: every search reads it.
CREATE INDEX transaction_text_idx ON bank.transaction
  USING gin (((posted_at AT TIME ZONE 'UTC')::date), (lower(coalesce(counterparty, '') || ' ' || description)) gin_trgm_ops) WITH (gin_pending_list_limit = 128);

CREATE TABLE bank.posting_refusal (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  type            bank.transaction_type NOT NULL,
  from_account_id bigint,
  to_account_id   bigint,
  amount          bigint NOT NULL,
  currency        text NOT NULL,
  code            text NOT NULL,
  message         text NOT NULL,
  refused_at      timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX posting_refusal_refused_at_id_idx ON bank.posting_refusal (refused_at, id);
CREATE INDEX posting_refusal_from_account_id_idx ON bank.posting_refusal (from_account_id, refused_at);
CREATE INDEX posting_refusal_to_account_id_idx ON bank.posting_refusal (to_account_id, refused_at);

-- What each posting key was used for, and what came of it.
CREATE TABLE bank.idempotency_key (
  key            uuid PRIMARY KEY,
  content_hash   bytea NOT NULL,
  transaction_id bigint,
  refusal_id     bigint,
  created_at     timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT one_answer CHECK (num_nonnulls(transaction_id, refusal_id) <= 1)
);

-- ── Sessions and sign-ins of the platform's users ────────────────────────────────────────────────

CREATE TABLE bank.auth_session (
  id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id      bigint NOT NULL REFERENCES bank."user",
  device       text NOT NULL,
  ip           inet NOT NULL,
  started_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  last_seen_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  ended_at     timestamptz(3)
);
CREATE INDEX auth_session_live_idx ON bank.auth_session (user_id) WHERE ended_at IS NULL;

CREATE TABLE bank.auth_event (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  type       text NOT NULL CHECK (type IN ('login_success', 'login_failure', 'lockout', 'logout', 'password_reset')),
  username   text NOT NULL,
  user_id    bigint,
  ip         inet NOT NULL,
  user_agent text NOT NULL DEFAULT '',
  at         timestamptz(3) NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX auth_event_type_at_idx ON bank.auth_event (type, at);
CREATE INDEX auth_event_user_id_at_idx ON bank.auth_event (user_id, at);

-- ── Guards: what no statement gets past ──────────────────────────────────────────────────────────

CREATE FUNCTION bank.guard_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- The platform notes sign-ins itself, and that an address was confirmed by its owner; the text that is
  -- searched follows from the rest.
  unguarded text[] := '{last_login_at,search_text}';
  run ops.action_run;
BEGIN
  IF tg_op = 'INSERT' THEN
    run := ops.acting();
    -- People register alone as customers; everything else is an operator's act.
    IF new.role <> 'customer' OR new.status NOT IN ('invited', 'active') OR run.request_id IS NOT NULL THEN run := ops.require_action('users.create'); END IF;
    new.created_by := run.operator_id;
    new.version := 0;
    RETURN new;
  END IF;
  IF old.email_verified_at IS NULL AND new.email = old.email THEN unguarded := unguarded || '{email_verified_at}'; END IF;
  IF (to_jsonb(new) - unguarded) = (to_jsonb(old) - unguarded) THEN RETURN new; END IF;
  IF (new.id, new.username, new.created_at, new.created_by) IS DISTINCT FROM (old.id, old.username, old.created_at, old.created_by) THEN
    RAISE EXCEPTION 'id, username and creation of a user never change' USING ERRCODE = 'BU007';
  END IF;
  run := ops.require_acting();
  IF new.status <> old.status AND NOT EXISTS (SELECT FROM bank.user_transition WHERE before = old.status AND after = new.status AND action = run.action) THEN
    RAISE EXCEPTION '% cannot take a user from % to %', run.action, old.status, new.status USING ERRCODE = 'BU007';
  END IF;
  IF new.role <> old.role THEN PERFORM ops.require_action('users.change-role'); END IF;
  IF (new.password_hash, new.must_change_password) IS DISTINCT FROM (old.password_hash, old.must_change_password) THEN
    PERFORM ops.require_action('users.reset-password');
  END IF;
  unguarded := unguarded || '{status,role,password_hash,must_change_password}';
  IF (to_jsonb(new) - unguarded) <> (to_jsonb(old) - unguarded) THEN PERFORM ops.require_action('users.edit'); END IF;
  -- Nobody confirmed the new address yet.
  IF lower(new.email) <> lower(old.email) THEN new.email_verified_at := NULL; END IF;
  new.version := old.version + 1;
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON bank."user" FOR EACH ROW EXECUTE FUNCTION bank.guard_user();
CREATE TRIGGER keep BEFORE DELETE ON bank."user" FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON bank."user" FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

CREATE FUNCTION bank.keep_an_admin() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM bank.role WHERE name = 'admin' FOR NO KEY UPDATE; -- as in ops.keep_an_admin
  IF NOT EXISTS (SELECT FROM bank."user" WHERE role = 'admin' AND status = 'active') THEN
    RAISE EXCEPTION 'the last active administrator of the platform must stay' USING ERRCODE = 'BU009';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_an_admin AFTER UPDATE OF role, status ON bank."user" FOR EACH ROW
  WHEN (old.role = 'admin' AND old.status = 'active' AND (new.role <> 'admin' OR new.status <> 'active')) EXECUTE FUNCTION bank.keep_an_admin();

CREATE FUNCTION bank.guard_account() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
BEGIN
  IF tg_op = 'INSERT' THEN
    IF new.balance <> 0 OR new.status NOT IN ('pending', 'active') THEN
      RAISE EXCEPTION 'an account opens empty, and pending or active' USING ERRCODE = 'BU007';
    END IF;
    run := ops.acting();
    IF new.status = 'active' OR run.request_id IS NOT NULL THEN run := ops.require_action('users.create', 'accounts.open'); END IF;
    -- To open it active is to approve it.
    IF new.status = 'active' AND NOT EXISTS (SELECT FROM ops.permissions_of(run.operator_id) AS held(permission) WHERE held.permission = 'account.approve') THEN
      RAISE EXCEPTION 'an account that opens active needs the permission account.approve: open it pending' USING ERRCODE = 'BU002';
    END IF;
    new.opened_by := run.operator_id;
    new.opened_at := clock_timestamp();
    new.changed_at := new.opened_at;
    new.activated_at := CASE WHEN new.status = 'active' THEN new.opened_at END;
    new.activated_by := CASE WHEN new.status = 'active' THEN run.operator_id END;
    new.closed_at := NULL;
    new.version := 0;
    RETURN new;
  END IF;
  IF new.balance <> old.balance THEN
    RAISE EXCEPTION 'a balance changes only through a posting' USING ERRCODE = 'BU007';
  END IF;
  IF to_jsonb(new) = to_jsonb(old) THEN RETURN new; END IF;
  run := ops.require_acting();
  -- Who did it and when is written below; everything else is for ever.
  IF (to_jsonb(new) - '{status,activated_by,activated_at,closed_at,changed_at,version}'::text[])
     <> (to_jsonb(old) - '{status,activated_by,activated_at,closed_at,changed_at,version}'::text[]) OR new.status = old.status THEN
    RAISE EXCEPTION 'nothing but the status of an account ever changes' USING ERRCODE = 'BU007';
  END IF;
  IF NOT EXISTS (SELECT FROM bank.account_transition WHERE before = old.status AND after = new.status AND action = run.action) THEN
    RAISE EXCEPTION '% cannot take an account from % to %', run.action, old.status, new.status USING ERRCODE = 'BU007';
  END IF;
  IF old.status = 'pending' AND new.status = 'active' AND new.opened_by = run.operator_id THEN
    RAISE EXCEPTION 'whoever opened an account cannot approve it' USING ERRCODE = 'BU009';
  END IF;
  IF new.status = 'pending' THEN
    IF old.activated_by IS DISTINCT FROM run.operator_id OR old.activated_at < clock_timestamp() - interval '10 minutes' THEN
      RAISE EXCEPTION 'an approval is retracted by whoever gave it, within 10 minutes; freeze the account instead' USING ERRCODE = 'BU009';
    END IF;
    IF EXISTS (SELECT FROM bank.transaction WHERE from_account_id = old.id) OR EXISTS (SELECT FROM bank.transaction WHERE to_account_id = old.id) THEN
      RAISE EXCEPTION 'something was posted on account % already; freeze it instead', old.number USING ERRCODE = 'BU009';
    END IF;
  END IF;
  new.changed_at := clock_timestamp();
  new.version := old.version + 1;
  new.activated_at := CASE WHEN old.status = 'pending' AND new.status = 'active' THEN new.changed_at WHEN new.status <> 'pending' THEN old.activated_at END;
  new.activated_by := CASE WHEN old.status = 'pending' AND new.status = 'active' THEN run.operator_id WHEN new.status <> 'pending' THEN old.activated_by END;
  new.closed_at := CASE WHEN new.status = 'closed' THEN new.changed_at END;
  RETURN new;
END $$;
CREATE TRIGGER guard_new BEFORE INSERT ON bank.account FOR EACH ROW EXECUTE FUNCTION bank.guard_account();
-- A posting moves the balance, and nothing else, from inside its own trigger.
CREATE TRIGGER guard BEFORE UPDATE ON bank.account FOR EACH ROW
  WHEN (pg_trigger_depth() = 0 OR new.balance = old.balance OR new.status <> old.status) EXECUTE FUNCTION bank.guard_account();
CREATE TRIGGER keep BEFORE DELETE ON bank.account FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON bank.account FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- Limits and the day they count for are settings; what a currency's amounts mean never changes.
CREATE TRIGGER demand_action BEFORE INSERT OR UPDATE OR DELETE ON bank.limit_default FOR EACH ROW EXECUTE FUNCTION ops.demand_action('settings.%');
CREATE TRIGGER demand_action BEFORE INSERT OR UPDATE OR DELETE ON bank.calendar FOR EACH ROW EXECUTE FUNCTION ops.demand_action('settings.%');
CREATE TRIGGER keep_all BEFORE TRUNCATE ON bank.limit_default FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON bank.calendar FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON bank.currency FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();

-- Overriding a limit is an act; what was used of one today stays used.
CREATE TRIGGER demand_action BEFORE INSERT OR UPDATE OR DELETE ON bank.limit_override FOR EACH ROW EXECUTE FUNCTION ops.demand_action('%.override-limit');
CREATE TRIGGER keep_all BEFORE TRUNCATE ON bank.limit_override FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep BEFORE UPDATE ON bank.limit_counter FOR EACH ROW
  WHEN (new.used < old.used OR (new.account_id, new.type, new.day) IS DISTINCT FROM (old.account_id, old.type, old.day)) EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_recent BEFORE DELETE ON bank.limit_counter FOR EACH ROW WHEN (old.day >= current_date - 1) EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON bank.limit_counter FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- A posting key is answered once, and kept as long as anybody may repeat it.
CREATE TRIGGER keep BEFORE UPDATE ON bank.idempotency_key FOR EACH ROW
  WHEN (num_nonnulls(old.transaction_id, old.refusal_id) > 0 OR (new.key, new.content_hash, new.created_at) IS DISTINCT FROM (old.key, old.content_hash, old.created_at))
  EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_recent BEFORE DELETE ON bank.idempotency_key FOR EACH ROW
  WHEN (old.created_at > clock_timestamp() - interval '30 days') EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON bank.idempotency_key FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- The limits in force for an account, in minor units: its newest unexpired override, or the default.
CREATE FUNCTION bank.limits_of(account bank.account, for_type bank.transaction_type, OUT single bigint, OUT daily bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
  SELECT o.single, o.daily INTO single, daily FROM bank.limit_override o
   WHERE o.account_id = account.id AND o.type = for_type AND (o.expires_at IS NULL OR o.expires_at > clock_timestamp())
   ORDER BY o.id DESC LIMIT 1;
  IF FOUND THEN RETURN; END IF;
  SELECT d.single_units * power(10, c.exponent)::bigint, d.daily_units * power(10, c.exponent)::bigint INTO single, daily
    FROM bank.limit_default d, bank.currency c WHERE d.type = for_type AND c.code = account.currency;
END $$;

-- Why a posting on these accounts, as they are under its locks, must be refused (code and words), or nulls; and
-- how much its account may post in all that day.
CREATE FUNCTION bank.objection_to(posting bank.transaction, payer bank.account, payee bank.account, OUT code text, OUT message text, OUT daily bigint)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  side bank.account;
  single bigint;
  used bigint;
BEGIN
  IF posting.amount > 0 IS NOT TRUE THEN
    code := 'amount'; message := 'an amount is above zero'; RETURN;
  END IF;
  IF posting.from_account_id IS DISTINCT FROM payer.id OR posting.to_account_id IS DISTINCT FROM payee.id THEN
    code := 'unknown-account'; message := 'there is no such account'; RETURN;
  END IF;
  IF payer.id = payee.id
     OR (posting.type <> 'reversal' AND (payer.id IS NOT NULL, payee.id IS NOT NULL) <> (posting.type <> 'deposit', posting.type <> 'withdrawal')) THEN
    code := 'legs'; message := format('a %s does not go between these accounts', posting.type); RETURN;
  END IF;
  FOREACH side IN ARRAY ARRAY[payer, payee] LOOP
    CONTINUE WHEN side.id IS NULL;
    -- A reversal may touch a frozen account: it is decided by two people and named by its own action.
    IF side.status <> 'active' AND NOT (posting.type = 'reversal' AND side.status = 'frozen') THEN
      code := 'account-' || side.status; message := format('account %s is %s', side.number, side.status); RETURN;
    END IF;
    IF side.currency <> posting.currency THEN
      code := 'currency'; message := format('account %s is in %s, not %s', side.number, side.currency, posting.currency); RETURN;
    END IF;
  END LOOP;
  IF payer.balance < posting.amount THEN
    code := 'insufficient-funds'; message := format('account %s has too little for this', payer.number); RETURN;
  END IF;
  IF posting.type = 'reversal' THEN RETURN; END IF;
  side := CASE WHEN posting.type = 'deposit' THEN payee ELSE payer END;
  SELECT l.single, l.daily INTO single, daily FROM bank.limits_of(side, posting.type) l;
  IF posting.amount > single THEN
    code := 'single-limit'; message := format('Single limit exceeded (%s)', posting.type); RETURN;
  END IF;
  SELECT c.used INTO used FROM bank.limit_counter c WHERE c.account_id = side.id AND c.type = posting.type AND c.day = posting.business_day;
  IF posting.amount > daily - coalesce(used, 0) THEN
    code := 'daily-limit'; message := format('Daily limit exceeded (%s)', posting.type); RETURN;
  END IF;
END $$;

-- Every insert, by whatever way, is a posting: it locks its accounts in id order, looks at their status under the
-- lock, counts against the limits and moves the balances. Only then it takes its id: so an account's
-- transactions stand in the order of their ids, and no ON CONFLICT can drop the row and keep the money moved.
CREATE FUNCTION bank.apply_posting() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  original bank.transaction;
  side bank.account;
  payer bank.account;
  payee bank.account;
  refusal record;
BEGIN
  IF new.type = 'reversal' THEN PERFORM ops.require_action('transactions.reverse'); END IF;
  FOR side IN SELECT * FROM bank.account WHERE id IN (new.from_account_id, new.to_account_id) ORDER BY id FOR NO KEY UPDATE LOOP
    IF side.id = new.from_account_id THEN payer := side; END IF;
    IF side.id = new.to_account_id THEN payee := side; END IF;
  END LOOP;
  new.posted_at := clock_timestamp();
  new.business_day := bank.business_day(new.posted_at);
  IF new.type = 'reversal' THEN
    SELECT * INTO original FROM bank.transaction WHERE id = new.reverses;
    IF original.type = 'reversal' THEN
      RAISE EXCEPTION 'a reversal cannot be reversed' USING ERRCODE = 'BU007';
    END IF;
    IF (new.from_account_id, new.to_account_id, new.amount, new.currency)
       IS DISTINCT FROM (original.to_account_id, original.from_account_id, original.amount, original.currency) THEN
      RAISE EXCEPTION 'a reversal has the legs of its original, turned round' USING ERRCODE = 'BU007';
    END IF;
    IF EXISTS (SELECT FROM bank.transaction WHERE reverses = new.reverses) THEN
      RAISE EXCEPTION 'transaction % was reversed already', new.reverses USING ERRCODE = 'BU007';
    END IF;
  END IF;
  SELECT * INTO refusal FROM bank.objection_to(new, payer, payee);
  IF refusal.code IS NOT NULL THEN
    RAISE EXCEPTION '%', refusal.message USING ERRCODE = 'BU006', DETAIL = refusal.code;
  END IF;
  new.id := nextval('bank.transaction_id_seq');
  IF new.type <> 'reversal' THEN
    INSERT INTO bank.limit_counter AS c VALUES (coalesce(payer.id, payee.id), new.type, new.business_day, new.amount, refusal.daily)
    ON CONFLICT (account_id, type, day) DO UPDATE SET used = c.used + excluded.used, max = excluded.max;
  END IF;
  UPDATE bank.account SET balance = balance - new.amount WHERE id = payer.id RETURNING balance INTO new.from_balance_after;
  UPDATE bank.account SET balance = balance + new.amount WHERE id = payee.id RETURNING balance INTO new.to_balance_after;
  RETURN new;
END $$;
CREATE TRIGGER apply BEFORE INSERT ON bank.transaction FOR EACH ROW EXECUTE FUNCTION bank.apply_posting();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON bank.transaction FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON bank.transaction FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- ── The contract ─────────────────────────────────────────────────────────────────────────────────

CREATE TYPE bank.posting_answer AS (transaction_id bigint, refusal_id bigint, code text, message text);

-- Posts once per key. A refusal is an answer, kept in bank.posting_refusal, and not an error; only the
-- same key with other content raises (BU003). Amount in minor units.
CREATE FUNCTION bank.post_transaction(key uuid, type bank.transaction_type, from_account bigint, to_account bigint, amount bigint, currency text,
                                      channel text, counterparty text DEFAULT NULL, description text DEFAULT '') RETURNS bank.posting_answer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  answer bank.posting_answer;
  content bytea := sha256(convert_to(json_build_array(type, from_account, to_account, amount, currency, channel, counterparty, description)::text, 'UTF8'));
  earlier bank.idempotency_key;
BEGIN
  IF type = 'reversal' THEN
    RAISE EXCEPTION 'a reversal is made by bank.reverse_transaction' USING ERRCODE = 'BU004';
  END IF;
  INSERT INTO bank.idempotency_key AS k (key, content_hash) VALUES (post_transaction.key, content) ON CONFLICT ON CONSTRAINT idempotency_key_pkey DO NOTHING;
  IF NOT FOUND THEN
    SELECT * INTO STRICT earlier FROM bank.idempotency_key k WHERE k.key = post_transaction.key;
    IF earlier.content_hash <> content THEN
      RAISE EXCEPTION 'posting key % was used before with other content', post_transaction.key USING ERRCODE = 'BU003';
    END IF;
    answer.transaction_id := earlier.transaction_id;
    answer.refusal_id := earlier.refusal_id;
    SELECT r.code, r.message INTO answer.code, answer.message FROM bank.posting_refusal r WHERE r.id = earlier.refusal_id;
    RETURN answer;
  END IF;
  BEGIN
    INSERT INTO bank.transaction AS t (type, from_account_id, to_account_id, amount, currency, channel, counterparty, description)
    VALUES (post_transaction.type, from_account, to_account, post_transaction.amount, post_transaction.currency, post_transaction.channel,
            post_transaction.counterparty, post_transaction.description)
    RETURNING t.id INTO answer.transaction_id;
  EXCEPTION WHEN SQLSTATE 'BU006' THEN
    GET STACKED DIAGNOSTICS answer.message = MESSAGE_TEXT, answer.code = PG_EXCEPTION_DETAIL;
    INSERT INTO bank.posting_refusal AS r (type, from_account_id, to_account_id, amount, currency, code, message)
    VALUES (post_transaction.type, from_account, to_account, post_transaction.amount, post_transaction.currency, answer.code, answer.message)
    RETURNING r.id INTO answer.refusal_id;
  END;
  UPDATE bank.idempotency_key k SET transaction_id = answer.transaction_id, refusal_id = answer.refusal_id WHERE k.key = post_transaction.key;
  RETURN answer;
END $$;

-- The one correction of a transaction: its legs turned round.
CREATE FUNCTION bank.reverse_transaction(original bigint, why text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  reversed bigint;
BEGIN
  INSERT INTO bank.transaction AS r (type, from_account_id, to_account_id, amount, currency, channel, description, reverses)
  SELECT 'reversal', t.to_account_id, t.from_account_id, t.amount, t.currency, 'internal', why, t.id FROM bank.transaction t WHERE t.id = original
  RETURNING r.id INTO reversed;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no transaction %', original USING ERRCODE = 'BU011';
  END IF;
  RETURN reversed;
END $$;

-- Moves an account to another state, if it is still the version that was looked at (BU005 if not).
CREATE FUNCTION bank.set_account_status(target bigint, after bank.account_status, expected_version integer) RETURNS bank.account
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changed bank.account;
BEGIN
  PERFORM ops.require_acting();
  SELECT * INTO changed FROM bank.account WHERE id = target FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no account %', target USING ERRCODE = 'BU011';
  END IF;
  IF changed.version IS DISTINCT FROM expected_version THEN
    RAISE EXCEPTION 'account % changed meanwhile: it is % now', changed.number, changed.status USING ERRCODE = 'BU005';
  END IF;
  IF changed.status = after THEN
    RAISE EXCEPTION 'account % is % already', changed.number, after USING ERRCODE = 'BU007';
  END IF;
  UPDATE bank.account a SET status = after WHERE a.id = target RETURNING * INTO changed;
  RETURN changed;
END $$;

-- Takes back one's own approval within ten minutes of database time, while nothing was posted.
CREATE FUNCTION bank.retract_approval(target bigint, expected_version integer) RETURNS bank.account
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT bank.set_account_status(target, 'pending', expected_version)
$$;

-- Twelve digits: bank code 4471, eight running digits scattered so that neighbours do not look alike.
CREATE SEQUENCE bank.account_number_seq;
CREATE FUNCTION bank.next_account_number() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT '4471' || lpad(((nextval('bank.account_number_seq') * 61909351) % 100000000)::text, 8, '0')
$$;

CREATE FUNCTION bank.open_account(owner bigint, type bank.account_type, currency text, status bank.account_status) RETURNS bank.account
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  opened bank.account;
BEGIN
  PERFORM ops.require_acting();
  INSERT INTO bank.account AS a (number, user_id, type, currency, status)
  VALUES (bank.next_account_number(), owner, open_account.type, open_account.currency, open_account.status)
  RETURNING a.* INTO opened;
  RETURN opened;
END $$;

-- A person registers alone (the platform calls this): a customer with one pending account.
CREATE FUNCTION bank.register_customer(username text, email text, first_name text, last_name text, birth_date date, phone text,
                                       type bank.account_type, currency text) RETURNS bank.account
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  person bigint;
  opened bank.account;
BEGIN
  INSERT INTO bank."user" AS u (username, email, first_name, last_name, birth_date, phone, role, status)
  VALUES (register_customer.username, register_customer.email, register_customer.first_name, register_customer.last_name,
          register_customer.birth_date, register_customer.phone, 'customer', 'active')
  RETURNING u.id INTO person;
  INSERT INTO bank.account AS a (number, user_id, type, currency) VALUES (bank.next_account_number(), person, register_customer.type, register_customer.currency)
  RETURNING a.* INTO opened;
  RETURN opened;
END $$;

-- The owner of an address confirmed it by its link (the platform calls this).
CREATE FUNCTION bank.confirm_email(owner bigint) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE bank."user" SET email_verified_at = clock_timestamp() WHERE id = owner AND email_verified_at IS NULL
$$;

CREATE FUNCTION bank.create_user(username text, email text, first_name text, last_name text, birth_date date, phone text, role text,
                                 status bank.user_status, password_hash text) RETURNS bank."user"
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  created bank."user";
BEGIN
  PERFORM ops.require_acting();
  -- A password that an operator chose is known to two: it must be changed at the first sign-in.
  INSERT INTO bank."user" AS u (username, email, first_name, last_name, birth_date, phone, role, status, password_hash, must_change_password)
  VALUES (create_user.username, create_user.email, create_user.first_name, create_user.last_name, create_user.birth_date, create_user.phone,
          create_user.role, create_user.status, create_user.password_hash, create_user.password_hash IS NOT NULL)
  RETURNING u.* INTO created;
  RETURN created;
END $$;

-- Locks a user row if it is still the version that was looked at.
CREATE FUNCTION bank.take_user(id bigint, expected_version integer) RETURNS bank."user" LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken bank."user";
BEGIN
  PERFORM ops.require_acting();
  SELECT * INTO taken FROM bank."user" u WHERE u.id = take_user.id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'there is no user %', take_user.id USING ERRCODE = 'BU011';
  END IF;
  IF taken.version IS DISTINCT FROM expected_version THEN
    RAISE EXCEPTION 'user % changed meanwhile', taken.username USING ERRCODE = 'BU005';
  END IF;
  RETURN taken;
END $$;

CREATE FUNCTION bank.set_user_profile(id bigint, expected_version integer, email text, first_name text, last_name text, phone text) RETURNS bank."user"
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changed bank."user" := bank.take_user(set_user_profile.id, expected_version);
BEGIN
  UPDATE bank."user" u
     SET email = set_user_profile.email, first_name = set_user_profile.first_name, last_name = set_user_profile.last_name, phone = set_user_profile.phone
   WHERE u.id = changed.id RETURNING u.* INTO changed;
  RETURN changed;
END $$;

-- Ends every live session of a user; returns how many.
CREATE FUNCTION bank.revoke_sessions(owner bigint) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  ended integer;
BEGIN
  PERFORM ops.require_acting();
  UPDATE bank.auth_session SET ended_at = clock_timestamp() WHERE user_id = owner AND ended_at IS NULL;
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN ended;
END $$;

CREATE FUNCTION bank.set_user_status(id bigint, after bank.user_status, expected_version integer) RETURNS bank."user"
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  changed bank."user" := bank.take_user(set_user_status.id, expected_version);
BEGIN
  IF changed.status = after THEN
    RAISE EXCEPTION 'user % is % already', changed.username, after USING ERRCODE = 'BU007';
  END IF;
  UPDATE bank."user" u SET status = after WHERE u.id = changed.id RETURNING u.* INTO changed;
  IF after IN ('locked', 'deactivated') THEN PERFORM bank.revoke_sessions(changed.id); END IF;
  RETURN changed;
END $$;

-- Locking and deactivating are named apart, so that each can be granted apart.
CREATE FUNCTION bank.set_user_locked(id bigint, locked boolean, expected_version integer) RETURNS bank."user"
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT bank.set_user_status(set_user_locked.id, CASE WHEN locked THEN 'locked'::bank.user_status ELSE 'active' END, expected_version)
$$;
CREATE FUNCTION bank.set_user_active(id bigint, active boolean, expected_version integer) RETURNS bank."user"
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT bank.set_user_status(set_user_active.id, CASE WHEN active THEN 'active'::bank.user_status ELSE 'deactivated' END, expected_version)
$$;

-- Accounts whose balance is not the sum of their transactions; none in a sound bank.
CREATE FUNCTION bank.reconcile() RETURNS TABLE (account_id bigint, number text, balance bigint, posted numeric) LANGUAGE sql STABLE AS $$
  SELECT a.id, a.number, a.balance, coalesce(s.posted, 0)
    FROM bank.account a
    LEFT JOIN (SELECT account_id, sum(delta) AS posted
                 FROM (SELECT to_account_id AS account_id, amount AS delta FROM bank.transaction WHERE to_account_id IS NOT NULL
                       UNION ALL SELECT from_account_id, -amount FROM bank.transaction WHERE from_account_id IS NOT NULL) legs
                GROUP BY account_id) s ON s.account_id = a.id
   WHERE a.balance <> coalesce(s.posted, 0)
$$;
