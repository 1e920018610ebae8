import type { Direct } from '../database/direct.ts';

/**
 * Customers who came back lately and spent little since: what happens to their sign-ins must not look like a planted case of the rules
 * that watch transactions.
 */
const quiet = `
  SELECT u.id, u.username, row_number() OVER (ORDER BY u.id) AS n FROM bank."user" u
   WHERE u.role = 'customer' AND u.status = 'active' AND u.email LIKE '%@mail.example'
     AND EXISTS (SELECT FROM bank.account a WHERE a.user_id = u.id AND a.status = 'active')
     AND EXISTS (SELECT FROM bank.auth_event e WHERE e.user_id = u.id AND e.type = 'login_success' AND e.at BETWEEN $1::timestamptz - interval '80 days' AND $1::timestamptz - interval '3 days')
     AND NOT EXISTS (SELECT FROM bank.auth_event e WHERE e.user_id = u.id AND e.type <> 'logout' AND e.at > $1::timestamptz - interval '2 days')
     AND NOT EXISTS (SELECT FROM bank.account a JOIN bank.transaction t ON t.from_account_id = a.id WHERE a.user_id = u.id AND t.posted_at > $1::timestamptz - interval '4 days')
   ORDER BY u.id LIMIT 3`;

/** One guessed for a while, waited out the lockout, got in and is still there; two sign in from where they never were. */
const signIns = `
  WITH quiet AS (${quiet}), happened(n, type, minutes, ip, agent) AS (
    SELECT 1, 'login_failure', 95.0 - g * 2.5, '203.0.113.77', 'python-requests/2.31' FROM generate_series(1, 11) g
    UNION ALL VALUES (1, 'lockout', 82.4, '203.0.113.77', 'python-requests/2.31'), (1, 'login_success', 41.0, '203.0.113.77', 'python-requests/2.31'),
                     (2, 'login_success', 700.0, '192.0.2.130', 'Safari on macOS'), (3, 'login_success', 1900.0, '192.0.2.14', 'Bank app 5.2 on iPhone')
  ), noted AS (
    INSERT INTO bank.auth_event (type, username, user_id, ip, user_agent, at)
    SELECT h.type, q.username, q.id, h.ip::inet, h.agent, $1::timestamptz - make_interval(secs => h.minutes * 60) FROM quiet q JOIN happened h USING (n) ORDER BY h.minutes DESC
    RETURNING type, user_id, ip, at
  ), seen AS (
    UPDATE bank."user" u SET last_login_at = e.at FROM noted e WHERE u.id = e.user_id AND e.type = 'login_success'
  )
  INSERT INTO bank.auth_session (id, user_id, device, ip, started_at, last_seen_at)
  SELECT md5('guessed session')::uuid, user_id, 'python-requests/2.31', ip, at, at + interval '35 minutes' FROM noted WHERE type = 'login_success' AND ip = '203.0.113.77'`;

/** What people earned within a week, and somebody who lets a machine do it. */
const rewards = `
  INSERT INTO platform.xp_event (user_id, points, reason, key, at)
  SELECT u.id, 10 + 5 * (k % 3), 'worklog with ' || CASE k % 3 WHEN 0 THEN 'an outcome' WHEN 1 THEN 'an attachment' ELSE 'two tags' END,
         md5('entry ' || u.id || ' ' || k)::uuid, $1::timestamptz - make_interval(hours => k * 9 + u.n::integer, mins => u.n::integer * 7)
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM bank."user" WHERE role = 'customer' AND status = 'active' ORDER BY id LIMIT 8) u, generate_series(0, 14) k
  UNION ALL
  SELECT (SELECT min(id) FROM bank."user" WHERE role = 'customer' AND status = 'active'), 10, 'worklog of one line', md5('quick entry ' || k)::uuid,
         $1::timestamptz - interval '5 hours' - make_interval(secs => k * 170) FROM generate_series(1, 16) k`;

/** What is older than a night has been seen by somebody. */
const seen = `
  UPDATE ops.security_event e SET acknowledged_by = o.id, acknowledged_at = e.last_at + interval '25 minutes', acknowledge_note = CASE e.kind
           WHEN 'brute force' THEN 'blocked at the edge, none of the names got in' WHEN 'lockout' THEN 'called the customer: it was not them, password changed'
           WHEN 'abuse' THEN 'asked them; points stay for now' ELSE 'the customer forgot the password and said so' END
    FROM ops.operator o WHERE o.name = CASE e.kind WHEN 'abuse' THEN 'ravi' ELSE 'omar' END AND e.level <> 'info' AND e.last_at < $1::timestamptz - interval '10 hours'`;

/** Security events of the last week, as the database counts them. Indexes must be back. */
export const fillSecurity = async (client: Direct, now: number): Promise<void> => {
  const at = new Date(now);
  await client.query(signIns, [at]);
  await client.query(rewards, [at]);
  await client.query(`INSERT INTO ops.security_watch (since) VALUES ($1::timestamptz - interval '7 days')`, [at]);
  await client.query('SELECT raised FROM ops.gather_security()');
  await client.query('ALTER TABLE ops.security_event DISABLE TRIGGER guard');
  await client.query(seen, [at]);
  await client.query('ALTER TABLE ops.security_event ENABLE TRIGGER guard');
};
