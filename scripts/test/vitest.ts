import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

type Results = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
  /** What failed beside everything else and passed by itself. */
  readonly unsteady: readonly string[];
};

type TestFile = {
  readonly name: string;
  readonly status: string;
  readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
};

const readReport = (file: string): readonly TestFile[] =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { testResults: readonly TestFile[] }).testResults : [];

const start = async (reportFile: string, rest: readonly string[]): Promise<{ code: number | null; files: readonly TestFile[] }> => {
  const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
  const options = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`, ...rest];
  const child = spawn(process.execPath, [vitest, ...options], { stdio: 'inherit' });
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  return { code, files: readReport(reportFile) };
};

/** More files than this do not fail because the machine was busy. */
const mostRepeated = 3;

/**
 * Runs the tests with vitest's own output and counts them. A file that breaks before its first test, or an error between tests, counts as one. Tests here kill processes, cut
 * connections and start servers beside one another: the few files that fail in the whole run are run once more by themselves, and what then passes is named as unsteady.
 */
export const runVitest = async (reportFile: string, rest: readonly string[]): Promise<Results> => {
  const first = await start(reportFile, rest);
  const broken = first.files.filter(file => file.status === 'failed').map(({ name }) => name);
  const isRepeated = broken.length > 0 && broken.length <= mostRepeated && first.files.length > broken.length;
  if (isRepeated) console.log(`\nonce more, by themselves: ${broken.map(name => relative(process.cwd(), name)).join(', ')}`);
  const second = isRepeated ? await start(`${reportFile}.second`, ['--maxWorkers=1', ...broken]) : { code: first.code, files: [] };

  const files = [...first.files.filter(({ name }) => !isRepeated || !broken.includes(name)), ...second.files];
  const tests = files.flatMap(file => file.assertionResults);
  const failedTests = tests.filter(test => test.status === 'failed').length;
  const brokenFiles = files.filter(
    file => file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed'),
  ).length;
  const failed = failedTests + brokenFiles;
  const stillFailing = new Set(tests.filter(test => test.status === 'failed').map(test => test.fullName));
  return {
    passed: tests.filter(test => test.status === 'passed').length,
    failed: failed === 0 && second.code !== 0 ? 1 : failed,
    skipped: tests.filter(test => test.status !== 'passed' && test.status !== 'failed').map(test => test.fullName),
    unsteady: isRepeated
      ? first.files
          .flatMap(file => file.assertionResults)
          .filter(test => test.status === 'failed' && !stillFailing.has(test.fullName))
          .map(test => test.fullName)
      : [],
  };
};
