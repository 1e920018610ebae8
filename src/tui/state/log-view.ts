import { lineFilter, type LogLevel } from '../../domain/log-lines.ts';
import { linesOf, topFor, type By } from './cursor.ts';
import { indexFrom, trimmed } from './log-ring.ts';
import type { LogLine, LogsState } from './log-types.ts';

/** What the keys go through: first what somebody looks for. */
const cycle: readonly (LogLevel | undefined)[] = [undefined, 'ERROR', 'CRITICAL', 'WARNING', 'SECURITY', 'INFO', 'DEBUG'];

/** Whether a line is shown. `!` turns words round; what the console itself says always is. */
export const shows = ({ level, words }: Pick<LogsState, 'level' | 'words'>): ((line: LogLine) => boolean) => {
  const isNot = words.startsWith('!');
  const wanted = (isNot ? words.slice(1) : words).trim();
  const ofLevel = lineFilter({ level });
  const withWords = lineFilter({ words: wanted });
  return ({ isNote, text }) => isNote || (ofLevel(text) && (wanted === '' || withWords(text) !== isNot));
};

const clamp = (value: number, least: number, most: number): number => Math.max(least, Math.min(most, value));

/** Indices of the line under the cursor and of the first visible one; -1 and 0 where there are none. */
export const placeOf = ({ at, shown }: LogsState, rows: number): { readonly cursor: number; readonly top: number } => {
  const last = shown.length - 1;
  if (!at) return { cursor: last, top: Math.max(0, shown.length - rows) };
  const cursor = Math.min(last, indexFrom(shown, at.cursor));
  return { cursor, top: topFor(Math.max(0, cursor), indexFrom(shown, at.top), rows, shown.length) };
};

/** Lines that came since the end was left. */
export const newerThan = ({ at, shown }: LogsState): number => (at ? shown.length - indexFrom(shown, at.seen + 1) : 0);

const seqAt = (shown: readonly LogLine[], index: number): number => shown[clamp(index, 0, shown.length - 1)]?.seq ?? 0;

/** Without what fell out of the ring. */
export const withoutFallen = (logs: LogsState): LogsState => {
  const from = indexFrom(logs.shown, logs.ring.lines[0]?.seq ?? logs.ring.next);
  return from === 0 ? logs : { ...logs, shown: logs.shown.slice(from) };
};

/** Puts the cursor on a line; from then on the list stands still. */
const put = (logs: LogsState, cursor: number, rows: number): LogsState => {
  const { shown, at, ring } = logs;
  const top = topFor(cursor, placeOf(logs, rows).top, rows, shown.length);
  const seen = Math.max(at?.seen ?? seqAt(shown, shown.length - 1), seqAt(shown, top + rows - 1));
  const place = { cursor: seqAt(shown, cursor), top: seqAt(shown, top), seen };
  return withoutFallen({ ...logs, ring: trimmed(ring, place.top), at: place });
};

/** Shows other lines of those that are held. Whoever looks back stays at the line under the cursor, on the same line of the screen where there is room. */
export const refiltered = (logs: LogsState, wish: Partial<Pick<LogsState, 'level' | 'words'>>, rows: number): LogsState => {
  const wished = { ...logs, ...wish };
  const next = { ...wished, shown: logs.ring.lines.filter(shows(wished)) };
  const { at } = logs;
  if (!at || next.shown.length === 0) return next;
  const before = placeOf(logs, rows);
  const cursor = Math.min(next.shown.length - 1, indexFrom(next.shown, at.cursor));
  const top = clamp(cursor - (before.cursor - before.top), 0, Math.max(0, next.shown.length - rows));
  return { ...next, at: { ...at, top: seqAt(next.shown, top) } };
};

/** The next level that is shown alone, or all again. */
export const levelStepped = (logs: LogsState, by: number, rows: number): LogsState =>
  refiltered(logs, { level: cycle[(cycle.indexOf(logs.level) + by + cycle.length) % cycle.length] }, rows);

export const moved = (logs: LogsState, by: By, rows: number): LogsState => {
  const last = logs.shown.length - 1;
  if (by === 'last') return withoutFallen({ ...logs, at: undefined, ring: trimmed(logs.ring) });
  if (last < 0) return logs;
  const { cursor } = placeOf(logs, rows);
  const goal = clamp(by === 'first' ? 0 : cursor + linesOf(by, rows), 0, last);
  return logs.at === undefined && goal === last ? logs : put(logs, goal, rows);
};

/** The line under the cursor, read whole. Meanwhile the list stands still. */
export const opened = (logs: LogsState, rows: number): LogsState => {
  const { cursor } = placeOf(logs, rows);
  return cursor < 0 ? logs : { ...put(logs, cursor, rows), whole: { scroll: 0, from: logs.at } };
};

/** Back to the list as it was, or where one has gone meanwhile. */
export const closed = (logs: LogsState): LogsState =>
  withoutFallen({ ...logs, whole: undefined, at: logs.whole?.from, ring: trimmed(logs.ring, logs.whole?.from?.top) });

export const lineAtCursor = (logs: LogsState, rows: number): LogLine | undefined => logs.shown[placeOf(logs, rows).cursor];
