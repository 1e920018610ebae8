import { copyRows, type Direct } from '../database/direct.ts';
import { dueTimes, nextDueTimes } from '../schedule/due-times.ts';

const day = 86_400_000;

/** What came of the jobs of the demo. */
const results: Readonly<Record<string, string>> = {
  ledger: 'every balance is the sum of its postings',
  'audit-verify': 'unbroken; anchored up to its last row',
  'daily-review': 'opened the review of the day',
};

type JobRow = { readonly id: string; readonly name: string; readonly cron: string; readonly zone: string };

/** A week of jobs that were done, and one night when no console was open. */
export const fillSchedule = async (client: Direct, now: number): Promise<void> => {
  // What was planned was planned for hosts of the bank that was here before
  await client.query('DELETE FROM ops.schedule WHERE runbook IS NOT NULL');
  const { rows } = await client.query<JobRow>(
    'SELECT s.id::text AS id, s.name, s.cron, c.time_zone AS zone FROM ops.schedule s, bank.calendar c WHERE NOT s.built_in ORDER BY s.id',
  );
  const columns = 'ops.schedule_run (schedule_id, due_at, status, claims, began_at, finished_at, words)';
  const past = rows.flatMap(({ id, name, cron, zone }) =>
    [...dueTimes(cron, zone, new Date(now - 7 * day), new Date(now))].map((at, index) => {
      const missed = index === 2 && name !== 'daily-review';
      const ended = new Date(at.getTime() + (missed ? 12 * 3_600_000 : 2_400)).toISOString();
      const words = missed ? 'no console that may execute it was open in time' : (results[name] ?? 'done');
      return [id, at.toISOString(), missed ? 'missed' : 'succeeded', missed ? 0 : 1, missed ? null : at.toISOString(), ended, words];
    }),
  );
  await copyRows(client, columns, past);
  for (const { id, cron, zone } of rows)
    await client.query(
      'UPDATE ops.schedule SET paused_by = NULL, paused_at = NULL, looked_until = $2, next_due = $3::timestamptz[], version = 0 WHERE id = $1',
      [id, new Date(now), nextDueTimes(cron, zone, new Date(now), 3)],
    );
};
