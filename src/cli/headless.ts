import { invalid } from '../domain/outcome.ts';
import type { Session } from '../kit/session.ts';
import { act } from './act.ts';
import { actionFlags, inputFlags } from './action-flags.ts';
import { refuse } from './answer.ts';
import { parseArguments } from './arguments.ts';
import { exitCode } from './exit-code.ts';
import { helpFor, resourceNamed, unknownWord, verbsOf, type Manual } from './help.ts';
import { list } from './list.ts';
import { listFlags } from './list-request.ts';
import { show, showFlags } from './show.ts';
import type { Streams } from './streams.ts';

export type Headless = Manual & {
  readonly streams: Streams;
  /** Opens the bank only once the command makes sense. */
  readonly withSession: (work: (session: Session) => Promise<number>) => Promise<number>;
  readonly signal: AbortSignal;
};

/** Prints help for some words. */
export const printHelp = async (manual: Manual, words: readonly string[], streams: Streams): Promise<number> => {
  const help = helpFor(manual, words);
  if (!help.ok) return refuse(streams, false, help);
  await streams.write(help.value);
  return exitCode.done;
};

/** `bursar <resource> <list|show|verb> …`: everything is read from the definitions. Returns the exit code. */
export const runHeadless = async (args: readonly string[], headless: Headless): Promise<number> => {
  const { registry, commands, streams, withSession, signal } = headless;
  const [noun = '', verb = '', ...rest] = args;
  const json = args.includes('--json');
  const resource = resourceNamed(registry, noun);
  if (!resource)
    return refuse(
      streams,
      json,
      unknownWord(noun, 'resource or command', [
        ...registry.resources.map(({ id }) => id),
        ...commands.flatMap(({ name, unlisted }) => (unlisted ? [] : [name])),
      ]),
    );
  const verbs = verbsOf(registry, resource);
  const action = verbs.get(verb);
  const known = verb === 'list' ? listFlags : verb === 'show' ? showFlags : action && [...inputFlags(action), ...actionFlags(action)];
  if (!known) {
    const words = ['list', 'show', ...verbs.keys()];
    return refuse(
      streams,
      json,
      verb === ''
        ? invalid(`what about ${resource.id}?`, `write bursar ${resource.id} and one of ${words.join(', ')}`)
        : unknownWord(verb, `verb of ${resource.id}`, words),
    );
  }
  const typed = parseArguments(rest, known);
  if (!typed.ok) return refuse(streams, json, typed);
  return withSession(session => {
    if (action) return act({ resource, action, typed: typed.value }, session, streams, signal);
    return verb === 'list' ? list(resource, typed.value, session, streams, signal) : show(resource, typed.value, session, streams);
  });
};
