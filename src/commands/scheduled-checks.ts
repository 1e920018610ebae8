import { unbalancedAccounts } from '../database/probe.ts';
import { JobFailed, type Checks } from '../schedule/define-job.ts';
import { describeFindings, findFaults } from './audit-verify.ts';
import type { CommandContext } from './command.ts';
import { withConnection } from './with-database.ts';

/** What the schedule checks, each on a connection of its own: a log of years takes longer than a page may. */
export const checksOf = (url: string, context: Pick<CommandContext, 'config' | 'migrations'>): Checks => ({
  audit: () =>
    withConnection(url, { name: 'schedule', readOnly: true }, async connection => {
      const findings = await findFaults(connection, context);
      const words = describeFindings(findings).join('; ');
      if (findings.problems.length > 0) throw new JobFailed(words);
      return words;
    }),
  ledger: () =>
    withConnection(url, { name: 'schedule', readOnly: true }, async connection => {
      const wrong = await unbalancedAccounts(connection);
      if (wrong.length > 0)
        throw new JobFailed(`not the sum of their postings: ${wrong.join(', ')}${wrong.length === 10 ? ' and perhaps more' : ''}`);
      return 'every balance is the sum of its postings';
    }),
});
