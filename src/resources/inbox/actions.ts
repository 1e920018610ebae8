import type { AnyAction } from '../../kit/define-action.ts';
import { approveRequest } from './approve.ts';
import { breakGlass } from './break-glass.ts';
import { cancelApproval } from './cancel.ts';
import { ratifyRequest } from './ratify.ts';
import { rejectApproval } from './reject.ts';

/** What can be done about inbox. */
export const inboxActions: readonly AnyAction[] = [approveRequest, rejectApproval, cancelApproval, breakGlass, ratifyRequest];
