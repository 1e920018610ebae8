import { readGuards, readHead, verifyChain } from '../database/audit-chain.ts';
import { openDirect, type Direct } from '../database/direct.ts';
import { unbalancedAccounts } from '../database/probe.ts';
import type { Facts } from './manifest.ts';
import { countRows, newestMigration, sequencesOf, sumsOf, tablesOf } from './snapshot.ts';

type Expected = Pick<Facts, 'rows' | 'balances' | 'transactions' | 'audit' | 'sequences' | 'migration'>;
type Findings = readonly string[];

/** What differs between two lists of figures by name. */
const differing = <T>(what: string, wanted: Readonly<Record<string, T>>, found: Readonly<Record<string, T>>): Findings =>
  [...new Set([...Object.keys(wanted), ...Object.keys(found)])]
    .filter(name => wanted[name] !== found[name])
    .map(name => `${what} ${name}: ${String(found[name] ?? 'nothing')} instead of ${String(wanted[name] ?? 'nothing')}`);

const checkCounts = async (connection: Direct, { rows }: Expected): Promise<Findings> => {
  const tables = await tablesOf(connection);
  return differing('rows of', rows, await countRows(connection, tables, () => undefined));
};

const checkMoney = async (connection: Direct, { balances, transactions }: Expected): Promise<Findings> => {
  const found = await sumsOf(connection);
  const unbalanced = await unbalancedAccounts(connection);
  return [
    ...differing('balances in', balances, found.balances),
    ...differing('transactions in', transactions.sums, found.transactions.sums),
    ...differing('number of', { transactions: transactions.count }, { transactions: found.transactions.count }),
    ...unbalanced.map(number => `balance of ${number} is not the sum of its transactions`),
  ];
};

const checkAudit = async (connection: Direct, { audit }: Expected): Promise<Findings> => {
  const head = await readHead(connection);
  const { broken } = await verifyChain(connection);
  return [
    ...(String(head.seq) === audit.seq && head.hash === audit.hash
      ? []
      : [`audit ends with row ${head.seq} ${head.hash.slice(0, 16)} instead of ${audit.seq} ${audit.hash.slice(0, 16)}`]),
    ...(broken ? [`audit cannot be believed from row ${broken.seq} on: ${broken.problem}`] : []),
  ];
};

/** A sequence behind the column that it feeds would hand out numbers that are taken. */
const behindColumns = async (connection: Direct): Promise<Findings> => {
  const { rows } = await connection.query<{ sequence: string; table: string; column: string }>(
    `SELECT d.objid::regclass::text AS sequence, d.refobjid::regclass::text AS table, quote_ident(a.attname) AS column
       FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i') AND s.relnamespace::regnamespace::text IN ('bank', 'ops', 'platform')`,
  );
  const findings: string[] = [];
  for (const { sequence, table, column } of rows) {
    const { rows: at } = await connection.query<{ most: string; last: string }>(
      `SELECT max(t.${column})::text AS most, (SELECT last_value::text FROM ${sequence}) AS last FROM ${table} t`,
    );
    const [found] = at;
    if (found?.most && BigInt(found.most) > BigInt(found.last))
      findings.push(`sequence ${sequence} stands at ${found.last}, before ${found.most} of ${table}`);
  }
  return findings;
};

const checkSequences = async (connection: Direct, { sequences }: Expected): Promise<Findings> => {
  const found = await sequencesOf(connection);
  const behind = Object.entries(sequences).flatMap(([name, { last }]) => {
    const at = found[name]?.last;
    return at !== undefined && BigInt(at) >= BigInt(last) ? [] : [`sequence ${name} stands at ${at ?? 'nothing'} instead of ${last}`];
  });
  return [...behind, ...(await behindColumns(connection))];
};

const checkSchema = async (connection: Direct, { migration }: Expected): Promise<Findings> => {
  const { rows } = await connection.query<{ finding: string }>(
    `SELECT format('constraint %I of %s is not validated', c.conname, c.conrelid::regclass) AS finding FROM pg_catalog.pg_constraint c
      WHERE NOT c.convalidated AND c.connamespace::regnamespace::text IN ('bank', 'ops', 'platform')
     UNION ALL
     SELECT format('index %s is not valid', i.indexrelid::regclass) FROM pg_catalog.pg_index i WHERE NOT i.indisvalid`,
  );
  const { disabled } = await readGuards(connection);
  return [
    ...differing('schema as of', { migration }, { migration: await newestMigration(connection) }),
    ...rows.map(({ finding }) => finding),
    ...disabled.map(name => `trigger ${name} is switched off`),
  ];
};

/** Holds a loaded database against the manifest of its backup: each finding is a sentence; none means that it is the same bank. */
export const checkLoaded = async (url: string, manifest: Expected): Promise<Findings> => {
  const connection = await openDirect(url, { applicationName: 'bursar check', statementTimeoutMs: 0 }, () => undefined);
  try {
    const findings: string[] = [];
    for (const check of [checkCounts, checkMoney, checkAudit, checkSequences, checkSchema])
      findings.push(...(await check(connection, manifest)));
    return findings;
  } finally {
    await connection.end();
  }
};
