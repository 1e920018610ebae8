import type { AnyAction } from '../kit/define-action.ts';
import type { AnyResource } from '../kit/define-resource.ts';
import { approveAccount } from './accounts/approve.ts';
import { closeAccount } from './accounts/close.ts';
import { freezeAccount } from './accounts/freeze.ts';
import { accounts } from './accounts/index.ts';
import { rejectAccount } from './accounts/reject.ts';
import { retractAccountApproval } from './accounts/retract-approval.ts';
import { retractFreeze } from './accounts/retract-freeze.ts';
import { unfreezeAccount } from './accounts/unfreeze.ts';

/** In the order of the tabs. A new pane is one folder and one line here. */
export const resources: readonly AnyResource[] = [accounts];

/** Every action there is, found by its id. */
export const actions: readonly AnyAction[] = [
  approveAccount,
  rejectAccount,
  freezeAccount,
  unfreezeAccount,
  closeAccount,
  retractFreeze,
  retractAccountApproval,
];
