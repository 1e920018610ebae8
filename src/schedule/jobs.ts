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
