import { verifyChain } from '../../database/audit-chain.ts';
import { settleForeignKeys } from '../carry-forward.ts';
import { checkLoaded } from '../check-loaded.ts';
import { WorkRefused, type WorkContext } from '../define-work.ts';
import { loadDump, urlOfDatabase } from '../load.ts';
import { adminUrlOf, alone, dropDatabase, withConnection } from './databases.ts';
import { known, orRollBackAtOnce, reopen } from './restoring.ts';
import { withBackup } from './stored.ts';
import { carryOnce } from './switch-over.ts';

/** Findings that are said; the rest is in the log of the work that found them. */
const mostFindings = 20;

/** Steps 4 and 5: fills a database beside the live one and holds it against the manifest. */
export const fill = async (run: string, context: WorkContext): Promise<object> => {
  const url = await context.databaseUrl();
  return alone(url, async server => {
    const restoring = await reopen(context, run, server, url);
    const { journal, names } = restoring;
    const backup = known(restoring, 'backup');
    if (journal.state().done.has('check')) return { backup, scratch: names.scratch };
    return orRollBackAtOnce(restoring, async () => {
      await dropDatabase(server, names.scratch);
      await journal.note('load', 'begun');
      const began = performance.now();
      return withBackup(context, backup, async (manifest, folder) => {
        const { signal, migrations, progress } = context;
        const scratch = await loadDump({
          manifest, folder, adminUrl: adminUrlOf(url), name: names.scratch, tools: context.backup.postgresTools, migrations, signal,
          progress: (fraction, words) => progress(0.8 * fraction, words),
        }); // prettier-ignore
        await journal.note('load', 'done');
        await journal.note('check', 'begun');
        progress(0.85, 'rows, balances, audit chain, sequences and constraints are held against the manifest');
        const findings = await checkLoaded(scratch, manifest);
        for (const finding of findings.slice(0, mostFindings)) progress(0.95, finding);
        if (findings.length > 0)
          throw new WorkRefused(`what was loaded is not what was backed up, in ${findings.length} places; the first: ${findings[0]}`);
        signal.throwIfAborted();
        await journal.note('check', 'done', { known: { schema: manifest.migration } });
        return {
          backup,
          scratch: names.scratch,
          seconds: Math.round((performance.now() - began) / 100) / 10,
          transactions: manifest.transactions.count,
        };
      });
    });
  });
};

/** Step 6: brings over what protects; gives the list of it. */
export const carry = async (run: string, context: WorkContext): Promise<object> => {
  const url = await context.databaseUrl();
  return alone(url, async server => {
    const restoring = await reopen(context, run, server, url);
    const { journal, names } = restoring;
    if (!journal.state().done.has('check')) throw new WorkRefused('nothing was loaded and checked in this restore');
    return orRollBackAtOnce(restoring, async () => {
      await journal.note('carry forward', 'begun');
      context.progress(0.1, 'what protects is carried over from the live database');
      const report = await carryOnce({ server, url, names, context }, undefined);
      context.signal.throwIfAborted();
      const nowhere = await withConnection(urlOfDatabase(url, names.scratch), async scratch => {
        const left = await settleForeignKeys(scratch);
        context.progress(0.7, 'the audit chain is verified once more');
        const { broken } = await verifyChain(scratch);
        if (broken) throw new WorkRefused(`the audit log that was carried cannot be believed from row ${broken.seq} on: ${broken.problem}`);
        return left;
      });
      context.signal.throwIfAborted();
      await journal.note('carry forward', 'done', { known: { horizon: report.horizon, late: report.late } });
      const carried = report.carried.filter(({ rows }) => rows > 0);
      for (const { what, rows } of carried) context.progress(0.9, `${rows} ${what}`);
      for (const words of [...report.notCarried, ...nowhere]) context.progress(0.95, `not carried: ${words}`);
      for (const words of report.waits) context.progress(0.95, `waits for newer migrations, which bring it over: ${words}`);
      return {
        ops: { tables: report.opsTables, rows: report.opsRows },
        carried,
        notCarried: [...report.notCarried, ...nowhere],
        waits: report.waits,
        lost: report.lost,
      };
    });
  });
};
