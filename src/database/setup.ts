import type { Direct } from './direct.ts';

/** What a database is to a program that starts on it. */
export type Setup = {
  /** `server_version_num`, such as 150018. */
  readonly version: number;
  readonly demo: boolean;
  /** Nobody works here and nobody banks here yet. */
  readonly empty: boolean;
};

/** The oldest major version of Postgres that will do. */
export const oldestPostgres = 15;

/** Whether the server is too old to be used at all. */
export const serverVersion = async (connection: Direct): Promise<number> => {
  const { rows } = await connection.query<{ version: number }>(`SELECT current_setting('server_version_num')::int AS version`);
  return rows[0]?.version ?? 0;
};

/** Needs all migrations. */
export const readSetup = async (connection: Direct): Promise<Setup> => {
  const { rows } = await connection.query<Setup>(`
    SELECT current_setting('server_version_num')::int AS version, EXISTS (SELECT FROM platform.demo_marker) AS demo,
           NOT EXISTS (SELECT FROM ops.operator) AND NOT EXISTS (SELECT FROM bank."user") AS empty`);
  if (!rows[0]) throw new Error('the database gave no answer');
  return rows[0];
};
