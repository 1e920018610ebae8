import { z } from 'zod';
import { CloseGround, whyNotClose } from '../../domain/account.ts';
import { addDays, formatShortInstant } from '../../domain/day.ts';
import { formatMoney } from '../../domain/money.ts';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { recentPostings, setAccountStatus } from './queries.ts';
import { AccountId, accountFor, accountTarget } from './target.ts';
import { tellOwner } from './tell.ts';

/** Records of closed accounts are kept this long, in days (ten years, as for other books of account). */
const archivedFor = 3_653;

export const closeAccount = defineAction({
  id: 'accounts.close',
  title: 'Close account',
  past: 'closed',
  permission: 'account.close',
  eyes: 2,
  checker: 'approval.decide',
  code: true,
  danger: 'typed',
  verb: 'update',
  entity: 'account',
  irreversible: 'closing is final; a new account can be opened',
  input: z.object({
    id: AccountId,
    ground: CloseGround,
    note: Note,
    notify: z.boolean().default(true).meta({ title: 'Notify the customer' }),
  }),

  gather: async ({ id }, context) => {
    const account = await accountFor(id, context, whyNotClose);
    return account.ok
      ? done({
          account: account.value,
          statement: await recentPostings(context.db, id, 10),
          archivedUntil: addDays(context.today, archivedFor),
        })
      : account;
  },
  target: ({ account }) => accountTarget(account),

  preview: ({ account, archivedUntil }, { ground, notify }) => [
    `${account.number} of ${account.ownerName} is closed for good: ${ground}`,
    `its balance is ${formatMoney(account.balance, account.currency)}; its records are kept until ${archivedUntil}`,
    `the customer is ${notify ? 'told' : 'not told'}`,
  ],
  evidence: ({ account, statement }) => [
    {
      title: 'Final statement: the last postings',
      table: {
        columns: ['Posted', 'Type', 'Amount', 'What'],
        rows: statement.map(line => [
          formatShortInstant(line.postedAt),
          line.type,
          `${line.credit ? '+' : '-'}${formatMoney(line.amount, account.currency)}`,
          line.description.slice(0, 40),
        ]),
      },
    },
  ],

  execute: async ({ account, archivedUntil }, { ground, notify }, context) => {
    await setAccountStatus(context.db, account, 'closed');
    if (notify) await tellOwner(context, account, 'account-closed');
    return {
      summary: `closed ${account.number}`,
      old: { status: account.status },
      new: { status: 'closed', ground, archivedUntil, notify },
    };
  },
});
