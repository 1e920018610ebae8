import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, arrive, askAndApprove, goTo, type GuideBank } from '../support/guide-bank.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const note = 'asked for by the customer, ticket 4711';

test('D3 one console for data and for monitoring: overview, accounts, users, transactions and the log', async () => {
  const panes = [
    ['1', 'overview', 'Pending accounts'],
    ['2', 'accounts', 'BALANCE'],
    ['3', 'users', 'USERNAME'],
    ['4', 'transactions', 'AMOUNT'],
    ['8', 'audit', 'ACTION'],
  ] as const;
  await using console = await bank.screen('overview');
  for (const [number, pane, sign] of panes) {
    await console.press(number);
    await arrive(console, pane);
    await console.sees(sign);
    expect((await bank.bursar(pane, 'list', '--limit', '3')).split('\n').length).toBeGreaterThan(2);
  }
  await goTo(console, 'accounts');
  await console.press('enter', 'u');
  await arrive(console, 'users');
  await console.press('l');
  await arrive(console, 'audit');
  const looked = await bank.rows(`SELECT DISTINCT entity FROM ops.audit WHERE verb = 'view' ORDER BY 1`);
  expect(looked).toEqual([{ entity: 'audit' }, { entity: 'user' }]);
});

test('D8 approving, updating a profile, flagging and every change of a status are named and logged', async () => {
  const one = (sql: string) => bank.value(sql);
  const pending = await one(`SELECT number FROM bank.account WHERE status = 'pending' ORDER BY id LIMIT 1`);
  const application = await one(`SELECT number FROM bank.account WHERE status = 'pending' ORDER BY id DESC LIMIT 1`);
  const empty = await one(`SELECT number FROM bank.account WHERE status = 'active' AND balance = 0 ORDER BY id LIMIT 1`);
  const user = await one(`SELECT username FROM bank."user" WHERE status = 'active' AND role = 'customer' ORDER BY id LIMIT 1`);
  const transaction = await one(
    `SELECT max(id) FROM bank.transaction t WHERE NOT EXISTS (SELECT FROM ops.transaction_flag f WHERE f.transaction_id = t.id)`,
  );
  const said = ['--note', note, '--yes'];
  const steps: readonly (readonly [title: string, ...words: string[]])[] = [
    ['Approve account', 'accounts', 'approve', pending, ...said],
    ['Freeze account', 'accounts', 'freeze', pending, '--ground', 'compliance', ...said],
    ['Unfreeze account', 'accounts', 'unfreeze', pending, '--findings', note, '--resolved', '--yes'],
    ['Reject account', 'accounts', 'reject', application, '--ground', 'withdrawn', ...said],
    ['Close account', 'accounts', 'close', empty, '--ground', 'inactivity', '--confirm', empty, ...said],
    ['Update profile', 'users', 'edit', user, '--last-name', 'Lovelace', ...said],
    ['Lock user', 'users', 'lock', user, ...said],
    ['Unlock user', 'users', 'unlock', user, ...said],
    ['Deactivate user', 'users', 'deactivate', user, ...said],
    ['Activate user', 'users', 'activate', user, ...said],
    ['Flag transaction', 'transactions', 'flag', transaction, ...said],
    ['Unflag transaction', 'transactions', 'unflag', transaction, ...said],
  ];
  const ofTwo = ['Unfreeze account', 'Close account', 'Activate user'];
  await using console = await bank.screen('audit');
  for (const [title, ...words] of steps) {
    // the three that the guide names are looked at beforehand as well
    if (['Approve account', 'Update profile', 'Flag transaction'].includes(title)) {
      const shown = await bank.bursar(...words.filter(word => word !== '--yes'), '--dry-run');
      if (!shown.includes(title)) throw new Error(`the preview is not called ${title}: ${shown}`);
    }
    await (ofTwo.includes(title) ? askAndApprove(bank, ...words) : bank.bursar(...words));
    expect(
      await bank.rows(
        `SELECT action, outcome::text, old IS NOT NULL AS old, new IS NOT NULL AS new FROM ops.audit WHERE verb NOT IN ('login', 'logout', 'view', 'export') ORDER BY seq DESC LIMIT 1`,
      ),
    ).toEqual([{ action: `${words[0]}.${words[1]}`, outcome: 'success', old: true, new: true }]);
  }
  await goTo(console, 'audit verb=update,approve,reject outcome=success entity=account,user,transaction');
  await console.sees(`1 of ${steps.length}`, 'users.edit', 'transactions.flag', 'accounts.approve', 'accounts.close');
});

test('P22 users by role, what each operator did in 24 hours and when last, and sizes', async () => {
  const user = await bank.value(`SELECT username FROM bank."user" WHERE status = 'active' AND role = 'customer' ORDER BY id DESC LIMIT 1`);
  await bank.bursar('users', 'lock', user, '--note', note, '--yes');
  const roles = await bank.rows('SELECT role, count(*)::int AS count FROM bank."user" GROUP BY role');
  const shown = await bank.bursar('overview', 'show', 'Users by role');
  for (const { role, count } of roles) expect(shown).toMatch(new RegExp(`^ +${String(role)} +${Number(count).toLocaleString('en')} `, 'm'));
  const [acts] = await bank.rows(
    `SELECT to_char(max(at) AT TIME ZONE 'UTC', 'MM-DD HH24:MI') AS last FROM ops.audit WHERE operator = 'demo'`,
  );
  expect(await bank.bursar('overview', 'show', 'Operator acts, 24 h')).toMatch(
    new RegExp(`demo +\\d+ +${String(acts?.['last'])}|demo +\\d+ +\\d\\d-\\d\\d`),
  );
  expect(await bank.bursar('overview', 'show', 'Database size')).toMatch(/bank\.transaction +~\d[\d,]* +\d+ MB/);

  await using console = await bank.screen('overview', [160, 50]);
  for (const [name, ...signs] of [
    ['Users by role', 'customer', 'viewer', 'admin', 'executor'],
    ['Operator acts, 24 h', 'By operator, last 24 h', 'demo', 'users.lock'],
    ['Database size', 'Largest tables', 'bank.transaction', 'ops.audit'],
  ] as const) {
    await goTo(console, `overview name="${name}"`);
    await console.sees('1 of 1');
    await console.press('enter');
    await console.sees(...signs);
    await console.press('esc');
  }
});
