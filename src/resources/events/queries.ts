import type { Db } from '../../database/client.ts';
import { number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import { eventLevels, type EventLevel } from '../../domain/event.ts';
import type { Keyed } from '../../domain/page.ts';

/** Something that a part of the platform wrote down. Whatever it says came from outside. */
export type EventRow = Keyed & {
  readonly at: Date;
  readonly level: EventLevel;
  readonly source: string;
  readonly message: string;
  readonly jobId: string | null;
  readonly userId: bigint | null;
  readonly username: string | null;
  readonly correlationId: string | null;
};

// Text that is no UUID must find nothing; cast, it would be an error
const asUuid = `CASE WHEN {text} ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN {text}::uuid END`;
const correlation = `t.correlation_id = ${asUuid}`;
const byUser = `t.user_id IN (SELECT u.id FROM bank."user" u WHERE u.username = {text}
    UNION ALL SELECT CASE WHEN {text} ~ '^[0-9]{1,18}$' THEN {text}::bigint END)`;

export const eventPage = pageOf<EventRow>({
  table: 'platform.event',
  select: `t.at, t.level, t.source, t.message, t.job_id AS "jobId", t.user_id AS "userId", u.username, t.correlation_id::text AS "correlationId"`,
  joins: 'LEFT JOIN bank."user" u ON u.id = t.user_id',
  defaultSort: { field: 'at', descending: true },
  fields: {
    // A trigram has three characters: with fewer the index cannot help
    text: text('t.message', { exact: ['lower(t.message) LIKE {contains}', correlation], shortest: 3 }),
    id: number('t.id'),
    level: oneOf('t.level', eventLevels),
    source: text('t.source', { like: ['t.source BETWEEN {text} AND {upTo}'] }),
    correlation: text('t.correlation_id', { exact: [correlation] }),
    job: text('t.job_id', { like: ['t.job_id BETWEEN {text} AND {upTo}'] }),
    user: text('t.user_id', { exact: [byUser] }),
    at: time('t.at', { sortable: true }),
  },
});

/** One key of what the platform added; a value that is no text is JSON. */
type Added = { readonly key: string; readonly value: string };
type Sibling = {
  readonly id: bigint;
  readonly at: Date;
  readonly level: EventLevel;
  readonly source: string;
  readonly message: string;
};
export type Around = { readonly added: readonly Added[]; readonly siblings: readonly Sibling[] };

/** As many events of one correlation id as a detail shows. */
const mostSiblings = 20;

/** What an event holds beyond the list, and what the platform wrote under the same correlation id. */
export const around = async (db: Db, { id, correlationId }: EventRow): Promise<Around> => {
  const [added, siblings] = await Promise.all([
    db.$queryRaw<Added[]>`
      SELECT d.key, left(d.value #>> '{}', 1000) AS value
        FROM platform.event e, jsonb_each(CASE jsonb_typeof(e.detail) WHEN 'object' THEN e.detail WHEN 'null' THEN '{}' ELSE jsonb_build_object('detail', e.detail) END) d
       WHERE e.id = ${id} AND e.detail IS NOT NULL ORDER BY d.key LIMIT 50`,
    correlationId === null
      ? []
      : db.$queryRaw<Sibling[]>`
          SELECT id, at, level, source, left(message, 200) AS message FROM platform.event
           WHERE correlation_id = ${correlationId}::uuid ORDER BY at, id LIMIT ${mostSiblings}`,
  ]);
  return { added, siblings };
};
