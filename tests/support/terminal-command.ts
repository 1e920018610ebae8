import { codeAt } from '../../src/domain/totp.ts';
import { refuse } from '../../src/cli/answer.ts';
import { readGlobalFlags } from '../../src/cli/global-flags.ts';
import type { Streams } from '../../src/cli/streams.ts';
import { prepareProgram, tellError } from '../../src/commands/prepare.ts';
import { runWords } from '../../src/commands/program.ts';
import { aCommandHome, type Answer } from './command.ts';

const root = new URL('../../', import.meta.url);
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The bytes behind base32 without padding. */
const fromBase32 = (text: string): Buffer => {
  const bits = Array.from(text, letter => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map(byte => Number.parseInt(byte, 2)));
};

/** The seed that a screen told, as an authenticator app reads it. */
export const seedIn = (said: string): Buffer => fromBase32(/secret=([A-Z2-7]+)/.exec(said)?.[1] ?? '');

/** What a person answers to a question, who has read everything until then. */
export type Person = (question: string, said: string) => string | Promise<string>;

/** A person who enrols with a password and reads the codes of their app. */
export const enrolling =
  (password: string, others: Readonly<Record<string, string>> = {}): Person =>
  (question, said) => {
    const other = Object.entries(others).find(([words]) => question.includes(words));
    if (other) return other[1];
    if (/New password|The same again/.test(question)) return password;
    if (question.includes('code that the app shows')) return codeAt(seedIn(said), Date.now());
    return 'y';
  };

type Setting = {
  readonly url: string;
  readonly home?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly person?: Person;
};

/** The headless command with a person at the terminal: `const bursar = atTerminal({ url, person })`, then `await bursar('enrol', 'ada')`. */
export const atTerminal =
  ({ url, home = aCommandHome(), environment = {}, person }: Setting) =>
  async (...args: string[]): Promise<Answer & { readonly asked: readonly string[] }> => {
    const env: NodeJS.ProcessEnv = { DATABASE_URL: url, BURSAR_HOME: home, LANG: 'C.UTF-8', ...environment };
    let stdout = '';
    let stderr = '';
    const asked: string[] = [];
    const streams: Streams = {
      write: async text => void (stdout += text),
      say: line => void (stderr += `${line}\n`),
      ...(person
        ? {
            ask: async (question: string) => {
              asked.push(question);
              return person(question, stderr);
            },
          }
        : {}),
      columns: undefined,
      environment: env,
    };
    const given = readGlobalFlags(args);
    if (!given.ok) return { code: await refuse(streams, false, given), stdout, stderr, asked };
    try {
      const code = await runWords(prepareProgram(given.value, env, root), given.value, streams, { signal: new AbortController().signal });
      return { code, stdout, stderr, asked };
    } catch (error) {
      return { code: await tellError(error, streams, args.includes('--json')), stdout, stderr, asked };
    }
  };
