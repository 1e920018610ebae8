import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Acting } from '../../../src/kit/request.ts';
import { runBulk, type BulkWatch } from '../../../src/kit/run-bulk.ts';
import { anActingBank, type ActingBank } from '../../support/acting-session.ts';
import { actionNamed } from '../../support/session.ts';
import { singleOf } from '../../../src/kit/single.ts';
import { actions } from '../../../src/resources/registry.ts';

const lock = actionNamed('users.lock');
const watch = (onResult: BulkWatch['onResult'] = () => undefined): BulkWatch => ({
  onResult,
  proceed: () => Promise.resolve(true),
  signal: new AbortController().signal,
});

const customers = async ({ bank }: ActingBank): Promise<string[]> => {
  const rows = await bank.rows<{ id: string }>(
    `INSERT INTO bank."user" (username, email, first_name, last_name, role, status)
     SELECT 'customer' || n, 'customer' || n || '@mail.example', 'Customer', 'Number ' || n, 'customer', 'active' FROM generate_series(1, 8) n RETURNING id`,
  );
  return rows.map(row => row.id);
};
const bulkOf = (ids: readonly string[]) => ({ request: randomUUID(), ids, typed: { note: 'locked together by a test' }, expected: {} });
const locked = async ({ bank }: ActingBank): Promise<number | undefined> =>
  (await bank.rows<{ locked: number }>(`SELECT count(*)::int AS locked FROM bank."user" WHERE status = 'locked'`))[0]?.locked;

test('what nobody expected in the middle leaves the account of what was done whole; a repeat goes on', async () => {
  await using world = await anActingBank();
  const ids = await customers(world);
  await world.bank.db.query(`CREATE FUNCTION public.full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF (SELECT count(*) FROM bank."user" WHERE status = 'locked') >= 2 THEN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END IF;
      RETURN new;
    END $$;
    CREATE TRIGGER a_full_disk BEFORE UPDATE ON bank."user" FOR EACH ROW EXECUTE FUNCTION public.full_disk()`);
  const bulk = bulkOf(ids);
  const outcome = await runBulk(lock, bulk, world.acting, watch(), singleOf(world.acting, actions));
  expect(outcome).toMatchObject({ ok: true, value: { skipped: 3, summary: 'locked 2 of 8, 3 refused, 3 not tried' } });
  expect(outcome.ok && outcome.value.results[2]?.outcome).toMatchObject({
    ok: false,
    refusal: { kind: 'failed', message: expect.stringContaining('no space left') as string },
  });
  expect(await locked(world)).toBe(2);
  expect(await world.bank.rows(`SELECT outcome::text, new FROM ops.audit WHERE request_id = $1`, [bulk.request])).toEqual([
    { outcome: 'partial', new: { succeeded: 2, refused: 3, skipped: 3 } },
  ]);

  await world.bank.db.query('DROP TRIGGER a_full_disk ON bank."user"');
  expect(await runBulk(lock, bulk, world.acting, watch(), singleOf(world.acting, actions))).toMatchObject({
    ok: true,
    value: { skipped: 0, summary: 'locked 8 of 8' },
  });
  expect(await locked(world)).toBe(8);
});

test('a session that is ended in the middle: what was done before is told, with what is missing in the log', async () => {
  await using world = await anActingBank();
  const ids = await customers(world);
  let results = 0;
  const proceed = async (): Promise<boolean> => {
    await world.bank.db.query('UPDATE ops.operator_session SET revoked_at = now() WHERE operator_id = $1', [world.bank.one.id]);
    return true;
  };
  const outcome = await runBulk(
    lock,
    bulkOf(ids),
    world.acting,
    { ...watch(() => (results += 1)), proceed },
    singleOf(world.acting, actions),
  );
  expect(outcome).toMatchObject({
    ok: true,
    value: {
      skipped: 4,
      summary: expect.stringMatching(
        /^locked 1 of 8, 3 refused, 4 not tried; no row for the whole in the audit log: .*sign in again/,
      ) as string,
    },
  });
  expect(results).toBe(4);
  expect(await locked(world)).toBe(1);
});

test('a database that goes away before the row for the whole is written: the same, and a repeat writes it', async () => {
  await using world = await anActingBank();
  const ids = await customers(world);
  const { database } = world;
  let transactions = 0;
  const breaking: Acting = {
    ...world.acting,
    database: {
      ...database,
      transaction: work => {
        transactions += 1;
        return transactions <= ids.length
          ? database.transaction(work)
          : Promise.reject(Object.assign(new Error('Connection terminated unexpectedly'), { code: '57P01' }));
      },
    },
  };
  const bulk = bulkOf(ids);
  expect(await runBulk(lock, bulk, breaking, watch(), singleOf(breaking, actions))).toMatchObject({
    ok: true,
    value: { skipped: 0, summary: 'locked 8 of 8; no row for the whole in the audit log: the database does not answer' },
  });
  const again = await runBulk(lock, bulk, world.acting, watch(), singleOf(world.acting, actions));
  expect(again.ok && again.value.results.every(({ outcome }) => outcome.ok && outcome.value.replayed)).toBe(true);
  expect(await world.bank.rows(`SELECT outcome::text FROM ops.audit WHERE request_id = $1`, [bulk.request])).toEqual([
    { outcome: 'success' },
  ]);
});
