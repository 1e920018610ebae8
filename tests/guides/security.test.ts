import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, askAndApprove, goTo, type GuideBank } from '../support/guide-bank.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const note = 'called the customer, it was not them';
const guess = (username: string, ip: string, right = false) =>
  bank.value(`SELECT verdict FROM bank.record_sign_in($1, $2, 'python-requests/2.31', 'script', $3)`, [username, ip, right]);
const gather = () => bank.bursar('security', 'gather');
const eventOf = async (kind: string, source: string) =>
  (await bank.rows('SELECT * FROM ops.security_event WHERE kind = $1 AND source = $2 ORDER BY id DESC', [kind, source]))[0];
const userOf = async (username: string) => (await bank.rows('SELECT id, status FROM bank."user" WHERE username = $1', [username]))[0];
const customers = async (count: number): Promise<readonly string[]> =>
  (
    await bank.rows(
      `SELECT username FROM bank."user" u WHERE status = 'active' AND role = 'customer' AND NOT EXISTS (SELECT FROM ops.security_event e WHERE e.user_id = u.id) ORDER BY id LIMIT $1`,
      [count],
    )
  ).map(({ username }) => String(username));

test('H16 the security log is on, asks from warning, is kept 90 days, alerts at 10 failed logins and 5 suspicious acts; thresholds take two; a report tells it', async () => {
  const [log] = await bank.rows(
    `SELECT jsonb_object_agg(key, value) AS settings FROM platform.setting WHERE key ~ '^security[.](log|alert)'`,
  );
  expect(log?.['settings']).toMatchObject({
    'security.log': true, 'security.log-level': 'warning', 'security.log-days': 90, 'security.alert-failed-logins': 10, 'security.alert-suspicious': 5,
  }); // prettier-ignore
  const [name = ''] = await customers(1);
  for (let turn = 0; turn < 9; turn++) await guess(name, '192.0.2.90');
  await gather();
  expect(await eventOf('failed logins', '192.0.2.90')).toBeUndefined();
  await guess(name, '192.0.2.90');
  expect(await gather()).toContain('new event');
  expect(await eventOf('failed logins', '192.0.2.90')).toMatchObject({ level: 'warning', count: 10 });

  await askAndApprove(
    bank,
    'settings',
    'edit',
    'security.alert-failed-logins',
    '--value',
    '20',
    '--note',
    note,
    '--yes',
    '--confirm',
    'security.alert-failed-logins',
  );
  expect(await bank.value(`SELECT value FROM platform.setting WHERE key = 'security.alert-failed-logins'`)).toBe('20');
  await askAndApprove(
    bank,
    'settings',
    'edit',
    'security.alert-failed-logins',
    '--value',
    '10',
    '--note',
    note,
    '--yes',
    '--confirm',
    'security.alert-failed-logins',
  );

  await using console = await bank.screen('security');
  await goTo(console, 'security source=192.0.2.90 kind="failed logins"');
  await console.sees('10 failed sign-ins of', 'warning', 'open', 'By hour, last 24 h', 'The events behind it', 'login failure');

  const markdown = await bank.bursar('security', 'report', '--days', '7');
  for (const part of [
    '# Security report',
    '| critical | failed logins |',
    '192.0.2.90',
    'Failed logins by hour',
    'security.alert-suspicious | 5',
  ])
    expect(markdown).toContain(part);
  const { report } = JSON.parse(await bank.bursar('security', 'report', '--json')) as {
    report: { thresholds: object; failuresPerHour: number[]; open: { kind: string }[] };
  };
  expect(report.thresholds).toMatchObject({ 'security.alert-failed-logins': 10, 'security.log-days': 90 });
  expect(report.failuresPerHour).toHaveLength(24);
  expect(report.failuresPerHour.at(-1)).toBeGreaterThanOrEqual(10);
  expect(report.open.map(({ kind }) => kind)).toContain('failed logins');
  expect(await bank.tries('--as', 'viewer', 'security', 'report')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('security.read') as string,
  });
  expect((await bank.rows(`SELECT FROM ops.audit WHERE action = 'security-event.export'`)).length).toBeGreaterThan(0);
});

test('D21 brute force: an event counts it, its address is blocked and its user locked from the row, and it is acknowledged with a note', async () => {
  const names = await customers(6);
  for (const name of names) for (let turn = 0; turn < 2; turn++) await guess(name, '192.0.2.91');
  await gather();
  const event = await eventOf('brute force', '192.0.2.91');
  expect(event).toMatchObject({
    count: 12,
    level: 'warning',
    summary: '12 failed sign-ins with 6 names from 192.0.2.91 within 10 minutes',
  });

  await using console = await bank.screen('security');
  await goTo(console, 'security ip=192.0.2.91');
  await console.sees('12 failed sign-ins with 6 names', 'What to do', 'x b blocks 192.0.2.91', 'The events behind it');
  expect(await bank.bursar('security', 'show', String(event?.['id']))).toContain('Top sources of failures, 24 h');
  await console.press('x');
  await console.sees('Block an address', 'Lock user', 'it is about no user of the platform');
  await console.press('b');
  await console.fill({ note });
  await console.sees('sign-ins from 192.0.2.91/32 are refused by the platform for 24 hours');
  await console.confirm();
  await console.sees('[ok] blocked 192.0.2.91/32');
  expect(await guess(names[0] ?? '', '192.0.2.91', true)).toBe('blocked');
  await console.press('x', 'a');
  await console.fill({ note });
  await console.sees('it asks for nobody any more');
  await console.confirm();
  await console.sees('[ok] acknowledged', 'acknowledged');
  expect(await eventOf('brute force', '192.0.2.91')).toMatchObject({ acknowledge_note: note });
  await console.press('t');
  await console.sees('Sign-ins', 'ip=192.0.2.91', 'login failure');

  const [victim = ''] = await customers(1);
  for (let turn = 0; turn < 10; turn++) await guess(victim, '203.0.113.92');
  await gather();
  const failed = await eventOf('failed logins', '203.0.113.92');
  await goTo(console, `security id=${String(failed?.['id'])}`);
  await console.press('x', 'l');
  await console.fill({ note });
  await console.confirm();
  await console.sees(`[ok] locked ${victim}`);
  expect(await userOf(victim)).toMatchObject({ status: 'locked' });

  // the same by command; several at once only where each is acknowledged
  const [other = ''] = await customers(1);
  for (let turn = 0; turn < 10; turn++) await guess(other, '203.0.113.93');
  await gather();
  const id = String((await eventOf('failed logins', '203.0.113.93'))?.['id']);
  await bank.bursar('security', 'block', id, '--note', note, '--yes');
  await bank.bursar('security', 'lock', id, '--note', note, '--yes');
  expect(await userOf(other)).toMatchObject({ status: 'locked' });
  expect(await guess(other, '203.0.113.93')).toBe('blocked');
  const ids = (
    await bank.rows(`SELECT id FROM ops.security_event WHERE ip IN ('203.0.113.92', '203.0.113.93') AND acknowledged_at IS NULL`)
  ).map(row => String(row['id']));
  expect(ids.length).toBeGreaterThan(1);
  expect(await bank.tries('security', 'lock', ...ids, '--note', note, '--yes')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('one security-event at a time') as string,
  });
  await bank.bursar('security', 'acknowledge', ...ids, '--note', note, '--yes');
  expect(await bank.rows(`SELECT FROM ops.security_event WHERE id = ANY ($1) AND acknowledged_by IS NULL`, [ids])).toEqual([]);
});

test('A24 more than 100 XP or more than 10 entries within an hour are abuse: an event names the user, who is locked from it', async () => {
  const [few = '', many = ''] = await customers(2);
  const earn = (name: string, points: number, entries: number) =>
    bank.rows(
      `SELECT platform.record_xp((SELECT id FROM bank."user" WHERE username = $1), $2, 'worklog', gen_random_uuid()) FROM generate_series(1, $3)`,
      [name, points, entries],
    );
  await earn(few, 10, 10);
  await earn(many, 10, 11);
  await gather();
  await using console = await bank.screen('security');
  await goTo(console, `security kind=abuse user=${many}`);
  await console.sees('1 of 1', `${many} earned 110 XP by 11`, 'worklog', '10 XP');
  expect(await bank.bursar('security', 'list', 'kind=abuse', `user=${few}`)).not.toContain(few);
  await console.press('x', 'l');
  await console.fill({ note });
  await console.confirm();
  await console.sees(`[ok] locked ${many}`);
  expect(await userOf(many)).toMatchObject({ status: 'locked' });
});
