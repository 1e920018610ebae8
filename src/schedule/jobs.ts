import { setTimeout as pause } from 'node:timers/promises';
import type { ScheduledJob } from '../kit/schedule.ts';
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

/** Between two looks whether the run before is over, in milliseconds. */
const lookEvery = 5_000;
/** What the database says of a run that another one of the same target keeps from being queued. */
const isAnotherAhead = (error: unknown): boolean => error instanceof Error && /so this one was not queued/.test(error.message);

/**
 * What a planned run is when it is due: queued, for whoever executes runs. Where another run works on its target it waits for that one, for as long as it may be caught up;
 * how it ends stands with the run.
 */
export const plannedJob = ({ name, catchUpMinutes }: Pick<ScheduledJob, 'name' | 'catchUpMinutes'>): Job => ({
  name,
  work: async ({ session, claim, signal }) => {
    const until = claim.dueAt.getTime() + catchUpMinutes * 60_000;
    for (;;) {
      try {
        if (!session.schedule) throw new JobFailed('this session may not write');
        return `queued run ${await session.schedule.queueRun(claim)}`;
      } catch (error) {
        if (!isAnotherAhead(error) || Date.now() > until) throw error;
        await pause(lookEvery, undefined, { signal });
      }
    }
  },
});
