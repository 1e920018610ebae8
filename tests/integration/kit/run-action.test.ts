import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { previewAction, runAction } from '../../../src/kit/run-action.ts';
import { anActingBank } from '../../support/acting-session.ts';
import { actionNamed } from '../../support/session.ts';

const freeze = actionNamed('accounts.freeze');
const why = { ground: 'court order', note: 'order 4711 of the district court' };

test('an action commits its effect and its audit row together, and says how to take it back', async () => {
  await using world = await anActingBank();
  const { bank, acting } = world;
  const account = await bank.account({ balance: 50_000 });

  const request = randomUUID();
  const outcome = await runAction(freeze, { id: account.id, ...why }, acting, { request });
  expect(outcome).toMatchObject({ ok: true, value: { summary: `froze ${account.number}`, replayed: false, request } });

  const rows = await bank.rows(
    `SELECT a.operator, a.action, a.verb, a.outcome::text, a.reason, a.note, a.old, a.new ->> 'status' AS after, acc.status::text
       FROM ops.audit a, bank.account acc WHERE a.request_id = $1 AND acc.id = $2`,
    [request, account.id],
  );
  expect(rows).toEqual([
    {
      operator: 'one',
      action: 'accounts.freeze',
      verb: 'update',
      outcome: 'success',
      reason: 'court order',
      note: why.note,
      old: { status: 'active' },
      after: 'frozen',
      status: 'frozen',
    },
  ]);
  if (!outcome.ok) throw new Error('not reached');
  const [nearest] = outcome.value.waysBack;
  expect(nearest).toMatchObject({ action: 'accounts.retract-freeze', seconds: 600 });
  expect(await runAction(actionNamed('accounts.retract-freeze'), nearest?.input ?? {}, acting, { request: randomUUID() })).toMatchObject({
    ok: true,
  });
  expect(await bank.rows('SELECT status::text FROM bank.account WHERE id = $1', [account.id])).toEqual([{ status: 'active' }]);
});

test('the same request twice, in turn and a hundred times at once, is done once and answered alike', async () => {
  await using world = await anActingBank();
  const { bank, acting } = world;
  const account = await bank.account();
  const request = randomUUID();
  const outcomes = await Promise.all(Array.from({ length: 100 }, () => runAction(freeze, { id: account.id, ...why }, acting, { request })));
  const receipts = outcomes.map(outcome => (outcome.ok ? outcome.value : undefined));
  expect(new Set(receipts.map(receipt => receipt?.audit)).size).toBe(1);
  expect(receipts.filter(receipt => receipt?.replayed === false)).toHaveLength(1);
  expect(await bank.rows('SELECT count(*)::int AS holds FROM ops.hold')).toEqual([{ holds: 1 }]);

  const other = await runAction(freeze, { id: account.id, ...why, note: 'another note for the same request' }, acting, { request });
  expect(other).toMatchObject({ ok: false, refusal: { kind: 'conflict' } });
});

test('a target that changed since the preview is refused as stale, whatever changed it', async () => {
  await using world = await anActingBank();
  const { bank, acting } = world;
  const account = await bank.account();
  const preview = await previewAction(freeze, { id: account.id, ...why }, acting);
  if (!preview.ok) throw new Error(preview.refusal.message);
  expect(await runAction(freeze, { id: account.id, ...why }, acting, { request: randomUUID() })).toMatchObject({ ok: true });
  await runAction(actionNamed('accounts.retract-freeze'), { id: account.id, findings: 'it was the wrong account' }, acting, {
    request: randomUUID(),
  });

  const request = randomUUID();
  const expected = { version: preview.value.target.version, hash: preview.value.hash };
  const late = await runAction(freeze, { id: account.id, ...why }, acting, { request, expected });
  expect(late).toMatchObject({ ok: false, refusal: { kind: 'stale', next: 'look again and decide anew' } });
  expect(await bank.rows('SELECT status::text FROM bank.account WHERE id = $1', [account.id])).toEqual([{ status: 'active' }]);
  expect(await bank.rows('SELECT outcome::text, operator FROM ops.audit WHERE request_id = $1', [request])).toEqual([
    { outcome: 'refused', operator: 'one' },
  ]);
});

test('what is refused changes nothing and is audited as refused, with the reason', async () => {
  await using world = await anActingBank();
  const { bank, acting } = world;
  const pending = await bank.account({ status: 'pending' });
  const request = randomUUID();
  const outcome = await runAction(freeze, { id: pending.id, ...why }, acting, { request });
  expect(outcome).toMatchObject({
    ok: false,
    refusal: { kind: 'conflict', message: `${pending.number} is pending; only an active account can be frozen` },
  });
  expect(await bank.rows('SELECT outcome::text, error FROM ops.audit WHERE request_id = $1', [request])).toEqual([
    { outcome: 'refused', error: `${pending.number} is pending; only an active account can be frozen` },
  ]);

  const powerless = { ...acting, operator: { ...acting.operator, permissions: new Set<string>() } };
  const denied = randomUUID();
  expect(await runAction(freeze, { id: pending.id, ...why }, powerless, { request: denied })).toMatchObject({
    ok: false,
    refusal: { kind: 'forbidden' },
  });
  expect(await bank.rows('SELECT outcome::text FROM ops.audit WHERE request_id = $1', [denied])).toEqual([{ outcome: 'refused' }]);
});

test.each([
  ['a short note', { note: 'too short' }, /Note takes at least 10/],
  ['a note of a million characters', { note: 'x'.repeat(1_000_000) }, /Note takes at most 2,000/],
  ['no ground', { ground: '' }, /Ground/],
  ['a ground that is none', { ground: 'because' }, /Ground/],
  ['a day that does not exist', { reviewOn: '2026-02-30' }, /does not exist/],
  ['a day that is over', { reviewOn: '2020-01-01' }, /within the next 30 days/],
  ['a day too far away', { reviewOn: 'in 31 days' }, /within the next 30 days/],
  ['a yes that is none', { notify: 'perhaps' }, /is yes or no/],
  ['a field that there is not', { colour: 'blue' }, /is no field/],
  ['an id that is no number', { id: "1'; DROP TABLE bank.account" }, /id/],
])('%s is refused in words and leaves no trace', async (_name, change, words) => {
  await using world = await anActingBank();
  const { bank, acting } = world;
  const account = await bank.account();
  const before = await bank.rows('SELECT seq FROM ops.audit_head');
  const outcome = await runAction(freeze, { id: account.id, ...why, ...change }, acting, { request: randomUUID() });
  expect(outcome.ok ? '' : outcome.refusal.kind).toBe('invalid');
  expect(outcome.ok ? '' : outcome.refusal.message).toMatch(words);
  expect(await bank.rows('SELECT seq FROM ops.audit_head')).toEqual(before);
  expect(await bank.rows('SELECT status::text FROM bank.account WHERE id = $1', [account.id])).toEqual([{ status: 'active' }]);
});

test('where the audit row cannot be written, nothing is done', async () => {
  await using world = await anActingBank();
  const { bank, acting } = world;
  const account = await bank.account();
  await bank.db
    .query(`CREATE FUNCTION public.no_audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = '53100'; END $$;
    CREATE TRIGGER a_broken_disk BEFORE INSERT ON ops.audit FOR EACH ROW EXECUTE FUNCTION public.no_audit()`);
  await expect(runAction(freeze, { id: account.id, ...why }, acting, { request: randomUUID() })).rejects.toThrow(/disk full/);
  expect(await bank.rows('SELECT status::text FROM bank.account WHERE id = $1', [account.id])).toEqual([{ status: 'active' }]);
  expect(await bank.rows('SELECT count(*)::int AS holds FROM ops.hold')).toEqual([{ holds: 0 }]);
});
