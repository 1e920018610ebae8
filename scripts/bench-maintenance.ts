// `npm run bench:maintenance -- restore`: what TARGETS says of maintenance (rows 16 to 24, 26 and 27), with its full counts.
import { runFullTests } from './bench/full-tests.ts';

const tests = [
  'tests/integration/remote/host-keys.test.ts',
  'tests/integration/remote/runs.test.ts',
  'tests/integration/remote/detached.test.ts',
  'tests/integration/remote/faults.test.ts',
  'tests/integration/remote/demo-host.test.ts',
  'tests/integration/maintenance/backup.test.ts',
  'tests/integration/maintenance/backup-faults.test.ts',
  'tests/integration/maintenance/sealed-files.test.ts',
  'tests/integration/maintenance/sealed-files-reliability.test.ts',
  'tests/integration/maintenance/restore-files.test.ts',
  'tests/integration/maintenance/carry-forward.test.ts',
  'tests/integration/maintenance/restore.test.ts',
  'tests/integration/maintenance/restore-kills.test.ts',
  'tests/integration/maintenance/restore-races.test.ts',
  'tests/integration/maintenance/restore-aborts.test.ts',
  'tests/integration/maintenance/restore-back.test.ts',
  'tests/integration/maintenance/restore-runs.test.ts',
  'tests/integration/remote/ends-itself.test.ts',
  'tests/integration/maintenance/restore-versions.test.ts',
  'tests/integration/maintenance/restore-offline.test.ts',
  'tests/e2e/restore-offline.test.ts',
  'tests/integration/maintenance/cleanup-reliability.test.ts',
  'tests/integration/maintenance/more-policies.test.ts',
  'tests/integration/schedule/planned-runs.test.ts',
  'tests/integration/machines/daemon.test.ts',
];

process.exitCode = await runFullTests(tests, process.argv.slice(2));
