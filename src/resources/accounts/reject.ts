import { z } from 'zod';
import { RejectGround, whyNotReject } from '../../domain/account.ts';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { checksOf, checksTable } from './opening.ts';
import { setAccountStatus } from './queries.ts';
import { AccountId, accountFor, accountTarget } from './target.ts';

export const rejectAccount = defineAction({
  id: 'accounts.reject',
  title: 'Reject account',
  past: 'rejected',
  permission: 'account.reject',
  eyes: 1,
  danger: 'plain',
  verb: 'reject',
  entity: 'account',
  irreversible: 'a rejected application stays rejected; the customer applies again',
  input: z.object({ id: AccountId, ground: RejectGround, note: Note }),

  gather: async ({ id }, context) => {
    const account = await accountFor(id, context, whyNotReject);
    if (!account.ok) return account;
    return done({ account: account.value, checks: await checksOf(context.db, account.value.ownerId) });
  },
  target: ({ account }) => accountTarget(account),
  preview: ({ account }, { ground }) => [`${account.number} of ${account.ownerName} is never opened: ${ground}`],
  evidence: ({ checks }) => [checksTable(checks)],

  execute: async ({ account }, { ground }, { db }) => {
    await setAccountStatus(db, account, 'rejected');
    return { summary: `rejected ${account.number}`, old: { status: 'pending' }, new: { status: 'rejected', ground } };
  },
});
