import type { AnyAction } from '../kit/define-action.ts';
import type { AnyResource } from '../kit/define-resource.ts';
import { accountsActions } from './accounts/actions.ts';
import { alertsActions } from './alerts/actions.ts';
import { casesActions } from './cases/actions.ts';
import { dailyActions } from './daily/actions.ts';
import { dailyItemsActions } from './daily-items/actions.ts';
import { disputesActions } from './disputes/actions.ts';
import { hostsActions } from './hosts/actions.ts';
import { inboxActions } from './inbox/actions.ts';
import { incidentNoticesActions } from './incident-notices/actions.ts';
import { incidentStepsActions } from './incident-steps/actions.ts';
import { incidentsActions } from './incidents/actions.ts';
import { ipRulesActions } from './ip-rules/actions.ts';
import { machinesActions } from './machines/actions.ts';
import { operatorsActions } from './operators/actions.ts';
import { rolesActions } from './roles/actions.ts';
import { scheduleActions } from './schedule/actions.ts';
import { transactionsActions } from './transactions/actions.ts';
import { usersActions } from './users/actions.ts';
import { accounts } from './accounts/index.ts';
import { alerts } from './alerts/index.ts';
import { audit } from './audit/index.ts';
import { cases } from './cases/index.ts';
import { developerGrants } from './developer-grants/index.ts';
import { incidentNotices } from './incident-notices/index.ts';
import { incidentSteps } from './incident-steps/index.ts';
import { incidents } from './incidents/index.ts';
import { inbox } from './inbox/index.ts';
import { daily } from './daily/index.ts';
import { dailyItems } from './daily-items/index.ts';
import { acceptHandoverAction } from './handovers/accept.ts';
import { handovers } from './handovers/index.ts';
import { writeHandoverAction } from './handovers/write.ts';
import { machines } from './machines/index.ts';
import { operators } from './operators/index.ts';
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
import { roles } from './roles/index.ts';
import { cancelDelivery } from './notices/cancel.ts';
import { notices } from './notices/index.ts';
import { retryDelivery } from './notices/retry.ts';
import { events } from './events/index.ts';
import { addNoteAction } from './notes/add.ts';
import { notes } from './notes/index.ts';
import { trace } from './trace/index.ts';
import { disputes } from './disputes/index.ts';
import { limits } from './limits/index.ts';
import { maintenanceActions } from './maintenance/actions.ts';
import { maintenancePane } from './maintenance/index.ts';
import { overview } from './overview/index.ts';
import { createInvite } from './invites/create.ts';
import { invites } from './invites/index.ts';
import { health } from './health/index.ts';
import { backups } from './backups/index.ts';
import { hosts } from './hosts/index.ts';
import { indexes } from './indexes/index.ts';
import { locks } from './locks/index.ts';
import { statements } from './statements/index.ts';
import { tables } from './tables/index.ts';
import { abortRun } from './runs/abort.ts';
import { continueRun } from './runs/continue.ts';
import { runs } from './runs/index.ts';
import { schedulePane } from './schedule/index.ts';
import { runbookActions } from '../runbooks/registry.ts';
import { planRunAction } from '../schedule/plan-run.ts';
import { revokeInviteOf } from './invites/revoke.ts';
import { ipRules } from './ip-rules/index.ts';
import { cleanups } from './cleanups/index.ts';
import { editPolicy } from './policies/edit.ts';
import { policiesPane } from './policies/index.ts';
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
import { transactions } from './transactions/index.ts';
import { users } from './users/index.ts';

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
  machines,
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
  backups,
  cleanups,
  policiesPane,
  maintenancePane,
  health,
  locks,
  statements,
  tables,
  indexes,
];

/** Every action there is, found by its id. */
export const actions: readonly AnyAction[] = [
  ...accountsActions,
  ...usersActions,
  ...transactionsActions,
  ...disputesActions,
  ...alertsActions,
  ...casesActions,
  ...inboxActions,
  ...incidentsActions,
  ...incidentStepsActions,
  ...incidentNoticesActions,
  ...operatorsActions,
  ...machinesActions,
  createInvite,
  revokeInviteOf,
  endUserSession,
  endSessionOfOperator,
  blockAddressOf,
  ...ipRulesActions,
  acknowledgeSecurityEvent,
  beginWalkThrough,
  closeWalkThrough,
  settleStep,
  editSetting,
  editPolicy,
  revertSettingTo,
  grantToUser,
  revokeRoleGrant,
  ...rolesActions,
  ...dailyActions,
  ...dailyItemsActions,
  writeHandoverAction,
  acceptHandoverAction,
  openAccessReview,
  closeAccessReview,
  keepItem,
  revokeItem,
  retryDelivery,
  cancelDelivery,
  addNoteAction,
  ...hostsActions,
  abortRun,
  continueRun,
  ...scheduleActions,
  ...maintenanceActions,
  planRunAction,
  ...runbookActions,
];
