import type { AnyAction } from '../../kit/define-action.ts';
import { pauseJob, resumeJob } from './pause.ts';
import { runJobNow } from './run-now.ts';
import { unplanJob } from './unplan.ts';

/** What can be done about schedule. */
export const scheduleActions: readonly AnyAction[] = [pauseJob, resumeJob, runJobNow, unplanJob];
