import { randomUUID } from 'node:crypto';
import { act, aBank, toStatus, type Bank } from './acting.ts';
import { post } from './posting.ts';

/** A bank that holds one of everything that operators act on, and the ids of it. */
export type ContractWorld = { readonly bank: Bank; readonly id: Readonly<Record<string, string>> };

/** Tables that remember attempts; they grow when somebody is refused, as they must. */
export const traces: readonly string[] = ['ops.audit', 'ops.audit_head', 'ops.sign_in_attempt'];

const note = 'made for a test of what roles may do';

const users = { active: 'active', invited: 'invited', locked: 'locked', fresh: 'invited' } as const;

const aUser = async (bank: Bank, name: string, status: string): Promise<string> => {
  await bank.behindItsBack(
    `INSERT INTO bank."user" (username, email, first_name, last_name, role, status, password_hash)
     VALUES ($1, $1 || '@mail.example', 'Grace', 'Hopper', 'viewer', $2, CASE WHEN $1 <> 'user-fresh' THEN 'planted-hash-of-a-password' END)`,
    [`user-${name}`, status],
  );
  return (await bank.rows<{ id: string }>('SELECT id FROM bank."user" WHERE username = $1', [`user-${name}`]))[0]?.id ?? '';
};

const anAlert = (rule: number, columns: string, values: string): string =>
  `INSERT INTO ops.alert (rule, account_id, score${columns}) SELECT ${rule}, a.id, 55${values} FROM (SELECT id FROM bank.account ORDER BY id LIMIT 1) a, ops.operator o WHERE o.name = 'one' RETURNING id`;
const aCase = (status: string): string =>
  `INSERT INTO ops.case_file (title, status, opened_by, assigned_to) SELECT 'A case of a test', '${status}', id, CASE WHEN '${status}' <> 'open' THEN id END FROM ops.operator WHERE name = 'one' RETURNING id`;

const alertsAndCases = {
  openAlert: anAlert(1, '', ''),
  claimedAlert: anAlert(2, ', status, claimed_by, claimed_at', `, 'in review', o.id, now()`),
  dismissedAlert: anAlert(3, ', status, outcome, decided_by, decided_at', `, 'dismissed', 'valuable', o.id, now()`),
  snoozedAlert: anAlert(4, '', ''),
  snooze: `INSERT INTO ops.alert_snooze (rule, account_id, until, note, set_by) SELECT 4, a.id, now() + interval '5 days', 'planted by a test', o.id
             FROM (SELECT id FROM bank.account ORDER BY id LIMIT 1) a, ops.operator o WHERE o.name = 'two' RETURNING account_id AS id`,
  openCase: aCase('open'),
  ownCase: aCase('investigating'),
  suspendedCase: aCase('suspended'),
  waitingCase: aCase('pending approval'),
};

const aStep = (title: string, columns: string, values = ''): string =>
  `INSERT INTO ops.incident_step (incident_id, phase, title, due_at${columns}) SELECT i.id, 'after', '${title}', now() + interval '1 hour'${values} FROM ops.incident i, ops.operator o WHERE o.name = 'two' ORDER BY i.id LIMIT 1 RETURNING id`;

/** What is written with triggers and foreign keys off, by the name its id is called. */
const planted: Readonly<Record<string, string>> = {
  userSession: `INSERT INTO bank.auth_session (user_id, device, ip) SELECT id, 'test', '10.0.0.9' FROM bank."user" WHERE username = 'user-active' RETURNING number AS id`,
  incident: `INSERT INTO ops.incident (level, kind, title, opened_by) SELECT 2, 'security', 'An incident of a test', id FROM ops.operator WHERE name = 'one' RETURNING id`,
  host: `INSERT INTO ops.host (name, address, username, fingerprint, pinned_by, added_by) SELECT 'web1', 'web1.example', 'deploy', 'SHA256:' || repeat('A', 43), id, id FROM ops.operator WHERE name = 'one' RETURNING id`,
  testHost: `INSERT INTO ops.host (name, address, username, fingerprint, pinned_by, added_by, environment) SELECT 'test1', 'test1.example', 'deploy', 'SHA256:' || repeat('A', 43), id, id, 'test' FROM ops.operator WHERE name = 'one' RETURNING id`,
  retiredHost: `INSERT INTO ops.host (name, address, username, fingerprint, pinned_by, added_by, retired_at) SELECT 'web0', 'web0.example', 'deploy', 'SHA256:' || repeat('A', 43), id, id, now() FROM ops.operator WHERE name = 'one' RETURNING id`,
  run: `INSERT INTO ops.run (id, runbook, version, title, target, dangerous, input, queued_by) SELECT gen_random_uuid(), 'host-report', '1', 'planted', 'here', false, '{}', id FROM ops.operator WHERE name = 'one' RETURNING number AS id`,
  pausingRun: `INSERT INTO ops.run (id, runbook, version, title, target, dangerous, input, queued_by, status)
               SELECT gen_random_uuid(), 'host-report', '1', 'planted', 'pausing', false, '{}', id, 'running' FROM ops.operator WHERE name = 'one' RETURNING number AS id`,
  pausingStep: `INSERT INTO ops.run_step (run_id, position, title, host_id, words, timeout_seconds, pause_after, status, finished_at)
                SELECT r.id, p, 'look', h.id, '{id}', 5, p = 1, CASE p WHEN 1 THEN 'succeeded' ELSE 'waiting' END, now() FROM ops.run r, ops.host h, generate_series(1, 2) p
                 WHERE r.target = 'pausing' AND h.name = 'web1' RETURNING position AS id`,
  cleanupPolicy: `INSERT INTO ops.cleanup_policy (name, title, words, kind, days, floor_days) VALUES ('planted', 'planted by a test', 'nothing', 'rows', 90, 30) RETURNING id`,
  job: `INSERT INTO ops.schedule (name, title, words, cron, permission) VALUES ('planted', 'planted by a test', 'nothing', '0 0 1 1 *', 'schedule.run') RETURNING id`,
  pausedJob: `INSERT INTO ops.schedule (name, title, words, cron, permission, paused_by, paused_at) SELECT 'planted-paused', 'planted by a test', 'nothing', '0 0 1 1 *', 'schedule.run', id, now() FROM ops.operator WHERE name = 'two' RETURNING id`,
  maintenance: `INSERT INTO platform.maintenance (message, from_at, until, asked_by) SELECT 'planted by a test', now() + interval '2 days', now() + interval '3 days', id FROM ops.operator WHERE name = 'one' RETURNING id`,
  plannedJob: `INSERT INTO ops.schedule (name, title, words, cron, permission, runbook, plan, planned_by, planned_at) SELECT 'planned', 'planned by a test', 'nothing', '0 0 1 1 *', 'host.use', 'host-report', '{}', id, now() FROM ops.operator WHERE name = 'one' RETURNING id`,
  machine: `INSERT INTO ops.operator (name, display_name) VALUES ('machine.planted', 'Machine planted') RETURNING id`,
  machineOfIt: `INSERT INTO ops.machine (operator_id, name, place) SELECT id, 'planted', 'here' FROM ops.operator WHERE name = 'machine.planted' RETURNING operator_id AS id`,
  machineKey: `INSERT INTO ops.machine_key (operator_id, fingerprint, asked_by, valid_until)
               SELECT m.operator_id, 'SHA256:' || repeat('P', 43), o.id, now() + interval '80 days' FROM ops.machine m, ops.operator o WHERE o.name = 'one' RETURNING operator_id AS id`,
  step: aStep('A step of a test', ''),
  doneStep: aStep('A step that is done', `, done_by, done_at, note`, `, o.id, now(), 'planted as done'`),
  draft: `INSERT INTO ops.incident_notice (incident_id, audience, body, drafted_by) SELECT i.id, 'team', 'What a test has to tell', o.id FROM ops.incident i, ops.operator o WHERE o.name = 'two' ORDER BY i.id LIMIT 1 RETURNING id`,
  customersDraft: `INSERT INTO ops.incident_notice (incident_id, audience, body, drafted_by) SELECT i.id, 'customers', 'What a test has to tell', o.id FROM ops.incident i, ops.operator o WHERE o.name = 'two' ORDER BY i.id LIMIT 1 RETURNING id`,
  link: `INSERT INTO ops.incident_link (incident_id, entity, entity_id, linked_by) SELECT i.id, 'user', u.id::text, o.id FROM ops.incident i, bank."user" u, ops.operator o WHERE o.name = 'two' AND u.username = 'user-active' ORDER BY i.id LIMIT 1 RETURNING entity_id::bigint AS id`,
  resolvedIncident: `INSERT INTO ops.incident (level, kind, title, status, opened_by, resolved_at) SELECT 2, 'security', 'An incident that is over', 'resolved', id, now() FROM ops.operator WHERE name = 'one' RETURNING id`,
  platformRole: `INSERT INTO platform.role (slug, name, profile, level) VALUES ('test-role', 'Test role', 'banking', 8) RETURNING id`,
  retiredRole: `INSERT INTO platform.role (slug, name, profile, level, is_active) VALUES ('retired-role', 'Retired role', 'banking', 8, false) RETURNING id`,
  grant: `INSERT INTO platform.role_grant (user_id, role_id, granted_by) SELECT u.id, r.id, o.id FROM bank."user" u, platform.role r, ops.operator o
           WHERE u.username = 'user-locked' AND r.slug = 'test-role' AND o.name = 'two' RETURNING id`,
  invite: `INSERT INTO platform.invite (code_hash, code_hint, email, role, created_by, expires_at) SELECT sha256('planted'), 'abcd', 'invited@mail.example', 'viewer', id,
           clock_timestamp() + interval '1 day' FROM ops.operator WHERE name = 'two' RETURNING id`,
  ipRule: `INSERT INTO platform.ip_rule (kind, network, scope, reason, created_by, expires_at) SELECT 'block', '203.0.113.0/24', 'platform', 'planted by a test', id,
           clock_timestamp() + interval '1 day' FROM ops.operator WHERE name = 'two' RETURNING id`,
  review: `INSERT INTO ops.access_review (kind, title, opened_by, since, items) SELECT 'quarterly', 'Review of a test', id, now(), 1 FROM ops.operator WHERE name = 'one' RETURNING id`,
  reviewItem: `INSERT INTO ops.access_review_item (review_id, source, source_id, subject_kind, subject_id, subject, role, sensitive, inactive_days)
               SELECT r.id, 'user', u.id, 'user', u.id, u.username, u.role, false, 0 FROM ops.access_review r, bank."user" u WHERE u.username = 'user-active' RETURNING id`,
  securityEvent: `INSERT INTO ops.security_event (kind, level, source, summary, count, first_at, last_at, subject, dedupe_key)
                  VALUES ('brute force', 'warning', '203.0.113.9', 'planted', 12, now(), now(), 'planted', 'planted') RETURNING id`,
  flow: `INSERT INTO ops.flow (flow, subject_kind, subject_id, subject, begun_by) SELECT 'unauthorised-access', 'user', u.id, u.username, o.id FROM bank."user" u, ops.operator o
          WHERE u.username = 'user-active' AND o.name = 'one' RETURNING id`,
  dailyReview: `INSERT INTO ops.daily_review (day, since, opened_by, items) SELECT bank.business_day(), now(), id, 2 FROM ops.operator WHERE name = 'two' RETURNING id`,
  dailyItem: `INSERT INTO ops.daily_item (review_id, category, entity, entity_id, label, words, level, at, pane, filter)
              SELECT r.id, 'pending accounts', 'account', '1', '4471', 'planted', 'info', now(), 'accounts', 'id=1' FROM ops.daily_review r, ops.operator o WHERE o.name = 'two' RETURNING id`,
  keptDailyItem: `INSERT INTO ops.daily_item (review_id, category, entity, entity_id, label, words, level, at, pane, filter, decision, note, decided_by, decided_at)
              SELECT r.id, 'pending accounts', 'account', '2', '4471', 'planted', 'info', now(), 'accounts', 'id=1', 'keep', 'seen, nothing to do', o.id, now() FROM ops.daily_review r, ops.operator o WHERE o.name = 'two' RETURNING id`,
  handover: `INSERT INTO ops.handover (text, since, digest, written_by) SELECT 'planted by a test', now(), '{}', id FROM ops.operator WHERE name = 'two' RETURNING id`,
  ...alertsAndCases,
  dispute: `INSERT INTO ops.dispute (transaction_id, account_id, kind, statement, received_by)
            SELECT t.id, t.to_account_id, 'other', 'planted by a test', o.id FROM bank.transaction t, ops.operator o WHERE o.name = 'one' ORDER BY t.id DESC LIMIT 1 RETURNING id`,
  investigatedDispute: `INSERT INTO ops.dispute (transaction_id, account_id, kind, statement, received_by, status, evidence, gathered_at)
            SELECT t.id, t.to_account_id, 'other', 'planted by a test', o.id, 'investigating', '{}', now() FROM bank.transaction t, ops.operator o WHERE o.name = 'one' ORDER BY t.id DESC OFFSET 1 LIMIT 1 RETURNING id`,
  deniedDispute: `INSERT INTO ops.dispute (transaction_id, account_id, kind, statement, received_by, status, evidence, gathered_at, decided_by, decided_at, finding)
            SELECT t.id, t.to_account_id, 'other', 'planted by a test', o.id, 'denied', '{}', now(), o.id, now(), 'planted by a test' FROM bank.transaction t, ops.operator o WHERE o.name = 'one' ORDER BY t.id DESC OFFSET 2 LIMIT 1 RETURNING id`,
  deadNotice: `INSERT INTO ops.notice (template, channel, recipient, subject, body, about_entity, about_id, status, last_error, created_by, request_id)
               SELECT 'account-frozen', 'email', 'x@mail.example', 'planted', 'planted', 'account', '1', 'dead', 'planted', id, gen_random_uuid() FROM ops.operator WHERE name = 'one' RETURNING number AS id`,
};

const operators = ['three', 'disabled'] as const;

const fill = async (bank: Bank): Promise<Record<string, string>> => {
  const id: Record<string, string> = {};
  for (const [name, status] of Object.entries(users)) id[`user:${name}`] = await aUser(bank, name, status);
  for (const status of ['pending', 'active', 'frozen'] as const) id[`account:${status}`] = (await bank.account({ status })).id;
  id['account:approved'] = (await bank.account({ status: 'active' })).id;
  id['account:overridden'] = (await bank.account()).id;
  await bank.behindItsBack(
    `INSERT INTO bank.limit_override (account_id, type, single, daily, reason) VALUES ($1, 'deposit', 900000000, 900000000, 'planted by a test')`,
    [id['account:overridden']],
  );
  id['account:frozenNow'] = (await bank.account({ status: 'frozen' })).id;
  const funded = (await bank.account()).id;
  for (const name of ['transaction', 'flagged', 'disputed', 'investigated'])
    id[name] = (await post(bank.db, { type: 'deposit', to: funded, amount: 700 })).transaction_id ?? '';
  await act(bank.db, bank.one, 'transactions.flag', db => db.query('SELECT ops.flag_transaction($1, $2)', [id['flagged'], note]));
  for (const name of operators)
    id[`operator:${name}`] = (await bank.rows<{ id: string }>('SELECT id FROM ops.operator WHERE name = $1', [name]))[0]?.id ?? '';
  await bank.behindItsBack(
    `UPDATE ops.operator SET is_active = false WHERE name = 'disabled'; UPDATE ops.operator SET email = name || '@bank.example'`,
  );
  for (const [name, sql] of Object.entries(planted)) {
    await bank.behindItsBack(
      `CREATE TEMP TABLE IF NOT EXISTS made (id bigint); WITH made_now AS (${sql}) INSERT INTO made SELECT id FROM made_now`,
    );
    id[name] = (await bank.rows<{ id: string }>('DELETE FROM made RETURNING id'))[0]?.id ?? '';
  }
  id['two:session'] =
    (await bank.rows<{ number: string }>('SELECT number FROM ops.operator_session WHERE operator_id = $1', [bank.two.id]))[0]?.number ?? '';
  return id;
};

/** Requests that wait: one of `one`'s own, one of somebody else's, and one that was carried out under broken glass. */
const fillRequests = async (bank: Bank, id: Record<string, string>): Promise<void> => {
  const insert = `INSERT INTO ops.approval (id, action, action_version, entity, entity_id, entity_label, entity_version, input, input_hash, preview, preview_hash, note, maker_id, maker_session, expires_at, status, break_glass, executed_at)
    SELECT $1, 'accounts.close', '1', 'account', $2, 'x', 0, '{}', sha256('x'), '[]', '-', 'planted by a test', s.operator_id, s.id, clock_timestamp() + interval '1 day', $4, $4 = 'executed', CASE WHEN $4 = 'executed' THEN clock_timestamp() END
      FROM ops.operator_session s WHERE s.operator_id = $3 LIMIT 1`;
  const wanted = [['own', bank.one.id, 'pending'], ['others', bank.two.id, 'pending'], ['glass', bank.two.id, 'executed']] as const; // prettier-ignore
  for (const [index, [name, maker, status]] of wanted.entries()) {
    const request = randomUUID();
    await bank.behindItsBack(insert, [request, `planted-${index}`, maker, status]);
    id[`request:${name}`] =
      (await bank.rows<{ number: string }>('SELECT number FROM ops.approval WHERE id = $1', [request]))[0]?.number ?? '';
  }
};

export const aContractWorld = async (others: Readonly<Record<string, readonly string[]>> = {}): Promise<ContractWorld> => {
  const bank = await aBank({ others: { three: ['viewer'], disabled: ['viewer'], ...others } });
  const id = await fill(bank);
  await fillRequests(bank, id);
  await toStatus(bank.db, bank.two, (await bank.account()).id, 'frozen');
  return { bank, id };
};
