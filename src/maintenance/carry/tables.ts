import type { Direct } from '../../database/direct.ts';

/** A table as two databases know it. */
export type Table = {
  /** As SQL names it, such as `bank."user"`. */
  readonly name: string;
  /** Quoted; without those that the database computes. */
  readonly columns: readonly string[];
  readonly key: readonly string[];
};

/** Every table of a schema, from the catalog: one that a later migration brings is found without a list. */
export const tablesOf = async (connection: Direct, schema: string): Promise<ReadonlyMap<string, Table>> => {
  const { rows } = await connection.query<Table>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name,
            ARRAY(SELECT quote_ident(a.attname) FROM pg_catalog.pg_attribute a
                   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum) AS columns,
            ARRAY(SELECT quote_ident(a.attname) FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (k.conkey)
                   WHERE k.conrelid = c.oid AND k.contype = 'p') AS key
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = $1 ORDER BY 1`,
    [schema],
  );
  return new Map(rows.map(row => [row.name, row]));
};

/** What two databases have in common of a table. */
export const commonOf = (live: Table, scratch: Table): Table => ({
  ...scratch,
  columns: live.columns.filter(column => scratch.columns.includes(column)),
});

/** A foreign key or a check that is taken away, and how it comes back. */
export type Constraint = { readonly table: string; readonly name: string; readonly drop: string; readonly restore: string };

const constraintColumns = `conrelid::regclass::text AS table, conname AS name, format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
            format('ALTER TABLE %s ADD CONSTRAINT %I %s%s', conrelid::regclass, conname, pg_get_constraintdef(oid), CASE WHEN convalidated THEN ' NOT VALID' ELSE '' END) AS restore`;

/** Foreign keys from or to tables. They come back unvalidated: that takes no time, and new rows are checked at once. */
const foreignKeysOf = async (connection: Direct, tables: readonly string[]): Promise<readonly Constraint[]> => {
  const { rows } = await connection.query<Constraint>(
    `SELECT ${constraintColumns} FROM pg_catalog.pg_constraint
      WHERE contype = 'f' AND conparentid = 0 AND (conrelid = ANY ($1::regclass[]) OR confrelid = ANY ($1::regclass[]))`,
    [tables],
  );
  return rows;
};

type Check = Constraint & { readonly condition: string };

/** Checks that the live database has not, or has in other words: another version's list of what may be written would refuse what is there. */
export const otherChecks = async (live: Direct, scratch: Direct): Promise<readonly Constraint[]> => {
  const read = async (connection: Direct) =>
    (
      await connection.query<Check>(
        `SELECT ${constraintColumns}, pg_get_constraintdef(oid) AS condition FROM pg_catalog.pg_constraint
          WHERE contype = 'c' AND conrelid <> 0 AND connamespace::regnamespace::text IN ('bank', 'ops', 'platform')`,
      )
    ).rows;
  const keyOf = ({ table, name, condition }: Check): string => `${table} ${name} ${condition}`;
  const there = new Set((await read(live)).map(keyOf));
  return (await read(scratch)).filter(check => !there.has(keyOf(check)));
};

/** Does the work in one transaction while triggers of tables sleep and their foreign keys are away: rows come as they were, judged by nobody a second time. */
export const setAside = async <T>(
  connection: Direct,
  tables: readonly string[],
  work: () => Promise<T>,
  checks: readonly Constraint[] = [],
): Promise<T> => {
  const switchTriggers = (state: 'ENABLE' | 'DISABLE'): string =>
    tables.map(table => `ALTER TABLE ${table} ${state} TRIGGER USER`).join(';\n');
  await connection.query("BEGIN; SET LOCAL lock_timeout = '30s'");
  try {
    const keys = [...(await foreignKeysOf(connection, tables)), ...checks];
    if (keys.length > 0) await connection.query(keys.map(({ drop }) => drop).join(';\n'));
    if (tables.length > 0) await connection.query(switchTriggers('DISABLE'));
    const result = await work();
    if (keys.length > 0) await connection.query(keys.map(({ restore }) => restore).join(';\n'));
    if (tables.length > 0) await connection.query(switchTriggers('ENABLE'));
    await connection.query('COMMIT');
    return result;
  } catch (error) {
    // a lost connection has rolled back by itself; the first error says why
    await connection.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
};

/** Validates what came back unvalidated. What cannot be stays so, checks new rows, and is named. */
export const validateConstraints = async (connection: Direct): Promise<readonly string[]> => {
  const { rows } = await connection.query<{ table: string; name: string; validate: string }>(
    `SELECT conrelid::regclass::text AS table, conname AS name, format('ALTER TABLE %s VALIDATE CONSTRAINT %I', conrelid::regclass, conname) AS validate
       FROM pg_catalog.pg_constraint WHERE contype IN ('f', 'c') AND NOT convalidated ORDER BY 1, 2`,
  );
  const broken: string[] = [];
  for (const { table, name, validate } of rows) {
    try {
      await connection.query(validate);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== '23503' && code !== '23514') throw error;
      const what = code === '23503' ? 'rows that point nowhere' : 'rows that a newer schema allows';
      broken.push(`${table} (${name}): ${what}; new ones are checked`);
    }
  }
  return broken;
};
