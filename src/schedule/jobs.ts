import { JobFailed, type Job } from './define-job.ts';

/** What consoles and daemons do by the clock. A new job is a line here and a row of ops.schedule. */
export const jobs: readonly Job[] = [
  { name: 'ledger', work: ({ checks }) => checks.ledger() },
  { name: 'audit-verify', work: ({ checks }) => checks.audit() },
  {
    name: 'daily-review',
    work: async ({ session, claim }) => {
      if (!session.schedule) throw new JobFailed('this session may not write');
      return session.schedule.openDaily(claim);
    },
  },
];

/** What a planned run is when it is due: queued, for whoever executes runs. How it ends stands with the run. */
export const plannedJob = (name: string): Job => ({
  name,
  work: async ({ session, claim }) => {
    if (!session.schedule) throw new JobFailed('this session may not write');
    return `queued run ${await session.schedule.queueRun(claim)}`;
  },
});
