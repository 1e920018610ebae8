import type { MatchExtended, ZxcvbnResult } from '@zxcvbn-ts/core';
import { Password } from './password.ts';

/** Guesses that a password must outlast, as a power of ten; each of them costs whoever guesses 64 MiB and three passes over it. */
const fewestGuesses = 10;

/** Of names this short only whole words count, as `canada` is not about Ada; shorter ones are initials. */
const shortName = 3;
/** Words that belong to the place where the password is used. */
const ownWords = ['bursar'];

const advice = 'take four or more words that have nothing to do with each other or with you';

const folded = (text: string): string => text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
const wordsOf = (text: string): readonly string[] => folded(text).match(/[\p{L}\p{N}]+/gu) ?? [];

const holdsName = (password: string, names: readonly string[]): boolean => {
  const words = wordsOf(password);
  const text = words.join('');
  return names.some(name => (name.length > shortName ? text.includes(name) : words.includes(name)));
};

type Reason = 'repeats' | 'runs' | 'known';
const reasons: Record<Reason, string> = {
  repeats: 'repeats a short piece and is guessed early',
  runs: 'runs along the keyboard, the alphabet or the digits and is guessed early',
  known: 'is made of what is guessed first: common passwords, words and years',
};

const reasonOf = ({ pattern }: MatchExtended): Reason => {
  if (pattern === 'repeat') return 'repeats';
  return pattern === 'sequence' || pattern === 'spatial' ? 'runs' : 'known';
};

/** What most of a weak password's characters are. */
const mainReason = ({ sequence }: ZxcvbnResult): Reason => {
  const characters: Record<Reason, number> = { known: 0, repeats: 0, runs: 0 };
  for (const match of sequence) characters[reasonOf(match)] += match.token.length;
  return (['known', 'repeats', 'runs'] as const).reduce((most, reason) => (characters[reason] > characters[most] ? reason : most));
};

/**
 * What speaks against a password, and what to do about it; undefined where nothing does. The words follow the name of the field and
 * hold nothing of the password. `about` is what others know of the person: user name, display name, address.
 */
export const passwordObjection = async (password: string, about: readonly string[]): Promise<string | undefined> => {
  const parsed = Password.safeParse(password);
  const [issue] = parsed.error?.issues ?? [];
  if (issue) return issue.code === 'too_big' ? issue.message : `${issue.message}: ${advice}`;
  const names = [...about.flatMap(wordsOf), ...about.map(text => wordsOf(text).join('')), ...ownWords].filter(
    name => name.length >= shortName,
  );
  if (holdsName(password, names)) return `holds a name, an address or a word that belongs to you or to this place: ${advice}`;

  // 450 kB and 90 ms
  const { guessesOf } = await import('./password-guesses.ts');
  // what stands between the pieces of `qwerty-asdfgh-zxcvbn` is guessed as well
  const spellings = [...new Set([password, password.replaceAll(/[\s\-_.,/+]/g, '')])];
  const weak = guessesOf(spellings, names).find(({ guessesLog10 }) => guessesLog10 < fewestGuesses);
  return weak && `${reasons[mainReason(weak)]}: ${advice}`;
};
