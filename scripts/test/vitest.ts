import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

type Results = { readonly passed: number; readonly failed: number; readonly skipped: readonly string[] };

/** The part of vitest's JSON report that is counted. */
type Report = {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
};

const readReport = (file: string): Report => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : { testResults: [] });

/** Runs the tests with vitest's own output and counts them. A file that breaks before its first test, or an error between tests, counts as one. */
export const runVitest = async (reportFile: string, rest: readonly string[]): Promise<Results> => {
  const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
  const options = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`, ...rest];
  const child = spawn(process.execPath, [vitest, ...options], { stdio: 'inherit' });
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));

  const files = readReport(reportFile).testResults;
  const tests = files.flatMap(file => file.assertionResults);
  const failedTests = tests.filter(test => test.status === 'failed').length;
  const brokenFiles = files.filter(
    file => file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed'),
  ).length;
  const failed = failedTests + brokenFiles;
  return {
    passed: tests.filter(test => test.status === 'passed').length,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: tests.filter(test => test.status !== 'passed' && test.status !== 'failed').map(test => test.fullName),
  };
};
