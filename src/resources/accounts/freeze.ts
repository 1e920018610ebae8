import { z } from 'zod';
import { FreezeGround, longestReview, whyNotFreeze } from '../../domain/account.ts';
import { addDays, DayInput } from '../../domain/day.ts';
import { formatMoney } from '../../domain/money.ts';
import { Note } from '../../domain/note.ts';
import { done, invalid } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { flowOf, placeHold, refusalsOf } from './queries.ts';
import { AccountId, accountFor, accountTarget } from './target.ts';
import { tellOwner } from './tell.ts';

const day = 86_400_000;

export const freezeAccount = defineAction({
  id: 'accounts.freeze',
  title: 'Freeze account',
  past: 'froze',
  permission: 'account.freeze',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'account',
  bulk: { most: 20, why: 'freezing more than 20 accounts at once needs an open incident', unlessIncident: true },
  input: z.object({
    id: AccountId,
    ground: FreezeGround,
    note: Note,
    reviewOn: DayInput.default('in 7 days').meta({ kind: 'day', title: 'Review on' }),
    notify: z.boolean().default(false).meta({ title: 'Notify the customer' }),
  }),

  gather: async ({ id, reviewOn }, context) => {
    if (reviewOn <= context.today || reviewOn > addDays(context.today, longestReview)) {
      return invalid(`Review on must lie within the next ${longestReview} days, not ${reviewOn}`);
    }
    const account = await accountFor(id, context, whyNotFreeze);
    if (!account.ok) return account;
    const since = new Date(Date.now() - day);
    const [flow, refusals] = await Promise.all([flowOf(context.db, id, since), refusalsOf(context.db, id, since)]);
    return done({ account: account.value, flow, refusals });
  },
  target: ({ account }) => accountTarget(account),

  preview: ({ account, flow, refusals }, { reviewOn, notify }) => [
    `${account.number} of ${account.ownerName} stops deposits, withdrawals and transfers, whoever posts them`,
    `${formatMoney(account.balance, account.currency)} stays on the account; it can still be looked at`,
    `last 24 h: ${formatMoney(flow.credits, account.currency)} in, ${formatMoney(flow.debits, account.currency)} out, ${flow.postings} postings, ${refusals} refused`,
    `looked at again on ${reviewOn}; the customer is ${notify ? 'told' : 'not told'}`,
  ],

  execute: async ({ account }, input, context) => {
    await placeHold(context.db, account, input);
    if (input.notify) await tellOwner(context, account, 'account-frozen');
    return {
      summary: `froze ${account.number}`,
      old: { status: account.status },
      new: { status: 'frozen', ground: input.ground, reviewOn: input.reviewOn, notify: input.notify },
    };
  },

  waysBack: ({ account }, { note }) => [
    { action: 'accounts.retract-freeze', input: { id: String(account.id), findings: `retracted: ${note}`.slice(0, 2_000) }, seconds: 600 },
    { action: 'accounts.unfreeze', input: { id: String(account.id), findings: `undone: ${note}`.slice(0, 2_000) } },
  ],
});
