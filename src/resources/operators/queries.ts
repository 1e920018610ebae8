import type { Db } from '../../database/client.ts';
import { flag, meaning, number, text, time } from '../../database/field.ts';
import { pageOf, type PageQuery } from '../../database/page.ts';
import type { HeldRole } from '../../domain/operator.ts';
import type { Keyed } from '../../domain/page.ts';

export type OperatorRow = Keyed & {
  readonly name: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly isActive: boolean;
  readonly createdAt: Date;
  readonly createdBy: string | null;
  readonly version: number;
  /** Those that count now, the highest first. */
  readonly roles: readonly HeldRole[];
  readonly enrolled: boolean;
  readonly enrolmentExpiresAt: Date | null;
  readonly lockedUntil: Date | null;
  readonly lastLoginAt: Date | null;
  readonly sessions: number;
  readonly recoveryCodes: number;
};

type Raw = Omit<OperatorRow, 'roles'> & { readonly roles: readonly { readonly role: string; readonly expiresAt: string | null }[] };

const counts = '(r.expires_at IS NULL OR r.expires_at > clock_timestamp())';
const roles = `coalesce((SELECT jsonb_agg(jsonb_build_object('role', r.role, 'expiresAt', r.expires_at) ORDER BY role.rank, r.role)
    FROM ops.operator_role r JOIN ops.role ON role.name = r.role WHERE r.operator_id = t.id AND ${counts}), '[]')`;

const rawPage = pageOf<Raw>({
  table: 'ops.operator',
  select: `t.name, t.display_name AS "displayName", t.email, t.is_active AS "isActive", t.created_at AS "createdAt", t.version, c.name AS "createdBy", ${roles} AS roles,
    s.enrolled, s.enrolment_expires_at AS "enrolmentExpiresAt", s.locked_until AS "lockedUntil", s.last_login_at AS "lastLoginAt", s.sessions, s.recovery_codes AS "recoveryCodes"`,
  joins: 'LEFT JOIN ops.operator c ON c.id = t.created_by CROSS JOIN LATERAL ops.operator_standing(t.id) s',
  defaultSort: { field: 'name', descending: false },
  fields: {
    text: text('t.name', { exact: [`lower(t.name || ' ' || t.display_name || ' ' || coalesce(t.email, '')) LIKE {contains}`] }),
    id: number('t.id'),
    name: text('t.name', { sortable: true, like: ['t.name LIKE {contains}'] }),
    email: text('t.email', { exact: ['lower(t.email) = lower({text})'] }),
    role: text('t.id', {
      exact: [`EXISTS (SELECT FROM ops.operator_role r WHERE r.operator_id = t.id AND r.role = {text} AND ${counts})`],
    }),
    status: meaning({ active: 't.is_active', disabled: 'NOT t.is_active' }),
    locked: flag('(SELECT s.locked_until IS NOT NULL FROM ops.operator_standing(t.id) s)'),
    enrolled: flag('(SELECT s.enrolled FROM ops.operator_standing(t.id) s)'),
    created: time('t.created_at', { sortable: true }),
  },
});

const typedRow = (row: Raw): OperatorRow => ({
  ...row,
  roles: row.roles.map(({ role, expiresAt }) => ({ role, expiresAt: expiresAt === null ? null : new Date(expiresAt) })),
});

export const operatorPage: PageQuery<OperatorRow> = {
  ...rawPage,
  page: async (db, request) => {
    const page = await rawPage.page(db, request);
    return { ...page, rows: page.rows.map(typedRow) };
  },
  find: async (db, id) => {
    const row = await rawPage.find(db, id);
    return row && typedRow(row);
  },
};

/** The operator as they are now, or undefined. */
export const findOperator = (db: Db, id: bigint): Promise<OperatorRow | undefined> => operatorPage.find(db, id);

export const operatorIdOf = async (db: Db, name: string): Promise<bigint | undefined> =>
  (await db.operator.findUnique({ where: { name }, select: { id: true } }))?.id;

/** Whether a name is somebody's already, whatever became of them: names are never given twice. */
export const isNameTaken = async (db: Db, name: string): Promise<boolean> => (await operatorIdOf(db, name)) !== undefined;

/** Whether anybody else is an administrator for good; the database decides in the end. */
export const hasOtherAdmin = async (db: Db, id: bigint): Promise<boolean> =>
  (await db.operatorRole.findFirst({
    where: { role: 'admin', expiresAt: null, operatorId: { not: id }, operator: { isActive: true } },
    select: { operatorId: true },
  })) !== null;

/** What roles allow, by name. */
export const permissionsOfRoles = async (db: Db, names: readonly string[]): Promise<readonly string[]> => {
  const rows = await db.rolePermission.findMany({
    where: { role: { in: [...names] } },
    select: { permission: true },
    distinct: ['permission'],
    orderBy: { permission: 'asc' },
  });
  return rows.map(({ permission }) => permission);
};

/** All that an operator may now; what concerns oneself alone everybody may. */
export const permissionsOf = async (db: Db, id: bigint): Promise<readonly string[]> =>
  (await db.$queryRaw<{ permission: string }[]>`SELECT p AS permission FROM ops.permissions_of(${id}) p WHERE p <> 'self' ORDER BY 1`).map(
    ({ permission }) => permission,
  );

export type Grant = {
  readonly id: bigint;
  readonly role: string;
  readonly grantedBy: string | null;
  readonly grantedAt: Date;
  readonly expiresAt: Date | null;
  readonly incidentId: bigint | null;
  readonly endedAt: Date | null;
  readonly endedBy: string | null;
  readonly lastUsedAt: Date | null;
};

/** Which roles an operator had when, those that count first, then the newest. */
export const grantsOf = (db: Db, operatorId: bigint): Promise<readonly Grant[]> => db.$queryRaw<Grant[]>`
  SELECT g.id, g.role, b.name AS "grantedBy", g.granted_at AS "grantedAt", g.expires_at AS "expiresAt", g.incident_id AS "incidentId", g.ended_at AS "endedAt",
         e.name AS "endedBy", CASE WHEN g.ended_at IS NULL THEN r.last_used_at END AS "lastUsedAt"
    FROM ops.role_grant g LEFT JOIN ops.operator b ON b.id = g.granted_by LEFT JOIN ops.operator e ON e.id = g.ended_by
    LEFT JOIN ops.operator_role r ON r.operator_id = g.operator_id AND r.role = g.role
   WHERE g.operator_id = ${operatorId} ORDER BY g.ended_at IS NOT NULL OR g.expires_at <= clock_timestamp(), g.granted_at DESC LIMIT 30`;

export type OperatorSession = {
  readonly kind: string;
  readonly ip: string | null;
  readonly client: string;
  readonly startedAt: Date;
  readonly lastSeenAt: Date;
};

/** The sessions that have not ended, the last seen first. */
export const openSessions = (db: Db, operatorId: bigint): Promise<readonly OperatorSession[]> => db.$queryRaw<OperatorSession[]>`
  SELECT kind, host(ip) AS ip, client, started_at AS "startedAt", last_seen_at AS "lastSeenAt"
    FROM ops.operator_session WHERE operator_id = ${operatorId} AND revoked_at IS NULL AND expires_at > clock_timestamp() ORDER BY last_seen_at DESC LIMIT 50`;

export type Act = { readonly at: Date; readonly action: string; readonly record: string; readonly outcome: string };

/** What an operator did, newest first; looking on is left out. */
export const actsOf = (db: Db, name: string, most: number): Promise<readonly Act[]> => db.$queryRaw<Act[]>`
  SELECT at, action, entity || ' ' || coalesce(entity_label, entity_id) AS record, outcome::text
    FROM ops.audit WHERE operator = ${name} AND verb <> 'view' ORDER BY seq DESC LIMIT ${most}`;

export type Change = { readonly at: Date; readonly by: string | null; readonly action: string; readonly outcome: string };

/** What was done to an operator, newest first. */
export const changesOf = (db: Db, id: bigint, most: number): Promise<readonly Change[]> => db.$queryRaw<Change[]>`
  SELECT at, operator AS by, action, outcome::text
    FROM ops.audit WHERE entity = 'operator' AND entity_id = ${String(id)} AND verb <> 'view' ORDER BY seq DESC LIMIT ${most}`;

/** The incident that rights are lent for: the newest that is not over. */
export const currentIncident = async (db: Db): Promise<{ readonly id: bigint; readonly title: string } | undefined> =>
  (
    await db.$queryRaw<{ id: bigint; title: string }[]>`
    SELECT id, title FROM ops.incident WHERE status IN ('open', 'contained') ORDER BY id DESC LIMIT 1`
  )[0];

/** How many administrators are told when rights are lent. */
export const adminNames = async (db: Db): Promise<readonly string[]> => {
  const rows = await db.$queryRaw<{ name: string }[]>`
    SELECT o.name FROM ops.operator o JOIN ops.operator_role r ON r.operator_id = o.id
     WHERE r.role = 'admin' AND o.is_active AND (r.expires_at IS NULL OR r.expires_at > clock_timestamp()) ORDER BY o.name`;
  return rows.map(({ name }) => name);
};

type Changed = { readonly id: bigint; readonly version: number };

export type NewOperator = {
  readonly name: string;
  readonly displayName: string;
  readonly email: string | undefined;
  readonly roles: readonly string[];
  readonly codeHash: Buffer;
};

const idIn = (rows: readonly { id: bigint }[]): bigint => {
  const [row] = rows;
  if (!row) throw new Error('the database made an operator and returned none');
  return row.id;
};

export const insertOperator = async (db: Db, { name, displayName, email, roles: given, codeHash }: NewOperator): Promise<bigint> =>
  idIn(await db.$queryRaw`SELECT ops.create_operator(${name}, ${displayName}, ${email ?? null}, ${[...given]}::text[], ${codeHash}) AS id`);

/** One of the first two administrators, made by whoever owns the database. */
export const foundOperator = async (db: Db, { name, displayName, email, roles: given, codeHash }: NewOperator): Promise<bigint> =>
  idIn(await db.$queryRaw`SELECT ops.found_operator(${name}, ${displayName}, ${email ?? null}, ${[...given]}::text[], ${codeHash}) AS id`);

export type Recovered = { readonly sessionsEnded: number; readonly becameAdmin: boolean; readonly wasActive: boolean };

export const recoverOperator = async (db: Db, id: bigint, codeHash: Buffer): Promise<Recovered> => {
  const [row] = await db.$queryRaw<Recovered[]>`
    SELECT sessions_ended AS "sessionsEnded", became_admin AS "becameAdmin", was_active AS "wasActive" FROM ops.recover_operator(${id}, ${codeHash})`;
  if (!row) throw new Error('the database recovered an operator and said nothing');
  return row;
};

const endedIn = (rows: readonly { ended: number }[]): number => rows[0]?.ended ?? 0;

/** How many sessions ended with it. */
export const setOperatorActive = async (db: Db, { id, version }: Changed, active: boolean): Promise<number> =>
  endedIn(await db.$queryRaw`SELECT ops.set_operator_active(${id}, ${active}, ${version}::int) AS ended`);

/** Until when the role counts; null for good. */
export const grantRole = async (
  db: Db,
  { id, version }: Changed,
  grant: { readonly role: string; readonly hours: number | undefined; readonly incident?: bigint },
): Promise<Date | null> => {
  const [row] = await db.$queryRaw<{ until: Date | null }[]>`
    SELECT ops.grant_role(${id}, ${grant.role}, ${grant.hours ?? null}::int, ${grant.incident ?? null}::bigint, ${version}::int) AS until`;
  return row?.until ?? null;
};

export const revokeRole = async (db: Db, { id, version }: Changed, role: string): Promise<number> =>
  endedIn(await db.$queryRaw`SELECT ops.revoke_role(${id}, ${role}, ${version}::int) AS ended`);

export const resetOperator = async (db: Db, { id, version }: Changed, codeHash: Buffer): Promise<number> =>
  endedIn(await db.$queryRaw`SELECT ops.reset_operator(${id}, ${codeHash}, ${version}::int) AS ended`);

export const editOperator = async (
  db: Db,
  { id, version }: Changed,
  to: { readonly displayName: string; readonly email: string },
): Promise<void> => {
  await db.$queryRaw`SELECT ops.edit_operator(${id}, ${to.displayName}, ${to.email}, ${version}::int)::text`;
};

export const endSessions = async (db: Db, id: bigint): Promise<number> =>
  endedIn(await db.$queryRaw`SELECT ops.end_operator_sessions(${id}) AS ended`);
