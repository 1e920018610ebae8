import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';
import { note, numberOf, roleGuide } from '../support/guide-roles.ts';

let bank: GuideBank;
let guide: ReturnType<typeof roleGuide>;
beforeAll(async () => {
  bank = await aGuideBank();
  guide = roleGuide(bank);
});
afterAll(() => bank[Symbol.asyncDispose]());

test('D1 Superuser may everything and creates administrators, Staff has the panel and the users', async () => {
  const allows = await guide.all('banking');
  expect(allows).toContain('banking.administrator.create');
  expect(await guide.given('banking-superuser', 'Superuser')).toEqual(allows);
  const staff = ['banking.panel.view', 'banking.user.create', 'banking.user.edit', 'banking.user.view'];
  expect(await guide.given('banking-staff', 'Staff')).toEqual(staff);
});

test('D2 Banking Admins view and change accounts and transactions and add admin actions, granted on screen and by command', async () => {
  const allows = [
    'banking.account.edit',
    'banking.account.view',
    'banking.adminaction.create',
    'banking.transaction.edit',
    'banking.transaction.view',
  ];
  expect(await guide.given('banking-admins', 'Banking Admins')).toEqual(allows);
  const [user] = await guide.users(1);
  await using console = await bank.screen('users');
  await goTo(console, `users username=${user?.username}`);
  await console.press('x', 'g');
  await console.fill({ role: 'banking-admins', until: '4h', note });
  await console.sees('becomes Banking Admins (banking-admins, level 3)', 'for 4h', 'gains 5: banking.account.edit');
  await console.confirm();
  await console.sees('[ok] granted banking-admins to', 'Roles granted');
  expect(await guide.may(user?.id ?? '')).toEqual(allows);
  const [grant] = await bank.rows(
    `SELECT o.name AS by, extract(epoch FROM expires_at - granted_at)::int AS seconds FROM platform.role_grant g JOIN ops.operator o ON o.id = g.granted_by WHERE user_id = $1`,
    [user?.id],
  );
  expect(grant).toEqual({ by: 'demo', seconds: 14_400 });
  expect((await bank.trail('user', user?.id ?? '')).at(-1)).toMatchObject({ action: 'users.grant-role', new: { role: 'banking-admins' } });
});

test('F4 a role template has name, slug, description, type, level 0 to 10, permissions and module admin, made, edited and retired', async () => {
  await using console = await bank.screen('roles');
  await console.press('x', 'n');
  await console.fill({
    slug: 'fastresult-vice-dean', name: 'Vice dean', description: 'Stands in for the dean', profile: 'fastresult', type: 'dean', level: '4', moduleAdmin: 'yes', note,
  }); // prettier-ignore
  await console.sees('fastresult-vice-dean (Vice dean) is made for fastresult: type dean, level 4 of 0 to 10');
  await console.confirm();
  await console.sees('[ok] created the role fastresult-vice-dean');
  const role = async () =>
    (
      await bank.rows(
        `SELECT name, description, profile, role_type, level, is_module_admin, is_active FROM platform.role WHERE slug = 'fastresult-vice-dean'`,
      )
    )[0];
  expect(await role()).toEqual({
    name: 'Vice dean', description: 'Stands in for the dean', profile: 'fastresult', role_type: 'dean', level: 4, is_module_admin: true, is_active: true,
  }); // prettier-ignore

  await bank.bursar('roles', 'edit', 'fastresult-vice-dean', '--level', '3', '--note', note, '--yes');
  expect(await role()).toMatchObject({ level: 3, name: 'Vice dean' });
  expect(await bank.tries('roles', 'edit', 'fastresult-vice-dean', '--level', '11', '--note', note, '--yes')).toMatchObject({ code: 2 });
  await bank.bursar('roles', 'set-permissions', 'fastresult-vice-dean', '--permissions', 'fastresult.result.view', '--note', note, '--yes');
  await bank.bursar('roles', 'retire', 'fastresult-vice-dean', '--note', note, '--yes');
  expect(await role()).toMatchObject({ is_active: false });
  const [user] = await guide.users(1);
  const refused = await bank.tries('users', 'grant-role', user?.username ?? '', '--role', 'fastresult-vice-dean', '--note', note, '--yes');
  expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('is retired') as string });
  const levels = await bank.rows(
    `SELECT role_type, level FROM platform.role WHERE role_type IN ('system_admin', 'dean', 'student') AND is_active ORDER BY level`,
  );
  expect(levels).toEqual([
    { role_type: 'system_admin', level: 0 },
    { role_type: 'dean', level: 3 },
    { role_type: 'student', level: 10 },
  ]);
  await goTo(console, 'roles profile=fastresult level=0..4');
  await console.sees('fastresult-system-admin', 'fastresult-dean', 'fastresult-hod');
});

test('F5 there are the eight role types, and no other', async () => {
  const types = ['system_admin', 'university_admin', 'hod', 'dean', 'lecturer', 'exam_officer', 'student', 'support_staff'];
  await using console = await bank.screen('roles');
  for (const type of types) {
    await goTo(console, `roles type=${type} active=yes`);
    await console.sees('1 of 1', type);
    expect(await bank.bursar('roles', 'list', `type=${type}`, 'active=yes')).toContain(`fastresult-`);
  }
  const flags = ['--name', 'Rector', '--profile', 'fastresult', '--level', '1', '--note', note, '--yes'];
  const refused = await bank.tries('roles', 'create', '--slug', 'fastresult-rector', ...flags, '--type', 'rector');
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('exam_officer') as string });
});

test('F6 permissions have a unique codename, a resource, one of eight categories, and roles that are given them with the difference shown', async () => {
  await using console = await bank.screen('permissions');
  await goTo(console, 'permissions category=approve role=fastresult-dean');
  await console.sees('1 of 2', 'fastresult.course.approve', 'fastresult.result.approve', 'fastresult-dean');
  const categories = await bank.rows('SELECT DISTINCT category FROM platform.permission ORDER BY 1');
  expect(categories.map(row => row['category'])).toEqual(['approve', 'create', 'delete', 'edit', 'export', 'import', 'manage', 'view']);
  expect(await bank.value('SELECT count(*) - count(DISTINCT codename) FROM platform.permission')).toBe('0');
  expect(await bank.bursar('permissions', 'show', 'fastresult.result.approve')).toContain('fastresult-dean');

  const make = ['--name', 'Examiner', '--profile', 'fastresult', '--level', '6', '--note', note, '--yes'];
  await bank.bursar('roles', 'create', '--slug', 'fastresult-examiner', ...make);
  await goTo(console, 'roles slug=fastresult-examiner');
  await console.press('x', 'p');
  await console.fill({ permissions: '+fastresult.result.* -fastresult.result.export', note });
  await console.sees('gains 5:', 'fastresult.result.import', 'nobody holds it', 'What changes', 'Afterwards');
  await console.confirm();
  await console.sees('[ok] set the permissions of fastresult-examiner: 5 more, 0 fewer');
  await bank.bursar(
    'roles',
    'set-permissions',
    'fastresult-examiner',
    '--permissions',
    '-fastresult.result.import +fastresult.course.view',
    '--note',
    note,
    '--yes',
  );
  const held = await bank.rows(
    `SELECT p.codename FROM platform.role r JOIN platform.role_permission rp ON rp.role_id = r.id JOIN platform.permission p ON p.id = rp.permission_id WHERE r.slug = 'fastresult-examiner' ORDER BY 1`,
  );
  expect(held.map(row => row['codename'])).toEqual([
    'fastresult.course.view', 'fastresult.result.approve', 'fastresult.result.create', 'fastresult.result.edit', 'fastresult.result.view',
  ]); // prettier-ignore
  const unknown = await bank.tries(
    'roles',
    'set-permissions',
    'fastresult-examiner',
    '--permissions',
    '+banking.account.view',
    '--note',
    note,
    '--yes',
  );
  expect(unknown.code).toBe(2);

  // what a role gains, everybody who holds it gains: that takes two
  const [user] = await guide.users(1);
  await guide.grantByCommand(user?.username ?? '', 'fastresult-examiner');
  const asked = await bank.tries(
    'roles',
    'set-permissions',
    'fastresult-examiner',
    '--permissions',
    '+fastresult.result.export',
    '--note',
    note,
    '--yes',
  );
  expect(asked).toMatchObject({ code: 4 });
  expect(await guide.mayNot(user?.id ?? '', 'fastresult.result.export')).toBe(true);
  await bank.bursar('--as', 'manager', 'inbox', 'approve', numberOf(asked), '--note', 'agreed with the dean', '--yes');
  expect(await guide.mayNot(user?.id ?? '', 'fastresult.result.export')).toBe(false);
});

test('F4 a role is given to many at once: those who break a separation of duties are left for a decision of their own', async () => {
  const some = await guide.users(3);
  const [, , dean] = some;
  await guide.grantByCommand(dean?.username ?? '', 'fastresult-dean');
  await using console = await bank.screen('users', [120, 50]);
  await goTo(
    console,
    `users id=${some.map(({ id }) => id).toSorted((a, b) => Number(a) - Number(b))[0]}..${some.map(({ id }) => id).toSorted((a, b) => Number(b) - Number(a))[0]} role=customer status=active`,
  );
  await console.press('*');
  await console.sees('marked, as they are now');
  await console.press('x', 'g');
  await console.fill({ role: 'fastresult-lecturer', note });
  await console.sees('1 have something against them', 'enters results and approves them');
  await console.confirm();
  await console.proceed(true);
  await console.sees('[ok] granted a role to 2 of 2');
  const holders = await bank.rows(
    `SELECT g.user_id::text AS id FROM platform.role_grant g JOIN platform.role r ON r.id = g.role_id WHERE r.slug = 'fastresult-lecturer' AND g.user_id = ANY ($1) ORDER BY g.id`,
    [some.map(({ id }) => id)],
  );
  expect(holders.map(row => row['id']).toSorted((a, b) => Number(a) - Number(b))).toEqual(
    some
      .filter(({ id }) => id !== dean?.id)
      .map(({ id }) => id)
      .toSorted((a, b) => Number(a) - Number(b)),
  );
});
