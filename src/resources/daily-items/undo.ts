import { z } from 'zod';
import { decisionWords } from '../../domain/daily-decision.ts';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { dailyProgress, progressWords, undoDailyItem } from './queries.ts';
import { ItemId, itemFor, itemTarget, nameOfItem, whyNotUndo } from './target.ts';

export const undoDailyDecision = defineAction({
  id: 'daily-items.undo',
  title: 'Take the decision back',
  past: 'undid',
  permission: 'daily.review',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'daily-item',
  input: z.object({ id: ItemId, note: Note.default('decided by mistake').meta({ kind: 'note', title: 'Note' }) }),

  gather: ({ id }, context) => itemFor(id, context, whyNotUndo),
  target: itemTarget,
  preview: item => [
    `${nameOfItem(item)} is undecided again`,
    ...(item.decision === null ? [] : [`${item.decidedBy} ${decisionWords[item.decision]} it: ${item.note}`]),
  ],

  execute: async (item, _input, { db }) => {
    await undoDailyItem(db, item);
    return {
      summary: `${nameOfItem(item)} is undecided again: ${progressWords(await dailyProgress(db))}`,
      old: { decision: item.decision, note: item.note, by: item.decidedBy },
      new: { decision: null },
    };
  },
});
