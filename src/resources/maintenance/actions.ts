import type { AnyAction } from '../../kit/define-action.ts';
import { endWindow, extendWindow } from './change.ts';
import { planMaintenance, startMaintenance } from './start.ts';

/** What can be done about maintenance mode. */
export const maintenanceActions: readonly AnyAction[] = [startMaintenance, planMaintenance, extendWindow, endWindow];
