import { z } from 'zod';

export const accountStatuses = ['pending', 'active', 'frozen', 'closed', 'rejected'] as const;
export type AccountStatus = (typeof accountStatuses)[number];
export const accountTypes = ['savings', 'current'] as const;
export type AccountType = (typeof accountTypes)[number];

/** Why an account may be frozen (GUIDES.md D9). */
const freezeGrounds = ['suspicious pattern', 'unauthorised access', 'compliance', 'court order'] as const;
export const FreezeGround = z.enum(freezeGrounds).meta({ title: 'Ground' });

/** Why an account may be closed (GUIDES.md D12). */
const closeGrounds = ['request', 'inactivity', 'violation', 'business decision'] as const;
export const CloseGround = z.enum(closeGrounds).meta({ title: 'Ground' });

/** Why an application may be turned down. */
const rejectGrounds = ['data not valid', 'documents missing', 'duplicate person', 'opening rules not met', 'withdrawn'] as const;
export const RejectGround = z.enum(rejectGrounds).meta({ title: 'Ground' });

/** The furthest day on which a freeze is looked at again, counted from today. */
export const longestReview = 30;

type Standing = { readonly number: string; readonly status: AccountStatus; readonly balance: bigint };
/** What is open about an account, which closing it would leave behind. */
type Open = { readonly openAlerts?: number; readonly openCases?: number; readonly openDisputes?: number };

const mustBe = (account: Standing, status: AccountStatus, action: string): string | undefined =>
  account.status === status
    ? undefined
    : `${account.number} is ${account.status}; only ${/^[aeiou]/.test(status) ? 'an' : 'a'} ${status} account can be ${action}`;

/** Why the account may not be frozen, or undefined if it may. The other rules read alike. */
export const whyNotFreeze = (account: Standing): string | undefined => mustBe(account, 'active', 'frozen');
export const whyNotUnfreeze = (account: Standing): string | undefined => mustBe(account, 'frozen', 'unfrozen');
export const whyNotApprove = (account: Standing): string | undefined => mustBe(account, 'pending', 'approved');
export const whyNotReject = (account: Standing): string | undefined => mustBe(account, 'pending', 'rejected');

const counted = (count: number, word: string): readonly string[] => (count === 0 ? [] : [`${count} open ${word}${count === 1 ? '' : 's'}`]);
const openInWords = ({ openAlerts = 0, openCases = 0, openDisputes = 0 }: Open): string =>
  [...counted(openAlerts, 'alert'), ...counted(openCases, 'case'), ...counted(openDisputes, 'dispute')].join(', ');

/** A frozen account is released first: closing it would leave its hold behind. */
export const whyNotClose = (account: Standing & Open): string | undefined => {
  if (account.status === 'frozen') return `${account.number} is frozen: unfreeze it first`;
  const objection = mustBe(account, 'active', 'closed');
  if (objection) return objection;
  if (account.balance !== 0n) return `${account.number} still holds money: pay it out first`;
  const open = openInWords(account);
  return open === '' ? undefined : `${account.number} has ${open}: decide that first`;
};
