import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { dailyCategories } from '../../../src/domain/daily-decision.ts';
import { DailyDocument } from '../../../src/domain/daily-report.ts';
import { act, aBank, refusal, type Bank } from '../../support/acting.ts';
import { planted } from '../../support/bank-subjects.ts';
import { anAlert, atTable, type DailyItem, type DailyTable } from '../../support/daily-bank.ts';
import { noDailyReview } from '../../support/daily-subjects.ts';
import { post } from '../../support/posting.ts';

let bank: Bank;
let table: DailyTable;
beforeAll(async () => {
  bank = await aBank();
  table = atTable(bank);
  await bank.behindItsBack(`UPDATE ops.operator SET email = name || '@bank.example'`);
});
afterAll(() => bank[Symbol.asyncDispose]());
afterEach(async () => {
  await noDailyReview(bank);
  await bank.behindItsBack('DELETE FROM ops.alert');
  await bank.behindItsBack('DELETE FROM ops.hold');
  await bank.behindItsBack(`UPDATE bank.account SET status = 'active'`);
});

const recordOf = async (review: string) => {
  const [row] = await bank.rows<{ document: string; hash: string }>(
    `SELECT ops.daily_document(id) AS document, encode(result_hash, 'hex') AS hash FROM ops.daily_review WHERE id = $1`,
    [review],
  );
  return { document: DailyDocument.parse(JSON.parse(row?.document ?? '{}')), text: row?.document ?? '', hash: row?.hash };
};
const keysOf = (items: readonly DailyItem[]) => items.map(({ category, entityId }) => `${category} ${entityId}`);

test('the console and the database know the same categories, in the same order', async () => {
  const rows = await bank.rows<{ name: string }>('SELECT name FROM ops.daily_category ORDER BY place');
  expect(rows.map(({ name }) => name)).toEqual(dailyCategories);
});

describe('what a review covers', () => {
  test('one of every kind that is unseen, gathered by the database; what came since is added and counted, and nothing twice', async () => {
    const pending = (await bank.account({ status: 'pending' })).id;
    const rich = (await bank.account({ balance: 10_000 })).id;
    const frozen = (await bank.account({ status: 'frozen' })).id;
    const large = (await post(bank.db, { type: 'deposit', to: rich, amount: 160_000 })).transaction_id ?? '';
    const small = (await post(bank.db, { type: 'deposit', to: rich, amount: 159_999 })).transaction_id ?? '';
    await act(bank.db, bank.one, 'transactions.flag', db => db.query(`SELECT ops.flag_transaction($1, 'marked by a test')`, [small]));
    const alert = await anAlert(bank, rich, 90);
    const snoozed = await anAlert(bank, pending, 45, true);
    await bank.behindItsBack(
      `INSERT INTO ops.alert_snooze (rule, account_id, until, note, set_by) VALUES (5, $1, now() + interval '3 days', 'known to be harmless', $2)`,
      [frozen, bank.two.id],
    );
    const glass = `INSERT INTO ops.approval (id, action, action_version, entity, entity_id, entity_label, entity_version, input, input_hash, preview, preview_hash, note, maker_id, maker_session, expires_at, status, break_glass, executed_at, decided_at)
      SELECT gen_random_uuid(), 'accounts.close', '1', 'account', '9', 'x', 0, '{}', sha256('x'), '[]', '-', 'planted by a test', s.operator_id, s.id, now() + interval '1 day', 'executed', true, now(), now() FROM ops.operator_session s WHERE s.operator_id = $1 LIMIT 1`;
    const broken = await planted(bank, glass, [bank.two.id], 'number');
    const event = await planted(
      bank,
      `INSERT INTO ops.security_event (kind, level, source, summary, first_at, last_at, subject, dedupe_key) VALUES ('abuse', 'critical', '203.0.113.5', 'planted', now(), now(), 'x', 'daily')`,
    );
    await bank.behindItsBack(
      `INSERT INTO bank.auth_event (type, username, ip, at) SELECT 'login_failure', 'nobody', '203.0.113.77', now() FROM generate_series(1, 10)`,
    );
    const rule = await planted(
      bank,
      `INSERT INTO platform.ip_rule (kind, network, scope, reason, created_by, expires_at) VALUES ('block', '198.51.100.0/24', 'platform', 'planted by a test', $1, now() + interval '1 day')`,
      [bank.two.id],
    );
    const notice = await planted(bank, `INSERT INTO ops.notice (template, channel, recipient, subject, body, about_entity, about_id, status, last_error, created_by, request_id)
      VALUES ('account-frozen', 'email', 'x@mail.example', 'planted', 'planted', 'account', '1', 'dead', 'planted', $1, gen_random_uuid())`, [bank.two.id], 'number'); // prettier-ignore
    const override = await planted(
      bank,
      `INSERT INTO bank.limit_override (account_id, type, single, daily, expires_at, reason) VALUES ($1, 'transfer', 500000, 900000, now() + interval '2 days', 'planted by a test')`,
      [rich],
    );

    const review = await table.open();
    const gathered = await table.items(review);
    expect(keysOf(gathered)).toEqual(
      expect.arrayContaining([
        `broken glass ${broken}`, `alerts ${alert}`, `alerts ${snoozed}`, `security events ${event}`, 'failed logins 203.0.113.77', `new holds ${frozen}`, `flagged transactions ${small}`,
        `large transactions ${large}`, `pending accounts ${pending}`, `snoozes ${frozen}`, `expiring limits ${override}`, `expiring IP rules ${rule}`, `dead notices ${notice}`,
      ]), // prettier-ignore
    );
    expect(keysOf(gathered)).not.toContain(`large transactions ${small}`);
    expect(gathered.find(({ entityId, category }) => category === 'alerts' && entityId === snoozed)?.words).toContain('SNOOZED until');
    // the gravest of all stands first
    expect(gathered[0]?.category).toBe('broken glass');
    expect(gathered[1]).toMatchObject({ category: 'alerts', entityId: alert });

    const later = await anAlert(bank, frozen);
    await table.refresh();
    await table.refresh();
    const after = await table.items(review);
    expect(after).toHaveLength(gathered.length + 1);
    expect(after.at(-1)).toMatchObject({ category: 'alerts', entityId: later });
    for (const item of after)
      await table.decide(item, item.category === 'broken glass' ? 'escalate' : 'keep', {
        operator: item.category === 'new holds' ? bank.two : bank.one,
      });
    expect(await table.close(review)).toMatchObject({ code: 'done' });

    const { document, text, hash } = await recordOf(review);
    expect(createHash('sha256').update(text).digest('hex')).toBe(hash);
    expect(document.items).toHaveLength(after.length);
    expect(document.coverage.reduce((sum, { listed }) => sum + listed, 0)).toBe(after.length);
    expect(document.coverage.find(({ category }) => category === 'alerts')).toMatchObject({ found: 3, listed: 3, kept: 3, undecided: 0 });
    expect(document.coverage.filter(({ remark }) => remark !== null)).toEqual([]);
    expect(document.people.map(({ who }) => who)).toEqual(['one', 'two']);
    expect(document.review).toMatchObject({ items: after.length, escalated: 1, undecided: 0, kept: after.length - 1 });
  });

  test('of more than two hundred the gravest two hundred are listed, and the record says of how many', async () => {
    await bank.behindItsBack(
      `INSERT INTO bank.account (number, user_id, currency, status, opened_at) SELECT bank.next_account_number(), $1, 'EUR', 'pending', now() - make_interval(mins => n) FROM generate_series(1, 1240) n`,
      [bank.customer],
    );
    const review = await table.open();
    const coverage = () =>
      bank.rows(`SELECT listed, left_out FROM ops.daily_coverage WHERE review_id = $1 AND category = 'pending accounts'`, [review]);
    const [first] = await coverage();
    expect(first).toMatchObject({ listed: 200 });
    expect(first?.['left_out']).toBeGreaterThanOrEqual(1_040);
    const [item] = (await table.items(review)).filter(({ category }) => category === 'pending accounts');
    const [oldest] = await bank.rows<{ id: string }>(`SELECT id FROM bank.account WHERE status = 'pending' ORDER BY opened_at, id LIMIT 1`);
    expect(item?.entityId).toBe(oldest?.id);
    await table.refresh();
    expect(await coverage()).toEqual([first]);
    await bank.behindItsBack('DELETE FROM bank.account WHERE number NOT IN (SELECT number FROM bank.account ORDER BY id LIMIT 10)');
  });

  test('what was kept and did not change is not asked about again; what passed and nobody decided is', async () => {
    const pending = (await bank.account({ status: 'pending' })).id;
    const rich = (await bank.account({})).id;
    const large = (await post(bank.db, { type: 'deposit', to: rich, amount: 170_000 })).transaction_id ?? '';
    const first = await table.open();
    for (const item of await table.items(first)) if (item.category === 'pending accounts') await table.decide(item, 'keep');
    expect(await table.close(first)).toMatchObject({ code: 'done' });
    expect((await recordOf(first)).document.review.undecided).toBeGreaterThan(0);
    await table.tomorrow();

    const second = keysOf(await table.items(await table.open()));
    expect(second).not.toContain(`pending accounts ${pending}`);
    expect(second).toContain(`large transactions ${large}`);
    expect(
      await bank.rows(
        `SELECT seen > 0 AS seen FROM ops.daily_coverage WHERE category = 'pending accounts' ORDER BY review_id DESC LIMIT 1`,
      ),
    ).toEqual([{ seen: true }]);
  });
});

describe('who decides', () => {
  test('nobody keeps or acts on what they did themselves, and anybody may escalate it', async () => {
    const frozen = (await bank.account({ status: 'frozen' })).id;
    const own = async () =>
      (await table.items(await reviewId())).find(({ category, entityId }) => category === 'new holds' && entityId === frozen);
    const reviewId = async () => (await bank.rows<{ id: string }>('SELECT max(id) AS id FROM ops.daily_review'))[0]?.id ?? '';
    await table.open();
    const item = await own();
    if (!item) throw new Error('the freeze is not in the review');
    for (const decision of ['keep', 'act'] as const)
      expect(await refusal(bank.db, () => table.decide(item, decision))).toMatchObject({ code: 'BU009' });
    await table.decide(item, 'escalate');
    await table.undo(item);
    const again = await own();
    expect(again).toMatchObject({ decision: null, version: 2 });
    await table.decide(again ?? item, 'keep', { operator: bank.two });
  });

  test('a decision is taken back before another is made; nothing else of an item, a review or its coverage changes', async () => {
    await bank.account({ status: 'pending' });
    const review = await table.open();
    const [item] = await table.items(review);
    if (!item) throw new Error('nothing was gathered');
    await table.decide(item, 'keep');
    expect(await refusal(bank.db, () => table.decide({ ...item, version: 1 }, 'act'))).toMatchObject({ code: 'BU007' });
    const attempts: readonly (readonly [string, string])[] = [
      ['daily-items.keep', `UPDATE ops.daily_item SET words = 'harmless'`],
      ['daily-items.keep', `UPDATE ops.daily_item SET decision = 'act'`],
      ['daily-items.keep', 'DELETE FROM ops.daily_item'],
      ['daily-items.keep', 'UPDATE ops.daily_coverage SET left_out = 0'],
      ['daily.close', 'UPDATE ops.daily_review SET since = now()'],
      ['daily-items.keep', 'UPDATE ops.daily_review SET items = 0'],
      ['daily.close', `UPDATE ops.daily_item SET decision = NULL, note = NULL, decided_by = NULL, decided_at = NULL`],
    ];
    for (const [action, sql] of attempts)
      expect([sql, (await refusal(bank.db, () => act(bank.db, bank.one, action, db => db.query(sql)))).code]).toEqual([
        sql,
        expect.stringMatching(/^BU0(04|10)$/),
      ]);
    expect(await table.close(review)).toMatchObject({ code: 'done' });
    expect(await refusal(bank.db, () => table.undo(item))).toMatchObject({ code: 'BU007' });
    expect(
      await refusal(bank.db, () =>
        act(bank.db, bank.one, 'daily.close', db => db.query(`UPDATE ops.daily_review SET close_note = 'another word'`)),
      ),
    ).toMatchObject({ code: 'BU010' });
  });
});
