import { z } from 'zod';
import { formatInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { lookAhead, openDaily, openDailyReview } from './queries.ts';
import { progressOf } from './target.ts';

export const openDailyAction = defineAction({
  id: 'daily.open',
  title: 'Open the daily review',
  past: 'opened',
  permission: 'daily.review',
  eyes: 1,
  danger: 'plain',
  verb: 'create',
  entity: 'daily-review',
  input: z.object({ note: Note.default('the review of the day').meta({ kind: 'note', title: 'Note' }) }),

  gather: async (_input, { db }) => {
    const open = await openDailyReview(db);
    if (open) return conflict(`the review of ${open.day} is open: ${progressOf(open)}`, 'close it first');
    const ahead = await lookAhead(db);
    return ahead.closed ? conflict(`the review of ${ahead.day} is closed`, 'the next one is opened tomorrow') : done(ahead);
  },
  target: ({ day }) => ({ id: '-', label: `review of ${day}`, version: 0 }),
  preview: ({ day, since }) => [
    `the review of ${day} lists what stands open now, and what happened since ${formatInstant(since)}`,
    'at most 200 of a kind, the gravest first; its record says how many there were',
    'what was kept within seven days and is as it was then is not asked about again',
    'it is one for all: everybody who may review decides in it, and it goes on whoever leaves',
  ],

  execute: async (_facts, _input, { db }) => {
    const { id, day, items } = await openDaily(db);
    return {
      summary: `opened the review of ${day} with ${items} items`,
      target: { id: String(id), label: `review of ${day}`, version: 0 },
      new: { day, items },
    };
  },
});
