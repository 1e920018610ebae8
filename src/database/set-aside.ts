import type { Direct } from './direct.ts';

/** Statements that bring back what was set aside. */
export type SetAside = readonly string[];

/** Names of tables, with their schemas and quoted where they must be. */
type Tables = readonly string[];

/** Rows are loaded as they were: what watches over changes would refuse or repeat them. */
export const switchTriggers = async (client: Direct, tables: Tables, state: 'ENABLE' | 'DISABLE'): Promise<void> => {
  for (const table of tables) await client.query(`ALTER TABLE ${table} ${state} TRIGGER USER`);
};

/**
 * Takes foreign keys of some tables and indexes of others away: building them once over all rows is several times faster than row by row.
 * What constraints rest on stays.
 */
export const dropForLoad = async (
  client: Direct,
  { keysOf, indexesOf }: { readonly keysOf: Tables; readonly indexesOf: Tables },
): Promise<SetAside> => {
  const { rows } = await client.query<{ drop: string; restore: string }>(
    `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
            format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS restore, 2 AS turn
       FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY ($1::regclass[])
     UNION ALL
     SELECT format('DROP INDEX %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid), 1
       FROM pg_index i WHERE i.indrelid = ANY ($2::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
      ORDER BY turn`,
    [keysOf, indexesOf],
  );
  for (const { drop } of rows) await client.query(drop);
  return rows.map(({ restore }) => restore);
};

/** Brings indexes and foreign keys back, one statement after the other. */
export const restoreAfterLoad = async (client: Direct, aside: SetAside, onStep: (done: number) => void): Promise<void> => {
  await client.query("SET LOCAL maintenance_work_mem = '256MB'");
  for (const [index, statement] of aside.entries()) {
    await client.query(statement);
    onStep((index + 1) / aside.length);
  }
};
