import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { act, aBank, refusal, type Bank } from '../../support/acting.ts';
import { connectAs } from '../../support/role-connection.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await aBank();
});
beforeEach(async () => {
  await bank.behindItsBack(
    `TRUNCATE bank.auth_event, ops.security_event, ops.security_watch, ops.flow, ops.flow_note, platform.xp_event, ops.sign_in_attempt;
     UPDATE platform.setting SET value = default_value WHERE key ~ '^security'`,
  );
});
afterAll(() => bank[Symbol.asyncDispose]());

type Event = { readonly kind: string; readonly level: string; readonly source: string; readonly count: number; readonly summary: string };
const gather = async () =>
  (await bank.rows<{ raised: number; grown: number }>('SELECT raised, grown FROM ops.gather_security_events($1)', [bank.one.token]))[0];
const events = (kind?: string) =>
  bank.rows<Event>(
    'SELECT kind, level, source, count, summary FROM ops.security_event WHERE $1::text IS NULL OR kind = $1 ORDER BY subject, first_at',
    [kind ?? null],
  );

/** Something that happened where users sign in, so many minutes ago; a series of it, every so many minutes. */
const happened = (
  type: string,
  name: string,
  ip: string,
  minutes: number,
  [times, every]: readonly [number, number] = [1, 0],
): Promise<unknown> =>
  bank.rows(
    `INSERT INTO bank.auth_event (type, username, user_id, ip, at)
     SELECT $1, $2, (SELECT id FROM bank."user" WHERE username = $2), $3, now() - make_interval(secs => 60 * ($4::float8 - g * $6::float8)) FROM generate_series(0, $5 - 1) g`,
    [type, name, ip, minutes, times, every],
  );

const set = (key: string, value: string) => bank.behindItsBack('UPDATE platform.setting SET value = $2 WHERE key = $1', [key, value]);

test('ten failures of one user within an hour alert and nine do not, wherever the hour begins; two hours apart they are two events', async () => {
  await happened('login_failure', 'nine', '198.18.0.1', 70, [9, 6]);
  await happened('login_failure', 'ada', '198.18.0.2', 70, [10, 6]);
  await happened('login_failure', 'spread', '198.18.0.3', 130, [10, 7]);
  expect(await gather()).toEqual({ raised: 1, grown: 0 });
  expect(await events()).toMatchObject([
    { kind: 'failed logins', level: 'warning', source: '198.18.0.2', count: 10, summary: '10 failed sign-ins of ada within an hour' },
  ]);
  await happened('login_failure', 'ada', '198.18.0.2', 14);
  expect(await gather()).toEqual({ raised: 0, grown: 1 });
  expect(await events()).toMatchObject([{ count: 11 }]);
  expect(await gather()).toEqual({ raised: 0, grown: 0 });

  await happened('login_failure', 'twice', '198.18.0.7', 175, [10, 0]);
  await happened('login_failure', 'twice', '198.18.0.7', 110, [10, 0]);
  await bank.behindItsBack('TRUNCATE ops.security_watch');
  await gather();
  const twice = (await events('failed logins')).filter(({ source }) => source === '198.18.0.7');
  expect(twice).toMatchObject([{ count: 10 }, { count: 10 }]);

  // whoever gets in after it, from where it failed, makes it grave
  await happened('login_success', 'ada', '198.18.0.2', 12);
  await gather();
  expect(await events('failed logins')).toMatchObject([
    { level: 'critical', summary: expect.stringContaining('then somebody got in') as string },
    { source: '198.18.0.7' },
    { source: '198.18.0.7' },
  ]);
});

test('one address is brute force by five names or ten failures within ten minutes, not by four or nine, nor by five within eleven', async () => {
  for (const name of ['a', 'b', 'c', 'd']) await happened('login_failure', name, '203.0.113.4', 30, [2, 0]);
  await happened('login_failure', 'a', '203.0.113.4', 30);
  for (const [index, name] of ['a', 'b', 'c', 'd', 'e'].entries()) await happened('login_failure', name, '203.0.113.5', 30 - index * 2.25);
  for (const [index, name] of ['a', 'b', 'c', 'd', 'e'].entries()) await happened('login_failure', name, '203.0.113.6', 30 - index * 2.8);
  await happened('login_failure', 'x', '203.0.113.10', 20, [10, 0.5]);
  await gather();
  expect(await events('brute force')).toMatchObject([
    { source: '203.0.113.10', count: 10, summary: expect.stringContaining('with one name') as string },
    { source: '203.0.113.5', count: 5, summary: expect.stringContaining('with 5 names') as string },
  ]);
});

test('thresholds are settings; nothing is counted while the security log is off', async () => {
  await set('security.alert-failed-logins', '3');
  await happened('login_failure', 'ada', '198.18.0.2', 30, [3, 10]);
  await set('security.log', 'false');
  expect(await gather()).toEqual({ raised: 0, grown: 0 });
  await set('security.log', 'true');
  expect(await gather()).toEqual({ raised: 1, grown: 0 });
  const asking = () => bank.rows('SELECT id FROM ops.security_event WHERE ops.asks_for_somebody(level)');
  expect(await asking()).toHaveLength(1);
  await set('security.log-level', '"critical"');
  expect(await asking()).toHaveLength(0);
});

test('an address is new where its user came from another before and not from it within 90 days; lockouts and administrators are seen', async () => {
  const day = 24 * 60;
  await happened('login_success', 'ada', '198.18.0.2', 30 * day);
  await happened('login_success', 'ada', '198.18.0.9', 89 * day);
  for (const ip of ['198.18.0.2', '198.18.0.9', '192.0.2.7']) await happened('login_success', 'ada', ip, 20);
  await happened('login_success', 'ada', '192.0.2.7', 10);
  await bank.behindItsBack(
    `INSERT INTO bank."user" (username, email, first_name, last_name, role, status) VALUES ('boss', 'b@mail.example', 'B', 'O', 'admin', 'active')`,
  );
  await happened('login_success', 'boss', '198.18.0.1', 20);
  await happened('lockout', 'ada', '203.0.113.1', 15);
  await gather();
  expect(await events()).toMatchObject([
    { kind: 'admin access', level: 'info', summary: 'boss, administrator of the platform, signed in' },
    { kind: 'lockout', level: 'warning', source: '203.0.113.1' },
    { kind: 'new address', level: 'info', source: '192.0.2.7' },
  ]);
});

test('more than 100 XP or ten entries within an hour are abuse, and not as many; an entry earns once', async () => {
  const platform = await connectAs(bank.url, 'bursar_platform');
  try {
    const people = await bank.rows<{ id: string }>(
      `INSERT INTO bank."user" (username, email, first_name, last_name, role, status) SELECT 'user-' || g, 'u' || g || '@mail.example', 'U', 'S', 'customer', 'active' FROM generate_series(1, 4) g RETURNING id`,
    );
    const earn = (index: number, points: number, times: number) =>
      platform.query('SELECT platform.record_xp($1, $2, $3, gen_random_uuid()) FROM generate_series(1, $4)', [
        people[index]?.id,
        points,
        'worklog',
        times,
      ]);
    await earn(0, 10, 10);
    await earn(1, 101, 1);
    await earn(2, 1, 10);
    await earn(3, 1, 11);
    await gather();
    expect(await events()).toMatchObject([
      { kind: 'abuse', count: 1, summary: 'user-2 earned 101 XP by 1 entries within an hour' },
      { kind: 'abuse', count: 11, summary: 'user-4 earned 11 XP by 11 entries within an hour' },
    ]);
    const key = randomUUID();
    const once = (points: number) => platform.query('SELECT platform.record_xp($1, $2, $3, $4)', [people[0]?.id, points, 'worklog', key]);
    expect((await once(5)).rows).toEqual((await once(5)).rows);
    expect(await refusal(platform, () => once(6))).toMatchObject({ code: 'BU003' });
    expect(await refusal(bank.db, () => bank.rows('DELETE FROM platform.xp_event'))).toMatchObject({ code: 'BU010' });
  } finally {
    await platform.end();
  }
});

test('nobody writes, grows or acknowledges an event by hand; what goes on after it was acknowledged asks again', async () => {
  await happened('login_failure', 'ada', '198.18.0.2', 30, [10, 0]);
  await gather();
  const operator = await connectAs(bank.url, 'bursar_operator');
  try {
    for (const sql of [
      'DELETE FROM ops.security_event',
      'UPDATE ops.security_event SET count = 1',
      'SELECT ops.gather_security()',
      `SELECT * FROM ops.security_of_sign_ins(now())`,
      `SELECT platform.record_xp(1, 5, 'mine', gen_random_uuid())`,
    ])
      expect(await refusal(operator, () => operator.query(sql))).toMatchObject({ code: '42501' });
    expect(await refusal(operator, () => operator.query(`SELECT ops.gather_security_events('somebody else')`))).toMatchObject({
      code: 'BU001',
    });
  } finally {
    await operator.end();
  }
  expect(await refusal(bank.db, () => bank.rows(`UPDATE ops.security_event SET count = 1`))).toMatchObject({ code: 'BU010' });
  expect(
    await refusal(bank.db, () =>
      bank.rows(`UPDATE ops.security_event SET acknowledged_by = 1, acknowledged_at = now(), acknowledge_note = 'x'`),
    ),
  ).toMatchObject({ code: 'BU004' });

  const acknowledge = (count: number) =>
    act(bank.db, bank.one, 'security-events.acknowledge', db =>
      db.query(
        `SELECT ops.acknowledge_security_event((SELECT id FROM ops.security_event WHERE kind = 'failed logins'), 'it was the customer', $1)`,
        [count],
      ),
    );
  expect(await refusal(bank.db, () => acknowledge(9))).toMatchObject({ code: 'BU005' });
  await acknowledge(10);
  expect(await refusal(bank.db, () => acknowledge(10))).toMatchObject({ code: 'BU007' });
  await happened('login_failure', 'ada', '198.18.0.2', -1);
  await gather();
  await acknowledge(11);
  expect(await bank.rows('SELECT count, acknowledge_note FROM ops.security_event WHERE kind = $1', ['failed logins'])).toEqual([
    { count: 11, acknowledge_note: 'it was the customer' },
  ]);
});

test('what operators do is counted from the audit log: five refusals, changed privileges, exports, the owner, locked operators', async () => {
  const { one, db } = bank;
  const refuse = () =>
    bank.rows(`SELECT ops.audit_attempt($1, 'accounts.freeze', 'update', 'account', '1', 'refused', 'no', NULL, NULL, $2, NULL)`, [
      one.token,
      randomUUID(),
    ]);
  for (let turn = 0; turn < 4; turn++) await refuse();
  await gather();
  expect(await events()).toEqual([]);
  await refuse();
  await bank.rows(`SELECT ops.record_access($1, 'export', 'user', '-', '{"filter": ""}')`, [one.token]);
  await act(db, one, 'operators.disable', () => Promise.resolve());
  await act(db, one, 'users.change-role', () => Promise.resolve());
  await bank.rows(`SELECT ops.open_owner_session($1, 'a terminal', 'nobody else can sign in')`, [`owner-${randomUUID()}`]);
  await bank.rows(
    `INSERT INTO ops.sign_in_attempt (operator_id, ip, succeeded, at) SELECT $1, '203.0.113.2', false, now() - g * interval '1 minute' FROM generate_series(1, 5) g`,
    [bank.two.id],
  );
  await gather();
  expect(await events()).toMatchObject([
    { kind: 'admin access', level: 'warning', summary: 'the owner of the database signed in to the console' },
    { kind: 'admin access', level: 'info', summary: 'one exported user' },
    { kind: 'lockout', level: 'critical', summary: 'operator two is locked after 5 failures' },
    { kind: 'privilege change', level: 'info', summary: expect.stringContaining('one: users.change-role') as string },
    { kind: 'suspicious pattern', level: 'warning', count: 5, summary: '5 refused attempts of one within an hour: accounts.freeze' },
  ]);
});
