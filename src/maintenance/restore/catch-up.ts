import { migrationStatus } from '../../database/migrate.ts';
import { carryLate, hasRoom } from '../carry/late.ts';
import { validateConstraints } from '../carry/tables.ts';
import type { WorkContext } from '../define-work.ts';
import { urlOfDatabase } from '../load.ts';
import { admit, alone, databaseOf, isThere, withConnection } from './databases.ts';
import { openJournal, restoresOf, type RestoreState } from './journal.ts';

/** Migrations that this program has and a database has not. */
export const pendingMigrations = (url: string, migrations: string): Promise<readonly string[]> =>
  withConnection(url, async connection => (await migrationStatus(connection, migrations)).pending);

/** A restore never migrates by itself: one that was made because of a migration would run it again. */
export const waitingWords = (waiting: readonly string[]): string =>
  `${waiting.length} migrations wait (${waiting[0]} is the first): no console opens this bank before "bursar maintain migrations --what apply" on this host applies them`;

/** The restore that a home's database stands at; undefined where there was none. */
const standingRestore = async (home: string): Promise<RestoreState | undefined> =>
  (await restoresOf(home)).findLast(({ end }) => end === 'restored');

/** Whether a database with these migrations stands as a restore left it: then somebody decides when it is migrated. */
export const isAsRestored = async (home: string, applied: readonly string[]): Promise<boolean> => {
  const restore = await standingRestore(home);
  return restore !== undefined && restore.known.schema === applied.toSorted().at(-1);
};

type CatchUpContext = Pick<WorkContext, 'home' | 'migrations' | 'databaseUrl'>;

/**
 * After migrations: brings over from the replaced database what the backup's schema could not hold. Gives what came, and what did not, in words. Done once;
 * killed in the middle it is done again.
 */
export const catchUp = async ({ home, migrations, databaseUrl }: CatchUpContext): Promise<readonly string[]> => {
  const restore = await standingRestore(home);
  const { late = [], caughtUp, old } = restore?.known ?? {};
  if (!restore || late.length === 0 || caughtUp === true || old === undefined) return [];
  const url = await databaseUrl();
  return alone(url, async server => {
    const journal = await openJournal(home, restore.run);
    if (!(await isThere(server, old))) {
      await journal.note('finish', 'done', { known: { caughtUp: true } });
      return [`${old} is gone: what waited in it (${late.map(({ table }) => table).join(', ')}) is not brought over`];
    }
    await admit(server, old, true);
    try {
      return await withConnection(urlOfDatabase(url, old), live =>
        withConnection(urlOfDatabase(url, databaseOf(url)), async scratch => {
          if (!(await hasRoom({ live, scratch }, late))) return [];
          const came = await carryLate({ live, scratch }, late, migrations);
          const left = await validateConstraints(scratch);
          await journal.note('finish', 'done', { known: { caughtUp: true } });
          return [...came.map(words => `brought over from ${old}: ${words}`), ...left];
        }),
      );
    } finally {
      await admit(server, old, false);
    }
  });
};
