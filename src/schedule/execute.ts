import type { JobClaim, Schedule } from '../kit/schedule.ts';
import type { Session } from '../kit/session.ts';
import { JobFailed, type Checks, type Job } from './define-job.ts';

/** Three of these fit into the lease, in milliseconds. */
const keepEvery = 5_000;

/** How a due time ended. */
export type Executed = {
  readonly job: string;
  readonly dueAt: Date;
  readonly ended: 'succeeded' | 'failed' | 'left';
  readonly words: string;
};

export type Executing = {
  readonly session: Session;
  readonly schedule: Schedule;
  readonly checks: Checks;
  readonly signal: AbortSignal;
  /** An error as people are told it. */
  readonly explain: (error: unknown) => string;
};

/** Keeps the claim while the work takes; aborts it once the claim is somebody else's. A database that is away is asked again. */
const keeping = (schedule: Schedule, claim: JobClaim): { readonly lost: AbortSignal; readonly end: () => void } => {
  const lost = new AbortController();
  const keep = (): void =>
    void schedule.keep(claim).then(
      kept => (kept ? undefined : lost.abort()),
      () => undefined,
    );
  const timer = setInterval(keep, keepEvery).unref();
  return { lost: lost.signal, end: () => clearInterval(timer) };
};

/** Does the work of a claim and says how it went. What is aborted because the console ends is left to the next one. */
export const executeClaim = async (job: Job, claim: JobClaim, executing: Executing): Promise<Executed> => {
  const { session, schedule, checks, signal, explain } = executing;
  const { lost, end } = keeping(schedule, claim);
  const told = { job: job.name, dueAt: claim.dueAt };
  try {
    const result = await job.work({ session, claim, checks, signal: AbortSignal.any([signal, lost]) }).then(
      words => ({ ended: 'succeeded' as const, words }),
      (error: unknown) => ({ ended: 'failed' as const, words: error instanceof JobFailed ? error.message : explain(error) }),
    );
    if (result.ended === 'failed' && (signal.aborted || lost.aborted)) return { ...told, ended: 'left', words: 'left to the next console' };
    const kept = await schedule.finish(claim, result.ended === 'succeeded', result.words);
    return kept ? { ...told, ...result } : { ...told, ended: 'left', words: 'another console has taken it over' };
  } finally {
    end();
  }
};
