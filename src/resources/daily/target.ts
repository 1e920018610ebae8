import type { Target } from '../../kit/define-action.ts';
import type { DailyRow } from './queries.ts';

/** How far a review is: `12 of 37 decided`. */
export const progressOf = ({ items, decided }: Pick<DailyRow, 'items' | 'decided'>): string =>
  `${decided.toLocaleString('en')} of ${items.toLocaleString('en')} decided`;

/** How audit and confirmation name a review. What is decided meanwhile changes what would be closed: it counts like a change of the review. */
export const dailyTarget = (review: DailyRow): Target => ({
  id: String(review.id),
  label: `review of ${review.day}`,
  version: review.version * 100_000 + review.decided,
});
