import { stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Streams } from '../cli/streams.ts';
import { fail, ok, warn, type Check } from './check.ts';

const checkNode = (): Check => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = major > 24 || (major === 24 && minor >= 7);
  return fits ? ok('node', process.versions.node) : fail('node', `${process.versions.node} is too old`, 'install Node 24.7 or newer');
};

const checkTerminal = ({ columns, environment }: Streams): Check => {
  const term = environment['TERM'] ?? '';
  if (columns === undefined) return ok('terminal', 'standard output is none; headless commands work, the full screen needs one');
  if (term === '' || term === 'dumb')
    return warn(
      'terminal',
      `TERM is ${term || 'not set'}: the full screen cannot be drawn`,
      'set TERM to what your terminal is, such as xterm-256color',
    );
  return columns < 80
    ? warn('terminal', `${columns} columns`, 'make it 80 columns wide or more')
    : ok('terminal', `${term}, ${columns} columns`);
};

const checkLocale = ({ environment }: Streams): Check => {
  const locale = environment['LC_ALL'] || environment['LC_CTYPE'] || environment['LANG'] || '';
  if (/utf-?8/i.test(locale)) return ok('locale', locale);
  return warn('locale', `${locale || 'none is set'}: names with other letters than ASCII may be drawn wrong`, 'set LANG=C.UTF-8');
};

const modeOf = async (file: string): Promise<number | undefined> => {
  try {
    return (await stat(file)).mode & 0o777;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

/** Started by root, the server runs under another account that has to pass through the home: it may enter and not look. */
const forbidden = (): number => (process.geteuid?.() === 0 ? 0o066 : 0o077);

const checkHome = async (home: string): Promise<Check> => {
  const mode = await modeOf(home);
  if (mode === undefined) return ok('home', `${home} is made at the first start`);
  return (mode & forbidden()) === 0
    ? ok('home', `${home}, ${octal(mode)}`)
    : fail('home', `${home} is open to others (${octal(mode)})`, `run chmod 700 ${home}`);
};

const checkSecrets = async (home: string): Promise<readonly Check[]> => {
  const found = await Promise.all(
    ['config.json', 'anchor.key', 'anchors.jsonl'].map(async name => ({ name, mode: await modeOf(path.join(home, name)) })),
  );
  const open = found.flatMap(({ name, mode }) =>
    mode !== undefined && (mode & 0o077) !== 0
      ? [fail(name, `is open to others (${octal(mode)})`, `run chmod 600 ${path.join(home, name)}`)]
      : [],
  );
  return open.length > 0 ? open : [ok('files', 'configuration, anchors and their key are private')];
};

/** Bytes below which the database is in danger, and below which one should look for room. */
const tooLittle = 200 * 2 ** 20;
const scarce = 2 * 2 ** 30;

const checkDisk = async (home: string): Promise<Check> => {
  const folder = (await modeOf(home)) === undefined ? path.dirname(home) : home;
  const { bavail, bsize } = await statfs(folder).catch(() => statfs('/'));
  const free = bavail * bsize;
  const message = `${(free / 2 ** 30).toFixed(1)} GiB free`;
  if (free < tooLittle) return fail('disk', message, 'make room: a full disk stops the database');
  return free < scarce ? warn('disk', message, 'make room soon') : ok('disk', message);
};

/** What can be seen without a database. */
export const checkMachine = async (home: string, streams: Streams): Promise<readonly Check[]> => [
  checkNode(),
  checkTerminal(streams),
  checkLocale(streams),
  await checkHome(home),
  ...(await checkSecrets(home)),
  await checkDisk(home),
];
