import type { Db } from '../../database/client.ts';
import { flag, meaning, number, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import { caseStates, type CaseState } from '../../domain/case-file.ts';
import type { Keyed } from '../../domain/page.ts';

/** What is investigated about an account, until two people say what it was. */
export type CaseRow = Keyed & {
  readonly title: string;
  readonly accountId: bigint | null;
  readonly account: string | null;
  readonly accountStatus: string | null;
  readonly currency: string;
  readonly owner: string | null;
  readonly username: string | null;
  readonly score: number;
  readonly status: CaseState;
  readonly alerts: number;
  readonly openedBy: string;
  readonly openedAt: Date;
  /** Since it was opened, in seconds. */
  readonly age: number;
  readonly assignedTo: string | null;
  readonly finding: string | null;
  readonly incidentId: bigint | null;
  readonly changedAt: Date;
  readonly version: number;
};

// Nothing runs when a request to close it runs out: whoever looks sees that it is investigated again
const status = `CASE WHEN t.status = 'pending approval' AND NOT ops.closing_waits(t.id) THEN 'investigating' ELSE t.status END`;
const waits = `t.status = 'pending approval' AND ops.closing_waits(t.id)`;
const statusMeans: Readonly<Record<string, string>> = {
  ...Object.fromEntries(caseStates.map(each => [each, `t.status = '${each}'`])),
  investigating: `t.status IN ('investigating', 'pending approval') AND NOT (${waits})`,
  'pending approval': waits,
};
const undecided = `t.status IN ('open', 'investigating', 'suspended', 'pending approval')`;
const byAccount = (condition: string) => `t.account_id IN (SELECT id FROM bank.account WHERE ${condition})`;

export const casePage = pageOf<CaseRow>({
  table: 'ops.case_file',
  select: `t.title, t.account_id AS "accountId", a.number AS account, a.status::text AS "accountStatus", coalesce(a.currency, 'EUR') AS currency,
    u.first_name || ' ' || u.last_name AS owner, u.username, t.score::int AS score, ${status} AS status,
    (SELECT count(*)::int FROM ops.alert l WHERE l.case_id = t.id) AS alerts, o.name AS "openedBy", t.opened_at AS "openedAt",
    extract(epoch FROM clock_timestamp() - t.opened_at)::int AS age, g.name AS "assignedTo", t.finding, t.incident_id AS "incidentId", t.changed_at AS "changedAt", t.version`,
  joins: `JOIN ops.operator o ON o.id = t.opened_by LEFT JOIN ops.operator g ON g.id = t.assigned_to LEFT JOIN bank.account a ON a.id = t.account_id
    LEFT JOIN bank."user" u ON u.id = a.user_id`,
  defaultSort: { field: 'opened', descending: true },
  fields: {
    text: text('t.title', { exact: ['lower(t.title) LIKE {contains}', byAccount('number BETWEEN {text} AND {upTo}')] }),
    id: number('t.id'),
    account: text('t.account_id', { exact: [byAccount('number = {text}')], like: [byAccount('number BETWEEN {text} AND {upTo}')] }),
    status: meaning(statusMeans),
    open: flag(undecided),
    score: number('t.score', { sortable: true }),
    assigned: text('t.assigned_to', { exact: ['t.assigned_to = (SELECT o.id FROM ops.operator o WHERE o.name = {text})'] }),
    opened: time('t.opened_at', { sortable: true }),
  },
});

export const findCase = (db: Db, id: bigint): Promise<CaseRow | undefined> => casePage.find(db, id);

/** An alert that was escalated to a case. */
export type CaseAlert = {
  readonly id: bigint;
  readonly rule: number;
  readonly ruleTitle: string;
  readonly score: number;
  readonly outcome: string | null;
  readonly lastHitAt: Date;
  readonly words: string;
};

export const alertsOfCase = async (db: Db, id: bigint): Promise<readonly CaseAlert[]> =>
  db.$queryRaw<CaseAlert[]>`
    SELECT a.id, a.rule::int AS rule, r.title AS "ruleTitle", a.score::int AS score, a.outcome, a.last_hit_at AS "lastHitAt",
           coalesce((SELECT h.words FROM ops.rule_hit h WHERE h.alert_id = a.id ORDER BY h.at DESC, h.id DESC LIMIT 1), '-') AS words
      FROM ops.alert a JOIN ops.detection_rule r ON r.id = a.rule WHERE a.case_id = ${id} ORDER BY a.last_hit_at DESC, a.id DESC LIMIT 50`;

export type CaseLink = {
  readonly entity: string;
  readonly entityId: string;
  readonly label: string | null;
  readonly by: string;
  readonly at: Date;
};

/** The records a case is linked to, with what people call them. */
export const linksOf = async (db: Db, id: bigint): Promise<readonly CaseLink[]> =>
  db.$queryRaw<CaseLink[]>`
    SELECT l.entity, l.entity_id AS "entityId", o.name AS by, l.linked_at AS at,
           CASE l.entity WHEN 'account' THEN (SELECT a.number FROM bank.account a WHERE a.id::text = l.entity_id)
                         WHEN 'user' THEN (SELECT u.username FROM bank."user" u WHERE u.id::text = l.entity_id)
                         WHEN 'incident' THEN (SELECT i.title FROM ops.incident i WHERE i.id::text = l.entity_id)
                         WHEN 'case' THEN (SELECT c.title FROM ops.case_file c WHERE c.id::text = l.entity_id) END AS label
      FROM ops.case_link l JOIN ops.operator o ON o.id = l.linked_by WHERE l.case_id = ${id} ORDER BY l.linked_at, l.entity, l.entity_id LIMIT 100`;

export type Act = { readonly at: Date; readonly operator: string | null; readonly action: string; readonly note: string | null };

/** What was done to a case, its alerts and its account since it was opened, newest first, as the audit log has it. */
export const timelineOf = async (db: Db, { id, accountId, openedAt }: CaseRow): Promise<readonly Act[]> =>
  db.$queryRaw<Act[]>`
    SELECT a.at, a.operator, a.action, a.note FROM ops.audit a
     WHERE a.verb NOT IN ('view', 'export') AND a.outcome = 'success'
       AND ((a.entity = 'case' AND a.entity_id = ${String(id)})
         OR (a.entity = 'alert' AND a.entity_id IN (SELECT l.id::text FROM ops.alert l WHERE l.case_id = ${id}))
         OR (a.entity = 'account' AND a.entity_id = ${String(accountId ?? '-')} AND a.at >= ${openedAt}))
     ORDER BY a.seq DESC LIMIT 30`;

/** The record that a person means: its id, found by what people call it. Undefined where there is none; a kind that is not known is taken as it is. */
export const recordNamed = async (db: Db, entity: string, name: string): Promise<string | undefined> => {
  const id = /^\d{1,18}$/.test(name) ? BigInt(name) : null;
  const [row] = await db.$queryRaw<{ id: string | null }[]>`
    SELECT CASE ${entity} WHEN 'account' THEN (SELECT a.id::text FROM bank.account a WHERE a.number = ${name})
                          WHEN 'user' THEN (SELECT u.id::text FROM bank."user" u WHERE u.username = ${name})
                          WHEN 'transaction' THEN (SELECT t.id::text FROM bank.transaction t WHERE t.id = ${id}::bigint)
                          WHEN 'alert' THEN (SELECT a.id::text FROM ops.alert a WHERE a.id = ${id}::bigint)
                          WHEN 'case' THEN (SELECT c.id::text FROM ops.case_file c WHERE c.id = ${id}::bigint)
                          WHEN 'incident' THEN (SELECT i.id::text FROM ops.incident i WHERE i.id = ${id}::bigint)
                          WHEN 'dispute' THEN (SELECT d.id::text FROM ops.dispute d WHERE d.id = ${id}::bigint)
                          ELSE ${name} END AS id`;
  return row?.id ?? undefined;
};

/** An account by its number. */
export const accountNumbered = async (db: Db, account: string): Promise<{ readonly id: bigint; readonly owner: string } | undefined> => {
  const [row] = await db.$queryRaw<{ id: bigint; owner: string }[]>`
    SELECT a.id, u.first_name || ' ' || u.last_name AS owner FROM bank.account a JOIN bank."user" u ON u.id = a.user_id WHERE a.number = ${account}`;
  return row;
};

type Seen = { readonly id: bigint; readonly version: number };

/** Gives its number. */
export const openCase = async (db: Db, title: string, accountId: bigint | null, note: string): Promise<bigint> => {
  const [row] = await db.$queryRaw<{ id: bigint }[]>`SELECT id FROM ops.open_case(${title}, ${accountId}, ${note})`;
  if (!row) throw new Error('the case was not opened');
  return row.id;
};

export const takeCase = async (db: Db, { id, version }: Seen, note: string): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.take_case(${id}, ${note}, ${version}::int)`;
};

export const moveCase = async (db: Db, { id, version }: Seen, after: CaseState, note: string): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.move_case(${id}, ${after}, ${note}, ${version}::int)`;
};

export const linkCase = async (db: Db, { id }: Seen, entity: string, entityId: string, note: string): Promise<void> => {
  await db.$queryRaw`SELECT ops.link_case(${id}, ${entity}, ${entityId}, ${note})::text`;
};

export const closeCase = async (db: Db, { id, version }: Seen, finding: string, findings: string): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.close_case(${id}, ${finding}, ${findings}, ${version}::int)`;
};
