import type { AnyAction } from '../../kit/define-action.ts';
import { actOnDailyItem } from './act.ts';
import { escalateDailyItem } from './escalate.ts';
import { keepDailyItem } from './keep.ts';
import { undoDailyDecision } from './undo.ts';

/** What can be done about daily items. */
export const dailyItemsActions: readonly AnyAction[] = [keepDailyItem, actOnDailyItem, escalateDailyItem, undoDailyDecision];
