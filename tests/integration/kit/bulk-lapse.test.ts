import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { runBulk, type BulkWatch } from '../../../src/kit/run-bulk.ts';
import { singleOf } from '../../../src/kit/single.ts';
import { actions } from '../../../src/resources/registry.ts';
import { anActingBank, type ActingBank } from '../../support/acting-session.ts';
import { actionNamed } from '../../support/session.ts';

const lock = actionNamed('users.lock');

const customers = async ({ bank }: ActingBank, count: number): Promise<string[]> => {
  const rows = await bank.rows<{ id: string }>(
    `INSERT INTO bank."user" (username, email, first_name, last_name, role, status)
     SELECT 'lapse' || n, 'lapse' || n || '@mail.example', 'Customer', 'Number ' || n, 'customer', 'active' FROM generate_series(1, $1::int) n RETURNING id`,
    [count],
  );
  return rows.map(row => row.id);
};

/** Says yes after the first record, when this has happened meanwhile. */
const after = (meanwhile: () => Promise<unknown>): BulkWatch => ({
  onResult: () => undefined,
  proceed: async () => {
    await meanwhile();
    return true;
  },
  signal: new AbortController().signal,
});

const run = (world: ActingBank, ids: readonly string[], meanwhile: () => Promise<unknown>, request = randomUUID()) =>
  runBulk(
    lock,
    { request, ids, typed: { note: 'locked together by a test' }, expected: {} },
    world.acting,
    after(meanwhile),
    singleOf(world.acting, actions),
  );

const mine = `session_id = (SELECT id FROM ops.operator_session WHERE token_hash = sha256(convert_to($1, 'UTF8')))`;

test.for([
  ['the window was closed', `UPDATE ops.write_window SET closed_at = clock_timestamp() WHERE closed_at IS NULL AND ${mine}`],
  [
    'the screen was locked',
    `UPDATE ops.operator_session SET locked_at = clock_timestamp() WHERE token_hash = sha256(convert_to($1, 'UTF8'))`,
  ],
  [
    'nobody was there for 15 minutes',
    `UPDATE ops.operator_session SET last_seen_at = clock_timestamp() - interval '16 minutes' WHERE token_hash = sha256(convert_to($1, 'UTF8'))`,
  ],
  [
    'the session reached its end',
    `UPDATE ops.operator_session SET expires_at = clock_timestamp() WHERE token_hash = sha256(convert_to($1, 'UTF8'))`,
  ],
] as const)('a bulk goes on when meanwhile %s, and nothing else does', async ([, sql]) => {
  await using world = await anActingBank();
  const ids = await customers(world, 6);
  const outcome = await run(world, ids.slice(0, 5), () => world.bank.rows(sql, [world.acting.token]));
  expect(outcome).toMatchObject({ ok: true, value: { skipped: 0, summary: 'locked 5 of 5' } });
  const alone = await singleOf(world.acting, actions).run(
    lock,
    { id: ids[5] ?? '', note: 'not a part of the bulk' },
    { request: randomUUID() },
  );
  expect(alone).toMatchObject({ ok: false, refusal: { kind: 'forbidden' } });
});

test('a bulk stops when its session was ended by somebody, and begins nowhere without a window', async () => {
  await using world = await anActingBank();
  const ids = await customers(world, 8);
  const ended = await run(world, ids, () =>
    world.bank.rows(`UPDATE ops.operator_session SET revoked_at = clock_timestamp() WHERE token_hash = sha256(convert_to($1, 'UTF8'))`, [
      world.acting.token,
    ]),
  );
  expect(ended.ok && ended.value.results.map(({ outcome }) => outcome.ok)).toEqual([true, false, false, false]);
  expect(await world.bank.rows(`SELECT count(*)::int AS locked FROM bank."user" WHERE status = 'locked'`)).toEqual([{ locked: 1 }]);

  await using other = await anActingBank();
  const others = await customers(other, 2);
  await other.bank.rows(`UPDATE ops.write_window SET closed_at = clock_timestamp() WHERE closed_at IS NULL AND ${mine}`, [
    other.acting.token,
  ]);
  expect(await run(other, others, async () => undefined)).toMatchObject({ ok: false, refusal: { needs: 'window' } });
});

test('a bulk covers as many records as it was begun with, and only its own action', async () => {
  await using world = await anActingBank();
  const ids = await customers(world, 3);
  const request = randomUUID();
  await run(world, ids.slice(0, 2), async () => undefined, request);
  const single = singleOf(world.acting, actions);
  await world.bank.rows(`UPDATE ops.write_window SET closed_at = clock_timestamp() WHERE closed_at IS NULL AND ${mine}`, [
    world.acting.token,
  ]);
  const one = { request: randomUUID(), bulk: request };
  expect(await single.run(lock, { id: ids[2] ?? '', note: 'one more than was agreed' }, one)).toMatchObject({
    ok: false,
    refusal: { kind: 'forbidden' },
  });
  expect(
    await single.run(actionNamed('users.unlock'), { id: ids[0] ?? '', note: 'another action under it' }, { ...one, request: randomUUID() }),
  ).toMatchObject({
    ok: false,
    refusal: { kind: 'forbidden' },
  });
});
