import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { approveOnScreen, goTo } from '../support/guide-bank.ts';
import { anIncidentBank, note, noted, type IncidentBank } from '../support/incident-guide.ts';

let world: IncidentBank;
beforeAll(async () => {
  world = await anIncidentBank();
});
afterAll(() => world[Symbol.asyncDispose]());

test('D22 level 1 is logged, watched and assisted: declared by one key, ticked off, over when nothing more comes', async () => {
  const [locked] = await world.bank.rows(`SELECT username, id::text FROM bank."user" WHERE status = 'locked' ORDER BY id LIMIT 1`);
  const username = String(locked?.['username']);
  await using console = await world.bank.screen('users', [150, 44]);
  await console.press('!');
  await console.fill({ level: '1', title: 'Five wrong passwords in a row', records: `user:${username}`, note });
  await console.sees('level 1', 'about 1 record');
  await console.confirm();
  await console.sees('[ok] declared incident', 'L1!');
  const incident = await world.newest();
  await goTo(console, `incident-steps incident=${incident}`);
  await console.sees('Log what was seen', 'Watch the user', 'Assist the user', 'in 4:');
  await console.press('x', 'k');
  await console.fill({ note: 'five from one address, none since' });
  await console.confirm();
  await console.sees('[ok] done "Log what was seen', 'done in time');

  await world.bursar('users', 'unlock', username, '--note', 'she called and knew her details', '--yes');
  const assist = await world.stepIn(incident, 'Assist');
  expect(await world.bursar('incident-steps', 'check', assist, '--note', 'unlocked after a call', '--yes')).toContain(
    'done "Assist the user',
  );
  expect(await world.bursar('incidents', 'show', incident)).toContain(`users.unlock user ${username}`);
  await world.bursar('incidents', 'contain', incident, ...noted);
  await world.bursar('incidents', 'resolve', incident, ...noted);
  expect(await world.bank.value('SELECT status FROM ops.incident WHERE id = $1', [incident])).toBe('resolved');
}, 120_000);

test('D23 level 2 is investigated at once, frozen, documented and prevented: records linked, frozen by one word, told, and in the report', async () => {
  const accounts = await world.accounts(3);
  const incident = await world.declare('--level', '2', '--title', 'Transfers that look like one hand', '--records', accounts.join(' '));
  const plan = await world.planOf(incident);
  expect(plan.map(({ title }) => title).join('\n')).toMatch(/Investigate now[^]*Freeze the affected[^]*Document what[^]*Prevent it/);
  expect(plan[0]).toMatchObject({ phase: 'first 15 minutes', minutes: 5 });
  await using console = await world.bank.screen('accounts', [150, 44]);
  await goTo(console, `accounts incident=${incident}`);
  await console.sees('1 of 3', ...accounts);
  await world.bursar('incidents', 'freeze', incident, '--ground', 'suspicious pattern', ...noted);
  expect(
    await world.bank.rows(`SELECT count(*)::int AS frozen FROM bank.account WHERE number = ANY ($1) AND status = 'frozen'`, [accounts]),
  ).toEqual([{ frozen: 3 }]);
  await world.bursar('incident-steps', 'check', await world.stepIn(incident, 'Freeze'), '--note', 'three accounts are frozen', '--yes');
  await world.bursar('incidents', 'note', incident, '--text', 'all three were opened with one telephone', '--yes');

  await world.bursar('incidents', 'draft-notice', incident, '--audience', 'team', ...noted);
  await goTo(console, `incident-notices incident=${incident}`);
  await console.sees('draft', 'team', 'Transfers that look like one hand');
  await console.press('x', 's');
  await console.fill({ note });
  await console.confirm();
  await console.sees('[ok] sent notice', 'sent');
  expect(
    Number(await world.bank.value(`SELECT count(*) FROM ops.notice WHERE template = 'incident-update' AND status = 'kept'`)),
  ).toBeGreaterThan(3);
  await world.bursar('incidents', 'contain', incident, ...noted);
  await world.bursar('incidents', 'resolve', incident, ...noted);
  const report = await world.closeReview(incident);
  for (const words of [
    '3 frozen meanwhile',
    'accounts.freeze',
    'three accounts are frozen',
    'all three were opened with one telephone',
    'team',
    'not done',
    ...accounts,
  ])
    expect(report).toContain(words);
}, 120_000);

test('D24 level 3: the team, all affected frozen as one bulk, evidence sealed, everybody told, recovery: by keys', async () => {
  const accounts = await world.accounts(22);
  const incident = await world.declare('--level', '3', '--title', 'Data of customers is for sale');
  await using console = await world.bank.screen('accounts', [150, 44]);
  await world.bursar('accounts', 'link-incident', ...accounts.slice(0, 21), ...noted);
  await goTo(console, `accounts number=${accounts[21]}`);
  await console.press('x', 'i');
  await console.fill({ note });
  await console.sees('is affected by incident', 'Data of customers is for sale');
  await console.confirm();
  await console.sees('[ok] linked');

  await goTo(console, `incidents id=${incident}`);
  await console.press('x', 'f');
  await console.fill({ ground: 'unauthorised access', note });
  await console.sees('22 will be done: one first');
  await console.confirm();
  await console.proceed(true);
  await console.sees('[ok] froze 22 of 22');
  await console.press('enter');
  await goTo(console, `incidents id=${incident}`);
  await console.press('x', 'p');
  await console.fill({ note });
  await console.sees('22 accounts of', 'seals it with SHA-256');
  await console.confirm();
  await console.sees('[ok] preserved evidence');
  await console.press('x', 't');
  await console.fill({ audience: 'customers', note });
  await console.sees('sending it takes two people');
  await console.confirm();
  await console.sees('[ok] drafted notice');
  await goTo(console, `incident-notices incident=${incident}`);
  await console.press('x', 's');
  await console.fill({ note });
  await console.confirm();
  await approveOnScreen(world.bank, console, 'sent notice');
  const customers = Number(await world.bank.value(`SELECT count(DISTINCT user_id) FROM bank.account WHERE number = ANY ($1)`, [accounts]));
  expect(
    await world.bank.rows(
      `SELECT count(DISTINCT recipient)::int AS told FROM ops.notice n WHERE about_entity = 'incident-notice' AND subject = 'News from your bank'`,
    ),
  ).toEqual([{ told: customers }]);

  const folder = path.dirname((await world.bursar('incidents', 'export', incident)).trim().split('\n')[0] ?? '');
  expect(await world.bursar('incidents', 'verify', folder)).toContain('files as they were');
  const manifest = JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8')) as { parts: { file: string; rows: number }[] };
  const rowsOf = (file: string) => manifest.parts.find(part => part.file === file)?.rows;
  expect([rowsOf('accounts.json'), rowsOf('holds.json')]).toEqual([22, expect.any(Number)]);
  const plan = (await world.planOf(incident)).map(({ title }) => title).join('\n');
  expect(plan).toMatch(/Call the team[^]*Freeze the affected[^]*Preserve the evidence[^]*Notify the users[^]*Recover: restore/);
  await world.bursar('incidents', 'contain', incident, ...noted);
  await world.bursar('incidents', 'resolve', incident, ...noted);
}, 120_000);
