import type { Direct } from '../database/direct.ts';

/** Yesterday's review: what stood open when the day ended, and what had happened in it. */
const yesterday = `
  WITH review AS (
    INSERT INTO ops.daily_review (day, since, opened_by, opened_at, gathered_at, closed_by, closed_at, close_note)
    SELECT bank.business_day($1) - 1, e.ends - interval '24 hours', l.id, e.ends - interval '8 hours 20 minutes', e.ends, m.id, e.ends + interval '14 minutes', 'gone through with the evening shift'
      FROM (SELECT date_trunc('day', $1::timestamptz) - interval '7 hours 20 minutes' AS ends) e, ops.operator l, ops.operator m WHERE l.name = 'lena' AND m.name = 'mona'
    RETURNING id, since, gathered_at
  ), there AS (
    SELECT n.*, c.place, row_number() OVER (PARTITION BY n.category ORDER BY n.rank, n.at, n.entity_id) AS turn
      FROM review r, LATERAL (SELECT * FROM ops.daily_of_bank(r.since) UNION ALL SELECT * FROM ops.daily_of_console(r.since)) n JOIN ops.daily_category c ON c.name = n.category
     WHERE n.at < r.gathered_at
  )
  INSERT INTO ops.daily_item (review_id, category, entity, entity_id, label, words, level, at, actor_id, pane, filter, gathered_at, decision, note, decided_by, decided_at, version)
  SELECT r.id, t.category, t.entity, t.entity_id, left(t.label, 200), left(t.words, 2000), t.level, t.at, t.actor_id, t.pane, t.filter, r.gathered_at - interval '8 hours',
         d.decision, CASE d.decision WHEN 'keep' THEN 'seen, nothing to do' WHEN 'act' THEN 'the customer was called back and knows of it' ELSE 'wants a decision by the manager on duty' END,
         o.id, r.gathered_at - interval '7 hours' + make_interval(secs => 20 * row_number() OVER (ORDER BY t.place, t.turn)), 1
    FROM review r, there t,
         LATERAL (SELECT CASE WHEN t.turn % 11 = 7 AND t.level <> 'info' THEN 'escalate' WHEN t.turn % 9 = 4 AND t.level <> 'info' THEN 'act' ELSE 'keep' END AS decision) d
    JOIN LATERAL (SELECT p.id FROM ops.operator p WHERE p.name IN ('lena', 'omar') AND p.id IS DISTINCT FROM t.actor_id ORDER BY (p.name = 'lena') = (t.place % 3 = 0) DESC LIMIT 1) o ON true
   WHERE t.turn <= 200 ORDER BY t.place, t.turn`;

const covered = `
  INSERT INTO ops.daily_coverage (review_id, category, listed, remark)
  SELECT r.id, c.name, (SELECT count(*) FROM ops.daily_item i WHERE i.review_id = r.id AND i.category = c.name), c.remark FROM ops.daily_review r, ops.daily_category c`;
const counted = `
  UPDATE ops.daily_review r SET items = n.items, kept = n.kept, acted = n.acted, escalated = n.escalated, version = 2
    FROM (SELECT count(*) AS items, count(*) FILTER (WHERE decision = 'keep') AS kept, count(*) FILTER (WHERE decision = 'act') AS acted, count(*) FILTER (WHERE decision = 'escalate') AS escalated
            FROM ops.daily_item) n`;
const sealed = `UPDATE ops.daily_review r SET result_hash = sha256(convert_to(ops.daily_document(r.id), 'UTF8'))`;

/** Today's, opened and begun this morning. */
const today = `
  INSERT INTO ops.daily_review (day, since, opened_by, opened_at)
  SELECT bank.business_day($1), (SELECT max(gathered_at) FROM ops.daily_review), o.id, $1::timestamptz - interval '95 minutes' FROM ops.operator o WHERE o.name = 'lena'`;
const gathered = `SELECT ops.gather_daily(max(id)) FROM ops.daily_review`;
const asOfThen = [
  `UPDATE ops.daily_review SET gathered_at = $1::timestamptz - interval '95 minutes', version = 1 WHERE closed_at IS NULL`,
  `UPDATE ops.daily_item i SET gathered_at = r.gathered_at FROM ops.daily_review r WHERE r.id = i.review_id AND r.closed_at IS NULL`,
];
const begun = `
  WITH first AS (
    SELECT i.id, i.actor_id, i.level, row_number() OVER (ORDER BY i.id) AS turn FROM ops.daily_item i JOIN ops.daily_review r ON r.id = i.review_id WHERE r.closed_at IS NULL ORDER BY i.id LIMIT 12
  )
  UPDATE ops.daily_item i SET decision = d.decision, note = CASE d.decision WHEN 'keep' THEN 'seen, nothing to do' ELSE 'two customers say it was not them: who decides?' END, decided_by = o.id,
         decided_at = $1::timestamptz - interval '90 minutes' + make_interval(secs => 70 * f.turn), version = 1
    FROM first f, LATERAL (SELECT CASE WHEN f.turn = 5 THEN 'escalate' ELSE 'keep' END AS decision) d
    JOIN LATERAL (SELECT p.id FROM ops.operator p WHERE p.name IN ('lena', 'ravi') AND p.id IS DISTINCT FROM f.actor_id ORDER BY (p.name = 'lena') = (f.turn <= 7) DESC LIMIT 1) o ON true
   WHERE i.id = f.id`;

const handover = `
  INSERT INTO ops.handover (text, since, digest, written_by, written_at)
  SELECT 'Two structuring cases wait for the bank statements, which come before noon. The court order of yesterday is filed. Please look at the failed logins of the night again.',
         e.at - interval '8 hours', ops.shift_digest(e.at - interval '8 hours', o.id) || jsonb_build_object('at', ops.instant(e.at)), o.id, e.at
    FROM (SELECT $1::timestamptz - interval '40 minutes' AS at) e, ops.operator o WHERE o.name = 'omar'`;

/** The review of yesterday with its record, the one of today, begun, and what the last shift handed over. All else must be there. */
export const fillDaily = async (client: Direct, now: number): Promise<void> => {
  const at = new Date(now);
  const guarded = ['ops.daily_review', 'ops.daily_item', 'ops.daily_coverage', 'ops.handover'];
  for (const table of guarded) await client.query(`ALTER TABLE ${table} DISABLE TRIGGER guard`);
  await client.query(yesterday, [at]);
  for (const statement of [covered, counted, sealed]) await client.query(statement);
  await client.query(today, [at]);
  await client.query(gathered);
  await client.query(asOfThen[0] ?? '', [at]);
  await client.query(asOfThen[1] ?? '');
  await client.query(begun, [at]);
  await client.query(handover, [at]);
  for (const table of guarded) await client.query(`ALTER TABLE ${table} ENABLE TRIGGER guard`);
};
