import { z } from 'zod';
import { whyNotFreeze } from '../../domain/account.ts';
import { Note } from '../../domain/note.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { hasPostings, retractApproval } from './queries.ts';
import { AccountId, accountFor, accountTarget } from './target.ts';

/** One's own approval, taken back within ten minutes while nothing was posted; later the account is frozen instead. */
export const retractAccountApproval = defineAction({
  id: 'accounts.retract-approval',
  title: 'Retract approval',
  past: 'retracted the approval of',
  permission: 'account.approve',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'account',
  input: z.object({ id: AccountId, note: Note }),

  gather: async ({ id }, context) => {
    const account = await accountFor(id, context, whyNotFreeze);
    if (!account.ok) return account;
    return (await hasPostings(context.db, id))
      ? conflict(`something was posted on ${account.value.number} already`, 'freeze it instead')
      : done(account.value);
  },
  target: accountTarget,
  preview: account => [`${account.number} of ${account.ownerName} is pending again; nothing was posted on it yet`],

  execute: async (account, _input, { db }) => {
    await retractApproval(db, account);
    return { summary: `retracted the approval of ${account.number}`, old: { status: 'active' }, new: { status: 'pending' } };
  },
});
