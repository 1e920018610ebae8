import { conflict, done, forbidden, invalid, notFound, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import type { AnyResource } from '../kit/define-resource.ts';
import type { Session } from '../kit/session.ts';

export type Row = NonNullable<Awaited<ReturnType<Session['find']>>>;

/** Whether the operator may look there at all; the session would throw. */
export const mayRead = ({ operator }: Session, resource: AnyResource): Outcome<true> =>
  operator.permissions.has(resource.permission)
    ? done(true)
    : forbidden(`${resource.title} needs the permission ${resource.permission}`, 'ask an administrator for a role that has it');

const byName = async (session: Session, resource: AnyResource, word: string): Promise<Row | undefined> => {
  if (resource.nameField === undefined) return undefined;
  const term = { field: resource.nameField, not: false, value: { kind: 'text', text: word, exact: true }, typed: word } as const;
  const { rows } = await session.list(resource, { terms: [term], sort: resource.page.defaultSort, limit: 1 });
  return rows[0];
};

/** Ids are bigint in the database: 18 digits always fit. */
const idOf = (word: string): bigint | undefined => (/^\d{1,18}$/.test(word) ? BigInt(word) : undefined);

const byId = async (session: Session, resource: AnyResource, id: bigint | undefined): Promise<Row | undefined> =>
  id === undefined ? undefined : session.find(resource, id);

/**
 * The record that a word names: what people call it, or its id. Somebody can choose a name that is another record's id; a word that
 * names two is refused.
 */
export const findRecord = async (session: Session, resource: AnyResource, word: string): Promise<Outcome<Row>> => {
  const shown = safe(word, { max: 60 });
  const marked = /^id=(.*)$/.exec(word)?.[1];
  if (marked !== undefined && idOf(marked) === undefined) return invalid(`${shown} is no id`, 'write it like id=42');
  const [named, numbered] =
    marked === undefined
      ? await Promise.all([byName(session, resource, word), byId(session, resource, idOf(word))])
      : [undefined, await byId(session, resource, idOf(marked))];
  if (named && numbered && named.id !== numbered.id) {
    return conflict(`"${shown}" names two records: one is called so, another has this id`, `write id=${named.id} or id=${numbered.id}`);
  }
  const found = named ?? numbered;
  return found ? done(found) : notFound(`there is no ${resource.entity} "${shown}"`, `look for it with: bursar ${resource.id} list`);
};
