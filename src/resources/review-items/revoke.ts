import { defineAction } from '../../kit/define-action.ts';
import { decideItem, type ItemRow } from './queries.ts';
import { factLines, itemFor, ItemInput, itemTarget, whyNotRevoke } from './target.ts';

/** What one person may take away ends with the decision. */
const endsAtOnce = ({ source, held }: ItemRow): boolean => !held || source === 'grant' || source === 'machine';

const consequence = ({ source, who, role, held }: ItemRow): string => {
  if (!held) return `${who} does not hold ${role} any more`;
  if (source === 'grant') return `${who} loses ${role} at once`;
  if (source === 'machine') return `${who} writes nothing from now on: its key and its sessions end at once, and neither comes back`;
  return source === 'operator'
    ? `${who} keeps ${role} until two people take it: it stays on the list of open work (bursar operators revoke-role ${who})`
    : `${who} stays ${role} until the role is changed: it stays on the list of open work (bursar users change-role ${who})`;
};

export const revokeItem = defineAction({
  id: 'review-items.revoke',
  title: 'Revoke role',
  past: 'revoked',
  permission: 'review.decide',
  eyes: 1,
  danger: 'plain',
  irreversible: 'a revocation stays decided; the role can only be granted anew',
  verb: 'reject',
  entity: 'review-item',
  input: ItemInput,

  gather: ({ id }, context) => itemFor(id, context, whyNotRevoke),
  target: itemTarget,
  preview: item => [consequence(item), ...factLines(item), ...item.conflicts.map(title => `breaks the separation of duties: ${title}`)],

  execute: async (item, { note }, { db }) => {
    await decideItem(db, item, 'revoke', note);
    return {
      summary: endsAtOnce(item) ? `revoked ${item.role} of ${item.who}` : `decided that ${item.who} loses ${item.role}: open work`,
      old: { decision: item.decision },
      new: { decision: 'revoke', review: String(item.reviewId), gone: endsAtOnce(item) },
    };
  },
});
