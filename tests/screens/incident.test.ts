import { expect, test } from 'vitest';
import { lengthOf, parseRecords, stepWords } from '../../src/domain/incident.ts';
import { anAccount, openConsole, type TestConsole } from '../support/console.ts';

const note = 'tokens of customers turned up elsewhere';

const behind = (console: TestConsole, sql: string) =>
  console.bank.rows(`SET session_replication_role = replica; ${sql}; SET session_replication_role = origin`);

/** An incident of level 3 that was declared by key, with so many accounts: one is named, the others are linked behind the screen. */
const declared = async (count: number): Promise<TestConsole> => {
  const accounts = Array.from({ length: count }, () => anAccount({ owner: 'Ada Byron', status: 'active' }));
  const console = await openConsole({ accounts, size: [150, 44] });
  await console.press('!');
  await console.fill({ level: '3', title: 'Tokens of customers were stolen', records: console.bank.numbers[0] ?? '', note });
  await console.sees('about 1 record, with 1 account', 'its checklist starts with the clock');
  await console.confirm();
  await console.sees('[ok] declared incident 1', '!INCIDENT #1 L3!');
  await behind(
    console,
    `INSERT INTO ops.incident_link (incident_id, entity, entity_id, linked_by) SELECT 1, 'account', id::text, 1 FROM bank.account ON CONFLICT DO NOTHING`,
  );
  return console;
};

/** As if so many seconds were left for the first step. */
const left = (console: TestConsole, seconds: number) =>
  behind(
    console,
    `UPDATE ops.incident_step SET due_at = clock_timestamp() + interval '${seconds}.9 seconds' WHERE id = (SELECT min(id) FROM ops.incident_step)`,
  );

test('the checklist of an incident counts down by the clock of the database, and says what is late; a step is ticked off with what was done', async () => {
  await using console = await declared(2);
  await console.command('incidents');
  await console.sees('Tokens of customers were stolen', '0/14');
  await left(console, 272);
  await console.press('enter');
  await console.until(() => console.state.view.resource === 'incident-steps', 'the checklist');
  await console.sees('0-15 min', 'Call the team together', 'Preserve the evidence', 'in 4:', '15-60 min', /in 1[0-4]:\d\d/, 'in 2 d 23 h');
  const shown = () => /in (4:\d\d)/.exec(console.frame())?.[1];
  const first = shown();
  await console.until(() => shown() !== undefined && shown() !== first, 'the next second');

  // so late that a slow machine makes nothing of it
  await left(console, -190_000);
  await console.sees('1 new, r shows them');
  await console.press('r');
  await console.sees('overdue 2 d 4 h');
  await console.press('g');
  await console.press('x', 'k');
  await console.fill({ note: 'five people are in the room, ravi leads' });
  await console.sees('it is late, and stays so in the review');
  await console.confirm();
  await console.sees('[ok] done "Call the team together', 'done 2 d 4 h late');
  await console.press('z');
  await console.confirm();
  await console.sees('[ok] opened again', 'overdue 2 d 4 h');
  await console.press('x', 's');
  await console.fill({ note: 'everybody was there already' });
  await console.confirm();
  await console.sees('[ok] skipped', 'skipped');
  expect(await console.bank.rows('SELECT skipped, note FROM ops.incident_step WHERE done_at IS NOT NULL')).toEqual([
    { skipped: true, note: 'everybody was there already' },
  ]);

  await console.command('incidents');
  await console.sees('1/14');
  await console.press('d');
  await console.sees('Done', '1 of 14', 'Affected', '2 of 1 customer, 0 frozen', 'Timeline', 'incident-steps.skip', 'incidents.declare');
});

test('one key freezes all that is affected: one first, then the others, and the one that cannot is told', async () => {
  await using console = await declared(24);
  await console.command('incidents');
  await console.sees('Tokens of customers were stolen');
  await console.press('x');
  await console.sees('Freeze all affected accounts');
  await console.press('f');
  await console.fill({ ground: 'unauthorised access', note });
  await console.sees('24 records are meant', '24 will be done: one first');
  const other = console.bank.numbers[12] ?? '';
  await behind(console, `UPDATE bank.account SET status = 'closed', closed_at = now(), version = version + 1 WHERE number = '${other}'`);
  await console.confirm();
  await console.sees('One was done first', 'Go on with 23');
  expect(await console.bank.rows(`SELECT count(*)::int AS frozen FROM bank.account WHERE status = 'frozen'`)).toEqual([{ frozen: 1 }]);
  await console.proceed(true);
  await console.sees('froze 23 of 24, 1 refused');
  expect(await console.bank.rows(`SELECT count(*)::int AS frozen FROM bank.account WHERE status = 'frozen'`)).toEqual([{ frozen: 23 }]);
  await console.press('enter');
  await console.command('incidents');
  await console.press('d');
  await console.sees('24 of 1 customer, 23 frozen', 'accounts.freeze account 24 records (partial)');
  const rows = await console.audit();
  const outcomes = rows.filter(row => row['action'] === 'accounts.freeze').map(row => row['outcome']);
  expect(Object.groupBy(outcomes, String)).toEqual({ success: Array(23).fill('success'), refused: ['refused'], partial: ['partial'] });
});

test('lengths of time and names of records are read and written in words', () => {
  expect([0, 59, 60, 3_599, 3_600, 7_500, 86_400, 190_000].map(lengthOf)).toEqual([
    '0 s',
    '59 s',
    '1 min',
    '59 min',
    '1 h',
    '2 h 5 min',
    '1 d',
    '2 d 4 h',
  ]);
  const step = { skipped: false, doneAt: null, lateBy: null };
  expect([3_599, 121, 61, 0, -61, 7_200].map(dueIn => stepWords({ ...step, dueIn }))).toEqual([
    ['in 59:59', 'plain'], ['in 2:01', 'plain'], ['in 1:01', 'warn'], ['overdue 0 s', 'bad'], ['overdue 1 min', 'bad'], ['in 2 h', 'plain'],
  ]); // prettier-ignore
  expect(parseRecords(' 447100930012, user:alice\nalert:#12 447100930012')).toEqual({
    ok: true,
    value: [{ entity: 'account', name: '447100930012' }, { entity: 'user', name: 'alice' }, { entity: 'alert', name: '12' }],
  }); // prettier-ignore
  for (const wrong of ['12', 'alert:', 'alert:x', 'role:admin', 'user:a:b']) expect(parseRecords(wrong)).toMatchObject({ ok: false });
});
