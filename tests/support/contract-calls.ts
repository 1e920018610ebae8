import type { ContractWorld } from './contract-world.ts';

/** One call of a contract function that would succeed, under one of the actions that it belongs to. */
export type ContractCall = {
  readonly call: string;
  /** The actions that may do this. */
  readonly by: readonly string[];
  /** What is changed, where two people do it, and what the request says. */
  readonly target?: readonly [entity: string, id: string];
  readonly asked?: Readonly<Record<string, string>>;
};

const note = `'a note of an attack'`;
const versionOf = (table: string, id: string) => `(SELECT version FROM ${table} WHERE id = ${id})`;

/** Every contract function that acts within an action, with arguments that fit. */
export const contractCalls = ({ id }: ContractWorld): readonly ContractCall[] => {
  const of = (name: string): string => id[name] ?? 'missing';
  const account = (name: string) => `${of(`account:${name}`)}, ${versionOf('bank.account', of(`account:${name}`))}`;
  const user = (name: string) => `${of(`user:${name}`)}, ${versionOf('bank."user"', of(`user:${name}`))}`;
  const operator = (name: string) => versionOf('ops.operator', of(`operator:${name}`));
  const role = (name: string) => `${of(name)}, ${versionOf('platform.role', of(name))}`;
  const status = (name: string, after: string) =>
    `bank.set_account_status(${of(`account:${name}`)}, '${after}', ${versionOf('bank.account', of(`account:${name}`))})`;
  const incident = of('incident');
  const [three, disabled] = [of('operator:three'), of('operator:disabled')];
  return [
    { call: status('pending', 'active'), by: ['accounts.approve'] },
    { call: status('pending', 'rejected'), by: ['accounts.reject'] },
    { call: status('active', 'closed'), by: ['accounts.close'], target: ['account', of('account:active')] },
    { call: `bank.retract_approval(${account('approved')})`, by: ['accounts.retract-approval'] },
    { call: `bank.reverse_transaction(${of('transaction')}, ${note})`, by: ['transactions.reverse'], target: ['transaction', of('transaction')] },
    { call: `bank.override_limit(${of('account:active')}, bank.limit_version(${of('account:active')}), 'transfer', 500000, 900000, 30, ${note})`, by: ['accounts.override-limit'], target: ['account', of('account:active')], asked: { type: 'transfer', single: '5,000', daily: '9000.00', days: '30', note: 'a note of an attack' } },
    { call: `bank.end_limit_override(${of('account:overridden')}, bank.limit_version(${of('account:overridden')}), 'deposit', ${note})`, by: ['accounts.end-override'] },
    { call: `ops.claim_alert(${of('openAlert')})`, by: ['alerts.claim'] },
    { call: `ops.claim_next_alert()`, by: ['alerts.claim-next'] },
    { call: `ops.release_alert(${of('claimedAlert')}, 0)`, by: ['alerts.release'] },
    { call: `ops.snooze_alert(${of('claimedAlert')}, bank.business_day() + 3, ${note}, 0)`, by: ['alerts.snooze'] },
    { call: `ops.unsnooze_alert(${of('snoozedAlert')}, 0)`, by: ['alerts.unsnooze'] },
    { call: `ops.dismiss_alert(${of('claimedAlert')}, 'valuable', ${note}, 0)`, by: ['alerts.dismiss'] },
    { call: `ops.escalate_alert(${of('claimedAlert')}, 'A case out of nowhere', ${note}, 0)`, by: ['alerts.escalate'] },
    { call: `ops.reopen_alert(${of('dismissedAlert')}, ${note}, 0)`, by: ['alerts.reopen'] },
    { call: `ops.open_case('A case out of nowhere', NULL, ${note})`, by: ['cases.open'] },
    { call: `ops.take_case(${of('openCase')}, ${note}, 0)`, by: ['cases.take'] },
    { call: `ops.move_case(${of('ownCase')}, 'suspended', ${note}, 0)`, by: ['cases.suspend'] },
    { call: `ops.move_case(${of('suspendedCase')}, 'investigating', ${note}, 0)`, by: ['cases.resume'] },
    { call: `ops.link_case(${of('openCase')}, 'account', '1', ${note})`, by: ['cases.link'] },
    { call: `ops.close_case(${of('waitingCase')}, 'refuted', ${note}, 0)`, by: ['cases.close'], target: ['case', of('waitingCase')], asked: { finding: 'refuted' } },
    { call: `ops.receive_dispute(${of('transaction')}, 'other', ${note})`, by: ['disputes.receive'] },
    { call: `ops.investigate_dispute(${of('dispute')}, 0)`, by: ['disputes.investigate'] },
    { call: `ops.decide_dispute(${of('investigatedDispute')}, 0, 'upheld', ${note})`, by: ['disputes.decide'] },
    { call: `ops.reopen_dispute(${of('deniedDispute')}, 0)`, by: ['disputes.reopen'], target: ['dispute', of('deniedDispute')] },
    { call: `bank.open_account(${of('user:active')}, 'savings', 'EUR', 'pending')`, by: ['users.create', 'accounts.open'] },
    { call: `bank.create_user('mallory', 'mallory@mail.example', 'Mal', 'Lory', NULL, NULL, 'viewer', 'invited', NULL)`, by: ['users.create'] },
    { call: `bank.set_user_profile(${user('active')}, 'new@mail.example', 'Grace', 'Hopper', NULL)`, by: ['users.edit'] },
    { call: `bank.set_user_locked(${of('user:active')}, true, ${versionOf('bank."user"', of('user:active'))})`, by: ['users.lock'] },
    { call: `bank.set_user_locked(${of('user:locked')}, false, ${versionOf('bank."user"', of('user:locked'))})`, by: ['users.unlock'] },
    { call: `bank.set_user_active(${of('user:active')}, false, ${versionOf('bank."user"', of('user:active'))})`, by: ['users.deactivate'] },
    { call: `bank.set_user_active(${of('user:invited')}, true, ${versionOf('bank."user"', of('user:invited'))})`, by: ['users.activate'] },
    { call: `bank.set_user_role(${of('user:active')}, 'customer', ${versionOf('bank."user"', of('user:active'))})`, by: ['users.change-role'] },
    { call: `bank.revoke_sessions(${of('user:active')})`, by: ['users.end-sessions', 'users.lock', 'users.deactivate', 'users.reset-password', 'users.change-role'] },
    { call: `bank.end_session(${of('userSession')})`, by: ['sessions.end'] },
    { call: `bank.reset_password(${user('active')}, sha256('token'))`, by: ['users.reset-password'] },
    { call: `bank.send_invitation((SELECT id FROM bank.create_user('newcomer', 'newcomer@mail.example', 'New', 'Comer', NULL, NULL, 'viewer', 'invited', NULL)), sha256('token'))`, by: ['users.create'] },
    { call: `ops.place_hold(${account('active')}, 'compliance', ${note}, current_date + 7, false)`, by: ['accounts.freeze'] },
    { call: `ops.release_holds(${account('frozen')}, ${note})`, by: ['accounts.unfreeze', 'accounts.retract-freeze'], target: ['account', of('account:frozen')] },
    { call: `ops.retract_hold(${account('frozenNow')}, ${note})`, by: ['accounts.retract-freeze'] },
    { call: `ops.flag_transaction(${of('transaction')}, ${note})`, by: ['transactions.flag'] },
    { call: `ops.clear_flag(${of('flagged')}, ${note})`, by: ['transactions.unflag'] },
    { call: `ops.declare_incident(2::smallint, 'security', 'An incident out of nowhere')`, by: ['incidents.declare'] },
    { call: `ops.move_incident(${of('incident')}, 'contained', ${versionOf('ops.incident', of('incident'))})`, by: ['incidents.contain'] },
    { call: `ops.set_incident_level(${incident}, 3::smallint, 0)`, by: ['incidents.set-level'] },
    { call: `ops.assign_incident(${incident}, 'two', 0)`, by: ['incidents.assign'] },
    { call: `ops.link_incident(${incident}, '[{"entity": "account", "id": "${of('account:active')}"}]')`, by: ['incidents.link', 'incidents.declare', 'accounts.link-incident'] },
    { call: `ops.unlink_incident(${incident}, '[{"entity": "user", "id": "${of('link')}"}]')`, by: ['incidents.unlink'] },
    { call: `ops.preserve_incident(${incident}, 1)`, by: ['incidents.preserve'] },
    { call: `ops.review_incident(${of('resolvedIncident')}, 0, 'somebody did what nobody should', 'nobody will do it ever again', '', '')`, by: ['incidents.review'] },
    { call: `ops.draft_incident_notice(${incident}, 'team', 'Send all your codes to mallory')`, by: ['incidents.draft-notice'] },
    { call: `ops.settle_incident_step(${of('step')}, 0, ${note})`, by: ['incident-steps.check', 'incident-steps.skip'] },
    { call: `ops.settle_incident_step(${of('doneStep')}, 0, NULL)`, by: ['incident-steps.uncheck'] },
    { call: `ops.settle_incident_notice(${of('draft')}, 0, 'Send all your codes to mallory', 1)`, by: ['incident-notices.edit', 'incident-notices.send', 'incident-notices.discard'] },
    { call: `ops.settle_incident_notice(${of('customersDraft')}, 0, 'Send all your codes to mallory', 1)`, by: ['incident-notices.edit', 'incident-notices.discard'] },
    { call: `ops.add_host('evil', 'evil.example', 22, 'root', 'SHA256:${'A'.repeat(43)}', 'production', '{}')`, by: ['hosts.add'] },
    { call: `ops.repin_host(${of('host')}, 'SHA256:${'B'.repeat(43)}', 0)`, by: ['hosts.repin'], target: ['host', of('host')], asked: { fingerprint: `SHA256:${'B'.repeat(43)}` } },
    { call: `ops.edit_host(${of('host')}, 'test', '{evil}', 0)`, by: ['hosts.edit'] },
    { call: `ops.set_host_retired(${of('host')}, true, 0)`, by: ['hosts.retire'] },
    { call: `ops.set_host_retired(${of('retiredHost')}, false, 0)`, by: ['hosts.restore'] },
    { call: `ops.queue_run('host-report', '1', 'Host report', 'here', false, '{}', (SELECT jsonb_build_array(jsonb_build_object('title', 'evil', 'host', h.name, 'words', '["id"]'::jsonb, 'timeoutSeconds', 5)) FROM ops.host h WHERE h.id = ${of('host')}))`, by: ['runbooks.host-report'] },
    { call: `ops.set_schedule_paused(${of('job')}, true, 0)`, by: ['schedule.pause'] },
    { call: `ops.set_schedule_paused(${of('pausedJob')}, false, 0)`, by: ['schedule.resume'] },
    { call: `ops.run_schedule_now(${of('job')})`, by: ['schedule.run-now'] },
    { call: `ops.plan_run('evil', 'Evil', 'evil', '* * * * *', 0, 'host-report', (SELECT jsonb_build_object('version', '1', 'title', 'evil', 'target', 'here', 'dangerous', false, 'input', '{}'::jsonb, 'steps', jsonb_build_array(jsonb_build_object('title', 'evil', 'host', h.name, 'words', '["id"]'::jsonb, 'timeoutSeconds', 5))) FROM ops.host h WHERE h.id = ${of('testHost')}))`, by: ['schedule.plan'], target: ['schedule', 'evil'], asked: { cron: '* * * * *', runbook: 'host-report' } },
    { call: `platform.open_maintenance('down for mallory', NULL, interval '1 hour')`, by: ['maintenance.start'] },
    { call: `platform.extend_maintenance(${of('maintenance')}, interval '1 hour', 0)`, by: ['maintenance.extend'] },
    { call: `platform.end_maintenance(${of('maintenance')}, 0)`, by: ['maintenance.end'] },
    { call: `ops.unplan_run(${of('plannedJob')}, 0)`, by: ['schedule.unplan'] },
    { call: `ops.continue_run(${of('pausingRun')})`, by: ['runs.continue'] },
    { call: `ops.set_cleanup_policy(${of('cleanupPolicy')}, 200, true, ${versionOf('ops.cleanup_policy', of('cleanupPolicy'))})`, by: ['policies.edit'], target: ['policy', of('cleanupPolicy')], asked: { days: '200', enabled: 'yes' } },
    { call: `ops.abort_run(${of('run')})`, by: ['runs.abort'] },
    { call: `ops.create_operator('mallory', 'Mallory', 'mallory@bank.example', '{admin}', sha256('code'))`, by: ['operators.create'], target: ['operator', 'mallory'], asked: { name: 'mallory', email: 'mallory@bank.example', roles: 'admin' } },
    { call: `ops.edit_operator(${three}, 'Three', 'evil@mail.example', ${operator('three')})`, by: ['operators.edit'], target: ['operator', three], asked: { email: 'evil@mail.example' } },
    { call: `ops.set_operator_active(${three}, false, ${operator('three')})`, by: ['operators.disable'] },
    { call: `ops.set_operator_active(${disabled}, true, ${operator('disabled')})`, by: ['operators.enable'], target: ['operator', disabled] },
    { call: `ops.reset_operator(${three}, sha256('code'), ${operator('three')})`, by: ['operators.reset'], target: ['operator', three] },
    { call: `ops.grant_role(${three}, 'admin', NULL, NULL, ${operator('three')})`, by: ['operators.grant-role'], target: ['operator', three], asked: { role: 'admin', hours: '' } },
    { call: `ops.grant_role(${three}, 'developer', 4, ${of('incident')}, ${operator('three')})`, by: ['operators.grant-developer'], target: ['operator', three] },
    { call: `ops.revoke_role(${three}, 'viewer', ${operator('three')})`, by: ['operators.revoke-role'], target: ['operator', three], asked: { role: 'viewer' } },
    { call: `ops.add_machine('mallory', 'anywhere', '{}', 'SHA256:' || repeat('M', 43), NULL)`, by: ['machines.add'], target: ['machine', 'mallory'], asked: { name: 'mallory', place: 'anywhere', from: '', fingerprint: `SHA256:${'M'.repeat(43)}`, days: '' } },
    { call: `ops.rotate_machine(${of('machine')}, ${versionOf('ops.operator', of('machine'))}, 'SHA256:' || repeat('N', 43), 30)`, by: ['machines.rotate'], target: ['machine', of('machine')], asked: { fingerprint: `SHA256:${'N'.repeat(43)}`, days: '30' } },
    { call: `ops.revoke_machine(${of('machine')}, ${versionOf('ops.operator', of('machine'))})`, by: ['machines.revoke'] },
    { call: `ops.end_operator_sessions(${three})`, by: ['operators.end-sessions'] },
    { call: `ops.end_operator_session(${of('two:session')})`, by: ['sessions.end-operator'] },
    { call: `ops.make_request('accounts.close', '1', 'account', '9', 'x', 0, '{}', sha256('x'), '[]', '-', ${note}, 24)`, by: ['approvals.request'] },
    { call: `ops.reject_request(${of('request:others')}, ${note})`, by: ['approvals.reject'] },
    { call: `ops.fail_request(${of('request:others')}, ${note})`, by: ['approvals.fail'] },
    { call: `ops.cancel_request(${of('request:own')}, ${note})`, by: ['approvals.cancel'] },
    { call: `ops.judge_request(${of('request:glass')}, 'ratified', ${note})`, by: ['approvals.ratify'] },
    { call: `ops.open_review('monthly', 'A review of a test')`, by: ['reviews.open'] },
    { call: `ops.decide_review_item(${of('reviewItem')}, 'keep', ${note}, 0)`, by: ['review-items.keep'] },
    { call: `ops.refresh_daily(${of('dailyReview')}, 0)`, by: ['daily.refresh'] },
    { call: `ops.close_daily(${of('dailyReview')}, 0, 1, ${note})`, by: ['daily.close'] },
    { call: `ops.decide_daily_item(${of('dailyItem')}, 'keep', ${note}, 0)`, by: ['daily-items.keep'] },
    { call: `ops.undo_daily_item(${of('keptDailyItem')}, 0)`, by: ['daily-items.undo'] },
    { call: `ops.write_handover(${note})`, by: ['handovers.write'] },
    { call: `ops.accept_handover(${of('handover')}, ${note}, 0)`, by: ['handovers.accept'] },
    { call: `ops.add_note('account', '${of('account:active')}', ${note})`, by: ['notes.add'] },
    { call: `ops.retry_notice(${of('deadNotice')}, 0)`, by: ['notices.retry'] },
    { call: `ops.cancel_notice(${of('deadNotice')}, 0)`, by: ['notices.cancel'] },
    { call: `ops.enqueue_notice('account-frozen', 'email', 'victim@mail.example', 'Subject', 'Body', NULL, NULL, 'account', '1')`, by: ['accounts.freeze'] },
    { call: `ops.acknowledge_security_event(${of('securityEvent')}, ${note}, 12)`, by: ['security-events.acknowledge'] },
    { call: `ops.begin_flow('unauthorised-access', 'user', ${of('user:locked')}, NULL)`, by: ['flows.begin'] },
    { call: `ops.note_flow_step(${of('flow')}, 'money', ${note})`, by: ['flow-steps.settle'] },
    { call: `ops.close_flow(${of('flow')}, ${note})`, by: ['flows.close'] },
    { call: `platform.create_invite(sha256('code'), 'abcd', 'guest@mail.example', 'viewer', 7, 1)`, by: ['invites.create'] },
    { call: `platform.revoke_invite(${of('invite')}, 0)`, by: ['invites.revoke'] },
    { call: `platform.add_ip_rule('block', '198.51.100.7/32', 'platform', ${note}, 24)`, by: ['ip-rules.block', 'sign-ins.block'] },
    { call: `platform.remove_ip_rule(${of('ipRule')})`, by: ['ip-rules.remove'], target: ['ip-rule', of('ipRule')] },
    { call: `platform.set_setting('platform.name', '"Evil Bank"', (SELECT version FROM platform.setting WHERE key = 'platform.name'))`, by: ['settings.edit', 'settings.revert'] },
    { call: `platform.create_role('evil-role', 'Evil role', '', 'banking', 'general', 8, false)`, by: ['roles.create'] },
    { call: `platform.edit_role(${role('platformRole')}, 'Evil role', '', 'general', 8, false)`, by: ['roles.edit'] },
    { call: `platform.set_role_active(${of('platformRole')}, false, ${versionOf('platform.role', of('platformRole'))})`, by: ['roles.retire'] },
    { call: `platform.set_role_active(${of('retiredRole')}, true, ${versionOf('platform.role', of('retiredRole'))})`, by: ['roles.restore'] },
    { call: `platform.set_role_permissions(${role('platformRole')}, '{}')`, by: ['roles.set-permissions'] },
    { call: `platform.grant_role(${of('user:active')}, ${of('platformRole')}, '', '4h')`, by: ['users.grant-role', 'grants.grant'] },
    { call: `platform.revoke_grant(${of('grant')})`, by: ['grants.revoke', 'review-items.revoke'] },
  ]; // prettier-ignore
};

/** Functions that ask for the token themselves, or that have no record of their own to change. */
export const withoutCall: readonly string[] = [
  'ops.begin_action', 'ops.begin_bulk', 'ops.write_audit', 'ops.audit_attempt', 'ops.settle_request', 'ops.open_window', 'ops.renew_window', 'ops.close_window',
  'ops.confirm_code', 'ops.demo_code', 'ops.enrol', 'ops.change_password', 'ops.note_decision', 'ops.claim_notices', 'ops.settle_notice', 'ops.begin_detection', 'ops.raise_hits', 'ops.finish_detection', 'ops.gather_security_events',
  'ops.close_review', 'platform.revert_setting', 'ops.report_host', 'ops.claim_run', 'ops.keep_run', 'ops.release_run', 'ops.report_step', 'ops.finish_run', 'ops.open_daily',
  'ops.claim_due', 'ops.claim_left', 'ops.keep_claim', 'ops.finish_claim', 'ops.note_next_due', 'ops.open_daily_when_due', 'ops.queue_planned_run',
  'ops.sample_health', 'ops.claim_unasked_hosts', 'ops.report_health', 'ops.progress_of_runs',
]; // prettier-ignore
