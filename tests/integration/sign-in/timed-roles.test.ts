import { afterAll, beforeAll, expect, test } from 'vitest';
import { aStaffedBank, type Member, type StaffedBank } from '../../support/staff.ts';

const note = 'done by a test of timed roles';
let bank: StaffedBank;
let ada: Member;
let mona: Member;
beforeAll(async () => {
  bank = await aStaffedBank({ ada: ['admin'], bert: ['admin'], mona: ['manager'], vera: ['viewer'] });
  [ada, mona] = [await bank.member('ada'), await bank.member('mona')];
});
afterAll(() => bank[Symbol.asyncDispose]());

test('a role for some hours counts from its approval on and is told with its end', async () => {
  const vera = await bank.idOf('vera');
  expect(await bank.both(ada, mona, 'operators.grant-role', { id: String(vera), role: 'support', hours: '8', note })).toMatchObject({
    ok: true,
  });
  const [held] = await bank.rows(
    `SELECT extract(epoch FROM expires_at - granted_at) AS seconds, granted_by FROM ops.operator_role WHERE operator_id = $1 AND role = 'support'`,
    [String(vera)],
  );
  expect(Number(held?.['seconds'])).toBeCloseTo(8 * 3_600, 0);
  expect(String(held?.['granted_by'])).toBe(String(ada.id));
  expect(await bank.rows(`SELECT role, ended_at FROM ops.role_grant WHERE operator_id = $1 AND role = 'support'`, [String(vera)])).toEqual([
    { role: 'support', ended_at: null },
  ]);

  // granted again it has the new end, and both times stay on record
  expect(await bank.both(ada, mona, 'operators.grant-role', { id: String(vera), role: 'support', hours: '1', note })).toMatchObject({
    ok: true,
  });
  expect(
    await bank.rows(
      `SELECT round(extract(epoch FROM g.expires_at - g.granted_at) / 3600)::int AS hours, g.ended_at IS NOT NULL AS ended, e.name AS by
         FROM ops.role_grant g LEFT JOIN ops.operator e ON e.id = g.ended_by WHERE g.operator_id = $1 AND g.role = 'support' ORDER BY g.id`,
      [String(vera)],
    ),
  ).toEqual([
    { hours: 8, ended: true, by: 'ada' },
    { hours: 1, ended: false, by: null },
  ]);
  // nobody writes the record of grants but a grant
  await expect(bank.rows(`UPDATE ops.role_grant SET ended_at = NULL`)).rejects.toThrow('is not allowed');
  await expect(bank.rows(`INSERT INTO ops.role_grant (operator_id, role, granted_at) VALUES (1, 'admin', now())`)).rejects.toThrow(
    'is not allowed',
  );
  await expect(bank.rows(`DELETE FROM ops.role_grant`)).rejects.toThrow('is not allowed');
});

test('a timed role stops at its end, to the second, though no job runs and nobody signs in anew', { timeout: 120_000 }, async () => {
  const vera = await bank.member('vera');
  await bank.behindItsBack(
    `INSERT INTO ops.operator_role (operator_id, role, expires_at) VALUES ($1, 'operations', clock_timestamp() + interval '2 seconds')
       ON CONFLICT (operator_id, role) DO UPDATE SET expires_at = excluded.expires_at`,
    [String(vera.id)],
  );
  const [end] = await bank.rows(`SELECT expires_at FROM ops.operator_role WHERE operator_id = $1 AND role = 'operations'`, [
    String(vera.id),
  ]);
  const expires = Number(end?.['expires_at']);
  let lastAllowed = 0;
  let firstRefused = 0;
  let tries = 0;
  while (firstRefused === 0) {
    tries++;
    // a busy machine may do something else between two clocks
    const sql = 'SELECT clock_timestamp() AS before, ops.may($1, $2) AS may, clock_timestamp() AS after';
    const [answer] = await bank.rows(sql, [String(vera.id), 'account.freeze']);
    if (answer?.['may'] === true) lastAllowed = Number(answer['before']);
    else firstRefused = Number(answer?.['after']);
  }
  console.log(
    `a role of 2 s: asked ${tries} times, last allowed ${expires - lastAllowed} ms before its end, first refused ${firstRefused - expires} ms after it`,
  );
  expect(lastAllowed).toBeLessThanOrEqual(expires);
  expect(firstRefused).toBeGreaterThanOrEqual(expires);
  const beginning = bank.root.transaction(async db => {
    await db.$queryRaw`SELECT operator_id FROM ops.begin_action(${vera.token}, 'accounts.freeze', ${Buffer.alloc(32)}, gen_random_uuid())`;
  });
  await expect(beginning).rejects.toThrow(
    'accounts.freeze needs the permission account.freeze: ask an administrator for a role that has it',
  );
});

test('the developer role needs an incident, two people and an end within 24 hours, whatever way it is given', async () => {
  const vera = String(await bank.idOf('vera'));
  expect(await ada.run('operators.grant-developer', { id: vera, note })).toMatchObject({
    refusal: {
      message: 'the developer role is lent for an incident, and none is open',
      next: 'declare one first: bursar incidents declare',
    },
  });
  expect(await ada.run('incidents.declare', { level: '2', kind: 'outage', title: 'Postings hang since noon', note })).toMatchObject({
    ok: true,
  });
  expect(await ada.run('operators.grant-developer', { id: vera, hours: '25', note })).toMatchObject({
    refusal: { kind: 'invalid', message: expect.stringContaining('at most 24') as string },
  });
  expect(await bank.both(ada, mona, 'operators.grant-developer', { id: vera, hours: '2', note })).toMatchObject({ ok: true });
  // under an approval of an hour nobody grants a day, nor without an incident
  expect(await ada.run('operators.grant-developer', { id: vera, hours: '1', note })).toMatchObject({
    refusal: { kind: 'waiting-for-approval' },
  });
  const [asked] = await bank.rows(`SELECT id, encode(input_hash, 'hex') AS hash FROM ops.approval ORDER BY number DESC LIMIT 1`);
  const trying = (sql: string) =>
    bank.root.transaction(async db => {
      await db.$queryRawUnsafe(
        `SELECT operator_id FROM ops.begin_action($1, 'operators.grant-developer', decode($2, 'hex'), gen_random_uuid(), $3::uuid)`,
        mona.token,
        asked?.['hash'],
        asked?.['id'],
      );
      await db.$queryRawUnsafe(sql);
    });
  await expect(trying(`SELECT ops.grant_role(${vera}, 'developer', 24, 1, NULL)`)).rejects.toThrow('"hours" is not as it was approved');
  await expect(trying(`SELECT ops.grant_role(${vera}, 'developer', 1, 99, NULL)`)).rejects.toThrow('for an incident that is open');
  await expect(
    trying(`UPDATE ops.operator_role SET expires_at = clock_timestamp() + interval '30 hours' WHERE role = 'developer'`),
  ).rejects.toThrow('ends within 24 hours');
  await expect(trying(`SELECT ops.grant_role(${vera}, 'admin', NULL, NULL, NULL)`)).rejects.toThrow(
    'operators.grant-developer does not do this',
  );
});
