import type { Database } from '../database/client.ts';

/** A job as the database knows it: when it is due, and up to when that was looked at. */
export type ScheduledJob = {
  readonly name: string;
  /** Five fields, in the time zone of the bank. */
  readonly cron: string;
  readonly catchUpMinutes: number;
  readonly lookedUntil: Date;
  readonly nextDue: readonly Date[];
  /** Its work is to queue the run that was planned. */
  readonly planned: boolean;
  /** Asked for now it is done all the same. */
  readonly paused: boolean;
};

/** A due time, or several that follow one another and can no longer be caught up. */
export type Due = { readonly at: Date; readonly last: Date; readonly times: number };

/** A due time that is ours to execute until its lease of 15 seconds ends, unless it is kept. */
export type JobClaim = { readonly run: bigint; readonly job: string; readonly claim: number; readonly dueAt: Date };

/** What became of a wish to execute; every word but the first two leaves the due time to others or to later. */
type Said = 'claimed' | 'missed' | 'paused' | 'moved' | 'early' | 'forbidden' | 'busy';

/** What is due by the clock, for a console that executes it. The clock is the database's. */
export type Schedule = {
  readonly list: () => Promise<{ readonly now: Date; readonly timeZone: string; readonly jobs: readonly ScheduledJob[] }>;
  /** Takes the next due time after `after`; with a claim where it is ours. */
  readonly claim: (job: string, due: Due, after: Date) => Promise<{ readonly said: Said; readonly claim?: JobClaim }>;
  /** What somebody asked for, or a console that ended left behind, of these jobs. */
  readonly claimLeft: (jobs: readonly string[]) => Promise<JobClaim | undefined>;
  /** False where the claim is somebody else's by now. */
  readonly keep: (claim: JobClaim) => Promise<boolean>;
  readonly finish: (claim: JobClaim, wentWell: boolean, words: string) => Promise<boolean>;
  readonly noteNext: (job: string, next: readonly Date[]) => Promise<void>;
  /** Opens the review of the day as the work of a claim of the job daily-review. */
  readonly openDaily: (claim: JobClaim) => Promise<string>;
  /** Queues the run of a plan as the work of its claim, once; gives its number. */
  readonly queueRun: (claim: JobClaim) => Promise<bigint>;
};

const answer = (rows: readonly { readonly ok: boolean }[]): boolean => rows[0]?.ok === true;

/** The schedule of a database, for the console of whoever has this token. */
export const scheduleOf = ({ reads, writes }: Database, token: string): Schedule => ({
  list: async () => {
    const [clock] = await reads.$queryRaw<
      { now: Date; timeZone: string }[]
    >`SELECT clock_timestamp() AS now, time_zone AS "timeZone" FROM bank.calendar`;
    if (!clock) throw new Error('the database has no calendar');
    const jobs = await reads.$queryRaw<ScheduledJob[]>`
      SELECT name, cron, catch_up_minutes AS "catchUpMinutes", looked_until AS "lookedUntil", next_due AS "nextDue", runbook IS NOT NULL AS planned, paused_at IS NOT NULL AS paused
        FROM ops.schedule WHERE NOT built_in AND unplanned_at IS NULL ORDER BY id`;
    return { ...clock, jobs };
  },
  claim: async (job, { at, last, times }, after) => {
    const [row] = await writes.$queryRaw<{ said: Said; run: bigint | null }[]>`
      SELECT said, run FROM ops.claim_due(${token}, ${job}, ${at}, ${last}, ${times}::int, ${after})`;
    if (!row) throw new Error('the database did not say whose it is');
    return row.said === 'claimed' && row.run !== null
      ? { said: row.said, claim: { run: row.run, job, claim: 1, dueAt: at } }
      : { said: row.said };
  },
  claimLeft: async jobs => {
    const [row] = await writes.$queryRaw<{ run: bigint | null; job: string; claim: number; dueAt: Date }[]>`
      SELECT run, job, claim, due_at AS "dueAt" FROM ops.claim_left(${token}, ${[...jobs]}::text[])`;
    return row && row.run !== null ? { ...row, run: row.run } : undefined;
  },
  keep: async ({ run, claim }) => answer(await writes.$queryRaw`SELECT ops.keep_claim(${token}, ${run}, ${claim}::int) AS ok`),
  finish: async ({ run, claim }, wentWell, words) =>
    answer(await writes.$queryRaw`SELECT ops.finish_claim(${token}, ${run}, ${claim}::int, ${wentWell}, ${words}) AS ok`),
  noteNext: async (job, next) => {
    await writes.$queryRaw`SELECT ops.note_next_due(${token}, ${job}, ${[...next]}::timestamptz[])::text`;
  },
  openDaily: async ({ run, claim }) => {
    const [row] = await writes.$queryRaw<{ words: string }[]>`SELECT ops.open_daily_when_due(${token}, ${run}, ${claim}::int) AS words`;
    if (!row) throw new Error('the database did not say what it opened');
    return row.words;
  },
  queueRun: async ({ run, claim }) => {
    const [row] = await writes.$queryRaw<{ number: bigint }[]>`SELECT ops.queue_planned_run(${token}, ${run}, ${claim}::int) AS number`;
    if (!row) throw new Error('the database did not say what it queued');
    return row.number;
  },
});
