import { z } from 'zod';
import { formatShortInstant } from '../../domain/day.ts';
import { conflict, done, forbidden, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import type { SmallTable } from '../../kit/define-resource.ts';
import { findOperator, hasOtherAdmin, openSessions, permissionsOfRoles, type OperatorRow, type OperatorSession } from './queries.ts';

/** Names the operator; filled from the record, or given as a flag. */
export const OperatorId = z.coerce.bigint().positive().meta({ hidden: true, title: 'Operator id' });

/** The operator if they exist, are somebody else, and the rule has nothing against it. The database has the last word. */
export const operatorFor = async (
  id: bigint,
  { db, operator }: Context,
  whyNot: (operator: OperatorRow) => string | undefined,
): Promise<Outcome<OperatorRow>> => {
  const found = await findOperator(db, id);
  if (!found) return notFound(`there is no operator with id ${id}`);
  if (found.id === operator.id) return forbidden('nobody changes their own rights', 'ask another administrator');
  const objection = whyNot(found);
  return objection === undefined ? done(found) : conflict(objection);
};

/** Refuses what would leave the bank without an administrator for good. */
export const unlessLastAdmin = async (found: Outcome<OperatorRow>, { db }: Context): Promise<Outcome<OperatorRow>> => {
  if (!found.ok || !isAdmin(found.value) || (await hasOtherAdmin(db, found.value.id))) return found;
  return conflict(`${found.value.name} is the last active administrator and must stay`, 'make somebody else an administrator first');
};

const isAdmin = ({ isActive, roles }: OperatorRow): boolean =>
  isActive && roles.some(({ role, expiresAt }) => role === 'admin' && expiresAt === null);

/** How audit and confirmation name an operator. */
export const operatorTarget = ({ id, name, version }: OperatorRow): Target => ({ id: String(id), label: name, version });

export const isNew = (name: string): Target => ({ id: name, label: name, version: 0 });

export type Difference = { readonly added: readonly string[]; readonly removed: readonly string[] };

/** What somebody may afterwards and not before, and the other way round. */
export const differenceOf = async (
  { db }: Pick<Context, 'db'>,
  before: readonly string[],
  after: readonly string[],
): Promise<Difference> => {
  const [had, has] = await Promise.all([permissionsOfRoles(db, before), permissionsOfRoles(db, after)]);
  return { added: has.filter(one => !had.includes(one)), removed: had.filter(one => !has.includes(one)) };
};

/** The difference in lines of a preview. */
export const differenceLines = ({ added, removed }: Difference): readonly string[] => [
  added.length === 0 ? 'adds no permission' : `adds the permissions ${added.join(', ')}`,
  ...(removed.length === 0 ? [] : [`takes the permissions ${removed.join(', ')}`]),
];

/** Live sessions as evidence beside a preview. */
export const sessionTable = (sessions: readonly OperatorSession[]): SmallTable => ({
  columns: ['Client', 'IP address', 'Kind', 'Since', 'Last seen'],
  rows: sessions.map(session => [
    session.client,
    session.ip ?? 'this machine',
    session.kind,
    formatShortInstant(session.startedAt),
    formatShortInstant(session.lastSeenAt),
  ]),
});

export const sessionEvidence = (sessions: readonly OperatorSession[]): readonly { readonly title: string; readonly table: SmallTable }[] =>
  sessions.length === 0 ? [] : [{ title: 'Sessions that end', table: sessionTable(sessions) }];

/** `1 session ends at once` */
export const sessionsEnd = (sessions: readonly OperatorSession[]): string => {
  if (sessions.length === 0) return 'no session is open';
  return sessions.length === 1 ? '1 session ends at once' : `${sessions.length} sessions end at once`;
};

export const withSessions = async (
  found: Outcome<OperatorRow>,
  { db }: Context,
): Promise<Outcome<{ readonly operator: OperatorRow; readonly sessions: readonly OperatorSession[] }>> =>
  found.ok ? done({ operator: found.value, sessions: await openSessions(db, found.value.id) }) : found;

/** Where the code to enrol with goes, in a line of a preview. */
export const codeGoesTo = (name: string, address: string): string =>
  `${name} gets a code to enrol with at ${address}; it works once, for 24 hours`;
