import { z } from 'zod';
import { LimitType, until, type Limits } from '../../domain/limit.ts';
import { formatMoney } from '../../domain/money.ts';
import { Note } from '../../domain/note.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { endOverride, limitsWithout, limitVersion, overridesOf, type Override } from '../limits/queries.ts';
import type { Account } from './queries.ts';
import { AccountId, accountFor, accountTarget } from './target.ts';

type Facts = { readonly account: Account; readonly current: Override; readonly after: Limits };

export const endLimitOverride = defineAction({
  id: 'accounts.end-override',
  title: 'End override',
  past: 'ended an override of',
  permission: 'limit.override',
  eyes: 1,
  // An override can also be there to let less through: without it more would be
  eyesFor: ({ current, after }: Facts) => (after.single > current.single || after.daily > current.daily ? 2 : 1),
  checker: 'approval.decide',
  danger: 'plain',
  verb: 'update',
  entity: 'account',
  input: z.object({ id: AccountId, type: LimitType, note: Note }),

  gather: async ({ id, type }, context) => {
    const account = await accountFor(id, context, () => undefined);
    if (!account.ok) return account;
    const [overrides, after, version] = await Promise.all([
      overridesOf(context.db, id),
      limitsWithout(context.db, id, type),
      limitVersion(context.db, id),
    ]);
    const current = overrides.find(override => override.type === type && override.inForce);
    return current
      ? done({ account: { ...account.value, version }, current, after })
      : conflict(`no override of the ${type} limit of ${account.value.number} is in force`);
  },
  target: ({ account }) => accountTarget(account),

  preview: ({ account: { number, ownerName, currency }, current, after }, { type }) => [
    `the ${type} limit of ${number} of ${ownerName} is ${formatMoney(after.single, currency)} at once and ${formatMoney(after.daily, currency)} a day again`,
    `it was overridden to ${formatMoney(current.single, currency)} and ${formatMoney(current.daily, currency)} ${until(current.expiresAt)} by ${current.setBy ?? 'the setup'}: ${current.reason}`,
    'what was posted today stays posted, and counts',
  ],

  execute: async ({ account, current, after }, { type, note }, { db }) => {
    await endOverride(db, account, type, note);
    return {
      summary: `ended the override of the ${type} limit of ${account.number}`,
      old: { type, single: String(current.single), daily: String(current.daily), expires: current.expiresAt?.toISOString() ?? null },
      new: { type, single: String(after.single), daily: String(after.daily) },
    };
  },
});
