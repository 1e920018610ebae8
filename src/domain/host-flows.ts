import type { Flow, FlowStep } from './flow-step.ts';

type Runbook = { readonly key: string; readonly id: string };

/** A step that a run of a runbook on this host ticks, whoever asked for it. */
const run = (id: string, title: string, words: string, ...runbooks: readonly Runbook[]): FlowStep => ({
  id,
  title,
  words,
  acts: runbooks.map(({ key, id: runbook }) => ({ key, action: `runbooks.${runbook}`, verb: `runs ${runbook}` })),
});

/** A step that asks somebody to look; what was found is noted with x k. */
const look = (id: string, title: string, words: string, resource: string, filter = ''): FlowStep => ({
  id,
  title,
  words,
  look: () => ({ resource, filter }),
});

/** The keys after `x` on a step about a host. */
export const hostKeys = {
  report: { key: 'h', id: 'host-report' },
  status: { key: 't', id: 'service-status' },
  restart: { key: 'r', id: 'restart-service' },
  search: { key: 'g', id: 'search-log' },
  backup: { key: 'B', id: 'backup' },
  validate: { key: 'v', id: 'validate-environment' },
  migrations: { key: 'M', id: 'show-migrations' },
  migrate: { key: 'm', id: 'apply-migrations' },
  update: { key: 'u', id: 'update-application' },
  rollBack: { key: 'U', id: 'roll-back-application' },
  deploy: { key: 'y', id: 'deploy-platform' },
  statistics: { key: 'i', id: 'statistics' },
  vacuum: { key: 'w', id: 'vacuum' },
  certificates: { key: 'c', id: 'certificate-days' },
  token: { key: 'V', id: 'verify-service-token' },
  rotate: { key: 'R', id: 'rotate-logs' },
  restore: { key: 'z', id: 'restore' },
} as const satisfies Readonly<Record<string, Runbook>>;

const healthAgain = look(
  'watch',
  'Watch it for a while',
  'The health pane keeps measuring: open it until it has been well for some minutes.',
  'health',
);

const serviceFault: Flow = {
  id: 'service-fault',
  title: 'Service fault',
  about: 'host',
  steps: [
    run('status', 'What systemd says of the service', 'Up or down, since when, and its last forty lines.', hostKeys.status),
    run('logs', 'Errors of its log', 'Level ERROR, of today: the first one says more than the last.', hostKeys.search),
    run('load', 'Is the host itself well', 'Load, memory, disks: a full disk looks like every other fault.', hostKeys.report),
    run('variables', 'Are its variables right', 'Set and well-formed; a deployment may have lost one.', hostKeys.validate),
    run('migrations', 'Does the database have its migrations', 'A release that came without them fails at its first page.', hostKeys.migrations),
    run('restart', 'Restart it, or take the earlier release', 'Restart where it hangs; roll back where it broke with an update.', hostKeys.restart, hostKeys.rollBack),
    healthAgain,
  ],
}; // prettier-ignore

const databaseFault: Flow = {
  id: 'database-fault',
  title: 'Database fault',
  about: 'host',
  steps: [
    run('ready', 'What systemd says of the database', 'Up or down; its unit is postgresql.', hostKeys.status),
    run('logs', 'Errors of its log', 'Level ERROR and CRITICAL: "no space left", "too many clients", "corrupt".', hostKeys.search),
    run('load', 'Is the host itself well', 'Without space a database stops: free some before anything else.', hostKeys.report),
    look('locks', 'Who waits for whom', 'A session that blocks others is named with what it does.', 'locks'),
    look('statements', 'What takes long', 'The slowest statements of now.', 'statements'),
    run('restart', 'Restart it', 'Only once the log is read: a restart takes what it says with it. Where it does not come up, restore (x z).', hostKeys.restart, hostKeys.restore),
    healthAgain,
  ],
}; // prettier-ignore

const mailFault: Flow = {
  id: 'mail-fault',
  title: 'Mail fault',
  about: 'host',
  steps: [
    look('outbox', 'What waits in the outbox', 'Notices that wait or were given up, each with its last error.', 'notices', 'status=dead'),
    look('probe', 'Does the mail server answer', 'The probe of SMTP, in the health pane.', 'health'),
    run('logs', 'What the log says of mail', 'Search for smtp, mail, or the address.', hostKeys.search),
    run('restart', 'Restart what sends', 'The service that sends mail, where the server is well and nothing leaves.', hostKeys.restart),
    look('again', 'Send again what was given up', 'On each: x r. Nothing is sent twice.', 'notices', 'status=dead'),
  ],
}; // prettier-ignore

const slowness: Flow = {
  id: 'slowness',
  title: 'Slowness',
  about: 'host',
  steps: [
    run('load', 'Is the host busy', 'Load above the number of its processors, or no memory left.', hostKeys.report),
    run('stats', 'How large everything is', 'Sizes, rows, dead rows, temporary files.', hostKeys.statistics),
    look('statements', 'What takes long', 'The slowest statements of now; the same one often means a missing index.', 'statements'),
    look('locks', 'Who waits for whom', 'One that blocks others makes all of them slow.', 'locks'),
    look('tables', 'Which tables have dead rows', 'Many dead rows: cleanup and vacuum.', 'tables'),
    look('cleanup', 'Clean up what nobody needs', 'Each policy counts first: x there.', 'policies'),
    run('vacuum', 'Vacuum and analyze', 'Reads and writes go on meanwhile.', hostKeys.vacuum),
    healthAgain,
  ],
}; // prettier-ignore

const memory: Flow = {
  id: 'memory',
  title: 'Memory',
  about: 'host',
  steps: [
    run('load', 'How much is left', 'MemAvailable counts, not MemFree.', hostKeys.report),
    run('killed', 'Was something killed for it', 'Search the journal or /var/log/syslog for "out of memory".', hostKeys.search),
    run('status', 'How much the service takes', 'systemd tells memory and tasks of each service.', hostKeys.status),
    run('restart', 'Restart what grew', 'It comes back with what it needs; what made it grow stays to be found.', hostKeys.restart),
    healthAgain,
  ],
}; // prettier-ignore

const jobsFault: Flow = {
  id: 'jobs-fault',
  title: 'Jobs fault',
  about: 'host',
  steps: [
    run('worker', 'What systemd says of the worker', 'Up or down, since when, and its last forty lines.', hostKeys.status),
    run('logs', 'What the worker said', 'Level ERROR, of today.', hostKeys.search),
    look('queue', 'Does the queue answer', 'The probe of Valkey, in the health pane.', 'health'),
    look('stuck', 'Which jobs are stuck', 'Events of the jobs: what began and never ended.', 'events', 'level=error'),
    run('restart', 'Restart the worker', 'What it had taken is taken again; a job that must not run twice is looked at first.', hostKeys.restart),
    healthAgain,
  ],
}; // prettier-ignore

const fullRecovery: Flow = {
  id: 'full-recovery',
  title: 'Full recovery',
  about: 'host',
  steps: [
    run('host', 'Is the new host as it should be', 'Processors, memory, disks; its key is pinned before anything else.', hostKeys.report),
    look('backup', 'Which backup is whole', 'The newest that was verified; its time is what is lost since.', 'backups'),
    run('environment', 'Put .env in its place, and validate it', 'From the backup of files; nothing else says whether it is all there.', hostKeys.validate),
    run('code', 'Code, dependencies and static files', 'The release that the backup was taken with, by the steps of the profile.', hostKeys.update, hostKeys.rollBack),
    run('database', 'Restore the database', 'Into a database of its own, checked there, and only then in place of the old one.', hostKeys.restore),
    look('media', 'Uploads and files', 'The newest copy of the backup of files, back into its folders.', 'backups'),
    run('migrations', 'Migrations', 'Only where the release is newer than the backup.', hostKeys.migrations, hostKeys.migrate),
    run('start', 'Start it', 'Variables, migrations, start, and well three times in a row.', hostKeys.deploy, hostKeys.restart),
    run('certificates', 'Certificates', 'Days left of each; a new host has none of its own yet.', hostKeys.certificates),
    run('token', 'The services know each other', 'The token of the front end is taken by the back end.', hostKeys.token),
    run('backup-again', 'Take a backup', 'The new host has none of its own.', hostKeys.backup),
    healthAgain,
  ],
}; // prettier-ignore

/** What to do about a host in trouble, in the order in which it helps; each step one key away. */
export const hostFlows = [serviceFault, databaseFault, mailFault, slowness, memory, jobsFault, fullRecovery] as const;
export const hostFlowIds = ['service-fault', 'database-fault', 'mail-fault', 'slowness', 'memory', 'jobs-fault', 'full-recovery'] as const;

/** Runbooks that work on one host, which is the database's; all others take several. */
const onOneHost: ReadonlySet<string> = new Set(
  ['backup', 'show-migrations', 'apply-migrations', 'statistics', 'vacuum', 'verify-service-token', 'restore'].map(id => `runbooks.${id}`),
);

/** The field of a runbook's action that names where it works. */
export const hostFieldOf = (action: string): 'host' | 'hosts' => (onOneHost.has(action) ? 'host' : 'hosts');
