import { openDirect, type Direct } from '../../database/direct.ts';
import { applyRights, rightsProblems } from '../../database/rights.ts';
import { carryForward, carryOwn, settleForeignKeys, type CarryReport } from '../carry-forward.ts';
import { WorkRefused, type WorkContext } from '../define-work.ts';
import { urlOfDatabase } from '../load.ts';
import { admit, endSessions, isThere, renameBoth, withConnection } from './databases.ts';
import { furnish } from './furnish.ts';
import type { Opening } from './journal.ts';
import { openingOf, writtenSince } from './written.ts';

/** The three names of a restore: what is replaced, what replaces it, and what the replaced one is called afterwards. */
export type Names = { readonly database: string; readonly scratch: string; readonly old: string };

type Switching = {
  readonly server: Direct;
  /** The owner's login to the database that is replaced. */
  readonly url: string;
  readonly names: Names;
  readonly context: Pick<WorkContext, 'migrations' | 'signal'>;
};

/** What of the two renames happened: none or both, whatever was killed. */
export const isSwapped = async (server: Direct, { database, scratch, old }: Names): Promise<boolean> => {
  const [here, before, after] = [await isThere(server, database), await isThere(server, scratch), await isThere(server, old)];
  if (here && before && !after) return false;
  if (here && !before && after) return true;
  throw new WorkRefused(
    `of ${database}, ${scratch} and ${old} the server has ${[here, before, after].map(one => (one ? 'one' : 'none')).join(', ')}: a person must look`,
  );
};

const connectTo = (url: string): Promise<Direct> =>
  openDirect(url, { applicationName: 'bursar maintain', statementTimeoutMs: 0 }, () => undefined);

/** One pass between the two, over connections of its own. Both are cut where the work is to end: it may wait for a lock of the live bank. */
export const carryOnce = async ({ url, names, context }: Switching, horizon: string | undefined): Promise<CarryReport> =>
  withConnection(
    urlOfDatabase(url, names.database),
    live =>
      withConnection(
        urlOfDatabase(url, names.scratch),
        scratch => carryForward(live, scratch, { horizon, migrations: context.migrations }),
        context.signal,
      ),
    context.signal,
  );

export type Swapped = {
  /** How long both renames took, and for how long nobody could connect, in milliseconds. */
  readonly renamed: number;
  readonly refused: number;
  readonly carried: CarryReport;
};

/**
 * Refuses connections, ends sessions, copies what came last, and renames both databases in one transaction. What fails before the rename lets everybody
 * in again. Nothing that was answered is lost: the last copy is made over a connection from before, when nobody else has one any more. `onFilled` hears, and
 * is waited for, how the database stands that is about to be opened: whoever writes into it changes that.
 */
export const swap = async (switching: Switching, horizon: string, onFilled: (opening: Opening) => Promise<void>): Promise<Swapped> => {
  const { server, url, names, context } = switching;
  await furnish(server, names.database, names.scratch);
  // A killed swap left the door closed: whoever opened it first would find nothing to carry from
  await admit(server, names.database, true);
  const live = await connectTo(urlOfDatabase(url, names.database));
  const scratch = await connectTo(urlOfDatabase(url, names.scratch));
  const { rows } = await live.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  let isClosed = false;
  try {
    const began = performance.now();
    await admit(server, names.database, false);
    isClosed = true;
    await endSessions(server, names.database, rows[0]?.pid ?? 0);
    const carried = await carryForward(live, scratch, { horizon, migrations: context.migrations });
    await onFilled(await openingOf(scratch));
    await Promise.all([live.end(), scratch.end()]);
    await endSessions(server, names.database);
    await endSessions(server, names.scratch);
    const renamed = await renameBoth(server, [
      [names.database, names.old],
      [names.scratch, names.database],
    ]);
    return { renamed, refused: performance.now() - began, carried };
  } catch (error) {
    if (isClosed && !(await isSwapped(server, names))) await admit(server, names.database, true);
    throw error;
  } finally {
    await Promise.all([live.end(), scratch.end()]).catch(() => undefined);
  }
};

/** Rights and foreign keys of the database that is in place now. Gives what is not as it should be. */
export const settle = ({ url, names, server }: Switching): Promise<readonly string[]> =>
  withConnection(urlOfDatabase(url, names.database), async connection => {
    if (await isThere(server, names.old)) await furnish(server, names.old, names.database);
    await applyRights(connection);
    return [...(await settleForeignKeys(connection)), ...(await rightsProblems(connection))];
  });

/** Puts the replaced database back in its place; the restored one takes the name it had before. Safe to repeat, whatever of it was done. */
export const swapBack = async ({ server, names }: Switching): Promise<void> => {
  if (await isThere(server, names.old)) {
    await admit(server, names.database, false);
    await endSessions(server, names.database);
    await endSessions(server, names.old);
    await renameBoth(server, [
      [names.database, names.scratch],
      [names.old, names.database],
    ]);
  }
  await admit(server, names.database, true);
};

/**
 * Swaps back where nobody has written since the restored database was opened: true. Looks once more when nobody can write any more, and brings what consoles wrote
 * of themselves over into the database that comes back. `onDecided` is waited for before anything is renamed; from then on only going back ends it.
 */
export const swapBackUnlessWritten = async (switching: Switching, opening: Opening, onDecided: () => Promise<void>): Promise<boolean> => {
  const { server, url, names, context } = switching;
  const ends: Direct[] = [];
  let isDecided = false;
  try {
    const watching = await connectTo(urlOfDatabase(url, names.database));
    ends.push(watching);
    const { rows } = await watching.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await admit(server, names.old, true);
    const before = await connectTo(urlOfDatabase(url, names.old));
    ends.push(before);
    await admit(server, names.database, false);
    await endSessions(server, names.database, rows[0]?.pid ?? 0);
    if ((await writtenSince(watching, opening)) !== undefined) return false;
    // before it is decided: afterwards nothing of it could be read without letting everybody in
    await carryOwn(watching, before, { horizon: opening.horizon, migrations: context.migrations });
    await onDecided();
    isDecided = true;
  } finally {
    for (const one of ends) await one.end().catch(() => undefined); // it may be lost already
    if (!isDecided) {
      await admit(server, names.old, false);
      await admit(server, names.database, true);
    }
  }
  await swapBack(switching);
  return true;
};

/** What somebody wrote into a database since it was opened. */
export const writtenInto = (url: string, opening: Opening): Promise<string | undefined> =>
  withConnection(url, connection => writtenSince(connection, opening));
