import type { Db } from '../../database/client.ts';
import { meaning, number, text, time } from '../../database/field.ts';
import { pageOf, type PageQuery } from '../../database/page.ts';
import type { Term } from '../../domain/filter.ts';
import type { Keyed } from '../../domain/page.ts';
import type { Permission } from '../../domain/permission.ts';

/** What a correlation id is found in. The order numbers them: it must not change. */
const kinds = ['event', 'act', 'request', 'security', 'notice', 'posting', 'refusal'] as const;
export type TraceKind = (typeof kinds)[number];

/** What it takes to read each of them in its own pane, and so here. */
export const needs: Readonly<Record<TraceKind, Permission>> = {
  event: 'event.read',
  act: 'audit.read',
  request: 'approval.read',
  security: 'security.read',
  notice: 'notice.read',
  posting: 'transaction.read',
  refusal: 'transaction.read',
};

/** One thing that happened under a correlation id, whatever wrote it down. */
export type TraceRow = Keyed & {
  readonly kind: TraceKind;
  readonly at: Date;
  /** Level, outcome or status. */
  readonly state: string;
  /** A part of the platform, an operator, an address. */
  readonly who: string;
  readonly what: string;
  readonly amount: bigint | null;
  readonly currency: string | null;
  readonly correlation: string;
  /** The record in its own pane. */
  readonly record: string;
};

/** Where a correlation id stands in one kind of record, each place with a condition that keeps a row from being there twice. */
type Source = {
  readonly kind: TraceKind;
  readonly id: string;
  readonly from: string;
  readonly columns: string;
  readonly amount?: string;
  readonly traces: readonly (readonly [column: string, unlessElsewhere?: string])[];
};

/**
 * An act of the console is known by its request's id: its audit row has it, the notices it enqueued, and where it took two, the request
 * itself and what was carried out under it. A bulk is the correlation of its acts. A posting is known by its idempotency key.
 */
const sources: readonly Source[] = [
  {
    kind: 'event', id: 'e.id', from: 'platform.event e', traces: [['e.correlation_id']],
    columns: 'e.at, e.level AS state, e.source AS who, e.message AS what',
  },
  {
    kind: 'act', id: 'a.seq', from: 'ops.audit a',
    traces: [
      ['a.correlation_id'],
      ['a.request_id', 'a.request_id IS DISTINCT FROM a.correlation_id'],
      ['a.approval_id', 'a.approval_id IS DISTINCT FROM a.correlation_id AND a.approval_id IS DISTINCT FROM a.request_id'],
    ],
    columns: `a.at, a.outcome::text AS state, coalesce(a.operator, '-') AS who, a.action || ' of ' || a.entity || ' ' || coalesce(a.entity_label, a.entity_id) AS what`,
  },
  {
    kind: 'request', id: 'p.number', from: 'ops.approval p', traces: [['p.id']],
    columns: `p.made_at AS at, p.status AS state, (SELECT o.name FROM ops.operator o WHERE o.id = p.maker_id) AS who, 'asks for ' || p.action || ' of ' || p.entity_label AS what`,
  },
  {
    kind: 'security', id: 's.id', from: 'ops.security_event s', traces: [['s.correlation_id']],
    columns: `s.last_at AS at, s.level AS state, s.source AS who, s.kind || ': ' || s.summary AS what`,
  },
  {
    kind: 'notice', id: 'n.number', from: 'ops.notice n', traces: [['n.request_id']],
    columns: `n.created_at AS at, n.status AS state, n.channel AS who, n.template || ' about ' || n.about_entity || ' ' || n.about_id AS what`,
  },
  {
    kind: 'posting', id: 'k.transaction_id', from: 'bank.idempotency_key k JOIN bank.transaction x ON x.id = k.transaction_id', traces: [['k.key']],
    columns: `x.posted_at AS at, 'posted' AS state, x.channel AS who, x.type::text AS what`, amount: 'x.amount, x.currency::text',
  },
  {
    kind: 'refusal', id: 'k.refusal_id', from: 'bank.idempotency_key k JOIN bank.posting_refusal x ON x.id = k.refusal_id', traces: [['k.key']],
    columns: `x.refused_at AS at, 'refused' AS state, x.code AS who, x.message AS what`, amount: 'x.amount, x.currency',
  },
]; // prettier-ignore

/** Ids of different kinds must differ: each is eight times its own and the number of its kind. */
const select = (
  { kind, id, from, columns, amount = 'NULL::bigint AS amount, NULL::text AS currency' }: Source,
  correlation: string,
): string =>
  `SELECT ${correlation} AS correlation_id, ${id} * 8 + ${kinds.indexOf(kind)} AS id, '${kind}' AS kind, ${id}::text AS record, ${columns}, ${amount} FROM ${from}`;

const everywhere = (source: Source): readonly string[] =>
  source.traces.map(([column, unlessElsewhere = 'true']) => `${select(source, column)} WHERE ${unlessElsewhere}`);

const all = `(${sources.flatMap(everywhere).join(' UNION ALL ')})`;
const selected = 't.kind, t.at, t.state, t.who, t.what, t.amount, t.currency, t.record, t.correlation_id::text AS correlation';

// Text that is no UUID must find nothing; cast, it would be an error
const byId = `t.correlation_id = CASE WHEN {text} ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN {text}::uuid END`;

const traced = pageOf<TraceRow>({
  table: all,
  select: selected,
  defaultSort: { field: 'at', descending: false },
  fields: {
    text: text('t.correlation_id', { exact: [byId] }),
    correlation: text('t.correlation_id', { exact: [byId] }),
    kind: meaning(Object.fromEntries(kinds.map(kind => [kind, `t.kind = '${kind}'`]))),
    id: number('t.id'),
    at: time('t.at', { sortable: true }),
  },
});

/** Without an id everything that ever happened would be put together. */
const hasId = (terms: readonly Term[]): boolean => terms.some(({ field, not }) => !not && (field === 'correlation' || field === 'text'));

/** By its own number, so that no other kind is read. */
const findStep = async (db: Db, id: bigint): Promise<TraceRow | undefined> => {
  const source = sources.find(({ kind }) => kind === kinds[Number(id % 8n)]);
  if (!source) return undefined;
  const correlation = `coalesce(${source.traces.map(([column]) => column).join(', ')})`;
  const [row] = await db.$queryRawUnsafe<TraceRow[]>(
    `SELECT ${selected}, t.at::text AS "sortKey", t.id FROM (${select(source, correlation)} WHERE ${source.id} = $1::text::bigint LIMIT 1) t`,
    String(id / 8n),
  );
  return row;
};

/** All that happened under one correlation id, as it happened. */
export const tracePage: PageQuery<TraceRow> = {
  ...traced,
  page: async (db, request) => (hasId(request.terms) ? traced.page(db, request) : { rows: [], more: false }),
  newer: async (db, request) => (hasId(request.terms) ? traced.newer(db, request) : 0),
  count: async (db, terms) => (hasId(terms) ? traced.count(db, terms) : { value: 0, exact: true }),
  find: (db, id) => findStep(db, id),
};
