import { execFile } from 'node:child_process';

/** What a program printed and how it ended; one that is not there ends with 127, one that takes too long with 124. */
export const run = (
  program: string,
  words: readonly string[],
  { timeoutMs = 20_000, signal }: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<{ readonly code: number; readonly output: string }> =>
  new Promise(resolve => {
    execFile(
      program,
      [...words],
      { timeout: timeoutMs, maxBuffer: 4_194_304, killSignal: 'SIGKILL', ...(signal ? { signal } : {}) },
      (error, output) => {
        const code = !error ? 0 : error.killed ? 124 : typeof error.code === 'number' ? error.code : 127;
        resolve({ code, output });
      },
    );
  });
