import type { AnyAction } from '../../kit/define-action.ts';
import { approveAccount } from './approve.ts';
import { closeAccount } from './close.ts';
import { endLimitOverride } from './end-override.ts';
import { freezeAccount } from './freeze.ts';
import { linkAccountToIncident } from './link-incident.ts';
import { overrideAccountLimit } from './override-limit.ts';
import { rejectAccount } from './reject.ts';
import { retractAccountApproval } from './retract-approval.ts';
import { retractFreeze } from './retract-freeze.ts';
import { unfreezeAccount } from './unfreeze.ts';

/** What can be done about accounts. */
export const accountsActions: readonly AnyAction[] = [
  approveAccount,
  rejectAccount,
  freezeAccount,
  unfreezeAccount,
  closeAccount,
  retractFreeze,
  retractAccountApproval,
  overrideAccountLimit,
  endLimitOverride,
  linkAccountToIncident,
];
