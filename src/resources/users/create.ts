import { z } from 'zod';
import { formatMoney } from '../../domain/money.ts';
import { DayInput } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { isMailAddress } from '../../domain/notice-settings.ts';
import { linkWith, newOneTimeSecret } from '../../domain/one-time-secret.ts';
import { conflict, done, forbidden, invalid } from '../../domain/outcome.ts';
import { hashPassword, Password } from '../../domain/password.ts';
import { Email, fullName, PersonName, Phone, StartingRole, Username } from '../../domain/user.ts';
import { defineAction, type Context } from '../../kit/define-action.ts';
import { enqueueNotice } from '../../kit/notice.ts';
import { settingNamed } from '../settings/queries.ts';
import { insertUser, openAccount, samePerson, sendInvitation, takenBy } from './queries.ts';

const NewUser = z.object({
  username: Username,
  email: Email,
  firstName: PersonName.meta({ title: 'First name' }),
  lastName: PersonName.meta({ title: 'Last name' }),
  birthDate: DayInput.optional().meta({ kind: 'day', title: 'Date of birth' }),
  phone: Phone.optional(),
  role: StartingRole.default('viewer'),
  password: Password.optional(),
  sendInvitation: z.boolean().default(false).meta({ title: 'Send an invitation to choose a password' }),
  activate: z.boolean().default(true).meta({ title: 'May sign in at once' }),
  openAccount: z.enum(['none', 'savings', 'current']).default('savings').meta({ title: 'Open an account' }),
  accountStatus: z.enum(['pending', 'active']).default('pending').meta({ title: 'Account is' }),
  note: Note,
});
type NewUser = z.output<typeof NewUser>;

const statusOf = ({ activate }: NewUser) => (activate ? 'active' : 'invited');

const passwordWords = ({ sendInvitation, password, email }: NewUser): string => {
  if (sendInvitation) return `a link to choose a password goes to ${email}: it works once, within 7 days`;
  return password === undefined ? 'no password is set' : 'the password must be changed at the first sign-in';
};

/** Sends the link by which the first password is chosen. */
const invite = async (id: bigint, { email, role }: NewUser, context: Context): Promise<void> => {
  const secret = newOneTimeSecret();
  const link = (await settingNamed(context.db, 'security.reset-link')) ?? '';
  const expires = await sendInvitation(context.db, id, secret.hash);
  await enqueueNotice(context, {
    to: { address: email },
    template: 'invite',
    params: { role, uses: 1, expires },
    about: { entity: 'user', id: String(id) },
    secret: { text: linkWith(link, secret), expiresAt: expires },
  });
};

/** What must not be in a password: it is the first thing somebody tries. */
const givesItselfAway = ({ password, username }: NewUser): boolean => password?.toLowerCase().includes(username) ?? false;

export const createUser = defineAction({
  id: 'users.create',
  title: 'Create user',
  past: 'created',
  permission: 'user.create',
  eyes: 1,
  danger: 'plain',
  verb: 'create',
  entity: 'user',
  input: NewUser,

  gather: async (input, { db, operator, today, currency }) => {
    if (givesItselfAway(input)) return invalid('the password contains the username');
    if (input.sendInvitation && input.password !== undefined) return invalid('whoever is invited chooses the password: leave it out');
    if (input.sendInvitation && !isMailAddress(input.email)) return invalid(`no mail can be sent to ${input.email}`);
    if (input.birthDate !== undefined && (input.birthDate <= '1900-01-01' || input.birthDate > today)) {
      return invalid(`nobody was born on ${input.birthDate}`);
    }
    if (input.openAccount !== 'none' && input.accountStatus === 'active' && !operator.permissions.has('account.approve')) {
      return forbidden('opening an active account needs the permission account.approve', 'open it pending; a manager approves it');
    }
    const taken = await takenBy(db, input);
    if (taken !== undefined) return conflict(taken);
    return done({ alike: await samePerson(db, { ...input, birthDate: input.birthDate }), currency });
  },
  target: (_facts, { username }) => ({ id: '-', label: username, version: 0 }),

  preview: ({ currency }, input) => [
    `${input.username} (${fullName(input)}) becomes ${input.role} and ${input.activate ? 'can sign in at once' : 'is invited'}`,
    `the address ${input.email} is not verified until its owner confirms it`,
    passwordWords(input),
    input.openAccount === 'none'
      ? 'no account is opened'
      : `a ${input.openAccount} account with ${formatMoney(0n, currency)} is opened, ${input.accountStatus}`,
  ],
  doubts: ({ alike }) => alike.map(({ username, status }) => `${username} (${status}) has the same name and date of birth`),

  execute: async (_facts, input, context) => {
    const { db, currency } = context;
    const { username, email, firstName, lastName, birthDate, phone, role, password } = input;
    const passwordHash = password === undefined ? undefined : await hashPassword(password);
    const person = { firstName, lastName, birthDate, phone: phone || undefined };
    const id = await insertUser(db, { ...person, username, email, role, status: statusOf(input), passwordHash });
    if (input.sendInvitation) await invite(id, input, context);
    const account =
      input.openAccount === 'none'
        ? undefined
        : await openAccount(db, id, { type: input.openAccount, currency, status: input.accountStatus });
    return {
      summary: account === undefined ? `created ${username}` : `created ${username} with account ${account}`,
      target: { id: String(id), label: username, version: 0 },
      new: {
        username,
        email,
        ...person,
        role,
        status: statusOf(input),
        mustChangePassword: password !== undefined,
        ...(input.sendInvitation ? { invitation: 'sent' } : {}),
        ...(account === undefined ? {} : { account, accountType: input.openAccount, accountStatus: input.accountStatus }),
      },
    };
  },

  // Somebody who is only invited cannot sign in; there is nothing to take back
  waysBack: (_facts, input, { target }) =>
    target && input.activate
      ? [{ action: 'users.deactivate', input: { id: target.id, note: `created in error: ${input.note}`.slice(0, 2_000) } }]
      : [],
});
