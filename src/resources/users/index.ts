import { formatInstant, formatShortInstant, isoInstant } from '../../domain/day.ts';
import { formatMoney } from '../../domain/money.ts';
import { fullName, whyNotActivate, whyNotDeactivate, whyNotLock, whyNotUnlock } from '../../domain/user.ts';
import { defineResource, on, type DetailLine, type DetailSection, type SmallTable } from '../../kit/define-resource.ts';
import { rolesOfUser, type HeldRole } from '../grants/queries.ts';
import { effectivePermissions, type EffectivePermission } from '../roles/queries.ts';
import {
  accountsOf,
  authEvents,
  documentsOf,
  liveSessions,
  operatorName,
  signInStateOf,
  userPage,
  type AuthEvent,
  type LiveSession,
  type OwnedAccount,
  type SignInState,
  type UserDocument,
  type UserRow,
} from './queries.ts';
import { sessionTable, whyNotGrantRole } from './target.ts';

const tones = { invited: 'info', active: 'good', locked: 'warn', deactivated: 'dim' } as const;
const documentTones: Readonly<Record<string, 'good' | 'info' | 'bad'>> = { verified: 'good', received: 'info', rejected: 'bad' };

type Related = {
  readonly creator: string | undefined;
  readonly documents: readonly UserDocument[];
  readonly accounts: readonly OwnedAccount[];
  readonly sessions: readonly LiveSession[];
  readonly events: readonly AuthEvent[];
  readonly state: SignInState;
  readonly roles: readonly HeldRole[];
  readonly permissions: readonly EffectivePermission[];
};

const day = (date: Date | null): string => date?.toISOString().slice(0, 10) ?? '-';

const signInLines = (user: UserRow, { lockedOutUntil, linkUntil, readdressedAt }: SignInState): readonly DetailLine[] => [
  ...(readdressedAt ? [['New address', `since ${formatInstant(readdressedAt)}`, 'info'] as const] : []),
  ...(lockedOutUntil ? [['Locked out', `by failures, until ${formatInstant(lockedOutUntil)}`, 'warn'] as const] : []),
  ...(user.mustChangePassword ? [['Password', 'must be changed at the next sign-in', 'info'] as const] : []),
  ...(linkUntil ? [['Link sent', `works until ${formatInstant(linkUntil)}`, 'info'] as const] : []),
];

const profileLines = (user: UserRow, creator: string | undefined, state: SignInState): readonly DetailLine[] => [
  ['Username', user.username],
  ['Name', fullName(user)],
  ['E-mail', user.email],
  user.emailVerifiedAt ? ['Verified', formatInstant(user.emailVerifiedAt)] : ['Verified', 'no', 'warn'],
  ['Telephone', user.phone ?? '-'],
  ['Born', day(user.birthDate)],
  ['Role', user.role],
  ['Status', user.status, tones[user.status]],
  ['Created', `${formatInstant(user.createdAt)} by ${creator ?? 'themselves'}`],
  ['Last login', formatInstant(user.lastLoginAt)],
  ...signInLines(user, state),
];

const eventLine = (event: AuthEvent): DetailLine => [
  formatShortInstant(event.at),
  `${event.type.replace('_', ' ')} from ${event.ip} ${event.userAgent}`,
  event.type === 'login_failure' || event.type === 'lockout' ? 'warn' : 'plain',
];

const tableSection = (title: string, table: SmallTable): readonly DetailSection[] => (table.rows.length === 0 ? [] : [{ title, table }]);

const roleSections = (roles: readonly HeldRole[], permissions: readonly EffectivePermission[]): readonly DetailSection[] => [
  ...tableSection('Roles granted', {
    columns: ['Role', 'Since', 'Until', 'By'],
    rows: roles.map(({ role, tenant, grantedAt, expiresAt, grantedBy }) => [
      tenant ? `${role} in ${tenant}` : role,
      formatShortInstant(grantedAt),
      formatShortInstant(expiresAt),
      grantedBy,
    ]),
  }),
  ...tableSection(`May everywhere (${permissions.length})`, {
    columns: ['Permission', 'By the role'],
    rows: permissions.map(({ codename, roles: by }) => [codename, by.join(', ')]),
  }),
];

const detail = (
  user: UserRow,
  { creator, documents, accounts, sessions, events, state, roles, permissions }: Related,
): readonly DetailSection[] => [
  { title: 'Profile', lines: profileLines(user, creator, state) },
  {
    title: 'Documents',
    lines:
      documents.length === 0
        ? [['none', 'no document was received', 'dim']]
        : documents.map(({ kind, reference, status, expiresOn }) => [
            kind,
            `${reference} ${status}${expiresOn ? `, expires ${day(expiresOn)}` : ''}`,
            documentTones[status] ?? 'plain',
          ]),
  },
  ...tableSection('Accounts', {
    columns: ['Number', 'Type', 'Balance', 'Status'],
    rows: accounts.map(account => [account.number, account.type, formatMoney(account.balance, account.currency), account.status]),
  }),
  ...roleSections(roles, permissions),
  ...tableSection('Open sessions', sessionTable(sessions)),
  ...(events.length === 0 ? [] : [{ title: 'Last sign-ins', lines: events.map(eventLine) }]),
];

export const users = defineResource<UserRow, Related>({
  id: 'users',
  title: 'Users',
  entity: 'user',
  aliases: ['user'],
  permission: 'user.read',
  page: userPage,
  since: 'created',
  personal: true,
  nameField: 'username',
  nameOf: user => user.username,

  columns: [
    { title: 'Id', width: 7, align: 'right', priority: 3, cell: user => String(user.id) },
    { title: 'Username', width: 20, sort: 'username', cell: user => user.username },
    { title: 'Name', width: 'fill', sort: 'name', cell: fullName },
    { title: 'E-mail', width: 28, priority: 2, cell: user => user.email },
    { title: 'Role', width: 9, cell: user => user.role },
    { title: 'Status', width: 11, cell: user => user.status, tone: user => tones[user.status] },
    {
      title: 'Created',
      width: 11,
      sort: 'created',
      priority: 2,
      cell: user => formatShortInstant(user.createdAt),
      value: user => isoInstant(user.createdAt),
    },
    { title: 'Last login', width: 11, cell: user => formatShortInstant(user.lastLoginAt), value: user => isoInstant(user.lastLoginAt) },
  ],

  relate: async (db, user) => {
    const [creator, documents, accounts, sessions, events, state, roles, permissions] = await Promise.all([
      operatorName(db, user.createdBy),
      documentsOf(db, user.id),
      accountsOf(db, user.id),
      liveSessions(db, user.id),
      authEvents(db, user.id, 8),
      signInStateOf(db, user.id),
      rolesOfUser(db, user.id),
      effectivePermissions(db, user.id),
    ]);
    return { creator, documents, accounts, sessions, events, state, roles, permissions };
  },
  detail,

  actions: {
    e: {
      action: 'users.edit',
      inputFrom: user => ({
        id: String(user.id),
        email: user.email,
        firstName: user.firstName,
        lastName: user.lastName,
        phone: user.phone ?? '',
      }),
      whyNot: () => undefined,
    },
    a: on('users.activate', whyNotActivate),
    d: on('users.deactivate', whyNotDeactivate),
    l: on('users.lock', whyNotLock),
    u: on('users.unlock', whyNotUnlock),
    p: on('users.reset-password'),
    o: on('users.end-sessions'),
    g: on('users.grant-role', whyNotGrantRole),
    r: on('users.change-role', whyNotGrantRole),
    f: {
      action: 'flows.begin',
      single: true,
      inputFrom: user => ({ flow: 'unauthorised-access', about: user.username }),
      whyNot: () => undefined,
    },
  },
  general: { n: { action: 'users.create', inputFrom: () => ({}), whyNot: () => undefined } },
  jumps: {
    a: user => ({ resource: 'accounts', filter: `owner=${user.username}` }),
    t: user => ({ resource: 'transactions', filter: `user=${user.username}` }),
    l: user => ({ resource: 'audit', filter: `entity=user record=${user.id}` }),
  },
});
