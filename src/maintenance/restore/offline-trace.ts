import { createHash, randomBytes } from 'node:crypto';
import type { Direct } from '../../database/direct.ts';
import { setAside, tablesOf } from '../carry/tables.ts';

/** What two people agreed to at the terminal of the host. */
export type OfflineAgreement = {
  readonly backup: string;
  readonly host: string;
  readonly database: string;
  readonly reason: string;
  readonly first: string;
  readonly second: string;
};

/** Who was signed in then is nobody that is known now. */
export const endAllSessions = async (scratch: Direct): Promise<void> => {
  const known = [...(await tablesOf(scratch, 'ops')).keys(), ...(await tablesOf(scratch, 'bank')).keys()];
  const ends = [
    ['ops.operator_session', 'UPDATE ops.operator_session SET revoked_at = clock_timestamp() WHERE revoked_at IS NULL'],
    ['bank.auth_session', 'UPDATE bank.auth_session SET ended_at = clock_timestamp() WHERE ended_at IS NULL'],
  ].filter(([table = '']) => known.includes(table));
  await setAside(
    scratch,
    ends.map(([table = '']) => table),
    async () => {
      for (const [, statement = ''] of ends) await scratch.query(statement);
    },
  );
};

const has = async (connection: Direct, what: string): Promise<boolean> => (await connection.query(what)).rowCount === 1;

/**
 * The first row of the restored log: who restored it, with whom, from what and why. One transaction, and one session of the owner under the run's name:
 * begun again it is not written twice. False where the backup is of before the database's owner had sessions.
 */
export const leaveTrace = async (connection: Direct, run: string, agreement: OfflineAgreement, kept: string): Promise<boolean> => {
  const { backup, reason, first, second, host } = agreement;
  const client = `restore-offline ${run} on ${host}`.slice(0, 120);
  if (!(await has(connection, "SELECT FROM pg_catalog.pg_proc WHERE oid = to_regprocedure('ops.open_owner_session(text,text,text,inet)')")))
    return false;
  if (((await connection.query('SELECT FROM ops.operator_session WHERE client = $1', [client])).rowCount ?? 0) > 0) return true;
  const [token, request] = [randomBytes(32).toString('hex'), run.replace('offline-', '')];
  const agreed = `restored offline from ${backup} by ${first}, agreed to by ${second}: ${reason}`;
  await connection.query('BEGIN');
  await connection.query('SELECT ops.open_owner_session($1, $2, $3)', [token, client, agreed.slice(0, 500)]);
  // A backup from before this action existed has the opening of the owner's session as its trace
  if (await has(connection, `SELECT FROM ops.action_permission WHERE action = 'restores.offline'`)) {
    await connection.query('SELECT ops.begin_action($1, $2, $3, $4)', [
      token,
      'restores.offline',
      createHash('sha256').update(agreed).digest(),
      request,
    ]);
    await connection.query(`SELECT ops.write_audit('create', 'backup', $1, $1, NULL, $2::jsonb, 'success', NULL, $3, NULL, $4::jsonb)`, [
      backup,
      JSON.stringify({ host, first, second, kept }),
      reason,
      JSON.stringify({ summary: agreed }),
    ]);
  }
  await connection.query('COMMIT');
  return true;
};
