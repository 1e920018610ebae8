import type { Db } from '../../database/client.ts';
import { flag, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import {
  incidentKinds,
  incidentStates,
  type IncidentKind,
  type IncidentStatus,
  type Linkable,
  type NamedRecord,
} from '../../domain/incident.ts';
import type { Keyed } from '../../domain/page.ts';

export type IncidentRow = Keyed & {
  readonly level: number;
  readonly kind: IncidentKind;
  readonly title: string;
  readonly status: IncidentStatus;
  readonly openedBy: string;
  /** Who leads it. */
  readonly commander: string;
  readonly openedAt: Date;
  readonly containedAt: Date | null;
  readonly resolvedAt: Date | null;
  readonly reviewedAt: Date | null;
  readonly changedAt: Date;
  /** Of its checklist: all, those done or skipped, those late, and seconds until the next is due (negative once it is late). */
  readonly steps: number;
  readonly settled: number;
  readonly overdue: number;
  readonly nextIn: number | null;
  readonly version: number;
};

/** A step that nobody did in time; none is late any more once the incident is reviewed. */
const late = `EXISTS (SELECT FROM ops.incident_step s WHERE s.incident_id = t.id AND s.done_at IS NULL AND s.due_at <= clock_timestamp()) AND t.status <> 'reviewed'`;

export const incidentPage = pageOf<IncidentRow>({
  table: 'ops.incident',
  select: `t.level::int AS level, t.kind, t.title, t.status, o.name AS "openedBy", coalesce(c.name, o.name) AS commander, t.opened_at AS "openedAt", t.contained_at AS "containedAt",
    t.resolved_at AS "resolvedAt", t.reviewed_at AS "reviewedAt", t.changed_at AS "changedAt", t.version,
    p.steps, p.settled, CASE t.status WHEN 'reviewed' THEN 0 ELSE p.overdue END AS overdue, CASE t.status WHEN 'reviewed' THEN NULL ELSE p.next END AS "nextIn"`,
  joins: `JOIN ops.operator o ON o.id = t.opened_by LEFT JOIN ops.operator c ON c.id = t.commander_id
    CROSS JOIN LATERAL (SELECT count(*)::int AS steps, count(s.done_at)::int AS settled, (count(*) FILTER (WHERE s.done_at IS NULL AND s.due_at <= clock_timestamp()))::int AS overdue,
      floor(extract(epoch FROM min(s.due_at) FILTER (WHERE s.done_at IS NULL) - clock_timestamp()))::int AS next FROM ops.incident_step s WHERE s.incident_id = t.id) p`,
  defaultSort: { field: 'opened', descending: true },
  fields: {
    text: text('t.title', { exact: ['lower(t.title) LIKE {contains}'] }),
    id: number('t.id'),
    level: number('t.level'),
    kind: oneOf('t.kind', incidentKinds),
    status: oneOf('t.status', incidentStates),
    overdue: flag(late),
    opened: time('t.opened_at', { sortable: true }),
  },
});

export const findIncident = (db: Db, id: bigint): Promise<IncidentRow | undefined> => incidentPage.find(db, id);

/** The newest incident that is not over yet. */
export const runningIncident = async (db: Db): Promise<IncidentRow | undefined> => {
  const [newest] = await db.$queryRaw<
    { id: bigint }[]
  >`SELECT id FROM ops.incident WHERE status IN ('open', 'contained') ORDER BY id DESC LIMIT 1`;
  return newest && findIncident(db, newest.id);
};

/** A record that an incident is, or is to be, about. */
export type LinkedRecord = { readonly entity: Linkable; readonly id: string };

const asJson = (records: readonly LinkedRecord[]): string => JSON.stringify(records.map(({ entity, id }) => ({ entity, id })));

/** The records of these names, in their order; undefined in place of one that there is not. */
export const recordsNamed = async (db: Db, named: readonly NamedRecord[]): Promise<readonly (LinkedRecord | undefined)[]> => {
  const rows = await db.$queryRaw<{ place: number; entity: Linkable; id: string }[]>`
    SELECT (n.place - 1)::int AS place, n.entity, r.id::text FROM (SELECT place, v ->> 'entity' AS entity, v ->> 'name' AS name FROM jsonb_array_elements(${JSON.stringify(named)}::jsonb) WITH ORDINALITY AS e(v, place)) n
      JOIN LATERAL (SELECT a.id FROM bank.account a WHERE n.entity = 'account' AND a.number = n.name
         UNION ALL SELECT u.id FROM bank."user" u WHERE n.entity = 'user' AND u.username = n.name
         UNION ALL SELECT x.id FROM bank.transaction x WHERE n.entity = 'transaction' AND x.id = CASE WHEN n.entity = 'transaction' THEN n.name::bigint END
         UNION ALL SELECT x.id FROM ops.alert x WHERE n.entity = 'alert' AND x.id = CASE WHEN n.entity = 'alert' THEN n.name::bigint END
         UNION ALL SELECT x.id FROM ops.case_file x WHERE n.entity = 'case' AND x.id = CASE WHEN n.entity = 'case' THEN n.name::bigint END
         UNION ALL SELECT x.id FROM ops.dispute x WHERE n.entity = 'dispute' AND x.id = CASE WHEN n.entity = 'dispute' THEN n.name::bigint END
         UNION ALL SELECT x.id FROM ops.security_event x WHERE n.entity = 'security-event' AND x.id = CASE WHEN n.entity = 'security-event' THEN n.name::bigint END) r ON true`;
  return named.map((_, index) => rows.find(({ place }) => place === index));
};

/** An account that comes with records, and whether the incident has it already. */
export type Affected = { readonly number: string; readonly linked: boolean };

/** The accounts that come with these records. */
export const accountsWith = (db: Db, records: readonly LinkedRecord[], incident = 0n): Promise<Affected[]> =>
  db.$queryRaw`
    SELECT a.number, EXISTS (SELECT FROM ops.incident_link l WHERE l.incident_id = ${incident} AND l.entity = 'account' AND l.entity_id = a.id::text AND l.removed_at IS NULL) AS linked
      FROM ops.accounts_of(${asJson(records)}::jsonb) affected(account_id) JOIN bank.account a ON a.id = affected.account_id ORDER BY a.number`;

export type NewIncident = {
  readonly level: number;
  readonly kind: IncidentKind;
  readonly title: string;
  readonly commander: string;
  readonly records: readonly LinkedRecord[];
};

export const openIncident = async (db: Db, { level, kind, title, commander, records }: NewIncident): Promise<bigint> => {
  const [row] = await db.$queryRaw<{ id: bigint }[]>`
    SELECT id FROM ops.declare_incident(${level}::smallint, ${kind}, ${title}, ${commander}, ${asJson(records)}::jsonb)`;
  if (!row) throw new Error('the incident was not declared');
  return row.id;
};

type Move = Pick<IncidentRow, 'id' | 'version'>;

export const moveIncident = async (db: Db, incident: Move, status: 'contained' | 'resolved'): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.move_incident(${incident.id}, ${status}, ${incident.version}::int)`;
};

/** Raises or lowers it; gives how many steps came onto the checklist. */
export const setLevel = async (db: Db, incident: Move, level: number): Promise<number> => {
  const [row] = await db.$queryRaw<{ added: number }[]>`
    SELECT ops.set_incident_level(${incident.id}, ${level}::smallint, ${incident.version}::int) AS added`;
  return row?.added ?? 0;
};

export const assignTo = async (db: Db, incident: Move, commander: string): Promise<void> => {
  await db.$queryRaw`SELECT ops.assign_incident(${incident.id}, ${commander}, ${incident.version}::int)::text`;
};

/** Links records and their accounts; gives how many were not linked before. */
export const linkTo = async (db: Db, id: bigint, records: readonly LinkedRecord[]): Promise<number> => {
  const [row] = await db.$queryRaw<{ linked: number }[]>`SELECT ops.link_incident(${id}, ${asJson(records)}::jsonb) AS linked`;
  return row?.linked ?? 0;
};

export const unlinkFrom = async (db: Db, id: bigint, records: readonly LinkedRecord[]): Promise<number> => {
  const [row] = await db.$queryRaw<{ removed: number }[]>`SELECT ops.unlink_incident(${id}, ${asJson(records)}::jsonb) AS removed`;
  return row?.removed ?? 0;
};

export type Lessons = { readonly rootCause: string; readonly prevention: string; readonly wentWell: string; readonly wentBadly: string };

/** Closes its review; gives the SHA-256 of the result in hexadecimal. */
export const closeReviewOf = async (db: Db, incident: Move, lessons: Lessons): Promise<string> => {
  const [row] = await db.$queryRaw<{ result: string }[]>`
    SELECT encode(result_hash, 'hex') AS result
      FROM ops.review_incident(${incident.id}, ${incident.version}::int, ${lessons.rootCause}, ${lessons.prevention}, ${lessons.wentWell}, ${lessons.wentBadly})`;
  if (!row) throw new Error('the review was not closed');
  return row.result;
};

export type Preserved = {
  readonly id: bigint;
  readonly sha256: string;
  readonly parts: number;
  readonly rows: number;
  readonly cut: readonly string[];
};

/** Preserves what everything is like now; `cut` names the parts of which there was more than is kept. */
export const preserve = async (db: Db, id: bigint, hours: number): Promise<Preserved> => {
  const [row] = await db.$queryRaw<Preserved[]>`
    SELECT e.id, encode(e.manifest_sha, 'hex') AS sha256, p.parts, p.rows, p.cut
      FROM ops.preserve_incident(${id}, ${hours}::int) e
     CROSS JOIN LATERAL (SELECT count(*)::int AS parts, sum((v ->> 'rows')::int)::int AS rows,
                                coalesce(array_agg(v ->> 'file') FILTER (WHERE (v ->> 'rows')::bigint < (v ->> 'of')::bigint), '{}') AS cut
                           FROM jsonb_array_elements(e.manifest::jsonb -> 'parts') v) p`;
  if (!row) throw new Error('nothing was preserved');
  return row;
};

export const draftNotice = async (db: Db, id: bigint, audience: string, body: string): Promise<bigint> => {
  const [row] = await db.$queryRaw<{ id: bigint }[]>`SELECT ops.draft_incident_notice(${id}, ${audience}, ${body}) AS id`;
  if (!row) throw new Error('the notice was not drafted');
  return row.id;
};

export type Moment = {
  readonly at: Date;
  readonly operator: string;
  readonly action: string;
  readonly record: string;
  readonly outcome: string;
  readonly note: string | null;
};

/** Everything on record that concerns an incident, newest first. */
export const timelineOf = (db: Db, id: bigint, most: number): Promise<Moment[]> =>
  db.$queryRaw`SELECT at, operator, action, record, outcome, note FROM ops.incident_timeline(${id}) LIMIT ${most}`;

/** What an incident did, by its accounts; amounts in minor units. */
export type Impact = {
  readonly accounts: number;
  readonly frozen: number;
  readonly 'frozen meanwhile': number;
  readonly customers: number;
  readonly 'refused postings': number;
  readonly balances: Readonly<Record<string, string>>;
};

/** As it was when the incident was resolved, or as it is now. */
export const impactOf = async (db: Db, id: bigint): Promise<Impact> => {
  const [row] = await db.$queryRaw<{ impact: Impact }[]>`
    SELECT coalesce(i.impact, ops.incident_impact(i.id)) AS impact FROM ops.incident i WHERE i.id = ${id}`;
  if (!row) throw new Error(`incident ${id} is gone`);
  return row.impact;
};

export type NextStep = { readonly title: string; readonly dueIn: number };

/** What is to be done next, the most urgent first. */
export const nextSteps = (db: Db, id: bigint, most: number): Promise<NextStep[]> =>
  db.$queryRaw`
    SELECT title, floor(extract(epoch FROM due_at - clock_timestamp()))::int AS "dueIn" FROM ops.incident_step
     WHERE incident_id = ${id} AND done_at IS NULL ORDER BY due_at, id LIMIT ${most}`;

export type Lines = {
  readonly records: readonly { readonly entity: string; readonly record: string }[];
  readonly evidence: readonly { readonly id: bigint; readonly at: Date; readonly by: string; readonly sha256: string }[];
  readonly notices: readonly { readonly id: bigint; readonly audience: string; readonly status: string; readonly at: Date }[];
  readonly lessons: { readonly rootCause: string | null; readonly prevention: string | null; readonly result: string | null };
};

/** What hangs on an incident beside its checklist and its accounts. */
export const linesOf = async (db: Db, id: bigint): Promise<Lines> => {
  const [records, evidence, notices, [lessons]] = await Promise.all([
    db.$queryRaw<Lines['records']>`
      SELECT l.entity, coalesce(u.username, '#' || l.entity_id) AS record FROM ops.incident_link l LEFT JOIN bank."user" u ON l.entity = 'user' AND u.id = l.entity_id::bigint
       WHERE l.incident_id = ${id} AND l.removed_at IS NULL AND l.entity <> 'account' ORDER BY l.linked_at DESC LIMIT 20`,
    db.$queryRaw<Lines['evidence']>`
      SELECT e.id, e.preserved_at AS at, o.name AS by, encode(e.manifest_sha, 'hex') AS sha256 FROM ops.incident_evidence e JOIN ops.operator o ON o.id = e.preserved_by
       WHERE e.incident_id = ${id} ORDER BY e.id DESC LIMIT 5`,
    db.$queryRaw<Lines['notices']>`
      SELECT id, audience, status, coalesce(settled_at, drafted_at) AS at FROM ops.incident_notice WHERE incident_id = ${id} ORDER BY id DESC LIMIT 10`,
    db.$queryRaw<Lines['lessons'][]>`
      SELECT root_cause AS "rootCause", prevention, encode(result_hash, 'hex') AS result FROM ops.incident WHERE id = ${id}`,
  ]);
  return { records, evidence, notices, lessons: lessons ?? { rootCause: null, prevention: null, result: null } };
};
