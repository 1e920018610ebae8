import { z } from 'zod';
import { whyNotUnfreeze } from '../../domain/account.ts';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { retractHold } from './queries.ts';
import { AccountId, accountFor, accountTarget } from './target.ts';

/** One's own freeze, taken back within ten minutes: needs nobody else, since it only restores what was. */
export const retractFreeze = defineAction({
  id: 'accounts.retract-freeze',
  title: 'Retract freeze',
  past: 'retracted the freeze of',
  permission: 'account.freeze',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'account',
  input: z.object({ id: AccountId, findings: Note.meta({ kind: 'note', title: 'Why it was wrong' }) }),

  gather: ({ id }, context) => accountFor(id, context, whyNotUnfreeze),
  target: accountTarget,
  preview: account => [
    `${account.number} of ${account.ownerName} takes deposits, withdrawals and transfers again`,
    'only your own freeze of the last 10 minutes can be retracted; postings refused meanwhile stay refused',
  ],

  execute: async (account, { findings }, { db }) => {
    await retractHold(db, account, findings);
    return { summary: `retracted the freeze of ${account.number}`, old: { status: 'frozen' }, new: { status: 'active', findings } };
  },
});
