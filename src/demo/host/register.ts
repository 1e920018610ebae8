import type { Direct } from '../../database/direct.ts';
import type { PlatformProfile } from '../../domain/platform-profile.ts';
import { demoHostName, demoUser } from './places.ts';

/**
 * Puts the demo's host into the inventory, with what is planned on it and the machine that would do it, or says where it is and which key it has now. Needs the login that made the database: no action of a person adds it.
 * A host that somebody else called so is left alone. Gives whether the inventory has it as it is.
 */
export const registerHost = async (
  connection: Direct,
  { port, fingerprint }: { readonly port: number; readonly fingerprint: string },
  platform: PlatformProfile,
): Promise<boolean> => {
  await connection.query('BEGIN');
  try {
    const {
      rows: [found],
    } = await connection.query<{ demo: boolean; named: boolean }>(
      `SELECT EXISTS (SELECT FROM platform.demo_marker) AND EXISTS (SELECT FROM ops.operator) AS demo, EXISTS (SELECT FROM ops.host WHERE name = $1) AS named`,
      [demoHostName],
    );
    // the owner's login may set triggers aside; it is for this transaction only
    if (found?.demo) await connection.query(`SET LOCAL session_replication_role = 'replica'`);
    if (found?.demo && !found.named) {
      const { rowCount } = await connection.query(
        `INSERT INTO ops.host (name, address, port, username, fingerprint, environment, tags, pinned_by, added_by)
         SELECT $1, '127.0.0.1', $2, $3, $4, 'demo', '{demo,db,web}', o.id, o.id FROM ops.operator o ORDER BY o.id LIMIT 1 ON CONFLICT (name) DO NOTHING`,
        [demoHostName, port, demoUser, fingerprint],
      );
      // runbooks and the clock are loaded only here: most consoles find the host listed
      if (rowCount === 1) await (await import('./operated.ts')).operate(connection, platform);
    } else if (found?.demo) {
      await connection.query(
        `UPDATE ops.host SET port = $2, fingerprint = $4, state = 'not asked', detail = NULL, version = version + 1
          WHERE name = $1 AND address = '127.0.0.1' AND username = $3 AND environment = 'demo' AND (port, fingerprint) IS DISTINCT FROM ($2, $4)`,
        [demoHostName, port, demoUser, fingerprint],
      );
    }
    await connection.query('COMMIT');
  } catch (error) {
    await connection.query('ROLLBACK').catch(() => undefined); // a broken connection has rolled back by itself
    throw error;
  }
  const { rowCount } = await connection.query(`SELECT FROM ops.host WHERE name = $1 AND port = $2 AND fingerprint = $3`, [
    demoHostName,
    port,
    fingerprint,
  ]);
  return rowCount === 1;
};
