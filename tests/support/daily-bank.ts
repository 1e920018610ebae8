import { act, refusal, type Bank, type Refused, type TestOperator } from './acting.ts';
import { planted } from './bank-subjects.ts';

export type DailyItem = {
  readonly id: string;
  readonly category: string;
  readonly entity: string;
  readonly entityId: string;
  readonly words: string;
  readonly decision: string | null;
  readonly version: number;
};

/** The words in which tests go through a daily review, by SQL alone. */
export type DailyTable = {
  readonly open: (operator?: TestOperator) => Promise<string>;
  readonly refresh: () => Promise<void>;
  readonly items: (review: string) => Promise<readonly DailyItem[]>;
  readonly decide: (
    item: DailyItem,
    decision: 'keep' | 'act' | 'escalate',
    wishes?: { operator?: TestOperator; db?: Bank['db'] },
  ) => Promise<unknown>;
  readonly undo: (item: DailyItem) => Promise<unknown>;
  /** Closes it as it stands; gives how the database answers. */
  readonly close: (review: string, wishes?: { operator?: TestOperator; db?: Bank['db']; undecided?: number }) => Promise<Refused>;
  /** Ends whatever is open, as if the day were over: the next review is tomorrow's. */
  readonly tomorrow: () => Promise<void>;
};

const undecidedIn = `SELECT count(*)::int AS left FROM ops.daily_item WHERE review_id = $1 AND decision IS NULL`;

export const atTable = (bank: Bank): DailyTable => ({
  open: async (operator = bank.one) => {
    const { rows } = await act(bank.db, operator, 'daily.open', db => db.query<{ id: string }>('SELECT id FROM ops.open_daily()'));
    return rows[0]?.id ?? '';
  },
  refresh: async () => {
    await act(bank.db, bank.one, 'daily.refresh', db =>
      db.query('SELECT ops.refresh_daily(r.id, r.version) FROM ops.daily_review r WHERE r.closed_at IS NULL'),
    );
  },
  items: review =>
    bank.rows<DailyItem>(
      `SELECT id, category, entity, entity_id AS "entityId", words, decision, version FROM ops.daily_item WHERE review_id = $1 ORDER BY daily_item.id`,
      [review],
    ),
  decide: ({ id, version }, decision, { operator = bank.one, db = bank.db } = {}) =>
    act(db, operator, `daily-items.${decision}`, () =>
      db.query('SELECT id FROM ops.decide_daily_item($1, $2, $3, $4)', [id, decision, 'looked at by a test', version]),
    ),
  undo: ({ id }) =>
    act(bank.db, bank.one, 'daily-items.undo', db =>
      db.query('SELECT ops.undo_daily_item(i.id, i.version) FROM ops.daily_item i WHERE i.id = $1', [id]),
    ),
  close: async (review, { operator = bank.one, db = bank.db, undecided } = {}) => {
    const left = undecided ?? (await bank.rows<{ left: number }>(undecidedIn, [review]))[0]?.left ?? 0;
    return refusal(db, () =>
      act(db, operator, 'daily.close', () =>
        db.query(`SELECT ops.close_daily(r.id, r.version, $2, 'the day is over') FROM ops.daily_review r WHERE r.id = $1`, [review, left]),
      ),
    );
  },
  tomorrow: async () => {
    // the day before the earliest that there is
    await bank.behindItsBack(
      `UPDATE ops.daily_review r SET day = (SELECT min(day) FROM ops.daily_review) - 1, since = since - interval '1 day' WHERE r.day = bank.business_day()`,
    );
  },
});

/** An open alert on an account, as detection raises it. */
export const anAlert = async (bank: Bank, account: string, score = 50, snoozed = false): Promise<string> => {
  await bank.behindItsBack(
    `INSERT INTO ops.detection_rule (id, title, explanation, score) VALUES (5, 'Structuring', 'planted by a test', 50) ON CONFLICT DO NOTHING`,
  );
  return planted(
    bank,
    `INSERT INTO ops.alert (rule, account_id, score, snoozed_until) VALUES (5, $1, $2, CASE WHEN $3 THEN now() + interval '3 days' END)`,
    [account, score, snoozed],
  );
};
