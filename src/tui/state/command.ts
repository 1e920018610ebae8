import { nearest } from '../../domain/nearest.ts';
import { conflict, invalid, type Outcome, done } from '../../domain/outcome.ts';
import { commands, completeCommand, resourceNamed } from './completion.ts';
import type { Step } from './effects.ts';
import type { Intent } from './events.ts';
import { openHelp } from './help.ts';
import { cleared, completed, recalled, refusedLine, remembered, retyped } from './line.ts';
import { askForLogs, logsLeft } from './log-form.ts';
import { lockNow } from './lock.ts';
import { become } from './operator.ts';
import { applySaved, forgetFilter, openSaved, saveFilter } from './saved.ts';
import { newLine } from './start.ts';
import { browsing, stay, step, withFlash, withMode } from './step.ts';
import type { Line, Mode, State } from './types.ts';
import { openList } from './views.ts';

/** What the line lies over, if it is no list. */
const logsUnder = ({ mode }: State): Mode | undefined => (mode.kind === 'logs' ? mode : mode.kind === 'command' ? mode.under : undefined);

const withLine = (state: State, line: Line): State => {
  const under = logsUnder(state);
  return withMode(state, { kind: 'command', line, ...(under && { under }) });
};

/** Without the line: what it lay over goes on. */
const without = (state: State): State => {
  const under = logsUnder(state);
  return under ? withMode(state, under) : browsing(state);
};

export const openCommand = (state: State, text = ''): Step =>
  stay(withLine(state, { ...newLine(text), completions: completeCommand(state, text) }));

/** `bursar://bank/accounts/17`, as `Y` copies it. */
const linkPattern = /^bursar:\/\/[^/]*\/([a-z-]+)\/(\d{1,18})$/;

const openLink = (state: State, link: string): Outcome<Step> => {
  const [, name = '', id = ''] = linkPattern.exec(link) ?? [];
  const resource = resourceNamed(state, name);
  if (!resource) return invalid('this is no link to a record', 'write it like bursar://bank/accounts/17');
  return done(step(browsing(state), { kind: 'find', resource: resource.id, id: BigInt(id) }));
};

const exportAs = (state: State, format: string): Outcome<Step> =>
  format === 'csv' || format === 'json'
    ? done(step(withFlash(browsing(state), 'info', 'exporting ...', '^C stops it'), { kind: 'export', view: state.view, format }))
    : invalid('export as what?', 'write export csv or export json');

/** Commands that need the list on screen. */
const ofLists: ReadonlySet<string> = new Set(['save', 'saved', 'forget', 'export']);

/** What a command line does; a refusal is shown beside it. */
const run = (state: State, text: string): Outcome<Step> => {
  const [name = '', ...rest] = text.trim().split(/\s+/);
  const argument = rest.join(' ');
  const under = logsUnder(state);
  if (under && ofLists.has(name)) return conflict(`${name} is about a list, and logs are shown`, 'close them first: Esc twice');
  if (name.startsWith('bursar:')) return openLink(state, name);
  switch (name) {
    case '':
      return done(stay(without(state)));
    case 'q':
    case 'quit':
      return done(stay(withMode(state, { kind: 'quit', ...(under && { under }) })));
    case 'help':
      return done(openHelp(without(state)));
    case 'dump':
      return done(step(without(state), { kind: 'dump' }));
    case 'save':
      return saveFilter(state, argument);
    case 'saved':
      return argument === '' ? openSaved(state) : applySaved(state, argument);
    case 'forget':
      return forgetFilter(state, argument);
    case 'export':
      return exportAs(state, argument);
    case 'logs':
      return askForLogs(browsing(state), argument);
    case 'as':
      return become(state, argument);
    case 'lock':
      return state.session?.presence
        ? done(lockNow(without(state), { why: 'it was locked by hand', at: state.now }))
        : invalid('nobody has signed in here, so there is nothing to lock');
    default: {
      const resource = resourceNamed(state, name);
      return resource ? openList(state, resource, argument) : unknownCommand(state, name);
    }
  }
};

const unknownCommand = (state: State, name: string): Outcome<never> => {
  const known = [...state.registry.resources.map(resource => resource.id), ...Object.keys(commands)];
  const meant = nearest(name, known);
  return invalid(`there is no command ${name}`, `${meant === undefined ? '' : `did you mean ${meant}? `}${known.join(', ')}`);
};

export const typeCommand = (state: State, line: Line, text: string): Step =>
  stay(withLine(state, retyped(line, text, completeCommand(state, text))));

const submit = (state: State, line: Line): Step => {
  const outcome = run({ ...state, commands: remembered(state.commands, line.text.trim()) }, line.text);
  if (!outcome.ok) return stay(withLine(state, refusedLine(line, outcome.refusal.message, outcome.refusal.next)));
  const { value } = outcome;
  // Whoever went to a list has left the logs
  const hasLeft = logsUnder(state) !== undefined && value.state.mode.kind === 'browse' && value.state.flash === state.flash;
  return hasLeft ? { ...value, state: withFlash(value.state, 'info', logsLeft) } : value;
};

/** Keys while a command is typed. */
export const commandPressed = (state: State, line: Line, intent: Intent): Step => {
  switch (intent.name) {
    case 'confirmed':
      return submit(state, line);
    case 'tabbed':
      return stay(
        withLine(
          state,
          completed(line, 1, text => completeCommand(state, text)),
        ),
      );
    case 'back-tabbed':
      return stay(
        withLine(
          state,
          completed(line, -1, text => completeCommand(state, text)),
        ),
      );
    case 'moved':
      return stay(typeof intent.by === 'number' ? withLine(state, recalled(line, state.commands, intent.by)) : state);
    case 'cleared':
      return stay(withLine(state, cleared(line, completeCommand(state, ''))));
    case 'escaped':
    case 'interrupted':
      return stay(without(state));
    default:
      return stay(state);
  }
};
