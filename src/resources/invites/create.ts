import { z } from 'zod';
import { formatInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { isMailAddress } from '../../domain/notice-settings.ts';
import { linkWith, newOneTimeSecret, placeOf } from '../../domain/one-time-secret.ts';
import { conflict, done, invalid } from '../../domain/outcome.ts';
import { Email, isStartingRole, platformRoles } from '../../domain/user.ts';
import { defineAction } from '../../kit/define-action.ts';
import { enqueueNotice } from '../../kit/notice.ts';
import { settingNamed } from '../settings/queries.ts';
import { insertInvite, knownBy } from './queries.ts';

/** Administrators and developers are made of users who are there, by two people. */
const invitable = platformRoles.filter(role => role !== 'admin' && role !== 'developer');

const NewInvite = z.object({
  email: Email,
  role: z.enum(invitable).default('viewer'),
  days: z.coerce
    .number('is no number')
    .int('is a whole number')
    .min(1, 'is at least 1')
    .max(30, 'is at most 30')
    .default(7)
    .meta({ title: 'Valid for days' }),
  uses: z.coerce
    .number('is no number')
    .int('is a whole number')
    .min(1, 'is at least 1')
    .max(1_000, 'is at most 1000')
    .default(1)
    .meta({ title: 'Uses' }),
  note: Note,
});

type Facts = {
  readonly link: string;
  /** Other invites to the same address that are open. */
  readonly open: number;
};

export const createInvite = defineAction({
  id: 'invites.create',
  title: 'Invite somebody',
  past: 'invited',
  permission: 'invite.edit',
  eyes: 1,
  // As with a role that is given later
  eyesFor: (_facts: Facts, { role }) => (isStartingRole(role) ? 1 : 2),
  checker: 'approval.decide',
  danger: 'plain',
  verb: 'create',
  entity: 'invite',
  input: NewInvite,

  gather: async ({ email }, { db }) => {
    if (!isMailAddress(email)) return invalid(`no mail can be sent to ${email}`);
    const [known, link = ''] = await Promise.all([knownBy(db, email), settingNamed(db, 'security.invite-link')]);
    return known.username === null
      ? done<Facts>({ open: known.open, link })
      : conflict(`${known.username} has this e-mail address already`);
  },
  target: (_facts, { email }) => ({ id: email, label: email, version: 0 }),
  preview: ({ link, open }, { email, role, days, uses }) => [
    `whoever reads ${email} can register as ${role} within ${days} ${days === 1 ? 'day' : 'days'}, ${uses === 1 ? 'once' : `${uses} times`}`,
    `the code goes to that address as a link to ${placeOf(link)}; nobody here sees it`,
    ...(open === 0 ? [] : [`${open} other ${open === 1 ? 'invite' : 'invites'} to this address stay open`]),
  ],

  execute: async ({ link }, { email, role, days, uses }, context) => {
    const secret = newOneTimeSecret();
    const made = await insertInvite(context.db, { email, role, days, uses }, secret);
    await enqueueNotice(context, {
      to: { address: email },
      template: 'invite',
      params: { role, uses, expires: made.expiresAt },
      about: { entity: 'invite', id: String(made.id) },
      secret: { text: linkWith(link, secret), expiresAt: made.expiresAt },
    });
    return {
      summary: `invited ${email} as ${role} until ${formatInstant(made.expiresAt)}`,
      target: { id: String(made.id), label: email, version: 0 },
      new: { email, role, uses, expires: made.expiresAt.toISOString() },
    };
  },

  waysBack: (_facts, { note }, { target }) =>
    target ? [{ action: 'invites.revoke', input: { id: target.id, note: `undone: ${note}`.slice(0, 2_000) } }] : [],
});
