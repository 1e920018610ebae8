import type { Db } from '../../database/client.ts';
import { meaning, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import { flowIds, flowNamed, standingOf, type StepNote, type StepStanding } from '../../domain/flow.ts';
import type { FlowStep, FlowSubject, Standing, Trace } from '../../domain/flow-step.ts';
import type { Keyed } from '../../domain/page.ts';

/** A walkthrough that somebody began about a user or an operator. */
export type FlowRow = Keyed & {
  readonly flow: string;
  readonly kind: FlowSubject;
  readonly subjectId: bigint;
  readonly subject: string;
  readonly eventId: bigint | null;
  readonly begunBy: string;
  readonly begunAt: Date;
  readonly closedBy: string | null;
  readonly closedAt: Date | null;
  readonly findings: string | null;
};

export const flowPage = pageOf<FlowRow>({
  table: 'ops.flow',
  select: `t.flow, t.subject_kind AS kind, t.subject_id AS "subjectId", t.subject, t.event_id AS "eventId", o.name AS "begunBy", t.begun_at AS "begunAt",
    c.name AS "closedBy", t.closed_at AS "closedAt", t.findings`,
  joins: 'JOIN ops.operator o ON o.id = t.begun_by LEFT JOIN ops.operator c ON c.id = t.closed_by',
  defaultSort: { field: 'begun', descending: true },
  fields: {
    text: text('t.subject', { exact: ['lower(t.subject) LIKE {contains}'] }),
    id: number('t.id'),
    flow: oneOf('t.flow', flowIds),
    about: text('t.subject'),
    status: meaning({ open: 't.closed_at IS NULL', closed: 't.closed_at IS NOT NULL' }),
    begun: time('t.begun_at', { sortable: true }),
  },
});

export const findFlow = (db: Db, id: bigint): Promise<FlowRow | undefined> => flowPage.find(db, id);

/** Those that are open, the newest first; or one, whatever its state. */
export const flowsShown = async (db: Db, id?: bigint): Promise<readonly FlowRow[]> => {
  if (id !== undefined) {
    const found = await findFlow(db, id);
    return found ? [found] : [];
  }
  const open = { field: 'status', not: false, value: { kind: 'choices', choices: ['open'] }, typed: 'status=open' } as const;
  return (await flowPage.page(db, { terms: [open], sort: flowPage.defaultSort, limit: 20 })).rows;
};

const userStanding = async (db: Db, username: string): Promise<Standing | undefined> => {
  const [row] = await db.$queryRaw<Standing[]>`
    SELECT u.id, u.username AS name, u.status::text, (SELECT count(*)::int FROM bank.auth_session s WHERE s.user_id = u.id AND s.ended_at IS NULL) AS sessions, worst.address,
           EXISTS (SELECT FROM platform.ip_rules_now('block', 'platform') r WHERE worst.address::inet <<= r.network) AS blocked, NULL::bigint AS "grant", false AS developer
      FROM bank."user" u LEFT JOIN LATERAL (
             SELECT host(e.ip) AS address FROM bank.auth_event e WHERE e.username = u.username AND e.type IN ('login_failure', 'login_blocked', 'lockout') AND e.at > now() - interval '7 days'
              GROUP BY host(e.ip) ORDER BY count(*) DESC, max(e.at) DESC LIMIT 1) worst ON true
     WHERE u.username = lower(${username})`;
  return row;
};

const operatorStanding = async (db: Db, name: string): Promise<Standing | undefined> => {
  const [row] = await db.$queryRaw<Standing[]>`
    SELECT o.id, o.name, CASE WHEN o.is_active THEN 'active' ELSE 'disabled' END AS status, (SELECT s.sessions FROM ops.operator_standing(o.id) s)::int AS sessions, NULL AS address, false AS blocked,
           (SELECT max(g.id) FROM ops.role_grant g WHERE g.operator_id = o.id AND g.role = 'developer') AS "grant",
           EXISTS (SELECT FROM ops.operator_role r WHERE r.operator_id = o.id AND r.role = 'developer' AND r.expires_at > clock_timestamp()) AS developer
      FROM ops.operator o WHERE o.name = ${name}`;
  return row;
};

const hostStanding = async (db: Db, name: string): Promise<Standing | undefined> => {
  const [row] = await db.$queryRaw<Standing[]>`
    SELECT h.id, h.name, h.state AS status, 0 AS sessions, NULL AS address, false AS blocked, NULL::bigint AS "grant", false AS developer
      FROM ops.host h WHERE h.name = ${name}`;
  return row;
};

const standings = { user: userStanding, operator: operatorStanding, host: hostStanding } as const;

/** How things stand with whom a walkthrough is about; undefined where nobody is called so. */
export const standingNamed = (db: Db, kind: FlowSubject, name: string): Promise<Standing | undefined> => standings[kind](db, name);

/** What was done to them, or looked at of theirs, while the walkthrough was open, oldest first. */
const tracesOf = async (db: Db, flow: FlowRow, address: string | null): Promise<readonly Trace[]> => {
  const until = flow.closedAt ?? new Date(Date.now() + 60_000);
  return db.$queryRaw<Trace[]>`
    SELECT at, by, action, verb, entity, "entityId", label FROM (
      SELECT seq, at, coalesce(operator, '-') AS by, action, verb, entity, entity_id AS "entityId", entity_label AS label FROM ops.audit
       WHERE entity = ${flow.kind} AND entity_id = ${String(flow.subjectId)} AND at BETWEEN ${flow.begunAt} AND ${until} AND outcome = 'success'
      UNION
      SELECT a.seq, a.at, coalesce(a.operator, '-'), a.action, a.verb, a.entity, a.entity_id, a.entity_label FROM ops.audit a
        JOIN bank.auth_event e ON a.entity_id ~ '^[0-9]{1,18}$' AND e.id = CASE WHEN a.entity_id ~ '^[0-9]{1,18}$' THEN a.entity_id::bigint END
       WHERE ${flow.kind} = 'user' AND a.entity = 'sign-in' AND a.verb = 'view' AND a.at BETWEEN ${flow.begunAt} AND ${until} AND e.username = ${flow.subject}
      UNION
      SELECT seq, at, coalesce(operator, '-'), action, verb, entity, entity_id, entity_label FROM ops.audit
       WHERE ${flow.kind} = 'user' AND action IN ('ip-rules.block', 'sign-ins.block') AND at BETWEEN ${flow.begunAt} AND ${until} AND outcome = 'success'
         AND CASE WHEN entity_label ~ '^[0-9a-f.:/]+$' THEN ${address ?? '0.0.0.0'}::inet <<= entity_label::inet ELSE false END
      UNION
      SELECT a.seq, a.at, coalesce(a.operator, '-'), a.action, a.verb, a.entity, a.entity_id, a.entity_label FROM ops.audit a
        JOIN ops.run r ON a.entity_id ~ '^[0-9]{1,18}$' AND r.number = CASE WHEN a.entity_id ~ '^[0-9]{1,18}$' THEN a.entity_id::bigint END
       WHERE ${flow.kind} = 'host' AND a.entity = 'run' AND a.action LIKE 'runbooks.%' AND a.outcome = 'success' AND a.at BETWEEN ${flow.begunAt} AND ${until}
         AND EXISTS (SELECT FROM ops.run_step s WHERE s.run_id = r.id AND s.host_id = ${flow.subjectId})) t
     ORDER BY seq LIMIT 500`;
};

const notesOf = async (db: Db, id: bigint): Promise<readonly StepNote[]> =>
  db.$queryRaw<StepNote[]>`
    SELECT n.step, n.note, o.name AS by, n.noted_at AS at FROM ops.flow_note n JOIN ops.operator o ON o.id = n.noted_by WHERE n.flow_id = ${id}`;

/** A step of a walkthrough, and how it stands. */
export type WalkedStep = { readonly number: number; readonly step: FlowStep; readonly about: Standing; readonly standing: StepStanding };

/** The steps of a walkthrough in their order; none where whom it is about is gone. */
export const stepsOf = async (db: Db, row: FlowRow): Promise<readonly WalkedStep[]> => {
  const about = await standingNamed(db, row.kind, row.subject);
  if (!about) return [];
  const [traces, notes] = await Promise.all([tracesOf(db, row, about.address), notesOf(db, row.id)]);
  return (flowNamed(row.flow)?.steps ?? []).map((step, index) => ({
    number: index + 1,
    step,
    about,
    standing: standingOf(step, about, traces, notes),
  }));
};

/** The open walkthrough of a kind about somebody, if any. */
export const openFlowOf = async (db: Db, flow: string, about: Pick<Standing, 'id'>): Promise<bigint | undefined> => {
  const [row] = await db.$queryRaw<
    { id: bigint }[]
  >`SELECT id FROM ops.flow WHERE flow = ${flow} AND subject_id = ${about.id} AND closed_at IS NULL`;
  return row?.id;
};

export const beginFlow = async (
  db: Db,
  flow: { id: string; kind: string; subject: bigint; event: bigint | undefined },
): Promise<bigint> => {
  const [row] = await db.$queryRaw<
    { id: bigint }[]
  >`SELECT id FROM ops.begin_flow(${flow.id}, ${flow.kind}, ${flow.subject}, ${flow.event ?? null}::bigint)`;
  if (!row) throw new Error('the database began a walkthrough and returned none');
  return row.id;
};

export const closeFlow = async (db: Db, id: bigint, findings: string): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.close_flow(${id}, ${findings})`;
};

export const noteStep = async (db: Db, flow: bigint, step: string, note: string): Promise<void> => {
  await db.$queryRaw`SELECT ops.note_flow_step(${flow}, ${step}, ${note})::text`;
};
