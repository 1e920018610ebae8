import { safe } from '../../domain/safe-text.ts';
import { openCommand } from './command.ts';
import type { Step } from './effects.ts';
import type { Intent } from './events.ts';
import { openHelp, scrolledBy } from './help.ts';
import { layoutOf } from './layout.ts';
import { logsLeft } from './log-form.ts';
import { logRows } from './log-hosts.ts';
import type { LogsState } from './log-types.ts';
import { closed, levelStepped, lineAtCursor, moved, opened, refiltered } from './log-view.ts';
import { changeMode } from './mode.ts';
import { browsing, newRequest, stay, step, withFlash } from './step.ts';
import type { State } from './types.ts';

/** The state with the logs that are followed as they are now, whatever lies over them. */
export const withLogs = (state: State, logs: LogsState): State => ({
  ...state,
  mode: changeMode(state.mode, 'logs', () => ({ kind: 'logs', logs })),
});

const close = (state: State): Step => stay(withFlash(browsing(state), 'info', logsLeft));

/** Closes what is open, then clears, then goes back: the whole line, the words, the level, the screen. */
const escape = (state: State, logs: LogsState): Step => {
  const calm = { ...state, flash: undefined };
  const rows = logRows(logs, state.size);
  if (logs.whole) return stay(withLogs(calm, closed(logs)));
  if (logs.words !== '') return stay(withLogs(calm, refiltered(logs, { words: '' }, rows)));
  if (logs.level !== undefined) return stay(withLogs(calm, refiltered(logs, { level: undefined }, rows)));
  return close(calm);
};

/** Asks for the same logs anew, once nothing more comes. */
const begin = (state: State, logs: LogsState): Step => {
  if (logs.ended === undefined || logs.again !== undefined) return stay(withFlash(state, 'info', 'they are followed already'));
  const { state: next, request: again } = newRequest(state);
  return step(withLogs(next, { ...logs, again }), { kind: 'open-logs', follow: again, request: logs.request });
};

const copy = (state: State, logs: LogsState): Step => {
  const line = lineAtCursor(logs, logRows(logs, state.size));
  return line ? step(state, { kind: 'copy', text: safe(line.text, { max: 4_000 }), what: 'the line' }) : stay(state);
};

const move = (state: State, logs: LogsState, by: Extract<Intent, { name: 'moved' }>['by']): Step => {
  const { whole } = logs;
  if (!whole) return stay(withLogs(state, moved(logs, by, logRows(logs, state.size))));
  const { bodyLines, strip } = layoutOf(state.size);
  return stay(withLogs(state, { ...logs, whole: { ...whole, scroll: scrolledBy(whole.scroll, by, bodyLines + strip) } }));
};

/** Keys while words are typed that the lines are filtered by. */
const wordsPressed = (state: State, logs: LogsState, { before, edition }: NonNullable<LogsState['typing']>, intent: Intent): Step => {
  switch (intent.name) {
    case 'confirmed':
      return stay(withLogs(state, { ...logs, typing: undefined }));
    case 'escaped':
    case 'interrupted':
      return stay(withLogs(state, { ...refiltered(logs, { words: before }, logRows(logs, state.size)), typing: undefined }));
    case 'cleared':
      return stay(
        withLogs(state, { ...refiltered(logs, { words: '' }, logRows(logs, state.size)), typing: { before, edition: edition + 1 } }),
      );
    default:
      return stay(state);
  }
};

/** Filters while words are typed. */
export const typeLogWords = (state: State, logs: LogsState, words: string): Step =>
  stay(logs.typing && words !== logs.words ? withLogs(state, refiltered(logs, { words }, logRows(logs, state.size))) : state);

/** Keys while logs are followed. */
export const logsPressed = (state: State, logs: LogsState, intent: Intent): Step => {
  const rows = logRows(logs, state.size);
  if (logs.typing) return wordsPressed(state, logs, logs.typing, intent);
  switch (intent.name) {
    case 'moved':
      return move(state, logs, intent.by);
    case 'record-chosen': {
      const next = moved(logs, intent.by, rows);
      return stay(withLogs(state, next.whole ? { ...next, whole: { scroll: 0, from: next.at } } : next));
    }
    case 'opened':
      return stay(withLogs(state, opened(logs, rows)));
    case 'filter-opened':
      return stay(withLogs(state, { ...logs, typing: { before: logs.words, edition: 0 } }));
    case 'stepped':
      return stay(withLogs(state, levelStepped(logs, intent.by, rows)));
    case 'paused':
      return stay(withLogs(state, { ...logs, paused: !logs.paused }));
    case 'refreshed':
      return begin(state, logs);
    case 'copied':
      return copy(state, logs);
    case 'command-opened':
      return openCommand(state);
    case 'helped':
      return openHelp(state);
    case 'escaped':
      return escape(state, logs);
    case 'quit-asked':
      return logs.whole ? escape(state, logs) : close(state);
    case 'interrupted':
      return close(state);
    default:
      return stay(state);
  }
};
