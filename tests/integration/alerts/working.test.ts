import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Acting } from '../../../src/kit/request.ts';
import { runAction } from '../../../src/kit/run-action.ts';
import { findCase } from '../../../src/resources/cases/queries.ts';
import { act, type TestOperator } from '../../support/acting.ts';
import type { ActingBank } from '../../support/acting-session.ts';
import { aCase, type AlertWish } from '../../support/alert-subjects.ts';
import { anAnalystsBank, type Analyst, type AnalystsBank } from '../../support/analysts.ts';
import { actionNamed } from '../../support/session.ts';
import { approve, through } from '../../support/two-people.ts';

const note = 'looked into it at length';

let analysts: AnalystsBank;
let world: ActingBank;
let ravi: Acting;
let nina: Acting;
let mona: Acting;

beforeAll(async () => {
  analysts = await anAnalystsBank();
  world = analysts.world;
  ({ ravi, nina, mona } = analysts.through);
});
afterAll(() => analysts[Symbol.asyncDispose]());

const by = (name: Analyst): TestOperator => analysts.operators[name];
const alertOf = (name: Analyst, wish?: AlertWish): Promise<string> => analysts.alertOf(name, wish);

const alertRow = async (id: string) =>
  (
    await world.bank.rows<{
      status: string;
      outcome: string | null;
      claimed: string | null;
      decided: string | null;
      case_id: string | null;
    }>(
      `SELECT a.status, a.outcome, c.name AS claimed, d.name AS decided, a.case_id FROM ops.alert a LEFT JOIN ops.operator c ON c.id = a.claimed_by
         LEFT JOIN ops.operator d ON d.id = a.decided_by WHERE a.id = $1`,
      [id],
    )
  )[0];
const caseRow = async (id: string) =>
  (
    await world.bank.rows<{ status: string; score: number; assigned_to: string | null }>('SELECT * FROM ops.case_file WHERE id = $1', [id])
  )[0];
/** The number of the request about a record that waits. */
const waiting = async (entity: string, id: string): Promise<string> =>
  (
    await world.bank.rows<{ number: string }>(
      `SELECT number FROM ops.approval WHERE entity = $1 AND entity_id = $2 AND status = 'pending'`,
      [entity, id],
    )
  )[0]?.number ?? '';
const kindOf = (outcome: Awaited<ReturnType<typeof through>>) => (outcome.ok ? 'done' : outcome.refusal.kind);

describe('an alert in review', () => {
  test('is decided by whoever claimed it; a manager takes it away', async () => {
    const id = await alertOf('ravi');
    for (const [action, typed] of [
      ['alerts.dismiss', { id, outcome: 'valuable', note }],
      ['alerts.escalate', { id, note }],
      ['alerts.snooze', { id, note }],
      ['alerts.release', { id, note }],
    ] as const)
      expect([action, await through(nina, action, typed)]).toMatchObject([
        action,
        { ok: false, refusal: { kind: 'conflict', message: `alert ${id} is in review by ravi` } },
      ]);
    expect(kindOf(await through(nina, 'alerts.claim', { id, note }))).toBe('conflict');
    expect(kindOf(await through(mona, 'alerts.dismiss', { id, outcome: 'valuable', note }))).toBe('forbidden');
    expect(kindOf(await through(mona, 'alerts.release', { id, note }))).toBe('done');
    expect(kindOf(await through(nina, 'alerts.claim', { id, note }))).toBe('done');
    expect(await alertRow(id)).toMatchObject({ status: 'in review', claimed: 'nina' });
  });

  test('is nobody else’s by SQL either', async () => {
    const id = await alertOf('ravi');
    for (const call of [
      `ops.dismiss_alert(${id}, 'valuable', '${note}', 0)`,
      `ops.escalate_alert(${id}, 'A case by somebody', '${note}', 0)`,
      `ops.snooze_alert(${id}, bank.business_day() + 1, '${note}', 0)`,
      `ops.release_alert(${id}, 0)`,
    ]) {
      const action = call.replace(/^ops\.(\w+?)_alert.*$/, 'alerts.$1');
      await expect(act(world.bank.db, by('nina'), action, db => db.query(`SELECT ${call}`))).rejects.toMatchObject({ code: 'BU002' });
    }
    expect(await alertRow(id)).toMatchObject({ status: 'in review', claimed: 'ravi' });
  });

  test('that got another hit is looked at again before it is decided', async () => {
    const id = await alertOf('ravi');
    const request = randomUUID();
    const expected = { version: 0, hash: 'as it was shown' };
    await world.bank.behindItsBack('UPDATE ops.alert SET hits = 2, version = 1 WHERE id = $1', [id]);
    const outcome = await runAction(actionNamed('alerts.dismiss'), { id, outcome: 'false positive', note }, ravi, { request, expected });
    expect(kindOf(outcome)).toBe('stale');
  });
});

describe('above a score of 80', () => {
  test('one asks and another dismisses; it counts as decided by whoever asked, and is taken back by them alone', async () => {
    const id = await alertOf('ravi', { score: 81 });
    expect(kindOf(await through(ravi, 'alerts.dismiss', { id, outcome: 'false positive', note }))).toBe('waiting-for-approval');
    expect(await alertRow(id)).toMatchObject({ status: 'in review' });
    const number = await waiting('alert', id);
    expect(kindOf(await approve(ravi, number))).toBe('forbidden');
    expect(kindOf(await approve(nina, number))).toBe('forbidden');
    expect(kindOf(await approve(mona, number))).toBe('done');
    expect(await alertRow(id)).toMatchObject({ status: 'dismissed', outcome: 'false positive', decided: 'ravi' });
    expect(
      await world.bank.rows(
        `SELECT o.name, n.text FROM ops.note n JOIN ops.operator o ON o.id = n.written_by WHERE entity = 'alert' AND entity_id = $1`,
        [id],
      ),
    ).toEqual([{ name: 'ravi', text: note }]);
    expect(kindOf(await through(nina, 'alerts.reopen', { id, note }))).toBe('waiting-for-approval');
    expect(kindOf(await through(ravi, 'alerts.reopen', { id, note }))).toBe('done');
    expect(await alertRow(id)).toMatchObject({ status: 'in review', outcome: null, claimed: 'ravi', decided: null });
  });

  test('a snooze takes two as well, and at 80 neither does', async () => {
    const id = await alertOf('ravi', { score: 95 });
    expect(kindOf(await through(ravi, 'alerts.snooze', { id, until: 'in 30 days', note }))).toBe('waiting-for-approval');
    expect(kindOf(await approve(mona, await waiting('alert', id)))).toBe('done');
    expect(await alertRow(id)).toMatchObject({ status: 'open', claimed: null });
    for (const [action, typed] of [
      ['alerts.dismiss', { outcome: 'valuable' }],
      ['alerts.snooze', {}],
    ] as const)
      expect([action, kindOf(await through(ravi, action, { id: await alertOf('ravi', { score: 80 }), note, ...typed }))]).toEqual([
        action,
        'done',
      ]);
  });

  test('the database refuses one person, whoever they are', async () => {
    for (const call of ['dismiss_alert($1, $2, $3, 0)', `snooze_alert($1, bank.business_day() + 1, $3 || left($2, 0), 0)`]) {
      const id = await alertOf('ravi', { score: 100 });
      const action = call.startsWith('dismiss') ? 'alerts.dismiss' : 'alerts.snooze';
      await expect(
        act(world.bank.db, by('ravi'), action, db => db.query(`SELECT ops.${call}`, [id, 'valuable', note])),
      ).rejects.toMatchObject({ code: 'BU012' });
    }
  });
});

describe('a case', () => {
  test('is opened by the first alert of an account and joined by the next; its way back is open until it is decided', async () => {
    const account = (await world.bank.account()).id;
    const [first, second] = [await alertOf('ravi', { account, score: 50 }), await alertOf('nina', { account, rule: 9, score: 95 })];
    const outcome = await through(ravi, 'alerts.escalate', { id: first, note });
    expect(outcome).toMatchObject({ ok: true, value: { waysBack: [{ action: 'alerts.reopen' }] } });
    expect(kindOf(await through(nina, 'alerts.escalate', { id: second, note }))).toBe('done');
    const opened = (await alertRow(first))?.case_id ?? '';
    expect(await alertRow(second)).toMatchObject({ status: 'escalated', case_id: opened });
    expect(await caseRow(opened)).toMatchObject({ status: 'open', score: 95 });
    expect(kindOf(await through(ravi, 'alerts.reopen', { id: first, note }))).toBe('done');
    expect(await alertRow(first)).toMatchObject({ status: 'in review', claimed: 'ravi', case_id: null });
    expect(kindOf(await through(ravi, 'alerts.escalate', { id: first, note }))).toBe('done');

    expect(kindOf(await through(ravi, 'cases.suspend', { id: opened, note }))).toBe('conflict');
    expect(kindOf(await through(ravi, 'cases.take', { id: opened, note }))).toBe('done');
    expect(kindOf(await through(nina, 'cases.take', { id: opened, note }))).toBe('conflict');
    expect(kindOf(await through(nina, 'cases.suspend', { id: opened, note }))).toBe('conflict');
    expect(kindOf(await through(nina, 'cases.close', { id: opened, finding: 'refuted', findings: note }))).toBe('conflict');
    expect(
      kindOf(await through(nina, 'cases.link', { id: opened, entity: 'account', record: (await world.bank.account()).number, note })),
    ).toBe('done');

    const closing = { id: opened, finding: 'confirmed', findings: 'cash cut up below the limit' };
    expect(kindOf(await through(ravi, 'cases.close', closing))).toBe('waiting-for-approval');
    expect((await caseRow(opened))?.status).toBe('pending approval');
    expect(kindOf(await through(ravi, 'cases.suspend', { id: opened, note }))).toBe('conflict');
    expect(kindOf(await through(ravi, 'alerts.reopen', { id: first, note }))).toBe('conflict');
    expect(kindOf(await through(mona, 'approvals.reject', { id: await waiting('case', opened), note }))).toBe('done');
    expect((await caseRow(opened))?.status).toBe('investigating');
    expect(kindOf(await through(ravi, 'cases.close', closing))).toBe('waiting-for-approval');
    expect(kindOf(await approve(mona, await waiting('case', opened)))).toBe('done');
    expect(await caseRow(opened)).toMatchObject({ status: 'confirmed', finding: closing.findings });
    for (const id of [first, second]) expect(await alertRow(id)).toMatchObject({ status: 'escalated', outcome: 'confirmed' });
    for (const action of ['alerts.reopen'] as const) expect(kindOf(await through(ravi, action, { id: first, note }))).toBe('conflict');
    expect(kindOf(await through(ravi, 'cases.link', { id: opened, entity: 'case', record: opened, note }))).toBe('conflict');
  });

  test('whose request ran out is investigated again, without anything having run', async () => {
    const id = await aCase(world.bank, { status: 'investigating', by: by('ravi') });
    expect(kindOf(await through(ravi, 'cases.close', { id, finding: 'refuted', findings: note }))).toBe('waiting-for-approval');
    await world.bank.behindItsBack(
      `UPDATE ops.approval SET made_at = made_at - interval '2 days', expires_at = expires_at - interval '2 days' WHERE entity = 'case' AND entity_id = $1`,
      [id],
    );
    expect((await findCase(world.database.reads, BigInt(id)))?.status).toBe('investigating');
    expect(kindOf(await through(ravi, 'cases.suspend', { id, note }))).toBe('done');
    expect(kindOf(await through(ravi, 'cases.resume', { id, note }))).toBe('done');
    expect(kindOf(await through(ravi, 'cases.close', { id, finding: 'inconclusive', findings: note }))).toBe('waiting-for-approval');
  });
});
