import { z } from 'zod';

/** The longest note that is kept, in characters; more is refused, not cut. */
const longestNote = 2_000;

/** What can be noted on, as audit names it; the database keeps the same list, with where the records are (`ops.notable`). */
export const notedEntities: readonly string[] = [
  'account', 'user', 'transaction', 'session', 'sign-in', 'audit', 'role', 'permission', 'grant', 'review', 'review-item', 'operator', 'developer-grant', 'approval',
  'incident', 'ip-rule', 'invite', 'setting', 'notice', 'event', 'alert', 'case', 'dispute', 'rule', 'security-event', 'flow',
  'limit', 'incident-step', 'incident-notice', 'daily-review', 'daily-item', 'handover',
]; // prettier-ignore

/** Why somebody does something, in their own words. */
export const Note = z
  .string()
  .trim()
  .min(10, 'takes at least 10 characters, so that a reviewer understands it')
  .max(longestNote, { error: () => `takes at most ${longestNote.toLocaleString('en')} characters` })
  .meta({ kind: 'note', title: 'Note' });
