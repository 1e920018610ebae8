import { z } from 'zod';
import { formatShortInstant } from '../../domain/day.ts';
import { conflict, done, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import type { SmallTable } from '../../kit/define-resource.ts';
import { findUser, hasOtherAdmin, type LiveSession, type UserRow } from './queries.ts';

/** Names the user; filled from the record, or given as a flag. */
export const UserId = z.coerce.bigint().positive().meta({ hidden: true, title: 'User id' });

/** The user if they exist and the rule has nothing against it. */
export const userFor = async (
  id: bigint,
  { db }: Context,
  whyNot: (user: UserRow) => string | undefined = () => undefined,
): Promise<Outcome<UserRow>> => {
  const user = await findUser(db, id);
  if (!user) return notFound(`there is no user with id ${id}`);
  const objection = whyNot(user);
  return objection === undefined ? done(user) : conflict(objection);
};

/** Refuses what would leave the platform without an administrator who can sign in. */
export const unlessLastAdmin = async (user: Outcome<UserRow>, { db }: Context): Promise<Outcome<UserRow>> => {
  if (!user.ok || user.value.role !== 'admin' || user.value.status !== 'active' || (await hasOtherAdmin(db, user.value.id))) return user;
  return conflict(`${user.value.username} is the last active administrator of the platform`, 'make somebody else an administrator first');
};

/** How audit and confirmation name a user. */
export const userTarget = (user: UserRow): Target => ({ id: String(user.id), label: user.username, version: user.version });

/** Live sessions as evidence beside a preview. */
export const sessionTable = (sessions: readonly LiveSession[]): SmallTable => ({
  columns: ['Device', 'IP address', 'Since', 'Last seen'],
  rows: sessions.map(session => [
    session.device,
    session.ip,
    formatShortInstant(session.startedAt),
    formatShortInstant(session.lastSeenAt),
  ]),
});

/** `1 session ends`, `3 sessions end`, `no session is open`. */
export const sessionsEnd = (sessions: readonly LiveSession[]): string => {
  if (sessions.length === 0) return 'no session is open';
  return sessions.length === 1 ? '1 session ends at once' : `${sessions.length} sessions end at once`;
};

/** Why nobody can grant the user a role, or undefined if somebody can. */
export const whyNotGrantRole = ({ username, status }: UserRow): string | undefined =>
  status === 'deactivated' ? `${username} is deactivated` : undefined;
