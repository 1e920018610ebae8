import { z } from 'zod';
import { formatInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { done, notFound } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { openDailyReview, refreshDaily } from './queries.ts';
import { dailyTarget, progressOf } from './target.ts';

export const refreshDailyAction = defineAction({
  id: 'daily.refresh',
  title: 'Add what came since',
  past: 'gathered',
  permission: 'daily.review',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'daily-review',
  input: z.object({ note: Note.default('what came since then').meta({ kind: 'note', title: 'Note' }) }),

  gather: async (_input, { db }) => {
    const review = await openDailyReview(db);
    return review ? done(review) : notFound('no daily review is open', 'open the one of today first');
  },
  target: dailyTarget,
  preview: review => [
    `what came since ${formatInstant(review.gatheredAt)} is added to the review of ${review.day}`,
    `${progressOf(review)}: what was decided stays decided`,
  ],

  execute: async (review, _input, { db }) => {
    const { items } = await refreshDaily(db, review);
    const added = items - review.items;
    return {
      summary: `${added === 0 ? 'nothing new' : `${added} more ${added === 1 ? 'item' : 'items'}`} in the review of ${review.day}`,
      old: { items: review.items },
      new: { items },
    };
  },
});
