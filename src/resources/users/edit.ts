import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { Email, fullName, PersonName, Phone } from '../../domain/user.ts';
import { defineAction, type Context } from '../../kit/define-action.ts';
import { enqueueNotice } from '../../kit/notice.ts';
import { setUserProfile, takenBy, type Profile, type UserRow } from './queries.ts';
import { UserId, userFor, userTarget } from './target.ts';

const titles = { email: 'e-mail', firstName: 'first name', lastName: 'last name', phone: 'telephone' } as const;
const keys = Object.keys(titles) as readonly (keyof Profile)[];

const sameAddress = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
const pick = (from: Profile, wanted: readonly (keyof Profile)[]) => Object.fromEntries(wanted.map(key => [key, from[key]]));

type Facts = { readonly user: UserRow; readonly profile: Profile; readonly changed: readonly (keyof Profile)[] };
const readdressed = ({ user, profile }: Facts): boolean => !sameAddress(user.email, profile.email);

const tellOldAddress = (user: UserRow, context: Context) =>
  enqueueNotice(context, {
    to: { address: user.email },
    template: 'address-changed',
    params: { name: fullName(user), what: 'e-mail address', at: new Date() },
    about: { entity: 'user', id: String(user.id) },
  });

export const editUser = defineAction({
  id: 'users.edit',
  title: 'Update profile',
  past: 'updated the profile of',
  permission: 'user.edit',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'user',
  input: z.object({
    id: UserId,
    email: Email,
    firstName: PersonName.meta({ title: 'First name' }),
    lastName: PersonName.meta({ title: 'Last name' }),
    // The form comes filled with what is: emptied, there is none
    phone: Phone.optional(),
    note: Note,
  }),

  gather: async ({ id, email, firstName, lastName, phone }, context) => {
    const user = await userFor(id, context);
    if (!user.ok) return user;
    const profile: Profile = { email, firstName, lastName, phone: phone || null };
    const changed = keys.filter(key => profile[key] !== user.value[key]);
    if (changed.length === 0) return conflict(`nothing is different from what ${user.value.username} has`);
    const taken = await takenBy(context.db, { email, except: id });
    return taken === undefined ? done({ user: user.value, profile, changed }) : conflict(taken);
  },
  target: ({ user }) => userTarget(user),

  preview: facts => [
    ...facts.changed.map(key => `${titles[key]}: ${facts.user[key] ?? 'none'} -> ${facts.profile[key] ?? 'none'}`),
    ...(readdressed(facts)
      ? [
          `the new address is not verified until ${facts.user.username} confirms it; changing it back does not verify the old one`,
          `the old address ${facts.user.email} is told; for 24 hours a new password takes two people`,
        ]
      : []),
  ],

  execute: async (facts, _input, context) => {
    const { user, profile, changed } = facts;
    await setUserProfile(context.db, user, profile);
    if (readdressed(facts)) await tellOldAddress(user, context);
    const verification = readdressed(facts) ? { old: { emailVerified: user.emailVerifiedAt !== null }, new: { emailVerified: false } } : {};
    return {
      summary: `updated the profile of ${user.username}: ${changed.map(key => titles[key]).join(', ')}`,
      old: { ...pick(user, changed), ...verification.old },
      new: { ...pick(profile, changed), ...verification.new },
    };
  },

  waysBack: ({ user }, { note }) => [
    {
      action: 'users.edit',
      input: {
        id: String(user.id),
        email: user.email,
        firstName: user.firstName,
        lastName: user.lastName,
        phone: user.phone ?? '',
        note: `undone: ${note}`.slice(0, 2_000),
      },
    },
  ],
});
