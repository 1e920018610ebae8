import type { Day } from '../domain/day.ts';
import type { Db } from './client.ts';

/** The bank's business day by the database's clock: what is decided on is never decided by a laptop's. */
export const businessToday = async (db: Db): Promise<Day> => {
  const [row] = await db.$queryRaw<{ today: Day }[]>`SELECT bank.business_day()::text AS today`;
  if (!row) throw new Error('the database has no calendar');
  return row.today;
};
