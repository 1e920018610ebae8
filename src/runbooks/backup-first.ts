import { HostName } from '../domain/remote-host.ts';
import { runWord } from '../domain/run.ts';
import type { RunStep } from '../kit/define-runbook.ts';

/** The host of the database, where that is not the first of the hosts. */
export const DatabaseHost = HostName.optional().meta({ title: 'Host of the database' });

/** Nothing that may change data begins before a backup was written and read back; begun again it is the same backup. */
export const backupStep = (host: string): RunStep => ({
  title: 'backup',
  host,
  words: ['bursar', 'maintain', 'backup', '--run', runWord],
  timeoutSeconds: 21_600,
});
