// `npm test`: everything that CI runs. Builds, checks the sources while two cores allow, runs the tests, and counts it all in the last line.
// Arguments go to vitest: `npm test -- tests/unit`. With REQUIRE_ALL=1 a skipped test fails the run.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkSources, runCheck } from './test/checks.ts';
import { runVitest } from './test/vitest.ts';

const totals = { passed: 0, failed: 0 };
const count = (isGood: boolean): void => {
  totals[isGood ? 'passed' : 'failed'] += 1;
};

// the generated client is needed by every check, the program by the tests
const isBuilt = await runCheck({ name: 'build', command: ['node', 'scripts/build.ts', '--if-stale'] });
count(isBuilt);

let skipped: readonly string[] = [];
if (isBuilt) {
  for (const isGood of await checkSources()) count(isGood);

  const folder = mkdtempSync(join(tmpdir(), 'bursar-results-'));
  const tests = await runVitest(join(folder, 'results.json'), process.argv.slice(2));
  rmSync(folder, { recursive: true });
  totals.passed += tests.passed;
  totals.failed += tests.failed;
  skipped = tests.skipped;
  if (tests.unsteady.length > 0)
    console.log(`\nfailed beside everything else and passed alone:\n${tests.unsteady.map(title => `  ${title}`).join('\n')}`);
}

const mayNotSkip = process.env['REQUIRE_ALL'] === '1' && skipped.length > 0;
if (mayNotSkip) console.log(`\nREQUIRE_ALL=1, but these were skipped:\n${skipped.map(title => `  ${title}`).join('\n')}`);

console.log(`\n${totals.passed} passed, ${totals.failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`);
process.exitCode = totals.failed > 0 || mayNotSkip ? 1 : 0;
