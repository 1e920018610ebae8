import { checkLoaded } from '../check-loaded.ts';
import { WorkAborted, WorkRefused, type WorkContext } from '../define-work.ts';
import { loadDump } from '../load.ts';
import { freeSpace, rootOf } from '../vault.ts';
import { adminUrlOf, alone, databaseOf, dropDatabase, endSessions, sizeOf } from './databases.ts';
import { stemOf } from './restoring.ts';
import { newestBackup, withBackup } from './stored.ts';

/** Room for one more copy of the database, and to work. */
const spaceFactor = 1.2;

/**
 * Restores the newest backup into a database of its own, holds it against its manifest, and drops it. Of a killed drill that database is left; the next one
 * drops it. The live database is not touched.
 */
export const drill = async (context: WorkContext): Promise<object> => {
  const url = await context.databaseUrl();
  return alone(url, async server => {
    const name = `${stemOf(databaseOf(url))}_drill`;
    await dropDatabase(server, name);
    const needed = Math.ceil(spaceFactor * (await sizeOf(server, databaseOf(url))));
    const { octets: free } = await freeSpace(rootOf(context));
    if (free < needed) throw new WorkRefused(`the drill needs ${needed} octets of space and there are ${free}`);
    const backup = await newestBackup(context);
    const began = performance.now();
    // what goes wrong here goes wrong once more where the database is dropped, and is told there
    const end = (): void => void endSessions(server, name).catch(() => undefined);
    context.signal.addEventListener('abort', end, { once: true });
    try {
      return await withBackup(context, backup, async (manifest, folder) => {
        const { signal, migrations, progress } = context;
        const scratch = await loadDump({
          manifest, folder, adminUrl: adminUrlOf(url), name, tools: context.backup.postgresTools, migrations, signal,
          progress: (fraction, words) => progress(0.8 * fraction, words),
        }); // prettier-ignore
        progress(0.8, 'rows, balances, audit chain, sequences and constraints are held against the manifest');
        const findings = await checkLoaded(scratch, manifest);
        for (const finding of findings.slice(0, 20)) progress(0.95, finding);
        if (findings.length > 0)
          throw new WorkRefused(`${backup} is not what was backed up, in ${findings.length} places; the first: ${findings[0]}`);
        const { takenAt, octets, transactions } = manifest;
        return {
          backup,
          takenAt,
          octets,
          transactions: transactions.count,
          seconds: Math.round((performance.now() - began) / 100) / 10,
          loaded: await sizeOf(server, name),
        };
      });
    } catch (error) {
      throw context.signal.aborted ? new WorkAborted('aborted: the live database was not touched, the scratch one is dropped') : error;
    } finally {
      context.signal.removeEventListener('abort', end);
      await dropDatabase(server, name);
    }
  });
};
