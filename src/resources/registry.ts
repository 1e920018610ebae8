import type { AnyAction } from '../kit/define-action.ts';
import type { AnyResource } from '../kit/define-resource.ts';
import { approveAccount } from './accounts/approve.ts';
import { closeAccount } from './accounts/close.ts';
import { endLimitOverride } from './accounts/end-override.ts';
import { freezeAccount } from './accounts/freeze.ts';
import { accounts } from './accounts/index.ts';
import { linkAccountToIncident } from './accounts/link-incident.ts';
import { overrideAccountLimit } from './accounts/override-limit.ts';
import { rejectAccount } from './accounts/reject.ts';
import { retractAccountApproval } from './accounts/retract-approval.ts';
import { retractFreeze } from './accounts/retract-freeze.ts';
import { unfreezeAccount } from './accounts/unfreeze.ts';
import { claimOneAlert } from './alerts/claim.ts';
import { claimTheNextAlert } from './alerts/claim-next.ts';
import { dismissOneAlert } from './alerts/dismiss.ts';
import { escalateOneAlert } from './alerts/escalate.ts';
import { alerts } from './alerts/index.ts';
import { releaseOneAlert } from './alerts/release.ts';
import { reopenOneAlert } from './alerts/reopen.ts';
import { snoozeOneAlert } from './alerts/snooze.ts';
import { wakeAlert } from './alerts/unsnooze.ts';
import { audit } from './audit/index.ts';
import { closeOneCase } from './cases/close.ts';
import { cases } from './cases/index.ts';
import { linkOneCase } from './cases/link.ts';
import { resumeCase, suspendCase } from './cases/move.ts';
import { openOneCase } from './cases/open.ts';
import { takeOneCase } from './cases/take.ts';
import { developerGrants } from './developer-grants/index.ts';
import { editDraft, discardDraft } from './incident-notices/edit.ts';
import { incidentNotices } from './incident-notices/index.ts';
import { sendDraft } from './incident-notices/send.ts';
import { incidentSteps } from './incident-steps/index.ts';
import { checkStep, skipStep, uncheckStep } from './incident-steps/settle.ts';
import { declareIncident } from './incidents/declare.ts';
import { draftIncidentNotice } from './incidents/draft.ts';
import { incidents } from './incidents/index.ts';
import { assignIncident, setIncidentLevel } from './incidents/lead.ts';
import { linkRecords, unlinkRecords } from './incidents/link.ts';
import { containIncident, resolveIncident } from './incidents/move.ts';
import { preserveEvidence } from './incidents/preserve.ts';
import { reviewIncident } from './incidents/review.ts';
import { approveRequest } from './inbox/approve.ts';
import { breakGlass } from './inbox/break-glass.ts';
import { cancelApproval } from './inbox/cancel.ts';
import { inbox } from './inbox/index.ts';
import { ratifyRequest } from './inbox/ratify.ts';
import { rejectApproval } from './inbox/reject.ts';
import { closeDailyAction } from './daily/close.ts';
import { daily } from './daily/index.ts';
import { openDailyAction } from './daily/open.ts';
import { refreshDailyAction } from './daily/refresh.ts';
import { actOnDailyItem } from './daily-items/act.ts';
import { escalateDailyItem } from './daily-items/escalate.ts';
import { dailyItems } from './daily-items/index.ts';
import { keepDailyItem } from './daily-items/keep.ts';
import { undoDailyDecision } from './daily-items/undo.ts';
import { acceptHandoverAction } from './handovers/accept.ts';
import { handovers } from './handovers/index.ts';
import { writeHandoverAction } from './handovers/write.ts';
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
import { addHostAction } from './hosts/add.ts';
import { editHostAction } from './hosts/edit.ts';
import { hosts } from './hosts/index.ts';
import { repinHostAction } from './hosts/repin.ts';
import { restoreHost, retireHost } from './hosts/retire.ts';
import { abortRun } from './runs/abort.ts';
import { runs } from './runs/index.ts';
import { schedulePane } from './schedule/index.ts';
import { pauseJob, resumeJob } from './schedule/pause.ts';
import { runJobNow } from './schedule/run-now.ts';
import { runbookActions } from '../runbooks/registry.ts';
import { revokeInviteOf } from './invites/revoke.ts';
import { ipRules } from './ip-rules/index.ts';
import { removeAddressRule } from './ip-rules/remove.ts';
import { rulesPane } from './rules/index.ts';
import { endUserSession } from './sessions/end.ts';
import { endSessionOfOperator } from './sessions/end-operator.ts';
import { sessions } from './sessions/index.ts';
import { acknowledgeSecurityEvent } from './security/acknowledge.ts';
import { security } from './security/index.ts';
import { flowSteps } from './flow-steps/index.ts';
import { settleStep } from './flow-steps/settle.ts';
import { beginWalkThrough } from './flows/begin.ts';
import { closeWalkThrough } from './flows/close.ts';
import { flowsPane } from './flows/index.ts';
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
  alerts,
  cases,
  rulesPane,
  audit,
  limits,
  disputes,
  inbox,
  incidents,
  incidentSteps,
  incidentNotices,
  dailyItems,
  daily,
  handovers,
  operators,
  developerGrants,
  sessions,
  signIns,
  security,
  flowsPane,
  flowSteps,
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
  hosts,
  runs,
  schedulePane,
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
  claimOneAlert,
  claimTheNextAlert,
  releaseOneAlert,
  snoozeOneAlert,
  wakeAlert,
  dismissOneAlert,
  escalateOneAlert,
  reopenOneAlert,
  openOneCase,
  takeOneCase,
  suspendCase,
  resumeCase,
  linkOneCase,
  closeOneCase,
  approveRequest,
  rejectApproval,
  cancelApproval,
  breakGlass,
  ratifyRequest,
  declareIncident,
  containIncident,
  resolveIncident,
  reviewIncident,
  setIncidentLevel,
  assignIncident,
  linkRecords,
  unlinkRecords,
  linkAccountToIncident,
  preserveEvidence,
  draftIncidentNotice,
  checkStep,
  skipStep,
  uncheckStep,
  editDraft,
  sendDraft,
  discardDraft,
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
  acknowledgeSecurityEvent,
  beginWalkThrough,
  closeWalkThrough,
  settleStep,
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
  openDailyAction,
  refreshDailyAction,
  closeDailyAction,
  keepDailyItem,
  actOnDailyItem,
  escalateDailyItem,
  undoDailyDecision,
  writeHandoverAction,
  acceptHandoverAction,
  openAccessReview,
  closeAccessReview,
  keepItem,
  revokeItem,
  retryDelivery,
  cancelDelivery,
  addNoteAction,
  addHostAction,
  repinHostAction,
  editHostAction,
  retireHost,
  restoreHost,
  abortRun,
  pauseJob,
  resumeJob,
  runJobNow,
  ...runbookActions,
];
