import type { Db } from '../../database/client.ts';
import { flag, number, oneOf, text, time } from '../../database/field.ts';
import { pageOf } from '../../database/page.ts';
import type { Keyed } from '../../domain/page.ts';
import type { AccountStatus, AccountType } from '../../domain/account.ts';
import { platformRoles, userStatuses, type PlatformRole, type UserStatus } from '../../domain/user.ts';

export type UserRow = Keyed & {
  readonly username: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly emailVerifiedAt: Date | null;
  readonly birthDate: Date | null;
  readonly phone: string | null;
  readonly role: PlatformRole;
  readonly status: UserStatus;
  readonly mustChangePassword: boolean;
  readonly createdBy: bigint | null;
  readonly createdAt: Date;
  readonly lastLoginAt: Date | null;
  readonly version: number;
};

/** The trigram index finds the few candidates, the second condition says which column was meant. */
const within = (sql: string): string => `t.search_text LIKE {contains} AND lower(${sql}) LIKE {contains}`;
const fullName = `t.first_name || ' ' || t.last_name`;

export const userPage = pageOf<UserRow>({
  table: 'bank."user"',
  select: `t.username, t.first_name AS "firstName", t.last_name AS "lastName", t.email, t.email_verified_at AS "emailVerifiedAt",
    t.birth_date AS "birthDate", t.phone, t.role, t.status::text, t.must_change_password AS "mustChangePassword", t.created_by AS "createdBy",
    t.created_at AS "createdAt", t.last_login_at AS "lastLoginAt", t.version`,
  defaultSort: { field: 'created', descending: true },
  fields: {
    text: text('t.search_text', { exact: ['t.search_text LIKE {contains}'] }),
    id: number('t.id'),
    username: text('t.username', { sortable: true, like: [within('t.username')] }),
    name: text('t.last_name', {
      sortable: true,
      exact: [`t.search_text LIKE {contains} AND lower(${fullName}) = lower({text})`],
      like: [within(fullName)],
    }),
    email: text('t.email', { exact: ['lower(t.email) = lower({text})'], like: [within('t.email')] }),
    account: text('t.id', { exact: ['t.id = (SELECT user_id FROM bank.account WHERE number = {text})'] }),
    role: oneOf('t.role', platformRoles),
    status: oneOf('t.status', userStatuses, 'bank.user_status'),
    created: time('t.created_at', { sortable: true }),
    login: time('t.last_login_at'),
    verified: flag('t.email_verified_at IS NOT NULL'),
  },
});

/** The user as they are now, or undefined. */
export const findUser = (db: Db, id: bigint): Promise<UserRow | undefined> => userPage.find(db, id);

/** The user who is called so. */
export const userNamed = async (db: Db, username: string): Promise<UserRow | undefined> => {
  const found = await db.user.findUnique({ where: { username }, select: { id: true } });
  return found ? findUser(db, found.id) : undefined;
};

export type OwnedAccount = {
  readonly number: string;
  readonly type: AccountType;
  readonly currency: string;
  readonly balance: bigint;
  readonly status: AccountStatus;
};

export const accountsOf = async (db: Db, userId: bigint): Promise<readonly OwnedAccount[]> =>
  db.account.findMany({
    where: { userId },
    orderBy: { id: 'asc' },
    take: 20,
    select: { number: true, type: true, currency: true, balance: true, status: true },
  });

export type UserDocument = {
  readonly kind: string;
  readonly reference: string;
  readonly status: string;
  readonly expiresOn: Date | null;
  readonly receivedAt: Date;
};

export const documentsOf = async (db: Db, userId: bigint): Promise<readonly UserDocument[]> =>
  db.document.findMany({ where: { userId }, orderBy: { id: 'asc' }, take: 20 });

export type LiveSession = { readonly device: string; readonly ip: string; readonly startedAt: Date; readonly lastSeenAt: Date };

/** The sessions that have not ended, the last seen first. */
export const liveSessions = async (db: Db, userId: bigint): Promise<readonly LiveSession[]> =>
  db.$queryRaw<LiveSession[]>`
    SELECT device, host(ip) AS ip, started_at AS "startedAt", last_seen_at AS "lastSeenAt"
      FROM bank.auth_session WHERE user_id = ${userId} AND ended_at IS NULL ORDER BY last_seen_at DESC LIMIT 50`;

export type AuthEvent = { readonly type: string; readonly ip: string; readonly userAgent: string; readonly at: Date };

/** The newest sign-ins, failures and lockouts of a user. */
export const authEvents = async (db: Db, userId: bigint, limit: number): Promise<readonly AuthEvent[]> =>
  db.$queryRaw<AuthEvent[]>`
    SELECT type, host(ip) AS ip, user_agent AS "userAgent", at
      FROM bank.auth_event WHERE user_id = ${userId} ORDER BY at DESC LIMIT ${limit}`;

/** Who created a user; undefined where they registered alone. */
export const operatorName = async (db: Db, id: bigint | null): Promise<string | undefined> =>
  id === null ? undefined : (await db.operator.findUnique({ where: { id }, select: { name: true } }))?.name;

/** Whether any other administrator of the platform is active. */
export const hasOtherAdmin = async (db: Db, id: bigint): Promise<boolean> =>
  (await db.user.findFirst({ where: { role: 'admin', status: 'active', id: { not: id } }, select: { id: true } })) !== null;

/** What a name or address is taken by already; the database decides in the end. */
export const takenBy = async (db: Db, who: { username?: string; email: string; except?: bigint }): Promise<string | undefined> => {
  const [taken] = await db.$queryRaw<{ username: string; sameName: boolean }[]>`
    SELECT username, username = ${who.username ?? ''} AS "sameName" FROM bank."user"
     WHERE (username = ${who.username ?? ''} OR lower(email) = lower(${who.email})) AND id <> ${who.except ?? 0n}
     ORDER BY 2 DESC LIMIT 1`;
  if (!taken) return undefined;
  return taken.sameName ? `the username ${taken.username} is taken` : `${taken.username} has this e-mail address`;
};

type PersonKey = { readonly firstName: string; readonly lastName: string; readonly birthDate: string | undefined };

/** Users with the same name and date of birth. */
export const samePerson = async (db: Db, person: PersonKey): Promise<readonly { readonly username: string; readonly status: string }[]> =>
  person.birthDate === undefined
    ? []
    : db.$queryRaw<{ username: string; status: string }[]>`
        SELECT username, status::text FROM bank."user"
         WHERE lower(last_name) = lower(${person.lastName}) AND lower(first_name) = lower(${person.firstName}) AND birth_date = ${person.birthDate}::date
         ORDER BY id LIMIT 10`;

export type NewUser = PersonKey & {
  readonly username: string;
  readonly email: string;
  readonly phone: string | undefined;
  readonly role: string;
  readonly status: UserStatus;
  readonly passwordHash: string | undefined;
};

/** Creates the user; returns the id. A password that comes along must be changed at the first sign-in. */
export const insertUser = async (db: Db, user: NewUser): Promise<bigint> => {
  const [created] = await db.$queryRaw<{ id: bigint }[]>`
    SELECT id FROM bank.create_user(${user.username}, ${user.email}, ${user.firstName}, ${user.lastName}, ${user.birthDate ?? null}::date,
      ${user.phone ?? null}, ${user.role}, ${user.status}::bank.user_status, ${user.passwordHash ?? null})`;
  if (!created) throw new Error('the database created a user and returned none');
  return created.id;
};

export type NewAccount = { readonly type: AccountType; readonly currency: string; readonly status: 'pending' | 'active' };

/** Opens an account with nothing on it; returns its number. */
export const openAccount = async (db: Db, owner: bigint, account: NewAccount): Promise<string> => {
  const [opened] = await db.$queryRaw<{ number: string }[]>`
    SELECT number FROM bank.open_account(${owner}, ${account.type}::bank.account_type, ${account.currency}, ${account.status}::bank.account_status)`;
  if (!opened) throw new Error('the database opened an account and returned none');
  return opened.number;
};

type Move = { readonly id: bigint; readonly version: number };
export type Profile = {
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly phone: string | null;
};

/** Changes how a user is called and reached; a changed address is unverified again. */
export const setUserProfile = async (db: Db, user: Move, profile: Profile): Promise<void> => {
  await db.$queryRaw`
    SELECT id FROM bank.set_user_profile(${user.id}, ${user.version}::int, ${profile.email}, ${profile.firstName}, ${profile.lastName}, ${profile.phone})`;
};

/** Deactivating ends every session of the user. */
export const setUserActive = async (db: Db, user: Move, active: boolean): Promise<void> => {
  await db.$queryRaw`SELECT id FROM bank.set_user_active(${user.id}, ${active}, ${user.version}::int)`;
};

/** Locking ends every session of the user. */
export const setUserLocked = async (db: Db, user: Move, locked: boolean): Promise<void> => {
  await db.$queryRaw`SELECT id FROM bank.set_user_locked(${user.id}, ${locked}, ${user.version}::int)`;
};

/** Whether somebody operates this console: known by the address. */
export const isOperator = async (db: Db, email: string): Promise<boolean> => {
  const [row] = await db.$queryRaw<
    { found: boolean }[]
  >`SELECT EXISTS (SELECT FROM ops.operator WHERE is_active AND lower(email) = lower(${email})) AS found`;
  return row?.found ?? false;
};

/** Changing the role ends every session of the user. */
export const setUserRole = async (db: Db, user: Move, role: string): Promise<void> => {
  await db.$queryRaw`SELECT id FROM bank.set_user_role(${user.id}, ${role}, ${user.version}::int)`;
};

/** Ends every open session of a user; returns how many. */
export const endSessionsOf = async (db: Db, user: Move): Promise<number> => {
  const [row] = await db.$queryRaw<{ ended: number }[]>`SELECT bank.revoke_sessions(${user.id}) AS ended`;
  return row?.ended ?? 0;
};

/** Whether a link for a new password is open, and whether the address that it would go to is new. */
export const openLinkOf = async (db: Db, id: bigint): Promise<{ readonly linkOpen: boolean; readonly readdressed: boolean }> => {
  const [row] = await db.$queryRaw<{ linkOpen: boolean; readdressed: boolean }[]>`
    SELECT EXISTS (SELECT FROM bank.password_reset r WHERE r.user_id = u.id AND r.used_at IS NULL AND r.cancelled_at IS NULL AND r.expires_at > clock_timestamp()) AS "linkOpen",
           coalesce(u.email_changed_at > clock_timestamp() - interval '24 hours', false) AS readdressed
      FROM bank."user" u WHERE u.id = ${id}`;
  return row ?? { linkOpen: false, readdressed: false };
};

/** Takes the password away, ends all sessions and keeps the hash of the link's token; returns until when the link works. */
export const resetPassword = async (db: Db, user: Move, tokenHash: Buffer): Promise<Date> => {
  const [row] = await db.$queryRaw<
    { expires: Date }[]
  >`SELECT bank.reset_password(${user.id}, ${user.version}::int, ${tokenHash}) AS expires`;
  if (!row) throw new Error('the database reset a password and returned nothing');
  return row.expires;
};

/** The link by which somebody new chooses the first password. */
export const sendInvitation = async (db: Db, id: bigint, tokenHash: Buffer): Promise<Date> => {
  const [row] = await db.$queryRaw<{ expires: Date }[]>`SELECT bank.send_invitation(${id}, ${tokenHash}) AS expires`;
  if (!row) throw new Error('the database made an invitation and returned nothing');
  return row.expires;
};

export type SignInState = {
  /** Failures shut the user out until then. */
  readonly lockedOutUntil: Date | null;
  /** A link for a new password is open until then. */
  readonly linkUntil: Date | null;
  /** The address was changed then. */
  readonly readdressedAt: Date | null;
};

/** Why somebody may not get in just now, beside their status. */
export const signInStateOf = async (db: Db, id: bigint): Promise<SignInState> => {
  const [row] = await db.$queryRaw<SignInState[]>`
    SELECT bank.locked_out_until(u.username) AS "lockedOutUntil", u.email_changed_at AS "readdressedAt",
           (SELECT r.expires_at FROM bank.password_reset r WHERE r.user_id = u.id AND r.used_at IS NULL AND r.cancelled_at IS NULL AND r.expires_at > clock_timestamp()) AS "linkUntil"
      FROM bank."user" u WHERE u.id = ${id}`;
  return row ?? { lockedOutUntil: null, linkUntil: null, readdressedAt: null };
};
