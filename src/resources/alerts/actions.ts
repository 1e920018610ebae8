import type { AnyAction } from '../../kit/define-action.ts';
import { claimOneAlert } from './claim.ts';
import { claimTheNextAlert } from './claim-next.ts';
import { dismissOneAlert } from './dismiss.ts';
import { escalateOneAlert } from './escalate.ts';
import { releaseOneAlert } from './release.ts';
import { reopenOneAlert } from './reopen.ts';
import { snoozeOneAlert } from './snooze.ts';
import { wakeAlert } from './unsnooze.ts';

/** What can be done about alerts. */
export const alertsActions: readonly AnyAction[] = [
  claimOneAlert,
  claimTheNextAlert,
  releaseOneAlert,
  snoozeOneAlert,
  wakeAlert,
  dismissOneAlert,
  escalateOneAlert,
  reopenOneAlert,
];
