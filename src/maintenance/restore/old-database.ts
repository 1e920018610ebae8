import { replacedAt, stemOf } from '../../domain/names-beside.ts';
import { WorkRefused, type WorkContext } from '../define-work.ts';
import { freeSpace, rootOf } from '../vault.ts';
import { admit, alone, databaseOf, dropDatabase, isThere } from './databases.ts';
import { openJournal, restoresOf } from './journal.ts';
import { demandDatabase, namesFor } from './restoring.ts';

/** How long a replaced database stays, in milliseconds. */
const keptFor = 7 * 86_400_000;
/** With less of the disk free it may go sooner. */
const scarce = 0.1;

/** Only what a restore of this very database put aside is touched, whatever name is given. */
const demandOwn = async (old: string, url: string, home: string): Promise<void> => {
  const database = databaseOf(url);
  const owners = (await restoresOf(home)).flatMap(({ known }) => (known.old === old ? [known.database] : []));
  const isNamedSo = /_old_\d{14}$/.test(old) && !Number.isNaN(replacedAt(old).getTime());
  // an older version gave names that two databases share: of those the journal knows whose one is
  const isOwn = owners.length === 0 ? old.replace(/_old_\d{14}$/, '') === stemOf(database) : owners.includes(database);
  if (!isNamedSo || !isOwn) throw new WorkRefused(`${old} is no database that a restore of ${database} replaced`);
};

/** Drops a replaced database after seven days, or where space is scarce. */
export const dropOld = async (old: string, context: WorkContext, now = new Date()): Promise<object> => {
  const url = await context.databaseUrl();
  await demandOwn(old, url, context.home);
  return alone(url, async server => {
    if (!(await isThere(server, old))) return { old, dropped: false, why: 'it is gone already' };
    const { share } = await freeSpace(rootOf(context));
    const goesAt = new Date(replacedAt(old).getTime() + keptFor);
    if (now < goesAt && share >= scarce)
      throw new WorkRefused(
        `${old} stays until ${goesAt.toISOString().slice(0, 16).replace('T', ' ')} UTC: ${Math.floor(share * 100)} % of the disk are free`,
      );
    await dropDatabase(server, old);
    context.progress(1, `${old} is dropped`);
    return { old, dropped: true };
  });
};

/** Begins the way back to a replaced database: from here on it is a restore that was loaded and checked already. */
export const beginBack = async (
  { run, database, old }: { readonly run: string; readonly database: string; readonly old: string },
  context: WorkContext,
): Promise<object> => {
  const url = await context.databaseUrl();
  demandDatabase(url, database);
  await demandOwn(old, url, context.home);
  return alone(url, async server => {
    if (!(await isThere(server, old))) throw new WorkRefused(`there is no database ${old}`);
    const journal = await openJournal(context.home, run);
    if (journal.state().done.has('check')) return { old };
    await journal.note('lock', 'begun', { known: { backup: old, ...namesFor(database, run, new Date()), scratch: old, kept: true } });
    await admit(server, old, true);
    await journal.note('check', 'done');
    return { old };
  });
};
