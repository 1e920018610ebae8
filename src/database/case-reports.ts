import type { Direct } from './direct.ts';

/** A case as its report tells it, gathered in one statement: all of it is of one moment. */
const gather = `
  WITH c AS (SELECT * FROM ops.case_file WHERE id = $1), led AS (SELECT a.* FROM ops.alert a JOIN c ON a.case_id = c.id),
  hit AS (SELECT h.* FROM ops.rule_hit h JOIN led ON h.alert_id = led.id),
  subject AS (SELECT a.user_id FROM bank.account a JOIN c ON a.id = c.account_id)
  SELECT jsonb_build_object(
    'case', (SELECT jsonb_build_object('number', c.id, 'title', c.title, 'status', c.status, 'score', c.score, 'opened', ops.instant(c.opened_at), 'opened by', o.name,
                                       'assigned', g.name, 'finding', c.finding, 'incident', c.incident_id)
               FROM c JOIN ops.operator o ON o.id = c.opened_by LEFT JOIN ops.operator g ON g.id = c.assigned_to),
    'platform', (SELECT s.value #>> '{}' FROM platform.setting s WHERE s.key = 'platform.name'),
    'subject', (SELECT jsonb_build_object('name', u.first_name || ' ' || u.last_name, 'born', u.birth_date, 'username', u.username, 'email', u.email, 'phone', u.phone,
                                          'status', u.status, 'since', ops.instant(u.created_at)) FROM bank."user" u JOIN subject s ON s.user_id = u.id),
    'accounts', (SELECT coalesce(jsonb_agg(jsonb_build_object('number', a.number, 'type', a.type, 'currency', a.currency, 'status', a.status, 'balance', a.balance::text,
                                                              'opened', ops.instant(a.opened_at), 'about', a.id = (SELECT account_id FROM c)) ORDER BY a.id), '[]')
                   FROM bank.account a JOIN subject s ON a.user_id = s.user_id),
    'alerts', (SELECT coalesce(jsonb_agg(jsonb_build_object('number', l.id, 'rule', l.rule, 'title', r.title, 'explanation', r.explanation, 'score', l.score, 'opened', ops.instant(l.opened_at),
                                                            'decided by', d.name, 'outcome', l.outcome) ORDER BY l.id), '[]')
                 FROM led l JOIN ops.detection_rule r ON r.id = l.rule LEFT JOIN ops.operator d ON d.id = l.decided_by),
    'hits', (SELECT coalesce(jsonb_agg(jsonb_build_object('alert', h.alert_id, 'rule', h.rule, 'version', h.rule_version, 'at', ops.instant(h.at), 'words', h.words,
                                                          'parameters', h.parameters) ORDER BY h.at, h.id), '[]') FROM hit h),
    'transactions', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'posted', ops.instant(t.posted_at), 'type', t.type, 'amount', t.amount::text, 'currency', t.currency,
                                                                  'from', coalesce(f.number, nullif(t.counterparty, ''), CASE t.type WHEN 'deposit' THEN 'paid in' ELSE 'outside' END),
                                                                  'to', coalesce(o.number, nullif(t.counterparty, ''), CASE t.type WHEN 'withdrawal' THEN 'paid out' ELSE 'outside' END),
                                                                  'channel', t.channel, 'description', t.description) ORDER BY t.posted_at, t.id), '[]')
                       FROM (SELECT DISTINCT unnest(h.transaction_ids) AS id FROM hit h) seen JOIN bank.transaction t ON t.id = seen.id
                       LEFT JOIN bank.account f ON f.id = t.from_account_id LEFT JOIN bank.account o ON o.id = t.to_account_id),
    'holds', (SELECT coalesce(jsonb_agg(jsonb_build_object('placed', ops.instant(h.placed_at), 'by', o.name, 'ground', h.ground, 'note', h.note, 'released', ops.instant(h.released_at),
                                                           'findings', h.findings) ORDER BY h.id), '[]')
                FROM ops.hold h JOIN c ON h.account_id = c.account_id JOIN ops.operator o ON o.id = h.placed_by),
    'links', (SELECT coalesce(jsonb_agg(jsonb_build_object('entity', l.entity, 'id', l.entity_id, 'by', o.name, 'at', ops.instant(l.linked_at),
                'label', CASE l.entity WHEN 'account' THEN (SELECT a.number FROM bank.account a WHERE a.id::text = l.entity_id)
                                       WHEN 'user' THEN (SELECT u.username FROM bank."user" u WHERE u.id::text = l.entity_id) END) ORDER BY l.linked_at, l.entity, l.entity_id), '[]')
                FROM ops.case_link l JOIN c ON l.case_id = c.id JOIN ops.operator o ON o.id = l.linked_by),
    'notes', (SELECT coalesce(jsonb_agg(jsonb_build_object('at', ops.instant(n.written_at), 'by', o.name, 'on', n.entity || ' ' || n.entity_id, 'text', n.text) ORDER BY n.id), '[]')
                FROM ops.note n JOIN ops.operator o ON o.id = n.written_by
               WHERE (n.entity = 'case' AND n.entity_id = $1::text) OR (n.entity = 'alert' AND n.entity_id IN (SELECT id::text FROM led))),
    'acts', (SELECT coalesce(jsonb_agg(jsonb_build_object('row', a.seq, 'at', ops.instant(a.at), 'operator', a.operator, 'action', a.action, 'record', a.entity || ' ' || a.entity_id,
                                                          'note', a.note) ORDER BY a.seq), '[]')
               FROM ops.audit a, c
              WHERE a.outcome = 'success' AND a.verb NOT IN ('view', 'export') AND ((a.entity = 'case' AND a.entity_id = c.id::text)
                 OR (a.entity = 'alert' AND a.entity_id IN (SELECT id::text FROM led)) OR (a.entity = 'account' AND a.entity_id = c.account_id::text AND a.at >= c.opened_at)))
  ) AS document FROM c`;

/** What is known of a case, as JSON; undefined where there is no such case. */
export const readCaseReport = async (connection: Direct, id: bigint): Promise<unknown> => {
  const { rows } = await connection.query<{ document: unknown }>(gather, [String(id)]);
  return rows[0]?.document;
};
