import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Acting } from '../../../src/kit/request.ts';
import { anActingBank, ask, type ActingBank } from '../../support/acting-session.ts';
import { subjects } from '../../support/every-action.ts';
import { aBrokenGlass } from '../../support/request-subjects.ts';
import { accountRow, note, requestRow, through } from '../../support/two-people.ts';

let world: ActingBank;
let maker: Acting;
let one: Acting;
let two: Acting;
beforeAll(async () => {
  world = await anActingBank();
  maker = await world.as(world.bank.maker);
  one = world.acting;
  two = await world.as(world.bank.two);
});
afterAll(() => world[Symbol.asyncDispose]());

const aRequest = async (action: string): Promise<{ readonly number: string; readonly record: string }> => {
  const typed = (await subjects[action]?.(world, world.bank.maker)) ?? {};
  return { number: await ask(world, maker, action, typed), record: typed['id'] ?? '' };
};
const breakIt = (acting: Acting, id: string) => through(acting, 'approvals.break-glass', { id, note });
const judge = (acting: Acting, id: string, verdict: 'ratified' | 'disputed') => through(acting, 'approvals.ratify', { id, verdict, note });
const declare = async (): Promise<string> => {
  const declared = await through(one, 'incidents.declare', { level: '3', kind: 'outage', title: 'The ledger does not answer', note });
  if (!declared.ok) throw new Error(declared.refusal.message);
  return declared.value.target.id;
};
const end = async (id: string): Promise<void> => {
  for (const step of ['incidents.contain', 'incidents.resolve']) expect(await through(one, step, { id, note })).toMatchObject({ ok: true });
};
const codeGiven = (ago: string) =>
  world.bank.rows(
    "UPDATE ops.operator_session SET code_at = clock_timestamp() - $2::interval WHERE token_hash = sha256(convert_to($1, 'UTF8'))",
    [world.bank.maker.token, ago],
  );
const waiting = async (): Promise<readonly string[]> =>
  (
    await world.bank.rows<{ number: string }>(
      `SELECT number FROM ops.approval WHERE break_glass AND status = 'executed' AND verdict IS NULL ORDER BY number`,
    )
  ).map(({ number }) => number);

describe('the glass is broken', () => {
  test('in an open incident only, not before and not when it was contained', async () => {
    const { number, record } = await aRequest('accounts.unfreeze');
    expect(await breakIt(maker, number)).toMatchObject({ ok: false });
    const incident = await declare();
    await end(incident);
    expect(await breakIt(maker, number)).toMatchObject({ ok: false });
    expect(await accountRow(world, record)).toMatchObject({ status: 'frozen' });
    const open = await declare();
    expect(await breakIt(maker, number)).toMatchObject({ ok: true });
    expect(await accountRow(world, record)).toMatchObject({ status: 'active' });
    expect(await requestRow(world, number)).toMatchObject({ status: 'executed', break_glass: true, decided_by: null, verdict: null });
    const [told] = await world.bank.rows(
      `SELECT operator, outcome::text FROM ops.audit WHERE action = 'accounts.unfreeze' AND entity_id = $1 ORDER BY seq DESC LIMIT 1`,
      [record],
    );
    expect(told).toEqual({ operator: 'maker', outcome: 'success' });
    await end(open);
  });

  test('with a code of the last five minutes', async () => {
    const incident = await declare();
    const { number, record } = await aRequest('accounts.close');
    await codeGiven('5 minutes 1 second');
    expect(await breakIt(maker, number)).toMatchObject({ ok: false, refusal: { kind: 'forbidden', needs: 'code' } });
    expect(await accountRow(world, record)).toMatchObject({ status: 'active' });
    await codeGiven('4 minutes 50 seconds');
    expect(await breakIt(maker, number)).toMatchObject({ ok: true });
    await codeGiven('-1 day');
    await end(incident);
  });

  test('by whoever made the request, and for nothing that changes rights', async () => {
    const incident = await declare();
    const { number, record } = await aRequest('accounts.unfreeze');
    for (const other of [one, two]) expect(await breakIt(other, number)).toMatchObject({ ok: false, refusal: { kind: 'forbidden' } });
    expect(await accountRow(world, record)).toMatchObject({ status: 'frozen' });
    const ofRights = ['operators.create', 'operators.grant-role', 'operators.reset', 'operators.enable', 'ip-rules.allow'];
    for (const action of ofRights) {
      const { number: other } = await aRequest(action);
      expect({ action, outcome: await breakIt(maker, other) }).toMatchObject({
        action,
        outcome: { ok: false, refusal: { kind: 'forbidden' } },
      });
      expect(await requestRow(world, other)).toMatchObject({ status: 'pending', break_glass: false });
    }
    await end(incident);
  });

  test('once: what was executed is not executed again', async () => {
    const number = await aBrokenGlass(world);
    expect(await breakIt(maker, number)).toMatchObject({ ok: false });
    expect(await through(one, 'approvals.approve', { id: number, note })).toMatchObject({ ok: false, refusal: { kind: 'conflict' } });
  });
});

describe('what one did alone waits for a verdict', () => {
  test('in the inbox until somebody else ratifies or disputes it, once', async () => {
    for (const verdict of ['ratified', 'disputed'] as const) {
      const number = await aBrokenGlass(world);
      expect(await waiting()).toContain(number);
      expect(await judge(maker, number, 'ratified')).toMatchObject({ ok: false, refusal: { kind: 'forbidden' } });
      expect(await waiting()).toContain(number);
      expect(await judge(two, number, verdict)).toMatchObject({ ok: true, value: { summary: `${verdict} request ${number}` } });
      expect(await waiting()).not.toContain(number);
      expect(await requestRow(world, number)).toMatchObject({ status: 'executed', verdict });
      expect(await judge(one, number, 'disputed')).toMatchObject({ ok: false, refusal: { kind: 'conflict' } });
      expect(await requestRow(world, number)).toMatchObject({ verdict });
    }
  });

  test('and what two people did waits for none', async () => {
    const { number } = await aRequest('accounts.close');
    expect(await judge(one, number, 'ratified')).toMatchObject({ ok: false, refusal: { kind: 'conflict' } });
    expect(await through(one, 'approvals.approve', { id: number, note })).toMatchObject({ ok: true });
    expect(await judge(two, number, 'ratified')).toMatchObject({ ok: false, refusal: { kind: 'conflict' } });
  });
});
