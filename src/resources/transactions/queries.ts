import type { Db } from '../../database/client.ts';
import { flag, meaning, money, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';
import type { Leg } from '../../domain/reversal.ts';
import { redFlags, ruleNames } from '../../domain/red-flag.ts';
import { channels, transactionTypes, type Channel, type TransactionStatus, type TransactionType } from '../../domain/transaction.ts';

export type TransactionRow = Keyed & {
  readonly type: TransactionType;
  readonly fromId: bigint | null;
  readonly fromNumber: string | null;
  readonly fromBalanceAfter: bigint | null;
  readonly toId: bigint | null;
  readonly toNumber: string | null;
  readonly toBalanceAfter: bigint | null;
  readonly amount: bigint;
  readonly currency: string;
  readonly channel: Channel;
  readonly counterparty: string | null;
  readonly description: string;
  readonly reverses: bigint | null;
  readonly reversedBy: bigint | null;
  readonly flagged: boolean;
  /** The rules of detection that it was part of, by number. */
  readonly rules: readonly number[];
  /** Those of the four red flags that a run of the rules will raise. */
  readonly atOnce: readonly number[];
  readonly businessDay: Date;
  readonly postedAt: Date;
};

/** Either side, each from its own index; a scalar subquery is answered once, before the pages are read. */
const eitherSide = (ids: string): readonly string[] => [`t.from_account_id ${ids}`, `t.to_account_id ${ids}`];
const byNumber = eitherSide('= (SELECT id FROM bank.account WHERE number = {text})');
const byUser = eitherSide('IN (SELECT a.id FROM bank.account a JOIN bank."user" u ON u.id = a.user_id WHERE u.username = {text})');
const words = `lower(coalesce(t.counterparty, '') || ' ' || t.description) LIKE {contains}`;
/** The few are read from their partial index; their absence is asked row by row, which the planner also estimates well. */
const reversed = 't.id IN (SELECT r.reverses FROM bank.transaction r WHERE r.reverses IS NOT NULL)';
const notReversed = 'NOT EXISTS (SELECT FROM bank.transaction r WHERE r.reverses = t.id)';
const flagged = 't.id IN (SELECT g.transaction_id FROM ops.transaction_flag g WHERE g.cleared_at IS NULL)';
const notFlagged = 'NOT EXISTS (SELECT FROM ops.transaction_flag g WHERE g.transaction_id = t.id AND g.cleared_at IS NULL)';

/** By the rules of detection that hit it; hits that only count in shadow mark nothing. */
const hitBy = (rule: number): string => `t.id IN (SELECT g.transaction_id FROM ops.red_flag g WHERE g.rule = ${rule})`;
const red = {
  yes: 't.id IN (SELECT g.transaction_id FROM ops.red_flag g)',
  no: 'NOT EXISTS (SELECT FROM ops.red_flag g WHERE g.transaction_id = t.id)',
  ...Object.fromEntries(redFlags.map(({ rule, word }) => [word, hitBy(rule)])),
};

/** How the four rules of the red flags are set, and until when all that was posted has been looked at; one row. */
const setTo = (name: string): string => `max((s.value #>> '{}')::numeric) FILTER (WHERE s.key = 'detection.${name}')`;
const isLive = (rule: number): string => `coalesce(bool_or(s.value = '"live"') FILTER (WHERE s.key = 'detection.r${rule}.mode'), false)`;
const watching = `(SELECT ${isLive(1)} AS large, ${isLive(2)} AS rapid, ${isLive(3)} AS round, ${isLive(4)} AS party, ${setTo('r1.percent')} AS percent,
    ${setTo('r2.count')} AS debits, ${setTo('r2.minutes')} * interval '1 minute' AS rapidly, ${setTo('r3.count')} AS rounds, ${setTo('r3.hours')} * interval '1 hour' AS lately,
    ${setTo('r3.least')} AS least, ${setTo('r3.multiple')} AS multiple,
    (SELECT greatest(max(r.complete_until), now() - interval '1 hour') FROM ops.detection_run r WHERE r.finished_at IS NOT NULL) AS looked
  FROM platform.setting s WHERE s.key = ANY ('{detection.r1.mode,detection.r1.percent,detection.r2.mode,detection.r2.count,detection.r2.minutes,detection.r3.mode,detection.r3.count,
    detection.r3.hours,detection.r3.least,detection.r3.multiple,detection.r4.mode}'))`;

const owner = 'coalesce(t.from_account_id, t.to_account_id)';
const single = `coalesce((SELECT o.single FROM bank.limit_override o WHERE o.account_id = ${owner} AND o.type = t.type AND o.ended_at IS NULL
    AND (o.expires_at IS NULL OR o.expires_at > t.posted_at) ORDER BY o.id DESC LIMIT 1), l.single_units * k.unit)`;
const isRound = (alias: string): string => `${alias}.amount >= w.least * k.unit AND ${alias}.amount % (w.multiple * k.unit)::bigint = 0`;
const rounds = (side: string): string =>
  `SELECT FROM bank.transaction s WHERE s.${side}_account_id = ${owner} AND s.type <> 'reversal' AND s.posted_at BETWEEN t.posted_at - w.lately AND t.posted_at AND ${isRound('s')}`;
const suspects = 'SELECT g.account_id FROM ops.transaction_flag g WHERE g.cleared_at IS NULL';

/** The red flags as their rules will raise them, of what no run has looked at yet: on the row that completes a series, and of the last hour only. */
const atOnce = `CASE WHEN t.posted_at >= w.looked AND t.type <> 'reversal' THEN array_remove(ARRAY[
    CASE WHEN w.large AND t.amount >= ${single} * w.percent / 100 THEN 1 END,
    CASE WHEN w.rapid AND t.from_account_id IS NOT NULL AND w.debits <= (SELECT count(*) FROM bank.transaction s WHERE s.from_account_id = t.from_account_id
      AND s.type <> 'reversal' AND s.posted_at BETWEEN t.posted_at - w.rapidly AND t.posted_at) THEN 2 END,
    CASE WHEN w.round AND ${isRound('t')} AND w.rounds <= (SELECT count(*) FROM (${rounds('from')} UNION ALL ${rounds('to')} AND s.type = 'deposit') own) THEN 3 END,
    CASE WHEN w.party AND (t.from_account_id IN (${suspects}) OR t.to_account_id IN (${suspects})) THEN 4 END], NULL) ELSE '{}' END`;
const besides = `CROSS JOIN ${watching} w LEFT JOIN bank.limit_default l ON l.type = t.type
    LEFT JOIN (SELECT c.code, 10::numeric ^ c.exponent AS unit FROM bank.currency c) k ON k.code = t.currency`;

export const transactionPage = pageOf<TransactionRow>({
  table: 'bank.transaction',
  select: `t.type::text, t.from_account_id AS "fromId", f.number AS "fromNumber", t.from_balance_after AS "fromBalanceAfter",
    t.to_account_id AS "toId", o.number AS "toNumber", t.to_balance_after AS "toBalanceAfter", t.amount, t.currency, t.channel, t.counterparty,
    t.description, t.reverses, (SELECT r.id FROM bank.transaction r WHERE r.reverses = t.id) AS "reversedBy",
    EXISTS (SELECT FROM ops.transaction_flag g WHERE g.transaction_id = t.id AND g.cleared_at IS NULL) AS flagged,
    ARRAY(SELECT DISTINCT g.rule FROM ops.red_flag g WHERE g.transaction_id = t.id ORDER BY g.rule)::int[] AS rules, ${atOnce} AS "atOnce",
    t.business_day AS "businessDay", t.posted_at AS "postedAt"`,
  joins: `LEFT JOIN bank.account f ON f.id = t.from_account_id LEFT JOIN bank.account o ON o.id = t.to_account_id ${besides}`,
  defaultSort: { field: 'posted', descending: true },
  daily: 'text',
  elsewhere: ['red', 'rule'],
  fields: {
    // A trigram has three characters: with fewer the index cannot help
    text: text('t.description', { exact: [words, ...byNumber], shortest: 3 }),
    id: number('t.id'),
    account: text('t.from_account_id', { exact: byNumber }),
    user: text('t.from_account_id', { exact: byUser }),
    type: oneOf('t.type', transactionTypes, 'bank.transaction_type'),
    status: meaning({ posted: notReversed, reversed } satisfies Record<TransactionStatus, string>),
    flagged: flag(flagged, notFlagged),
    red: meaning(red),
    rule: meaning(Object.fromEntries(ruleNames.map((name, index) => [name, hitBy(index + 1)]))),
    amount: money('t.amount', { sortable: true }),
    channel: oneOf('t.channel', channels),
    posted: time('t.posted_at', { sortable: true }),
  },
});

/** A side that is an account of this bank. */
export type Party = { readonly id: bigint; readonly ownerName: string; readonly username: string; readonly status: string };

/** Who owns the accounts of a transaction, by account id. */
export const partiesOf = async (db: Db, row: TransactionRow): Promise<ReadonlyMap<bigint, Party>> => {
  const parties = await db.$queryRaw<Party[]>`
    SELECT a.id, u.first_name || ' ' || u.last_name AS "ownerName", u.username, a.status::text
      FROM bank.account a JOIN bank."user" u ON u.id = a.user_id WHERE a.id IN (${row.fromId}, ${row.toId})`;
  return new Map(parties.map(party => [party.id, party]));
};

export type Flag = {
  readonly note: string;
  readonly flaggedBy: string;
  readonly flaggedAt: Date;
  readonly clearedBy: string | null;
  readonly clearedAt: Date | null;
  readonly clearNote: string | null;
};

type Flaggable = { readonly id: bigint; readonly fromId: bigint | null; readonly toId: bigint | null };

/** Every flag a transaction ever had, newest first; found by the account it stands on. */
export const flagsOfTransaction = async (db: Db, { id, fromId, toId }: Flaggable): Promise<readonly Flag[]> =>
  db.$queryRaw<Flag[]>`
    SELECT f.note, p.name AS "flaggedBy", f.flagged_at AS "flaggedAt", c.name AS "clearedBy", f.cleared_at AS "clearedAt", f.clear_note AS "clearNote"
      FROM ops.transaction_flag f JOIN ops.operator p ON p.id = f.flagged_by LEFT JOIN ops.operator c ON c.id = f.cleared_by
     WHERE f.account_id = ${fromId ?? toId} AND f.transaction_id = ${id} ORDER BY f.id DESC LIMIT 50`;

/** A hit of a rule of detection that a transaction was part of. */
export type Hit = {
  readonly rule: number;
  readonly title: string;
  readonly words: string;
  readonly at: Date;
  readonly alert: bigint | null;
};

/** Why a transaction is red, rule by rule, the newest hits of each first. */
export const hitsOn = (db: Db, id: bigint): Promise<readonly Hit[]> =>
  db.$queryRaw<Hit[]>`
    SELECT h.rule::int AS rule, r.title, h.words, h.at, h.alert_id AS alert
      FROM ops.red_flag g JOIN ops.rule_hit h ON h.id = g.hit_id JOIN ops.detection_rule r ON r.id = h.rule
     WHERE g.transaction_id = ${id} ORDER BY h.rule, h.id DESC LIMIT 20`;

export type Trace = {
  readonly seq: bigint;
  readonly at: Date;
  readonly operator: string | null;
  readonly action: string;
  readonly outcome: string;
};

/** What the audit log says about a transaction, newest first; of a reversal what it says about its original. */
export const auditOf = async (db: Db, { id, reverses }: Pick<TransactionRow, 'id' | 'reverses'>): Promise<readonly Trace[]> =>
  db.audit.findMany({
    where: { entity: 'transaction', entityId: { in: [String(id), ...(reverses === null ? [] : [String(reverses)])] } },
    orderBy: { seq: 'desc' },
    take: 8,
    select: { seq: true, at: true, operator: true, action: true, outcome: true },
  });

export const flagTransaction = async (db: Db, id: bigint, note: string): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.flag_transaction(${id}, ${note})`;
};

export const clearFlag = async (db: Db, id: bigint, note: string): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.clear_flag(${id}, ${note})`;
};

/** The accounts of a transaction as they are now, with what its reversal does to them. */
export const legsOf = (db: Db, { fromId, toId, amount }: Pick<TransactionRow, 'fromId' | 'toId' | 'amount'>): Promise<readonly Leg[]> =>
  db.$queryRaw<Leg[]>`
    SELECT a.id AS "accountId", a.number, u.first_name || ' ' || u.last_name AS "ownerName", a.status::text, a.balance,
           CASE WHEN a.id = ${fromId}::bigint THEN ${amount}::bigint ELSE -${amount}::bigint END AS change
      FROM bank.account a JOIN bank."user" u ON u.id = a.user_id WHERE a.id IN (${fromId}, ${toId}) ORDER BY change`;

/** Turns the legs of a transaction round; gives the reversal's number. The database refuses a second one. */
export const reverseTransaction = async (db: Db, id: bigint, ground: string): Promise<bigint> => {
  const [row] = await db.$queryRaw<{ id: bigint }[]>`SELECT bank.reverse_transaction(${id}, ${ground}) AS id`;
  if (!row) throw new Error('the database reversed a transaction and returned none');
  return row.id;
};
