-- What failed on hosts since the last review, and how the newest backup stands, are asked about every day.

ALTER TABLE ops.daily_category DISABLE TRIGGER keep;
UPDATE ops.daily_category SET remark = NULL WHERE name IN ('failed runs', 'backups');
ALTER TABLE ops.daily_category ENABLE TRIGGER keep;

-- Runs that failed or whose end nobody knows; jobs that failed or were missed; backups that are broken, and the newest one where it is too old or much smaller than
-- the one before. Nothing of it while there is no host: then nobody has anything to back up from here. Internal.
CREATE FUNCTION ops.daily_of_hosts(since timestamptz)
RETURNS TABLE (category text, entity text, entity_id text, label text, words text, level text, at timestamptz, actor_id bigint, pane text, filter text, rank bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN QUERY
  SELECT 'failed runs', 'run', r.number::text, '#' || r.number, format('%s %s%s', r.title, r.status, coalesce(': ' || r.error, '')), CASE WHEN r.status = 'unknown' OR r.dangerous THEN 'critical' ELSE 'warning' END,
         coalesce(r.finished_at, r.queued_at)::timestamptz, NULL::bigint, 'runs', 'id=' || r.number, CASE WHEN r.status = 'unknown' OR r.dangerous THEN 0 ELSE 1 END::bigint
    FROM ops.run r WHERE r.status = 'unknown' OR (r.status IN ('failed', 'timed out') AND r.finished_at >= since)
  UNION ALL
  SELECT 'failed runs', 'schedule', s.id::text, s.name, string_agg(format('%s %s: %s', to_char(d.due_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), CASE WHEN d.times > 1 THEN format('missed %s times', d.times) ELSE d.status END, d.words), '; ' ORDER BY d.due_at),
         'warning', max(d.finished_at)::timestamptz, NULL, 'schedule', 'name=' || s.name, 2
    FROM ops.schedule_run d JOIN ops.schedule s ON s.id = d.schedule_id WHERE d.status IN ('failed', 'missed') AND d.finished_at >= since AND s.runbook IS NOT NULL GROUP BY s.id, s.name
  UNION ALL
  SELECT 'backups', 'backup', b.id::text, b.name, format('the backup %s of %s is corrupt: %s', b.name, h.name, coalesce(b.fault, 'it cannot be read')), 'critical', coalesce(b.checked_at, b.taken_at)::timestamptz, NULL, 'backups', 'id=' || b.id, 0
    FROM ops.backup b JOIN ops.host h ON h.id = b.host_id WHERE b.status = 'corrupt'
  UNION ALL
  SELECT 'backups', 'backup', coalesce(n.id::text, '-'), coalesce(n.name, 'none'),
         CASE WHEN n.id IS NULL THEN 'there is no verified backup of the database'
              WHEN n.taken_at < clock_timestamp() - interval '26 hours' THEN format('the newest verified backup of the database, %s on %s, is older than 26 hours', n.name, n.host)
              ELSE format('the newest backup of the database, %s on %s, is smaller than half the one before: %s octets after %s', n.name, n.host, n.octets, n.previous_octets) END,
         'critical', coalesce(n.taken_at, clock_timestamp())::timestamptz, NULL, 'backups', CASE WHEN n.id IS NULL THEN '' ELSE 'id=' || n.id END, 1
    FROM (SELECT 1) one LEFT JOIN LATERAL (SELECT b.id, b.name, b.taken_at, b.octets, b.previous_octets, h.name AS host FROM ops.backup b JOIN ops.host h ON h.id = b.host_id
                                            WHERE b.sort = 'database' AND b.status = 'verified' ORDER BY b.taken_at DESC, b.id DESC LIMIT 1) n ON true
   WHERE EXISTS (SELECT FROM ops.host h WHERE h.retired_at IS NULL) AND (n.id IS NULL OR n.taken_at < clock_timestamp() - interval '26 hours' OR n.octets * 2 < n.previous_octets);
END $$;

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
