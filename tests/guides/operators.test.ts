import { afterAll, beforeAll, expect, test } from 'vitest';
import { aDatabase } from '../support/database.ts';
import { goTo } from '../support/guide-bank.ts';
import { query } from '../support/query.ts';
import { commandOf, lastRequest, screenOf } from '../support/staff-guide.ts';
import { aStaffedBank, type StaffedBank } from '../support/staff.ts';
import { atTerminal, enrolling, seedIn } from '../support/terminal-command.ts';

let bank: StaffedBank;
beforeAll(async () => {
  bank = await aStaffedBank({ ada: ['admin'], bert: ['admin'], mona: ['manager'], vera: ['analyst'], omar: ['operations'] });
});
afterAll(() => bank[Symbol.asyncDispose]());

const note = 'as the guide of operators says';
const operator = async (name: string) => (await bank.rows('SELECT * FROM ops.operator WHERE name = $1', [name]))[0];

test('D1 createsuperuser: whoever owns the database makes the first administrator, who enrols at once', async () => {
  const { url, drop } = await aDatabase('empty');
  try {
    const owner = atTerminal({ url, person: enrolling('nineteen otters juggle lemons') });
    expect(await owner('login', 'ada')).toMatchObject({
      code: 3,
      stderr: 'bursar: this bank has no operators yet; whoever owns the database makes the first: bursar operators found NAME\n',
    });
    expect(
      await owner('operators', 'create', 'ada', '--display-name', 'Ada Whitaker', '--email', 'ada@bank.example', '--yes'),
    ).toMatchObject({
      code: 0,
      stdout: 'founded ada, who is enrolled: sign in with "bursar login ada", or start bursar\n',
    });
    expect(
      await query(
        url,
        `SELECT o.name, o.display_name, r.role FROM ops.operator o JOIN ops.operator_role r ON r.operator_id = o.id WHERE r.role <> 'owner'`,
      ),
    ).toEqual([{ name: 'ada', display_name: 'Ada Whitaker', role: 'admin' }]);
    expect(
      await query(url, `SELECT operator, action, outcome::text, new ->> 'roles' AS roles FROM ops.audit WHERE action = 'operators.found'`),
    ).toEqual([{ operator: 'database-owner', action: 'operators.found', outcome: 'success', roles: 'admin' }]);
  } finally {
    await drop();
  }
});

test('D1 by command two people make an operator with roles, and one disables it', { timeout: 60_000 }, async () => {
  const [ada, bert] = [await commandOf(bank, 'ada'), await commandOf(bank, 'bert')];
  const asked = await ada(
    'operators',
    'create',
    'nina',
    '--display-name',
    'Nina Berg',
    '--email',
    'nina@bank.example',
    '--roles',
    'support',
    '--note',
    note,
    '--yes',
    '--confirm',
    'nina',
  );
  expect(asked).toMatchObject({ code: 4, stderr: expect.stringContaining('nothing was changed yet') as string });
  expect(await operator('nina')).toBeUndefined();
  const number = await lastRequest(bank);
  const decided = await bert('inbox', 'approve', number, '--note', 'known to me in person', '--yes');
  expect(decided).toMatchObject({ code: 0, stdout: expect.stringContaining('created nina') as string });
  expect(await operator('nina')).toMatchObject({ display_name: 'Nina Berg', is_active: true });

  expect(await ada('operators', 'disable', 'nina', '--note', note, '--yes')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('disabled nina') as string,
  });
  const reset = await ada('operators', 'reset', 'omar', '--note', note, '--yes', '--confirm', 'omar');
  expect(reset).toMatchObject({ code: 4 });
});

test('D1 by screen the same, with what it will mean', { timeout: 60_000 }, async () => {
  const [adaHere, monaHere] = [await bank.member('ada'), await bank.member('mona')];
  await using console = await screenOf(adaHere, 'operators');
  await console.sees('bert', 'active', 'admin');
  await console.press('x', 'n');
  await console.fill({ name: 'olaf', displayName: 'Olaf Lind', email: 'olaf@bank.example', roles: 'viewer auditor', note });
  await console.sees(
    'olaf (Olaf Lind) becomes an operator of this console: viewer, auditor',
    'adds the permissions',
    'gets a code to enrol with at olaf@bank.example',
  );
  await console.confirm('olaf');
  await console.sees('waits for somebody with access.decide');
  const request = await lastRequest(bank);
  await using checkers = await screenOf(monaHere, `inbox number=${request}`);
  await checkers.press('x', 'a');
  await checkers.fill({ note: 'known to me in person' });
  await checkers.sees('ada asks: as the guide of operators says');
  await checkers.confirm(checkers.frame().includes('olaf') ? 'olaf' : undefined);
  await checkers.sees('[ok] created olaf');
  expect(await operator('olaf')).toMatchObject({ is_active: true });

  // one is enough to disable
  await goTo(console, 'operators name=olaf');
  await console.press('x', 'd');
  await console.fill({ note });
  await console.sees('can no longer sign in', 'enabling again takes two people');
  await console.confirm();
  await console.sees('[ok] disabled olaf');
  expect(await operator('olaf')).toMatchObject({ is_active: false });
});

test('P19 an administrator who lost the password enrols anew, by whoever owns the database and by nobody else', async () => {
  const chosen = 'twelve herons file taxes';
  const owner = atTerminal({
    url: bank.url,
    home: bank.home,
    person: enrolling(chosen, { 'What happened': 'ada lost her password and her telephone', 'Type ada': 'ada' }),
  });
  const sessions = await bank.member('ada');
  const answer = await owner('operators', 'recover', 'ada');
  expect(answer).toMatchObject({ code: 0, stdout: 'recovered ada, who is enrolled: sign in with "bursar login ada", or start bursar\n' });
  expect(await sessions.session.presence?.pulse(true)).toMatchObject({ state: 'ended' });
  expect(await bank.signIn('ada')).toMatchObject({ ok: false });
  bank.learn('ada', seedIn(answer.stderr));
  expect(await bank.signIn('ada', { password: chosen })).toMatchObject({ ok: true });
  const [row] = await bank.rows(`SELECT operator, entity_label, note, outcome::text FROM ops.audit WHERE action = 'operators.recover'`);
  expect(row).toEqual({
    operator: 'database-owner',
    entity_label: 'ada',
    note: 'ada lost her password and her telephone',
    outcome: 'success',
  });
  expect(
    await bank.rows(`SELECT recipient FROM ops.notice WHERE template = 'role-changed' AND about_id = $1`, [String(sessions.id)]),
  ).toEqual([{ recipient: 'bert@bank.example' }]);
  // no password in SQL, an argument or a table
  expect(JSON.stringify(await bank.rows('SELECT * FROM ops.audit'))).not.toContain(chosen);
  // somebody who is no administrator is helped by one, not by the owner
  expect(await owner('operators', 'recover', 'omar', '--confirm', 'omar')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('they reset it, with operators reset') as string,
  });
});

test('P21 all are locked out: the owner brings one administrator back, who was disabled or locked, and they help the others', async () => {
  await bank.behindItsBack(`UPDATE ops.operator SET is_active = false WHERE name IN ('ada', 'bert', 'mona')`);
  await bank.behindItsBack(
    `INSERT INTO ops.sign_in_attempt (operator_id, succeeded, at) SELECT id, false, clock_timestamp() - n * interval '1 second' FROM ops.operator, generate_series(1, 5) n WHERE name = 'bert'`,
  );
  expect(await bank.signIn('omar', { password: 'wrong one entirely', code: '123456' })).toMatchObject({ ok: false });
  const chosen = 'twelve herons file taxes';
  const owner = atTerminal({
    url: bank.url,
    home: bank.home,
    person: enrolling(chosen, { 'What happened': 'a leaver disabled everybody' }),
  });
  const answer = await owner('operators', 'recover', 'bert', '--confirm', 'bert');
  expect(answer).toMatchObject({ code: 0, stdout: expect.stringContaining('recovered bert') as string });
  bank.learn('bert', seedIn(answer.stderr));
  expect(await bank.signIn('bert', { password: chosen })).toMatchObject({ ok: true });
  expect(await operator('bert')).toMatchObject({ is_active: true });
  expect(
    await bank.value(`SELECT (new ->> 'becameAdmin') FROM ops.audit WHERE action = 'operators.recover' AND entity_label = 'bert'`),
  ).toBe('false');

  // where not even a role is left, anybody becomes administrator
  await bank.behindItsBack(`DELETE FROM ops.operator_role WHERE role = 'admin'`);
  const second = await owner('operators', 'recover', 'omar', '--confirm', 'omar');
  expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining('recovered omar, who is administrator now') as string });
  expect(
    await bank.rows(`SELECT o.name FROM ops.operator_role r JOIN ops.operator o ON o.id = r.operator_id WHERE r.role = 'admin'`),
  ).toEqual([{ name: 'omar' }]);
});
