import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alertStates } from '../../../src/domain/alert.ts';
import { caseStates } from '../../../src/domain/case-file.ts';
import { aBank, act, askFor, refusal, toStatus, type Bank } from '../../support/acting.ts';
import { aCase, anAlert } from '../../support/alert-subjects.ts';
import { planted as behind } from '../../support/bank-subjects.ts';
import { report } from '../../support/reliability.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await aBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const note = `'a note of a test'`;
const statusOf = async (table: 'alert' | 'case_file', id: string) =>
  (await bank.rows<{ status: string }>(`SELECT status FROM ops.${table} WHERE id = $1`, [id]))[0]?.status;

/** What an action does to an alert by its contract function, and what the alert then is. */
const alertActs = {
  'alerts.claim': [id => `ops.claim_alert(${id})`, 'in review'],
  'alerts.release': [id => `ops.release_alert(${id}, 0)`, 'open'],
  'alerts.snooze': [id => `ops.snooze_alert(${id}, bank.business_day() + 3, ${note}, 0)`, 'open'],
  'alerts.dismiss': [id => `ops.dismiss_alert(${id}, 'valuable', ${note}, 0)`, 'dismissed'],
  'alerts.escalate': [id => `ops.escalate_alert(${id}, 'A case out of a test', ${note}, 0)`, 'escalated'],
  'alerts.reopen': [id => `ops.reopen_alert(${id}, ${note}, 0)`, 'in review'],
} as const satisfies Record<string, readonly [(id: string) => string, string]>;

/** From where each may begin; a snooze leaves what nobody works on as it is. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'alerts.claim': ['open'],
  'alerts.release': ['in review'],
  'alerts.snooze': ['open', 'in review', 'dismissed'],
  'alerts.dismiss': ['in review'],
  'alerts.escalate': ['in review'],
  'alerts.reopen': ['dismissed', 'escalated'],
};

describe('alerts', () => {
  const figures = { 'moves made': 0, 'moves refused': 0, 'changes refused to whoever owns the tables': 0 };
  afterAll(() => report('alert states', figures));

  test.each(Object.entries(alertActs))('%s begins where the table says, and nowhere else', async (action, [call, after]) => {
    for (const before of alertStates) {
      const id = await anAlert(bank, { status: before });
      const { code } = await refusal(bank.db, () => act(bank.db, bank.one, action, db => db.query(`SELECT ${call(id)}`)));
      const may = allowed[action]?.includes(before) ?? false;
      const goal = action === 'alerts.snooze' && before !== 'in review' ? before : after;
      expect([action, before, code, await statusOf('alert', id)]).toEqual([action, before, may ? 'done' : 'BU007', may ? goal : before]);
      figures[may ? 'moves made' : 'moves refused'] += 1;
    }
  });

  test('whoever owns the tables takes no other way under any action', async () => {
    const ways = await bank.rows<{ before: string; after: string; action: string }>(
      'SELECT before, after, action FROM ops.alert_transition',
    );
    const planted = new Map<string, string>();
    for (const before of alertStates) planted.set(before, await anAlert(bank, { status: before }));
    for (const action of [...Object.keys(alertActs), 'accounts.freeze', 'detection.run'])
      for (const [before, id] of planted)
        for (const after of alertStates.filter(state => state !== before)) {
          if (ways.some(way => way.before === before && way.after === after && way.action === action)) continue;
          const { code } = await refusal(bank.db, () =>
            act(bank.db, bank.one, action, db => db.query('UPDATE ops.alert SET status = $2 WHERE id = $1', [id, after])),
          );
          expect([action, before, after, code]).toEqual([action, before, after, 'BU007']);
          figures['changes refused to whoever owns the tables'] += 1;
        }
  });

  test('what it is about never changes, nor does what was decided, and nothing is deleted', async () => {
    const id = await anAlert(bank, { status: 'dismissed' });
    for (const change of ['rule = 6', 'account_id = 1', `outcome = 'valuable'`, 'decided_by = 2', 'score = 1', 'opened_at = now()']) {
      const { code } = await refusal(bank.db, () =>
        act(bank.db, bank.one, 'alerts.claim', db => db.query(`UPDATE ops.alert SET ${change} WHERE id = $1`, [id])),
      );
      expect([change, code]).toEqual([change, 'BU010']);
    }
    for (const table of ['alert', 'case_file', 'case_link', 'alert_snooze'])
      expect([table, (await refusal(bank.db, () => bank.rows(`TRUNCATE ops.${table} CASCADE`))).code]).toEqual([table, 'BU010']);
    expect((await refusal(bank.db, () => bank.rows('DELETE FROM ops.alert'))).code).toBe('BU010');
  });

  test('only detection opens one; what people say of it is kept as notes', async () => {
    const insert = `INSERT INTO ops.alert (rule, account_id, score) VALUES (5, 1, 55)`;
    expect((await refusal(bank.db, () => act(bank.db, bank.one, 'alerts.claim', db => db.query(insert)))).code).toBe('BU004');
    const id = await anAlert(bank, { status: 'in review' });
    await act(bank.db, bank.one, 'alerts.dismiss', db =>
      db.query(`SELECT ops.dismiss_alert($1, 'false positive', 'wages of the whole year', 0)`, [id]),
    );
    expect(await bank.rows(`SELECT text, written_by FROM ops.note WHERE entity = 'alert' AND entity_id = $1`, [id])).toEqual([
      { text: 'wages of the whole year', written_by: bank.one.id },
    ]);
    const wrong = await anAlert(bank, { status: 'in review' });
    const confirmed = `SELECT ops.dismiss_alert(${wrong}, 'confirmed', ${note}, 0)`;
    expect((await refusal(bank.db, () => act(bank.db, bank.one, 'alerts.dismiss', db => db.query(confirmed)))).code).toBe('23514');
  });

  test('a snooze ends within thirty days', async () => {
    for (const days of [-1, 0, 31]) {
      const id = await anAlert(bank);
      const call = `SELECT ops.snooze_alert(${id}, bank.business_day() + ${days}, ${note}, 0)`;
      expect([days, (await refusal(bank.db, () => act(bank.db, bank.one, 'alerts.snooze', db => db.query(call)))).code]).toEqual([
        days,
        '23514',
      ]);
    }
  });
});

describe('cases', () => {
  /** Somebody asks to close it, with a finding. */
  const closingAsked = async (id: string, finding: string): Promise<void> => {
    const request = await askFor(bank.db, 'cases.close', ['case', id]);
    await bank.behindItsBack('UPDATE ops.approval SET input = $2 WHERE id = $1', [request, JSON.stringify({ finding })]);
  };
  const calls: Readonly<Record<string, (id: string) => string>> = {
    'cases.take': id => `ops.take_case(${id}, ${note}, 0)`,
    'cases.suspend': id => `ops.move_case(${id}, 'suspended', ${note}, 0)`,
    'cases.resume': id => `ops.move_case(${id}, 'investigating', ${note}, 0)`,
    'cases.close': id => `ops.close_case(${id}, 'refuted', ${note}, 0)`,
  };
  const from: Readonly<Record<string, readonly string[]>> = {
    // what somebody has is theirs already
    'cases.take': ['open'],
    'cases.suspend': ['investigating'],
    'cases.resume': ['suspended'],
    // a request makes it wait, and out of that it is closed
    'cases.close': ['investigating'],
  };

  test.each(Object.entries(calls))('%s begins where the table says, and nowhere else', async (action, call) => {
    for (const before of caseStates.filter(state => state !== 'pending approval')) {
      const id = await aCase(bank, { status: before });
      if (action === 'cases.close') await closingAsked(id, 'refuted');
      const { code } = await refusal(bank.db, () =>
        act(bank.db, bank.one, action, db => db.query(`SELECT ${call(id)}`), { target: ['case', id] }),
      );
      const may = from[action]?.includes(before) ?? false;
      expect([action, before, /^BU0(04|07|10)$/.test(code) ? 'refused' : code]).toEqual([action, before, may ? 'done' : 'refused']);
    }
  });

  test('whoever owns the tables takes no other way under any action', async () => {
    const ways = await bank.rows<{ before: string; after: string; action: string }>(
      'SELECT before, after, action FROM ops.case_transition',
    );
    let refused = 0;
    const planted = new Map<string, string>();
    for (const before of caseStates) planted.set(before, await aCase(bank, { status: before }));
    for (const action of ['cases.take', 'cases.suspend', 'cases.resume', 'alerts.escalate', 'accounts.freeze'])
      for (const [before, id] of planted)
        for (const after of caseStates.filter(state => state !== before)) {
          // what waits for approval goes back by itself where nobody waits
          if (ways.some(way => way.before === before && way.after === after && (way.action === action || after === 'investigating')))
            continue;
          const { code } = await refusal(bank.db, () =>
            act(bank.db, bank.one, action, db =>
              db.query('UPDATE ops.case_file SET status = $2, assigned_to = $3 WHERE id = $1', [id, after, bank.one.id]),
            ),
          );
          expect([action, before, after, code]).toEqual([action, before, after, 'BU007']);
          refused += 1;
        }
    report('case states', { 'changes refused to whoever owns the tables': refused });
  });

  test('its finding is the outcome of its alerts, and its account is closed only after that', async () => {
    const outcomes = { confirmed: 'confirmed', refuted: 'false positive', inconclusive: 'valuable' };
    for (const [finding, outcome] of Object.entries(outcomes)) {
      const account = (await bank.account()).id;
      const id = await aCase(bank, { status: 'investigating', account, by: bank.maker });
      const alert = await anAlert(bank, { status: 'escalated', account, caseId: id });
      await expect(toStatus(bank.db, bank.one, account, 'closed')).rejects.toThrow(`case ${id}`);
      await closingAsked(id, finding);
      expect(await statusOf('case_file', id)).toBe('pending approval');
      await act(bank.db, bank.one, 'cases.close', db => db.query(`SELECT ops.close_case($1, $2, ${note}, 0)`, [id, finding]), {
        target: ['case', id],
      });
      expect(await bank.rows('SELECT status, finding FROM ops.case_file WHERE id = $1', [id])).toEqual([
        { status: finding, finding: 'a note of a test' },
      ]);
      expect(await bank.rows('SELECT outcome FROM ops.alert WHERE id = $1', [alert])).toEqual([{ outcome }]);
      expect(
        (
          await refusal(bank.db, () =>
            act(bank.db, bank.one, 'alerts.reopen', db => db.query(`SELECT ops.reopen_alert(${alert}, ${note}, 1)`)),
          )
        ).code,
      ).toBe('BU007');
      await toStatus(bank.db, bank.two, account, 'closed');
    }
  });
});

test('an account with an open alert or dispute is not closed', async () => {
  const account = (await bank.account()).id;
  const alert = await anAlert(bank, { account });
  await behind(
    bank,
    `INSERT INTO ops.dispute (transaction_id, account_id, kind, statement, received_by) VALUES (1, $1, 'other', 'I know nothing of it', $2)`,
    [account, bank.one.id],
  );
  await expect(toStatus(bank.db, bank.one, account, 'closed')).rejects.toMatchObject({
    code: 'BU007',
    message: expect.stringMatching(`alert ${alert}, dispute \\d+$`) as string,
  });
  await bank.behindItsBack(
    `UPDATE ops.alert SET status = 'dismissed', outcome = 'valuable', decided_by = 1, decided_at = now() WHERE id = $1`,
    [alert],
  );
  await bank.behindItsBack(`DELETE FROM ops.dispute WHERE account_id = $1`, [account]);
  await toStatus(bank.db, bank.one, account, 'closed');
});
