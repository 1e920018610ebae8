import type { Direct } from './direct.ts';

/** The newest row of the audit log and its hash, which stands for every row before it; hexadecimal. */
export type Head = { readonly seq: bigint; readonly hash: string };

/** A broken chain: from which row on it cannot be believed, and what that row says it is. */
export type Break = {
  readonly seq: bigint;
  readonly problem: string;
  /** The row as it stands there now; undefined where it is missing. */
  readonly row:
    | {
        readonly at: Date;
        readonly operator: string | null;
        readonly action: string;
        readonly entity: string;
        readonly label: string | null;
      }
    | undefined;
};
export type Verdict = { readonly checked: number; readonly broken: Break | undefined };

export const readHead = async (connection: Direct): Promise<Head> => {
  const { rows } = await connection.query<{ seq: string; hash: string }>(
    `SELECT seq::text, encode(hash, 'hex') AS hash FROM ops.audit_head`,
  );
  const [head] = rows;
  if (!head) throw new Error('the audit log has no head');
  return { seq: BigInt(head.seq), hash: head.hash };
};

/** Which of some heads are not what stands in the log. */
export const missingHeads = async (connection: Direct, heads: readonly Head[]): Promise<readonly Head[]> => {
  const { rows } = await connection.query<{ seq: string; hash: string }>(
    `SELECT a.seq::text, encode(a.hash, 'hex') AS hash FROM ops.audit a WHERE a.seq = ANY ($1::bigint[])`,
    [heads.map(({ seq }) => String(seq))],
  );
  const there = new Map(rows.map(({ seq, hash }) => [BigInt(seq), hash]));
  return heads.filter(({ seq, hash }) => there.get(seq) !== hash);
};

/** Reads the whole chain. */
export const verifyChain = async (connection: Direct): Promise<Verdict> => {
  const { rows } = await connection.query<{ checked: string; first_broken: string | null; problem: string | null }>(
    'SELECT checked::text, first_broken::text, problem FROM ops.verify_audit()',
  );
  const [found] = rows;
  const checked = Number(found?.checked ?? 0);
  if (!found?.first_broken) return { checked, broken: undefined };
  const { rows: named } = await connection.query<NonNullable<Break['row']>>(
    'SELECT at, operator, action, entity, coalesce(entity_label, entity_id) AS label FROM ops.audit WHERE seq = $1::bigint',
    [found.first_broken],
  );
  return { checked, broken: { seq: BigInt(found.first_broken), problem: found.problem ?? 'it is broken', row: named[0] } };
};

/** A function of ours as the database runs it, or a trigger that was switched off. */
export type Tampering = {
  readonly functions: readonly { readonly name: string; readonly source: string }[];
  readonly disabled: readonly string[];
};

/** What guards the log: a check is worth no more than the functions that make it. */
export const readGuards = async (connection: Direct): Promise<Tampering> => {
  const functions = await connection.query<{ name: string; source: string }>(
    `SELECT pronamespace::regnamespace || '.' || proname AS name, prosrc AS source FROM pg_catalog.pg_proc
      WHERE pronamespace IN (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname IN ('bank', 'ops', 'platform')) ORDER BY 1`,
  );
  const disabled = await connection.query<{ name: string }>(
    `SELECT t.tgrelid::regclass || '.' || t.tgname AS name FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
      WHERE t.tgenabled = 'D' AND c.relnamespace IN (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname IN ('bank', 'ops', 'platform')) ORDER BY 1`,
  );
  return { functions: functions.rows, disabled: disabled.rows.map(({ name }) => name) };
};
