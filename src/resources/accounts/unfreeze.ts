import { z } from 'zod';
import { whyNotUnfreeze } from '../../domain/account.ts';
import { formatShortInstant } from '../../domain/day.ts';
import { formatMoney } from '../../domain/money.ts';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { holdsOf, releaseHolds } from './queries.ts';
import { AccountId, accountFor, accountTarget } from './target.ts';
import { tellOwner } from './tell.ts';

export const unfreezeAccount = defineAction({
  id: 'accounts.unfreeze',
  title: 'Unfreeze account',
  past: 'unfroze',
  permission: 'account.unfreeze',
  eyes: 2,
  checker: 'approval.decide',
  code: true,
  danger: 'plain',
  verb: 'update',
  entity: 'account',
  input: z.object({
    id: AccountId,
    findings: Note.meta({ kind: 'note', title: 'Findings' }),
    resolved: z.literal(true, 'must be yes: a cause that stands is no reason to release').meta({ kind: 'yes-no', title: 'Cause resolved' }),
    notify: z.boolean().default(false).meta({ title: 'Notify the customer' }),
  }),

  gather: async ({ id }, context) => {
    const account = await accountFor(id, context, whyNotUnfreeze);
    return account.ok ? done({ account: account.value, holds: await holdsOf(context.db, id) }) : account;
  },
  target: ({ account }) => accountTarget(account),

  preview: ({ account, holds }, { notify }) => [
    `${account.number} of ${account.ownerName} takes deposits, withdrawals and transfers again`,
    `${formatMoney(account.balance, account.currency)} can be moved at once`,
    `${holds.filter(hold => hold.releasedAt === null).length} open hold is released; the customer is ${notify ? 'told' : 'not told'}`,
  ],
  evidence: ({ holds }) => [
    {
      title: 'Freezes so far',
      table: {
        columns: ['Placed', 'By', 'Ground', 'Note', 'Released'],
        rows: holds.map(hold => [
          formatShortInstant(hold.placedAt),
          hold.placedBy,
          hold.ground,
          hold.note.slice(0, 40),
          formatShortInstant(hold.releasedAt),
        ]),
      },
    },
  ],

  execute: async ({ account }, { findings, notify }, context) => {
    await releaseHolds(context.db, account, findings);
    if (notify) await tellOwner(context, account, 'account-unfrozen');
    return { summary: `unfroze ${account.number}`, old: { status: 'frozen' }, new: { status: 'active', findings, notify } };
  },

  waysBack: ({ account, holds }, { findings }) => [
    {
      action: 'accounts.freeze',
      input: { id: String(account.id), ground: holds[0]?.ground ?? 'compliance', note: `undone: ${findings}`.slice(0, 2_000) },
    },
  ],
});
