import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { fingerprintOfKey } from '../../../src/domain/machine.ts';
import { permissions } from '../../../src/domain/permission.ts';
import { openSession } from '../../../src/kit/session.ts';
import { singleOf } from '../../../src/kit/single.ts';
import { loadOperator } from '../../../src/database/sign-in.ts';
import { actions, resources } from '../../../src/resources/registry.ts';
import { anActingBank, ask, type ActingBank } from '../../support/acting-session.ts';
import { changed, subjects, subjectsOfTwo, tables } from '../../support/every-action.ts';
import { aKey, addMachine, refusalOf, showKeys, type AddedMachine } from '../../support/machines.ts';
import { report } from '../../support/reliability.ts';
import { aStaffedBank, type Member, type StaffedBank } from '../../support/staff.ts';

// every action there is, on a machine that others use as well
vi.setConfig({ testTimeout: 120_000 });

let bank: StaffedBank;
let ada: Member;
let bert: Member;
let sam: Member;
let backup1: AddedMachine;
const note = 'tried by a test of machines';

beforeAll(async () => {
  bank = await aStaffedBank({ ada: ['admin'], bert: ['admin'], sam: ['sysop'] });
  [ada, bert, sam] = await Promise.all([bank.member('ada'), bank.member('bert'), bank.member('sam')]);
  backup1 = await addMachine(bank, { maker: ada, checker: bert }, 'backup1');
});
afterAll(() => bank[Symbol.asyncDispose]());

describe('a machine is added', () => {
  test('by two people, whoever asks; the audit log has both and no key', async () => {
    const key = aKey();
    const typed = { name: 'night', place: 'db1, for backups', fingerprint: fingerprintOfKey(key), note };
    const asked = await ada.run('machines.add', typed);
    expect(asked).toMatchObject({ ok: false, refusal: { kind: 'waiting-for-approval' } });
    const number = String(await bank.value(`SELECT number FROM ops.approval WHERE entity_id = 'night'`));
    expect(await ada.run('approvals.approve', { id: number, note })).toMatchObject({ ok: false });
    expect(await showKeys(bank, 'night', [key])).toMatchObject({ ok: false });
    expect(await bert.run('approvals.approve', { id: number, note })).toMatchObject({ ok: true });
    expect(await showKeys(bank, 'night', [key])).toMatchObject({ ok: true });
    expect(await sam.run('machines.add', { ...typed, name: 'other' })).toMatchObject({ ok: false, refusal: { kind: 'forbidden' } });
    const said = JSON.stringify(await bank.rows('SELECT a::text FROM ops.audit a UNION ALL SELECT p::text FROM ops.approval p'));
    expect(said).toContain(fingerprintOfKey(key));
    expect(said).not.toContain(key);
  });

  test('with exactly the key, place, addresses and days that were approved', async () => {
    for (const [what, call] of [
      ['fingerprint', `ops.add_machine('exact', 'here', '{10.0.0.0/8}', 'SHA256:' || repeat('B', 43), 30)`],
      ['fingerprint', `ops.add_machine('exact', 'here', '{10.0.0.0/8}', 'SHA256:' || repeat('a', 43), 30)`],
      ['place', `ops.add_machine('exact', 'there', '{10.0.0.0/8}', 'SHA256:' || repeat('A', 43), 30)`],
      ['from', `ops.add_machine('exact', 'here', '{}', 'SHA256:' || repeat('A', 43), 30)`],
      ['days', `ops.add_machine('exact', 'here', '{10.0.0.0/8}', 'SHA256:' || repeat('A', 43), 31)`],
    ] as const) {
      const number = await bank.value(`SELECT number FROM ops.approval WHERE entity_id = 'exact' AND status = 'pending'`);
      if (number === undefined)
        await ada.run('machines.add', {
          name: 'exact',
          place: 'here',
          fingerprint: `SHA256:${'A'.repeat(43)}`,
          from: '10.0.0.0/8',
          days: '30',
          note,
        });
      const [row] = await bank.rows(`SELECT id, input_hash FROM ops.approval WHERE entity_id = 'exact'`);
      const tried = bank.database.writes.$transaction(async db => {
        await db.$queryRaw`SELECT operator_id FROM ops.begin_action(${bert.token}, 'machines.add', ${row?.['input_hash']}, ${randomUUID()}::uuid, ${row?.['id']}::uuid)`;
        await db.$queryRawUnsafe(`SELECT ${call}`);
      });
      expect(await refusalOf(tried)).toContain(`"${what}" is not as it was approved`);
    }
  });

  test('of two that are added at once under one name, one is', async () => {
    const keys = [aKey(), aKey()];
    const typed = (key: string | undefined) => ({ name: 'raced', place: 'here', fingerprint: fingerprintOfKey(key ?? ''), note });
    const asked = await Promise.all([ada.run('machines.add', typed(keys[0])), bert.run('machines.add', typed(keys[1]))]);
    expect(asked.filter(outcome => !outcome.ok && outcome.refusal.kind === 'waiting-for-approval')).toHaveLength(1);
    const [row] = await bank.rows(`SELECT number, maker_id FROM ops.approval WHERE entity_id = 'raced' AND status = 'pending'`);
    const checker = BigInt(String(row?.['maker_id'])) === ada.id ? bert : ada;
    const decided = await Promise.all([1, 2].map(() => checker.run('approvals.approve', { id: String(row?.['number']), note })));
    expect(decided.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await bank.value(`SELECT count(*)::int FROM ops.machine WHERE name = 'raced'`)).toBe(1);
  });

  test('never for longer than the setting says, with a key of its own that was never another', async () => {
    const typed = { name: 'long', place: 'here', fingerprint: fingerprintOfKey(aKey()), note };
    expect(await ada.run('machines.add', { ...typed, days: '91' })).toMatchObject({ ok: false, refusal: { kind: 'conflict' } });
    expect(await ada.run('machines.add', { ...typed, fingerprint: fingerprintOfKey(backup1.key) })).toMatchObject({
      ok: false,
      refusal: { kind: 'conflict', message: 'this key is or was one of the machine backup1' },
    });
  });
});

describe('a machine is no person', () => {
  test('it has no password, no codes, no role, no write window, and no session but its own', async () => {
    const id = backup1.id;
    const tries = [
      `INSERT INTO ops.operator_role (operator_id, role) VALUES (${id}, 'viewer')`,
      `INSERT INTO ops.operator_credential (operator_id) VALUES (${id})`,
      `INSERT INTO ops.recovery_code (operator_id, code_hash) VALUES (${id}, sha256('x'))`,
      `INSERT INTO ops.write_window (session_id, operator_id, reason, expires_at) SELECT id, ${id}, 'tried', now() + interval '1 minute' FROM ops.operator_session LIMIT 1`,
      `INSERT INTO ops.operator_session (operator_id, token_hash, client, expires_at) VALUES (${id}, sha256('a'), 'test', now() + interval '1 hour')`,
      `INSERT INTO ops.operator_session (operator_id, token_hash, client, kind, expires_at) VALUES (${id}, sha256('b'), 'test', 'machine', now() + interval '2 hours')`,
      `INSERT INTO ops.operator_session (operator_id, token_hash, client, kind, expires_at) VALUES (${ada.id}, sha256('c'), 'test', 'machine', now() + interval '1 hour')`,
      `UPDATE ops.operator SET name = 'machina' WHERE id = ${id}`,
      `UPDATE ops.operator SET is_active = false WHERE id = ${id}`,
      `UPDATE ops.operator SET name = 'machine.ada' WHERE id = ${ada.id}`,
      `UPDATE ops.machine SET networks = '{}' , place = 'elsewhere' WHERE operator_id = ${id}`,
      `UPDATE ops.machine_key SET valid_until = valid_until - interval '1 day' WHERE operator_id = ${id}`,
      `DELETE FROM ops.machine_key WHERE operator_id = ${id}`,
      `DELETE FROM ops.machine WHERE operator_id = ${id}`,
      `TRUNCATE ops.machine_key`,
      `INSERT INTO ops.machine (operator_id, name, place) VALUES (${ada.id}, 'ada', 'here')`,
      `INSERT INTO ops.operator (name, display_name) VALUES ('machine.two', 'Two')`,
    ];
    // as the owner of the tables, whom no grant stops
    for (const sql of tries) expect([sql, await refusalOf(bank.rows(sql))]).not.toEqual([sql, 'not refused']);
    const password = await bank.signIn('machine.backup1');
    expect(password).toMatchObject({ ok: false, refusal: { message: 'name, password or code is wrong' } });
  });

  test('nothing that is done to operators is done to it', async () => {
    const id = String(backup1.id);
    for (const [action, typed] of [
      ['operators.disable', {}],
      ['operators.reset', {}],
      ['operators.grant-role', { role: 'admin' }],
      ['operators.end-sessions', {}],
      ['operators.edit', { displayName: 'x', email: 'x@bank.example' }],
    ] as const)
      expect([action, await ada.run(action, { id, note, ...typed })]).toMatchObject([
        action,
        { ok: false, refusal: { message: 'a machine is rotated and revoked in the pane machines' } },
      ]);
    expect(
      await ada.run('operators.create', { name: 'machine.x', displayName: 'x', email: 'x@bank.example', roles: 'viewer', note }),
    ).toMatchObject({
      ok: false,
      refusal: { kind: 'invalid' },
    });
  });

  test('it reads no data of customers, and asks for nothing', async () => {
    const token = await backup1.token();
    const operator = await loadOperator(bank.database.reads, 'machine.backup1');
    const may = ['detection.run', 'host.read', 'host.use', 'run.read', 'schedule.read', 'schedule.run'];
    expect([...operator.permissions].toSorted()).toEqual(may);
    const environment = { name: 'test', production: false, demo: false, timeZone: 'Europe/Berlin', currency: 'EUR' };
    const session = openSession({ database: bank.database, operator, token, environment, registry: { resources, actions } });
    const read = resources.filter(({ permission }) => operator.permissions.has(permission)).map(({ id }) => id);
    expect(read).toEqual(['hosts', 'runs', 'schedule']);
    for (const resource of resources.filter(({ id }) => !read.includes(id)))
      expect(await refusalOf(session.list(resource, { terms: [], sort: resource.page.defaultSort, limit: 1 }))).toContain(
        'needs the permission',
      );
  });
});

describe('every action × machine', () => {
  let world: ActingBank;
  beforeAll(async () => {
    world = await anActingBank();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const aMachine = async (): Promise<{ readonly token: string; readonly id: string }> => {
    const key = aKey();
    await world.bank.behindItsBack(
      `WITH made AS (INSERT INTO ops.operator (name, display_name) VALUES ('machine.planted', 'Machine planted') RETURNING id),
            machine AS (INSERT INTO ops.machine (operator_id, name, place) SELECT id, 'planted', 'here' FROM made RETURNING operator_id)
       INSERT INTO ops.machine_key (operator_id, fingerprint, asked_by, valid_until) SELECT operator_id, $1, ${world.bank.one.id}, now() + interval '80 days' FROM machine`,
      [fingerprintOfKey(key)],
    );
    const shown = await showKeys(world, 'planted', [key]);
    if (!shown.ok) throw new Error(shown.refusal.message);
    const [row] = await world.bank.rows<{ id: string }>(`SELECT id FROM ops.operator WHERE name = 'machine.planted'`);
    return { token: shown.value, id: row?.id ?? '' };
  };

  test('the database refuses each, and each decision, though the client believes it may everything', async () => {
    const { token, id } = await aMachine();
    const acting = await world.as({ id, name: 'machine.planted', token });
    const deceived = { ...acting, operator: { ...acting.operator, permissions: new Set<string>([...permissions, 'self']) } };
    const typed = new Map<string, Readonly<Record<string, unknown>>>();
    for (const action of actions) typed.set(action.id, (await subjects[action.id]?.(world, world.bank.one)) ?? {});
    const maker = await world.as(world.bank.maker);
    const asked = new Map<string, string>();
    for (const action of actions.filter(candidate => candidate.eyes === 2 || candidate.eyesFor !== undefined))
      asked.set(
        action.id,
        await ask(world, maker, action.id, (await (subjectsOfTwo[action.id] ?? subjects[action.id])?.(world, world.bank.maker)) ?? {}),
      );
    const before = await tables(world.bank);
    const single = singleOf(deceived, actions);
    const approve = actions.find(action => action.id === 'approvals.approve');
    const tried = [
      ...actions.map(action => ({ action, with: typed.get(action.id) ?? {} })),
      ...[...asked.values()].flatMap(number => (approve ? [{ action: approve, with: { id: number, note } }] : [])),
    ];
    for (const { action, with: given } of tried) {
      const outcome = await single.run(action, given as never, { request: randomUUID() });
      expect({ action: action.id, outcome }).toMatchObject({ action: action.id, outcome: { ok: false, refusal: { kind: 'forbidden' } } });
    }
    expect(changed(before, await tables(world.bank))).toEqual(['ops.audit', 'ops.audit_head']);
    const rows = await world.bank.rows<{ action: string }>('SELECT action FROM ops.action_permission ORDER BY action');
    for (const { action } of rows) {
      const begun = world.bank.rows(`SELECT ops.begin_action($1, $2, sha256('x'), gen_random_uuid())`, [token, action]);
      expect([action, await refusalOf(begun)]).toEqual([action, 'a machine asks for nothing: it executes what people planned or queued']);
    }
    report('every action × machine', { 'through the kit, deceived': tried.length, 'by SQL': rows.length });
  });
});
