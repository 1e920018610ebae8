import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const note = 'begins on the first of next month';
const inviteFor = async (email: string) => (await bank.rows('SELECT * FROM platform.invite WHERE email = $1 ORDER BY id DESC', [email]))[0];
const noticesTo = (email: string) =>
  bank.rows('SELECT template, body, about_entity FROM ops.notice WHERE recipient = $1 ORDER BY number', [email]);

test('A6 an invite has a code, a creator, seven days and one use; the code goes to the invitee alone, and it is revoked', async () => {
  await using console = await bank.screen('invites');
  await console.press('x', 'n');
  await console.fill({ email: 'grace@new.example', note });
  await console.sees(
    'whoever reads grace@new.example can register as viewer within 7 days, once',
    'nobody here sees it',
    'nordlicht.example',
  );
  await console.confirm();
  await console.sees('[ok] invited grace@new.example as viewer until');
  const made = await inviteFor('grace@new.example');
  expect(made).toMatchObject({ role: 'viewer', max_uses: 1, uses: 0, revoked_at: null });
  const days = (Number(made?.['expires_at']) - Number(made?.['created_at'])) / 86_400_000;
  expect(days).toBeCloseTo(7, 3);
  expect(await noticesTo('grace@new.example')).toMatchObject([
    { template: 'invite', about_entity: 'invite', body: expect.stringContaining('{secret}') as string },
  ]);
  await goTo(console, 'invites email=grace@new.example');
  await console.sees('1 of 1', 'open', '0 of 1', 'ends in');

  await bank.bursar(
    'invites',
    'create',
    '--email',
    'team@new.example',
    '--role',
    'customer',
    '--days',
    '14',
    '--uses',
    '5',
    '--note',
    note,
    '--yes',
  );
  expect(await inviteFor('team@new.example')).toMatchObject({ role: 'customer', max_uses: 5 });

  await console.press('x', 'r');
  await console.fill({ note: 'the offer was withdrawn' });
  await console.sees('nobody registers any more by the invite of grace@new.example');
  await console.confirm();
  await console.sees('[ok] revoked the invite of grace@new.example', 'revoked');
  expect(await bank.trail('invite', String(made?.['id']))).toMatchObject([
    { action: 'invites.create' },
    { action: 'invites.revoke', new: { state: 'revoked' } },
  ]);
  const { id } = (await inviteFor('team@new.example')) ?? {};
  await bank.bursar('invites', 'revoke', String(id), '--note', 'the offer was withdrawn', '--yes');
  const again = await bank.tries('invites', 'revoke', String(id), '--note', 'the offer was withdrawn', '--yes');
  expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining('revoked already') as string });
});

test('an invite with a higher role takes two people, and administrators are not invited', async () => {
  const flags = ['--email', 'chief@new.example', '--note', note, '--yes'];
  expect((await bank.tries('invites', 'create', ...flags, '--role', 'executive')).code).toBe(4);
  expect(await inviteFor('chief@new.example')).toBeUndefined();
  const number = await bank.value(`SELECT number FROM ops.approval WHERE action = 'invites.create' ORDER BY number DESC LIMIT 1`);
  await bank.bursar('--as', 'manager', 'inbox', 'approve', number, '--note', 'agreed with the board today', '--yes');
  expect(await inviteFor('chief@new.example')).toMatchObject({ role: 'executive' });
  expect((await bank.tries('invites', 'create', ...flags, '--role', 'admin')).code).toBe(2);
});

test('H5 a user is created on screen or by command with username, e-mail, role and an invitation to choose a password', async () => {
  const person = { firstName: 'Hedy', lastName: 'Lamarr' };
  await using console = await bank.screen('users');
  await console.press('x', 'n');
  await console.fill({
    username: 'hedy.lamarr',
    email: 'hedy@new.example',
    ...person,
    sendInvitation: 'yes',
    activate: 'no',
    openAccount: 'none',
    note,
  });
  await console.sees('is invited', 'a link to choose a password goes to hedy@new.example');
  await console.confirm();
  await console.sees('[ok] created hedy.lamarr');

  const flags = ['--email', 'radia@new.example', '--first-name', 'Radia', '--last-name', 'Perlman', '--role', 'viewer'];
  await bank.bursar(
    'users',
    'create',
    '--username',
    'radia.perlman',
    ...flags,
    '--send-invitation',
    '--no-activate',
    '--open-account',
    'none',
    '--note',
    note,
    '--yes',
  );
  for (const [username, email] of [['hedy.lamarr', 'hedy@new.example'], ['radia.perlman', 'radia@new.example']] as const) {
    expect(await bank.rows('SELECT role, status, password_hash FROM bank."user" WHERE username = $1', [username])).toEqual([
      { role: 'viewer', status: 'invited', password_hash: null },
    ]);
    expect(await noticesTo(email)).toMatchObject([{ template: 'invite' }]);
    expect(
      await bank.rows(
        `SELECT purpose, used_at FROM bank.password_reset r JOIN bank."user" u ON u.id = r.user_id WHERE u.username = $1 AND expires_at > now() + interval '6 days'`,
        [username],
      ),
    ).toEqual([{ purpose: 'invitation', used_at: null }]);
  } // prettier-ignore
});
