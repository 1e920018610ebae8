import { fit, safe } from '../../domain/safe-text.ts';
import type { AnyResource } from '../../kit/define-resource.ts';
import { shownColumns, sortChoices } from '../state/choosers.ts';
import { resourceOf, rowAtCursor } from '../state/step.ts';
import type { Choice, Mode, State } from '../state/types.ts';
import { paint, within } from '../theme.ts';
import { bulkLines } from './bulk.ts';
import { confirmLines } from './confirm-lines.ts';
import { helpLines } from './help.ts';
import { rule } from './rule.ts';
import { tourLines } from './tour.ts';
import { paragraph, wrap } from './wrap.ts';

type Of<Kind extends Mode['kind']> = Extract<Mode, { kind: Kind }>;

/** One line of a menu: `>` before the chosen one, as in the list. */
const item = (text: string, isChosen: boolean, width: number): string =>
  isChosen ? paint(fit(`> ${text}`, width), 'cursor') : within(`  ${text}`, width);

const firstAround = (count: number, chosen: number, height: number): number =>
  Math.max(0, Math.min(chosen - Math.floor(height / 2), count - height));

/** Keeps the chosen line of a menu in sight when there is no room for all. */
const around = (lines: readonly string[], chosen: number, height: number): readonly string[] => {
  const from = firstAround(lines.length, chosen, height);
  return lines.slice(from, from + Math.max(1, height));
};

/** The same, with a word of what is left out below: whoever does not see an action does not look for it. */
const aroundWithMore = (lines: readonly string[], chosen: number, height: number): readonly string[] => {
  const below = lines.length - firstAround(lines.length, chosen, height - 1) - (height - 1);
  return lines.length <= height || below === 0
    ? around(lines, chosen, height)
    : [...around(lines, chosen, height - 1), paint(`  ${below} more below`, 'dim')];
};

const menu = (title: string, items: readonly string[], chosen: number, { width, height }: { width: number; height: number }) => [
  rule(title, width),
  ...around(
    items.map((text, index) => item(text, index === chosen, width)),
    chosen,
    height - 1,
  ),
];

/** An action that cannot be had now is grey, with the reason beside it. */
const choiceLines = ({ key, label, disabled }: Choice, labels: number, isChosen: boolean, width: number): readonly string[] => {
  const name = `${key}  ${fit(label, labels)}`;
  if (disabled === undefined) return [item(name, isChosen, width)];
  const room = Math.max(10, width - labels - 8);
  return wrap(safe(disabled, { max: 300 }), room).map((part, index) => {
    const text = `${index === 0 ? name : ' '.repeat(name.length)}   ${part}`;
    return isChosen ? item(text, index === 0, width) : paint(within(`  ${text}`, width), 'dim');
  });
};

const actionsPanel = (state: State, { choices, chosen }: Of<'actions'>, width: number, height: number): readonly string[] => {
  const row = rowAtCursor(state.view);
  const { size } = state.view.marks;
  const what = size > 0 ? `${size.toLocaleString('en')} marked records` : row ? resourceOf(state).nameOf(row) : '';
  const labels = Math.max(0, ...choices.map(({ label }) => label.length));
  const lines = choices.map((choice, index) => choiceLines(choice, labels, index === chosen, width));
  const before = lines.slice(0, chosen).reduce((sum, each) => sum + each.length, 0);
  return [rule(['Actions', what && `on ${what}`].filter(Boolean).join(' '), width), ...aroundWithMore(lines.flat(), before, height - 1)];
};

const windowPanel = (state: State, { choices, chosen }: Of<'window-menu'>, width: number, height: number): readonly string[] => {
  const { writesUntil, last } = state.pulse;
  const until = writesUntil === undefined ? 'closed' : `open until ${new Date(writesUntil).toISOString().slice(11, 16)}Z`;
  const labels = Math.max(0, ...choices.map(({ label }) => label.length));
  const lines = choices.flatMap((choice, index) => choiceLines(choice, labels, index === chosen, width));
  return [rule(['Write window', until, last?.windowReason].filter(Boolean).join(': '), width), ...around(lines, chosen, height - 1)];
};

const columnTexts = (resource: AnyResource, state: State): readonly string[] => {
  const shown = new Set(shownColumns(resource, state.view));
  const titles = Math.max(...resource.columns.map(column => column.title.length));
  return resource.columns.map((column, index) => {
    const why = index === 0 ? 'names the record, always shown' : column.sort === undefined ? '' : 'can be sorted by';
    return `[${shown.has(column.title) ? 'x' : ' '}] ${fit(column.title, titles)}  ${why}`.trimEnd();
  });
};

const sortTexts = (resource: AnyResource, { view }: State): readonly string[] =>
  sortChoices(resource).map(({ field, title }) =>
    field === view.sort.field
      ? `${title}  now: ${view.sort.descending ? 'largest or newest first' : 'smallest or oldest first'}, Enter turns it round`
      : title,
  );

const savedTexts = (state: State, names: readonly string[]): readonly string[] => {
  const widest = Math.min(40, Math.max(...names.map(name => name.length)));
  return names.map(
    name => `${fit(safe(name, { max: 60 }), widest)}  ${safe(state.saved[state.view.resource]?.[name] ?? '', { max: 200 })}`,
  );
};

const quitLines = (state: State, width: number): readonly string[] => [
  rule('Leave Bursar?', width),
  ...(state.unsettled.length > 0
    ? paragraph(
        'The outcome of something you did is not known yet. It is in the audit log under your name when it happened.',
        width,
        'warn',
      )
    : paragraph(
        'Marks and history of views are forgotten; saved filters stay. A step that runs on a host goes on there; what comes after it waits for a console that executes.',
        width,
      )),
];

/** What covers the lower part of the screen, as lines; undefined where nothing does, or where Ink draws it. */
export const panelLines = (state: State, width: number, height: number): readonly string[] | undefined => {
  const { mode } = state;
  switch (mode.kind) {
    case 'actions':
      return actionsPanel(state, mode, width, height);
    case 'window-menu':
      return windowPanel(state, mode, width, height);
    case 'columns':
      return menu('Columns', columnTexts(resourceOf(state), state), mode.chosen, { width, height });
    case 'sort':
      return menu('Sort by', sortTexts(resourceOf(state), state), mode.chosen, { width, height });
    case 'saved':
      return menu('Saved filters', savedTexts(state, mode.names), mode.chosen, { width, height });
    case 'quit':
      return quitLines(state, width);
    case 'bulk':
      return bulkLines(state, mode.bulk, width, height);
    case 'confirm':
      return confirmLines(state, mode.confirm, width, height);
    case 'help':
      return mode.tour === undefined ? helpLines(state, mode, width, height) : tourLines(mode.tour, width);
    default:
      return undefined;
  }
};
