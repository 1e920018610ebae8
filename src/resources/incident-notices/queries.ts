import type { Db } from '../../database/client.ts';
import { number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import { audiences, type Audience } from '../../domain/incident.ts';
import type { Keyed } from '../../domain/page.ts';

const states = ['draft', 'sent', 'discarded'] as const;

export type DraftRow = Keyed & {
  readonly incidentId: bigint;
  readonly incident: string;
  readonly audience: Audience;
  readonly body: string;
  readonly status: (typeof states)[number];
  readonly draftedBy: string;
  readonly draftedAt: Date;
  readonly settledBy: string | null;
  readonly settledAt: Date | null;
  readonly recipients: number;
  readonly version: number;
};

export const draftPage = pageOf<DraftRow>({
  table: 'ops.incident_notice',
  select: `t.incident_id AS "incidentId", format('#%s level %s: %s', i.id, i.level, i.title) AS incident, t.audience, t.body, t.status, o.name AS "draftedBy", t.drafted_at AS "draftedAt",
    s.name AS "settledBy", t.settled_at AS "settledAt", t.recipients, t.version`,
  joins:
    'JOIN ops.incident i ON i.id = t.incident_id JOIN ops.operator o ON o.id = t.drafted_by LEFT JOIN ops.operator s ON s.id = t.settled_by',
  defaultSort: { field: 'drafted', descending: true },
  fields: {
    text: text('t.body', { exact: ['lower(t.body) LIKE {contains}'] }),
    id: number('t.id'),
    incident: number('t.incident_id'),
    audience: oneOf('t.audience', audiences),
    status: oneOf('t.status', states),
    drafted: time('t.drafted_at', { sortable: true }),
  },
});

/** The draft as it is now, or undefined. */
export const findDraft = (db: Db, id: bigint): Promise<DraftRow | undefined> => draftPage.find(db, id);

/** How many it would go to. */
export const recipientsOf = async (db: Db, id: bigint): Promise<readonly string[]> =>
  (await db.$queryRaw<{ recipient: string }[]>`SELECT recipient FROM ops.incident_recipients(${id})`).map(({ recipient }) => recipient);

/** Edits, sends or throws away, by the action under way. */
export const settleDraft = async (
  db: Db,
  draft: Pick<DraftRow, 'id' | 'version'>,
  { body = null, recipients = 0 }: { readonly body?: string | null; readonly recipients?: number },
): Promise<void> => {
  await db.$queryRaw`SELECT ops.settle_incident_notice(${draft.id}, ${draft.version}::int, ${body}, ${recipients}::int)::text`;
};
