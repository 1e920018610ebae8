import { nearest } from '../../domain/nearest.ts';
import { invalid, type Outcome, done } from '../../domain/outcome.ts';
import { commands, completeCommand, resourceNamed } from './completion.ts';
import type { Step } from './effects.ts';
import type { Intent } from './events.ts';
import { openHelp } from './help.ts';
import { cleared, completed, recalled, refusedLine, remembered, retyped } from './line.ts';
import { askForLogs } from './log-form.ts';
import { lockNow } from './lock.ts';
import { become } from './operator.ts';
import { applySaved, forgetFilter, openSaved, saveFilter } from './saved.ts';
import { newLine } from './start.ts';
import { browsing, stay, step, withFlash, withMode } from './step.ts';
import type { Line, State } from './types.ts';
import { openList } from './views.ts';

const withLine = (state: State, line: Line): State => withMode(state, { kind: 'command', line });

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

/** What a command line does; a refusal is shown beside it. */
const run = (state: State, text: string): Outcome<Step> => {
  const [name = '', ...rest] = text.trim().split(/\s+/);
  const argument = rest.join(' ');
  if (name.startsWith('bursar:')) return openLink(state, name);
  switch (name) {
    case '':
      return done(stay(browsing(state)));
    case 'q':
    case 'quit':
      return done(stay(withMode(state, { kind: 'quit' })));
    case 'help':
      return done(openHelp(browsing(state)));
    case 'dump':
      return done(step(browsing(state), { kind: 'dump' }));
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
        ? done(lockNow(browsing(state), { why: 'it was locked by hand', at: state.now }))
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
  return outcome.ok ? outcome.value : stay(withLine(state, refusedLine(line, outcome.refusal.message, outcome.refusal.next)));
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
      return stay(browsing(state));
    default:
      return stay(state);
  }
};
