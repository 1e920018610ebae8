import { z } from 'zod';
import { leftOf, LimitType, OverrideDays, usageInWords, whyNotOverride } from '../../domain/limit.ts';
import { formatMoney, parseAmount } from '../../domain/money.ts';
import { Note } from '../../domain/note.ts';
import { done, invalid } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { limitUse, limitVersion, overrideLimit } from '../limits/queries.ts';
import { AccountId, accountFor, accountTarget } from './target.ts';

const Units = z.string().trim().max(24, 'is too long');

const verbs = { deposit: 'take in', withdrawal: 'pay out', transfer: 'send' } as const;

export const overrideAccountLimit = defineAction({
  id: 'accounts.override-limit',
  title: 'Override limit',
  past: 'overrode a limit of',
  permission: 'limit.override',
  eyes: 2,
  checker: 'approval.decide',
  danger: 'plain',
  verb: 'update',
  entity: 'account',
  input: z.object({
    id: AccountId,
    type: LimitType,
    single: Units.meta({ title: 'Most at once, like 15,000' }),
    daily: Units.meta({ title: 'Most in a day, like 30,000' }),
    days: OverrideDays,
    note: Note,
  }),

  gather: async ({ id, type, ...typed }, context) => {
    const found = await accountFor(id, context, whyNotOverride);
    if (!found.ok) return found;
    const account = found.value;
    const [single, daily] = [parseAmount(typed.single, account.currency), parseAmount(typed.daily, account.currency)];
    if (!single.ok) return single;
    if (!daily.ok) return daily;
    if (single.value <= 0n) return invalid('a limit is above zero', 'freeze the account instead, if nothing may be posted');
    if (daily.value < single.value) return invalid('what may be posted in a day is no less than what may be posted at once');
    const [uses, version] = await Promise.all([limitUse(context.db, id), limitVersion(context.db, id)]);
    const use = uses.find(limit => limit.type === type);
    if (!use) throw new Error(`${type} has no limit`);
    return done({ account: { ...account, version }, use, wanted: { single: single.value, daily: daily.value } });
  },
  target: ({ account }) => accountTarget(account),

  preview: ({ account, use, wanted }, { type, days }) => [
    `${account.number} of ${account.ownerName} may ${verbs[type]} ${formatMoney(wanted.single, account.currency)} at once and ${formatMoney(wanted.daily, account.currency)} a day`,
    `instead of ${formatMoney(use.single, account.currency)} and ${formatMoney(use.daily, account.currency)}, for ${days} ${days === 1 ? 'day' : 'days'} from when it is approved`,
    'it ends by itself; it can be ended earlier',
  ],
  evidence: ({ account, use, wanted }) => [
    {
      title: 'Today',
      table: {
        columns: ['', 'Use of the daily limit'],
        rows: [
          ['now', usageInWords(use, account.currency)],
          ['then', usageInWords({ ...use, ...wanted, overridden: false }, account.currency)],
        ],
      },
    },
  ],
  doubts: ({ account, use, wanted }) =>
    leftOf({ used: use.used, daily: wanted.daily }) === 0n
      ? [`${formatMoney(use.used, account.currency)} are used today already: nothing more goes through until tomorrow`]
      : [],

  execute: async ({ account, use, wanted }, { type, days, note }, { db }) => {
    const expiresAt = await overrideLimit(db, account, { type, days, note, ...wanted });
    return {
      summary: `overrode the ${type} limit of ${account.number} for ${days} ${days === 1 ? 'day' : 'days'}`,
      old: { type, single: String(use.single), daily: String(use.daily) },
      new: { type, single: String(wanted.single), daily: String(wanted.daily), expires: expiresAt.toISOString() },
    };
  },

  waysBack: ({ account }, { type, note }) => [
    { action: 'accounts.end-override', input: { id: String(account.id), type, note: `undone: ${note}`.slice(0, 2_000) } },
  ],
});
