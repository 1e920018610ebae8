import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parseFilter } from '../../../src/domain/filter.ts';
import type { Pulse } from '../../../src/resources/overview/pulse.ts';
import { aDemoBank, resourceNamed, type TestSession } from '../../support/session.ts';

let bank: TestSession;
beforeAll(async () => {
  bank = await aDemoBank();
});
afterAll(async () => {
  await bank[Symbol.asyncDispose]();
});

const pulses = async () => (await bank.list('overview')) as readonly Pulse[];
const pulse = async (kind: string) => (await pulses()).find(found => found.kind === kind)!;
const table = async (kind: string, title: string) =>
  (await bank.detail('overview', (await pulse(kind)).id)).find(section => section.title === title)?.table?.rows ?? [];
const whole = (text: string) => Number(text.replaceAll(/\D/g, ''));
const today = `posted_at >= (SELECT bank.business_day()::timestamp AT TIME ZONE time_zone FROM bank.calendar)`;

/** Asked again where a row left the last hours, or a day began, between the two questions. */
const withinOneMoment = (compared: () => Promise<void>): Promise<void> => vi.waitFor(compared, { timeout: 30_000, interval: 100 });

test('counts and sums of the day are what plain SQL says', async () => {
  await withinOneMoment(async () => {
    const count = (await bank.value(`SELECT count(*)::int FROM bank.transaction WHERE posted_at >= now() - interval '24 hours'`)) as number;
    expect(whole((await pulse('volume')).value)).toBe(count);
  });
  for (const type of ['deposit', 'withdrawal', 'transfer', 'reversal'])
    await withinOneMoment(async () => {
      const [row] = await bank.rows(
        `SELECT count(*)::int AS count, coalesce(sum(amount) FILTER (WHERE currency = 'EUR'), 0)::int AS sum FROM bank.transaction WHERE type = $1::bank.transaction_type AND ${today}`,
        [type],
      );
      const [shown = '', value = ''] = (await pulse(type)).value.split('  ');
      expect([whole(shown), whole(value)]).toEqual([row?.['count'], row?.['sum']]);
    });
});

test('stocks are what plain SQL says', async () => {
  const expected = {
    pending: `SELECT count(*)::int FROM bank.account WHERE status = 'pending'`,
    frozen: `SELECT count(*)::int FROM bank.account WHERE status = 'frozen'`,
    due: `SELECT count(*)::int FROM ops.hold WHERE released_at IS NULL AND review_on <= bank.business_day()`,
    flagged: `SELECT count(*)::int FROM ops.transaction_flag WHERE cleared_at IS NULL`,
    alerts: `SELECT count(*)::int FROM ops.alert WHERE status IN ('open', 'in review')`,
    locked: `SELECT count(*)::int FROM bank."user" WHERE status = 'locked'`,
    refused: `SELECT count(*)::int FROM bank.posting_refusal WHERE refused_at >= now() - interval '24 hours'`,
    failures: `SELECT count(*)::int FROM bank.auth_event WHERE type = 'login_failure' AND at >= now() - interval '24 hours'`,
    acts: `SELECT count(*)::int FROM ops.audit WHERE at >= now() - interval '24 hours'`,
  };
  for (const [kind, sql] of Object.entries(expected))
    await withinOneMoment(async () => expect([kind, whole((await pulse(kind)).value)]).toEqual([kind, await bank.value(sql)]));
});

test('Enter leads to a pane with a filter that it understands, and to as many records as the pulse says', async () => {
  const panes = resourceNamed('overview');
  for (const found of await pulses()) {
    const jump = panes.open?.(found);
    if (!jump) continue;
    const resource = resourceNamed(jump.resource);
    expect(parseFilter(jump.filter, resource.page.fields, bank.session.filterContext(resource))).toMatchObject({ ok: true });
  }
  for (const kind of ['pending', 'frozen', 'due', 'flagged', 'alerts', 'locked']) {
    const { leadsTo, value } = await pulse(kind);
    expect([kind, (await bank.list(leadsTo!.resource, leadsTo!.filter, 1_000)).length]).toEqual([kind, whole(value)]);
  }
  // just after midnight nothing may have been posted yet
  const { leadsTo } = await pulse('largest');
  expect(leadsTo === undefined || (await bank.list(leadsTo.resource, leadsTo.filter)).length > 0).toBe(true);
});

test('users by role, acts by operator and sizes stand behind their pulses', async () => {
  const roles = await bank.rows('SELECT role, count(*)::int AS count FROM bank."user" GROUP BY role');
  const shown = (await table('roles', 'Roles'))
    .map(([role, count = '']) => ({ role, count: whole(count) }))
    .filter(({ count }) => count > 0);
  expect(shown).toEqual(expect.arrayContaining(roles));
  expect((await table('acts', 'By operator, last 24 h')).map(([operator]) => operator)).toContain('demo');
  expect((await table('size', 'Largest tables')).map(([name]) => name)).toContain('bank.transaction');
});

test('every detail can be opened, and lines can be filtered and turned round', async () => {
  const all = await pulses();
  for (const { id, name } of all) expect((await bank.detail('overview', id))[0]?.title).toBe(name);
  expect((await bank.list('overview', 'topic=users')).length).toBe(3);
  expect(await bank.list('overview', 'name="users by role"')).toHaveLength(1);
  expect((await bank.list('overview', '!topic=money deposits')).length).toBe(0);
  const resource = resourceNamed('overview');
  const request = { terms: [], sort: { field: 'line', descending: true }, limit: 5 };
  const first = await bank.session.list(resource, request);
  const next = await bank.session.list(resource, { ...request, at: { direction: 'after', place: first.rows.at(-1)! } });
  const back = await bank.session.list(resource, { ...request, at: { direction: 'before', place: next.rows[0]! } });
  expect([...first.rows, ...next.rows].map(({ id }) => id)).toEqual(
    all
      .toReversed()
      .slice(0, 10)
      .map(({ id }) => id),
  );
  expect(back.rows.map(({ id }) => id)).toEqual(first.rows.map(({ id }) => id));
});

test('an empty bank has an overview too', async () => {
  await bank.rows(`DO $$ BEGIN PERFORM set_config('session_replication_role', 'replica', true);
    DELETE FROM bank.transaction; DELETE FROM ops.transaction_flag; DELETE FROM ops.hold; END $$`);
  expect(await pulse('volume')).toMatchObject({ value: '0', versus: 'same' });
  expect(await pulse('value')).toMatchObject({ value: '-' });
  expect(await pulse('largest')).toMatchObject({ leadsTo: undefined });
});
