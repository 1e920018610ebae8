import { done, invalid, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import type { AnyAction } from '../kit/define-action.ts';
import type { Streams } from './streams.ts';

/** How somebody agreed: a person who read the preview, or a flag. */
export type Agreed = 'person' | 'flag';

const declined = (): Outcome<never> => invalid('nothing was done: it was not confirmed');

/** What an action that must be typed asks for, in a flag or at the terminal. */
const askForWords = async (words: string, given: string | undefined, streams: Streams): Promise<Outcome<true>> => {
  const typed = given ?? (await streams.ask?.(`Type ${safe(words)} to confirm: `));
  if (typed === undefined) return invalid('this must be confirmed by name', `add --confirm ${words}`);
  return typed.trim() === words ? done(true) : invalid(`"${safe(typed, { max: 60 })}" is not ${words}: nothing was done`);
};

/**
 * Asks for what the danger of an action asks for. `question` is put at a terminal without --yes, `words` must be typed where a yes is
 * too little; without a terminal only flags can agree.
 */
export const confirm = async (
  action: AnyAction,
  flags: Readonly<Record<string, string>>,
  asked: { readonly question: string; readonly words: string },
  streams: Streams,
): Promise<Outcome<Agreed>> => {
  const yes = flags['yes'] === 'yes';
  if (!yes && !streams.ask)
    return invalid('nothing was done: there is no terminal to ask at', 'add --yes to do it, or --dry-run to only look');
  if (action.danger !== 'plain') {
    const named = await askForWords(asked.words, flags['confirm'], streams);
    return named.ok ? done(yes || flags['confirm'] !== undefined ? 'flag' : 'person') : named;
  }
  if (yes) return done('flag');
  const answer = await streams.ask?.(`${asked.question} [y/N] `);
  return /^y(es)?$/i.test(answer?.trim() ?? '') ? done('person') : declined();
};
