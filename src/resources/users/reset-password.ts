import { z } from 'zod';
import { formatInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { linkWith, newOneTimeSecret, placeOf } from '../../domain/one-time-secret.ts';
import { isMailAddress } from '../../domain/notice-settings.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { fullName } from '../../domain/user.ts';
import { defineAction } from '../../kit/define-action.ts';
import { enqueueNotice } from '../../kit/notice.ts';
import { settingNamed } from '../settings/queries.ts';
import { liveSessions, openLinkOf, resetPassword, type LiveSession, type UserRow } from './queries.ts';
import { sessionsEnd, sessionTable, UserId, userFor, userTarget } from './target.ts';

type Facts = {
  readonly user: UserRow;
  readonly sessions: readonly LiveSession[];
  readonly linkOpen: boolean;
  /** The address was changed within 24 hours. */
  readonly readdressed: boolean;
  readonly link: string;
};

export const resetUserPassword = defineAction({
  id: 'users.reset-password',
  title: 'Reset password',
  past: 'reset the password of',
  permission: 'user.reset-password',
  eyes: 1,
  // Whoever changes the address and then the password would have the user
  eyesFor: (facts: Facts) => (facts.readdressed ? 2 : 1),
  checker: 'approval.decide',
  code: true,
  danger: 'plain',
  verb: 'update',
  entity: 'user',
  input: z.object({ id: UserId, note: Note }),
  irreversible: 'the old password does not come back',

  gather: async ({ id }, context) => {
    const user = await userFor(id, context);
    if (!user.ok) return user;
    if (!isMailAddress(user.value.email)) return conflict(`no mail can be sent to ${user.value.email}`, 'correct the address first');
    const [sessions, open, link = ''] = await Promise.all([
      liveSessions(context.db, id),
      openLinkOf(context.db, id),
      settingNamed(context.db, 'security.reset-link'),
    ]);
    return done({ user: user.value, sessions, ...open, link });
  },
  target: ({ user }) => userTarget(user),

  preview: ({ user, sessions, linkOpen, readdressed, link }) => [
    `the password of ${user.username} (${fullName(user)}) stops working at once`,
    `a link to ${placeOf(link)} goes to ${user.email}: it works once, within an hour, and nobody here sees it`,
    sessionsEnd(sessions),
    ...(linkOpen ? ['the link that was sent before stops working'] : []),
    ...(user.emailVerifiedAt ? [] : [`the address ${user.email} is not verified`]),
    ...(readdressed ? ['the address was changed within the last 24 hours: this takes two people'] : []),
    ...(user.status === 'active' || user.status === 'invited'
      ? []
      : [`${user.username} stays ${user.status}: a new password lets nobody in`]),
  ],
  evidence: ({ sessions }) => (sessions.length === 0 ? [] : [{ title: 'Sessions that end', table: sessionTable(sessions) }]),

  execute: async ({ user, sessions, link }, _input, context) => {
    const secret = newOneTimeSecret();
    const expires = await resetPassword(context.db, user, secret.hash);
    await enqueueNotice(context, {
      to: { address: user.email },
      template: 'password-reset',
      params: { name: fullName(user), expires },
      about: { entity: 'user', id: String(user.id) },
      secret: { text: linkWith(link, secret), expiresAt: expires },
    });
    return {
      summary: `reset the password of ${user.username}; a link went to ${user.email}, valid until ${formatInstant(expires)}`,
      new: { link: 'sent', expires: expires.toISOString(), sessionsEnded: sessions.length },
    };
  },
});
