import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limitPage, usesOf } from '../../../src/resources/limits/queries.ts';
import { refusal, act } from '../../support/acting.ts';
import { anActingBank, ask, type ActingBank } from '../../support/acting-session.ts';
import { anOverride, typedOverride } from '../../support/dispute-subjects.ts';
import { post } from '../../support/posting.ts';
import { approve, through } from '../../support/two-people.ts';

let world: ActingBank;
beforeAll(async () => {
  world = await anActingBank();
});
afterAll(() => world[Symbol.asyncDispose]());

const note = 'done by a test of every action';
const overrides = (account: string) =>
  world.bank.rows<{ type: string; single: string; daily: string; set_by: string; ended_by: string | null }>(
    'SELECT type::text, single, daily, set_by, ended_by FROM bank.limit_override WHERE account_id = $1 ORDER BY id',
    [account],
  );

describe('what is done is what was approved', () => {
  const changes: readonly [name: string, call: string][] = [
    ['more at once', `'transfer', 500001, 900000, 30`],
    ['more a day', `'transfer', 500000, 900001, 30`],
    ['another kind', `'withdrawal', 500000, 900000, 30`],
    ['for longer', `'transfer', 500000, 900000, 31`],
  ];
  test.each(changes)('not %s, by a checker with a connection of their own', async (_, wish) => {
    const { bank } = world;
    const { id } = await bank.account();
    const number = await ask(world, await world.as(bank.maker), 'accounts.override-limit', typedOverride(id));
    const [asked] = await bank.rows<{ id: string; input_hash: Buffer }>('SELECT id, input_hash FROM ops.approval WHERE number = $1', [number]);
    const tried = await refusal(bank.db, async () => {
      await bank.db.query('BEGIN');
      await bank.db.query(`SELECT ops.begin_action($1, 'accounts.override-limit', $2, $3, $4)`, [bank.one.token, asked?.input_hash, randomUUID(), asked?.id]);
      await bank.db.query(`SELECT bank.override_limit($1, bank.limit_version($1), ${wish}, $2)`, [id, note]);
    });
    expect(tried.code).toBe('BU004');
    const byHand = await refusal(bank.db, async () => {
      await bank.db.query('BEGIN');
      await bank.db.query(`SELECT ops.begin_action($1, 'accounts.override-limit', $2, $3, $4)`, [bank.one.token, asked?.input_hash, randomUUID(), asked?.id]);
      await bank.db.query('SET LOCAL ROLE bursar_operator');
      await bank.db.query(`INSERT INTO bank.limit_override (account_id, type, single, daily, expires_at, reason) SELECT $1, ${wish.split(', ').slice(0, 3).join(', ')}, now() + interval '1 day', 'x'`, [id]);
    });
    expect(byHand.code).toBe('42501');
    expect(await overrides(id)).toEqual([]);
    expect(await approve(world.acting, number)).toMatchObject({ ok: true });
    expect(await overrides(id)).toEqual([{ type: 'transfer', single: '500000', daily: '900000', set_by: bank.maker.id, ended_by: null }]);
  });

  test('nobody does it alone, nobody approves their own, and a limit that changed meanwhile is stale', async () => {
    const { bank } = world;
    const { id } = await bank.account();
    const alone = () =>
      act(bank.db, bank.one, 'accounts.override-limit', db => db.query(`SELECT bank.override_limit($1, 0, 'transfer', 1, 2, 3, $2)`, [id, note]), { asked: false });
    expect((await refusal(bank.db, alone)).code).toBe('BU012');
    const number = await ask(world, world.acting, 'accounts.override-limit', typedOverride(id));
    expect(await approve(world.acting, number)).toMatchObject({ ok: false, refusal: { kind: 'forbidden' } });
    await bank.behindItsBack(
      `INSERT INTO bank.limit_override (account_id, type, single, daily, expires_at, reason) VALUES ($1, 'deposit', 5, 5, now() + interval '1 day', 'meanwhile')`,
      [id],
    );
    expect(await approve(await world.as(bank.two), number)).toMatchObject({ ok: false, refusal: { kind: 'stale' } });
    expect((await overrides(id)).length).toBe(1);
  });
}); // prettier-ignore

describe('an override', () => {
  test('ends by itself within 90 days, is ended once and is never changed or taken away', async () => {
    const { bank } = world;
    const { id } = await bank.account();
    await anOverride(bank, id);
    const tooLong = () => anOverride(bank, id, { days: 91 });
    expect((await refusal(bank.db, tooLong)).code).toBe('23514');
    const end = { id, type: 'transfer', note };
    const statements = [
      ['UPDATE bank.limit_override SET daily = 1000000 WHERE account_id = $1', 'BU010'],
      [`UPDATE bank.limit_override SET expires_at = now() + interval '1 year' WHERE account_id = $1`, 'BU010'],
      ['DELETE FROM bank.limit_override WHERE account_id = $1', 'BU010'],
    ] as const;
    for (const [sql, code] of statements) {
      const attempt = () => act(bank.db, bank.one, 'accounts.end-override', db => db.query(sql, [id]));
      expect([sql, (await refusal(bank.db, attempt)).code]).toEqual([sql, code]);
    }
    expect(await through(world.acting, 'accounts.end-override', end)).toMatchObject({ ok: true });
    expect(await through(world.acting, 'accounts.end-override', end)).toMatchObject({ ok: false, refusal: { kind: 'conflict' } });
    expect(await overrides(id)).toMatchObject([{ ended_by: bank.one.id }]);
  });

  test('of less than usual is ended by two', async () => {
    const { bank } = world;
    const { id } = await bank.account();
    await anOverride(bank, id, { single: 100, daily: 200 });
    const alone = () =>
      act(bank.db, bank.one, 'accounts.end-override', db => db.query(`SELECT bank.end_limit_override($1, bank.limit_version($1), 'transfer', $2)`, [id, note]));
    expect((await refusal(bank.db, alone)).code).toBe('BU012');
    const number = await ask(world, world.acting, 'accounts.end-override', { id, type: 'transfer', note });
    expect(await approve(await world.as(bank.two), number)).toMatchObject({ ok: true });
    expect(await overrides(id)).toMatchObject([{ ended_by: bank.one.id }]);
  });

  test('counts in whole: postings beside it are measured by the old limits or by the new ones', async () => {
    const { bank } = world;
    const { id } = await bank.account({ balance: 150_000 });
    const clients = await Promise.all(Array.from({ length: 4 }, () => bank.connect()));
    const posting = Promise.all(
      clients.map(async db => {
        const codes: (string | null)[] = [];
        for (let index = 0; index < 12; index++) codes.push((await post(db, { type: 'withdrawal', from: id, amount: 3_000 })).code);
        return codes;
      }),
    );
    await anOverride(bank, id, { type: 'withdrawal', single: 3_000, daily: 6_000 });
    const codes = (await posting).flat();
    const [row] = await bank.rows<{ used: string; max: string; posted: string }>(
      `SELECT c.used, c.max, (SELECT sum(amount) FROM bank.transaction t WHERE t.from_account_id = $1) AS posted FROM bank.limit_counter c WHERE c.account_id = $1 AND c.type = 'withdrawal'`,
      [id],
    );
    expect(row?.used).toBe(row?.posted);
    expect(Number(row?.used)).toBeLessThanOrEqual(Number(row?.max));
    expect(codes.filter(code => code === null).length * 3_000).toBe(Number(row?.used));
    expect(new Set(codes).isSubsetOf(new Set([null, 'daily-limit']))).toBe(true);
    expect((await post(bank.db, { type: 'withdrawal', from: id, amount: 6_000 })).code).toBe('single-limit');
    await Promise.all(clients.map(client => client.end()));
  });
}); // prettier-ignore

test('the pane says what bank.limits_of says, of every account', async () => {
  const { bank, database } = world;
  const yen = await bank.account({ currency: 'JPY' });
  await post(bank.db, { type: 'deposit', to: yen.id, amount: 900, currency: 'JPY' });
  const told = await bank.rows<{ id: string; type: string; single: string; daily: string }>(
    `SELECT a.id, d.type::text, l.single, l.daily FROM bank.account a CROSS JOIN bank.limit_default d CROSS JOIN LATERAL bank.limits_of(a, d.type) l ORDER BY a.id, d.type`,
  );
  const shown: typeof told = [];
  for (const id of new Set(told.map(row => row.id))) {
    const row = await limitPage.find(database.reads, BigInt(id));
    for (const use of row ? usesOf(row) : []) shown.push({ id, type: use.type, single: String(use.single), daily: String(use.daily) });
  }
  expect(shown).toEqual(told);
  const page = await limitPage.page(database.reads, { terms: [], sort: limitPage.defaultSort, limit: 200 });
  const [listed] = await bank.rows<{ ids: string[] }>(
    `SELECT array_agg(DISTINCT id ORDER BY id) AS ids FROM (SELECT account_id AS id FROM bank.limit_counter WHERE day = bank.business_day()
      UNION SELECT account_id FROM bank.limit_override WHERE ended_at IS NULL AND (expires_at IS NULL OR expires_at > now())) l`,
  );
  expect(page.rows.map(row => row.id).toSorted((a, b) => Number(a - b)).map(String)).toEqual(listed?.ids);
  const numbers = page.rows.map(row => row.number);
  for (const direction of ['after', 'before'] as const) {
    const met: string[] = [];
    let place = direction === 'after' ? undefined : page.rows.at(-1);
    if (place) met.push(place.number);
    for (;;) {
      const { rows } = await limitPage.page(database.reads, { terms: [], sort: limitPage.defaultSort, limit: 2, ...(place ? { at: { direction, place } } : {}) });
      if (rows.length === 0) break;
      met.push(...(direction === 'after' ? rows : rows.toReversed()).map(row => row.number));
      place = direction === 'after' ? rows.at(-1) : rows[0];
    }
    expect(met).toEqual(direction === 'after' ? numbers : numbers.toReversed());
  }
  expect(await limitPage.count(database.reads, [])).toEqual({ value: numbers.length, exact: true });
  const shares = page.rows.map(row => Number(row.sortKey));
  expect(shares).toEqual(shares.toSorted((a, b) => b - a));
}); // prettier-ignore
