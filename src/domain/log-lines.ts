import { z } from 'zod';
import type { Day } from './day.ts';

/** A log by its whole path, or several; without `..`, so that what is allowed by its beginning is where it seems to be. */
export const LogFiles = z
  .string()
  .trim()
  .regex(/^(?!.*\.\.)\/[A-Za-z0-9._@+=/-]{1,250}([\s,]+\/[A-Za-z0-9._@+=/-]{1,250}){0,19}$/, 'are whole paths of logs, at most twenty')
  .transform(typed => [...new Set(typed.split(/[\s,]+/))]);

/** Characters of a line that are kept; what is longer is cut, so that a log without line ends fills no memory. */
export const longestLine = 16_000;

/** What a line is shown with whose beginning was not read, as others end that are cut. */
const cutMark = '~';

/** The rest of a line; undefined where nothing of it is left. Its first character may be half of one. */
export const restOfLine = (text: string): string | undefined => {
  const rest = text.replace(/^\uFFFD+/, '');
  return rest === '' ? undefined : `${cutMark}${rest}`;
};

export const logLevels = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL', 'SECURITY'] as const;
export type LogLevel = (typeof logLevels)[number];

/** How logs call a level, as words of a line. */
const names: Readonly<Record<LogLevel, readonly string[]>> = {
  DEBUG: ['DEBUG'],
  INFO: ['INFO', 'NOTICE'],
  WARNING: ['WARNING', 'WARN'],
  ERROR: ['ERROR', 'ERR'],
  CRITICAL: ['CRITICAL', 'CRIT', 'FATAL', 'ALERT', 'EMERG', 'PANIC'],
  SECURITY: ['SECURITY'],
};

const levelOfName: ReadonlyMap<string, LogLevel> = new Map(logLevels.flatMap(level => names[level].map(name => [name, level] as const)));
const anyLevel = new RegExp(`(?<![A-Za-z0-9_])(?:${[...levelOfName.keys()].join('|')})(?![A-Za-z0-9_])`, 'i');

/** The level that a line names first; undefined for one that names none. */
export const levelOf = (line: string): LogLevel | undefined => levelOfName.get(anyLevel.exec(line)?.[0].toUpperCase() ?? '');

/** An extended regular expression of grep that finds a level as a word; of constants only. */
export const levelPattern = (level: LogLevel): string => names[level].join('|');

/** Which log and why it is none that may be read; undefined if all may: what lies under /var/log, and what the profile names. */
export const whyNotRead = (files: readonly string[], named: readonly string[]): string | undefined => {
  const odd = files.find(file => !file.startsWith('/var/log/') && !named.includes(file));
  return odd === undefined ? undefined : `${odd} is neither under /var/log nor a log of the profile of the platform`;
};

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** A day as logs write it: ISO 8601, syslog (RFC 3164), and the common log format of web servers. */
export const dayInLogs = (day: Day): readonly [iso: string, syslog: string, access: string] => {
  const [year = '', month = '', date = ''] = day.split('-');
  const name = months[Number(month) - 1] ?? '';
  return [day, `${name} ${String(Number(date)).padStart(2)}`, `${date}/${name}/${year}`];
};

/** What a line must have to be shown; without a wish every line is. */
export type LineWish = { readonly level?: LogLevel | undefined; readonly words?: string | undefined };

/** Whether a line is wished for: the level as a word, the words as they stand, both without regard to case. */
export const lineFilter = ({ level, words }: LineWish): ((line: string) => boolean) => {
  const pattern = level === undefined ? undefined : new RegExp(`(?<![A-Za-z0-9_])(?:${levelPattern(level)})(?![A-Za-z0-9_])`, 'i');
  const wanted = words?.toLowerCase();
  return line => (pattern?.test(line) ?? true) && (wanted === undefined || line.toLowerCase().includes(wanted));
};
