import { parseArgs } from 'node:util';
import { nearest } from '../domain/nearest.ts';
import { done, invalid, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';

/** One flag of a command. A switch is there or not (`--notify`, `--no-notify`); everything else takes a value. */
export type Flag = {
  readonly name: string;
  readonly takes?: string;
  readonly help: string;
  /** Never taken from the command line, where everybody on the machine reads it: the variable it is read from. */
  readonly secret?: string;
};

/** What was typed: words in their order, and flags by name; a switch is `yes` or `no`. */
export type Arguments = { readonly words: readonly string[]; readonly flags: Readonly<Record<string, string>> };

/** `--sort -opened`: a value may begin with a dash, but is never another flag. */
const glued = (args: readonly string[], flags: readonly Flag[]): string[] => {
  const result: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (arg === '--') return [...result, ...args.slice(index)];
    const value = args[index + 1];
    const takesValue = flags.some(flag => flag.takes !== undefined && `--${flag.name}` === arg);
    if (takesValue && value !== undefined && !value.startsWith('--')) {
      result.push(`${arg}=${value}`);
      index++;
    } else result.push(arg);
  }
  return result;
};

type Token = {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
};

const unknownFlag = (token: Token, flags: readonly Flag[]): Outcome<never> => {
  const meant = nearest(token.name, [...flags.map(flag => flag.name), 'help']);
  return invalid(`there is no flag ${safe(token.rawName, { max: 60 })} here`, meant ? `did you mean --${meant}?` : 'see --help');
};

const switchValue = (token: Token, negated: boolean): Outcome<string> => {
  const { value } = token;
  if (value === undefined) return done(negated ? 'no' : 'yes');
  if (!negated && (value === 'yes' || value === 'no')) return done(value);
  return invalid(`${token.rawName} takes no value`, `write ${token.rawName} or --no-${token.name}`);
};

const flagValue = (token: Token, flags: readonly Flag[]): Outcome<readonly [name: string, value: string]> => {
  const negated = token.name.startsWith('no-') && flags.some(flag => !flag.takes && `no-${flag.name}` === token.name);
  const flag = flags.find(({ name }) => name === (negated ? token.name.slice(3) : token.name));
  if (!flag || !token.rawName.startsWith('--')) return unknownFlag(token, flags);
  if (flag.secret)
    return invalid(`${token.rawName} is a secret and everybody can read arguments`, `set ${flag.secret}, or leave it out and be asked`);
  if (flag.takes !== undefined) {
    // What was not glued to it is the next flag, and must not be lost as a value: --note --dry-run
    if (token.value === undefined || token.inlineValue !== true)
      return invalid(`${token.rawName} needs a value`, `write ${token.rawName} ${flag.takes}`);
    return done([flag.name, token.value]);
  }
  const value = switchValue(token, negated);
  return value.ok ? done([flag.name, value.value]) : value;
};

/** Reads arguments against the flags that are known. Every refusal is a sentence with what to write instead. */
export const parseArguments = (args: readonly string[], flags: readonly Flag[]): Outcome<Arguments> => {
  const options = Object.fromEntries(
    flags.map(flag => [flag.name, { type: flag.takes === undefined ? ('boolean' as const) : ('string' as const) }]),
  );
  const { tokens } = parseArgs({ args: glued(args, flags), options, strict: false, allowPositionals: true, tokens: true });
  const words: string[] = [];
  const values: Record<string, string> = {};
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const read = flagValue(token, flags);
    if (!read.ok) return read;
    const [name, value] = read.value;
    if (values[name] !== undefined) return invalid(`--${name} is given twice`);
    values[name] = value;
  }
  return done({ words, flags: values });
};
