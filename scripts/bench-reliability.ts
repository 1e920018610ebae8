// `npm run bench:reliability -- crash`: the tests of reliability with the full counts of TARGETS, those that hold the word or all of them.
import { runFullTests } from './bench/full-tests.ts';

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
  'tests/integration/sign-in/last-admin.test.ts',
];

process.exitCode = await runFullTests(tests, process.argv.slice(2));
