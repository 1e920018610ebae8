import type { Context } from '../state/context.ts';

/** Names of keys as people know them. */
const names: Readonly<Record<string, string>> = {
  space: 'Space',
  enter: 'Enter',
  escape: 'Esc',
  tab: 'Tab',
  'shift+tab': 'S-Tab',
  up: 'Up',
  down: 'Down',
  left: 'Left',
  right: 'Right',
  home: 'Home',
  end: 'End',
  pageup: 'PgUp',
  pagedown: 'PgDn',
  letter: 'a letter',
  'alt+left': 'Alt-Left',
  'alt+right': 'Alt-Right',
};

const shownKey = (key: string): string => names[key] ?? (key.startsWith('^') ? key.toUpperCase() : key);

/** The keys of a row of the key table as help and cheat sheet write them. */
export const shownKeys = (keys: readonly string[]): readonly string[] =>
  keys.length > 2 && keys.every(key => /^\d$/.test(key)) ? [`${keys[0]}-${keys.at(-1)}`] : keys.map(shownKey);

/** Where keys mean something, in words: `Keys in a list`. */
export const contextTitles: Readonly<Record<Context, string>> = {
  list: 'a list',
  detail: 'a record',
  filter: 'the filter line',
  command: 'the command line',
  actions: 'the actions',
  field: 'a field',
  choice: 'a choice',
  buttons: 'the buttons of a form',
  confirm: 'a confirmation',
  words: 'the words of a confirmation',
  bulk: 'a bulk action',
  sort: 'the order',
  columns: 'the columns',
  saved: 'saved filters',
  window: 'the write window',
  logs: 'followed logs',
  'log-line': 'a whole line of a log',
  'log-words': 'the words that lines of logs are filtered by',
  help: 'the help',
  quit: 'the last question',
  'sign-in': 'the sign-in',
  lock: 'the locked console',
  lacking: 'a bank whose migrations wait',
  ended: 'a session that ended',
};
