import path from 'node:path';
import { longestLine, type LogLevel } from '../../domain/log-lines.ts';
import { columnsOf, fit, safe } from '../../domain/safe-text.ts';
import { hostLines, logRows } from '../state/log-hosts.ts';
import { isOverfull } from '../state/log-ring.ts';
import type { LogLine, LogsState } from '../state/log-types.ts';
import { lineAtCursor, newerThan, placeOf } from '../state/log-view.ts';
import type { State } from '../state/types.ts';
import { bothEnds, paint, unpainted, within, type Ink } from '../theme.ts';
import { hostStateLines } from './log-hosts.ts';
import { scrolledTo } from './scroll.ts';
import { paragraph, pieces } from './wrap.ts';

const levelInks: Readonly<Record<LogLevel, Ink>> = {
  DEBUG: 'dim',
  INFO: 'plain',
  WARNING: 'warn',
  ERROR: 'bad',
  CRITICAL: 'bad',
  SECURITY: 'info',
};
const levelWidth = Math.max(...Object.keys(levelInks).map(name => name.length));

type Gutter = { readonly host: number; readonly file: number };

/** Columns of the gutter: hosts, and files where there are several. What a host says stands behind it. */
const gutterOf = ({ request: { hosts, file } }: LogsState, width: number): Gutter => {
  const most = Math.max(4, Math.floor(width / 6));
  const widest = (names: readonly string[]): number => Math.min(most, Math.max(4, ...names.map(name => name.length)));
  return { host: widest(hosts), file: file.length > 1 ? widest(file.map(name => path.basename(name))) : 0 };
};

const levelCell = ({ level, isNote }: LogLine): string => {
  if (isNote) return paint(fit('note', levelWidth), 'info');
  return level === undefined ? ' '.repeat(levelWidth) : paint(fit(level, levelWidth), levelInks[level]);
};

const cells = (gutter: Gutter, host: string, file: string, level: string): string =>
  [fit(host, gutter.host), ...(gutter.file > 0 ? [fit(file, gutter.file)] : []), level].join(' ');

/** Drawn lines: those that stay on screen are not drawn again. */
const drawn = new WeakMap<LogLine, { readonly key: string; readonly text: string }>();

const lineText = (line: LogLine, gutter: Gutter, width: number): string => {
  const key = `${gutter.host} ${gutter.file} ${width}`;
  const known = drawn.get(line);
  if (known?.key === key) return known.text;
  const before = cells(gutter, safe(line.host, { max: 80 }), safe(line.file, { max: 200 }), levelCell(line));
  const room = Math.max(1, width - columnsOf(unpainted(before)) - 3);
  const said = fit(safe(line.text, { max: room * 4 }), room);
  const text = `${before} | ${line.isNote ? paint(said, 'info') : said}`;
  drawn.set(line, { key, text });
  return text;
};

const plural = (count: number, word: string): string => `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`;

const emptyText = ({ ring, words, level, ended }: LogsState): string => {
  if (ring.lines.length > 0)
    return `None of ${plural(ring.lines.length, 'line')} ${[level && `has ${level}`, words && `fits /${safe(words, { max: 60 })}`].filter(Boolean).join(' and ')}.`;
  return ended === undefined ? 'No line yet: what comes shows by itself.' : 'No line came.';
};

const listPart = (logs: LogsState, width: number, height: number): readonly string[] => {
  const gutter = gutterOf(logs, width);
  const rows = Math.max(0, height - 1);
  const { cursor, top } = placeOf(logs, rows);
  const header = `  ${paint(cells(gutter, 'HOST', 'LOG', fit('LEVEL', levelWidth)), 'dim')}   ${paint('LINE', 'dim')}`;
  if (logs.shown.length === 0) return [header, '', ...paragraph(emptyText(logs), width, 'dim')];
  const lines = logs.shown.slice(top, top + rows).map((line, index) => {
    const text = lineText(line, gutter, width - 2);
    return top + index === cursor ? paint(`> ${unpainted(text)}`, 'cursor') : `  ${text}`;
  });
  return [header, ...lines];
};

/** What safe() may make of the longest line that is kept, where each character becomes several. */
const longestWhole = 60_000;

const broken = new WeakMap<LogLine, { readonly width: number; readonly lines: readonly string[] }>();

const wholeText = (line: LogLine, width: number): readonly string[] => {
  const known = broken.get(line);
  if (known?.width === width) return known.lines;
  const cut =
    line.text.length >= longestLine
      ? [paint(`  the line is longer than ${longestLine.toLocaleString('en')} characters; the rest was left out`, 'warn')]
      : [];
  const lines = [...pieces(safe(line.text, { max: longestWhole }), width - 2).map(piece => `  ${piece}`), ...cut];
  broken.set(line, { width, lines });
  return lines;
};

const wholePart = (line: LogLine, scroll: number, width: number, height: number) => {
  const title = [safe(line.host, { max: 80 }), safe(line.file, { max: 200 }), line.isNote ? 'note' : (line.level ?? '')]
    .filter(Boolean)
    .join('  ');
  return { title: paint(within(`> ${title}`, width), 'title'), ...scrolledTo(wholeText(line, width), scroll, height - 1) };
};

/** How far a whole line is really scrolled: not beyond its end. */
export const logsScroll = (state: State, logs: LogsState, scroll: number, width: number, area: number): number => {
  const line = lineAtCursor(logs, logRows(logs, state.size));
  return line ? wholePart(line, scroll, width, area - hostLines(logs, state.size)).from : 0;
};

/** Lines of logs, or one of them whole, and under them what is known of the hosts. */
export const logsLines = (state: State, logs: LogsState, width: number, height: number): readonly string[] => {
  const below = Math.min(hostLines(logs, state.size), Math.max(0, height - 2));
  const room = height - below;
  const line = logs.whole && lineAtCursor(logs, logRows(logs, state.size));
  const whole = line && wholePart(line, logs.whole?.scroll ?? 0, width, room);
  const upper = whole ? [whole.title, ...whole.shown] : listPart(logs, width, room);
  return [...Array.from({ length: room }, (_, index) => upper[index] ?? ''), ...hostStateLines(logs, state.now, width, below)];
};

/** Which logs of which hosts, what of them is read, what of that is shown, and how much is held. */
export const logsCrumbs = ({ request, ring, shown, level, words }: LogsState, width: number): string => {
  const asked = [request.level, request.words === undefined ? undefined : `"${request.words}"`]
    .filter(part => part !== undefined)
    .join(' ');
  const shownOnly = [level, words === '' ? undefined : `/${words}`].filter(part => part !== undefined).join(' ');
  const parts = [request.file.map(file => path.basename(file)).join(' '), request.hosts.join(', '), asked, shownOnly];
  const trail = [paint('Logs', 'title'), ...parts.filter(part => part !== '').map(part => safe(part, { max: 200 }))].join(' > ');
  const held = plural(ring.lines.length, 'line');
  const count = shown.length === ring.lines.length ? held : `${shown.length.toLocaleString('en')} of ${held}`;
  return bothEnds(trail, ring.fallen === 0 ? count : `${count}, ${ring.fallen.toLocaleString('en')} older let go`, width);
};

const doingOf = (logs: LogsState): string => {
  if (logs.ended !== undefined) return paint(`ended: ${safe(logs.ended, { max: 200 })}; r begins again`, 'warn');
  if (logs.paused) return paint('paused: what comes waits on the hosts, p goes on', 'warn');
  if (!logs.at) return 'following the end';
  return isOverfull(logs.ring) ? paint('it holds all it can: what comes waits on the hosts, G goes on', 'warn') : 'the list stands still';
};

/** Whether the end is followed, and what came since it was left. */
export const logsStatus = (logs: LogsState, width: number): string => {
  const newer = newerThan(logs);
  return bothEnds(doingOf(logs), newer === 0 ? '' : paint(`${newer.toLocaleString('en')} new, G`, 'info'), width);
};
