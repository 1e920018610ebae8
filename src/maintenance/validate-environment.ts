import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { usualVariables, type PlatformVariable } from '../domain/platform-upkeep.ts';
import { defineWork, WorkRefused } from './define-work.ts';

/** A secret shorter than this is guessed. */
const shortestSecret = 32;

/** Other addresses than those of the web may have no host: postgresql:///bank is the database of this machine. */
const isUrl = (value: string): boolean => URL.canParse(value) && /^(https?:\/\/[^/]|(?!https?:)[a-z][a-z0-9+.-]*:\/\/)/i.test(value);
const switchWords: ReadonlySet<string> = new Set(['true', 'false', '1', '0', 'yes', 'no', 'on', 'off']);
const onWords: ReadonlySet<string> = new Set(['true', '1', 'yes', 'on']);

const objections: Readonly<Record<PlatformVariable['kind'], (value: string) => string | undefined>> = {
  text: () => undefined,
  secret: value =>
    value.length < shortestSecret
      ? `has fewer than ${shortestSecret} characters`
      : new Set(value).size < 8 || /change.?me|example|insecure|password|secret/i.test(value)
        ? 'is no secret: anybody guesses it'
        : undefined,
  url: value => (isUrl(value) ? undefined : 'is no address'),
  number: value => (/^-?\d+(\.\d+)?$/.test(value) ? undefined : 'is no number'),
  switch: value => (switchWords.has(value.toLowerCase()) ? undefined : 'is neither on nor off'),
  list: value => (value.split(',').every(part => part.trim() !== '') ? undefined : 'has an empty part'),
};

type Seen = { readonly name: string; readonly state: 'set' | 'not set' | 'wrong'; readonly why?: string };

const look = (variable: PlatformVariable, value: string | undefined): Seen => {
  const { name, kind, required, onlyInDevelopment } = variable;
  if (value === undefined || value === '') return required ? { name, state: 'wrong', why: 'is not set' } : { name, state: 'not set' };
  if (onlyInDevelopment && onWords.has(value.toLowerCase())) return { name, state: 'wrong', why: 'is on, which is for development only' };
  const why = objections[kind](value);
  return why === undefined ? { name, state: 'set' } : { name, state: 'wrong', why };
};

/** `NAME=value` a line, as docker and systemd read it: comments, `export`, and quotes around the whole value. */
const readVariables = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split('\n').flatMap((line): [string, string][] => {
      const [, name, value = ''] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*?)\s*$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, value.replace(/^(["'])(.*)\1$/, '$2')]];
    }),
  );

/** Which of the platform's variables are set and well-formed; never what they hold. */
export const validateEnvironment = defineWork({
  name: 'validate-environment',
  summary: 'look whether the variables of the platform are set and well-formed; says no value',
  input: z.object({
    printStatus: z.enum(['yes', 'no']).default('yes').meta({ title: 'a line for each variable: yes or no' }),
  }),
  run: async ({ printStatus }, { platform, progress }) => {
    if (platform.environmentFile === undefined) {
      throw new WorkRefused('config.json of this host does not say where the variables of the platform are: platform.environmentFile');
    }
    const variables = readVariables(await readFile(platform.environmentFile, 'utf8'));
    const wanted = platform.environment ?? usualVariables;
    const seen = wanted.map(variable => look(variable, variables.get(variable.name)));
    for (const [index, { name, state, why }] of seen.entries()) {
      if (printStatus === 'yes' || state === 'wrong')
        progress((index + 1) / seen.length, `${name} ${state === 'wrong' ? (why ?? '') : `is ${state}`}`);
    }
    const wrong = seen.filter(({ state }) => state === 'wrong');
    if (wrong.length > 0)
      throw new WorkRefused(`${wrong.length} of ${seen.length}: ${wrong.map(({ name, why }) => `${name} ${why}`).join('; ')}`);
    return { variables: seen.length, set: seen.filter(({ state }) => state === 'set').length, wrong: 0 };
  },
});
