import { z } from 'zod';
import { formatInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { lookAhead, openReview, openReviewOf, reviewKinds } from './queries.ts';

export const openAccessReview = defineAction({
  id: 'reviews.open',
  title: 'Open review',
  past: 'opened',
  permission: 'review.decide',
  eyes: 1,
  danger: 'plain',
  verb: 'create',
  entity: 'review',
  input: z.object({
    kind: z.enum(reviewKinds).default('monthly'),
    title: z.string().trim().min(4, 'has 4 to 120 characters').max(120, 'has 4 to 120 characters').meta({ title: 'Title' }),
    note: Note,
  }),

  gather: async ({ kind }, { db }) => {
    const open = await openReviewOf(db, kind);
    return open === undefined ? done(await lookAhead(db, kind)) : conflict(`the ${kind} review ${open} is open already`, 'close it first');
  },
  target: (_facts, { title }) => ({ id: '-', label: title, version: 0 }),
  preview: ({ since, items, conflicts, sensitive, inactive }, { kind }) => [
    `the ${kind} review asks about ${items} roles that somebody holds now and machines that work by themselves, and about what changed since ${formatInstant(since)}`,
    `${sensitive} are sensitive, ${inactive} were not used for 90 days, ${conflicts} break a separation of duties`,
    'what it asks about stays as it is now, whatever changes while it is open',
    ...(kind === 'monthly' ? ['left out: lower roles that are in use and did not change'] : []),
  ],

  execute: async (_facts, { kind, title }, { db }) => {
    const { id, items } = await openReview(db, kind, title);
    const target = { id: String(id), label: `${kind} review ${id}`, version: 0 };
    return { summary: `opened the ${kind} review ${id} of ${items} items`, target, new: { kind, title, items } };
  },
});
