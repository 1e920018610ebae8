import { invalid, done, type Outcome } from '../domain/outcome.ts';

/** What may stand anywhere on the command line, and the rest. */
export type GlobalFlags = {
  readonly help: boolean;
  readonly version: boolean;
  readonly readOnly: boolean;
  /** In a demo: the role whose operator acts. */
  readonly as: string | undefined;
  readonly debugLog: string | undefined;
  readonly rest: readonly string[];
};

const switches = { '--help': 'help', '-h': 'help', '--version': 'version', '--read-only': 'readOnly' } as const;
const isSwitch = (arg: string): arg is keyof typeof switches => Object.hasOwn(switches, arg);

const valued = { '--debug-log': ['debugLog', 'FILE'], '--as': ['as', 'ROLE'] } as const;
const isValued = (name: string): name is keyof typeof valued => Object.hasOwn(valued, name);

/** Takes the flags that concern the program as a whole out of its arguments. */
export const readGlobalFlags = (args: readonly string[]): Outcome<GlobalFlags> => {
  const found = { help: false, version: false, readOnly: false };
  const values: { debugLog: string | undefined; as: string | undefined } = { debugLog: undefined, as: undefined };
  const rest: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (arg === '--') return done({ ...found, ...values, rest: [...rest, ...args.slice(index)] });
    const [name = '', inline] =
      arg.startsWith('--') && arg.includes('=') ? [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)] : [arg];
    if (isSwitch(arg)) found[switches[arg]] = true;
    else if (!isValued(name)) rest.push(arg);
    else {
      const [key, placeholder] = valued[name];
      const value = inline ?? args[++index];
      if (value === undefined || value === '' || value.startsWith('--'))
        return invalid(`${name} needs a ${placeholder.toLowerCase()}`, `write ${name} ${placeholder}`);
      values[key] = value;
    }
  }
  return done({ ...found, ...values, rest });
};
