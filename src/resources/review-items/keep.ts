import { defineAction } from '../../kit/define-action.ts';
import { decideItem } from './queries.ts';
import { factLines, itemFor, ItemInput, itemTarget, whyNotKeep } from './target.ts';

export const keepItem = defineAction({
  id: 'review-items.keep',
  title: 'Keep role',
  past: 'kept',
  permission: 'review.decide',
  eyes: 1,
  danger: 'plain',
  verb: 'approve',
  entity: 'review-item',
  input: ItemInput,

  gather: ({ id }, context) => itemFor(id, context, whyNotKeep),
  target: itemTarget,
  preview: item => [`${item.who} keeps ${item.role}`, ...factLines(item)],
  doubts: item => item.conflicts.map(title => `breaks the separation of duties: ${title}`),

  execute: async (item, { note }, { db }) => {
    await decideItem(db, item, 'keep', note);
    return {
      summary: `kept ${item.role} of ${item.who}`,
      old: { decision: item.decision },
      new: { decision: 'keep', review: String(item.reviewId) },
    };
  },

  waysBack: (item, { note }) => [
    { action: 'review-items.revoke', input: { id: String(item.id), note: `instead of: ${note}`.slice(0, 2_000) } },
  ],
});
