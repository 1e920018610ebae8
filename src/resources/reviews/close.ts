import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, done, notFound } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { closeReview, factsOf, findReview } from './queries.ts';
import { ReviewId, reviewTarget, whyNotClose } from './target.ts';

export const closeAccessReview = defineAction({
  id: 'reviews.close',
  title: 'Close review',
  past: 'closed',
  permission: 'review.decide',
  eyes: 1,
  danger: 'plain',
  irreversible: 'a closed review is not opened again, and what was decided in it stays',
  verb: 'approve',
  entity: 'review',
  input: z.object({ id: ReviewId, note: Note }),

  gather: async ({ id }, { db }) => {
    const review = await findReview(db, id);
    if (!review) return notFound(`there is no review ${id}`);
    const objection = whyNotClose(review);
    return objection === undefined
      ? done({ review, facts: await factsOf(db, id) })
      : conflict(objection, 'decide them in the pane review-items');
  },
  target: ({ review }) => reviewTarget(review),
  preview: ({ review, facts }) => [
    `${review.items} items: ${review.kept} kept, ${review.revoked} revoked`,
    'the hash of the result goes into the audit log; bursar reviews export signs it and writes it out',
    ...(facts.open.length === 0 ? [] : [`${facts.open.length} roles were revoked and are still held: they stay on the list of open work`]),
  ],

  execute: async ({ review }, _input, { db }) => {
    const { kept, revoked, result } = await closeReview(db, review);
    return {
      summary: `closed the ${review.kind} review ${review.id}: ${kept} kept, ${revoked} revoked, result ${result.slice(0, 16)}`,
      old: { open: true },
      new: { open: false, kept, revoked, result },
    };
  },
});
