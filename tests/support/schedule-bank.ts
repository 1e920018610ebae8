import { scheduleOf, type JobClaim } from '../../src/kit/schedule.ts';
import type { Session } from '../../src/kit/session.ts';
import type { Job } from '../../src/schedule/define-job.ts';
import type { KeepSchedulingOptions } from '../../src/schedule/keep.ts';
import { openDatabase, type Database } from '../../src/database/client.ts';
import { asRole } from '../../src/database/role-url.ts';
import { aBank, type Bank, type TestOperator } from './acting.ts';

/** Jobs that a test plants: those with an even number may be done twice. */
export const jobNames = Array.from({ length: 10 }, (_, index) => `test-${index}`);

export const testJobs = (work: (job: string, at: Date, claim: JobClaim) => Promise<string>): readonly Job[] =>
  jobNames.map(name => ({ name, work: ({ claim }) => work(name, claim.dueAt, claim) }));

export const notChecking: Pick<KeepSchedulingOptions, 'checks' | 'explain'> = {
  checks: { audit: async () => 'not checked', ledger: async () => 'not checked' },
  explain: error => (error instanceof Error ? error.message : String(error)),
};

export type ScheduleBank = AsyncDisposable & {
  readonly bank: Bank;
  /** A console of an operator, as far as the schedule needs one. */
  readonly as: (operator: TestOperator) => Session & Required<Pick<Session, 'schedule'>>;
  /** Plants a job that is due every minute and was looked at so many whole minutes ago, or before a moment: a minute may begin between two questions for the time. */
  readonly plant: (
    name: string,
    owes: number,
    wish?: { readonly catchUp?: number; readonly cron?: string; readonly before?: string },
  ) => Promise<void>;
};

/** A bank whose own jobs are out of the way. */
export const aScheduleBank = async (others: Readonly<Record<string, readonly string[]>> = {}): Promise<ScheduleBank> => {
  const bank = await aBank({ others });
  const database: Database = openDatabase({ url: asRole(bank.url, 'bursar_operator'), applicationName: 'bursar test' });
  await bank.db.query(
    'CREATE TABLE public.executed (id bigint GENERATED ALWAYS AS IDENTITY, job text, due_at timestamptz, pid integer, at timestamptz DEFAULT clock_timestamp())',
  );
  return {
    bank,
    as: operator => ({ operator: { id: BigInt(operator.id) }, schedule: scheduleOf(database, operator.token) }) as never,
    plant: (name, owes, { catchUp = 1_000, cron = '* * * * *', before } = {}) =>
      bank.behindItsBack(
        `INSERT INTO ops.schedule (name, title, words, cron, permission, repeatable, catch_up_minutes, looked_until)
         VALUES ($1, 'A job of a test', 'nothing', $2, 'schedule.run', $1 ~ '[02468]$', $3, coalesce($5, date_trunc('minute', clock_timestamp())) - make_interval(mins => $4))`,
        [name, cron, catchUp, owes, before],
      ),
    [Symbol.asyncDispose]: async () => {
      await database.close();
      await bank[Symbol.asyncDispose]();
    },
  };
};
