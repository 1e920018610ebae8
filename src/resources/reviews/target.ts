import { z } from 'zod';
import type { Target } from '../../kit/define-action.ts';
import type { ReviewRow } from './queries.ts';

/** Names the review by its number; filled from the record, or given as a word. */
export const ReviewId = z.coerce.bigint().positive().meta({ hidden: true, title: 'Review' });

/** How audit and confirmation name a review. */
export const reviewTarget = (review: ReviewRow): Target => ({
  id: String(review.id),
  label: `${review.kind} review ${review.id}`,
  version: review.version,
});

export const undecidedIn = ({ items, kept, revoked }: ReviewRow): number => items - kept - revoked;

/** Why the review may not be closed, or undefined if it may. */
export const whyNotClose = (review: ReviewRow): string | undefined => {
  if (review.closedAt !== null) return `review ${review.id} is closed already`;
  const left = undecidedIn(review);
  return left === 0 ? undefined : `${left} of ${review.items} items are not decided yet`;
};
