import type { Database } from '../database/client.ts';

/** A pass over what was posted between two times. */
export type DetectionRun = { readonly id: bigint; readonly since: Date; readonly until: Date };

/** What a rule saw: which transactions of which account, and by which numbers. */
export type RuleHit = {
  readonly accountId: bigint;
  /** The transaction that completed it; it is about one of that one's sides. */
  readonly lastId: bigint;
  readonly transactionIds: readonly bigint[];
  readonly observed: Readonly<Record<string, number | string>>;
  readonly words: string;
};

/** How many hits were new, and how many alerts they opened. */
export type Raised = { readonly found: number; readonly opened: number };

/** The rules of monitoring as the database is asked for them, and told of what they saw. */
export type Watch = {
  /** Begins a run; undefined while another console has one under way. `hours`: look back so long at least. */
  readonly begin: (hours?: number) => Promise<DetectionRun | undefined>;
  readonly read: <Row>(sql: string, values: readonly unknown[]) => Promise<readonly Row[]>;
  /** Stores hits and opens alerts, in one transaction; what was stored before is nothing new. */
  readonly raise: (
    run: DetectionRun,
    rule: { readonly id: number; readonly version: number },
    parameters: Readonly<Record<string, number>>,
    hits: readonly RuleHit[],
  ) => Promise<Raised>;
  /** Every rule has raised what it saw: the next run need not look at it again. */
  readonly finish: (run: DetectionRun) => Promise<void>;
};

const asJson = (hits: readonly RuleHit[]): string =>
  JSON.stringify(
    hits.map(({ accountId, lastId, transactionIds, observed, words }) => ({
      account_id: String(accountId),
      last_id: String(lastId),
      transaction_ids: transactionIds.map(String),
      observed,
      words,
    })),
  );

/** Detection on a database, for the console of whoever has this token. */
export const watchOf = ({ reads, writes }: Database, token: string): Watch => ({
  begin: async hours => {
    const [row] = await writes.$queryRaw<{ id: bigint | null; since: Date; until: Date }[]>`
      SELECT run AS id, since, until FROM ops.begin_detection(${token}, ${hours ?? null}::int)`;
    return row && row.id !== null ? { ...row, id: row.id } : undefined;
  },
  read: <Row>(sql: string, values: readonly unknown[]) => reads.$queryRawUnsafe<Row[]>(sql, ...values),
  raise: async (run, { id, version }, parameters, hits) => {
    const [raised] = await writes.$queryRaw<Raised[]>`
      SELECT stored AS found, opened FROM ops.raise_hits(${token}, ${run.id}, ${id}::smallint, ${version}::int, ${JSON.stringify(parameters)}::jsonb, ${asJson(hits)}::jsonb)`;
    if (!raised) throw new Error('the database did not say what it stored');
    return raised;
  },
  finish: async run => {
    await writes.$queryRaw`SELECT ops.finish_detection(${token}, ${run.id})::text`;
  },
});
