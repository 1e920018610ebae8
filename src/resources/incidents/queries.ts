import type { Db } from '../../database/client.ts';
import { number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';

const incidentStates = ['open', 'contained', 'resolved', 'reviewed'] as const;
export const incidentKinds = ['security', 'outage'] as const;

export type IncidentRow = Keyed & {
  readonly level: number;
  readonly kind: (typeof incidentKinds)[number];
  readonly title: string;
  readonly status: (typeof incidentStates)[number];
  readonly openedBy: string;
  readonly openedAt: Date;
  readonly changedAt: Date;
  readonly version: number;
};

export const incidentPage = pageOf<IncidentRow>({
  table: 'ops.incident',
  select: `t.level::int AS level, t.kind, t.title, t.status, o.name AS "openedBy", t.opened_at AS "openedAt", t.changed_at AS "changedAt", t.version`,
  joins: 'JOIN ops.operator o ON o.id = t.opened_by',
  defaultSort: { field: 'opened', descending: true },
  fields: {
    text: text('t.title', { exact: ['lower(t.title) LIKE {contains}'] }),
    id: number('t.id'),
    level: number('t.level'),
    kind: oneOf('t.kind', incidentKinds),
    status: oneOf('t.status', incidentStates),
    opened: time('t.opened_at', { sortable: true }),
  },
});

export const findIncident = (db: Db, id: bigint): Promise<IncidentRow | undefined> => incidentPage.find(db, id);

export const openIncident = async (db: Db, incident: { level: number; kind: string; title: string }): Promise<bigint> => {
  const [row] = await db.$queryRaw<{ id: bigint }[]>`
    SELECT id FROM ops.declare_incident(${incident.level}::smallint, ${incident.kind}, ${incident.title})`;
  if (!row) throw new Error('the incident was not declared');
  return row.id;
};

export const moveIncident = async (db: Db, incident: IncidentRow, status: string): Promise<void> => {
  await db.$queryRaw`SELECT id FROM ops.move_incident(${incident.id}, ${status}, ${incident.version}::int)`;
};

/** What was recorded under its name, newest first. */
export const timelineOf = (db: Db, id: bigint): Promise<{ at: Date; operator: string | null; action: string; note: string | null }[]> =>
  db.audit.findMany({
    where: { entity: 'incident', entityId: String(id), verb: { not: 'view' } },
    orderBy: { seq: 'desc' },
    take: 20,
    select: { at: true, operator: true, action: true, note: true },
  });
