-- Whoever adds a machine or gives it another key is told of like whoever creates an operator, and the end of a key stands in the daily review two weeks before.

-- As before, with machines.
CREATE OR REPLACE FUNCTION ops.security_of_operators(from_hour timestamptz)
RETURNS TABLE (kind text, level text, source text, ip inet, user_id bigint, operator text, summary text, count integer, first_at timestamptz, last_at timestamptz, subject text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  most integer := platform.whole_setting('security.alert-failed-logins');
  most_refused integer := platform.whole_setting('security.alert-suspicious');
  -- Who may do what: of operators, and of the platform's users.
  raising text[] := '{operators.create,operators.enable,operators.grant-role,operators.revoke-role,operators.grant-developer,operators.end-developer,operators.reset,machines.add,machines.rotate,roles.create,roles.set-permissions,roles.restore}';
  giving text[] := '{machines.revoke,users.change-role,users.grant-role,grants.grant,grants.revoke,users.activate}';
  alone text[] := '{operators.found,operators.recover}';
BEGIN
  RETURN QUERY
  WITH logged AS MATERIALIZED (
    SELECT a.seq, a.at, a.operator_id, a.operator, a.ip, a.client, a.action, a.verb, a.entity, a.entity_id, coalesce(a.entity_label, a.entity_id) AS record, a.outcome, a.correlation_id,
           date_trunc('hour', a.at, 'UTC') AS hour
      FROM ops.audit a WHERE a.at >= from_hour - interval '1 hour'
  ), admitted AS (
    SELECT r.operator_id, r.operator, r.hour, count(*)::integer AS n, min(r.at) AS first, max(r.at) AS last, mode() WITHIN GROUP (ORDER BY r.ip) AS address, mode() WITHIN GROUP (ORDER BY r.client) AS client,
           bool_or(g.role = 'owner') AS is_owner
      FROM logged r JOIN ops.role_grant g ON g.operator_id = r.operator_id AND g.role IN ('admin', 'owner') AND g.granted_at <= r.at AND coalesce(g.ended_at, g.expires_at, 'infinity') > r.at
     WHERE r.action = 'sessions.open' AND r.outcome = 'success' AND r.at >= from_hour GROUP BY r.operator_id, r.operator, r.hour
  ), known AS (
    SELECT m.*, m.address IS NOT NULL AND EXISTS (SELECT FROM ops.audit p WHERE p.operator = m.operator AND p.action = 'sessions.open' AND p.outcome = 'success' AND p.at < m.first)
             AND NOT EXISTS (SELECT FROM ops.audit p WHERE p.operator = m.operator AND p.action = 'sessions.open' AND p.outcome = 'success' AND p.ip = m.address
                                AND p.at < m.first AND p.at > m.first - interval '90 days') AS is_new
      FROM admitted m
  ), slid AS (
    SELECT r.*, count(*) OVER w AS refusals, first_value(r.at) OVER w AS began FROM logged r WHERE r.outcome = 'refused' AND r.action <> 'sessions.open' AND r.operator IS NOT NULL
    WINDOW w AS (PARTITION BY r.operator ORDER BY r.at RANGE BETWEEN interval '1 hour' PRECEDING AND CURRENT ROW)
  ), tried AS (
    SELECT r.*, count(*) OVER w AS failures, first_value(r.at) OVER w AS began FROM logged r WHERE r.outcome = 'refused' AND r.action = 'sessions.open'
    WINDOW w AS (PARTITION BY r.ip ORDER BY r.at RANGE BETWEEN interval '10 minutes' PRECEDING AND CURRENT ROW)
  )
  SELECT 'admin access', CASE WHEN k.is_owner OR k.is_new THEN 'warning' ELSE 'info' END, coalesce(host(k.address), k.client, 'console'), k.address, NULL::bigint, k.operator,
         format('%s signed in to the console%s', CASE WHEN k.is_owner THEN 'the owner of the database' ELSE format('%s, administrator,', k.operator) END,
                CASE WHEN k.is_new THEN ' from an address not seen for 90 days' ELSE '' END),
         k.n, k.first, k.last, format('admin access|operator %s|%s', k.operator, extract(epoch FROM k.hour)::bigint)
    FROM known k
  UNION ALL
  SELECT 'admin access', 'info', coalesce(host(max(r.ip)), max(r.client), 'console'), max(r.ip), NULL, r.operator,
         format('%s exported %s', r.operator, string_agg(DISTINCT r.entity, ', ')), count(*)::integer, min(r.at), max(r.at), format('export|%s|%s', r.operator, extract(epoch FROM r.hour)::bigint)
    FROM logged r WHERE r.verb = 'export' AND r.outcome = 'success' AND r.at >= from_hour AND r.operator IS NOT NULL GROUP BY r.operator, r.hour
  UNION ALL
  SELECT 'privilege change', CASE WHEN r.action = ANY (alone) THEN 'critical' WHEN r.action = ANY (raising) THEN 'warning' ELSE 'info' END,
         coalesce(host(r.ip), r.client, 'console'), r.ip, CASE WHEN r.entity = 'user' AND r.entity_id ~ '^[0-9]{1,18}$' THEN r.entity_id::bigint END, r.operator,
         format('%s: %s of %s %s', r.operator, r.action, r.entity, left(r.record, 100)), 1, r.at, r.at, format('privilege change|%s', r.seq)
    FROM logged r WHERE r.outcome = 'success' AND r.at >= from_hour AND r.action = ANY (raising || giving || alone)
  UNION ALL
  SELECT 'suspicious pattern', CASE WHEN max(s.refusals) >= 5 * most_refused THEN 'critical' ELSE 'warning' END, coalesce(host(max(s.ip)), max(s.client), 'console'), max(s.ip), NULL, s.operator,
         format('%s refused attempts of %s within an hour: %s', max(s.refusals), s.operator, left(string_agg(DISTINCT s.action, ', '), 200)), max(s.refusals)::integer, min(s.began), max(s.at),
         'suspicious pattern|' || s.operator
    FROM slid s WHERE s.refusals >= most_refused AND s.at >= from_hour GROUP BY s.operator, s.hour
  UNION ALL
  SELECT 'brute force', 'critical', coalesce(host(t.ip), 'this machine'), t.ip, NULL, CASE count(DISTINCT t.operator) WHEN 1 THEN max(t.operator) END,
         format('%s refused sign-ins to this console from %s within 10 minutes', max(t.failures), coalesce(host(t.ip), 'this machine')), max(t.failures)::integer, min(t.began), max(t.at),
         'brute force|console ' || coalesce(host(t.ip), '-')
    FROM tried t WHERE t.failures >= most AND t.at >= from_hour GROUP BY t.ip, t.hour;

  -- As the database locks them: five failures within 30 minutes.
  RETURN QUERY
  SELECT 'lockout', 'critical', coalesce(host(max(f.ip)), 'this machine'), max(f.ip), NULL::bigint, o.name, format('operator %s is locked after 5 failures', o.name), max(f.failures)::integer, min(f.began), max(f.at),
         'lockout|operator ' || o.name
    FROM (SELECT a.operator_id, a.ip, a.at, count(*) OVER w AS failures, first_value(a.at) OVER w AS began FROM ops.sign_in_attempt a
           WHERE NOT a.succeeded AND a.at >= from_hour - interval '30 minutes' AND a.operator_id IS NOT NULL
          WINDOW w AS (PARTITION BY a.operator_id ORDER BY a.at RANGE BETWEEN interval '30 minutes' PRECEDING AND CURRENT ROW)) f JOIN ops.operator o ON o.id = f.operator_id
   WHERE f.failures >= 5 AND f.at >= from_hour GROUP BY o.name, date_trunc('hour', f.at, 'UTC');
END $$;

-- As before, with the keys of machines that end soon, or have ended.
CREATE OR REPLACE FUNCTION ops.daily_of_console(since timestamptz)
RETURNS TABLE (category text, entity text, entity_id text, label text, words text, level text, at timestamptz, actor_id bigint, pane text, filter text, rank bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  today timestamptz := clock_timestamp();
  soon timestamptz := today + interval '7 days';
BEGIN
  RETURN QUERY
  SELECT 'broken glass', 'approval', a.number::text, '#' || a.number, format('%s alone did %s to %s %s, which takes two: %s', o.name, a.action, a.entity, a.entity_label, a.note), 'critical',
         coalesce(a.executed_at, a.made_at)::timestamptz, a.maker_id, 'inbox', 'number=' || a.number, a.number
    FROM ops.approval a JOIN ops.operator o ON o.id = a.maker_id WHERE a.break_glass AND a.status = 'executed' AND a.verdict IS NULL
  UNION ALL
  SELECT 'alerts', 'alert', l.id::text, '#' || l.id, format('R%s %s on %s, score %s%s%s: %s', l.rule, r.title, coalesce(x.number, l.account_id::text), l.score,
                CASE WHEN c.name IS NOT NULL THEN ', claimed by ' || c.name ELSE '' END,
                CASE WHEN l.snoozed_until > today THEN ', SNOOZED until ' || to_char(l.snoozed_until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') ELSE '' END,
                coalesce((SELECT h.words FROM ops.rule_hit h WHERE h.alert_id = l.id ORDER BY h.id DESC LIMIT 1), format('%s hits', l.hits))),
         CASE WHEN l.score >= 80 THEN 'critical' ELSE 'warning' END, l.last_hit_at::timestamptz, NULL::bigint, 'alerts', 'id=' || l.id, -l.score::bigint
    FROM ops.alert l JOIN ops.detection_rule r ON r.id = l.rule LEFT JOIN bank.account x ON x.id = l.account_id LEFT JOIN ops.operator c ON c.id = l.claimed_by
   WHERE l.status IN ('open', 'in review')
  UNION ALL
  SELECT 'snoozes', 'account', z.account_id::text, coalesce(x.number, z.account_id::text), string_agg(format('R%s raises nothing until %s (%s: %s)', z.rule, to_char(z.until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), o.name, z.note), '; ' ORDER BY z.rule),
         'info', max(z.set_at)::timestamptz, NULL, 'accounts', 'id=' || z.account_id, extract(epoch FROM min(z.until))::bigint
    FROM ops.alert_snooze z JOIN ops.operator o ON o.id = z.set_by LEFT JOIN bank.account x ON x.id = z.account_id WHERE z.until > today GROUP BY z.account_id, x.number
  UNION ALL
  SELECT 'security events', 'security-event', s.id::text, s.source, format('%s: %s%s', s.kind, s.summary, CASE WHEN s.acknowledged_at IS NOT NULL THEN ' (acknowledged)' ELSE '' END), s.level, s.last_at::timestamptz, NULL,
         'security', 'id=' || s.id, CASE s.level WHEN 'critical' THEN 0 ELSE 1 END
    FROM ops.security_event s WHERE s.level IN ('warning', 'critical') AND s.last_at >= since
  UNION ALL
  SELECT 'expiring roles', 'operator', o.id::text, o.name, 'operator: ' || string_agg(format('%s ends on %s', h.role, to_char(h.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')), ', ' ORDER BY h.expires_at, h.role), 'info',
         min(h.granted_at)::timestamptz, NULL, 'operators', 'id=' || o.id, extract(epoch FROM min(h.expires_at))::bigint
    FROM ops.operator_role h JOIN ops.operator o ON o.id = h.operator_id AND o.is_active WHERE h.expires_at BETWEEN today AND soon GROUP BY o.id, o.name
  UNION ALL
  SELECT 'expiring roles', 'machine', m.operator_id::text, m.name, format('the key of the machine %s %s at %s UTC: what it does while nobody has signed in stops then', m.name,
                CASE WHEN k.valid_until <= today THEN 'ended' ELSE 'ends' END, to_char(k.valid_until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')), CASE WHEN k.valid_until <= today + interval '3 days' THEN 'critical' ELSE 'warning' END,
         k.approved_at::timestamptz, NULL, 'machines', 'id=' || m.operator_id, extract(epoch FROM k.valid_until)::bigint
    FROM ops.machine m JOIN ops.machine_key k ON k.operator_id = m.operator_id AND k.ended_at IS NULL WHERE k.valid_until <= today + interval '14 days'
  UNION ALL
  SELECT 'expiring roles', 'grant', (g.id * 2)::text, u.username, format('%s%s ends on %s', r.slug, CASE WHEN g.tenant = '' THEN '' ELSE ' in ' || g.tenant END, to_char(g.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')), 'info',
         g.granted_at::timestamptz, NULL, 'grants', format('who="%s" role=%s', u.username, r.slug), extract(epoch FROM g.expires_at)::bigint
    FROM platform.role_grant g JOIN platform.role r ON r.id = g.role_id JOIN bank."user" u ON u.id = g.user_id WHERE g.revoked_at IS NULL AND g.expires_at BETWEEN today AND soon
  UNION ALL
  SELECT 'expiring IP rules', 'ip-rule', p.id::text, p.network::text, format('%s (%s) ends on %s: %s', p.kind, p.scope, to_char(p.expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), p.reason), 'info',
         p.created_at::timestamptz, NULL, 'ip-rules', 'id=' || p.id, extract(epoch FROM p.expires_at)::bigint
    FROM platform.ip_rule p WHERE p.removed_at IS NULL AND p.expires_at BETWEEN today AND soon
  UNION ALL
  SELECT 'dead notices', 'notice', n.number::text, '#' || n.number, format('%s by %s was given up: %s', n.template, n.channel, coalesce(n.last_error, 'no reason is known')), 'warning', n.created_at::timestamptz, NULL,
         'notices', 'number=' || n.number, -n.number
    FROM ops.notice n WHERE n.status = 'dead'
  UNION ALL
  SELECT * FROM ops.daily_of_hosts(since);
END $$;
