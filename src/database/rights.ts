import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import {
  dmlOf,
  functionsOf,
  harmless,
  loginRoles,
  ownerRole,
  ownerSees,
  readsOf,
  secrets,
  soundsSecret,
  type LoginRole,
} from './grants.ts';
import { migrationRecord, readCatalog, readRoles, type Catalog, type Column, type Right, type Thing } from './rights-catalog.ts';

/** One of several consoles, or of several commands, applies rights at a time: "RGHT" in ASCII. */
const rightsLock = 0x52_47_48_54;

const isSecret = ({ table, name, type }: Column): boolean => {
  const column = `${table}.${name}`;
  return secrets.includes(column) || (soundsSecret(name, type) && !harmless.includes(column));
};

const right = (role: string, privilege: string, { kind, object }: Thing, column = ''): Right => ({ role, privilege, kind, object, column });

/** All of a table, where nothing in it is secret: a column that comes later is then read without a new grant. */
const reading = (role: LoginRole, table: Thing, columns: readonly Column[]): readonly Right[] => {
  const open = columns.filter(column => !isSecret(column));
  return open.length === columns.length ? [right(role, 'SELECT', table)] : open.map(({ name }) => right(role, 'SELECT', table, name));
};

const writing = (role: LoginRole, table: Thing): readonly Right[] =>
  dmlOf[role]
    .filter(dml => dml.table === table.name)
    .flatMap(({ privilege, columns }) => (columns ?? ['']).map(column => right(role, privilege, table, column)));

const wantedFor = (role: LoginRole, { things, columns }: Catalog): readonly Right[] =>
  things.flatMap(thing => {
    const reads = readsOf[role].some(schema => schema === thing.schema);
    if (thing.kind === 'schema') return reads ? [right(role, 'USAGE', thing)] : [];
    if (thing.name === `public.${migrationRecord}`) return [right(role, 'SELECT', thing)];
    if (thing.kind === 'function') return functionsOf[role].includes(thing.name) && !thing.trigger ? [right(role, 'EXECUTE', thing)] : [];
    if (thing.kind !== 'table') return [];
    const own = columns.filter(({ table }) => table === thing.name);
    return [...(reads ? reading(role, thing, own) : []), ...writing(role, thing)];
  });

/** Every right that our roles are to have on what there is. */
const wantedRights = (catalog: Catalog): readonly Right[] => loginRoles.flatMap(role => wantedFor(role, catalog));

const keyOf = ({ role, privilege, object, column }: Right): string => `${role} ${privilege} ${object} ${column}`;

const differences = (catalog: Catalog): { readonly missing: readonly Right[]; readonly surplus: readonly Right[] } => {
  const wanted = wantedRights(catalog);
  const [wantedKeys, found] = [new Set(wanted.map(keyOf)), new Set(catalog.rights.map(keyOf))];
  return { missing: wanted.filter(one => !found.has(keyOf(one))), surplus: catalog.rights.filter(one => !wantedKeys.has(keyOf(one))) };
};

const foreign = ({ things }: Catalog): readonly Thing[] => things.filter(({ owner, schema }) => owner !== ownerRole && schema !== 'public');

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const grantee = (role: string): string => (role === 'public' ? 'PUBLIC' : role);
const statement = (verb: 'GRANT' | 'REVOKE', { role, privilege, kind, object, column }: Right): string =>
  `${verb} ${privilege}${column && ` (${quote(column)})`} ON ${kind} ${object} ${verb === 'GRANT' ? 'TO' : 'FROM'} ${grantee(role)}`;

/** Roles belong to the whole server, and locks to one database: consoles of two databases may make them at the same moment. */
const createRoles = [
  `CREATE ROLE ${ownerRole} NOLOGIN`,
  ...loginRoles.map(role => `CREATE ROLE ${role} LOGIN`),
  // the settings of a console, for whoever connects with something else; the audit's verification needs longer and says so itself
  ...loginRoles.map(role => `ALTER ROLE ${role} SET statement_timeout = '10s'; ALTER ROLE ${role} SET lock_timeout = '5s';
    ALTER ROLE ${role} SET idle_in_transaction_session_timeout = '15s'; ALTER ROLE ${role} SET "TimeZone" = 'UTC'`),
]; // prettier-ignore

/** Whether all our roles exist on this server. */
export const rolesExist = async (connection: ClientBase): Promise<boolean> => (await readRoles(connection)).size === loginRoles.length + 1;

const ensureRoles = async (connection: ClientBase): Promise<void> => {
  if (await rolesExist(connection)) return;
  for (const create of createRoles) {
    await connection.query(`DO $$ BEGIN ${create}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`);
  }
};

/** Whoever is no superuser must belong to the owner to hand things over to it. */
const joinOwner = async (connection: ClientBase): Promise<void> => {
  const { rows } = await connection.query<{ member: boolean }>(`SELECT pg_has_role($1, 'USAGE') AS member`, [ownerRole]);
  if (rows[0]?.member !== true) await connection.query(`GRANT ${ownerRole} TO CURRENT_USER`);
};

/** Health is measured with its owner's rights. Whoever must not grant this leaves it to somebody who may, and health says what it cannot see. */
const letOwnerSee = (connection: ClientBase): Promise<unknown> =>
  connection.query(`DO $$ BEGIN IF NOT pg_has_role('${ownerRole}', '${ownerSees}', 'USAGE') THEN GRANT ${ownerSees} TO ${ownerRole}; END IF;
    EXCEPTION WHEN insufficient_privilege OR unique_violation THEN NULL; END $$`);

/** Stands in the database beside the rights: a console that starts compares it instead of every right. */
const versionNow = (): string =>
  `rights ${createHash('sha256')
    .update(JSON.stringify([functionsOf, readsOf, secrets, harmless, dmlOf, String(soundsSecret)]))
    .digest('hex')
    .slice(0, 16)}`;

/** Whether the rights were applied in this database, by a program that had the same list. Needs the tables. */
export const rightsAreCurrent = async (connection: ClientBase): Promise<boolean> => {
  const { rows } = await connection.query<{ version: string | null }>(
    `SELECT obj_description('ops'::regnamespace, 'pg_namespace') AS version`,
  );
  return rows[0]?.version === versionNow();
};

const apply = async (connection: ClientBase): Promise<number> => {
  await ensureRoles(connection);
  await joinOwner(connection);
  await letOwnerSee(connection);
  const before = await readCatalog(connection);
  const moved = foreign(before).map(({ kind, object }) => `ALTER ${kind} ${object} OWNER TO ${ownerRole}`);
  // One round trip for what are several hundred statements at the first time
  if (moved.length > 0) await connection.query(moved.join(';\n'));
  const { missing, surplus } = differences(moved.length > 0 ? await readCatalog(connection) : before);
  const statements = [...surplus.map(one => statement('REVOKE', one)), ...missing.map(one => statement('GRANT', one))];
  if (statements.length > 0) await connection.query(statements.join(';\n'));
  if (!(await rightsAreCurrent(connection))) await connection.query(`COMMENT ON SCHEMA ops IS '${versionNow()}'`);
  return moved.length + statements.length;
};

/**
 * Makes the roles, gives everything to its owner and each role exactly what grants.ts says; returns how much that changed. Needs a
 * superuser, or the database's owner with CREATEROLE. Several at once wait for each other.
 */
export const applyRights = async (connection: ClientBase): Promise<number> => {
  await connection.query('BEGIN');
  try {
    await connection.query(`SET LOCAL lock_timeout = '30s'; SELECT pg_advisory_xact_lock(${rightsLock})`);
    const changes = await apply(connection);
    await connection.query('COMMIT');
    return changes;
  } catch (error) {
    // a lost connection has rolled back by itself; the first error says why
    await connection.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
};

const told = ({ role, privilege, object, column }: Right): string => `${privilege} on ${object}${column && ` (${column})`} for ${role}`;

/** What is not as grants.ts says; empty in a sound database, and where the roles were never made. */
export const rightsProblems = async (connection: ClientBase): Promise<readonly string[]> => {
  const roles = await readRoles(connection);
  if (roles.size === 0) return [];
  const catalog = await readCatalog(connection);
  const { missing, surplus } = differences(catalog);
  return [
    ...[ownerRole, ...loginRoles].flatMap(role => (roles.get(role) ?? ['does not exist']).map(problem => `${role} ${problem}`)),
    ...foreign(catalog).map(({ kind, object, owner }) => `${kind} ${object} belongs to ${owner}`),
    ...surplus.map(one => `too much: ${told(one)}`),
    ...missing.map(one => `missing: ${told(one)}`),
  ];
};
