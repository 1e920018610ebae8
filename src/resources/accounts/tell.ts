import type { Context } from '../../kit/define-action.ts';
import { enqueueNotice } from '../../kit/notice.ts';
import { addressOfOwner, type Account } from './queries.ts';

/** Tells the owner of an account what became of it, at the address that is known, verified or not. */
export const tellOwner = async (
  context: Context,
  account: Account,
  template: 'account-frozen' | 'account-unfrozen' | 'account-closed',
): Promise<void> => {
  await enqueueNotice(context, {
    template,
    params: { name: account.ownerName, account: account.number, at: new Date() },
    to: { address: await addressOfOwner(context.db, account.id) },
    about: { entity: 'account', id: String(account.id) },
  });
};
