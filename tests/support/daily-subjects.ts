import type { Bank } from './acting.ts';
import { note, planted } from './bank-subjects.ts';
import type { Prepare } from './every-action.ts';

/** There is one review a day: the one of another test goes. */
export const noDailyReview = async (bank: Bank): Promise<void> => {
  for (const table of ['daily_item', 'daily_coverage', 'daily_review']) await bank.behindItsBack(`DELETE FROM ops.${table}`);
};

/** Today's review with so many items; gives its id. */
const aDailyReview = async (bank: Bank, items = 0): Promise<string> => {
  await noDailyReview(bank);
  return planted(
    bank,
    `INSERT INTO ops.daily_review (day, since, opened_by, items) VALUES (bank.business_day(), now() - interval '1 day', $1, $2)`,
    [bank.two.id, items],
  );
};

/** An item of today's review, undecided or kept. */
const aDailyItem = async (bank: Bank, isKept = false): Promise<string> => {
  const review = await aDailyReview(bank, 1);
  return planted(
    bank,
    `INSERT INTO ops.daily_item (review_id, category, entity, entity_id, label, words, level, at, pane, filter, decision, note, decided_by, decided_at)
     SELECT $1, 'pending accounts', 'account', '1', '4471', 'waits for approval', 'info', now(), 'accounts', 'id=1', k.decision, k.note, CASE WHEN $2 THEN $3::bigint END, CASE WHEN $2 THEN now() END
       FROM (SELECT CASE WHEN $2 THEN 'keep' END AS decision, CASE WHEN $2 THEN 'seen, nothing to do' END AS note) k`,
    [review, isKept, bank.two.id],
  );
};

/** A handover of somebody else's that nobody accepted. */
const aHandover = (bank: Bank): Promise<string> =>
  planted(
    bank,
    `INSERT INTO ops.handover (text, since, digest, written_by) VALUES ('written by a test of handovers', now() - interval '8 hours', ops.shift_digest(now(), $1), $1)`,
    [bank.two.id],
  );

/** What is done in a daily review, and at the end of a shift. */
export const dailySubjects: Readonly<Record<string, Prepare>> = {
  'daily.open': async ({ bank }) => {
    await noDailyReview(bank);
    return {};
  },
  'daily.refresh': async ({ bank }) => {
    await aDailyReview(bank);
    return {};
  },
  'daily.close': async ({ bank }) => {
    await aDailyReview(bank);
    return { note };
  },
  'daily-items.keep': async ({ bank }) => ({ id: await aDailyItem(bank), note }),
  'daily-items.act': async ({ bank }) => ({ id: await aDailyItem(bank), note }),
  'daily-items.escalate': async ({ bank }) => ({ id: await aDailyItem(bank), note }),
  'daily-items.undo': async ({ bank }) => ({ id: await aDailyItem(bank, true) }),
  'handovers.write': async () => ({ note }),
  'handovers.accept': async ({ bank }) => ({ id: await aHandover(bank), note }),
};
