import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { act, aBank, openOperatorSession, refusal, type Bank } from '../../support/acting.ts';
import { report } from '../../support/reliability.ts';
import { rolesIn } from '../../support/roles.ts';

let bank: Bank;
let { aUser, grant, revoke, roleId } = {} as ReturnType<typeof rolesIn>;
beforeAll(async () => {
  bank = await aBank({ others: { lena: ['support'] } });
  ({ aUser, grant, revoke, roleId } = rolesIn(bank));
});
afterAll(() => bank[Symbol.asyncDispose]());

const may = async (user: string, codename: string, tenant = ''): Promise<unknown> =>
  (await bank.rows<{ may: boolean }>('SELECT platform.has_permission($1, $2, $3) AS may', [user, codename, tenant]))[0]?.may;
const codeOf = async (attempt: () => Promise<unknown>) => (await refusal(bank.db, attempt)).code;

describe('a timed grant', () => {
  test('stops at its expiry to the millisecond, in a transaction that stays open too, and no job has to run', async () => {
    const user = await aUser();
    const id = await grant(user, 'fastresult-lecturer', { until: '1m' });
    await bank.behindItsBack(`UPDATE platform.role_grant SET expires_at = clock_timestamp() + interval '1200 milliseconds' WHERE id = $1`, [
      id,
    ]);
    const asked = { before: 0, after: 0, wrong: 0 };
    await bank.rows('BEGIN');
    while (asked.after < 100) {
      const [answer] = await bank.rows<{ surelyBefore: boolean; surelyAfter: boolean; may: boolean }>(
        `SELECT a.at >= g.expires_at AS "surelyAfter", m.may, clock_timestamp() < g.expires_at AS "surelyBefore"
           FROM platform.role_grant g, LATERAL (SELECT clock_timestamp() AS at, g.id OFFSET 0) a, LATERAL (SELECT platform.has_permission(g.user_id, 'fastresult.result.create') AS may OFFSET 0) m
          WHERE g.id = $1`,
        [id],
      );
      asked.before += answer?.surelyBefore ? 1 : 0;
      asked.after += answer?.surelyAfter ? 1 : 0;
      asked.wrong += (answer?.surelyBefore && !answer.may) || (answer?.surelyAfter && answer.may) ? 1 : 0;
    }
    await bank.rows('ROLLBACK');
    report('timed grant', asked);
    expect(asked.before).toBeGreaterThan(10);
    expect(asked.wrong).toBe(0);
    expect((await bank.rows('SELECT revoked_at FROM platform.role_grant WHERE id = $1', [id]))[0]).toEqual({ revoked_at: null });
  });

  test('is good for a length of time or up to and with a day, and can be given again when it has run out', async () => {
    const user = await aUser();
    const id = await grant(user, 'fastresult-student', { until: '4h' });
    const [hours] = await bank.rows(
      `SELECT expires_at - granted_at BETWEEN interval '3:59:59' AND interval '4:00:01' AS right FROM platform.role_grant WHERE id = $1`,
      [id],
    );
    expect(hours).toEqual({ right: true });
    const day = await grant(user, 'fastresult-dean', { until: '2099-12-31' });
    const [ends] = await bank.rows(
      `SELECT (g.expires_at AT TIME ZONE c.time_zone)::text AS at FROM platform.role_grant g, bank.calendar c WHERE g.id = $1`,
      [day],
    );
    expect(ends).toEqual({ at: '2100-01-01 00:00:00' });
    await bank.behindItsBack(
      `UPDATE platform.role_grant SET granted_at = now() - interval '2 days', expires_at = now() - interval '1 day' WHERE id = $1`,
      [id],
    );
    const again = await grant(user, 'fastresult-student');
    expect(again).not.toBe(id);
    expect(
      (await bank.rows('SELECT revoked_at = expires_at AS "ranOut", revoked_by FROM platform.role_grant WHERE id = $1', [id]))[0],
    ).toEqual({
      ranOut: true,
      revoked_by: null,
    });
    for (const until of ['soon', '2099-13-01', '-4h', '99999d'])
      expect(await codeOf(() => grant(user, 'fastresult-hod', { until }))).toMatch(/^22/);
    expect(await codeOf(() => grant(user, 'fastresult-hod', { until: '2001-01-01' }))).toBe('23514');
  });
});

describe('what somebody may', () => {
  test('follows from grants and the own role; a deactivated user, a retired role and another tenant give nothing', async () => {
    const user = await aUser('executor');
    expect(await may(user, 'phase8.execution.create')).toBe(true);
    expect(await may(user, 'phase8.pipeline.edit')).toBe(false);
    await grant(user, 'afterresume-member', { tenant: 'acme' });
    expect(await may(user, 'afterresume.job.create')).toBe(false);
    expect(await may(user, 'afterresume.job.create', 'acme')).toBe(true);
    expect(await may(user, 'afterresume.job.create', 'other')).toBe(false);
    const id = await grant(user, 'banking-admins');
    expect(await may(user, 'banking.account.edit', 'acme')).toBe(true);
    await revoke(id);
    expect(await may(user, 'banking.account.edit')).toBe(false);
    expect(await codeOf(() => revoke(id))).toBe('BU007');
    await bank.behindItsBack(`UPDATE bank."user" SET status = 'locked' WHERE id = $1`, [user]);
    expect(await may(user, 'phase8.execution.create')).toBe(false);
    await bank.behindItsBack(`UPDATE bank."user" SET status = 'active' WHERE id = $1`, [user]);
    await bank.behindItsBack(`UPDATE platform.role SET is_active = false WHERE slug = 'phase8-executor'`);
    expect(await may(user, 'phase8.execution.create')).toBe(false);
    await bank.behindItsBack(`UPDATE platform.role SET is_active = true WHERE slug = 'phase8-executor'`);
  });

  test('is noted as used when the platform asks, once an hour', async () => {
    const user = await aUser();
    const id = await grant(user, 'handyconnect-support-agent');
    const used = async () =>
      (await bank.rows<{ at: Date | null }>('SELECT last_used_at AS at FROM platform.role_grant WHERE id = $1', [id]))[0]?.at;
    expect((await bank.rows(`SELECT platform.use_permission($1, 'handyconnect.task.manage') AS may`, [user]))[0]).toEqual({ may: false });
    expect(await used()).toBeNull();
    expect((await bank.rows(`SELECT platform.use_permission($1, 'handyconnect.task.edit') AS may`, [user]))[0]).toEqual({ may: true });
    const first = await used();
    expect(first).toBeInstanceOf(Date);
    await bank.rows(`SELECT platform.use_permission($1, 'handyconnect.task.edit')`, [user]);
    expect(await used()).toEqual(first);
  });
});

test('of two who grant the same role at once one does it, every time', async () => {
  const rounds = 40;
  const [left, right] = [await bank.connect(), await bank.connect()];
  const figures = { granted: 0, refused: 0, other: 0 };
  for (let round = 0; round < rounds; round++) {
    const user = await aUser();
    const codes = await Promise.all([
      refusal(left, () => grant(user, 'fastresult-lecturer', { db: left, operator: bank.one })),
      refusal(right, () => grant(user, 'fastresult-lecturer', { db: right, operator: bank.two })),
    ]);
    for (const { code } of codes) figures[code === 'done' ? 'granted' : code === 'BU007' ? 'refused' : 'other'] += 1;
    const [live] = await bank.rows('SELECT count(*)::int AS rows FROM platform.role_grant WHERE user_id = $1 AND revoked_at IS NULL', [
      user,
    ]);
    expect(live).toEqual({ rows: 1 });
  }
  await Promise.all([left.end(), right.end()]);
  report('simultaneous grants', figures);
  expect(figures).toEqual({ granted: rounds, refused: rounds, other: 0 });
});

describe('nobody grants', () => {
  test('a powerful role alone, a role that comes by itself, a retired one, or one to somebody who left', async () => {
    const user = await aUser();
    for (const slug of ['banking-superuser', 'fastresult-university-admin', 'afterresume-admin'])
      expect(await codeOf(() => grant(user, slug))).toBe('BU012');
    expect(await codeOf(() => grant(user, 'phase8-viewer'))).toBe('BU007');
    expect(await codeOf(() => grant('999999', 'banking-staff'))).toBe('BU011');
    await bank.behindItsBack(`UPDATE bank."user" SET status = 'deactivated' WHERE id = $1`, [user]);
    expect(await codeOf(() => grant(user, 'banking-staff'))).toBe('BU007');
  });

  test('a role that was made low and given powerful permissions', async () => {
    await act(bank.db, bank.one, 'roles.create', db =>
      db.query(`SELECT platform.create_role('banking-harmless', 'Harmless', '', 'banking', 'general', 9, false)`),
    );
    const user = await aUser();
    const set = (codenames: string) =>
      act(bank.db, bank.one, 'roles.set-permissions', db =>
        db.query(`SELECT platform.set_role_permissions(id, version, $1) FROM platform.role WHERE slug = 'banking-harmless'`, [codenames]),
      );
    await set('{banking.user.view,banking.configuration.manage}');
    expect(await codeOf(() => grant(user, 'banking-harmless'))).toBe('BU012');
    await set('{banking.user.view}');
    await grant(user, 'banking-harmless');
    expect(await codeOf(() => set('{banking.user.view,banking.configuration.manage}'))).toBe('BU012');
  });

  test('a role to themselves, or one above their rank', async () => {
    await bank.behindItsBack(`UPDATE ops.operator SET email = 'one@bank.example' WHERE name = 'one'`);
    const oneself = await aUser('customer', 'One@bank.example');
    expect(await codeOf(() => grant(oneself, 'banking-staff'))).toBe('BU009');
    await grant(oneself, 'banking-staff', { operator: bank.two });
    await bank.behindItsBack(`INSERT INTO ops.role_permission VALUES ('support', 'grant.edit')`);
    const [lena] = await bank.rows<{ id: string }>(`SELECT id FROM ops.operator WHERE name = 'lena'`);
    const operator = { id: lena?.id ?? '', name: 'lena', token: await openOperatorSession(bank.db, lena?.id ?? '') };
    const user = await aUser();
    expect(await codeOf(() => grant(user, 'banking-admins', { operator }))).toBe('BU002');
    await grant(user, 'fastresult-lecturer', { operator });
  });
});

describe('no statement gets past the contract', () => {
  test.each([
    ['BU004', `INSERT INTO platform.role_grant (user_id, role_id, granted_by) VALUES (1, 1, 1)`],
    ['BU010', `UPDATE platform.role_grant SET expires_at = NULL, role_id = role_id + 1`],
    ['BU010', `UPDATE platform.role_grant SET user_id = user_id + 1`],
    ['BU004', `UPDATE platform.role_grant SET revoked_at = now() WHERE revoked_at IS NULL AND expires_at IS NULL`],
    ['BU010', `UPDATE platform.role_grant SET revoked_at = NULL WHERE revoked_at IS NOT NULL`],
    ['BU010', `DELETE FROM platform.role_grant`],
    ['BU010', `TRUNCATE platform.role_grant`],
    ['BU004', `INSERT INTO platform.role_permission SELECT r.id, p.id FROM platform.role r, platform.permission p ON CONFLICT DO NOTHING`],
    ['BU004', `UPDATE platform.role SET level = 0`],
    ['BU010', `UPDATE platform.permission SET category = 'view'`],
    ['BU004', `DELETE FROM ops.separation`],
    ['BU004', `UPDATE bank."user" SET role = 'admin'`],
  ])('%s: %s', async (code, statement) => {
    expect(await codeOf(() => bank.rows(statement))).toBe(code);
  });

  test('nor an action that is about something else', async () => {
    const user = await aUser();
    const role = await roleId('banking-staff');
    const wrong = () =>
      act(bank.db, bank.one, 'accounts.freeze', db => db.query(`SELECT platform.grant_role($1, $2, '', NULL)`, [user, role]));
    expect(await codeOf(wrong)).toBe('BU004');
    const change = () => act(bank.db, bank.one, 'users.edit', db => db.query(`SELECT bank.set_user_role($1, 'viewer', 0)`, [user]));
    expect(await codeOf(change)).toBe('BU004');
  });
});
