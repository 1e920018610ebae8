import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..', '..');

/**
 * Runs tests with the full counts of TARGETS; they print their figures, and `BURSAR_SEED` replays a run. Of the files those are run that hold one of the words of the
 * command line, all without any. Resolves with the exit code.
 */
export const runFullTests = async (tests: readonly string[], wanted: readonly string[]): Promise<number> => {
  const chosen = wanted.length === 0 ? tests : tests.filter(test => wanted.some(part => test.includes(part)));
  const vitest = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
  // one file at a time: each brings all the load that it measures
  const run = spawn(process.execPath, [vitest, 'run', '--maxWorkers=1', '--disableConsoleIntercept', '--testTimeout=3600000', ...chosen], {
    env: { ...process.env, BURSAR_FULL: '1' },
    stdio: 'inherit',
  });
  const [code] = (await once(run, 'exit')) as [number | null];
  return code ?? 1;
};
