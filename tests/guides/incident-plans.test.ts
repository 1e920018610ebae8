import { afterAll, beforeAll, expect, test } from 'vitest';
import { goTo } from '../support/guide-bank.ts';
import { anIncidentBank, note, noted, type IncidentBank } from '../support/incident-guide.ts';

let world: IncidentBank;
beforeAll(async () => {
  world = await anIncidentBank();
});
afterAll(() => world[Symbol.asyncDispose]());

test('D39 an outage: assessed, told and on the status page within 15 minutes, cause and workaround within the hour, then fix, test and review', async () => {
  const incident = await world.declare('--kind', 'outage', '--level', '2', '--title', 'Card payments are refused everywhere');
  const plan = await world.planOf(incident);
  const phase = (name: string) => plan.filter(step => step.phase === name);
  expect(
    phase('first 15 minutes')
      .map(({ title }) => title)
      .join('\n'),
  ).toMatch(/Assess it|Call the team|Notify support|status page, with a time/);
  expect(phase('first 15 minutes').every(({ minutes }) => minutes <= 15)).toBe(true);
  expect(phase('15 to 60 minutes').every(({ minutes }) => minutes > 15 && minutes <= 60)).toBe(true);
  expect(phase('15 to 60 minutes').map(({ title }) => title.split(',')[0])).toEqual([
    'Find the root cause',
    'Put a workaround in place',
    'Give a new time on the status page',
  ]);
  expect(phase('after').map(({ title }) => title.split(' ')[0])).toEqual(['Fix', 'Test', 'Say', 'Review']);

  await using console = await world.bank.screen('incidents', [150, 44]);
  await goTo(console, `incidents id=${incident}`);
  await console.press('enter');
  await console.sees('Assess it: what fails', '0-15 min', '15-60 min', 'in 4:');
  await goTo(console, `incidents id=${incident}`);
  await console.press('x', 'o');
  await console.fill({ lead: 'sven', note });
  await console.sees('sven leads incident');
  await console.confirm();
  await console.sees('[ok] sven leads incident');
  await world.bursar(
    'incident-steps',
    'check',
    await world.stepIn(incident, 'Put it on the status page'),
    '--note',
    'expected to last until 11:30',
    '--yes',
  );
  await world.bursar('incidents', 'draft-notice', incident, '--audience', 'management', ...noted);
  const draft = await world.bank.value('SELECT max(id) FROM ops.incident_notice');
  expect(await world.bank.value('SELECT body FROM ops.incident_notice WHERE id = $1', [draft])).toContain(
    'The next word comes within the hour',
  );
  await world.bursar(
    'incident-notices',
    'edit',
    draft,
    '--text',
    'Card payments fail since 10:40. We expect them back at 11:30.',
    ...noted,
  );
  await world.bursar('incident-notices', 'send', draft, ...noted);
  // late is late: nobody found the cause within its half hour
  await world.bank.rows(
    `SET session_replication_role = replica; UPDATE ops.incident_step SET due_at = due_at - interval '40 minutes' WHERE incident_id = ${incident} AND title LIKE 'Find the%'`,
  );
  await goTo(console, `incident-steps incident=${incident} overdue=yes`);
  await console.sees('Find the root cause', 'overdue');
  await world.bursar('incident-steps', 'check', await world.stepIn(incident, 'Find'), '--note', 'a certificate had run out', '--yes');
  await world.bursar('incidents', 'contain', incident, '--note', 'payments go by the second line', '--yes');
  await world.bursar('incidents', 'resolve', incident, '--note', 'the certificate is renewed', '--yes');
  const report = await world.closeReview(incident);
  for (const words of [
    'led by sven',
    'late by',
    'expected to last until 11:30',
    'incident\\-notices.send',
    '## What prevents it from now on',
    'Contained',
  ])
    expect(report).toContain(words);
}, 120_000);

test('D40 a security incident: contained, evidence, scope, told to team, management, legal and users, forensics, clean restore, hardened, watched', async () => {
  const [account = ''] = await world.accounts(1);
  const incident = await world.declare('--level', '1', '--title', 'An operator account did what nobody did', '--records', account);
  await world.bursar('incidents', 'set-level', incident, '--level', '3', '--note', 'it is a compromise, not a mistake', '--yes');
  const order = [
    'Contain it',
    'Preserve the evidence',
    'Establish the scope',
    'Notify the team',
    'Notify legal',
    'Notify the users',
    'Forensics',
    'Recover: restore from a clean',
    'Harden',
    'Watch closely',
  ];
  const titles = (await world.planOf(incident)).map(({ title }) => title);
  const places = order.map(beginning => titles.findIndex(title => title.startsWith(beginning)));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places).not.toContain(-1);

  for (const audience of ['team', 'management', 'legal', 'customers'])
    await world.bursar('incidents', 'draft-notice', incident, '--audience', audience, ...noted);
  await using console = await world.bank.screen('incident-notices', [150, 44]);
  await goTo(console, `incident-notices incident=${incident} audience=legal`);
  await console.sees('legal', 'GDPR, article 33');
  await console.press('x', 's');
  await console.fill({ note });
  await console.confirm();
  await console.sees('[ok] sent notice');
  await world.bursar('incidents', 'preserve', incident, '--hours', '48', ...noted);
  await world.bursar('incidents', 'contain', incident, ...noted);
  await world.bursar('incidents', 'resolve', incident, ...noted);
  await world.bursar(
    'incident-steps',
    'check',
    '--filter',
    `incident=${incident} state=open`,
    '--note',
    'done, and noted in the log',
    '--yes',
  );
  const report = await world.closeReview(incident);
  expect(report).toContain('0 not done');
  for (const words of ['Root cause', 'legal', 'bundle', 'incidents.set\\-level']) expect(report).toContain(words);
  await console.command('incidents');
  await goTo(console, `incidents id=${incident}`);
  await console.press('d');
  await console.sees('Reviewed', '19 of 19', 'Root cause', 'sha256');
}, 120_000);
