import type { Direct } from '../database/direct.ts';
import type { BankPlan } from './bank-plan.ts';

/**
 * What customers disputed: the kind, how it stands, hours after the posting when it was received and decided, the customer's words and
 * what was found. The reversed ones are about transactions that the history reversed.
 */
const told = `
  ('reversed', 1, 'posted twice',   'upheld', 'My card was charged twice at the same till within a minute', 'Both postings carry the same receipt; the shop confirmed one sale'),
  ('reversed', 2, 'wrong amount',   'upheld', 'The receipt says 14.90 and not what stands on my statement', 'Receipt seen, the terminal of the shop added a digit'),
  ('reversed', 3, 'not received',   'upheld', 'The shop never sent what I paid for and does not answer', 'The shop gave up its business before the delivery'),
  ('reversed', 4, 'system fault',   'upheld', 'The terminal said cancelled, and still the money is gone', 'The cancellation reached us only after the posting'),
  ('plain',    1, 'not authorised', 'denied', 'I do not know this shop and was never there with my card', 'Paid with the card and its number; the customer remembered it on the telephone'),
  ('plain',    2, 'wrong amount',   'denied', 'It should have been less, there was a discount in the shop', 'The receipt that he sent shows the same amount'),
  ('plain',    3, 'not received',   'denied', 'I wait for the parcel since three weeks and want it back', 'The carrier has her signature from the day after'),
  ('plain',    4, 'other',          'denied', 'I would rather pay this in instalments than at once', 'No ground to give it back: told how instalments are agreed'),
  ('plain',    5, 'not authorised', 'upheld', 'My bag was stolen in the train and this came an hour later', 'Police report seen; the card was used far from where the customer was'),
  ('plain',    6, 'posted twice',   'upheld', 'The same purchase stands on my statement for two days', 'The shop confirmed that it sent the sale again after a failure'),
  ('plain',    7, 'system fault',   'investigating', 'The app showed an error, and then the money was gone', NULL),
  ('taken',    1, 'not authorised', 'investigating', 'I got a message that my password was changed, it was not me', NULL),
  ('taken',    2, 'not authorised', 'investigating', 'I never sent this money, somebody must have had my account', NULL),
  ('taken',    3, 'not authorised', 'received', 'This payment is not mine, I was asleep at that time', NULL),
  ('fresh',    1, 'wrong amount',   'received', 'The amount is not the one on the receipt I have here', NULL),
  ('fresh',    2, 'not authorised', 'received', 'I have the card here with me and was not in that town', NULL)`;

/** Card payments of customers that stand, some weeks ago and of yesterday; payments soon after a new password; payments that were reversed. */
const candidates = `
  SELECT 'reversed' AS what, row_number() OVER (ORDER BY r.posted_at DESC) AS n, t.id, t.from_account_id AS account, t.posted_at,
         t.posted_at + (r.posted_at - t.posted_at) * 0.4 AS received, t.posted_at + (r.posted_at - t.posted_at) * 0.8 AS decided
    FROM (SELECT * FROM bank.transaction x WHERE x.type = 'reversal' AND x.posted_at < $1 ORDER BY x.posted_at DESC LIMIT 4) r
    JOIN bank.transaction t ON t.id = r.reverses WHERE t.from_account_id IS NOT NULL
  UNION ALL
  SELECT 'plain', d.n, t.id, t.from_account_id, t.posted_at, t.posted_at + make_interval(hours => 14 + d.n::integer * 7), t.posted_at + make_interval(hours => 60 + d.n::integer * 9)
    FROM (VALUES (1, 64), (2, 49), (3, 37), (4, 30), (5, 12), (6, 9), (7, 4)) AS d(n, days),
         LATERAL (SELECT * FROM bank.transaction x WHERE x.type = 'withdrawal' AND x.posted_at < $1 - make_interval(days => d.days) AND x.channel = 'card' AND x.amount BETWEEN 2000 AND 60000
                     AND NOT EXISTS (SELECT FROM bank.transaction y WHERE y.reverses = x.id) ORDER BY x.posted_at DESC LIMIT 1) t
  UNION ALL
  SELECT 'taken', row_number() OVER (ORDER BY e.at), t.id, t.from_account_id, t.posted_at, least(t.posted_at + interval '20 hours', $2::timestamptz - interval '40 minutes'), NULL
    FROM (SELECT * FROM bank.auth_event x WHERE x.type = 'password_reset' ORDER BY x.at DESC LIMIT 12) e JOIN bank.account a ON a.user_id = e.user_id,
         LATERAL (SELECT * FROM bank.transaction x WHERE x.from_account_id = a.id AND x.posted_at BETWEEN e.at AND e.at + interval '24 hours' AND x.amount >= 50000 AND x.posted_at < $2::timestamptz - interval '45 minutes'
                   ORDER BY x.posted_at LIMIT 1) t
  UNION ALL
  SELECT 'fresh', row_number() OVER (ORDER BY t.id), t.id, t.from_account_id, t.posted_at, $2::timestamptz - make_interval(mins => 25 + 31 * (row_number() OVER (ORDER BY t.id))::integer), NULL
    FROM (SELECT * FROM bank.transaction x WHERE x.type = 'withdrawal' AND x.posted_at < $1 - interval '6 hours' AND x.channel = 'card' AND x.amount > 4000
             AND NOT EXISTS (SELECT FROM bank.transaction y WHERE y.reverses = x.id) ORDER BY x.posted_at DESC LIMIT 2) t`;

const receive = `
  INSERT INTO ops.dispute (transaction_id, account_id, kind, statement, received_by, received_at, changed_at)
  SELECT c.id, c.account, s.kind, s.statement, lena.id, c.received, c.received
    FROM (VALUES ${told}) AS s(what, n, kind, status, statement, finding) JOIN (${candidates}) c ON c.what = s.what AND c.n = s.n, ops.operator lena
   WHERE lena.name = 'lena' ORDER BY c.received`;

/** In a statement of its own: what is gathered about a dispute reads the dispute. */
const decide = `
  UPDATE ops.dispute d SET status = s.status, evidence = ops.dispute_evidence(d), gathered_at = least(d.received_at + interval '3 hours', $1::timestamptz - interval '15 minutes'),
         decided_by = CASE WHEN s.finding IS NOT NULL THEN omar.id END, decided_at = CASE WHEN s.finding IS NOT NULL THEN d.received_at + interval '26 hours' END, finding = s.finding,
         changed_at = least(d.received_at + interval '26 hours', $1::timestamptz - interval '15 minutes'), version = CASE WHEN s.finding IS NOT NULL THEN 2 ELSE 1 END
    FROM (VALUES ${told}) AS s(what, n, kind, status, statement, finding), ops.operator omar
   WHERE omar.name = 'omar' AND s.statement = d.statement AND s.status <> 'received'`;

/** Disputes of the past in every state, with what the database gathers about them; needs the indexes of what it reads. */
export const fillDisputes = async (client: Direct, { midnight, now }: BankPlan): Promise<void> => {
  await client.query('ALTER TABLE ops.dispute DISABLE TRIGGER USER');
  await client.query(receive, [new Date(midnight), new Date(now)]);
  await client.query(decide, [new Date(now)]);
  await client.query('ALTER TABLE ops.dispute ENABLE TRIGGER USER');
};
