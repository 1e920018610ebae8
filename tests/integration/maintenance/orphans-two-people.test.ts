import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { act, aBank, refusal, type Bank } from '../../support/acting.ts';

vi.setConfig({ testTimeout: 120_000 });

let bank: Bank;
beforeAll(async () => {
  bank = await aBank();
  await bank.behindItsBack(
    `INSERT INTO ops.host (id, name, address, username, fingerprint, pinned_by, added_by) OVERRIDING SYSTEM VALUE VALUES (1, 'db1', 'db1.example', 'deploy', 'SHA256:' || repeat('A', 43), 1, 1)`,
  );
});
afterAll(() => bank[Symbol.asyncDispose]());

/** A run that listed this so many hours ago; gives its number. */
const aListing = async (result: object, hours = 0): Promise<string> => {
  const id = randomUUID();
  await bank.behindItsBack(
    `INSERT INTO ops.run (id, runbook, version, title, target, dangerous, input, queued_by, status) VALUES ($1, 'orphans', '1', 'List orphans', 'a', false, '{}', 1, 'succeeded')`,
    [id],
  );
  await bank.behindItsBack(
    `INSERT INTO ops.run_step (run_id, position, title, host_id, words, timeout_seconds, status, finished_at, result)
     VALUES ($1, 1, 'orphans', 1, '{bursar,maintain,orphans}', 5, 'succeeded', now() - make_interval(hours => $2), $3)`,
    [id, hours, JSON.stringify({ list: 'a'.repeat(64), files: 0, ...result })],
  );
  const [row] = await bank.rows<{ number: string }>('SELECT number FROM ops.run WHERE id = $1', [id]);
  return row?.number ?? '';
};

const ask = (input: object) =>
  refusal(bank.db, () =>
    act(bank.db, bank.one, 'runbooks.remove-orphans', db =>
      db.query(
        `INSERT INTO ops.run (id, runbook, version, title, target, dangerous, input, queued_by) VALUES (gen_random_uuid(), 'remove-orphans', '1', 'Remove orphans', $1, true, $2, $3)`,
        [randomUUID(), JSON.stringify(input), bank.one.id],
      ),
    ),
  );

test('the database lets one person remove a hundred files that were listed within a day, and nothing more', async () => {
  const few = await aListing({ files: 100 });
  expect(await ask({ list: few, what: 'media' })).toMatchObject({ code: 'done' });
  const two = { code: 'BU012', message: expect.stringContaining('takes two people') as string };
  expect(await ask({ list: few, what: 'databases' })).toMatchObject(two);
  expect(await ask({ list: few })).toMatchObject(two);
  expect(await ask({ list: await aListing({ files: 101 }), what: 'media' })).toMatchObject(two);
  expect(await ask({ list: await aListing({ files: 'none at all' }), what: 'media' })).toMatchObject(two);
  expect(await ask({ list: await aListing({ files: 3 }, 25), what: 'media' })).toMatchObject({ code: 'BU005' });
  expect(await ask({ list: '4711', what: 'media' })).toMatchObject({ code: 'BU011' });
});
