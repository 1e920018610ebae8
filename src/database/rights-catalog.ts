import type { ClientBase } from 'pg';
import { loginRoles, ownerRole, ownerSees, schemas } from './grants.ts';

type Kind = 'schema' | 'table' | 'sequence' | 'function' | 'type';

/** Something of ours in the database. `name` has no quotes and no arguments; `object` is how SQL names it. */
export type Thing = {
  readonly kind: Kind;
  readonly schema: string;
  readonly name: string;
  readonly object: string;
  readonly owner: string;
  readonly trigger: boolean;
};
export type Column = { readonly table: string; readonly name: string; readonly type: string };

/** One privilege that one role has. `columns` is empty where it is for the whole thing. */
export type Right = {
  readonly role: string;
  readonly privilege: string;
  readonly kind: Kind;
  readonly object: string;
  readonly column: string;
};
export type Catalog = { readonly things: readonly Thing[]; readonly columns: readonly Column[]; readonly rights: readonly Right[] };

/** Where Prisma notes the migrations: every console looks whether its own are there. */
export const migrationRecord = '_prisma_migrations';

const ours = `n.nspname IN (${schemas.map(schema => `'${schema}'`).join(', ')})`;

// A sequence that belongs to a column follows its table
const thingsQuery = `
  SELECT 'schema' AS kind, nspname AS schema, nspname AS name, quote_ident(nspname) AS object, pg_get_userbyid(nspowner) AS owner, false AS trigger
    FROM pg_catalog.pg_namespace n WHERE ${ours}
  UNION ALL
  SELECT CASE WHEN c.relkind = 'S' THEN 'sequence' ELSE 'table' END, n.nspname, n.nspname || '.' || c.relname, format('%I.%I', n.nspname, c.relname), pg_get_userbyid(c.relowner), false
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'v', 'm', 'p', 'S') AND (${ours} OR (n.nspname = 'public' AND c.relname = '${migrationRecord}'))
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND c.relkind = 'S' AND d.deptype IN ('a', 'i'))
  UNION ALL
  SELECT 'function', n.nspname, n.nspname || '.' || p.proname, format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), pg_get_userbyid(p.proowner),
         p.prorettype = 'trigger'::regtype
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE ${ours}
  UNION ALL
  SELECT 'type', n.nspname, n.nspname || '.' || t.typname, format('%I.%I', n.nspname, t.typname), pg_get_userbyid(t.typowner), false
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
   WHERE ${ours} AND t.typelem = 0 AND (t.typtype IN ('e', 'd') OR c.relkind = 'c')`;

const columnsQuery = `
  SELECT n.nspname || '.' || c.relname AS table, a.attname AS name, format_type(a.atttypid, NULL) AS type
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE ${ours} AND c.relkind IN ('r', 'v', 'm', 'p') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, a.attnum`;

// What nobody ever granted or revoked is null and means the default, in which everybody executes every function
const rightsQuery = `
  WITH acl (kind, object, "column", grants) AS (
    SELECT 'schema', quote_ident(n.nspname), '', coalesce(n.nspacl, acldefault('n', n.nspowner)) FROM pg_catalog.pg_namespace n WHERE ${ours}
    UNION ALL
    SELECT CASE WHEN c.relkind = 'S' THEN 'sequence' ELSE 'table' END, format('%I.%I', n.nspname, c.relname), '', c.relacl
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'v', 'm', 'p', 'S') AND (${ours} OR (n.nspname = 'public' AND c.relname = '${migrationRecord}'))
    UNION ALL
    SELECT 'table', format('%I.%I', n.nspname, c.relname), a.attname, a.attacl
      FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE ${ours} AND a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL
    SELECT 'function', format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), '', coalesce(p.proacl, acldefault('f', p.proowner))
      FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE ${ours}
  )
  SELECT coalesce(r.rolname, 'public') AS role, g.privilege_type AS privilege, acl.kind, acl.object, acl."column"
    FROM acl, aclexplode(acl.grants) g LEFT JOIN pg_catalog.pg_roles r ON r.oid = g.grantee
   WHERE g.grantee = 0 OR r.rolname = ANY ($1)`;

/** What there is, and what our roles and everybody may do with it. */
export const readCatalog = async (connection: ClientBase): Promise<Catalog> => {
  const things = await connection.query<Thing>(thingsQuery);
  const columns = await connection.query<Column>(columnsQuery);
  const rights = await connection.query<Right>(rightsQuery, [[...loginRoles]]);
  return { things: things.rows, columns: columns.rows, rights: rights.rows };
};

/** Which of our roles exist, and what is wrong with them: none may be more than what it was granted. */
export const readRoles = async (connection: ClientBase): Promise<ReadonlyMap<string, readonly string[]>> => {
  const { rows } = await connection.query<{ name: string; login: boolean; attributes: string[]; memberships: string[] }>(
    `SELECT rolname AS name, rolcanlogin AS login,
            array_remove(ARRAY[CASE WHEN rolsuper THEN 'is a superuser' END, CASE WHEN rolcreaterole THEN 'may create roles' END,
              CASE WHEN rolcreatedb THEN 'may create databases' END, CASE WHEN rolreplication THEN 'may replicate' END, CASE WHEN rolbypassrls THEN 'bypasses row security' END], NULL) AS attributes,
            ARRAY(SELECT 'is a member of ' || m.roleid::regrole FROM pg_catalog.pg_auth_members m WHERE m.member = r.oid AND NOT (r.rolname = $2 AND m.roleid = $3::regrole)) AS memberships
       FROM pg_catalog.pg_roles r WHERE rolname = ANY ($1)`,
    [[ownerRole, ...loginRoles], ownerRole, ownerSees],
  );
  return new Map(
    rows.map(({ name, login, attributes, memberships }) => [
      name,
      [...attributes, ...memberships, ...(name === ownerRole && login ? ['may log in'] : [])],
    ]),
  );
};
