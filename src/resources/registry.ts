import type { AnyAction } from '../kit/define-action.ts';
import type { AnyResource } from '../kit/define-resource.ts';
import { approveAccount } from './accounts/approve.ts';
import { closeAccount } from './accounts/close.ts';
import { endLimitOverride } from './accounts/end-override.ts';
import { freezeAccount } from './accounts/freeze.ts';
import { accounts } from './accounts/index.ts';
import { overrideAccountLimit } from './accounts/override-limit.ts';
import { rejectAccount } from './accounts/reject.ts';
import { retractAccountApproval } from './accounts/retract-approval.ts';
import { retractFreeze } from './accounts/retract-freeze.ts';
import { unfreezeAccount } from './accounts/unfreeze.ts';
import { audit } from './audit/index.ts';
import { developerGrants } from './developer-grants/index.ts';
import { containIncident, resolveIncident, reviewIncident } from './incidents/move.ts';
import { declareIncident } from './incidents/declare.ts';
import { incidents } from './incidents/index.ts';
import { approveRequest } from './inbox/approve.ts';
import { breakGlass } from './inbox/break-glass.ts';
import { cancelApproval } from './inbox/cancel.ts';
import { inbox } from './inbox/index.ts';
import { ratifyRequest } from './inbox/ratify.ts';
import { rejectApproval } from './inbox/reject.ts';
import { createOperator } from './operators/create.ts';
import { disableOperator } from './operators/disable.ts';
import { changeOperator } from './operators/edit.ts';
import { enableOperator } from './operators/enable.ts';
import { endDeveloper } from './operators/end-developer.ts';
import { endOperatorSessions } from './operators/end-sessions.ts';
import { foundOperatorAction } from './operators/found.ts';
import { grantDeveloper } from './operators/grant-developer.ts';
import { grantOperatorRole } from './operators/grant-role.ts';
import { operators } from './operators/index.ts';
import { recoverOperatorAction } from './operators/recover.ts';
import { resetOperatorCredentials } from './operators/reset.ts';
import { revokeOperatorRole } from './operators/revoke-role.ts';
import { grantToUser } from './grants/grant.ts';
import { grants } from './grants/index.ts';
import { revokeRoleGrant } from './grants/revoke.ts';
import { permissionsPane } from './permissions/index.ts';
import { reviewItems } from './review-items/index.ts';
import { keepItem } from './review-items/keep.ts';
import { revokeItem } from './review-items/revoke.ts';
import { closeAccessReview } from './reviews/close.ts';
import { reviews } from './reviews/index.ts';
import { openAccessReview } from './reviews/open.ts';
import { createRole } from './roles/create.ts';
import { editRole } from './roles/edit.ts';
import { roles } from './roles/index.ts';
import { restoreRole } from './roles/restore.ts';
import { retireRole } from './roles/retire.ts';
import { setPermissions } from './roles/set-permissions.ts';
import { changeUserRole } from './users/change-role.ts';
import { grantRoleToUser } from './users/grant-role.ts';
import { cancelDelivery } from './notices/cancel.ts';
import { notices } from './notices/index.ts';
import { retryDelivery } from './notices/retry.ts';
import { events } from './events/index.ts';
import { addNoteAction } from './notes/add.ts';
import { notes } from './notes/index.ts';
import { trace } from './trace/index.ts';
import { decideCustomerDispute } from './disputes/decide.ts';
import { disputes } from './disputes/index.ts';
import { investigateCustomerDispute } from './disputes/investigate.ts';
import { receiveCustomerDispute } from './disputes/receive.ts';
import { reopenCustomerDispute } from './disputes/reopen.ts';
import { limits } from './limits/index.ts';
import { overview } from './overview/index.ts';
import { allowAddress } from './ip-rules/allow.ts';
import { blockAddress } from './ip-rules/block.ts';
import { createInvite } from './invites/create.ts';
import { invites } from './invites/index.ts';
import { revokeInviteOf } from './invites/revoke.ts';
import { ipRules } from './ip-rules/index.ts';
import { removeAddressRule } from './ip-rules/remove.ts';
import { endUserSession } from './sessions/end.ts';
import { endSessionOfOperator } from './sessions/end-operator.ts';
import { sessions } from './sessions/index.ts';
import { editSetting } from './settings/edit.ts';
import { settings } from './settings/index.ts';
import { revertSettingTo } from './settings/revert.ts';
import { blockAddressOf } from './sign-ins/block.ts';
import { signIns } from './sign-ins/index.ts';
import { flagTransaction } from './transactions/flag.ts';
import { transactions } from './transactions/index.ts';
import { reverseTransaction } from './transactions/reverse.ts';
import { unflagTransaction } from './transactions/unflag.ts';
import { activateUser } from './users/activate.ts';
import { createUser } from './users/create.ts';
import { deactivateUser } from './users/deactivate.ts';
import { editUser } from './users/edit.ts';
import { endUserSessions } from './users/end-sessions.ts';
import { users } from './users/index.ts';
import { lockUser } from './users/lock.ts';
import { resetUserPassword } from './users/reset-password.ts';
import { unlockUser } from './users/unlock.ts';

/** In the order of the tabs. A new pane is one folder and one line here. */
export const resources: readonly AnyResource[] = [
  overview,
  accounts,
  users,
  transactions,
  audit,
  limits,
  disputes,
  inbox,
  incidents,
  operators,
  developerGrants,
  sessions,
  signIns,
  invites,
  ipRules,
  settings,
  roles,
  permissionsPane,
  grants,
  reviews,
  reviewItems,
  notices,
  events,
  trace,
  notes,
];

/** Every action there is, found by its id. */
export const actions: readonly AnyAction[] = [
  approveAccount,
  rejectAccount,
  freezeAccount,
  unfreezeAccount,
  closeAccount,
  retractFreeze,
  retractAccountApproval,
  overrideAccountLimit,
  endLimitOverride,
  createUser,
  editUser,
  activateUser,
  deactivateUser,
  lockUser,
  unlockUser,
  flagTransaction,
  unflagTransaction,
  reverseTransaction,
  receiveCustomerDispute,
  investigateCustomerDispute,
  decideCustomerDispute,
  reopenCustomerDispute,
  approveRequest,
  rejectApproval,
  cancelApproval,
  breakGlass,
  ratifyRequest,
  declareIncident,
  containIncident,
  resolveIncident,
  reviewIncident,
  createOperator,
  changeOperator,
  enableOperator,
  disableOperator,
  grantOperatorRole,
  revokeOperatorRole,
  grantDeveloper,
  endDeveloper,
  resetOperatorCredentials,
  endOperatorSessions,
  foundOperatorAction,
  recoverOperatorAction,
  endUserSessions,
  resetUserPassword,
  createInvite,
  revokeInviteOf,
  endUserSession,
  endSessionOfOperator,
  blockAddressOf,
  blockAddress,
  allowAddress,
  removeAddressRule,
  editSetting,
  revertSettingTo,
  changeUserRole,
  grantRoleToUser,
  grantToUser,
  revokeRoleGrant,
  createRole,
  editRole,
  setPermissions,
  retireRole,
  restoreRole,
  openAccessReview,
  closeAccessReview,
  keepItem,
  revokeItem,
  retryDelivery,
  cancelDelivery,
  addNoteAction,
];
