import type { Db } from '../../database/client.ts';
import { flag, meaning, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import { alertOutcomes, alertStates, type AlertOutcome, type AlertState } from '../../domain/alert.ts';
import type { Keyed } from '../../domain/page.ts';
import { ruleNames } from '../../domain/red-flag.ts';
import type { HitTransaction } from '../../domain/transaction-evidence.ts';

/** What one rule raised about one account, with whoever works on it. */
export type AlertRow = Keyed & {
  readonly rule: number;
  readonly ruleTitle: string;
  readonly accountId: bigint;
  readonly account: string;
  readonly accountStatus: string;
  readonly currency: string;
  readonly owner: string;
  readonly username: string;
  readonly score: number;
  readonly status: AlertState;
  /** Of the newest hit. */
  readonly words: string;
  readonly hits: number;
  readonly openedAt: Date;
  readonly lastHitAt: Date;
  /** Since it was opened, in seconds. */
  readonly age: number;
  readonly claimedBy: string | null;
  readonly claimedAt: Date | null;
  readonly snoozedUntil: Date | null;
  readonly outcome: AlertOutcome | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly caseId: bigint | null;
  /** Its case is decided, or somebody asked to decide it. */
  readonly caseDecided: boolean;
  /** Who asked for a decision that waits for a second person. */
  readonly askedBy: string | null;
  readonly version: number;
};

// In a query of its own the clock is read once, and an index can answer
const snoozed = 't.snoozed_until > (SELECT clock_timestamp())';
const byOwner = (condition: string) =>
  `t.account_id IN (SELECT a.id FROM bank.account a JOIN bank."user" u ON u.id = a.user_id WHERE ${condition})`;
const byNumber = 't.account_id IN (SELECT id FROM bank.account WHERE number BETWEEN {text} AND {upTo})';

export const alertPage = pageOf<AlertRow>({
  table: 'ops.alert',
  select: `t.rule::int AS rule, r.title AS "ruleTitle", t.account_id AS "accountId", coalesce(a.number, '-') AS account, coalesce(a.status::text, '-') AS "accountStatus",
    coalesce(a.currency, 'EUR') AS currency, coalesce(u.first_name || ' ' || u.last_name, '-') AS owner, coalesce(u.username, '-') AS username, t.score::int AS score, t.status,
    coalesce((SELECT h.words FROM ops.rule_hit h WHERE h.alert_id = t.id ORDER BY h.at DESC, h.id DESC LIMIT 1), '-') AS words, t.hits, t.opened_at AS "openedAt",
    t.last_hit_at AS "lastHitAt", extract(epoch FROM clock_timestamp() - t.opened_at)::int AS age, c.name AS "claimedBy", t.claimed_at AS "claimedAt", CASE WHEN ${snoozed} THEN t.snoozed_until END AS "snoozedUntil", t.outcome, d.name AS "decidedBy",
    t.decided_at AS "decidedAt", t.case_id AS "caseId", coalesce(f.finding IS NOT NULL OR ops.closing_waits(f.id), false) AS "caseDecided",
    (SELECT m.name FROM ops.approval p JOIN ops.operator m ON m.id = p.maker_id WHERE p.entity = 'alert' AND p.entity_id = t.id::text
        AND (p.status = 'approved' OR (p.status = 'pending' AND p.expires_at > clock_timestamp())) ORDER BY p.number DESC LIMIT 1) AS "askedBy", t.version`,
  joins: `JOIN ops.detection_rule r ON r.id = t.rule LEFT JOIN bank.account a ON a.id = t.account_id LEFT JOIN bank."user" u ON u.id = a.user_id
    LEFT JOIN ops.operator c ON c.id = t.claimed_by LEFT JOIN ops.operator d ON d.id = t.decided_by LEFT JOIN ops.case_file f ON f.id = t.case_id`,
  defaultSort: { field: 'hit', descending: true },
  fields: {
    text: text('t.account_id', { exact: [byNumber, byOwner('u.search_text LIKE {contains}')] }),
    id: number('t.id'),
    rule: meaning(Object.fromEntries(ruleNames.map((name, index) => [name, `t.rule = ${index + 1}`]))),
    account: text('t.account_id', { exact: ['t.account_id = (SELECT id FROM bank.account WHERE number = {text})'], like: [byNumber] }),
    owner: text('t.account_id', { exact: [byOwner('u.username = {text}')], like: [byOwner('u.search_text LIKE {contains}')] }),
    score: number('t.score', { sortable: true }),
    status: oneOf('t.status', alertStates),
    open: flag(`t.status IN ('open', 'in review')`),
    outcome: oneOf('t.outcome', alertOutcomes),
    claimed: text('t.claimed_by', { exact: ['t.claimed_by = (SELECT o.id FROM ops.operator o WHERE o.name = {text})'] }),
    decided: text('t.decided_by', { exact: ['t.decided_by = (SELECT o.id FROM ops.operator o WHERE o.name = {text})'] }),
    snoozed: flag(snoozed, `(t.snoozed_until IS NULL OR t.snoozed_until <= (SELECT clock_timestamp()))`),
    case: number('t.case_id'),
    opened: time('t.opened_at', { sortable: true }),
    hit: time('t.last_hit_at', { sortable: true }),
  },
});

export const findAlert = (db: Db, id: bigint): Promise<AlertRow | undefined> => alertPage.find(db, id);

/** The one that claim-next would give now, if nobody is quicker. */
export const nextAlert = async (db: Db): Promise<AlertRow | undefined> => {
  const [row] = await db.$queryRaw<{ id: bigint }[]>`
    SELECT a.id FROM ops.alert a WHERE a.status = 'open' AND (a.snoozed_until IS NULL OR a.snoozed_until <= clock_timestamp())
     ORDER BY a.score DESC, a.opened_at, a.id LIMIT 1`;
  return row ? findAlert(db, row.id) : undefined;
};

/** What a rule saw and what it was measured by, by name. */
export type Hit = {
  readonly id: bigint;
  readonly rule: number;
  readonly ruleVersion: number;
  readonly at: Date;
  readonly words: string;
  readonly score: number;
  readonly observed: Readonly<Record<string, number | string>>;
  readonly parameters: Readonly<Record<string, number | string>>;
  /** How each parameter is called in the settings. */
  readonly labels: Readonly<Record<string, string>>;
};

/** What a rule looks for, in words. */
export const explanationOf = async (db: Db, rule: number): Promise<string> => {
  const [row] = await db.$queryRaw<{ explanation: string }[]>`SELECT explanation FROM ops.detection_rule WHERE id = ${rule}::smallint`;
  return row?.explanation ?? '-';
};

/** The newest hits of some alerts, at most thirty. */
export const hitsOf = async (db: Db, alerts: readonly bigint[]): Promise<readonly Hit[]> =>
  db.$queryRaw<Hit[]>`
    SELECT h.id, h.rule::int AS rule, h.rule_version AS "ruleVersion", h.at, h.words, h.score::int AS score, h.observed, h.parameters,
           (SELECT coalesce(jsonb_object_agg(split_part(s.key, '.', 3), regexp_replace(s.description, '^R[0-9]+ [^:]*: ', '')), '{}') FROM platform.setting s
             WHERE s.key = ANY (SELECT 'detection.r' || h.rule || '.' || name FROM jsonb_object_keys(h.parameters) name)) AS labels
      FROM ops.rule_hit h WHERE h.alert_id = ANY (${alerts}) ORDER BY h.at DESC, h.id DESC LIMIT 30`;

/** The transactions in the hits of some alerts, newest first, at most two hundred. */
export const transactionsOf = async (db: Db, alerts: readonly bigint[]): Promise<readonly HitTransaction[]> =>
  db.$queryRaw<HitTransaction[]>`
    SELECT t.id, t.posted_at AS "postedAt", t.type::text, t.from_account_id AS "fromId", t.to_account_id AS "toId", t.amount, t.currency, t.description,
           coalesce(f.number, nullif(t.counterparty, ''), CASE t.type WHEN 'deposit' THEN 'paid in' ELSE 'outside' END) AS from,
           coalesce(o.number, nullif(t.counterparty, ''), CASE t.type WHEN 'withdrawal' THEN 'paid out' ELSE 'outside' END) AS to
      FROM (SELECT DISTINCT unnest(h.transaction_ids) AS id FROM ops.rule_hit h WHERE h.alert_id = ANY (${alerts})) seen JOIN bank.transaction t ON t.id = seen.id
      LEFT JOIN bank.account f ON f.id = t.from_account_id LEFT JOIN bank.account o ON o.id = t.to_account_id
     ORDER BY t.posted_at DESC, t.id DESC LIMIT 200`;

/** An alert in few words, for the details of others. */
export type AlertLine = {
  readonly id: bigint;
  readonly rule: number;
  readonly ruleTitle: string;
  readonly score: number;
  readonly status: AlertState;
  readonly outcome: AlertOutcome | null;
  readonly lastHitAt: Date;
};

/** The alerts of an account, newest first; `except` one that is shown already. */
export const alertsOfAccount = async (db: Db, accountId: bigint, except = 0n): Promise<readonly AlertLine[]> =>
  db.$queryRaw<AlertLine[]>`
    SELECT a.id, a.rule::int AS rule, r.title AS "ruleTitle", a.score::int AS score, a.status, a.outcome, a.last_hit_at AS "lastHitAt"
      FROM ops.alert a JOIN ops.detection_rule r ON r.id = a.rule
     WHERE a.account_id = ${accountId} AND a.id <> ${except} ORDER BY a.last_hit_at DESC, a.id DESC LIMIT 10`;

/** The case that an escalation would join: that of the account which nobody has decided. */
export const openCaseOf = async (db: Db, accountId: bigint): Promise<{ readonly id: bigint; readonly title: string } | undefined> => {
  const [row] = await db.$queryRaw<{ id: bigint; title: string }[]>`
    SELECT c.id, c.title FROM ops.case_file c
     WHERE c.account_id = ${accountId} AND c.status IN ('open', 'investigating', 'suspended') ORDER BY c.id DESC LIMIT 1`;
  return row;
};

type Seen = { readonly id: bigint; readonly version: number };

export const claimAlert = async (db: Db, id: bigint): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.claim_alert(${id})`;
};

/** Claims the gravest that waits; gives its number. */
export const claimNextAlert = async (db: Db): Promise<bigint> => {
  const [row] = await db.$queryRaw<{ id: bigint }[]>`SELECT id FROM ops.claim_next_alert()`;
  if (!row) throw new Error('an alert was claimed and not named');
  return row.id;
};

export const releaseAlert = async (db: Db, { id, version }: Seen): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.release_alert(${id}, ${version}::int)`;
};

/** Silences its rule about its account until a day begins; gives that instant. */
export const snoozeAlert = async (db: Db, { id, version }: Seen, until: string, note: string): Promise<Date> => {
  const [row] = await db.$queryRaw<{ until: Date }[]>`SELECT ops.snooze_alert(${id}, ${until}::date, ${note}, ${version}::int) AS until`;
  if (!row) throw new Error('an alert was snoozed for no time');
  return row.until;
};

export const unsnoozeAlert = async (db: Db, { id, version }: Seen): Promise<void> => {
  await db.$queryRaw`SELECT ops.unsnooze_alert(${id}, ${version}::int)::text`;
};

export const dismissAlert = async (db: Db, { id, version }: Seen, outcome: string, note: string): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.dismiss_alert(${id}, ${outcome}, ${note}, ${version}::int)`;
};

/** Gives the number of the case it joined or opened. */
export const escalateAlert = async (db: Db, { id, version }: Seen, title: string, note: string): Promise<bigint> => {
  const [row] = await db.$queryRaw<{ id: bigint }[]>`SELECT ops.escalate_alert(${id}, ${title}, ${note}, ${version}::int) AS id`;
  if (!row) throw new Error('an alert was escalated to no case');
  return row.id;
};

export const reopenAlert = async (db: Db, { id, version }: Seen, note: string): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.reopen_alert(${id}, ${note}, ${version}::int)`;
};
