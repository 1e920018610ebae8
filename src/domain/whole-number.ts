import { z } from 'zod';

/** A whole number within limits, also as it is typed; anything else is refused in one sentence. `what` is counted: `number`, `number of days`. */
export const wholeNumber = (from: number, to: number, what = 'number') => {
  const words = `is a ${what} from ${from} to ${to}`;
  return z.coerce.number(words).int(words).min(from, words).max(to, words);
};
