import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { Direct } from './direct.ts';

/** Sends what a query finds in one database into a table of another, as Postgres itself writes it; gives the number of rows. */
export const copyAcross = async (source: Direct, query: string, target: Direct, into: string): Promise<number> => {
  const arriving = target.query(copyFrom(`COPY ${into} FROM STDIN`));
  await pipeline(source.query(copyTo(`COPY (${query}) TO STDOUT`)), arriving);
  return arriving.rowCount ?? 0;
};
