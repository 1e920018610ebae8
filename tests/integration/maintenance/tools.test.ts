import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { runProgram } from '../../../src/maintenance/tools.ts';
import { aCommandHome } from '../../support/command.ts';

const inShell = (script: string, signal: AbortSignal, ...args: readonly string[]): Promise<string> =>
  runProgram('/bin/sh', ['-c', script, 'sh', ...args], { signal });

test('a program that is told to end is waited for: it may write until then', async () => {
  const file = path.join(aCommandHome(), 'written');
  const abort = new AbortController();
  const running = inShell(
    'trap \'sleep 0.3; echo last >> "$1"; exit 1\' TERM; echo begun > "$1"; while :; do sleep 0.02; done',
    abort.signal,
    file,
  ).catch((error: unknown) => error);
  await vi.waitUntil(() => existsSync(file) && readFileSync(file, 'utf8') === 'begun\n', { timeout: 60_000 });
  abort.abort(new Error('enough'));
  expect(await running).toMatchObject({ message: 'enough' });
  expect(readFileSync(file, 'utf8')).toBe('begun\nlast\n');
});

test('what it started and left running is not waited for', async () => {
  const abort = new AbortController();
  const file = path.join(aCommandHome(), 'pid');
  const running = inShell('sleep 600 & echo $! > "$1"; wait', abort.signal, file).catch((error: unknown) => error);
  await vi.waitUntil(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'), { timeout: 60_000 });
  abort.abort(new Error('enough'));
  expect(await running).toMatchObject({ message: 'enough' });
  process.kill(Number(readFileSync(file, 'utf8')), 'SIGKILL');
});

test('a program that is not there is an error, not an end', async () => {
  await expect(runProgram('/nowhere/program', [], { signal: new AbortController().signal })).rejects.toMatchObject({ code: 'ENOENT' });
});
