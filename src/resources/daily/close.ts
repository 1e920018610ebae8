import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { done, notFound } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { closeDaily, coverageOf, openDailyReview } from './queries.ts';
import { dailyTarget, progressOf } from './target.ts';

export const closeDailyAction = defineAction({
  id: 'daily.close',
  title: 'Close the review',
  past: 'closed',
  permission: 'daily.review',
  eyes: 1,
  danger: 'plain',
  irreversible: 'a closed review is not opened again, and what was decided in it stays',
  verb: 'approve',
  entity: 'daily-review',
  input: z.object({ note: Note.meta({ kind: 'note', title: 'Note; if items are left undecided, why' }) }),

  gather: async (_input, { db }) => {
    const review = await openDailyReview(db);
    return review
      ? done({ review, facts: await coverageOf(db, review.id) })
      : notFound('no daily review is open', 'the list of daily reviews shows those that are closed');
  },
  target: ({ review }) => dailyTarget(review),
  preview: ({ review, facts: { coverage, people } }) => {
    const open = review.items - review.decided;
    const cut = coverage.filter(({ listed, found }) => listed < found);
    return [
      open === 0
        ? `all ${review.items} items of ${review.day} are decided`
        : `${open} of ${review.items} items of ${review.day} are NOT decided`,
      ...(open === 0 ? [] : ['the record says so, with your note; what only happened once is asked about again in the next review']),
      ...cut.map(({ category, listed, found }) => `${category}: ${listed} of ${found.toLocaleString('en')} were listed`),
      `decided by ${people.map(({ who, kept, acted, escalated }) => `${who} (${kept + acted + escalated})`).join(', ') || 'nobody'}`,
      'the hash of the record goes into the audit log; bursar review export signs it and writes it out',
    ];
  },

  execute: async ({ review }, { note }, { db }) => {
    const { kept, acted, escalated, undecided, result } = await closeDaily(db, review, note);
    return {
      summary: `closed the review of ${review.day}: ${progressOf(review)}${escalated === 0 ? '' : `, ${escalated} escalated`}`,
      old: { open: true },
      new: { open: false, kept, acted, escalated, undecided, result },
    };
  },
});
