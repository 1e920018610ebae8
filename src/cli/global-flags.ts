import { invalid, done, type Outcome } from '../domain/outcome.ts';

/** What may stand anywhere on the command line, and the rest. */
export type GlobalFlags = {
  readonly help: boolean;
  readonly version: boolean;
  readonly readOnly: boolean;
  readonly debugLog: string | undefined;
  readonly rest: readonly string[];
};

const switches = { '--help': 'help', '-h': 'help', '--version': 'version', '--read-only': 'readOnly' } as const;
const isSwitch = (arg: string): arg is keyof typeof switches => Object.hasOwn(switches, arg);

/** Takes the flags that concern the program as a whole out of its arguments. */
export const readGlobalFlags = (args: readonly string[]): Outcome<GlobalFlags> => {
  const found = { help: false, version: false, readOnly: false };
  let debugLog: string | undefined;
  const rest: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (arg === '--') return done({ ...found, debugLog, rest: [...rest, ...args.slice(index)] });
    const [name, inline] = arg.startsWith('--debug-log=') ? ['--debug-log', arg.slice('--debug-log='.length)] : [arg, undefined];
    if (isSwitch(arg)) found[switches[arg]] = true;
    else if (name !== '--debug-log') rest.push(arg);
    else {
      debugLog = inline ?? args[++index];
      if (debugLog === undefined || debugLog === '' || debugLog.startsWith('--'))
        return invalid('--debug-log needs a file', 'write --debug-log FILE');
    }
  }
  return done({ ...found, debugLog, rest });
};
