import type { Colours } from './style.ts';

type Env = Readonly<Record<string, string | undefined>>;
type Streams = { stdin: { isTTY?: boolean }; stdout: { isTTY?: boolean }; env: Env };

/** Why the full screen cannot be opened here, in one sentence; nothing has been touched yet. */
export const whyNoScreen = ({ stdin, stdout, env }: Streams): string | undefined => {
  if (!stdout.isTTY) return 'The full screen needs a terminal, and standard output is not one.';
  if (!stdin.isTTY) return 'The full screen needs a keyboard, and standard input is not a terminal.';
  if ((env['TERM'] ?? '') === '' || env['TERM'] === 'dumb')
    return 'This terminal cannot move its cursor (TERM is dumb or not set), so the full screen cannot be drawn.';
  return undefined;
};

/** How many colours the terminal shows, as its environment says; NO_COLOR wins (no-color.org: any value but the empty one). */
export const coloursOf = (env: Env): Colours => {
  const term = env['TERM'] ?? '';
  if ((env['NO_COLOR'] ?? '') !== '' || /^(dumb|vt\d+|.*-m(ono)?)$/.test(term)) return 0;
  if (/256|direct/.test(term) || /^(truecolor|24bit)$/.test(env['COLORTERM'] ?? '')) return 256;
  return 16;
};
