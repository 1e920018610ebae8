import type { Direct } from '../database/direct.ts';
import { hour } from './bank-days.ts';
import { operatorId } from './operators.ts';

/** Which records, found by what, and what somebody left on them so many hours ago. */
const left: readonly (readonly [entity: string, find: string, by: string, ago: number, words: string])[] = [
  ['account', `SELECT account_id FROM ops.hold WHERE released_at IS NULL ORDER BY placed_at DESC, id LIMIT 1`, 'ravi', 26, 'Called twice, no answer; the letter went out today. Look again on Monday.'],
  ['account', `SELECT account_id FROM ops.hold WHERE released_at IS NULL ORDER BY placed_at DESC, id LIMIT 1 OFFSET 1`, 'omar', 19, 'The court asks for statements of the last two years; Mona has the papers.'],
  ['user', `SELECT id FROM bank."user" WHERE status = 'locked' ORDER BY id LIMIT 1`, 'lena', 15, 'Wants to be called back before noon only, speaks Polish.'],
  ['transaction', `SELECT transaction_id FROM ops.transaction_flag WHERE cleared_at IS NULL ORDER BY id DESC LIMIT 1`, 'ravi', 8, 'The payee has the same address as the customer: a flatmate, he says.'],
  ['event', `SELECT id FROM platform.event WHERE level = 'critical' ORDER BY id DESC LIMIT 1`, 'sven', 7, 'The disk was given 40 GB more; an alarm at 80 % is on its way.'],
]; // prettier-ignore

/** What the demo's operators told one another where it belongs. */
export const fillRecordNotes = async (client: Direct, now: number): Promise<void> => {
  for (const [entity, find, by, ago, words] of left) {
    await client.query(
      `INSERT INTO ops.note (entity, entity_id, text, written_by, written_at) SELECT $1, found.id::text, $2, $3, $4 FROM (${find}) found(id)`,
      [entity, words, operatorId(by), new Date(now - ago * hour)],
    );
  }
};
