import type { Direct } from '../../database/direct.ts';

/** Settings that hold lists: their values are lists of quoted words already. */
const lists = ['search_path', 'temp_tablespaces', 'session_preload_libraries', 'local_preload_libraries'];

type Setting = { readonly role: string | null; readonly setting: string };

/**
 * Gives a database what another one was given by name: owner, rights, limit of connections and settings. They belong to the database and not to its name,
 * so a rename loses them. Repeating it changes nothing.
 */
export const furnish = async (server: Direct, from: string, to: string): Promise<void> => {
  const target = server.escapeIdentifier(to);
  const { rows: settings } = await server.query<Setting>(
    `SELECT r.rolname AS role, unnest(s.setconfig) AS setting FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
       LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole WHERE d.datname = $1`,
    [from],
  );
  const { rows: about } = await server.query<{ owner: string; most: number; plain: boolean }>(
    `SELECT pg_get_userbyid(datdba) AS owner, datconnlimit AS most, datacl IS NULL AS plain FROM pg_catalog.pg_database WHERE datname = $1`,
    [from],
  );
  const { rows: rights } = await server.query<{ grantee: string; privilege: string; passes: boolean }>(
    `SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS grantee, a.privilege_type AS privilege, a.is_grantable AS passes
       FROM pg_catalog.pg_database d, aclexplode(d.datacl) a WHERE d.datname = $1 AND a.grantee <> d.datdba`,
    [from],
  );
  const [database] = about;
  if (!database) throw new Error(`there is no database ${from}`);
  const statements = settings.map(({ role, setting }) => {
    const [name, value] = [setting.slice(0, setting.indexOf('=')), setting.slice(setting.indexOf('=') + 1)];
    const whose = role === null ? `DATABASE ${target}` : `ROLE ${server.escapeIdentifier(role)} IN DATABASE ${target}`;
    return `ALTER ${whose} SET ${name
      .split('.')
      .map(part => server.escapeIdentifier(part))
      .join('.')} TO ${lists.includes(name) ? value : server.escapeLiteral(value)}`;
  });
  await server.query(
    [
      ...statements,
      `ALTER DATABASE ${target} CONNECTION LIMIT ${database.most}`,
      `ALTER DATABASE ${target} OWNER TO ${server.escapeIdentifier(database.owner)}`,
      ...(database.plain ? [] : [`REVOKE ALL ON DATABASE ${target} FROM PUBLIC`]),
      ...rights.map(
        ({ grantee, privilege, passes }) => `GRANT ${privilege} ON DATABASE ${target} TO ${grantee}${passes ? ' WITH GRANT OPTION' : ''}`,
      ),
    ].join(';\n'),
  );
};
