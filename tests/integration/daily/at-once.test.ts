import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { DailyDocument } from '../../../src/domain/daily-report.ts';
import { act, aBank, refusal, type Bank } from '../../support/acting.ts';
import { anAlert, atTable, type DailyTable } from '../../support/daily-bank.ts';
import { noDailyReview } from '../../support/daily-subjects.ts';
import { full, report } from '../../support/reliability.ts';

const races = full ? 200 : 25;
const closings = full ? 100 : 8;

let bank: Bank;
let table: DailyTable;
let connections: readonly [Bank['db'], Bank['db'], Bank['db']];
beforeAll(async () => {
  bank = await aBank();
  table = atTable(bank);
  connections = [await bank.connect(), await bank.connect(), await bank.connect()];
});
afterAll(async () => {
  for (const connection of connections) await connection.end();
  await bank[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await noDailyReview(bank);
  await bank.behindItsBack('DELETE FROM bank.account');
});

const open = (db: Bank['db'], operator: Bank['one']) =>
  refusal(db, () => act(db, operator, 'daily.open', each => each.query('SELECT ops.open_daily()')));
const openId = async () => (await bank.rows<{ id: string }>('SELECT id FROM ops.daily_review WHERE closed_at IS NULL'))[0]?.id ?? '';

test(`two open one review, and decide its items at once, ${races} times: one does it, the other is told by whom`, async () => {
  const [a, b] = connections;
  for (let race = 0; race < races; race++) await bank.account({ status: 'pending' });
  const opened = await Promise.all([open(a, bank.one), open(b, bank.two)]);
  expect(opened.map(({ code }) => code).toSorted()).toEqual(['BU007', 'done']);
  const told = { decided: 0, 'told by whom': 0 };
  for (const item of await table.items(await openId())) {
    const both = await Promise.all([
      refusal(a, () => table.decide(item, 'keep', { operator: bank.one, db: a })),
      refusal(b, () => table.decide(item, 'escalate', { operator: bank.two, db: b })),
    ]);
    told.decided += both.filter(({ code }) => code === 'done').length;
    told['told by whom'] += both.filter(({ code, message }) => code === 'BU005' && /^(one|two) decided it/.test(message)).length;
  }
  report(`${races} items of a daily review decided by two at once`, told);
  expect(told).toEqual({ decided: races, 'told by whom': races });
});

test(`two close a review while a third decides its last item, ${closings} times: one record, which says what was decided`, async () => {
  const [a, b, c] = connections;
  const figures = { 'closed with it decided': 0, 'closed without it': 0, 'closed afterwards': 0 };
  const wrong = { 'closed twice': 0, 'another hash than the record': 0, 'another count than its items': 0, 'decided after the close': 0 };
  for (let round = 0; round < closings; round++) {
    await bank.account({ status: 'pending' });
    await open(bank.db, bank.one);
    const review = await openId();
    const [item] = await table.items(review);
    if (!item) throw new Error('nothing was gathered');
    const [early, decided, late] = await Promise.all([
      table.close(review, { db: a, operator: bank.one, undecided: 1 }),
      refusal(b, () => table.decide(item, 'keep', { operator: bank.two, db: b })),
      table.close(review, { db: c, operator: bank.maker, undecided: 0 }),
    ]);
    const closed = [early, late].filter(({ code }) => code === 'done').length;
    if (closed === 0) await table.close(review);
    figures[closed === 0 ? 'closed afterwards' : early.code === 'done' ? 'closed without it' : 'closed with it decided'] += 1;
    wrong['closed twice'] += Number(closed > 1);
    const [row] = await bank.rows<{ document: string; hash: string }>(
      `SELECT ops.daily_document(id) AS document, encode(result_hash, 'hex') AS hash FROM ops.daily_review WHERE id = $1 AND closed_at IS NOT NULL`,
      [review],
    );
    const { review: told, items } = DailyDocument.parse(JSON.parse(row?.document ?? '{}'));
    wrong['another hash than the record'] += Number(
      createHash('sha256')
        .update(row?.document ?? '')
        .digest('hex') !== row?.hash,
    );
    wrong['another count than its items'] += Number(items.filter(({ decision }) => decision === null).length !== told.undecided);
    wrong['decided after the close'] += Number((told.undecided === 0) !== (decided.code === 'done'));
    await noDailyReview(bank);
    await bank.behindItsBack('DELETE FROM bank.account');
  }
  report(`${closings} daily reviews closed by two while a third decides`, { ...figures, ...wrong });
  expect(Object.values(wrong)).toEqual([0, 0, 0, 0]);
});

test('the database computes the digest of a handover; whoever wrote it does not accept it, and it is accepted once', async () => {
  await bank.account({ status: 'frozen' });
  await anAlert(bank, (await bank.account()).id, 85);
  await table.open();
  const written = await act(bank.db, bank.one, 'handovers.write', db =>
    db.query<{ id: string }>(`SELECT id FROM ops.write_handover('the alerts wait for papers')`),
  );
  const id = written.rows[0]?.id ?? '';
  const accept = (operator: Bank['one'], version = 0, db = bank.db) =>
    refusal(db, () =>
      act(db, operator, 'handovers.accept', each => each.query(`SELECT ops.accept_handover($1, 'read and accepted', $2)`, [id, version])),
    );
  const [row] = await bank.rows<{ digest: { acts: unknown[] } }>('SELECT digest FROM ops.handover WHERE id = $1', [id]);
  expect(row?.digest).toMatchObject({
    operator: 'one',
    alerts: { open: 1 },
    gravest: [{ rule: 5, score: 85 }],
    frozen: [{ ground: 'compliance', by: 'one' }],
    review: { decided: 0 },
  });
  expect(row?.digest.acts.length).toBeGreaterThan(0);
  expect(await accept(bank.one)).toMatchObject({ code: 'BU009' });
  const [a, b] = connections;
  const both = await Promise.all([accept(bank.two, 0, a), accept(bank.maker, 0, b)]);
  expect(both.map(({ code }) => code).toSorted()).toEqual(['BU005', 'done']);
  expect(await accept(bank.two, 1)).toMatchObject({ code: 'BU007' });
  const rewrite = () =>
    act(bank.db, bank.two, 'handovers.accept', db => db.query(`UPDATE ops.handover SET text = 'nothing is to be told'`));
  expect(await refusal(bank.db, rewrite)).toMatchObject({ code: 'BU010' });
  // the next shift begins with it
  const [shift] = await bank.rows<{ same: boolean }>('SELECT ops.shift_start() = written_at AS same FROM ops.handover WHERE id = $1', [id]);
  expect(shift?.same).toBe(true);
});
