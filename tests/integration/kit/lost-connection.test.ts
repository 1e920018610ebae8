import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { AnyAction } from '../../../src/kit/define-action.ts';
import { runAction } from '../../../src/kit/run-action.ts';
import { anActingBank, type ActingBank } from '../../support/acting-session.ts';
import { actionNamed } from '../../support/session.ts';

const freeze = actionNamed('accounts.freeze');
const why = { ground: 'compliance', note: 'the connection breaks on purpose' };

const cutWriters = async ({ bank }: ActingBank): Promise<void> => {
  await bank.db.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'bursar test writes'`,
  );
};

test('a connection that breaks before the commit: nothing happened, and the key is used up', async () => {
  await using world = await anActingBank();
  const { bank, acting } = world;
  const account = await bank.account();
  const breaking: AnyAction = {
    ...freeze,
    execute: async (facts, input, context) => {
      const effect = await freeze.execute(facts, input, context);
      await cutWriters(world);
      return effect;
    },
  };
  const request = randomUUID();
  const outcome = await runAction(breaking, { id: account.id, ...why }, acting, { request });
  expect(outcome).toMatchObject({
    ok: false,
    refusal: { kind: 'failed', message: expect.stringContaining('nothing was changed') as string },
  });
  expect(await bank.rows('SELECT status::text FROM bank.account WHERE id = $1', [account.id])).toEqual([{ status: 'active' }]);

  // a commit of the same request that was still under way can no longer succeed
  expect(await runAction(freeze, { id: account.id, ...why }, acting, { request })).toMatchObject({
    ok: false,
    refusal: { kind: 'failed' },
  });
  expect(await bank.rows('SELECT status::text FROM bank.account WHERE id = $1', [account.id])).toEqual([{ status: 'active' }]);
});

test('a connection that breaks after the commit: the first result comes back, and it happened once', async () => {
  await using world = await anActingBank();
  const { bank, acting, database } = world;
  const account = await bank.account();
  const request = randomUUID();
  const losingAnswer = {
    ...acting,
    database: {
      ...database,
      transaction: async <T>(work: Parameters<typeof database.transaction<T>>[0]): Promise<T> => {
        await database.transaction(work);
        await cutWriters(world);
        // what pg says when the server ends the connection
        throw Object.assign(new Error('Connection terminated unexpectedly'), { code: '57P01' });
      },
    },
  };
  const outcome = await runAction(freeze, { id: account.id, ...why }, losingAnswer, { request });
  expect(outcome).toMatchObject({ ok: true, value: { request, replayed: true, summary: `froze ${account.number}` } });
  expect(await bank.rows('SELECT count(*)::int AS holds FROM ops.hold')).toEqual([{ holds: 1 }]);
});
