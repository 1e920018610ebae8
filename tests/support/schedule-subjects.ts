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

const aHost = async (bank: Bank, environment: string): Promise<string> => {
  const name = unique('h');
  await planted(
    bank,
    `INSERT INTO ops.host (name, address, username, fingerprint, pinned_by, added_by, environment) VALUES ($1, 'host.example', 'deploy', 'SHA256:' || repeat('A', 43), $2, $2, $3)`,
    [name, bank.one.id, environment],
  );
  return name;
};

const aPlan = async (bank: Bank, environment: string) => ({
  name: unique('plan'), runbook: 'host-report', with: `hosts=${await aHost(bank, environment)}`, cron: '0 2 * * *', note,
}); // prettier-ignore

/** What is done to jobs. */
export const scheduleSubjects: Readonly<Record<string, Prepare>> = {
  'schedule.pause': async ({ bank }) => ({ id: await aJob(bank), note }),
  'schedule.resume': async ({ bank }) => ({ id: await aJob(bank, { paused: true }), note }),
  'schedule.plan': async ({ bank }) => aPlan(bank, 'test'),
  'schedule.unplan': async ({ bank }) => ({
    id: await planted(
      bank,
      `INSERT INTO ops.schedule (name, title, words, cron, permission, runbook, plan, planned_by, planned_at) VALUES ($1, 'A plan of a test', 'nothing', '0 0 1 1 *', 'host.use', 'host-report', '{"steps": []}', $2, now())`,
      [unique('plan'), bank.one.id],
    ),
    note,
  }),
  'schedule.run-now': async ({ bank }) => ({ id: await aJob(bank), note }),
};

/** A plan for production takes two. */
export const scheduleSubjectsOfTwo: Readonly<Record<string, Prepare>> = {
  'schedule.plan': async ({ bank }) => aPlan(bank, 'production'),
};
