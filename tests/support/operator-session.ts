import { createHash, randomUUID } from 'node:crypto';
import type { Client } from 'pg';

export const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Lets a session write for an hour, and do what asks for a code: what a test is not about. */
export const mayWrite = async (db: { query(sql: string, values: unknown[]): Promise<unknown> }, token: string): Promise<void> => {
  await db.query(
    `INSERT INTO ops.write_window (session_id, operator_id, reason, expires_at)
     SELECT id, operator_id, 'a test writes', clock_timestamp() + interval '59 minutes' FROM ops.operator_session WHERE token_hash = $1`,
    [hashOf(token)],
  );
  await db.query(`UPDATE ops.operator_session SET code_at = clock_timestamp() + interval '1 day' WHERE token_hash = $1`, [hashOf(token)]);
};

/** Opens a session that may write, as sign-in would; `lifetime` is an interval from now. Gives the token. */
export const openOperatorSession = async (
  db: Client,
  operatorId: string,
  lifetime = '8 hours',
  token = `token-${randomUUID()}`,
): Promise<string> => {
  await db.query(
    `INSERT INTO ops.operator_session (operator_id, token_hash, client, ip, expires_at)
     VALUES ($1, $2, 'test', '10.0.0.1', clock_timestamp() + $3::interval)`,
    [operatorId, hashOf(token), lifetime],
  );
  await mayWrite(db, token);
  return token;
};
