import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import type { Direct } from '../../database/direct.ts';
import { fingerprintOfKey, machinePrefix } from '../../domain/machine.ts';
import type { PlatformProfile } from '../../domain/platform-profile.ts';
import type { Runbook } from '../../kit/define-runbook.ts';
import { storedJson, type NewRun } from '../../kit/queue-run.ts';
import { runOf } from '../../kit/runbook-action.ts';
import type { NamedHost } from '../../resources/hosts/queries.ts';
import { backup, backupFiles } from '../../runbooks/backups.ts';
import { certificateDays } from '../../runbooks/certificates.ts';
import { fullCleanup } from '../../runbooks/cleanup.ts';
import { vacuum } from '../../runbooks/database-upkeep.ts';
import { rotateLogs } from '../../runbooks/log-rotation.ts';
import { drill } from '../../runbooks/restore.ts';
import { weeklyExport } from '../../runbooks/weekly.ts';
import { nextDueTimes } from '../../schedule/due-times.ts';
import { demoHostName, demoService } from './places.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** Whoever looks at a new demo is not surprised by what its plan begins, even at night; in milliseconds. */
const quietFor = 2 * hour;
/** Whoever opens a demo in the morning does not find a backup running that was due at night, in minutes; what only looks is made up for. */
const [soon, halfDay] = [30, 720];
const note = 'planned as every bank should have it';

type Plan = { readonly name: string; readonly cron: string; readonly catchUp: number; readonly run: NewRun; readonly isPaused?: true };

const planned = <Input extends z.ZodObject, Facts>(runbook: Runbook<Input, Facts>, facts: Facts, input: z.output<Input>): NewRun =>
  runOf(runbook, facts, input, runbook.steps(facts, input));

/** What a bank should have planned, by night and one after the other; a drill each week, and a rotation of logs that somebody has paused. */
const plansOf = (host: NamedHost, platform: PlatformProfile): readonly Plan[] => {
  const [at, upkeep] = [
    { host: host.name, note },
    { hosts: [host], platform },
  ];
  const everywhere = { hosts: [host.name], note };
  return [
    { name: 'backup', cron: '0 2 * * *', catchUp: soon, run: planned(backup, host, at) },
    { name: 'backup-files', cron: '30 2 * * *', catchUp: soon, run: planned(backupFiles, host, at) },
    { name: 'full-cleanup', cron: '0 3 * * 0', catchUp: soon, run: planned(fullCleanup, host, at) },
    { name: 'vacuum', cron: '30 3 * * 0', catchUp: soon, run: planned(vacuum, host, { ...at, table: '' }) },
    { name: 'drill', cron: '0 4 * * 0', catchUp: soon, run: planned(drill, { last: undefined }, at) },
    { name: 'weekly-export', cron: '30 4 * * 0', catchUp: soon, run: planned(weeklyExport, upkeep, at) },
    {
      name: 'log-rotation',
      cron: '0 5 * * 1',
      catchUp: soon,
      run: planned(rotateLogs, upkeep, { ...everywhere, name: demoService }),
      isPaused: true,
    },
    // a machine without openssl has no certificate to look at
    ...(platform.certificates.length === 0
      ? []
      : [{ name: 'certificates', cron: '30 5 * * *', catchUp: halfDay, run: planned(certificateDays, upkeep, everywhere) }]),
  ];
};

const insertPlan = `
  INSERT INTO ops.schedule (name, title, words, cron, permission, repeatable, catch_up_minutes, looked_until, next_due, runbook, plan, planned_by, planned_at, paused_by, paused_at)
  SELECT $1, left($2, 100), 'queues a run: ' || $2, $3, 'host.use', true, $4, $5, $6, $7, $8, o.id, $9::timestamptz, CASE WHEN $10 THEN o.id END, CASE WHEN $10 THEN $9::timestamptz END
    FROM ops.operator o WHERE o.name = 'sven' ON CONFLICT (name) DO NOTHING`;

/** A plan that nobody has executed yet: its history begins with the first time that a console is open when it is due. */
const plan = async (client: Direct, { name, cron, catchUp, run: { runbook, ...run }, isPaused }: Plan, zone: string, now: Date) => {
  const from = new Date(now.getTime() + quietFor);
  const next = nextDueTimes(cron, zone, from, 3);
  await client.query(insertPlan, [name, run.title, cron, catchUp, from, next, runbook, storedJson(run), now, isPaused === true]);
};

/** Days ago when the machine was added, and days for which its key still stands: few enough to be warned of. */
const [added, left] = [18, 12];

const insertMachine = `
  WITH operator AS (
    INSERT INTO ops.operator (name, display_name, created_by, created_at)
    SELECT $1, 'Machine ' || $2, o.id, $3 FROM ops.operator o WHERE o.name = 'ada' ON CONFLICT (name) DO NOTHING RETURNING id, created_by
  ), machine AS (
    INSERT INTO ops.machine (operator_id, name, place, networks, added_at) SELECT id, $2, $4, '{127.0.0.0/8}', $3 FROM operator
  )
  INSERT INTO ops.machine_key (operator_id, fingerprint, asked_by, approved_at, valid_until) SELECT id, $5, created_by, $3, $6 FROM operator`;

/** A machine whose key was made and thrown away: it never signed in, and nobody can in its name. */
const addMachine = (client: Direct, now: number) => {
  const [name, key] = ['backup1', randomBytes(32).toString('base64url')];
  return client.query(insertMachine, [
    `${machinePrefix}${name}`, name, new Date(now - added * day), `${demoHostName}, nightly backups`, fingerprintOfKey(key), new Date(now + left * day),
  ]); // prettier-ignore
};

/** Plans what is done by the clock on the demo's host and adds a machine, in the caller's transaction, which has set triggers aside. Claims nothing that was not done. */
export const operate = async (client: Direct, platform: PlatformProfile): Promise<void> => {
  const { rows } = await client.query<NamedHost & { now: Date; zone: string }>(
    `SELECT h.id, h.name, h.environment, h.retired_at AS "retiredAt", clock_timestamp() AS now, c.time_zone AS zone FROM ops.host h, bank.calendar c WHERE h.name = $1`,
    [demoHostName],
  );
  const [found] = rows;
  if (!found) return;
  const { now, zone, ...host } = found;
  for (const each of plansOf(host, platform)) await plan(client, each, zone, now);
  await addMachine(client, now.getTime());
};
