import { openDirect } from './direct.ts';
import type { LoginRole } from './grants.ts';

/** The same database as another role. The password stays behind: it is not that role's. */
export const asRole = (address: string, role: LoginRole): string => {
  const url = new URL(address);
  url.username = role;
  url.password = '';
  return url.href;
};

/** What a login is to the database that it reached. */
export type Standing = {
  /** Superuser, or owner of the tables. */
  readonly owns: boolean;
  /** The roles were made and given their rights in this database. */
  readonly hasRoles: boolean;
};

/** Asks what the login of an address may do. Throws where nobody answers. */
export const readStanding = async (connection: Pick<Awaited<ReturnType<typeof openDirect>>, 'query'>): Promise<Standing> => {
  const { rows } = await connection.query<Standing>(
    `SELECT rolsuper OR coalesce((SELECT pg_has_role(n.nspowner, 'USAGE') FROM pg_catalog.pg_namespace n WHERE n.nspname = 'ops'), false) AS owns,
            EXISTS (SELECT FROM pg_catalog.pg_namespace n, aclexplode(n.nspacl) g JOIN pg_catalog.pg_roles r ON r.oid = g.grantee
                     WHERE n.nspname = 'ops' AND r.rolname = 'bursar_operator') AS "hasRoles"
       FROM pg_catalog.pg_roles WHERE rolname = current_user`,
  );
  return rows[0] ?? { owns: false, hasRoles: false };
};

/** Whether somebody can connect so. */
export const canConnect = async (url: string): Promise<boolean> => {
  try {
    await (await openDirect(url, { applicationName: 'bursar probe' }, () => undefined)).end();
    return true;
  } catch {
    return false; // whatever the reason is, this is not the way in
  }
};
