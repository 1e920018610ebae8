import { contextOf, type Context } from './state/context.ts';
import type { Intent } from './state/events.ts';
import type { State } from './state/types.ts';
import { resourceOf } from './state/step.ts';
import { waysOpen } from './state/undo.ts';
import { lacksWindow } from './state/write-window.ts';
import type { Key } from './terminal/key.ts';

/** A key and what it means. Hint bar, help and docs/keys.md are made from these rows. */
export type KeyRow = {
  /** What has the focus when the key means this. */
  readonly in: readonly Context[];
  /** Names of keys: `j`, `^d`, `alt+left`, `enter`; `letter` is any letter or digit. */
  readonly keys: readonly string[];
  /** `field`: the field with the focus takes the key itself. */
  readonly intent: Intent | ((name: string) => Intent) | 'field';
  /** For the hint bar: `j/k move`. Keys without it are told by the help alone. */
  readonly hint?: string;
  /** What it does, in one line. */
  readonly long: string;
  /** Whether it is offered now; a key that is not says why when it is pressed. */
  readonly when?: (state: State) => boolean;
};

/** Letters are words that are typed then, and move nothing. */
const typesWords = ({ mode }: State): boolean => mode.kind === 'confirm' && mode.confirm.words !== '';

/** Whether somebody looks back in logs, and does not follow their end. */
const isLookingBack = ({ mode }: State): boolean => mode.kind === 'logs' && mode.logs.at !== undefined;
const isWhole = ({ mode }: State): boolean => mode.kind === 'logs' && mode.logs.whole !== undefined;
const hasEnded = ({ mode }: State): boolean => mode.kind === 'logs' && mode.logs.ended !== undefined;

const browse: readonly Context[] = ['list', 'detail'];
const list: readonly Context[] = ['list'];
const lines: readonly Context[] = ['filter', 'command'];
const form: readonly Context[] = ['field', 'choice', 'buttons'];
const choosers: readonly Context[] = ['sort', 'columns', 'saved'];
/** Where letters choose. */
const menus: readonly Context[] = ['actions', 'window'];
/** Instead of the bank: before somebody signed in, while it is locked or of another schema, after the session ended. */
const covers: readonly Context[] = ['sign-in', 'lock', 'lacking', 'ended'];
const scrollers: readonly Context[] = ['confirm', 'bulk', 'help', 'log-line'];
/** A list of records, or of lines. */
const lists: readonly Context[] = [...browse, 'logs'];
const logs: readonly Context[] = ['logs', 'log-line'];

const move = (by: Extract<Intent, { name: 'moved' }>['by']): Intent => ({ name: 'moved', by });
const plain = (name: Exclude<Intent, { by: unknown } | { index: unknown } | { key: unknown } | { letter: unknown }>['name']): Intent => ({
  name,
});
const jumps = (key: 'u' | 'a' | 't' | 'l' | 'T') => (state: State) => resourceOf(state).jumps[key] !== undefined;

// prettier-ignore
const moving: readonly KeyRow[] = [
  { in: [...lists, ...choosers, ...scrollers], keys: ['j', 'down'], intent: move(1), hint: 'j/k move', long: 'one line down', when: state => !typesWords(state) },
  { in: [...lists, ...choosers, ...scrollers], keys: ['k', 'up'], intent: move(-1), long: 'one line up' },
  { in: menus, keys: ['down'], intent: move(1), long: 'next choice' },
  { in: menus, keys: ['up'], intent: move(-1), long: 'choice before' },
  { in: [...lists, ...choosers, ...scrollers], keys: ['g', 'home'], intent: move('first'), long: 'to the beginning' },
  { in: [...browse, ...choosers, ...scrollers], keys: ['G', 'end'], intent: move('last'), long: 'to the end' },
  { in: [...lists, ...scrollers], keys: ['^d'], intent: move('half-down'), long: 'half a page down' },
  { in: [...lists, ...scrollers], keys: ['^u'], intent: move('half-up'), long: 'half a page up' },
  { in: [...lists, ...choosers, ...scrollers], keys: ['pagedown', '^f'], intent: move('page-down'), long: 'a page down' },
  { in: [...lists, ...choosers, ...scrollers], keys: ['pageup', '^b'], intent: move('page-up'), long: 'a page up' },
  { in: ['logs'], keys: ['G', 'end'], intent: move('last'), hint: 'G follow', long: 'to the end, and follow what comes', when: isLookingBack },
  { in: browse, keys: ['n'], intent: { name: 'record-chosen', by: 1 }, long: 'next record that matches the filter, also while its detail is open' },
  { in: browse, keys: ['N'], intent: { name: 'record-chosen', by: -1 }, long: 'record before it' },
];

// prettier-ignore
const finding: readonly KeyRow[] = [
  { in: browse, keys: ['/'], intent: plain('filter-opened'), hint: '/ filter', long: 'filter: text, column=value, ranges like 100..200, ! turns round' },
  { in: browse, keys: [':'], intent: plain('command-opened'), hint: ': go', long: 'command line: a pane with a filter, save, export, quit' },
  { in: list, keys: ['space'], intent: plain('marked'), hint: 'Space mark', long: 'mark the record, or take its mark away' },
  { in: list, keys: ['V'], intent: plain('range-marked'), long: 'begin a range; a second time marks all up to the cursor' },
  { in: list, keys: ['*'], intent: plain('all-marked'), long: 'mark all that match the filter, as they are now, at most 10,000' },
  { in: list, keys: ['enter'], intent: plain('opened'), hint: 'Enter open', long: 'open the record, or where it leads' },
  { in: list, keys: ['d'], intent: plain('detail-opened'), long: 'open the detail of the record' },
  { in: browse, keys: ['escape'], intent: plain('escaped'), long: 'close the detail, then clear range, marks and filter, then go back' },
  { in: browse, keys: ['tab', 'shift+tab'], intent: plain('tabbed'), long: 'from the list to the detail and back' },
  { in: browse, keys: ['x'], intent: plain('actions-opened'), hint: 'x actions', long: 'actions on the record or the marked ones; the next letter chooses' },
  { in: browse, keys: ['z'], intent: plain('undone'), hint: 'z undo', long: 'undo the last thing done; shows first what that does', when: state => state.done.some(done => waysOpen(state, done, state.now).length > 0) },
];

// prettier-ignore
const going: readonly KeyRow[] = [
  { in: browse, keys: ['L'], intent: plain('logs-asked'), hint: 'L logs', long: 'follow logs of the host of this record, or of the marked ones', when: state => resourceOf(state).hostOf !== undefined },
  { in: browse, keys: ['u'], intent: { name: 'jumped', key: 'u' }, hint: 'u user', long: 'the user of this record', when: jumps('u') },
  { in: browse, keys: ['a'], intent: { name: 'jumped', key: 'a' }, hint: 'a account', long: 'the account of this record', when: jumps('a') },
  { in: browse, keys: ['t'], intent: { name: 'jumped', key: 't' }, hint: 't transactions', long: 'the transactions of this record', when: jumps('t') },
  { in: browse, keys: ['l'], intent: { name: 'jumped', key: 'l' }, hint: 'l log', long: 'what the audit log says about this record', when: jumps('l') },
  { in: browse, keys: ['T'], intent: { name: 'jumped', key: 'T' }, hint: 'T trace', long: 'everything with the same correlation id as this record, as it happened', when: jumps('T') },
  { in: browse, keys: ['[', 'alt+left'], intent: plain('went-back'), long: 'back; cursor and marks come back too' },
  { in: browse, keys: [']', 'alt+right'], intent: plain('went-forward'), long: 'forward again' },
  { in: browse, keys: ['-'], intent: plain('went-last'), long: 'the view before this one, and back' },
  { in: browse, keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'], intent: name => ({ name: 'pane-chosen', index: Number(name) - 1 }), long: 'the pane with that number' },
];

// prettier-ignore
const looking: readonly KeyRow[] = [
  { in: list, keys: ['s'], intent: plain('sort-opened'), long: 'choose what the list is sorted by' },
  { in: list, keys: ['S'], intent: plain('sort-reversed'), long: 'turn the order round' },
  { in: list, keys: ['c'], intent: plain('columns-opened'), long: 'choose columns' },
  { in: list, keys: ['w'], intent: plain('widened'), long: 'all columns, or the usual ones' },
  { in: list, keys: ['<', 'left'], intent: { name: 'scrolled', by: -1 }, long: 'scroll columns back' },
  { in: list, keys: ['>', 'right'], intent: { name: 'scrolled', by: 1 }, long: 'scroll columns; the first one stays' },
  { in: browse, keys: ['W'], intent: plain('window-opened'), hint: 'W write', long: 'the write window: opens it with a reason and a length, closes or renews it', when: lacksWindow },
  { in: browse, keys: ['i'], intent: plain('inbox-opened'), hint: 'i inbox', long: 'what waits for a decision', when: state => (state.pulse.last?.inbox ?? 0) > 0 },
  { in: browse, keys: ['m'], intent: plain('note-opened'), long: 'note something on this record or the marked ones; notes stay' },
  { in: browse, keys: ['!'], intent: plain('incident-opened'), long: 'declare an incident' },
  { in: browse, keys: ['p'], intent: plain('paused'), hint: 'p pause', long: 'pause live updates, and go on' },
  { in: browse, keys: ['r'], intent: plain('refreshed'), hint: 'r show new', long: 'read again; shows rows that came on top', when: state => state.view.newer > 0 },
  { in: list, keys: ['F'], intent: plain('followed'), long: 'follow: new rows show at once' },
  { in: browse, keys: ['y'], intent: plain('copied'), long: 'copy the name of the record' },
  { in: browse, keys: ['Y'], intent: plain('link-copied'), long: 'copy a link to the record; the command line opens it' },
  { in: browse, keys: ['E'], intent: plain('export-opened'), long: 'export the list as CSV or JSON' },
  { in: ['list', 'detail', 'actions', ...choosers, 'bulk', 'confirm', ...logs], keys: ['?'], intent: plain('helped'), hint: '? help', long: 'help for what has the focus' },
  { in: browse, keys: ['q'], intent: plain('quit-asked'), long: 'close the view; at the last one, ask whether to leave' },
  { in: browse, keys: ['^c'], intent: plain('interrupted'), long: 'cancel what is being read, or ask whether to leave' },
];

// prettier-ignore
const following: readonly KeyRow[] = [
  { in: ['logs'], keys: ['/'], intent: plain('filter-opened'), hint: '/ filter', long: 'show only lines that hold the words that are typed; ! turns round' },
  { in: ['logs'], keys: ['l'], intent: { name: 'stepped', by: 1 }, hint: 'l level', long: 'show only lines with the next level: ERROR, CRITICAL, WARNING, SECURITY, INFO, DEBUG, all' },
  { in: ['logs'], keys: ['L'], intent: { name: 'stepped', by: -1 }, long: 'the level before it' },
  { in: ['logs'], keys: ['p'], intent: plain('paused'), hint: 'p pause', long: 'pause, and go on where it was: what is not read stays on the hosts' },
  { in: ['logs'], keys: ['enter'], intent: plain('opened'), hint: 'Enter whole', long: 'the whole line under the cursor' },
  { in: logs, keys: ['n'], intent: { name: 'record-chosen', by: 1 }, hint: 'n next', long: 'next line, also while one is read whole', when: isWhole },
  { in: logs, keys: ['N'], intent: { name: 'record-chosen', by: -1 }, long: 'line before it' },
  { in: logs, keys: ['y'], intent: plain('copied'), long: 'copy the line' },
  { in: logs, keys: ['r'], intent: plain('refreshed'), hint: 'r begin again', long: 'follow the same logs again, once nothing more comes', when: hasEnded },
  { in: logs, keys: ['escape'], intent: plain('escaped'), hint: 'Esc back', long: 'close the whole line, then clear words and level, then go back; nothing is left on the hosts' },
  { in: logs, keys: [':'], intent: plain('command-opened'), hint: ': go', long: 'command line; they are followed on while it is typed, and no longer once it leads to a list' },
  { in: logs, keys: ['q'], intent: plain('quit-asked'), long: 'close' },
  { in: logs, keys: ['^c'], intent: plain('interrupted'), long: 'stop following, and go back' },
  { in: ['log-words'], keys: ['enter'], intent: plain('confirmed'), hint: 'Enter keep', long: 'keep the words' },
];

// prettier-ignore
const typing: readonly KeyRow[] = [
  { in: lines, keys: ['enter'], intent: plain('confirmed'), hint: 'Enter do it', long: 'filter, or carry the command out' },
  { in: lines, keys: ['tab'], intent: plain('tabbed'), hint: 'Tab complete', long: 'complete; again for the next possibility' },
  { in: lines, keys: ['shift+tab'], intent: plain('back-tabbed'), long: 'possibility before' },
  { in: lines, keys: ['up'], intent: move(-1), hint: 'Up earlier', long: 'what was typed earlier' },
  { in: lines, keys: ['down'], intent: move(1), long: 'what was typed later' },
  { in: ['filter', 'command', 'field', 'words', 'log-words', 'sign-in', 'lock'], keys: ['^u'], intent: plain('cleared'), long: 'empty the field' },
  { in: ['field', 'buttons'], keys: ['tab', 'down'], intent: plain('tabbed'), hint: 'Tab next', long: 'next field' },
  { in: ['field', 'buttons'], keys: ['shift+tab', 'up'], intent: plain('back-tabbed'), long: 'field before' },
  { in: ['choice'], keys: ['tab'], intent: plain('tabbed'), hint: 'Tab next', long: 'next field' },
  { in: ['choice'], keys: ['shift+tab'], intent: plain('back-tabbed'), long: 'field before' },
  { in: ['choice'], keys: ['up', 'down'], intent: 'field', hint: 'Up/Down choose', long: 'choice before, next choice' },
  { in: ['choice'], keys: ['right', 'space'], intent: { name: 'stepped', by: 1 }, long: 'next choice' },
  { in: ['choice'], keys: ['left'], intent: { name: 'stepped', by: -1 }, long: 'choice before' },
  { in: ['choice'], keys: ['letter'], intent: name => ({ name: 'letter-typed', letter: name }), long: 'the choice that begins with this letter' },
  { in: form, keys: ['enter'], intent: plain('confirmed'), hint: 'Enter on', long: 'next field; after the last one, show what will happen' },
  { in: ['sign-in'], keys: ['tab', 'down'], intent: plain('tabbed'), hint: 'Tab next', long: 'next field' },
  { in: ['sign-in'], keys: ['shift+tab', 'up'], intent: plain('back-tabbed'), long: 'field before' },
  { in: ['sign-in'], keys: ['enter'], intent: plain('confirmed'), hint: 'Enter on', long: 'next field; after the last one, sign in' },
  { in: ['lock'], keys: ['enter'], intent: plain('confirmed'), hint: 'Enter unlock', long: 'unlock' },
  { in: ['ended'], keys: ['enter'], intent: plain('confirmed'), hint: 'Enter go on', long: 'sign in again; in a demo, leave' },
  { in: ['lacking', 'ended'], keys: ['q'], intent: plain('quit-asked'), hint: 'q leave', long: 'leave the console' },
  { in: covers, keys: ['^c'], intent: plain('interrupted'), hint: '^C leave', long: 'ask whether to leave' },
  { in: ['sign-in'], keys: ['escape'], intent: plain('escaped'), long: 'ask whether to leave' },
];

// prettier-ignore
const deciding: readonly KeyRow[] = [
  { in: ['actions'], keys: ['letter'], intent: name => ({ name: 'letter-typed', letter: name }), hint: 'letter chooses', long: 'the action with this letter' },
  { in: ['window'], keys: ['letter'], intent: name => ({ name: 'letter-typed', letter: name }), hint: 'letter chooses', long: 'what to do with the write window' },
  { in: ['window'], keys: ['W'], intent: plain('window-opened'), long: 'close' },
  { in: [...menus, ...choosers], keys: ['enter'], intent: plain('confirmed'), hint: 'Enter choose', long: 'choose' },
  { in: ['columns'], keys: ['space'], intent: plain('toggled'), hint: 'Space show', long: 'show the column, or hide it' },
  { in: ['words'], keys: ['pagedown'], intent: move('page-down'), long: 'a page down' },
  { in: ['words'], keys: ['pageup'], intent: move('page-up'), long: 'a page up' },
  { in: ['confirm', 'words', 'bulk'], keys: ['tab'], intent: plain('tabbed'), hint: 'Tab next', long: 'next button' },
  { in: ['confirm', 'words', 'bulk'], keys: ['shift+tab'], intent: plain('back-tabbed'), long: 'button before' },
  { in: ['confirm', 'bulk'], keys: ['right'], intent: { name: 'stepped', by: 1 }, long: 'next button' },
  { in: ['confirm', 'bulk'], keys: ['left'], intent: { name: 'stepped', by: -1 }, long: 'button before' },
  { in: ['confirm', 'words'], keys: ['down'], intent: move(1), hint: 'Up/Down scroll', long: 'scroll the preview down', when: typesWords },
  { in: ['words'], keys: ['up'], intent: move(-1), long: 'scroll the preview up' },
  { in: ['confirm', 'words', 'bulk'], keys: ['enter'], intent: plain('confirmed'), hint: 'Enter press', long: 'press the button that has the focus' },
  { in: ['confirm'], keys: ['letter'], intent: name => ({ name: 'letter-typed', letter: name }), long: 'where words are asked for: goes to their field', when: state => state.mode.kind === 'confirm' && state.mode.confirm.words !== '' },
  { in: ['help'], keys: ['t'], intent: plain('toured'), hint: 't tour', long: 'a two-minute tour' },
  { in: ['help'], keys: ['right'], intent: { name: 'stepped', by: 1 }, long: 'next step of the tour' },
  { in: ['help'], keys: ['left'], intent: { name: 'stepped', by: -1 }, long: 'step before' },
  { in: ['help'], keys: ['enter'], intent: plain('confirmed'), long: 'next step of the tour, or close' },
  { in: ['help', 'bulk', ...choosers], keys: ['q'], intent: plain('quit-asked'), long: 'close' },
  { in: ['help'], keys: ['?'], intent: plain('helped'), long: 'close' },
  { in: ['quit'], keys: ['enter', 'y'], intent: plain('confirmed'), hint: 'Enter leave', long: 'leave the console' },
  { in: ['quit'], keys: ['n'], intent: plain('escaped'), long: 'stay' },
  { in: ['filter', 'command', 'log-words', ...form, ...menus, 'confirm', 'words', 'bulk', ...choosers, 'help', 'quit'], keys: ['escape'], intent: plain('escaped'), hint: 'Esc cancel', long: 'close; nothing is changed' },
  { in: ['filter', 'command', 'log-words', ...form, ...menus, 'confirm', 'words', 'bulk', ...choosers, 'help', 'quit'], keys: ['^c'], intent: plain('interrupted'), long: 'as Esc; where it asks whether to leave, leave' },
];

const everywhere: readonly Context[] = [
  ...browse,
  ...lines,
  ...form,
  ...menus,
  'confirm',
  'words',
  'bulk',
  ...logs,
  'log-words',
  ...choosers,
  'help',
  'quit',
  ...covers,
];

// prettier-ignore
const terminal: readonly KeyRow[] = [
  { in: everywhere, keys: ['^l'], intent: plain('redrawn'), long: 'draw the screen anew' },
  { in: everywhere, keys: ['^z'], intent: plain('suspended'), long: 'lock, and back to the shell; fg comes back here' },
];

/** The one key table. Earlier rows are hinted first. */
const keyTable: readonly KeyRow[] = [...moving, ...finding, ...going, ...looking, ...following, ...typing, ...deciding, ...terminal];

/** The name of a key as the table writes it. */
const nameOfKey = ({ name, ctrl, alt, shift }: Key): string => {
  if (ctrl) return `^${name.toLowerCase()}`;
  if (alt) return `alt+${name}`;
  return shift && name === 'tab' ? 'shift+tab' : name;
};

const rows: ReadonlyMap<Context, ReadonlyMap<string, KeyRow>> = new Map(
  everywhere.map(context => {
    const here = keyTable.filter(row => row.in.includes(context));
    return [context, new Map(here.toReversed().flatMap(row => row.keys.map(key => [key, row] as const)))];
  }),
);

const isLetter = (key: Key): boolean => key.text !== '' && /^[\p{L}\p{N}\p{P}\p{S}]/u.test(key.text);

/** What a key means now; undefined where it means nothing. */
export const intentOf = (state: State, key: Key): Intent | undefined => {
  const here = rows.get(contextOf(state));
  const name = nameOfKey(key);
  const asksForWords = typesWords(state) && isLetter(key);
  const row = asksForWords ? here?.get('letter') : (here?.get(name) ?? (isLetter(key) ? here?.get('letter') : undefined));
  if (!row || row.intent === 'field') return undefined;
  return typeof row.intent === 'function' ? row.intent(key.text === '' ? name : key.text) : row.intent;
};

/** The rows that are offered for what has the focus, for hint bar and help. */
export const rowsFor = (context: Context): readonly KeyRow[] => keyTable.filter(row => row.in.includes(context));
