import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/**
 * Runs the tests of reliability with the full counts of TARGETS; they print their figures. `BURSAR_SEED` replays a run.
 * Arguments go to vitest: `npm run bench:reliability -- crash`.
 */
const tests = [
  'tests/integration/concurrency.test.ts',
  'tests/integration/concurrency-races.test.ts',
  'tests/integration/disputes/reversals-twice.test.ts',
  'tests/integration/operation-sequences.test.ts',
  'tests/integration/postgres-crash.test.ts',
  'tests/integration/invariants/audit-chain.test.ts',
  'tests/integration/command/killed.test.ts',
  'tests/integration/hostile-text.test.ts',
  'tests/integration/kit/audit-fails.test.ts',
  'tests/integration/kit/roles.test.ts',
  'tests/integration/secrets.test.ts',
  'tests/integration/database-restart.test.ts',
];

const wanted = process.argv.slice(2);
const chosen = wanted.length === 0 ? tests : tests.filter(test => wanted.some(part => test.includes(part)));
const vitest = path.join(import.meta.dirname, '..', 'node_modules', 'vitest', 'vitest.mjs');
// one file at a time: each brings all the load that it measures
const run = spawn(process.execPath, [vitest, 'run', '--maxWorkers=1', '--disableConsoleIntercept', '--testTimeout=3600000', ...chosen], {
  env: { ...process.env, BURSAR_FULL: '1' },
  stdio: 'inherit',
});
const [code] = (await once(run, 'exit')) as [number | null];
process.exitCode = code ?? 1;
