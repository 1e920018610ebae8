import type { Database } from '../database/client.ts';
import type { Term } from '../domain/filter.ts';
import type { Count, Keyed, Page, PageRequest } from '../domain/page.ts';
import type { Operator } from '../domain/permission.ts';
import type { AnyResource, DetailSection } from './define-resource.ts';
import { notesSection } from './notes.ts';

/** What a session lets its operator look at. */
export type Reads = {
  readonly list: (resource: AnyResource, request: PageRequest) => Promise<Page<Keyed>>;
  readonly newer: (resource: AnyResource, request: PageRequest) => Promise<number>;
  readonly count: (resource: AnyResource, terms: readonly Term[]) => Promise<Count>;
  readonly find: (resource: AnyResource, id: bigint) => Promise<Keyed | undefined>;
  /** How many of these records a filter lets through. */
  readonly matching: (resource: AnyResource, terms: readonly Term[], ids: readonly string[]) => Promise<number>;
  /** The sections of a record's detail; looking at personal data is recorded once in ten minutes. */
  readonly detail: (resource: AnyResource, row: Keyed) => Promise<readonly DetailSection[]>;
};

/** Who looks; without a token nothing is recorded. */
type Reader = { readonly database: Database; readonly operator: Operator; readonly token: string | undefined };

/** The database keeps one row per session and target in this time; asking it again meanwhile is only a round trip, in milliseconds. */
const recordedFor = 600_000;

/** Records a look or an export under the session; without one there is nobody to record it of. */
export const recordAccess = async (
  parts: Reader,
  verb: 'view' | 'export',
  entity: string,
  id: string,
  detail: object | null,
): Promise<void> => {
  if (parts.token === undefined) return;
  const text = detail === null ? null : JSON.stringify(detail);
  await parts.database.writes.$queryRaw`SELECT ops.record_access(${parts.token}, ${verb}, ${entity}, ${id}, ${text}::jsonb)::text`;
};

/** Records that a record, or a list, was looked at; looking again meanwhile is no new look. */
const viewsOf = (parts: Reader, now: () => Date) => {
  const seen = new Map<string, number>();
  return async (entity: string, id: string): Promise<void> => {
    const key = `${entity} ${id}`;
    const at = now().getTime();
    if (at - (seen.get(key) ?? -Infinity) < recordedFor) return;
    await recordAccess(parts, 'view', entity, id, null);
    seen.set(key, at);
  };
};

/** What is looked at: refused without its permission, recorded where it holds personal data. */
export const readsOf = (parts: Reader, now: () => Date): Reads => {
  const { reads } = parts.database;
  const recordView = viewsOf(parts, now);
  const { permissions } = parts.operator;
  const held = ({ permission, title }: AnyResource): void => {
    if (!permissions.has(permission)) throw new Error(`${title} needs the permission ${permission}`);
  };
  const seen = (resource: AnyResource, row: Keyed): Keyed => resource.veil?.(row, permission => permissions.has(permission)) ?? row;
  return {
    list: async (resource, request) => {
      held(resource);
      if (resource.recorded) await recordView(resource.entity, '-');
      const page = await resource.page.page(reads, request);
      return resource.veil ? { ...page, rows: page.rows.map(row => seen(resource, row)) } : page;
    },
    newer: async (resource, request) => {
      held(resource);
      return resource.page.newer(reads, request);
    },
    count: async (resource, terms) => {
      held(resource);
      return resource.page.count(reads, terms);
    },
    find: async (resource, id) => {
      held(resource);
      const row = await resource.page.find(reads, id);
      return row && seen(resource, row);
    },
    matching: async (resource, terms, ids) => {
      held(resource);
      return resource.page.matching?.(reads, terms, ids) ?? ids.length;
    },
    detail: async (resource, row) => {
      held(resource);
      if (resource.personal) await recordView(resource.entity, String(row.id));
      const [related, notes] = await Promise.all([resource.relate(reads, row), notesSection(reads, resource, row, permissions)]);
      // Under what the record is, so that nobody has to scroll for what a colleague left
      const sections = resource.detail(row, related);
      return notes.length === 0 ? sections : [...sections.slice(0, 1), ...notes, ...sections.slice(1)];
    },
  };
};
