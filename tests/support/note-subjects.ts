import type { Prepare } from './every-action.ts';

/** Something to note, on an account. */
export const noteSubjects: Readonly<Record<string, Prepare>> = {
  'notes.add': async ({ bank }) => ({ entity: 'account', id: (await bank.account()).id, text: 'the owner called about a letter' }),
};
