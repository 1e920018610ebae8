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

const on = (profile: string, ...codenames: string[]): readonly string[] => codenames.map(codename => `${profile}.${codename}`);
const handyconnect = (...codenames: string[]) => on('handyconnect', ...codenames);
const afterresume = (...codenames: string[]) => on('afterresume', ...codenames);

test('H6 the System Administrator may everything: users, configuration, security; granting it takes two', async () => {
  const allows = await guide.all('handyconnect');
  expect(allows).toEqual(expect.arrayContaining([...handyconnect('user.manage', 'configuration.manage', 'security.manage')]));
  expect(await guide.given('handyconnect-system-administrator', 'System Administrator')).toEqual(allows);
});

test('H7 the Support Manager leads the team, assigns, sees analytics and plans training, and nothing else', async () => {
  const allows = handyconnect('analytics.view', 'assignment.manage', 'team.manage', 'training.manage');
  expect(await guide.given('handyconnect-support-manager', 'Support Manager')).toEqual(allows);
});

test('H8 the Support Agent has tasks, customers, basic reports and own settings, and nothing else', async () => {
  const allows = handyconnect('basic-report.view', 'customer.view', 'own-settings.edit', 'task.edit', 'task.view');
  expect(await guide.given('handyconnect-support-agent', 'Support Agent')).toEqual(allows);
});

test('H9 Read-Only sees tasks and reports and changes nothing', async () => {
  expect(await guide.given('handyconnect-read-only', 'Read-Only')).toEqual(handyconnect('report.view', 'task.view'));
});

test('A7 a membership has tenant, user, role and who invited, is good in its tenant only, and ends when it is revoked', async () => {
  const { id, username } = await guide.user();
  await using console = await bank.screen('grants');
  await console.press('x', 'n');
  await console.fill({ username, role: 'afterresume-member', tenant: 'globex', note });
  await console.sees('becomes Member (afterresume-member, level 6) in globex, without end');
  await console.confirm();
  await console.sees('[ok] granted afterresume-member to');
  const members = () =>
    bank.rows(
      `SELECT u.username, r.slug, g.tenant, o.name AS invited_by, g.revoked_at IS NULL AS live FROM platform.role_grant g JOIN bank."user" u ON u.id = g.user_id
         JOIN platform.role r ON r.id = g.role_id JOIN ops.operator o ON o.id = g.granted_by WHERE g.tenant = 'globex' ORDER BY g.id`,
    );
  expect(await members()).toEqual([{ username, slug: 'afterresume-member', tenant: 'globex', invited_by: 'demo', live: true }]);
  expect(await guide.mayNot(id, 'afterresume.job.create', 'globex')).toBe(false);
  expect(await guide.mayNot(id, 'afterresume.job.create', 'initech')).toBe(true);
  await goTo(console, `grants who=${username} tenant=globex`);
  await console.sees('1 of 1', 'afterresume-member in globex', 'live', 'Good for');

  const twice = await bank.tries(
    'grants',
    'grant',
    '--username',
    username,
    '--role',
    'afterresume-member',
    '--tenant',
    'globex',
    '--note',
    note,
    '--yes',
  );
  expect(twice).toMatchObject({ code: 3, stderr: expect.stringContaining('holds afterresume-member already') as string });
  await bank.bursar(
    'grants',
    'grant',
    '--username',
    username,
    '--role',
    'afterresume-read-only',
    '--tenant',
    'initech',
    '--until',
    '7d',
    '--note',
    note,
    '--yes',
  );
  await bank.bursar('grants', 'revoke', '--filter', `who=${username} tenant=globex`, '--note', note, '--yes');
  expect(await members()).toMatchObject([{ username, live: false }]);
  expect(await guide.may(id, 'globex')).toEqual([]);
  expect(await guide.mayNot(id, 'afterresume.worklog.view', 'initech')).toBe(false);
  const roles = await bank.bursar('grants', 'list', `who=${username}`, '--json');
  expect(roles).toContain('"revoked"');
});

const tenant = 'hooli';

test('A8 the Owner may everything of a tenant: settings, billing, users', async () => {
  const allows = await guide.all('afterresume');
  expect(allows).toEqual(expect.arrayContaining([...afterresume('tenant-settings.manage', 'billing.manage', 'user.manage')]));
  expect(await guide.given('afterresume-owner', 'Owner', tenant)).toEqual(allows);
});

test('A9 the Admin has users, worklogs, skills, reports, sees billing and audit; neither tenant nor billing settings', async () => {
  const work = [
    'report.create',
    'report.manage',
    'report.view',
    'skill.manage',
    'skill.view',
    'user.manage',
    'worklog.manage',
    'worklog.view',
  ];
  const held = await guide.given('afterresume-admin', 'Admin', tenant);
  expect(held).toEqual(afterresume('audit.view', 'billing.view', ...work));
  for (const refused of afterresume('tenant-settings.manage', 'billing.manage')) expect(held).not.toContain(refused);
});

test('A10 the Member has own worklogs and skills, reports, jobs, share links and the own export, and nothing of others', async () => {
  const work = ['job.create', 'job.view', 'own-data.export', 'own-skill.edit', 'own-worklog.edit', 'report.create', 'report.view'];
  expect(await guide.given('afterresume-member', 'Member', tenant)).toEqual(afterresume(...work, 'share-link.create', 'share-link.view'));
});

test('A11 Read Only sees worklogs, skills, reports, jobs and share links, and changes nothing', async () => {
  const allows = afterresume('job.view', 'report.view', 'share-link.view', 'skill.view', 'worklog.view');
  expect(await guide.given('afterresume-read-only', 'Read Only', tenant)).toEqual(allows);
});

test('P2 a user is viewer, executor, designer, executive, developer or admin: lowered by one, raised by two, signed out either way', async () => {
  const [one] = await bank.rows(
    `SELECT id::text, username FROM bank."user" WHERE role = 'designer' AND status = 'active' ORDER BY id LIMIT 1`,
  );
  const [id, username] = [String(one?.['id']), String(one?.['username'])];
  const role = () => bank.value('SELECT role FROM bank."user" WHERE id = $1', [id]);
  const signIn = () => bank.rows(`SELECT bank.record_sign_in($1, '198.18.7.7', 'a browser', 'Firefox on Linux', true)`, [username]);
  const open = () => bank.value('SELECT count(*) FROM bank.auth_session WHERE user_id = $1 AND ended_at IS NULL', [id]);
  await signIn();
  await using console = await bank.screen('users');
  await goTo(console, `users username=${username}`);
  await console.press('x', 'r');
  await console.fill({ role: 'viewer', note });
  await console.sees('designer -> viewer', 'loses 3: phase8.execution.create', 'at once');
  await console.confirm(username);
  await console.sees(`[ok] made ${username} viewer, before designer`);
  expect([await role(), await open()]).toEqual(['viewer', '0']);

  await signIn();
  const asked = await bank.tries('users', 'change-role', username, '--role', 'executive', '--note', note, '--yes', '--confirm', username);
  expect(asked).toMatchObject({ code: 4, stderr: expect.stringContaining('nothing was changed yet') as string });
  expect(await role()).toBe('viewer');
  const own = await bank.tries('inbox', 'approve', numberOf(asked), '--note', 'decided by its own maker', '--yes');
  expect(own).toMatchObject({ code: 3 });
  await bank.bursar('--as', 'manager', 'inbox', 'approve', numberOf(asked), '--note', 'agreed with the board', '--yes');
  expect([await role(), await open()]).toEqual(['executive', '0']);
  expect((await guide.may(id)).filter(codename => codename.startsWith('phase8'))).toEqual([
    'phase8.pipeline.view',
    'phase8.report.export',
    'phase8.report.view',
  ]);
  expect((await bank.trail('user', id)).filter(({ outcome }) => outcome === 'success').slice(-2)).toMatchObject([
    { action: 'users.change-role', operator: 'demo', old: { role: 'designer' }, new: { role: 'viewer' } },
    { action: 'users.change-role', operator: 'mona', old: { role: 'viewer' }, new: { role: 'executive' } },
  ]);

  const known = await bank.bursar('roles', 'list', 'profile=phase8');
  for (const name of ['viewer', 'executor', 'designer', 'executive', 'developer', 'admin']) expect(known).toContain(`phase8-${name}`);
  const nobody = await bank.tries('users', 'change-role', username, '--role', 'emperor', '--note', note, '--yes', '--confirm', username);
  expect(nobody).toMatchObject({ code: 2 });

  const admins = await bank.rows(`SELECT username FROM bank."user" WHERE role = 'admin' AND status = 'active' ORDER BY id`);
  const lower = (name: unknown) =>
    bank.tries('users', 'change-role', String(name), '--role', 'viewer', '--note', note, '--yes', '--confirm', String(name));
  for (const { username: admin } of admins.slice(1)) expect(await lower(admin)).toMatchObject({ code: 0 });
  expect(await lower(admins[0]?.['username'])).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('last active administrator') as string,
  });
});
