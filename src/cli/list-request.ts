import { z } from 'zod';
import { parseFilter, type Term } from '../domain/filter.ts';
import { done, invalid, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import type { AnyResource } from '../kit/define-resource.ts';
import type { Session } from '../kit/session.ts';
import type { Arguments, Flag } from './arguments.ts';

type PageRequest = Parameters<Session['list']>[1];
type Sort = PageRequest['sort'];
export type Place = NonNullable<PageRequest['at']>['place'];

const usualLimit = 50;

export const listFlags: readonly Flag[] = [
  { name: 'filter', takes: 'TEXT', help: 'the filter as one text, as on screen: "status=frozen balance>1000"' },
  { name: 'sort', takes: 'FIELD', help: 'the field to sort by; -FIELD turns it round' },
  { name: 'limit', takes: 'N', help: `rows at most, or all; ${usualLimit} unless said` },
  { name: 'after', takes: 'CURSOR', help: 'go on where an earlier list ended' },
  { name: 'json', help: 'one JSON document' },
  { name: 'csv', help: 'comma-separated values (RFC 4180)' },
];

/** The shell takes quotation marks away: a word that was quoted is quoted again. */
const requoted = (word: string): string =>
  /\s/.test(word) && !word.includes('"') ? word.replace(/^(!?[A-Za-z]+(?:!=|>=|<=|=|>|<|:))?(.*)$/s, '$1"$2"') : word;

/** The filter of a command: its words, its --filter, or both. */
export const termsOf = (session: Session, resource: AnyResource, { words, flags }: Arguments): Outcome<readonly Term[]> =>
  parseFilter([...words.map(requoted), flags['filter'] ?? ''].join(' ').trim(), resource.page.fields, session.filterContext(resource));

const sortOf = ({ page }: AnyResource, typed: string | undefined): Outcome<Sort> => {
  if (typed === undefined) return done(page.defaultSort);
  const field = typed.replace(/^-/, '');
  const sortable = Object.keys(page.fields).filter(name => page.fields[name]?.sortable);
  return sortable.includes(field)
    ? done({ field, descending: typed.startsWith('-') })
    : invalid(`"${safe(field, { max: 40 })}" is nothing to sort by`, `sort by ${sortable.join(', ')}`);
};

const limitOf = (typed: string | undefined): Outcome<number> => {
  if (typed === undefined) return done(usualLimit);
  if (typed === 'all') return done(Infinity);
  return /^[1-9]\d{0,8}$/.test(typed)
    ? done(Number(typed))
    : invalid(`--limit "${safe(typed, { max: 40 })}" is no number of rows`, 'write --limit 100 or --limit all');
};

const Cursor = z.tuple([z.string(), z.string(), z.boolean(), z.string().nullable(), z.string().regex(/^\d{1,19}$/)]);

/** Where a list goes on, as one word. */
export const cursorOf = (resource: AnyResource, sort: Sort, { sortKey, id }: Place): string =>
  Buffer.from(JSON.stringify([resource.id, sort.field, sort.descending, sortKey, String(id)])).toString('base64url');

const placeOf = (resource: AnyResource, sort: Sort, typed: string | undefined): Outcome<Place | undefined> => {
  if (typed === undefined) return done(undefined);
  const strange = invalid(
    '--after takes what an earlier list of the same records in the same order gave',
    'leave it out to begin at the first row',
  );
  try {
    const [of, field, descending, sortKey, id] = Cursor.parse(JSON.parse(Buffer.from(typed, 'base64url').toString()));
    return of === resource.id && field === sort.field && descending === sort.descending
      ? done({ sortKey: sortKey as string, id: BigInt(id) })
      : strange;
  } catch {
    return strange; // whatever it is, it is no cursor of ours
  }
};

/** What a list was asked for. */
export type Asked = { readonly terms: readonly Term[]; readonly sort: Sort; readonly limit: number; readonly after: Place | undefined };

/** Reads filter, order, limit and cursor. */
export const readListRequest = (session: Session, resource: AnyResource, typed: Arguments): Outcome<Asked> => {
  const terms = termsOf(session, resource, typed);
  if (!terms.ok) return terms;
  const sort = sortOf(resource, typed.flags['sort']);
  if (!sort.ok) return sort;
  const limit = limitOf(typed.flags['limit']);
  if (!limit.ok) return limit;
  const after = placeOf(resource, sort.value, typed.flags['after']);
  return after.ok ? done({ terms: terms.value, sort: sort.value, limit: limit.value, after: after.value }) : after;
};
