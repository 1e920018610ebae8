import type { AnyAction } from '../../kit/define-action.ts';
import { flagTransaction } from './flag.ts';
import { reverseTransaction } from './reverse.ts';
import { unflagTransaction } from './unflag.ts';

/** What can be done about transactions. */
export const transactionsActions: readonly AnyAction[] = [flagTransaction, unflagTransaction, reverseTransaction];
