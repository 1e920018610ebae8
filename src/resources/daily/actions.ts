import type { AnyAction } from '../../kit/define-action.ts';
import { closeDailyAction } from './close.ts';
import { openDailyAction } from './open.ts';
import { refreshDailyAction } from './refresh.ts';

/** What can be done about daily. */
export const dailyActions: readonly AnyAction[] = [openDailyAction, refreshDailyAction, closeDailyAction];
