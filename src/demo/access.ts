import type { Direct } from '../database/direct.ts';
import type { BankPlan } from './bank-plan.ts';

/**
 * Who was given what: the n-th of the staff or of the active customers, the role, for which organization, by whom, and how many days ago
 * it was given, ends (negative: still to come), was used and was revoked.
 */
const given = `
  ('staff', 4, 'banking-superuser', '', 'ada', 210, NULL, 1, NULL), ('staff', 7, 'banking-admins', '', 'ada', 160, NULL, 2, NULL),
  ('staff', 8, 'banking-admins', '', 'ada', 300, NULL, 140, NULL), ('staff', 11, 'banking-staff', '', 'ada', 150, NULL, 0, NULL),
  ('staff', 13, 'banking-staff', '', 'ada', 95, NULL, 4, NULL), ('staff', 13, 'banking-admins', '', 'ada', 21, NULL, 3, NULL),
  ('staff', 6, 'handyconnect-support-manager', '', 'ada', 130, NULL, 1, NULL), ('staff', 6, 'handyconnect-support-agent', '', 'demo', 17, NULL, 6, NULL),
  ('staff', 9, 'handyconnect-support-agent', '', 'ada', 120, NULL, 0, NULL), ('staff', 14, 'handyconnect-read-only', '', 'ada', 80, -2, 12, NULL),
  ('staff', 5, 'handyconnect-system-administrator', '', 'ada', 6, -1, 0, NULL), ('staff', 12, 'banking-staff', '', 'ada', 60, 10, 11, NULL),
  ('customer', 3, 'fastresult-university-admin', 'north university', 'ada', 190, NULL, 5, NULL), ('customer', 5, 'fastresult-dean', 'north university', 'ada', 170, -20, 2, NULL),
  ('customer', 6, 'fastresult-hod', 'north university', 'ada', 160, NULL, 8, NULL), ('customer', 7, 'fastresult-lecturer', 'north university', 'ada', 155, NULL, 1, NULL),
  ('customer', 8, 'fastresult-lecturer', 'north university', 'ada', 150, NULL, 110, NULL), ('customer', 9, 'fastresult-lecturer', 'north university', 'demo', 12, -3, 1, NULL),
  ('customer', 10, 'fastresult-exam-officer', 'north university', 'ada', 140, NULL, 7, NULL), ('customer', 11, 'fastresult-student', 'north university', 'ada', 75, NULL, 3, NULL),
  ('customer', 12, 'fastresult-student', 'north university', 'ada', 75, NULL, NULL, NULL), ('customer', 13, 'fastresult-support-staff', 'north university', 'ada', 64, NULL, 33, 30),
  ('customer', 15, 'afterresume-owner', 'acme', 'ada', 220, NULL, 2, NULL), ('customer', 16, 'afterresume-admin', 'acme', 'ada', 200, NULL, 6, NULL),
  ('customer', 17, 'afterresume-member', 'acme', 'ada', 180, NULL, 1, NULL), ('customer', 18, 'afterresume-member', 'acme', 'demo', 35, -10, NULL, NULL),
  ('customer', 19, 'afterresume-read-only', 'acme', 'ada', 90, NULL, 95, NULL)`;

const operatorsHistory = `
  UPDATE ops.operator_role r SET granted_at = $1::timestamptz - make_interval(days => 300 - 7 * r.operator_id::integer), granted_by = (SELECT id FROM ops.operator WHERE name = 'ada' AND id <> r.operator_id),
         last_used_at = CASE WHEN r.role <> 'viewer' THEN $1::timestamptz - make_interval(days => 1 + r.operator_id::integer * 3 % 11) END`;
const operatorsLog = `
  INSERT INTO ops.role_grant (operator_id, role, granted_by, granted_at, expires_at)
  SELECT r.operator_id, r.role, r.granted_by, r.granted_at, r.expires_at FROM ops.operator_role r ORDER BY r.operator_id, r.role`;

const usersGrants = `
  WITH staff AS (SELECT u.id, row_number() OVER (ORDER BY u.id) AS n FROM bank."user" u WHERE u.role <> 'customer' AND u.status = 'active'),
       customer AS (SELECT u.id, row_number() OVER (ORDER BY u.id) AS n FROM bank."user" u WHERE u.role = 'customer' AND u.status = 'active' AND u.email LIKE '%@mail.example')
  INSERT INTO platform.role_grant (user_id, role_id, tenant, granted_by, granted_at, expires_at, last_used_at, revoked_at, revoked_by)
  SELECT coalesce(s.id, c.id), r.id, g.tenant, o.id, $1::timestamptz - make_interval(days => g.granted), $1::timestamptz - make_interval(days => g.ends::integer) + interval '9 hours',
         $1::timestamptz - make_interval(days => g.used::integer), $1::timestamptz - make_interval(days => g.revoked::integer), CASE WHEN g.revoked IS NOT NULL THEN o.id END
    FROM (VALUES ${given}) AS g(kind, n, slug, tenant, by, granted, ends, used, revoked)
    JOIN platform.role r ON r.slug = g.slug JOIN ops.operator o ON o.name = g.by
    LEFT JOIN staff s ON g.kind = 'staff' AND s.n = g.n LEFT JOIN customer c ON g.kind = 'customer' AND c.n = g.n
   WHERE coalesce(s.id, c.id) IS NOT NULL
   ORDER BY g.granted DESC`;

/** The review of last month, whose only revocation is the grant that ended in it. What is younger than it is left out. */
const closedReview = `
  WITH review AS (
    INSERT INTO ops.access_review (kind, title, opened_by, opened_at, since, context, items)
    SELECT 'monthly', 'Access of ' || to_char($1::timestamptz - interval '31 days', 'FMMonth YYYY'), o.id, $1::timestamptz - interval '31 days' + interval '9 hours',
           $1::timestamptz - interval '62 days', ops.access_context('monthly', $1), 0 FROM ops.operator o WHERE o.name = 'mona' RETURNING id, opened_at, opened_by
  ), revoked AS (
    SELECT g.*, u.username, u.last_login_at, r.slug, o.name AS by FROM platform.role_grant g JOIN bank."user" u ON u.id = g.user_id JOIN platform.role r ON r.id = g.role_id JOIN ops.operator o ON o.id = g.granted_by
     WHERE g.revoked_at IS NOT NULL
  ), item AS (
    SELECT n.source, n.source_id, n.subject_kind, n.subject_id, n.subject, n.role, n.sensitive, n.granted_at, n.granted_by, n.expires_at, n.last_used_at, n.last_login_at, n.conflicts, 'keep' AS decision
      FROM ops.access_now('monthly', $1) n
    UNION ALL
    SELECT 'grant', id, 'user', user_id, username, slug || ' in ' || tenant, false, granted_at, by, expires_at, last_used_at, last_login_at, '{}', 'revoke' FROM revoked
  )
  INSERT INTO ops.access_review_item (review_id, source, source_id, subject_kind, subject_id, subject, role, sensitive, granted_at, granted_by, expires_at, last_used_at, last_login_at, inactive_days, conflicts,
                                      decision, note, decided_by, decided_at, version)
  SELECT review.id, i.source, i.source_id, i.subject_kind, i.subject_id, i.subject, i.role, i.sensitive, i.granted_at, i.granted_by, i.expires_at, w.used, w.login,
         greatest(0, extract(epoch FROM review.opened_at - CASE WHEN i.source = 'grant' THEN coalesce(w.used, greatest(w.login, i.granted_at)) ELSE coalesce(greatest(w.used, w.login), i.granted_at) END) / 86400)::integer, i.conflicts,
         i.decision, CASE i.decision WHEN 'keep' THEN 'still needed, asked the team lead' ELSE 'left the university, nobody told us' END,
         -- nobody reviews their own access
         CASE WHEN i.subject = 'mona' THEN ada.id ELSE review.opened_by END, review.opened_at + interval '1 day', 1
    FROM review, item i, ops.operator ada,
         LATERAL (SELECT CASE WHEN i.last_used_at IS NOT NULL THEN least(i.last_used_at, review.opened_at - interval '3 days') END AS used, CASE WHEN i.last_login_at IS NOT NULL THEN least(i.last_login_at, review.opened_at - interval '5 days') END AS login) w
   WHERE ada.name = 'ada' AND i.granted_at < review.opened_at AND i.conflicts = '{}'
   ORDER BY i.subject_kind, i.subject, i.role`;

const counted = `
  UPDATE ops.access_review r SET items = n.items, kept = n.kept, revoked = n.items - n.kept, closed_at = r.opened_at + interval '1 day 6 hours', closed_by = r.opened_by, version = 2
    FROM (SELECT count(*)::integer AS items, count(*) FILTER (WHERE decision = 'keep')::integer AS kept FROM ops.access_review_item) n`;
const sealed = `UPDATE ops.access_review r SET result_hash = sha256(convert_to(ops.review_document(r.id), 'UTF8'))`;

/** Who has which role since when, some of it timed, forgotten or at odds with the rest; and the review of last month. */
export const fillAccess = async (client: Direct, { midnight }: BankPlan): Promise<void> => {
  const today = new Date(midnight);
  await client.query(operatorsHistory, [today]);
  await client.query(operatorsLog);
  await client.query(usersGrants, [today]);
  await client.query(closedReview, [today]);
  await client.query(counted);
  await client.query(sealed);
};
