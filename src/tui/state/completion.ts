import { operatorRoles } from '../../domain/operator.ts';
import type { AnyResource } from '../../kit/define-resource.ts';
import type { State } from './types.ts';

/** Commands of the command line that open no list. */
export const commands = {
  quit: 'leave the console',
  help: 'the keys',
  dump: 'write what is on screen and the last 50 events to a file',
  save: 'keep the filter under a name: save NAME',
  saved: 'the saved filters of this pane: saved, or saved NAME',
  forget: 'forget a saved filter: forget NAME',
  logs: 'follow logs of hosts: logs, or logs web1,web2',
  as: 'in a demo, go on as the operator of another role: as ROLE',
  lock: 'hide everything until you unlock it',
  export: 'write the list to a file: export csv, or export json',
} as const;

const mostCompletions = 40;

/** The last word of a line and what stands before it. */
const lastWord = (text: string): readonly [before: string, word: string] => {
  const at = Math.max(text.lastIndexOf(' ') + 1, 0);
  return [text.slice(0, at), text.slice(at)];
};

const starting = (candidates: readonly string[], word: string): readonly string[] =>
  candidates.filter(candidate => candidate.toLowerCase().startsWith(word.toLowerCase()) && candidate !== word);

/** What the last word of a filter can become: a field, or one of its values. */
const filterWords = (resource: AnyResource, typed: string): readonly string[] => {
  const sign = typed.startsWith('!') ? '!' : '';
  const word = typed.slice(sign.length);
  const match = /^([A-Za-z]+)(!=|>=|<=|=|>|<|:)(.*)$/.exec(word);
  const fields = resource.page.fields;
  if (!match) {
    const names = [...Object.keys(fields).filter(name => name !== 'text'), ...(resource.since === undefined ? [] : ['since'])];
    return starting(names, word).map(name => `${sign}${name}=`);
  }
  const [, name = '', comparison = '=', value = ''] = match;
  const field = fields[name];
  const values = field?.kind === 'flag' ? ['yes', 'no'] : (field?.choices ?? []);
  const [taken, part] = value.includes(',')
    ? [value.slice(0, value.lastIndexOf(',') + 1), value.slice(value.lastIndexOf(',') + 1)]
    : ['', value];
  return starting(values, part).map(choice => `${sign}${name}${comparison}${taken}${choice}`);
};

export const completeFilter = (resource: AnyResource, text: string): readonly string[] => {
  const [before, word] = lastWord(text);
  return filterWords(resource, word)
    .slice(0, mostCompletions)
    .map(candidate => before + candidate);
};

export const resourceNamed = (state: State, name: string): AnyResource | undefined =>
  state.registry.resources.find(resource => resource.id === name || resource.aliases.includes(name));

/** What a command line can become. */
export const completeCommand = (state: State, text: string): readonly string[] => {
  const [name = '', ...rest] = text.split(' ');
  if (rest.length === 0) return starting([...state.registry.resources.map(resource => resource.id), ...Object.keys(commands)], name);
  const argument = rest.join(' ');
  if (name === 'as') return starting(operatorRoles, argument).map(role => `as ${role}`);
  if (name === 'export') return starting(['csv', 'json'], argument).map(format => `export ${format}`);
  if (name === 'saved' || name === 'forget') {
    return starting(Object.keys(state.saved[state.view.resource] ?? {}), argument).map(saved => `${name} ${saved}`);
  }
  const resource = resourceNamed(state, name);
  return resource ? completeFilter(resource, argument).map(filter => `${name} ${filter}`) : [];
};
