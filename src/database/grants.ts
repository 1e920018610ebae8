/** Owns everything and logs in nowhere: what runs with its owner's rights runs without a superuser's. */
export const ownerRole = 'bursar_owner';

/** What the owner may see of other logins' sessions and statements: its functions tell consoles that, and no more. */
export const ownerSees = 'pg_read_all_stats';

/** The roles that log in. None has a password of its own: whoever runs the server says who may be which. */
export const loginRoles = ['bursar_reader', 'bursar_operator', 'bursar_auditor', 'bursar_platform'] as const;
export type LoginRole = (typeof loginRoles)[number];

export const schemas = ['bank', 'ops', 'platform'] as const;

/** What a console calls that only looks on: signing in and out, the pulse, the record of looks, and what queries ask. */
const looking = [
  'ops.sign_in_challenge', 'ops.sign_in', 'ops.open_machine_session', 'ops.session_holder', 'ops.open_demo_session', 'ops.close_session', 'ops.touch', 'ops.lock_session', 'ops.unlock_session', 'ops.record_access',
  'ops.may', 'ops.is_machine', 'ops.permissions_of', 'ops.best_rank', 'ops.is_oneself', 'ops.administrators', 'ops.operator_standing', 'ops.operator_conflicts',
  'ops.operators_with', 'ops.staff_recipients', 'ops.days_since', 'ops.instant', 'ops.access_now', 'ops.access_context', 'ops.still_held', 'ops.review_document',
  'ops.accounts_of', 'ops.incident_impact', 'ops.incident_timeline', 'ops.incident_document', 'ops.incident_recipients',
  'ops.daily_document', 'ops.shift_start', 'ops.shift_digest',
  'bank.business_day', 'bank.limits_of', 'bank.limit_version', 'bank.reconcile',
  'platform.ip_objection', 'platform.ip_rules_now', 'platform.live_roles', 'platform.effective_permissions', 'platform.has_permission', 'platform.holders_of', 'platform.is_powerful',
  'platform.user_conflicts', 'platform.until', 'platform.public_settings', 'platform.whole_setting', 'bank.locked_out_until', 'ops.asks_for_somebody',
  'ops.closing_waits', 'platform.maintenance_now', 'ops.pausing_step',
  'ops.measure_health', 'ops.waiting_work', 'ops.waiting_sessions', 'ops.slow_statements', 'ops.table_statistics', 'ops.index_statistics', 'ops.size_words', 'ops.without_values',
]; // prettier-ignore

const verifying = ['ops.verify_audit', 'ops.audit_hash'];

/** What changes something; each asks for a live token itself, or for the action that the transaction began with one. */
const acting = [
  'ops.begin_action', 'ops.begin_bulk', 'ops.write_audit', 'ops.audit_attempt', 'ops.settle_request', 'ops.open_window', 'ops.renew_window', 'ops.close_window', 'ops.confirm_code',
  'ops.demo_code', 'ops.enrol', 'ops.change_password',
  'ops.make_request', 'ops.reject_request', 'ops.cancel_request', 'ops.fail_request', 'ops.judge_request', 'ops.note_decision',
  'ops.claim_alert', 'ops.claim_next_alert', 'ops.release_alert', 'ops.snooze_alert', 'ops.unsnooze_alert', 'ops.dismiss_alert', 'ops.escalate_alert', 'ops.reopen_alert',
  'ops.open_case', 'ops.take_case', 'ops.move_case', 'ops.link_case', 'ops.close_case',
  'ops.place_hold', 'ops.release_holds', 'ops.retract_hold', 'ops.flag_transaction', 'ops.clear_flag', 'ops.declare_incident', 'ops.move_incident',
  'ops.set_incident_level', 'ops.assign_incident', 'ops.link_incident', 'ops.unlink_incident', 'ops.settle_incident_step', 'ops.preserve_incident', 'ops.review_incident',
  'ops.draft_incident_notice', 'ops.settle_incident_notice',
  'ops.create_operator', 'ops.edit_operator', 'ops.set_operator_active', 'ops.reset_operator', 'ops.grant_role', 'ops.revoke_role', 'ops.end_operator_sessions',
  'ops.open_daily', 'ops.refresh_daily', 'ops.decide_daily_item', 'ops.undo_daily_item', 'ops.close_daily', 'ops.write_handover', 'ops.accept_handover',
  'ops.end_operator_session', 'ops.open_review', 'ops.decide_review_item', 'ops.close_review',
  'bank.set_account_status', 'bank.retract_approval', 'bank.reverse_transaction', 'bank.open_account', 'bank.create_user', 'bank.set_user_profile',
  'bank.set_user_locked', 'bank.set_user_active', 'bank.set_user_role', 'bank.revoke_sessions', 'bank.end_session', 'bank.reset_password', 'bank.send_invitation',
  'platform.create_invite', 'platform.revoke_invite', 'platform.add_ip_rule', 'platform.remove_ip_rule', 'platform.set_setting', 'platform.revert_setting',
  'ops.enqueue_notice', 'ops.claim_notices', 'ops.settle_notice', 'ops.retry_notice', 'ops.cancel_notice',
  'ops.add_note',
  'ops.begin_detection', 'ops.raise_hits', 'ops.finish_detection',
  'bank.override_limit', 'bank.end_limit_override', 'ops.receive_dispute', 'ops.investigate_dispute', 'ops.decide_dispute', 'ops.reopen_dispute',
  'ops.gather_security_events', 'ops.acknowledge_security_event', 'ops.begin_flow', 'ops.note_flow_step', 'ops.close_flow',
  'platform.create_role', 'platform.edit_role', 'platform.set_role_active', 'platform.set_role_permissions', 'platform.grant_role', 'platform.revoke_grant',
  'ops.add_host', 'ops.repin_host', 'ops.edit_host', 'ops.set_host_retired', 'ops.report_host',
  'ops.queue_run', 'ops.claim_run', 'ops.keep_run', 'ops.release_run', 'ops.report_step', 'ops.finish_run', 'ops.abort_run', 'ops.continue_run',
  'ops.claim_due', 'ops.claim_left', 'ops.keep_claim', 'ops.finish_claim', 'ops.note_next_due', 'ops.open_daily_when_due', 'ops.set_schedule_paused', 'ops.run_schedule_now',
  'ops.set_cleanup_policy',
  'ops.plan_run', 'ops.unplan_run', 'ops.queue_planned_run', 'platform.open_maintenance', 'platform.extend_maintenance', 'platform.end_maintenance',
  'ops.sample_health', 'ops.claim_unasked_hosts', 'ops.report_health', 'ops.progress_of_runs',
  'ops.add_machine', 'ops.rotate_machine', 'ops.revoke_machine',
]; // prettier-ignore

/** What the administered platform does for its customers. No operator may: money moves by the customer's will or by a reversal. */
const platforms = [
  'bank.post_transaction', 'bank.register_customer', 'bank.confirm_email', 'bank.record_sign_in', 'bank.redeem_password_reset', 'bank.earlier_passwords',
  'platform.record_event', 'bank.comes_by_link', 'platform.use_invite', 'platform.use_permission', 'platform.has_permission', 'platform.public_settings', 'platform.ip_objection', 'platform.record_xp', 'platform.maintenance_now',
]; // prettier-ignore

/** Functions by the role that may execute them, named with their schema. A function in no list here is a mistake, and executed by nobody. */
export const functionsOf: Readonly<Record<LoginRole, readonly string[]>> = {
  bursar_reader: looking,
  bursar_operator: [...looking, ...verifying, ...acting],
  bursar_auditor: [...looking, ...verifying],
  bursar_platform: platforms,
};

/** Parts of other functions, called with arguments that only these may choose, and what the owner alone does. Triggers need no mention. */
export const internal: readonly string[] = [
  'platform.is_for_developers',
  'ops.acting', 'ops.maker', 'ops.require_acting', 'ops.require_action', 'ops.require_two', 'ops.require_target', 'ops.demand_same', 'ops.live_session', 'ops.session_of_bulk', 'ops.demand_readiness', 'ops.window_of',
  'ops.totp', 'ops.take_code', 'ops.locked_until', 'ops.address_waits_until', 'ops.audit_sign_in', 'ops.check_credentials', 'ops.put_credentials', 'ops.take_request',
  'ops.take_approval', 'ops.demand_stranger', 'ops.open_request', 'ops.demand_checker', 'ops.check_profile', 'ops.insert_operator', 'ops.begin_operator_change', 'ops.clear_credentials', 'ops.end_sessions_of',
  'ops.note_act', 'ops.take_alert', 'ops.demand_claim', 'ops.take_case_file', 'ops.demand_assigned', 'ops.demand_undecided',
  'ops.loose_of_incident', 'ops.is_record', 'ops.add_incident_steps', 'ops.commander', 'ops.take_incident', 'ops.evidence_parts', 'ops.store_evidence',
  'ops.expire_notices', 'ops.delivering_session', 'ops.take_notice', 'ops.in_notice',
  'ops.gather_security', 'ops.security_of_sign_ins', 'ops.security_of_operators', 'ops.security_of_rewards',
  'ops.open_owner_session', 'ops.found_operator', 'ops.recover_operator', 'bank.objection_to', 'bank.next_account_number', 'bank.take_user', 'bank.set_user_status',
  'ops.detecting_session', 'ops.take_detection', 'ops.alerts_due', 'ops.act_as_detection', 'ops.tell_hold', 'ops.weigh_account',
  'bank.take_limits', 'bank.measure_again', 'ops.demand_amount', 'ops.dispute_evidence', 'ops.take_dispute',
  'ops.daily_of_bank', 'ops.daily_failures', 'ops.daily_of_console', 'ops.daily_of_hosts', 'ops.gather_daily', 'ops.take_daily_item', 'ops.money_words',
  'bank.make_link', 'platform.comes_by_invite', 'platform.keep_oneself_in', 'platform.count_hit', 'platform.take_role', 'ops.take_host', 'ops.take_backup_result', 'ops.take_backup_list', 'ops.executing_session', 'ops.scheduling_session', 'ops.take_schedule',
  'ops.is_cleaned', 'ops.cleanup_eyes',
  'ops.machine_address', 'ops.machine_objection', 'ops.may_execute', 'ops.demand_key', 'ops.begin_machine_change', 'ops.end_machine', 'ops.machine_facts', 'ops.approver_of_key',
  'ops.measure_sessions', 'ops.measure_storage', 'ops.measure_upkeep', 'ops.measure_jobs', 'ops.measure_unattended', 'ops.keep_readings', 'ops.thin_health',
  'ops.alarm_words', 'ops.alarms_now', 'ops.tell_alarm', 'ops.raise_alarms',
]; // prettier-ignore

/** The schemas whose tables a role reads. */
export const readsOf: Readonly<Record<LoginRole, readonly (typeof schemas)[number][]>> = {
  bursar_reader: ['bank', 'ops', 'platform'],
  bursar_operator: ['bank', 'ops', 'platform'],
  bursar_auditor: ['bank', 'ops', 'platform'],
  bursar_platform: ['bank', 'platform'],
};

/** Columns that no role reads: only functions that run as their owner compare them. */
export const secrets: readonly string[] = [
  'bank.user.password_hash', 'ops.operator_session.token_hash', 'ops.operator_session.demo_code', 'ops.operator_credential.salt', 'ops.operator_credential.verifier',
  'ops.operator_credential.seed', 'ops.operator_credential.seed_iv', 'ops.operator_credential.last_step', 'ops.operator_credential.enrolment_hash',
  'ops.recovery_code.code_hash', 'ops.decoy.secret', 'ops.notice.sealed', 'bank.password_history.password_hash', 'bank.password_reset.token_hash', 'platform.invite.code_hash',
]; // prettier-ignore

/** Columns that are none, although their names or types sound like it. What sounds like it and stands in neither list is read by nobody. */
export const harmless: readonly string[] = [
  'bank.currency.code', 'bank.posting_refusal.code', 'bank.idempotency_key.content_hash', 'ops.action_run.input_hash', 'ops.approval.input_hash',
  'ops.approval.preview_hash', 'ops.audit.prev', 'ops.audit.hash', 'ops.audit_head.hash', 'ops.access_review.result_hash',
  'ops.incident.result_hash', 'ops.incident_evidence.manifest_sha', 'ops.daily_review.result_hash',
]; // prettier-ignore

/** Whether a column may hold a secret, by its name and type. */
export const soundsSecret = (column: string, type: string): boolean =>
  type === 'bytea' ||
  (/^(text|character|jsonb)/.test(type) && /(hash|secret|seed|code|token|password|sealed|verifier|salt|pin)$/.test(column));

export type Dml = {
  readonly table: string;
  readonly privilege: 'INSERT' | 'UPDATE' | 'DELETE';
  /** All columns, unless said. */
  readonly columns?: readonly string[];
};

/** Tables that a role writes to itself. Consoles write through functions alone. */
export const dmlOf: Readonly<Record<LoginRole, readonly Dml[]>> = {
  bursar_reader: [],
  bursar_operator: [],
  bursar_auditor: [],
  bursar_platform: [
    { table: 'bank.document', privilege: 'INSERT' },
    { table: 'bank.auth_event', privilege: 'INSERT' },
    { table: 'bank.user', privilege: 'UPDATE', columns: ['last_login_at'] },
  ],
};
