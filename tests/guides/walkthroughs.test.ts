import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, arrive, goTo, type GuideBank } from '../support/guide-bank.ts';
import { commandOf, screenOf } from '../support/staff-guide.ts';
import { aStaffedBank } from '../support/staff.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const note = 'called the customer, it was not them';
const userOf = async (username: string) => (await bank.rows('SELECT id, status FROM bank."user" WHERE username = $1', [username]))[0];

test(
  'P14 unauthorised access as a walkthrough: from the event, each step one key away, ticked by what was done, closed with findings',
  { timeout: 60_000 },
  async () => {
    const [event] = await bank.rows(
      `SELECT e.id, u.username, u.id AS "user" FROM ops.security_event e JOIN bank."user" u ON u.id = e.user_id WHERE e.level = 'critical' AND e.summary LIKE '%got in%'`,
    );
    const { username: name, user } = event as { username: string; user: string };
    const open = () => bank.value('SELECT count(*) FROM bank.auth_session WHERE user_id = $1 AND ended_at IS NULL', [user]);
    expect(Number(await open())).toBeGreaterThan(0);
    await using console = await bank.screen('security');
    await goTo(console, `security id=${String(event?.['id'])}`);
    await console.sees('then somebody got in from', 'x f begins the walkthrough');
    await console.press('x', 'f');
    await console.fill({ note });
    await console.sees(`Unauthorised access about ${name}: 7 steps`, '1. Look at the failed sign-ins');
    await console.confirm();
    await console.sees('[ok] began walkthrough #1');
    const back = () => goTo(console, 'flow-steps flow=1');
    await back();
    await console.sees('of 7', '[ ] Look at the failed sign-ins', '[ ] Keep everybody out of it', 'x d or x l');

    // login_failed: Enter leads there, and opening one ticks the step
    await console.press('enter');
    await arrive(console, 'sign-ins');
    await console.sees(`user=${name}`, '203.0.113.77', 'From this address, a day before and after');
    await back();
    await console.sees('[x] Look at the failed sign-ins');
    // the user
    await console.press('j', 'enter');
    await arrive(console, 'users');
    await console.sees('Open sessions', 'python-requests');
    await back();
    await console.sees('[x] Look at the user');
    // deactivate, from the step itself
    await console.press('j', 'j', 'x');
    await console.sees('Deactivate user', 'Lock user', 'Block an address', 'Reset password');
    await console.seesNo('End developer role');
    await console.press('d');
    await console.fill({ note });
    await console.confirm();
    await console.sees('[ok] deactivated', '[x] Keep everybody out of it', '[x] See that no session is left');
    expect(await open()).toBe('0');
    // the address, filled in
    await console.press('x', 'b');
    await console.fill({ note });
    await console.sees('sign-ins from 203.0.113.77/32 are refused');
    await console.confirm();
    await console.sees('[ok] blocked 203.0.113.77/32', '[x] Block the address');
    await console.press('j', 'j', 'j');
    await console.sees('#1 step 6');
    await console.press('x', 'k');
    await console.fill({ note: 'nothing was posted after the sign-in' });
    await console.confirm();
    await console.sees('[ok] settled step 6', '[x] Look at what was posted meanwhile');
    // reset
    await console.press('x', 'p');
    await console.fill({ note });
    await console.confirm();
    await console.sees('[ok]', '[x] Have a new password chosen');
    expect(await userOf(name)).toMatchObject({ status: 'deactivated' });
    expect(await bank.bursar('flow-steps', 'list', 'flow=1', 'state=open')).not.toContain('to do');

    await goTo(console, 'flows status=open');
    await console.press('x', 'c');
    await console.fill({ findings: 'guessed password, nothing was taken' });
    await console.sees('all 7 steps are done');
    await console.confirm();
    await console.sees('[ok] closed walkthrough #1');
    expect(await bank.bursar('flows', 'show', '1')).toContain('guessed password, nothing was taken');
    expect((await bank.trail('flow', '1')).map(({ action }) => action)).toEqual(['flows.begin', 'flows.close']);
    expect((await bank.trail('user', user)).map(({ action }) => action)).toEqual(['users.deactivate', 'users.reset-password']);
  },
);

test('P14 the same without a screen: begun, its commands told, ticked by them, one walkthrough at a time', async () => {
  const name = await bank.value(`SELECT username FROM bank."user" WHERE status = 'active' AND role = 'customer' ORDER BY id LIMIT 1`);
  await bank.rows(`SELECT bank.record_sign_in($1, '192.0.2.94', 'python-requests/2.31', 'script', false)`, [name]);
  await bank.bursar('flows', 'begin', '--flow', 'unauthorised-access', '--about', name, '--note', note, '--yes');
  const flow = await bank.value('SELECT max(id) FROM ops.flow');
  const twice = await bank.tries('flows', 'begin', '--flow', 'unauthorised-access', '--about', name, '--note', note, '--yes');
  expect(twice).toMatchObject({ code: 3, stderr: expect.stringContaining('is open about') as string });
  const shown = await bank.bursar('flows', 'show', flow);
  for (const line of [`bursar sign-ins list user=${name}`, `bursar users deactivate ${name}`, 'bursar ip-rules block --network 192.0.2.94'])
    expect(shown).toContain(line);
  await bank.bursar('users', 'lock', name, '--note', note, '--yes');
  await bank.bursar('flow-steps', 'settle', `${flow}06`, '--note', 'no account was used', '--yes');
  const steps = await bank.bursar('flow-steps', 'list', `flow=${flow}`, '--json');
  expect([...steps.matchAll(/"state":\s*"([a-z ]+)"/g)].map(([, state]) => state)).toEqual([
    'to do',
    'to do',
    'done',
    'is so',
    'to do',
    'noted',
    'to do',
  ]);
  // what is for operators is not done to the one who has the user's number
  const wrong = await bank.tries('flow-steps', 'disable', `${flow}01`, '--note', note, '--yes');
  expect(wrong).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`Disable operator is not for flow-step #${flow} step 1`) as string,
  });
  const left = await bank.bursar('flows', 'close', flow, '--findings', 'handed over to the day shift', '--dry-run');
  expect(left).toContain('left undone: 7. Have a new password chosen');
});

test(
  'P15 misuse of the developer role as a walkthrough: ended, its sessions too, reviewed since its start, disabled, closed',
  { timeout: 60_000 },
  async () => {
    const staff = await aStaffedBank({ ada: ['admin'], mona: ['manager'], vera: ['analyst'] });
    try {
      const [ada, mona, vera] = [await staff.member('ada'), await staff.member('mona'), await staff.member('vera')];
      const why = 'the developer changed what nobody asked for';
      expect(
        await ada.run('incidents.declare', { level: '2', kind: 'outage', title: 'Postings hang since noon', note: why }),
      ).toMatchObject({ ok: true });
      expect(await staff.both(ada, mona, 'operators.grant-developer', { id: String(vera.id), note: why, hours: '1' })).toMatchObject({
        ok: true,
      });
      const during = await staff.member('vera');
      expect(await during.run('incidents.declare', { level: '3', kind: 'outage', title: 'Done as developer', note: why })).toMatchObject({
        ok: true,
      });

      await using console = await screenOf(ada, 'operators name=vera');
      await console.command('flows');
      await console.sees('Nobody walks through anything');
      await console.press('x', 'n');
      await console.fill({ flow: 'developer-misuse', about: 'vera', note: why });
      await console.sees('Developer misuse about vera: 8 steps');
      await console.confirm();
      await console.sees('[ok] began walkthrough #1');
      await arrive(console, 'flows');
      await console.press('enter');
      await arrive(console, 'flow-steps');
      await console.sees('[ ] End the developer role', 'x e', 'of 8');
      // disable
      await console.press('x');
      await console.sees('End developer role', 'End sessions', 'Disable operator');
      await console.seesNo('Deactivate user');
      await console.press('e');
      await console.fill({ note: why });
      await console.confirm();
      await console.sees('[ok] ended the developer role of vera', '[x] End the developer role');
      // review by role and start
      const back = () => goTo(console, 'flow-steps flow=1');
      await goTo(console, 'flow-steps flow=1 state=open');
      await console.sees('[ ] Look at the grant');
      await console.press('g', 'enter');
      await arrive(console, 'developer-grants');
      await console.sees('operator=vera', 'ended');
      await back();
      await console.press('j', 'j', 'j');
      await console.sees('#1 step 4');
      await console.press('enter');
      await arrive(console, 'audit');
      await console.sees('grant=', 'incidents.declare');
      // pipelines, connectors, users: what was found is noted
      const command = await commandOf(staff, 'ada');
      expect(await command('flow-steps', 'settle', '103', '--note', 'lent for the incident by two', '--yes')).toMatchObject({ code: 0 });
      for (const id of ['104', '105', '106', '107'])
        expect(await ada.run('flow-steps.settle', { id, note: 'read it all, nothing was changed there' })).toMatchObject({ ok: true });
      expect(await command('operators', 'disable', 'vera', '--note', why, '--yes')).toMatchObject({ code: 0 });
      await back();
      await console.sees('[x] Users that were touched', '[x] Disable the operator');
      expect(await command('flow-steps', 'list', 'flow=1', 'state=open')).not.toMatchObject({
        stdout: expect.stringContaining('to do') as string,
      });
      expect(await command('flows', 'close', '1', '--findings', 'misuse: disabled, incident goes on', '--yes')).toMatchObject({ code: 0 });
      expect(await staff.rows('SELECT is_active FROM ops.operator WHERE name = $1', ['vera'])).toEqual([{ is_active: false }]);
    } finally {
      await staff[Symbol.asyncDispose]();
    }
  },
);
