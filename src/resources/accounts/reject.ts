import { z } from 'zod';
import { RejectGround, whyNotReject } from '../../domain/account.ts';
import { Note } from '../../domain/note.ts';
import { openingChecks } from '../../domain/opening-check.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { applicationOf, setAccountStatus } from './queries.ts';
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
    const { applicant, documents, alike } = await applicationOf(context.db, account.value.ownerId);
    return done({ account: account.value, checks: openingChecks(applicant, documents, alike, context.today) });
  },
  target: ({ account }) => accountTarget(account),
  preview: ({ account }, { ground }) => [`${account.number} of ${account.ownerName} is never opened: ${ground}`],
  evidence: ({ checks }) => [
    {
      title: 'Opening checks',
      table: {
        columns: ['Check', 'Result', 'Evidence'],
        rows: checks.map(check => [check.name, check.passed ? 'clear' : 'NOT CLEAR', check.evidence]),
      },
    },
  ],

  execute: async ({ account }, { ground }, { db }) => {
    await setAccountStatus(db, account, 'rejected');
    return { summary: `rejected ${account.number}`, old: { status: 'pending' }, new: { status: 'rejected', ground } };
  },
});
