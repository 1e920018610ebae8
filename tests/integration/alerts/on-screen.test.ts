import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aCommandHome } from '../../support/command.ts';
import { aGuideBank, goTo, type GuideBank } from '../../support/guide-bank.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const why = 'the seller was asked and explained it';
const one = async (condition: string): Promise<string> => {
  const id = await bank.value(`SELECT id FROM ops.alert a WHERE ${condition} ORDER BY id DESC LIMIT 1`);
  if (!/^\d+$/.test(id)) throw new Error(`there is no alert with ${condition}`);
  return id;
};
const statusOf = (id: string) => bank.value('SELECT status FROM ops.alert WHERE id = $1', [id]);

test('an alert says at a glance what was seen, by which numbers, and who paid whom, on a small and on a larger screen', async () => {
  const id = await one('rule = 9');
  const account = await bank.value('SELECT number FROM bank.account WHERE id = (SELECT account_id FROM ops.alert WHERE id = $1)', [id]);
  await using small = await bank.screen('alerts', [80, 24]);
  await goTo(small, `alerts id=${id}`);
  await small.sees('SCORE', 'WHAT WAS SEEN', 'AGE', '75 mid', account);
  await small.press('enter');
  await small.sees(`Account  ${account}`, 'R9 pass-through, version 1, 45 points', 'Who paid whom (EUR):');
  await small.sees(`▶ [${account}] ┬─`, 'Fast Exchange');
  await small.press('^d', '^d');
  await small.sees('Share that leaves (percent)', 'Transactions');
  await small.press('G');
  await small.sees('Other alerts of this account');

  await using large = await bank.screen('alerts', [120, 40]);
  await goTo(large, `alerts id=${id}`);
  await large.sees('SCORE', 'R9 pass-through', 'Who paid whom (EUR):', `[${account}]`);
  await large.press('a');
  await large.sees('Accounts', account, '1 of 1');
  await large.press('[', 't');
  await large.sees('Transactions', `account=${account}`);
  const looks = `SELECT count(*) FROM ops.audit WHERE entity = 'alert' AND entity_id = $1 AND verb = 'view'`;
  expect(Number(await bank.value(looks, [id]))).toBe(2);
});

test('claim next, dismiss with an outcome and take it back, by keys', async () => {
  await using console = await bank.screen('alerts');
  await console.press('x', 'n');
  await console.fill({});
  await console.sees('now that is alert');
  await console.confirm();
  await console.sees('[ok] claimed');
  const mine = `status = 'in review' AND claimed_by = (SELECT id FROM ops.operator WHERE name = 'demo')`;
  const id = await one(mine);
  const gravest = await bank.value(`SELECT max(score) FROM ops.alert WHERE status = 'open' AND snoozed_until IS NULL`);
  expect(Number(await bank.value('SELECT score FROM ops.alert WHERE id = $1', [id]))).toBeGreaterThanOrEqual(
    Number(gravest === 'null' ? 0 : gravest),
  );
  await goTo(console, 'alerts claimed=demo status="in review"');
  await console.sees('1 of 1', 'in review');
  await console.press('x', 'd');
  await console.fill({ outcome: 'valuable', note: why });
  await console.sees('counts for the precision of its rule', 'Hits');
  await console.confirm();
  await console.sees('[ok] dismissed');
  expect(await bank.rows('SELECT status, outcome FROM ops.alert WHERE id = $1', [id])).toEqual([
    { status: 'dismissed', outcome: 'valuable' },
  ]);
  await console.press('z');
  await console.sees('it is in review again');
  await console.confirm();
  await console.sees('[ok] took back');
  expect(await bank.rows('SELECT status, outcome FROM ops.alert WHERE id = $1', [id])).toEqual([{ status: 'in review', outcome: null }]);
  expect((await bank.trail('alert', id)).map(({ action }) => action)).toEqual(['alerts.claim-next', 'alerts.dismiss', 'alerts.reopen']);
  await bank.bursar('alerts', 'release', id, '--yes');
  expect(await statusOf(id)).toBe('open');
});

test('from an alert to a case, a freeze and its end by two, by keys', async () => {
  const id = await one(
    `status = 'open' AND snoozed_until IS NULL AND EXISTS (SELECT FROM bank.account c WHERE c.id = a.account_id AND c.status = 'active')`,
  );
  const account = await bank.value('SELECT account_id FROM ops.alert WHERE id = $1', [id]);
  await using console = await bank.screen('alerts');
  await goTo(console, `alerts id=${id}`);
  await console.press('x', 'c');
  await console.fill({});
  await console.confirm();
  await console.sees('[ok] claimed', 'in review by demo');
  await console.press('x', 'e');
  await console.fill({ title: 'A payee that nobody knows', note: why });
  await console.sees('a case is opened: A payee that nobody knows');
  await console.confirm();
  await console.sees('[ok] escalated');
  const opened = await bank.value('SELECT case_id FROM ops.alert WHERE id = $1', [id]);

  await goTo(console, `cases id=${opened}`);
  await console.sees('A payee that nobody knows', 'open');
  await console.press('x', 't');
  await console.fill({ note: why });
  await console.confirm();
  await console.sees('[ok] took case', 'investigating');
  await console.press('x', 'h');
  await console.fill({});
  await console.sees('stops deposits, withdrawals and transfers');
  await console.confirm();
  await console.sees('[ok] froze');
  expect(await bank.value('SELECT status FROM bank.account WHERE id = $1', [account])).toBe('frozen');
  await console.press('x', 'l');
  await console.fill({ entity: 'user', record: 'demo-nobody', note: why });
  await console.sees('there is no user demo-nobody');
  await console.press('esc');
  await console.sees('nothing was changed');
  await console.press('x', 'c');
  await console.fill({ finding: 'confirmed', findings: 'the payee does not exist at that address' });
  await console.sees('is closed for good: confirmed', '1 alert');
  await console.confirm();
  await console.sees(/request \d+ waits for somebody with case\.decide/);
  await console.sees('pending approval');
  const [, number = ''] = /request (\d+)/.exec(console.frame()) ?? [];
  await bank.bursar('--as', 'manager', 'inbox', 'approve', number, '--note', why, '--yes');
  await console.sees('confirmed');
  expect(await bank.value('SELECT outcome FROM ops.alert WHERE id = $1', [id])).toBe('confirmed');
  await console.press('enter');
  await console.sees('Found       the payee does not exist at that', `bursar cases report ${opened}`);
});

test('the same by commands, each with its dry run, and what is refused', async () => {
  const id = await one(
    `status = 'open' AND score <= 80 AND snoozed_until IS NULL AND NOT EXISTS (SELECT FROM ops.case_file c WHERE c.account_id = a.account_id)`,
  );
  expect(await bank.tries('alerts', 'dismiss', id, '--outcome', 'valuable', '--note', why, '--yes')).toMatchObject({
    code: 3, stderr: expect.stringContaining('claim it first') as string,
  }); // prettier-ignore
  expect(await bank.bursar('alerts', 'claim', id, '--dry-run')).toContain('nobody else decides it');
  expect(await statusOf(id)).toBe('open');
  await bank.bursar('--as', 'analyst', 'alerts', 'claim', id, '--yes');
  expect((await bank.tries('alerts', 'escalate', id, '--note', why, '--yes')).stderr).toContain(`alert ${id} is in review by ravi`);
  await bank.bursar('--as', 'manager', 'alerts', 'release', id, '--yes');
  await bank.bursar('alerts', 'snooze', id, '--until', 'in 3 days', '--note', why, '--yes');
  expect(await bank.bursar('alerts', 'list', 'snoozed=yes', '--json')).toContain(`"id":"${id}"`);
  await bank.bursar('alerts', 'unsnooze', id, '--note', why, '--yes');
  await bank.bursar('alerts', 'claim', id, '--yes');
  await bank.bursar('alerts', 'escalate', id, '--note', why, '--yes');
  const opened = await bank.value('SELECT case_id FROM ops.alert WHERE id = $1', [id]);
  await bank.bursar('cases', 'take', opened, '--note', why, '--yes');
  await bank.bursar('cases', 'suspend', opened, '--note', why, '--yes');
  await bank.bursar('cases', 'resume', opened, '--note', why, '--yes');
  await bank.bursar('cases', 'link', opened, '--entity', 'alert', '--record', id, '--note', why, '--yes');
  expect((await bank.tries('alerts', 'freeze', '1', '2', '--ground', 'compliance', '--note', why, '--yes')).stderr).toContain(
    'takes one alert at a time',
  );
  const closing = await bank.tries('cases', 'close', opened, '--finding', 'refuted', '--findings', why, '--yes');
  expect(closing).toMatchObject({ code: 4, stdout: '' });
  expect(await bank.bursar('cases', 'list', 'status="pending approval"')).toContain('pending approval');
});

test('the report of a case tells all of it, ends in its hash, and is written once for one pair of eyes', async () => {
  const home = aCommandHome();
  const file = path.join(home, 'report.md');
  const id = await bank.value(`SELECT id FROM ops.case_file WHERE status = 'confirmed' ORDER BY id LIMIT 1`);
  await bank.bursar('cases', 'report', id, '--out', file);
  const text = readFileSync(file, 'utf8');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const [body = '', hash = ''] = text.split(/\nSHA-256 of all above this line: `(\w+)`\n$/);
  expect(createHash('sha256').update(body).digest('hex')).toBe(hash);
  const subject = await bank.value(
    `SELECT u.first_name || ' ' || u.last_name FROM ops.case_file c JOIN bank.account a ON a.id = c.account_id JOIN bank."user" u ON u.id = a.user_id WHERE c.id = $1`,
    [id],
  );
  for (const part of [
    `Name: ${subject}`,
    '## What was observed',
    'R5 Structuring',
    'Rule version 1, measured by: count 3',
    '## Transactions',
    'Cash paid in',
    '## Timeline',
    'ravi on case',
    '## Finding',
    '**confirmed**',
  ])
    expect(text).toContain(part);
  const transactions = await bank.value(
    `SELECT count(DISTINCT x) FROM ops.rule_hit h JOIN ops.alert a ON a.id = h.alert_id, unnest(h.transaction_ids) x WHERE a.case_id = $1`,
    [id],
  );
  expect(text.match(/^\| \d+ \| \d{4}-/gm)).toHaveLength(Number(transactions));
  expect(
    await bank.rows(
      `SELECT verb, new ->> 'filter' AS filter FROM ops.audit WHERE entity = 'case' AND verb = 'export' ORDER BY seq DESC LIMIT 1`,
    ),
  ).toEqual([{ verb: 'export', filter: `report of case ${id}, sha256 ${hash}` }]);
  expect(await bank.tries('cases', 'report', id, '--out', file)).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('was left as it is') as string,
  });
  expect(await bank.tries('cases', 'report', '999999')).toMatchObject({ code: 3, stdout: '' });
  expect(await bank.tries('--as', 'support', 'cases', 'report', id)).toMatchObject({ code: 3, stdout: '' });
});

test('whoever talks to customers sees no alert of an account', async () => {
  const row = (
    await bank.rows(
      `SELECT a.number, a.id FROM bank.account a JOIN ops.alert l ON l.account_id = a.id AND l.status IN ('open', 'in review') WHERE a.status = 'active' LIMIT 1`,
    )
  )[0];
  const number = String(row?.['number']);
  expect(await bank.bursar('accounts', 'list', `number=${number}`)).toMatch(/1 (low|mid|high)|[2-9] (low|mid|high)/);
  expect(await bank.bursar('accounts', 'show', number)).toContain('Alerts');
  const seen = await bank.bursar('--as', 'support', 'accounts', 'show', number);
  expect(seen).not.toContain('Alerts');
});
