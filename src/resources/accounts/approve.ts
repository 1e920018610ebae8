import { z } from 'zod';
import { whyNotApprove } from '../../domain/account.ts';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { checksOf, checksTable } from './opening.ts';
import { setAccountStatus } from './queries.ts';
import { AccountId, accountFor, accountTarget } from './target.ts';

export const approveAccount = defineAction({
  id: 'accounts.approve',
  title: 'Approve account',
  past: 'approved',
  permission: 'account.approve',
  eyes: 1,
  danger: 'plain',
  verb: 'approve',
  entity: 'account',
  input: z.object({ id: AccountId, note: Note }),

  gather: async ({ id }, context) => {
    const account = await accountFor(id, context, whyNotApprove);
    if (!account.ok) return account;
    return done({ account: account.value, checks: await checksOf(context.db, account.value.ownerId) });
  },
  target: ({ account }) => accountTarget(account),

  preview: ({ account, checks }) => [
    `${account.number} of ${account.ownerName} becomes active: deposits, withdrawals and transfers begin`,
    `${checks.filter(check => check.passed).length} of ${checks.length} opening checks are clear`,
  ],
  evidence: ({ checks }) => [checksTable(checks)],
  doubts: ({ checks }) => checks.filter(check => !check.passed).map(check => `${check.name}: ${check.evidence}`),

  execute: async ({ account, checks }, _input, { db }) => {
    await setAccountStatus(db, account, 'active');
    return { summary: `approved ${account.number}`, old: { status: 'pending' }, new: { status: 'active', checks } };
  },

  waysBack: ({ account }, { note }) => [
    { action: 'accounts.retract-approval', input: { id: String(account.id), note: `retracted: ${note}`.slice(0, 2_000) }, seconds: 600 },
    {
      action: 'accounts.freeze',
      input: { id: String(account.id), ground: 'compliance', note: `approved in error: ${note}`.slice(0, 2_000) },
    },
  ],
});
