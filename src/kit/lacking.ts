import type { Database } from '../database/client.ts';

/** The most migrations that this process has seen in each of its databases: it opens none that lacks one. */
const most = new WeakMap<Database, number>();

/**
 * How many migrations a database lacks that it had: then an older backup was restored while a console was open, and what stands there is another schema's. Asked
 * once when the database is opened, so that there is something to compare with.
 */
export const lackingIn = async (database: Database): Promise<number> => {
  const [row] = await database.writes.$queryRaw<{ applied: number }[]>`
    SELECT count(*)::int AS applied FROM public._prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL`;
  return lacksBy(database, row?.applied ?? 0);
};

/** The same of so many migrations that were counted with something else. */
export const lacksBy = (database: Database, applied: number): number => {
  const known = Math.max(applied, most.get(database) ?? 0);
  most.set(database, known);
  return known - applied;
};
