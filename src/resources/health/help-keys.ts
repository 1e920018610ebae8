import { thresholdKey, type ThresholdLevel } from '../../domain/health-thresholds.ts';
import type { Binding } from '../../kit/define-resource.ts';
import type { HealthRow } from './page.ts';

type Input = Readonly<Record<string, string>>;

const isDatabase = ({ host, of }: HealthRow): boolean => host === null && (of.group === 'database' || of.group === 'ledger');
const isBackup = ({ of }: HealthRow): boolean => of.group === 'backup';
const isHost = ({ host }: HealthRow): boolean => host !== null;
const isService = ({ measure }: HealthRow): boolean => measure === 'host-service' || measure.startsWith('platform-');
const one = (...names: readonly string[]) => ({ measure }: HealthRow): boolean => names.includes(measure); // prettier-ignore

/** Where its database is maintained; left to whoever types where no host has said that it has it. */
const onDatabase = ({ host, databaseHost }: HealthRow): Input => {
  const name = host ?? databaseHost;
  return name === undefined ? {} : { host: name };
};
const onHost = ({ host }: HealthRow): Input => (host === null ? {} : { hosts: host });
const onService = (row: HealthRow): Input => ({ ...onHost(row), ...(row.measure === 'host-service' ? { service: row.subject } : {}) });

/** A key that stands in the menu of the rows that it helps with. */
const helping = (action: string, fits: (row: HealthRow) => boolean, inputFrom: (row: HealthRow) => Input): Binding<HealthRow> => ({
  action,
  single: true,
  fits,
  inputFrom,
  called: ({ host, databaseHost, name }) => host ?? databaseHost ?? name,
  whyNot: () => undefined,
});

/** Changes a threshold of the row: both are settings. */
const setting = (level: ThresholdLevel, title: string): Binding<HealthRow> => ({
  action: 'settings.edit',
  title,
  single: true,
  fits: ({ thresholds }) => thresholds[level] !== undefined,
  inputFrom: ({ thresholds }) => ({ id: thresholds[level] ?? '' }),
  called: ({ measure }) => thresholdKey(measure, level),
  whyNot: () => undefined,
});

const roomy = one('dead-rows', 'wraparound', 'capacity', 'database-size', 'cache-hits', 'slowest-statement', 'host-database-room');

/** What helps with what was measured, one key away from its row. */
export const helpKeys: Readonly<Record<string, Binding<HealthRow>>> = {
  p: helping('runbooks.probe-hosts', isHost, onHost),
  h: helping('runbooks.host-report', isHost, onHost),
  s: helping('runbooks.service-status', isService, onService),
  r: helping('runbooks.restart-service', isService, onService),
  n: helping('runbooks.renew-certificates', one('host-certificate'), onHost),
  u: helping('runbooks.check-security-updates', one('host-updates'), onHost),
  t: helping('runbooks.statistics', isDatabase, onDatabase),
  c: helping('runbooks.cleanup-estimate', row => roomy(row) || one('host-disk', 'host-inodes')(row), row => ({ ...onDatabase(row), policy: 'all' })),
  v: helping('runbooks.vacuum', roomy, onDatabase),
  i: helping('runbooks.unused-indexes', one('unused-indexes', 'broken-indexes'), onDatabase),
  o: helping('runbooks.orphans', one('orphans'), onDatabase),
  b: helping('runbooks.backup', isBackup, onDatabase),
  d: helping('runbooks.drill', isBackup, onDatabase),
  k: setting('look', 'Change from when it is "look"'),
  w: setting('wrong', 'Change from when it is "wrong"'),
  j: helping('schedule.run-now', ({ job }) => job !== undefined, ({ job }) => (job === undefined ? {} : { id: String(job) })),
}; // prettier-ignore
