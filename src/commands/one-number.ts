import { done, invalid, type Outcome } from '../domain/outcome.ts';

/** The one number that a command takes. */
export const oneNumber = (words: readonly string[], otherwise: string, resource = 'incidents'): Outcome<bigint> => {
  const [word, ...more] = words;
  return word !== undefined && more.length === 0 && /^#?\d{1,18}$/.test(word)
    ? done(BigInt(word.replace('#', '')))
    : invalid(otherwise, `look it up with: bursar ${resource} list`);
};
