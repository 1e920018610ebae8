import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { listed } from '../../domain/platform-role.ts';
import { fullName, platformRoles, type PlatformRole } from '../../domain/user.ts';
import { defineAction } from '../../kit/define-action.ts';
import { permissionsWithBankRole } from '../roles/queries.ts';
import { isOperator, liveSessions, setUserRole, type LiveSession, type UserRow } from './queries.ts';
import { sessionsEnd, sessionTable, unlessLastAdmin, UserId, userFor, userTarget } from './target.ts';

/** The list begins with the highest. */
const isRaised = (from: PlatformRole, to: PlatformRole): boolean => platformRoles.indexOf(to) < platformRoles.indexOf(from);

type Facts = {
  readonly user: UserRow;
  readonly role: PlatformRole;
  readonly gained: readonly string[];
  readonly lost: readonly string[];
  readonly sessions: readonly LiveSession[];
  readonly operates: boolean;
};

export const changeUserRole = defineAction({
  id: 'users.change-role',
  title: 'Change role',
  past: 'changed the role of',
  permission: 'user.change-role',
  eyes: 1,
  // Who rises, or operates this console, is decided about by two
  eyesFor: ({ user, operates }: Facts, { role }) => (operates || isRaised(user.role, role) ? 2 : 1),
  checker: 'access.decide',
  danger: 'typed',
  code: true,
  verb: 'update',
  entity: 'user',
  input: z.object({ id: UserId, role: z.enum(platformRoles), note: Note }),

  gather: async ({ id, role }, context) => {
    const found = await userFor(id, context, ({ username, role: now }) => (now === role ? `${username} is ${role} already` : undefined));
    const user = await unlessLastAdmin(found, context);
    if (!user.ok) return user;
    if (user.value.status === 'deactivated') return conflict(`${user.value.username} is deactivated`, 'activate them first');
    const { db } = context;
    const [before, after, sessions, operates] = await Promise.all([
      permissionsWithBankRole(db, user.value.role),
      permissionsWithBankRole(db, role),
      liveSessions(db, id),
      isOperator(db, user.value.email),
    ]);
    const gained = after.filter(codename => !before.includes(codename));
    const lost = before.filter(codename => !after.includes(codename));
    return done({ user: user.value, role, gained, lost, sessions, operates });
  },
  target: ({ user }) => userTarget(user),

  preview: ({ user, role, gained, lost, sessions, operates }) => [
    `${user.username} (${fullName(user)}): ${user.role} -> ${role}`,
    ...listed('gains', gained),
    ...listed('loses', lost),
    ...(gained.length + lost.length === 0 ? ['may the same as before'] : []),
    sessionsEnd(sessions),
    ...(operates ? ['is an operator of this console too'] : []),
  ],
  evidence: ({ sessions }) => (sessions.length === 0 ? [] : [{ title: 'Sessions that end', table: sessionTable(sessions) }]),

  execute: async ({ user, role, sessions }, _input, { db }) => {
    await setUserRole(db, user, role);
    return {
      summary: `made ${user.username} ${role}, before ${user.role}`,
      old: { role: user.role },
      new: { role, sessionsEnded: sessions.length },
    };
  },

  waysBack: ({ user }, { note }) => [
    { action: 'users.change-role', input: { id: String(user.id), role: user.role, note: `undone: ${note}`.slice(0, 2_000) } },
  ],
});
