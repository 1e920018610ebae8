import { done, invalid, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import type { Streams } from './streams.ts';

/** How somebody agreed: a person who read the preview, or a flag. */
export type Agreed = 'person' | 'flag';

const declined = (): Outcome<never> => invalid('nothing was done: it was not confirmed');

/** As it is written on a command line. */
export const quoted = (words: string): string => (/^[\w@%+=:,./-]+$/.test(words) ? words : `'${safe(words).replaceAll("'", `'\\''`)}'`);

/** What an action that must be typed asks for, in a flag or at the terminal. */
const askForWords = async (words: string, given: string | undefined, streams: Streams): Promise<Outcome<true>> => {
  const typed = given ?? (await streams.ask?.(`Type ${safe(words)} to confirm: `));
  if (typed === undefined) return invalid('this must be confirmed by name', `add --confirm ${quoted(words)}`);
  if (typed.trim() === words) return done(true);
  return invalid(`"${safe(typed, { max: 60 })}" is not ${safe(words)}: nothing was done`, `write --confirm ${quoted(words)}`);
};

/**
 * Asks whether it shall be done. `question` is put at a terminal without --yes, `words` must be typed where a yes is
 * too little; without a terminal only flags can agree. Words are undefined where nothing is known of what would be changed: it will be refused, or was done before
 * under the same key, and that they were given is enough.
 */
export const confirm = async (
  flags: Readonly<Record<string, string>>,
  asked: { readonly question: string; readonly words: string | undefined },
  streams: Streams,
): Promise<Outcome<Agreed>> => {
  const yes = flags['yes'] === 'yes';
  if (!yes && !streams.ask)
    return invalid('nothing was done: there is no terminal to ask at', 'add --yes to do it, or --dry-run to only look');
  if (asked.words === undefined)
    return flags['confirm'] === undefined ? invalid('this must be confirmed by name', 'add --confirm') : done('flag');
  if (asked.words !== '') {
    const named = await askForWords(asked.words, flags['confirm'], streams);
    return named.ok ? done(yes || flags['confirm'] !== undefined ? 'flag' : 'person') : named;
  }
  if (yes) return done('flag');
  const answer = await streams.ask?.(`${asked.question} [y/N] `);
  return /^y(es)?$/i.test(answer?.trim() ?? '') ? done('person') : declined();
};
