import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, inject } from 'vitest';
import { refuse } from '../../src/cli/answer.ts';
import { readGlobalFlags } from '../../src/cli/global-flags.ts';
import type { Streams } from '../../src/cli/streams.ts';
import { prepareProgram, tellError } from '../../src/commands/prepare.ts';
import { runWords } from '../../src/commands/program.ts';
import { program } from './program.ts';

/** What a command said and how it ended. */
export type Answer = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type CommandSetting = {
  /** The database; without one the command would start an embedded one in its home. */
  readonly url: string;
  /** A home of its own unless named. */
  readonly home?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** What a person answers at the terminal, in turn; without it there is no terminal. */
  readonly answers?: readonly (string | (() => Promise<string>))[];
  readonly columns?: number;
  readonly signal?: AbortSignal;
  /** Hears standard output while it is written. */
  readonly onWrite?: (text: string) => void;
};

/** What standard error says of one refusal: this sentence, or one like it. */
export const saying = (message: string | RegExp): string =>
  typeof message === 'string' ? `bursar: ${message}\n` : (expect.stringMatching(message) as string);

/** A folder for configuration and anchors that vanishes with the run. */
export const aCommandHome = (): string => {
  const home = path.join(inject('runFolder'), `command-${randomUUID().slice(0, 8)}`);
  mkdirSync(home, { mode: 0o700 });
  return home;
};

const root = new URL('../../', import.meta.url);

/** The headless command in this process, without its signals: `const bursar = aCommand({ url })`, then `await bursar('accounts', 'list')`. */
export const aCommand = ({ url, home = aCommandHome(), environment = {}, answers, columns, signal, onWrite }: CommandSetting) => {
  const env: NodeJS.ProcessEnv = { DATABASE_URL: url, BURSAR_HOME: home, BURSAR_REASON: 'a test writes', ...environment };
  const waiting = [...(answers ?? [])];
  return async (...args: string[]): Promise<Answer> => {
    let stdout = '';
    let stderr = '';
    const ask = async (question: string): Promise<string> => {
      stderr += `${question}\n`;
      const answer = waiting.shift() ?? '';
      return typeof answer === 'string' ? answer : answer();
    };
    const streams: Streams = {
      write: async text => {
        stdout += text;
        onWrite?.(text);
      },
      say: line => (stderr += `${line}\n`),
      ...(answers ? { ask } : {}),
      columns,
      environment: env,
    };
    const given = readGlobalFlags(args);
    if (!given.ok) return { code: await refuse(streams, false, given), stdout, stderr };
    try {
      const code = await runWords(prepareProgram(given.value, env, root), given.value, streams, {
        signal: signal ?? new AbortController().signal,
      });
      return { code, stdout, stderr };
    } catch (error) {
      const code = await tellError(error, streams, args.includes('--json'));
      return { code, stdout, stderr };
    }
  };
};

export type Launch = Omit<CommandSetting, 'url' | 'answers' | 'columns' | 'signal' | 'onWrite'> & {
  readonly url?: string;
  /** `out/main.js` under the launcher, or the sources, which need no build. */
  readonly built?: boolean;
};

/** The same as a process of its own. */
export const launchCommand = (
  { url, home = aCommandHome(), environment = {}, built = false }: Launch,
  ...args: string[]
): Promise<Answer> => {
  const { PATH = '', LANG = 'C.UTF-8' } = process.env;
  const env = {
    PATH,
    LANG,
    BURSAR_HOME: home,
    BURSAR_REASON: 'a test writes',
    ...(url === undefined ? {} : { DATABASE_URL: url }),
    ...environment,
  };
  const started = built ? path.join(import.meta.dirname, '..', '..', 'bin/bursar.js') : program;
  const child = spawn(process.execPath, [started, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', code => resolve({ code: code ?? -1, stdout, stderr }));
  });
};
