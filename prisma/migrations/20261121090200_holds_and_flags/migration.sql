-- Why an account is frozen, and which transactions somebody marked. These refer to `bank` by id without
-- foreign keys, so that `bank` may be views over a platform that already exists.

CREATE TABLE ops.hold (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id  bigint NOT NULL,
  ground      text NOT NULL CHECK (ground IN ('suspicious pattern', 'unauthorised access', 'compliance', 'court order')),
  note        text NOT NULL CHECK (length(btrim(note)) >= 10),
  review_on   date NOT NULL,
  notify      boolean NOT NULL DEFAULT false,
  placed_by   bigint NOT NULL REFERENCES ops.operator,
  placed_at   timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  released_by bigint REFERENCES ops.operator,
  released_at timestamptz(3),
  findings    text,
  -- A day of slack on either side: the business day is not UTC's.
  CONSTRAINT reviewed_within_30_days CHECK (review_on BETWEEN (placed_at AT TIME ZONE 'UTC')::date - 1 AND (placed_at AT TIME ZONE 'UTC')::date + 31),
  CONSTRAINT released_with_findings CHECK (num_nonnulls(released_by, released_at, findings) IN (0, 3))
);
CREATE INDEX hold_account_id_idx ON ops.hold (account_id);
CREATE INDEX hold_open_idx ON ops.hold (review_on) WHERE released_at IS NULL;

CREATE FUNCTION ops.guard_hold() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
BEGIN
  IF tg_op = 'INSERT' THEN
    run := ops.require_action('accounts.freeze');
    -- Whoever unfreezes this account now waits, and finds this hold as well.
    PERFORM FROM bank.account WHERE id = new.account_id FOR NO KEY UPDATE;
    new.placed_by := run.operator_id;
    new.placed_at := clock_timestamp();
    new.released_by := NULL; new.released_at := NULL; new.findings := NULL;
    RETURN new;
  END IF;
  run := ops.require_action('accounts.unfreeze', 'accounts.retract-freeze', 'accounts.close');
  IF old.released_at IS NOT NULL
     OR (to_jsonb(new) - '{released_by,released_at,findings}'::text[]) <> (to_jsonb(old) - '{released_by,released_at,findings}'::text[]) THEN
    RAISE EXCEPTION 'a hold is placed once and released once' USING ERRCODE = 'BU007';
  END IF;
  IF run.action = 'accounts.retract-freeze' AND (old.placed_by <> run.operator_id OR old.placed_at < clock_timestamp() - interval '10 minutes') THEN
    RAISE EXCEPTION 'a freeze is retracted by whoever placed it, within 10 minutes; unfreeze the account instead' USING ERRCODE = 'BU009';
  END IF;
  new.released_by := run.operator_id;
  new.released_at := clock_timestamp();
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.hold FOR EACH ROW EXECUTE FUNCTION ops.guard_hold();
CREATE TRIGGER keep BEFORE DELETE ON ops.hold FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.hold FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- At every commit: frozen exactly while a hold is open, and never closed with one.
CREATE FUNCTION ops.match_hold_and_status() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  target bigint := CASE WHEN tg_table_name = 'hold' THEN (to_jsonb(new) ->> 'account_id')::bigint ELSE (to_jsonb(new) ->> 'id')::bigint END;
  state bank.account_status;
  held boolean;
BEGIN
  SELECT status INTO state FROM bank.account WHERE id = target;
  held := EXISTS (SELECT FROM ops.hold WHERE account_id = target AND released_at IS NULL);
  IF held <> (state IS NOT DISTINCT FROM 'frozen') THEN
    RAISE EXCEPTION 'account % is % and has % hold', target, state, CASE WHEN held THEN 'an open' ELSE 'no open' END USING ERRCODE = 'BU007';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER match_status AFTER INSERT OR UPDATE ON ops.hold DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ops.match_hold_and_status();
CREATE CONSTRAINT TRIGGER match_hold AFTER UPDATE OF status ON bank.account DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (old.status IS DISTINCT FROM new.status) EXECUTE FUNCTION ops.match_hold_and_status();

-- Freezes: the hold and the status in one. From the commit on no posting touches the account.
CREATE FUNCTION ops.place_hold(target bigint, expected_version integer, ground text, note text, review_on date, notify boolean) RETURNS ops.hold
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  placed ops.hold;
BEGIN
  PERFORM bank.set_account_status(target, 'frozen', expected_version);
  INSERT INTO ops.hold AS h (account_id, ground, note, review_on, notify)
  VALUES (target, place_hold.ground, place_hold.note, place_hold.review_on, place_hold.notify)
  RETURNING h.* INTO placed;
  RETURN placed;
END $$;

-- Releases every open hold of an account, which unfreezes it; returns how many there were.
CREATE FUNCTION ops.release_holds(target bigint, expected_version integer, findings text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  released integer;
BEGIN
  PERFORM bank.set_account_status(target, 'active', expected_version);
  UPDATE ops.hold h SET findings = release_holds.findings
   WHERE h.account_id = target AND h.released_at IS NULL;
  GET DIAGNOSTICS released = ROW_COUNT;
  RETURN released;
END $$;

-- Takes back one's own freeze within ten minutes of database time.
CREATE FUNCTION ops.retract_hold(target bigint, expected_version integer, findings text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM ops.require_action('accounts.retract-freeze');
  RETURN ops.release_holds(target, expected_version, findings);
END $$;

CREATE TABLE ops.transaction_flag (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  transaction_id bigint NOT NULL,
  account_id     bigint NOT NULL, -- the sender's, or the receiver's where the sender is outside
  note           text NOT NULL CHECK (length(btrim(note)) >= 10),
  flagged_by     bigint NOT NULL REFERENCES ops.operator,
  flagged_at     timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  cleared_by     bigint REFERENCES ops.operator,
  cleared_at     timestamptz(3),
  clear_note     text,
  CONSTRAINT cleared_with_note CHECK (num_nonnulls(cleared_by, cleared_at, clear_note) IN (0, 3))
);
CREATE UNIQUE INDEX transaction_flag_open_key ON ops.transaction_flag (transaction_id) WHERE cleared_at IS NULL;
CREATE INDEX transaction_flag_account_id_idx ON ops.transaction_flag (account_id);

CREATE FUNCTION ops.guard_flag() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  run ops.action_run;
BEGIN
  IF tg_op = 'INSERT' THEN
    run := ops.require_action('transactions.flag');
    SELECT coalesce(t.from_account_id, t.to_account_id) INTO new.account_id FROM bank.transaction t WHERE t.id = new.transaction_id;
    new.flagged_by := run.operator_id;
    new.flagged_at := clock_timestamp();
    new.cleared_by := NULL; new.cleared_at := NULL; new.clear_note := NULL;
    RETURN new;
  END IF;
  run := ops.require_action('transactions.unflag');
  IF old.cleared_at IS NOT NULL
     OR (to_jsonb(new) - '{cleared_by,cleared_at,clear_note}'::text[]) <> (to_jsonb(old) - '{cleared_by,cleared_at,clear_note}'::text[]) THEN
    RAISE EXCEPTION 'a flag is set once and cleared once' USING ERRCODE = 'BU007';
  END IF;
  new.cleared_by := run.operator_id;
  new.cleared_at := clock_timestamp();
  RETURN new;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON ops.transaction_flag FOR EACH ROW EXECUTE FUNCTION ops.guard_flag();
CREATE TRIGGER keep BEFORE DELETE ON ops.transaction_flag FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON ops.transaction_flag FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_change();

-- Flags a transaction, once at a time (BU005 where it is flagged already).
CREATE FUNCTION ops.flag_transaction(target bigint, note text) RETURNS ops.transaction_flag
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  placed ops.transaction_flag;
BEGIN
  PERFORM ops.require_acting();
  INSERT INTO ops.transaction_flag AS f (transaction_id, note)
  SELECT t.id, flag_transaction.note FROM bank.transaction t WHERE t.id = target
  ON CONFLICT (transaction_id) WHERE cleared_at IS NULL DO NOTHING
  RETURNING f.* INTO placed;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'transaction % does not exist or is flagged already', target USING ERRCODE = 'BU005';
  END IF;
  RETURN placed;
END $$;

CREATE FUNCTION ops.clear_flag(target bigint, note text) RETURNS ops.transaction_flag
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  cleared ops.transaction_flag;
BEGIN
  PERFORM ops.require_acting();
  UPDATE ops.transaction_flag f SET clear_note = clear_flag.note
   WHERE f.transaction_id = target AND f.cleared_at IS NULL RETURNING f.* INTO cleared;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'transaction % is not flagged', target USING ERRCODE = 'BU005';
  END IF;
  RETURN cleared;
END $$;
