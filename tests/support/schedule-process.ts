// A console that executes what is due and nothing else, as a process that a test can end in the middle: URL, token, milliseconds of work, and which fifth of the jobs it does not
// know. Every execution adds a row
// to public.executed before its work, on connections of their own.
import { Pool } from 'pg';
import { setTimeout as pause } from 'node:timers/promises';
import { openDatabase } from '../../src/database/client.ts';
import { asRole } from '../../src/database/role-url.ts';
import { connectionSettings } from '../../src/database/settings.ts';
import { scheduleOf } from '../../src/kit/schedule.ts';
import type { Session } from '../../src/kit/session.ts';
import { keepScheduling } from '../../src/schedule/keep.ts';
import { notChecking, testJobs } from './schedule-bank.ts';

const [url = '', token = '', took = '0', without = ''] = process.argv.slice(2);
const db = new Pool({ ...connectionSettings(url, { applicationName: `bursar ${process.pid} executes` }), max: 4 });
const database = openDatabase({ url: asRole(url, 'bursar_operator'), applicationName: `bursar ${process.pid} schedule` });
const session = { schedule: scheduleOf(database, token) } as unknown as Session;
const work = async (job: string, at: Date): Promise<string> => {
  await db.query('INSERT INTO public.executed (job, due_at, pid) VALUES ($1, $2, $3)', [job, at, process.pid]);
  await pause(Number(took));
  return `done by ${process.pid}`;
};
const end = new AbortController();
process.once('SIGTERM', () => end.abort());
process.stdout.write('ready\n');
const jobs = testJobs(work).filter((_, index) => String(index % 5) !== without);
await keepScheduling(() => session, jobs, {
  ...notChecking,
  signal: end.signal,
  beat: '* * * * * *',
  onExecuted: () => undefined,
  onMissed: () => undefined,
  onError: error => process.stderr.write(`${String(error)}\n`),
});
process.exit(0);
