import { formatShortInstant, isoInstant } from '../../domain/day.ts';
import { runProgress } from '../../domain/run.ts';
import { defineResource, on } from '../../kit/define-resource.ts';
import { whyNotAbort } from './abort.ts';
import { whyNotContinue } from './continue.ts';
import { runDetail, tones } from './detail.ts';
import { lasting } from './lasting.ts';
import { runPage, stepsOf, type RunRow, type StepRow } from './queries.ts';

export const runs = defineResource<RunRow, readonly StepRow[]>({
  id: 'runs',
  title: 'Runs',
  entity: 'run',
  aliases: ['run'],
  empty: [
    'Nothing is here yet.',
    'A run is maintenance that hosts carry out: x begins one here, as do :backups, :cleanups, :health and :hosts; :schedule plans them.',
  ],
  permission: 'run.read',
  watched: true,
  page: runPage,
  since: 'queued',
  nameOf: run => `#${run.id}`,

  columns: [
    { title: 'No', width: 6, align: 'right', cell: run => String(run.id) },
    { title: 'Run', width: 'fill', cell: run => run.title },
    { title: 'Status', width: 9, cell: run => run.status, tone: run => tones[run.status] },
    { title: 'Progress', width: 16, cell: runProgress },
    { title: 'Took', width: 12, align: 'right', cell: run => lasting(run.seconds) },
    { title: 'Queued', width: 11, sort: 'queued', cell: run => formatShortInstant(run.queuedAt), value: run => isoInstant(run.queuedAt) },
    { title: 'By', width: 12, priority: 2, cell: run => run.queuedBy },
  ],

  relate: (db, run) => stepsOf(db, run.id),
  detail: runDetail,

  actions: { a: on('runs.abort', whyNotAbort), c: on('runs.continue', whyNotContinue) },
  general: {
    h: { action: 'runbooks.host-report', inputFrom: () => ({}), whyNot: () => undefined },
    s: { action: 'runbooks.service-status', inputFrom: () => ({}), whyNot: () => undefined },
    r: { action: 'runbooks.restart-service', inputFrom: () => ({}), whyNot: () => undefined },
    l: { action: 'runbooks.search-log', inputFrom: () => ({}), whyNot: () => undefined },
    o: { action: 'runbooks.rotate-logs', inputFrom: () => ({}), whyNot: () => undefined },
    O: { action: 'runbooks.install-log-rotation', inputFrom: () => ({}), whyNot: () => undefined },
    u: { action: 'runbooks.update-application', inputFrom: () => ({}), whyNot: () => undefined },
    U: { action: 'runbooks.check-update', inputFrom: () => ({}), whyNot: () => undefined },
    k: { action: 'runbooks.roll-back-application', inputFrom: () => ({}), whyNot: () => undefined },
    y: { action: 'runbooks.security-update', inputFrom: () => ({}), whyNot: () => undefined },
    Y: { action: 'runbooks.check-security-updates', inputFrom: () => ({}), whyNot: () => undefined },
    t: { action: 'runbooks.renew-certificates', inputFrom: () => ({}), whyNot: () => undefined },
    T: { action: 'runbooks.certificate-days', inputFrom: () => ({}), whyNot: () => undefined },
    e: { action: 'runbooks.validate-environment', inputFrom: () => ({}), whyNot: () => undefined },
    p: { action: 'runbooks.deploy-platform', inputFrom: () => ({}), whyNot: () => undefined },
    m: { action: 'runbooks.apply-migrations', inputFrom: () => ({}), whyNot: () => undefined },
    M: { action: 'runbooks.show-migrations', inputFrom: () => ({}), whyNot: () => undefined },
    x: { action: 'runbooks.rotate-service-token', inputFrom: () => ({}), whyNot: () => undefined },
    X: { action: 'runbooks.verify-service-token', inputFrom: () => ({}), whyNot: () => undefined },
    w: { action: 'runbooks.weekly-export', inputFrom: () => ({}), whyNot: () => undefined },
    i: { action: 'runbooks.statistics', inputFrom: () => ({}), whyNot: () => undefined },
    v: { action: 'runbooks.vacuum', inputFrom: () => ({}), whyNot: () => undefined },
  },
  jumps: { l: run => ({ resource: 'audit', filter: `entity=run record=${run.id}` }) },
});
