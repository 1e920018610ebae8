import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Acting } from '../../../src/kit/request.ts';
import { anActingBank, ask, type ActingBank } from '../../support/acting-session.ts';
import { subjects } from '../../support/every-action.ts';
import { note, requestRow, through } from '../../support/two-people.ts';

let world: ActingBank;
let maker: Acting;
let other: Acting;
beforeAll(async () => {
  world = await anActingBank();
  maker = await world.as(world.bank.maker);
  other = await world.as(world.bank.two);
});
afterAll(() => world[Symbol.asyncDispose]());

const requested = async (action: string): Promise<string> =>
  ask(world, maker, action, (await subjects[action]?.(world, world.bank.maker)) ?? {});
const breakIt = (id: string) => through(maker, 'approvals.break-glass', { id, note });
const runs = () =>
  world.bank.rows(
    `SELECT r.runbook, r.status, r.target, o.name AS by, (SELECT count(*)::int FROM ops.run_step s WHERE s.run_id = r.id) AS steps
       FROM ops.run r JOIN ops.operator o ON o.id = r.queued_by ORDER BY r.number`,
  );

test('one person restores alone in an open incident: one run is queued, audit says by whom, and somebody else judges it afterwards', async () => {
  const early = await requested('runbooks.restore');
  expect(await breakIt(early)).toMatchObject({ ok: false });
  expect(await runs()).toEqual([]);

  expect(await through(other, 'incidents.declare', { level: '1', kind: 'outage', title: 'The ledger cannot be read', note })).toMatchObject(
    { ok: true },
  );
  expect(await breakIt(early)).toMatchObject({ ok: true });
  const [run, ...more] = await runs();
  expect([run, more]).toEqual([
    { runbook: 'restore', status: 'queued', target: expect.stringMatching(/^database on /) as string, by: 'maker', steps: 4 },
    [],
  ]);
  // once, whoever breaks or approves again
  expect(await breakIt(early)).toMatchObject({ ok: false });
  expect(await through(other, 'approvals.approve', { id: early, note })).toMatchObject({ ok: false, refusal: { kind: 'conflict' } });
  expect(await runs()).toHaveLength(1);
  const told = await world.bank.rows(
    `SELECT action, operator, outcome::text FROM ops.audit WHERE action IN ('runbooks.restore', 'approvals.break-glass') AND outcome = 'success' ORDER BY seq`,
  );
  expect(told.filter(({ action }) => action === 'runbooks.restore')).toEqual([
    { action: 'runbooks.restore', operator: 'maker', outcome: 'success' },
  ]);
  expect(await requestRow(world, early)).toMatchObject({ status: 'executed', break_glass: true, decided_by: null, verdict: null });

  expect(await through(maker, 'approvals.ratify', { id: early, verdict: 'ratified', note })).toMatchObject({ ok: false });
  expect(await through(other, 'approvals.ratify', { id: early, verdict: 'ratified', note })).toMatchObject({ ok: true });
  expect(await requestRow(world, early)).toMatchObject({ verdict: 'ratified' });
});

test('nobody drops the way back alone, incident or not', async () => {
  const number = await requested('runbooks.drop-old-database');
  expect(await breakIt(number)).toMatchObject({ ok: false, refusal: { kind: 'forbidden' } });
  expect(await requestRow(world, number)).toMatchObject({ status: 'pending', break_glass: false });
});

test('a restore and a backup of one host exclude one another', async () => {
  const [row] = await world.bank.rows<{ host: string }>(`SELECT substr(target, 13) AS host FROM ops.run WHERE runbook = 'restore'`);
  expect(await through(other, 'runbooks.backup', { host: row?.host ?? '', note })).toMatchObject({
    ok: false,
    refusal: { kind: 'conflict' },
  });
});
