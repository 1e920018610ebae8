import type { Direct } from '../database/direct.ts';

/** Nine minutes before the newest hold that is at least three weeks old was placed: somebody had reason to place it. */
const declared = `
  INSERT INTO ops.incident (level, kind, title, status, opened_by, commander_id, opened_at, contained_at, resolved_at, reviewed_at, changed_at, version, root_cause, prevention, went_well, went_badly, last_seq)
  SELECT 2, 'security', 'Somebody who says he is from the bank asks customers for their codes', 'reviewed', o.id, m.id, t.at, t.at + interval '48 minutes', t.at + interval '5 hours 20 minutes',
         t.at + interval '3 days 2 hours', t.at + interval '3 days 2 hours', 3,
         'Customers were called in the name of the bank, from a number that looked like ours, and read out the codes of their telephones',
         'Whoever is called by us can call back on the number of the card before anything is said; branches and the web site say so',
         'The first account was frozen eleven minutes after the first call came in', 'It took too long to reach the customers whose devices had to be signed out', 0
    FROM (SELECT h.placed_at - interval '9 minutes' AS at FROM ops.hold h WHERE h.placed_at < $1::timestamptz - interval '21 days' ORDER BY h.placed_at DESC LIMIT 1) t, ops.operator o, ops.operator m
   WHERE o.name = 'omar' AND m.name = 'mona'`;

/** The account of that hold, and two of customers who were called as well. */
const linked = `
  INSERT INTO ops.incident_link (incident_id, entity, entity_id, linked_by, linked_at)
  SELECT i.id, 'account', a.id::text, o.id, i.opened_at + interval '8 minutes'
    FROM ops.incident i, ops.operator o,
         LATERAL (SELECT h.account_id AS id FROM ops.hold h WHERE h.placed_at = i.opened_at + interval '9 minutes'
                  UNION (SELECT a.id FROM bank.account a JOIN bank."user" u ON u.id = a.user_id
                          WHERE a.status = 'active' AND u.role = 'customer' AND a.opened_at < i.opened_at - interval '90 days' ORDER BY a.id DESC LIMIT 2)) a
   WHERE o.name = 'ravi'`;

/** Which step, after how many minutes, by whom, and what was noted. */
const done = `
  ('Investigate now',  4,  'ravi', 'Three customers read codes out on the telephone; new devices signed in minutes later'),
  ('Link every',       8,  'ravi', 'Three accounts, all of them called this morning'),
  ('Freeze the',       10, 'omar', 'One frozen; the other two customers had hung up in time'),
  ('Notify the team',  22, 'mona', 'Told at the stand-up and by notice'),
  ('Lock the users',   44, 'omar', 'Late: the customers had to be reached before their devices were signed out'),
  ('Document what',    55, 'ravi', 'Calls, numbers and times are with the notes of the incident'),
  ('Prevent it',       170, 'omar', 'The number is reported to its carrier; calls of ours begin with a call back'),
  ('Assist the',       900, 'lena', 'Left to the branches, which know their customers; they report to support')`;

const steps = `
  INSERT INTO ops.incident_step (incident_id, phase, title, due_at, skipped, done_by, done_at, note, version)
  SELECT i.id, p.phase, p.title, i.opened_at + p.due, d.who = 'lena', o.id, i.opened_at + make_interval(mins => d.minutes), d.note, 1
    FROM ops.incident i, ops.incident_plan p JOIN (VALUES ${done}) AS d(beginning, minutes, who, note) ON p.title LIKE d.beginning || '%' JOIN ops.operator o ON o.name = d.who
   WHERE p.kind = 'security' AND 2 = ANY (p.levels) ORDER BY p.due, p.title`;

const notices = `
  INSERT INTO ops.incident_notice (incident_id, audience, body, status, drafted_by, drafted_at, settled_by, settled_at, recipients, version)
  SELECT i.id, n.audience, n.body, n.status, o.id, i.opened_at + make_interval(mins => n.minutes), CASE WHEN n.status <> 'draft' THEN m.id END,
         CASE WHEN n.status <> 'draft' THEN i.opened_at + make_interval(mins => n.minutes + 4) END, n.recipients, 1
    FROM ops.incident i, ops.operator o, ops.operator m, (VALUES
      ('management', 18, 'sent', 1, 'Customers are called in our name and asked for their codes. One account is frozen, two customers hung up in time. The next word comes within the hour.'),
      ('customers', 150, 'sent', 3, 'We hold movements on your account while we look into activity that may not be yours. Give your password and codes to nobody, whoever asks.'),
      ('legal', 60, 'discarded', 0, 'Please say what must be reported; no data of ours was taken, as far as we know.')) AS n(audience, minutes, status, recipients, body)
   WHERE o.name = 'ravi' AND m.name = 'mona' ORDER BY n.minutes`;

const evidence = `
  SELECT ops.store_evidence(i.id, i.opened_at - interval '24 hours', i.opened_at + interval '35 minutes', o.id)::text FROM ops.incident i, ops.operator o WHERE o.name = 'omar'`;
const impact = `UPDATE ops.incident i SET impact = ops.incident_impact(i.id) || '{"frozen": 1}'`;
const sealed = `UPDATE ops.incident i SET result_hash = sha256(convert_to(ops.incident_document(i.id), 'UTF8'))`;

const guarded = ['incident', 'incident_link', 'incident_step', 'incident_notice', 'incident_evidence', 'incident_evidence_part'];

/** An incident of last month with its review; none is open. Needs the indexes of what its evidence reads. */
export const fillIncidents = async (client: Direct, now: number): Promise<void> => {
  for (const table of guarded) await client.query(`ALTER TABLE ops.${table} DISABLE TRIGGER guard`);
  await client.query(declared, [new Date(now)]);
  for (const statement of [linked, steps, notices, evidence, impact, sealed]) await client.query(statement);
  for (const table of guarded) await client.query(`ALTER TABLE ops.${table} ENABLE TRIGGER guard`);
};
