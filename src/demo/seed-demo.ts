import { openDirect, type Direct } from '../database/direct.ts';
import { fillAlerts } from './alerts.ts';
import { fillAudit } from './audit-rows.ts';
import { minute } from './bank-days.ts';
import { planBank, type BankPlan } from './bank-plan.ts';
import { fillDaily } from './daily.ts';
import { fillDisputes } from './disputes.ts';
import { fillBank, fillCounters, type Filled } from './fill.ts';
import { fillIncidents } from './incidents.ts';
import { defaultTransactions } from './scale.ts';
import { fillSecurity } from './security.ts';
import { advanceSequences, analyze, clearAway, putBack, refuseForeign } from './storage.ts';

export { DemoRefused } from './storage.ts';

export type DemoOptions = {
  readonly seed?: number;
  readonly transactions?: number;
  /** Rows of audit to invent, for measurements; a demo has none. */
  readonly auditRows?: number;
  /** Deletes the demo bank that is there. */
  readonly replace?: boolean;
  readonly now?: Date;
  /** What is under way and how far the whole is, 0 to 1. */
  readonly onProgress?: (message: string, fraction: number) => void;
};

/** What was put there, and how long it took. */
export type DemoFigures = Filled & {
  readonly seed: number;
  readonly users: number;
  readonly accounts: number;
  readonly pending: number;
  readonly frozen: number;
  readonly auditRows: number;
  readonly seconds: number;
  readonly transactionsPerSecond: number;
};

const inTransaction = async <T>(client: Direct, work: () => Promise<T>): Promise<T> => {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // A broken connection has rolled back by itself; the first error says why
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
};

const timeZoneOf = async (client: Direct): Promise<string> => {
  const { rows } = await client.query<{ time_zone: string }>('SELECT time_zone FROM bank.calendar');
  return rows[0]?.time_zone ?? 'Europe/Berlin';
};

const count = ({ accounts }: BankPlan, status: string): number => accounts.filter(account => account.status === status).length;

/**
 * Fills an empty database with a demo bank, all of it or nothing. Throws DemoRefused where the database is not empty, unless it holds
 * a demo bank and `replace` is set.
 */
export const seedDemo = async (url: string, options: DemoOptions = {}): Promise<DemoFigures> => {
  const { seed = 4_711, transactions = defaultTransactions, auditRows = 0, replace = false, onProgress = () => {} } = options;
  const time = new Date(Math.floor((options.now ?? new Date()).getTime() / minute) * minute);
  const began = performance.now();
  const client = await openDirect(url, { applicationName: 'bursar demo', statementTimeoutMs: 0 }, () => {});
  try {
    const { plan, filled } = await inTransaction(client, async () => {
      await refuseForeign(client, replace);
      onProgress('Planning the bank', 0);
      const planned = planBank(transactions, seed, time, await timeZoneOf(client));
      const aside = await clearAway(client);
      const rows = await fillBank(client, planned, done =>
        onProgress(`Posting ${transactions.toLocaleString('en')} transactions`, 0.02 + (0.58 * done) / transactions),
      );
      if (auditRows > 0) onProgress(`Writing ${auditRows.toLocaleString('en')} rows of audit`, 0.6);
      await fillAudit(client, auditRows, time.getTime(), planned.scale);
      await putBack(client, aside, done => onProgress('Building indexes', 0.62 + 0.33 * done));
      await fillCounters(client, planned);
      await fillDisputes(client, planned);
      await fillIncidents(client, planned.now);
      await fillAlerts(client, planned.now);
      await advanceSequences(client);
      await fillSecurity(client, planned.now);
      // Last: it asks about all that is there
      await fillDaily(client, planned.now);
      return { plan: planned, filled: rows };
    });
    onProgress('Gathering statistics', 0.96);
    await analyze(client);
    onProgress('The demo bank is ready', 1);
    const seconds = (performance.now() - began) / 1_000;
    return {
      ...filled,
      seed,
      users: plan.people.length,
      accounts: plan.accounts.length,
      pending: count(plan, 'pending'),
      frozen: count(plan, 'frozen'),
      auditRows,
      seconds,
      transactionsPerSecond: Math.round(transactions / seconds),
    };
  } finally {
    await client.end();
  }
};
