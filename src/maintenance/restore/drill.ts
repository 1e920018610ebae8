import type { Direct } from '../../database/direct.ts';
import { stemOf } from '../../domain/names-beside.ts';
import { checkLoaded } from '../check-loaded.ts';
import { WorkAborted, WorkRefused, type WorkContext } from '../define-work.ts';
import { loadDump, urlOfDatabase } from '../load.ts';
import { adminUrlOf, alone, databaseOf, dropDatabase, endSessions, isThere, remarkOn, sizeOf, withConnection } from './databases.ts';
import { demandDisks } from './space.ts';
import { newestBackup, withBackup } from './stored.ts';

/** By which a drill knows that it made a database: a bank may have another one of that name. */
export const drillRemark = (database: string): string => `bursar: drill of ${database}`;

const isEmpty = (url: string): Promise<boolean> =>
  withConnection(url, async connection => {
    const { rowCount } = await connection.query(
      `SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' LIMIT 1`,
    );
    return rowCount === 0;
  });

/** Drops what a killed drill left. One that was killed before it could say so left an empty one. */
const dropLeft = async (server: Direct, url: string, name: string): Promise<void> => {
  if (!(await isThere(server, name))) return;
  const database = databaseOf(url);
  if ((await remarkOn(server, name)) !== drillRemark(database) && !(await isEmpty(urlOfDatabase(url, name))))
    throw new WorkRefused(`there is a database ${name} that no drill of ${database} made: rename it, or drop it if nobody needs it`);
  await dropDatabase(server, name);
};

/**
 * Restores the newest backup into a database of its own, holds it against its manifest, and drops it. Of a killed drill that database is left; the next one
 * drops it. The live database is not touched.
 */
export const drill = async (context: WorkContext): Promise<object> => {
  const url = await context.databaseUrl();
  return alone(url, async server => {
    const name = `${stemOf(databaseOf(url))}_drill`;
    await dropLeft(server, url, name);
    await demandDisks('the drill', 0, { server, url, context });
    const backup = await newestBackup(context);
    const began = performance.now();
    // what goes wrong here goes wrong once more where the database is dropped, and is told there
    const end = (): void => void endSessions(server, name).catch(() => undefined);
    context.signal.addEventListener('abort', end, { once: true });
    try {
      context.signal.throwIfAborted();
      return await withBackup(context, backup, async (manifest, folder) => {
        const { signal, migrations, progress } = context;
        const scratch = await loadDump({
          manifest, folder, adminUrl: adminUrlOf(url), name, remark: drillRemark(databaseOf(url)), tools: context.backup.postgresTools, migrations, signal,
          progress: (fraction, words) => progress(0.8 * fraction, words),
        }); // prettier-ignore
        progress(0.8, 'rows, balances, audit chain, sequences and constraints are held against the manifest');
        signal.throwIfAborted();
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
