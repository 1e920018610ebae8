import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { Direct } from './direct.ts';

/** What a table or a query holds, as COPY's text; `what` is `table (columns)` or a query in brackets. */
export const copyOutOf = (source: Direct, what: string) => source.query(copyTo(`COPY ${what} TO STDOUT`));

/** Takes COPY's text into a table that this transaction has emptied or made; `what` is `table (columns)`. */
export const copyFrozenInto = (target: Direct, what: string) => target.query(copyFrom(`COPY ${what} FROM STDIN WITH (FREEZE)`));

/** Sends what a query finds in one database into a table of another, as Postgres itself writes it; gives the number of rows. */
export const copyAcross = async (source: Direct, query: string, target: Direct, into: string): Promise<number> => {
  const arriving = target.query(copyFrom(`COPY ${into} FROM STDIN`));
  await pipeline(copyOutOf(source, `(${query})`), arriving);
  return arriving.rowCount ?? 0;
};
