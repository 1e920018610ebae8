import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enrolWith } from '../../../src/database/credentials.ts';
import { codeAt, newSeed } from '../../../src/domain/totp.ts';
import { aStaffedBank, staffPassword, type Member, type StaffedBank } from '../../support/staff.ts';

const note = 'done by a test of operators';
let bank: StaffedBank;
let ada: Member;
let mona: Member;
let bert: Member;
beforeAll(async () => {
  bank = await aStaffedBank({
    ada: ['admin'],
    bert: ['admin'],
    mona: ['manager'],
    vera: ['viewer'],
    omar: ['operations'],
    ravi: ['analyst'],
  });
  [ada, bert, mona] = await Promise.all([bank.member('ada'), bank.member('bert'), bank.member('mona')]);
});
afterAll(() => bank[Symbol.asyncDispose]());

const rolesOf = async (name: string): Promise<unknown> =>
  bank.value(`SELECT coalesce(string_agg(role, ',' ORDER BY role), '') FROM ops.operator_role WHERE operator_id = $1`, [
    String(await bank.idOf(name)),
  ]);
const id = async (name: string) => ({ id: String(await bank.idOf(name)), note });

describe('what takes two', () => {
  test('an operator is created by two, gets a code by mail alone, and never decides requests of its creator', async () => {
    const asked = await ada.run('operators.create', {
      name: 'nina',
      displayName: 'Nina Berg',
      email: 'Nina@Bank.example',
      roles: 'manager, viewer',
      note,
    });
    expect(asked).toMatchObject({ ok: false, refusal: { kind: 'waiting-for-approval' } });
    expect(await bank.rows(`SELECT FROM ops.operator WHERE name = 'nina'`)).toHaveLength(0);
    const [request] = await bank.rows(`SELECT number, input FROM ops.approval ORDER BY number DESC LIMIT 1`);
    // not by its maker, and carried out by the other
    const number = String(request?.['number']);
    expect(await ada.run('approvals.approve', { id: number, note })).toMatchObject({ ok: false, refusal: { kind: 'forbidden' } });
    expect(await mona.run('approvals.approve', { id: number, note })).toMatchObject({ ok: true, value: { summary: 'created nina' } });
    const [made] = await bank.rows(
      `SELECT o.email, c.name AS creator, d.verifier, d.enrolment_hash IS NOT NULL AS invited, extract(epoch FROM d.enrolment_expires_at - clock_timestamp()) / 3600 AS hours
         FROM ops.operator o JOIN ops.operator c ON c.id = o.created_by JOIN ops.operator_credential d ON d.operator_id = o.id WHERE o.name = 'nina'`,
    );
    expect(made).toMatchObject({ email: 'nina@bank.example', creator: 'ada', verifier: null, invited: true });
    expect(Number(made?.['hours'])).toBeCloseTo(24, 1);
    expect(await rolesOf('nina')).toBe('manager,viewer');
    const [notice] = await bank.rows(
      `SELECT recipient, body, sealed FROM ops.notice WHERE template = 'enrolment' ORDER BY number DESC LIMIT 1`,
    );
    expect(notice).toMatchObject({ recipient: 'nina@bank.example' });
    const code = String(notice?.['sealed']).replace('sealed:', '');
    expect(code).toMatch(/^[0-9a-z]{4}(-[0-9a-z]{4}){3}$/);
    const everywhere = JSON.stringify([
      await bank.rows('SELECT * FROM ops.audit'),
      await bank.rows('SELECT * FROM ops.approval'),
      await bank.rows('SELECT * FROM ops.action_run'),
    ]);
    expect(everywhere).not.toContain(code);
    expect(notice?.['body']).not.toContain(code);

    const seed = newSeed();
    const first = {
      name: 'nina',
      enrolmentCode: code.toUpperCase(),
      password: staffPassword,
      seed,
      seedKey: bank.seedKey,
      client: { name: 'test' },
    };
    const rest = { code: codeAt(seed, Date.now()), recoveryCodes: ['1111-2222-3333-4444'] };
    expect(await enrolWith(bank.database.writes, { ...first, ...rest, enrolmentCode: '0000-0000-0000-0000' })).toMatchObject({
      refusal: { message: expect.stringContaining('code is wrong') as string, next: expect.stringContaining('reset') as string },
    });
    expect(await enrolWith(bank.database.writes, { ...first, ...rest })).toMatchObject({ ok: true });
    expect(await enrolWith(bank.database.writes, { ...first, ...rest })).toMatchObject({ ok: false });
    bank.learn('nina', seed);
    const nina = await bank.member('nina');
    expect(
      await bank.both(ada, nina, 'operators.edit', { ...(await id('vera')), displayName: 'Vera', email: 'vera@else.example' }),
    ).toMatchObject({
      refusal: { message: expect.stringContaining('never decides requests of the one who created it') as string },
    });
    // it waits for somebody else, or for its maker
    const [waiting] = await bank.rows(`SELECT number FROM ops.approval WHERE action = 'operators.edit' AND status = 'pending'`);
    expect(await ada.run('approvals.cancel', { id: String(waiting?.['number']), note: 'asked for by another' })).toMatchObject({
      ok: true,
    });
    expect(
      await bank.both(bert, nina, 'operators.edit', { ...(await id('vera')), displayName: 'Vera', email: 'vera@else.example' }),
    ).toMatchObject({ ok: true });
    const [told] = await bank.rows(`SELECT recipient, template FROM ops.notice WHERE template = 'address-changed'`);
    expect(told).toMatchObject({ recipient: 'vera@bank.example' });
  });

  test('what was approved is what is done: other arguments under the same approval are refused', async () => {
    const typed = { ...(await id('vera')), role: 'support' };
    expect(await ada.run('operators.grant-role', typed)).toMatchObject({ refusal: { kind: 'waiting-for-approval' } });
    const [asked] = await bank.rows(`SELECT id, encode(input_hash, 'hex') AS hash, number FROM ops.approval ORDER BY number DESC LIMIT 1`);
    for (const statement of [
      `SELECT ops.grant_role(${await bank.idOf('vera')}, 'manager', NULL, NULL, NULL)`,
      `SELECT ops.grant_role(${await bank.idOf('omar')}, 'support', NULL, NULL, NULL)`,
      `SELECT ops.revoke_role(${await bank.idOf('vera')}, 'viewer', NULL)`,
      `SELECT ops.set_operator_active(${await bank.idOf('vera')}, false, NULL)`,
      `SELECT ops.reset_operator(${await bank.idOf('vera')}, sha256('x'), NULL)`,
      `SELECT ops.create_operator('eve', 'Eve', 'eve@bank.example', '{admin}', sha256('x'))`,
    ]) {
      const trying = bank.root.transaction(async db => {
        await db.$queryRawUnsafe(
          `SELECT operator_id FROM ops.begin_action($1, 'operators.grant-role', decode($2, 'hex'), gen_random_uuid(), $3::uuid)`,
          mona.token,
          asked?.['hash'],
          asked?.['id'],
        );
        await db.$queryRawUnsafe(statement);
      });
      await expect(trying).rejects.toThrow(/is not as it was approved|is about operator|does not do this/);
    }
    expect(await mona.run('approvals.approve', { id: String(asked?.['number']), note })).toMatchObject({ ok: true });
    expect(await rolesOf('vera')).toBe('support,viewer');
  });

  test('a target that changed meanwhile makes the request stale', async () => {
    expect(await ada.run('operators.grant-role', { ...(await id('omar')), role: 'support' })).toMatchObject({
      refusal: { kind: 'waiting-for-approval' },
    });
    const number = String(await bank.value('SELECT max(number) FROM ops.approval'));
    expect(
      await bank.both(bert, mona, 'operators.edit', { ...(await id('omar')), displayName: 'Omar H', email: 'omar@bank.example' }),
    ).toMatchObject({ ok: true });
    expect(await mona.run('approvals.approve', { id: number, note })).toMatchObject({ refusal: { kind: 'stale' } });
    expect(await rolesOf('omar')).toBe('operations');
  });
});

describe('nobody raises themselves', () => {
  test('not by any action, not through a request that another approves, not by SQL in an action of their own', async () => {
    const self = { id: String(ada.id), note };
    for (const [action, more] of Object.entries({
      'operators.grant-role': { role: 'manager' },
      'operators.revoke-role': { role: 'admin' },
      'operators.grant-developer': {},
      'operators.reset': {},
      'operators.edit': { displayName: 'Queen', email: 'queen@bank.example' },
      'operators.disable': {},
      'operators.end-sessions': {},
    })) {
      expect(await ada.run(action, { ...self, ...more })).toMatchObject({
        ok: false,
        refusal: { message: expect.stringContaining('their own rights') as string },
      });
    }
    // past the console: a request for oneself, approved by another, is refused by the function itself
    const wanted = `SELECT ops.grant_role(${ada.id}, 'manager', NULL, NULL, NULL)`;
    const alone = bank.root.transaction(async db => {
      await db.$queryRaw`SELECT operator_id FROM ops.begin_action(${ada.token}, 'operators.disable', ${Buffer.alloc(32)}, gen_random_uuid())`;
      await db.$queryRawUnsafe(wanted);
    });
    await expect(alone).rejects.toThrow('operators.disable does not do this');
    const request = '00000000-0000-4000-8000-00000000aaaa';
    await bank.root.transaction(async db => {
      await db.$queryRaw`SELECT operator_id FROM ops.begin_action(${ada.token}, 'approvals.request', ${Buffer.alloc(32, 7)}, ${request}::uuid)`;
      await db.$queryRaw`SELECT number FROM ops.make_request('operators.grant-role', '1', 'operator', ${String(ada.id)}, 'ada', 0, '{"role": "manager"}', ${Buffer.alloc(32, 7)}, '[]', '-', ${note}, 24)`;
      await db.$queryRaw`SELECT ops.write_audit('create', 'approval', '1', NULL, NULL, NULL, 'success', NULL, ${note}, NULL, '{}')`;
    });
    const approved = bank.root.transaction(async db => {
      await db.$queryRaw`SELECT operator_id FROM ops.begin_action(${mona.token}, 'operators.grant-role', ${Buffer.alloc(32, 7)}, gen_random_uuid(), ${request}::uuid)`;
      await db.$queryRawUnsafe(wanted);
    });
    await expect(approved).rejects.toThrow('nobody changes their own rights');
    const direct = bank.root.transaction(async db => {
      await db.$queryRaw`SELECT operator_id FROM ops.begin_action(${mona.token}, 'operators.grant-role', ${Buffer.alloc(32, 7)}, gen_random_uuid(), ${request}::uuid)`;
      await db.$queryRawUnsafe(`INSERT INTO ops.operator_role (operator_id, role) VALUES (${ada.id}, 'manager')`);
    });
    await expect(direct).rejects.toThrow('an operator cannot change its own roles');
    expect(await rolesOf('ada')).toBe('admin');
    expect(await rolesOf('mona')).toBe('manager');
  });

  test('nor grants what ranks above them, nor the role of the owner', async () => {
    await bank.behindItsBack(
      `INSERT INTO ops.role_permission (role, permission) VALUES ('analyst', 'operator.grant'), ('analyst', 'operator.read')`,
    );
    const ravi = await bank.member('ravi');
    expect(await bank.both(ravi, mona, 'operators.grant-role', { ...(await id('vera')), role: 'admin' })).toMatchObject({
      ok: false,
      refusal: { message: expect.stringContaining('ranks above') as string },
    });
    expect(await bank.both(ravi, mona, 'operators.grant-role', { ...(await id('bert')), role: 'viewer' })).toMatchObject({
      ok: false,
      refusal: { message: expect.stringContaining('ranks above you') as string },
    });
    expect(await bank.both(ravi, mona, 'operators.grant-role', { ...(await id('vera')), role: 'auditor' })).toMatchObject({ ok: true });
    expect(await ada.run('operators.grant-role', { ...(await id('vera')), role: 'owner' })).toMatchObject({
      ok: false,
      refusal: { kind: 'invalid' },
    });
    await expect(
      bank.rows(`INSERT INTO ops.operator_role (operator_id, role) VALUES ($1, 'owner')`, [String(await bank.idOf('vera'))]),
    ).rejects.toThrow('the role owner is never granted');
    await bank.behindItsBack(`DELETE FROM ops.role_permission WHERE role = 'analyst' AND permission LIKE 'operator.%'`);
  });
});

describe('sessions end', () => {
  test.each([
    ['disabled', 'operators.disable', {}],
    ['sessions ended', 'operators.end-sessions', {}],
    ['role revoked', 'operators.revoke-role', { role: 'operations' }],
    ['reset', 'operators.reset', {}],
  ] as const)('%s: the very next write is refused, and says what to do', async (_, action, more) => {
    const omar = await bank.member('omar');
    expect((await omar.session.presence?.pulse(true))?.state).toBe('live');
    const outcome = await bank.both(ada, mona, action, { ...(await id('omar')), ...more });
    expect(outcome).toMatchObject({ ok: true });
    const started = performance.now();
    const refused = await omar.run('incidents.declare', { level: '3', kind: 'outage', title: 'nobody may declare this', note });
    const took = performance.now() - started;
    expect(refused).toMatchObject({ ok: false, refusal: { kind: 'forbidden', message: 'this session has ended: sign in again' } });
    console.log(`${action}: the next write was refused after ${took.toFixed(1)} ms`);
    // waits for nothing: a pulse comes every few seconds
    expect(took).toBeLessThan(5_000);
    const [ended] = await bank.rows(
      'SELECT r.name FROM ops.operator_session s JOIN ops.operator r ON r.id = s.revoked_by WHERE s.operator_id = $1 ORDER BY number DESC LIMIT 1',
      [String(await bank.idOf('omar'))],
    );
    expect(ended).toMatchObject({ name: 'ada' });
    expect(await omar.session.presence?.pulse(true)).toMatchObject({
      state: 'ended',
      why: expect.stringMatching(/deactivated|ended by ada/) as string,
    });
    await bank.behindItsBack(`UPDATE ops.operator SET is_active = true WHERE name = 'omar'`);
    await bank.behindItsBack(
      `INSERT INTO ops.operator_role (operator_id, role) SELECT id, 'operations' FROM ops.operator WHERE name = 'omar' ON CONFLICT DO NOTHING`,
    );
  });
});
