import { note, planted, unique } from './bank-subjects.ts';
import type { Bank } from './acting.ts';
import type { Prepare } from './every-action.ts';

/** A job of a test that nothing executes; whoever may run jobs may ask for it. */
const aJob = (bank: Bank, { paused = false } = {}): Promise<string> =>
  planted(
    bank,
    `INSERT INTO ops.schedule (name, title, words, cron, permission, paused_by, paused_at) VALUES ($1, 'A job of a test', 'nothing', '0 0 1 1 *', 'schedule.run', $2, $3)`,
    [unique('job'), paused ? bank.one.id : null, paused ? new Date() : null],
  );

/** What is done to jobs. */
export const scheduleSubjects: Readonly<Record<string, Prepare>> = {
  'schedule.pause': async ({ bank }) => ({ id: await aJob(bank), note }),
  'schedule.resume': async ({ bank }) => ({ id: await aJob(bank, { paused: true }), note }),
  'schedule.run-now': async ({ bank }) => ({ id: await aJob(bank), note }),
};
