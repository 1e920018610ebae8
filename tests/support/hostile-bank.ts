import type { Bank } from './acting.ts';
import { aDemoLikeBank } from './demo-like-bank.ts';

const stacked = 'e' + '\u0301'.repeat(300);

/** What people write into names and notes to deceive whoever reads them, or the program that shows them. Postgres keeps no NUL. */
export const hostileTexts: readonly string[] = [
  '[ok] frozen', '\u001b]52;c;cm0gLXJmIH4=\u0007', '\u001b]0;root@bank\u001b\\', '\u001b]8;;http://evil.example\u0007link', '\u001b[2J\u001b[H[ok] frozen',
  '\u009b31mred', '\u0090q#0\u009c', 'two\r\nlines\rover', 'a\tb\bc\u007f', 'evil\u202etxt.exe', '\u2066isolated', 'ad\u200bmin', 'ad\u00admin', '\ufeffbom',
  'line\u2028sep\u2029', 'tag\u{e0041}\u{e007f}', '👍🏽', '🇩🇪', '👨‍👩‍👧', '王小明王小明王小明', stacked, 'لا إله', '=HYPERLINK("http://x";"y")', '+1+cmd|\' /C calc\'!A0',
  '-2+3', '@SUM(1)', '\uff1dcmd', '"quoted",comma;semi', "'; DROP TABLE bank.account; --", '%s%n${x}`id`$(id)', '\u2800\u3164', 'ᄒ\u1161ᆫ', '-', 'null', '\\u001b[31m', '<script>', '\ufffd',
]; // prettier-ignore

/** What all hostile events have in common. */
export const hostileCorrelation = '00000000-0000-4000-8000-0000000000aa';

const longNote = 1_000_000;
const largeDocument = 10_000_000;

/** Columns that may be null stay null: nothing but the rest is given. */
const withNulls = [
  `INSERT INTO bank."user" (username, email, first_name, last_name) VALUES ('nobody', 'nobody@mail.example', 'No', 'Body')`,
  `INSERT INTO bank.account (number, user_id, currency) SELECT '447199999999', id, 'EUR' FROM bank."user" WHERE username = 'nobody'`,
  `INSERT INTO bank.transaction (id, type, to_account_id, amount, currency, channel, business_day)
   SELECT 999999, 'deposit', id, 100, 'EUR', 'online', current_date FROM bank.account WHERE number = '447199999999'`,
  `INSERT INTO bank.auth_event (type, username, ip) VALUES ('login_failure', 'nobody', '10.0.0.1')`,
  `INSERT INTO bank.posting_refusal (type, amount, currency, code, message) VALUES ('deposit', 1, 'EUR', 'x', 'y')`,
  `INSERT INTO bank.document (user_id, kind, reference) SELECT id, 'identity', '' FROM bank."user" WHERE username = 'nobody'`,
  `INSERT INTO ops.role_grant (operator_id, role, granted_at, expires_at) VALUES (1, 'developer', now(), now() + interval '1 hour')`,
  `INSERT INTO ops.access_review (kind, title, opened_by, since) VALUES ('monthly', 'A review', 1, now())`,
];

/** Puts one text everywhere that a customer, a colleague or another program can write. */
const everywhere = [
  `INSERT INTO bank."user" (username, email, first_name, last_name, phone, role, status)
   VALUES ('h' || $1::int || left($2, 40), $1::int || '@x.y' || left($2, 200), left($2, 100), left($2, 100), $2, 'customer', 'active')`,
  `INSERT INTO bank.account (number, user_id, currency, status)
   SELECT (447100000000 + $1::int)::text, id, 'EUR', 'active' FROM bank."user" WHERE username = 'h' || $1::int || left($2, 40)`,
  `INSERT INTO bank.transaction (id, type, to_account_id, amount, currency, channel, counterparty, description, business_day)
   SELECT 1000 + $1::int, 'deposit', id, 100, 'EUR', 'online', $2, $2, current_date FROM bank.account WHERE number = (447100000000 + $1::int)::text`,
  `INSERT INTO bank.document (user_id, kind, reference) SELECT user_id, 'identity', $2 FROM bank.account WHERE number = (447100000000 + $1::int)::text`,
  `INSERT INTO bank.auth_session (user_id, device, ip) SELECT user_id, $2, '10.0.0.1' FROM bank.account WHERE number = (447100000000 + $1::int)::text`,
  // of what somebody types as a name the platform keeps 100 characters
  `INSERT INTO bank.auth_event (type, username, user_id, ip, user_agent)
   SELECT 'login_failure', left($2, 100), user_id, '10.0.0.1', $2 FROM bank.account WHERE number = (447100000000 + $1::int)::text`,
  `INSERT INTO bank.posting_refusal (type, to_account_id, amount, currency, code, message)
   SELECT 'deposit', id, 100, 'EUR', $2, $2 FROM bank.account WHERE number = (447100000000 + $1::int)::text`,
  `INSERT INTO ops.hold (account_id, ground, note, review_on, placed_by)
   SELECT id, 'compliance', $2 || '          .', current_date, 1 FROM bank.account WHERE number = (447100000000 + $1::int)::text`,
  `INSERT INTO ops.transaction_flag (transaction_id, account_id, note, flagged_by)
   SELECT 1000 + $1::int, id, $2 || '          .', 1 FROM bank.account WHERE number = (447100000000 + $1::int)::text`,
  `INSERT INTO bank.limit_override (account_id, type, single, daily, reason) SELECT id, 'deposit', 100, 200, $2 FROM bank.account WHERE number = (447100000000 + $1::int)::text`,
  `INSERT INTO ops.dispute (transaction_id, account_id, kind, statement, received_by, status, gathered_at, decided_by, decided_at, finding, evidence)
   SELECT 1000 + $1::int, id, 'other', left($2, 1900) || '          .', 1, 'denied', now(), 1, now(), $2, jsonb_build_object('from', now(), 'to', now(), 'channel', $2::text,
     'signIn', jsonb_build_object('at', now(), 'ip', $2::text, 'device', $2::text, 'newAddress', true, 'newDevice', false), 'sessions', '[]'::jsonb, 'postings', '[]'::jsonb, 'alerts', '[]'::jsonb,
     'refusals', jsonb_build_array(jsonb_build_object('at', now(), 'type', $2::text, 'amount', '1', 'currency', 'EUR', 'message', $2::text)),
     'security', jsonb_build_array(jsonb_build_object('at', now(), 'type', $2::text, 'ip', $2::text, 'device', $2::text)),
     'errors', jsonb_build_array(jsonb_build_object('at', now(), 'level', 'error', 'source', $2::text, 'message', $2::text)),
     'flags', jsonb_build_array(jsonb_build_object('at', now(), 'id', 1, 'note', $2::text))) FROM bank.account WHERE number = (447100000000 + $1::int)::text`,
  `INSERT INTO ops.approval (id, action, action_version, entity, entity_id, entity_label, entity_version, input, input_hash, preview, preview_hash, note, expires_at, maker_id,
     maker_session, error, decision_note)
   VALUES (gen_random_uuid(), 'accounts.close', '1', 'account', $1::int::text, $2, 0, jsonb_build_object('id', $2::text), sha256(''), jsonb_build_array($2::text), '-',
     $2 || '          .', clock_timestamp() + interval '1 day', 1, gen_random_uuid(), $2, $2)`,
  `INSERT INTO ops.incident (level, kind, title, opened_by, root_cause, prevention) SELECT 2, 'outage', left($2, 150) || '          .', 1, $2, $2 WHERE $1::int >= 0`,
  `INSERT INTO ops.incident_step (incident_id, phase, title, due_at, done_by, done_at, note) SELECT max(id), 'after', left($2, 500), now(), 1, now(), $2 FROM ops.incident WHERE $1::int >= 0`,
  `INSERT INTO ops.incident_notice (incident_id, audience, body, drafted_by)
   SELECT max(id), 'team', left(regexp_replace($2, '[[:cntrl:]]', '', 'g'), 1000) || '          .', 1 FROM ops.incident WHERE $1::int >= 0`,
  `INSERT INTO ops.case_file (title, account_id, status, opened_by, assigned_to, finding)
   SELECT left($2, 150) || '          .', id, 'refuted', 1, 1, $2 || '          .' FROM bank.account WHERE number = (447100000000 + $1::int)::text`,
  `INSERT INTO ops.alert (rule, account_id, score, status, decided_by, decided_at, case_id)
   SELECT 5, c.account_id, 55, 'escalated', 1, now(), c.id FROM ops.case_file c JOIN bank.account a ON a.id = c.account_id WHERE a.number = (447100000000 + $1::int)::text AND $2 <> ''`,
  `INSERT INTO ops.rule_hit (rule, rule_version, account_id, last_id, transaction_ids, observed, parameters, words, score, at, alert_id)
   SELECT 5, 1, l.account_id, 1000 + $1::int, ARRAY[1000 + $1::int]::bigint[], jsonb_build_object(left($2, 100), $2, 'currency', left($2, 3)), jsonb_build_object(left($2, 100), $2), $2, 50, now(), l.id
     FROM ops.alert l JOIN bank.account a ON a.id = l.account_id WHERE a.number = (447100000000 + $1::int)::text`,
  `INSERT INTO ops.case_link (case_id, entity, entity_id, linked_by)
   SELECT l.case_id, 'user', $2, 1 FROM ops.alert l JOIN bank.account a ON a.id = l.account_id WHERE a.number = (447100000000 + $1::int)::text AND length($2) < 1000`,
  `INSERT INTO platform.invite (code_hash, code_hint, email, role, created_by, expires_at)
   VALUES (sha256($1::int::text::bytea), 'abcd', $1::int || '@x.yy', $2, 1, clock_timestamp() + interval '1 day')`,
  `INSERT INTO platform.ip_rule (kind, network, scope, reason, created_by, expires_at)
   SELECT 'block', '203.0.113.0/24', 'platform', $2 || '          .', 1, clock_timestamp() + interval '1 day' WHERE $1::int >= 0`,
  `INSERT INTO ops.access_review_item (review_id, source, source_id, subject_kind, subject_id, subject, role, sensitive, inactive_days, change, conflicts, granted_by)
   VALUES (1, 'user', $1::int, 'user', $1::int, $2, $2, false, 0, $2, ARRAY[$2::text], $2)`,
  `INSERT INTO ops.notice (template, channel, recipient, subject, body, about_entity, about_id, status, last_error, detail, created_by, request_id)
   SELECT 'account-frozen', 'email', left($2, 200) || '.', left(regexp_replace($2, '[[:cntrl:]]', '', 'g'), 250) || '.', left($2, 10000) || '.', 'account', $1::int::text, 'dead', $2, $2, 1,
     gen_random_uuid()`,
  `INSERT INTO platform.event (level, source, message, job_id, correlation_id, detail)
   SELECT 'error', left($2, 100), left($2, 4000), left($2, 100), '${hostileCorrelation}', jsonb_build_object(left($2, 100), $2) WHERE $1::int >= 0`,
  `INSERT INTO ops.note (entity, entity_id, text, written_by) SELECT 'transaction', (1000 + $1::int)::text, left($2 || '          .', 2000), 1`,
  `WITH event AS (INSERT INTO ops.security_event (kind, level, source, ip, user_id, operator, summary, first_at, last_at, acknowledged_by, acknowledged_at, acknowledge_note, subject, dedupe_key)
     SELECT 'failed logins', 'warning', left($2, 200), '10.0.0.1', user_id, left($2, 60), left($2, 2000), now(), now(), 1, now(), left($2, 2000), 'failed logins|' || $1::int, 'failed logins|' || left($2, 100) || '|' || $1::int
       FROM bank.account WHERE number = (447100000000 + $1::int)::text RETURNING id, user_id),
   flow AS (INSERT INTO ops.flow (flow, subject_kind, subject_id, subject, event_id, begun_by, closed_by, closed_at, findings)
     SELECT 'unauthorised-access', 'user', e.user_id, u.username, e.id, 1, CASE WHEN $1::int > 1 THEN 1 END, CASE WHEN $1::int > 1 THEN now() END, CASE WHEN $1::int > 1 THEN left($2, 1900) || '          .' END FROM event e JOIN bank."user" u ON u.id = e.user_id RETURNING id)
   INSERT INTO ops.flow_note (flow_id, step, note, noted_by) SELECT id, 'money', left($2, 1900) || '          .', 1 FROM flow`,
  `WITH review AS (INSERT INTO ops.daily_review (day, since, opened_by, closed_by, closed_at, close_note, items, escalated)
     SELECT current_date - $1::int, now(), 1, CASE WHEN $1::int > 0 THEN 1 END, CASE WHEN $1::int > 0 THEN now() END, CASE WHEN $1::int > 0 THEN $2 END, 1, 1 RETURNING id)
   INSERT INTO ops.daily_item (review_id, category, entity, entity_id, label, words, level, at, pane, filter, decision, note, decided_by, decided_at)
   SELECT id, 'alerts', 'account', left($2, 200), left($2, 200), $2, 'warning', now(), 'accounts', left($2, 200), 'escalate', left($2, 1900) || '          .', 1, now() FROM review`,
  `INSERT INTO ops.handover (text, since, digest, written_by)
   SELECT left($2, 1900) || '          .', now(), ops.shift_digest(now() - interval '1 hour', 1) || jsonb_build_object('operator', left($2, 200), 'holds', jsonb_build_array(jsonb_build_object('account', $2::text, 'on', $2::text, 'ground', $2::text)),
     'acts', jsonb_build_array(jsonb_build_object('audit', 1, 'at', '2026-11-21T00:00:00Z', 'action', $2::text, 'record', $2::text, 'outcome', $2::text))), 1 WHERE $1::int >= 0`,
  `INSERT INTO platform.xp_event (user_id, points, reason, key)
   SELECT user_id, 5, left($2, 190) || '.', gen_random_uuid() FROM bank.account WHERE number = (447100000000 + $1::int)::text`,
  `WITH hit AS (INSERT INTO ops.rule_hit (rule, rule_version, account_id, last_id, transaction_ids, observed, parameters, words, score, at)
     SELECT 1, 1, 1, 1000 + $1::int, ARRAY[1000 + $1::int], '{}', '{}', left($2, 300), 30, now() RETURNING id, last_id)
   INSERT INTO ops.red_flag SELECT last_id, 1, id FROM hit`,
  `INSERT INTO ops.host (name, address, username, fingerprint, pinned_by, added_by, tags, detail, state)
   VALUES ('host' || $1::int || left($2, 40), 'a' || left($2, 60), 'u' || left($2, 30), 'SHA256:' || repeat('A', 43), 1, 1, ARRAY[left($2, 40)], $2, 'refused')`,
  `WITH asked AS (INSERT INTO ops.run (id, runbook, version, title, target, dangerous, input, queued_by, error, status)
     VALUES (gen_random_uuid(), left($2, 40), $1::int::text, 'run ' || left($2, 190), $2, false, to_jsonb($2::text), 1, $2, 'failed') RETURNING id)
   INSERT INTO ops.run_step (run_id, position, title, host_id, words, timeout_seconds, status, tail, result)
   SELECT asked.id, 1, $2, (SELECT max(h.id) FROM ops.host h), ARRAY[$2], 5, 'failed', $2, jsonb_build_object(left($2, 100), $2::text) FROM asked`,
  `INSERT INTO ops.schedule (name, title, words, cron, permission, runbook, plan, planned_by, planned_at)
   SELECT 'hostile-' || $1::int, 'plan ' || left($2, 90), $2, '0 0 1 1 *', 'host.use', left($2, 40), jsonb_build_object('version', $2::text, 'title', $2::text, 'target', $2::text, 'dangerous', false, 'input', '{}'::jsonb,
     'steps', jsonb_build_array(jsonb_build_object('title', $2::text, 'host', $2::text, 'words', jsonb_build_array($2::text), 'timeoutSeconds', 5))), 1, now()`,
  `INSERT INTO platform.maintenance (message, from_at, until, asked_by) SELECT left($2, 290) || ' ...', now() + make_interval(days => 10 + 3 * $1::int), now() + make_interval(days => 11 + 3 * $1::int), 1`,
  `INSERT INTO ops.health_series (measure, host_id, subject, at, value, words) SELECT 'host-disk', max(h.id), $1::int || left($2, 150), now(), 81, left($2, 500) FROM ops.host h`,
  `INSERT INTO ops.backup (host_id, name, sort, status, octets, previous_octets, fault, manifest)
   SELECT max(h.id), $1::int || left($2, 100), 'database', 'corrupt', 9223372036854775807, 1, $2, jsonb_build_object(left($2, 100), $2, 'rows', jsonb_build_object(left($2, 100), $2)) FROM ops.host h`,
  `WITH counted AS (INSERT INTO ops.cleanup (policy, host, rows, bytes, status, why) SELECT $2, left($2, 100), 1, 1, 'stopped', $2 WHERE $1::int >= 0 RETURNING id)
   INSERT INTO ops.cleanup_part (cleanup_id, position, policy, what, relation, boundary, rows, bytes, archive) SELECT id, 1, 'sessions', $2, $2, now() - interval '200 days', 1, 1, $2 FROM counted`,
  `WITH made AS (INSERT INTO ops.operator (name, display_name) VALUES ('machine.hostile-' || $1::int, left($2, 90) || '.') RETURNING id),
        machine AS (INSERT INTO ops.machine (operator_id, name, place) SELECT id, 'hostile-' || $1::int, left($2, 190) || '.' FROM made RETURNING operator_id)
   INSERT INTO ops.machine_key (operator_id, fingerprint, asked_by, valid_until) SELECT operator_id, 'SHA256:' || rpad('h' || $1::int, 43, 'A'), 1, now() + interval '80 days' FROM machine`,
  `INSERT INTO ops.cleanup_policy (name, title, words, kind, days, floor_days) VALUES ('p' || $1::int || left($2, 40), left($2, 90) || ' ...', $2, 'rows', 90, 30)`,
];

const inAudit = `INSERT INTO ops.audit (action, verb, entity, entity_id, entity_label, operator, client, old, new, outcome, reason, note, error)
  SELECT $1, 'update', short, short, t, short, t, jsonb_build_object(short, t), jsonb_build_object(short, short, 'list', jsonb_build_array(t)), 'failure', t, t, t
    FROM (SELECT $2::text AS t, left($2::text, 200) AS short) given`;

/** A bank full of hostile text, NULLs and huge documents; what guards such columns elsewhere is taken away. */
export const aHostileBank = async (texts: readonly string[] = hostileTexts): Promise<Bank> => {
  const bank = await aDemoLikeBank();
  await bank.db
    .query(`ALTER TABLE bank."user" DROP CONSTRAINT user_username_check, DROP CONSTRAINT user_email_check, DROP CONSTRAINT user_first_name_check,
    DROP CONSTRAINT user_last_name_check; ALTER TABLE ops.host DROP CONSTRAINT host_name_check, DROP CONSTRAINT host_address_check, DROP CONSTRAINT host_username_check;
    ALTER TABLE ops.cleanup_policy DROP CONSTRAINT cleanup_policy_name_check; ALTER TABLE platform.maintenance DROP CONSTRAINT maintenance_message_check`);
  for (const sql of withNulls) await bank.behindItsBack(sql);
  for (const [index, text] of [...texts, 'long '.repeat(longNote / 5)].entries()) {
    for (const sql of everywhere) await bank.behindItsBack(sql, [index, text]);
    await bank.rows(inAudit, [`x.a${index}`, text]);
  }
  await bank.rows(`INSERT INTO ops.audit (action, verb, entity, entity_id, outcome) VALUES ('x.nulls', 'view', 'account', '1', 'failure')`);
  await bank.rows(
    `INSERT INTO ops.audit (action, verb, entity, entity_id, outcome, old, new) VALUES ('x.large', 'update', 'account', '1', 'failure',
      jsonb_build_object('document', repeat('x', $1)), (SELECT jsonb_object_agg('key' || n, repeat('y', 100)) FROM generate_series(1, $1 / 110) n))`,
    [largeDocument],
  );
  for (const shape of [`'null'`, `'[1,2]'`, `'"text"'`])
    await bank.rows(
      `INSERT INTO ops.audit (action, verb, entity, entity_id, outcome, old, new) VALUES ('x.shape', 'update', 'account', '1', 'failure', ${shape}::jsonb, ${shape}::jsonb)`,
    );
  await bank.behindItsBack(`UPDATE ops.operator SET display_name = $1 WHERE name = 'demo'`, [texts[4] ?? '']);
  await bank.behindItsBack(
    `INSERT INTO platform.setting (key, value, description) VALUES ('platform.environment', to_jsonb($1::text), '')`,
    [texts[1] ?? ''],
  );
  return bank;
};
