import { z } from 'zod';
import type { Context, Target } from '../../kit/define-action.ts';
import { conflict, done, notFound, type Outcome } from '../../domain/outcome.ts';
import { findAccount, type Account } from './queries.ts';

/** Names the account; filled from the record, or given as a flag. */
export const AccountId = z.coerce.bigint().positive().meta({ hidden: true, title: 'Account id' });

/** The account if it exists and the rule has nothing against it. */
export const accountFor = async (
  id: bigint,
  { db }: Context,
  whyNot: (account: Account) => string | undefined,
): Promise<Outcome<Account>> => {
  const account = await findAccount(db, id);
  if (!account) return notFound(`there is no account with id ${id}`);
  const objection = whyNot(account);
  return objection === undefined ? done(account) : conflict(objection);
};

/** How audit and confirmation name an account. */
export const accountTarget = (account: Account): Target => ({ id: String(account.id), label: account.number, version: account.version });
