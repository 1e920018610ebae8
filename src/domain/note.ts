import { z } from 'zod';

/** The longest note that is kept, in characters; more is refused, not cut. */
const longestNote = 2_000;

/** Why somebody does something, in their own words. */
export const Note = z
  .string()
  .trim()
  .min(10, 'takes at least 10 characters, so that a reviewer understands it')
  .max(longestNote, `takes at most ${longestNote.toLocaleString('en')} characters`)
  .meta({ kind: 'note', title: 'Note' });
