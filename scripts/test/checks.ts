import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** One command that is content or not; what it says is shown only when it is not. */
type Check = { readonly name: string; readonly command: readonly [string, ...string[]] };

const checks: readonly Check[] = [
  { name: 'types', command: ['tsc'] },
  { name: 'lint', command: ['oxlint', 'src', 'scripts', 'tests', 'bin', 'vitest.config.ts'] },
  { name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'] },
  { name: 'import law', command: ['node', 'scripts/import-law.ts'] },
  { name: 'unused code', command: ['knip', '--no-progress'] },
];

const root = join(import.meta.dirname, '../..');
/** The project's own tools and Node first, also when this was not started by npm. */
const environment = { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}` };

/** Whether the check is content. */
export const runCheck = async ({ name, command: [program, ...rest] }: Check): Promise<boolean> => {
  const started = performance.now();
  const child = spawn(program, rest, { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(code === 0 ? `✓ ${name} ${seconds} s` : `✗ ${name} ${seconds} s\n${said.trimEnd()}`);
  return code === 0;
};

/** Types, lint, format, import law and unused code, two at a time: more would only wait for the cores. */
export const checkSources = async (): Promise<readonly boolean[]> => {
  const results: boolean[] = [];
  const waiting = checks.values();
  const work = async (): Promise<void> => {
    for (const check of waiting) results.push(await runCheck(check));
  };
  await Promise.all([work(), work()]);
  return results;
};
