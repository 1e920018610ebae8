import { schedule as everyTime } from 'node-cron';
import type { Due, ScheduledJob } from '../kit/schedule.ts';
import type { Session } from '../kit/session.ts';
import type { Checks, Job } from './define-job.ts';
import { dueTimes, nextDueTimes } from './due-times.ts';
import { executeClaim, type Executed, type Executing } from './execute.ts';
import { plannedJob } from './jobs.ts';

/** Due times looked at in one go; what is more comes with the next beat. */
const most = 5_000;
/** node-cron would write to the terminal, which is the screen's. */
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };
const everyFiveSeconds = '*/5 * * * * *';

/** The due times of a job up to now: those that can no longer be caught up as one, and then each for itself. */
const dueOf = ({ cron, catchUpMinutes, lookedUntil }: ScheduledJob, timeZone: string, now: Date): readonly Due[] => {
  const times = dueTimes(cron, timeZone, lookedUntil, now).take(most).toArray();
  // One minute more, as the database has it: nobody looks in the very second
  const late = times.filter(at => at.getTime() < now.getTime() - (catchUpMinutes + 1) * 60_000);
  const [first, last] = [late[0], late.at(-1)];
  const missed = first && last ? [{ at: first, last, times: late.length }] : [];
  return [...missed, ...times.slice(late.length).map(at => ({ at, last: at, times: 1 }))];
};

export type KeepSchedulingOptions = {
  readonly signal: AbortSignal;
  readonly checks: Checks;
  readonly explain: (error: unknown) => string;
  readonly onExecuted: (executed: Executed) => void;
  /** Due times that were missed while nobody looked. */
  readonly onMissed: (job: string, due: Due) => void;
  readonly onError: (error: unknown) => void;
  /** When to look, as node-cron is told it, with seconds. */
  readonly beat?: string;
};

type Lanes = Map<string, Promise<void>>;
type Beat = Omit<KeepSchedulingOptions, 'beat'> & { readonly jobs: readonly Job[]; readonly lanes: Lanes };

/** A job, and when it is asked what it owes. */
type Owed = { readonly row: ScheduledJob; readonly timeZone: string; readonly now: Date };

/** Work of one job at a time; a lane that is open takes no more. */
const openLane = ({ lanes, signal, onError }: Beat, name: string, work: () => Promise<void>): void => {
  const lane = work()
    .catch((error: unknown) => {
      if (!signal.aborted) onError(error);
    })
    .finally(() => lanes.delete(name));
  lanes.set(name, lane);
};

/** Claims what a job owes, one after the other, until it is done, somebody else's or not to be done now. */
const catchUp = async (beat: Beat, executing: Executing, job: Job, { row, timeZone, now }: Owed): Promise<void> => {
  const { schedule } = executing;
  // what a plan does not owe yet is not due either, though the clock comes by
  const next = nextDueTimes(row.cron, timeZone, row.lookedUntil > now ? row.lookedUntil : now, 3);
  if (next.map(Number).join() !== row.nextDue.map(Number).join()) await schedule.noteNext(row.name, next);
  let after = row.lookedUntil;
  for (const due of dueOf(row, timeZone, now)) {
    if (beat.signal.aborted) return;
    const { said, claim } = await schedule.claim(row.name, due, after);
    if (said === 'missed') beat.onMissed(row.name, due);
    else if (claim) beat.onExecuted(await executeClaim(job, claim, executing));
    else return;
    after = due.last;
  }
};

/** Looks once at what is due, and begins it. */
const look = async (session: Session, beat: Beat): Promise<void> => {
  const { schedule } = session;
  if (!schedule) return;
  const { jobs, lanes, checks, signal, explain } = beat;
  const executing = { session, schedule, checks, signal, explain };
  const { now, timeZone, jobs: rows } = await schedule.list();
  const known = [...jobs, ...rows.filter(({ planned }) => planned).map(plannedJob)];
  const free = (): readonly Job[] => known.filter(({ name }) => !lanes.has(name));
  for (;;) {
    const claim = await schedule.claimLeft(free().map(({ name }) => name));
    const job = claim && known.find(({ name }) => name === claim.job);
    if (!claim || !job) break;
    openLane(beat, job.name, async () => beat.onExecuted(await executeClaim(job, claim, executing)));
  }
  for (const job of free()) {
    const row = rows.find(({ name, paused }) => name === job.name && !paused);
    if (row) openLane(beat, job.name, () => catchUp(beat, executing, job, { row, timeZone, now }));
  }
};

/**
 * Executes what is due beside a screen, or without one, until the signal, for whoever is signed in at the time; resolves when what was begun has ended. Never
 * rejects: `onError` hears what went wrong, and it is tried again.
 */
export const keepScheduling = async (
  sessionNow: () => Session | undefined,
  jobs: readonly Job[],
  { beat = everyFiveSeconds, ...options }: KeepSchedulingOptions,
): Promise<void> => {
  const { signal, onError } = options;
  if (signal.aborted) return;
  const lanes: Lanes = new Map();
  const once = async (): Promise<void> => {
    try {
      const session = sessionNow();
      if (session) await look(session, { ...options, jobs, lanes });
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
  };
  const ended = new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }));
  let looking = once();
  const task = everyTime(beat, () => (looking = once()), { noOverlap: true, suppressMissedWarning: true, logger: silent });
  await ended;
  await task.destroy();
  await looking;
  await Promise.all(lanes.values());
};
