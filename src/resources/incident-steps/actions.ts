import type { AnyAction } from '../../kit/define-action.ts';
import { checkStep, skipStep, uncheckStep } from './settle.ts';

/** What can be done about incident steps. */
export const incidentStepsActions: readonly AnyAction[] = [checkStep, skipStep, uncheckStep];
