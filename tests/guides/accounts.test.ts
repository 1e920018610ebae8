import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, type GuideBank } from '../support/guide-bank.ts';
import { signedIn } from '../support/session.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const used = new Set<string>();
/** The number and id of an account in some state that no other test has taken. */
const anAccount = async (condition: string): Promise<{ readonly number: string; readonly id: string }> => {
  const rows = await bank.rows(`SELECT number, id FROM bank.account a WHERE currency = 'EUR' AND ${condition} ORDER BY id LIMIT 100`);
  const free = rows.map(row => ({ number: String(row['number']), id: String(row['id']) })).find(({ number }) => !used.has(number));
  if (!free) throw new Error(`there is no account left with ${condition}`);
  used.add(free.number);
  return free;
};
const several = async <T>(count: number, make: () => Promise<T>): Promise<readonly T[]> => {
  const made: T[] = [];
  while (made.length < count) made.push(await make());
  return made;
};
const statusOf = (number: string) => bank.value('SELECT status FROM bank.account WHERE number = $1', [number]);

type Checks = { readonly number: string; readonly doubts: readonly string[] };
/** The pending accounts with what speaks against each. */
const pendingChecks = async (): Promise<readonly Checks[]> => {
  await using session = await signedIn(bank.url);
  const found: Checks[] = [];
  for (const row of await session.list('accounts', 'status=pending', 200)) {
    const preview = await session.preview('accounts.approve', { id: String(row.id), note: 'looked at the application' });
    if (!preview.ok) throw new Error(preview.refusal.message);
    found.push({ number: preview.value.target.label, doubts: preview.value.doubts });
  }
  return found;
};

test('D5 the queue of pending accounts, with the data and documents of each', async () => {
  const pending = await bank.rows(`SELECT number FROM bank.account WHERE status = 'pending'`);
  await using console = await bank.screen('accounts');
  await console.command('accounts status=pending');
  await console.sees('status=pending', `1 of ${pending.length}`, 'Opening checks', 'documents', 'email verified');
  expect(console.frame()).not.toContain(' active ');

  const listed = JSON.parse(await bank.bursar('accounts', 'list', 'status=pending', '--limit', 'all', '--json')) as {
    rows: { number: string; status: string }[];
  };
  expect(listed.rows.map(({ number }) => number).toSorted()).toEqual(pending.map(({ number }) => number).toSorted());
  const [first] = listed.rows;
  expect(await bank.bursar('accounts', 'show', first?.number ?? '')).toMatch(/Opening checks[\s\S]*documents +(clear|NOT CLEAR)/);
});

test('D6 approval rests on valid data, verified e-mail, documents, no duplicate person and the opening rules', async () => {
  const all = await pendingChecks();
  const criteria = ['data valid', 'email verified', 'documents', 'no duplicate person', 'opening rules'];
  for (const criterion of criteria)
    expect(all.flatMap(({ doubts }) => doubts).filter(doubt => doubt.startsWith(`${criterion}: `))).not.toEqual([]);
  const unverified = all.find(({ doubts }) => doubts.some(doubt => doubt === 'email verified: not verified'))?.number ?? '';
  expect(
    await bank.rows('SELECT email_verified_at FROM bank."user" u JOIN bank.account a ON a.user_id = u.id WHERE a.number = $1', [
      unverified,
    ]),
  ).toEqual([{ email_verified_at: null }]);

  await using console = await bank.screen('accounts');
  await console.command(`accounts number=${unverified}`);
  await console.sees(`number=${unverified}`, '1 of 1');
  await console.press('x', 'a');
  await console.fill({ note: 'all papers were looked at' });
  await console.sees('opening checks are clear', 'NOT CLEAR', 'not verified', ...criteria);
  expect(await statusOf(unverified)).toBe('pending');
});

test('D7 approving makes the account active and leaves who, what, which account and the note', async () => {
  const clear = (await pendingChecks()).filter(({ doubts }) => doubts.length === 0);
  const [byScreen = '', byCommand = ''] = clear.map(({ number }) => number);
  const note = 'identity and address were checked';
  await using console = await bank.screen('accounts');
  await console.command(`accounts number=${byScreen}`);
  await console.sees(`number=${byScreen}`, '1 of 1', 'pending');
  await console.press('x', 'a');
  await console.fill({ note });
  await console.sees('becomes active');
  await console.confirm();
  await console.sees(`[ok] approved ${byScreen}`);

  expect(await bank.bursar('accounts', 'approve', byCommand, '--note', note, '--yes')).toContain(`approved ${byCommand}`);
  for (const number of [byScreen, byCommand]) {
    const id = await bank.value('SELECT id FROM bank.account WHERE number = $1', [number]);
    expect(await statusOf(number)).toBe('active');
    expect(await bank.trail('account', id)).toMatchObject([
      {
        operator: 'demo',
        action: 'accounts.approve',
        verb: 'approve',
        outcome: 'success',
        note,
        old: { status: 'pending' },
        new: { status: 'active' },
      },
    ]);
  }
});

test('D9 a freeze names one of four grounds', async () => {
  const grounds = ['suspicious pattern', 'unauthorised access', 'compliance', 'court order'];
  const accounts = await several(grounds.length, () => anAccount(`status = 'active'`));
  await using console = await bank.screen('accounts');
  await console.command(`accounts number=${accounts[0]?.number}`);
  await console.sees('1 of 1');
  await console.press('x', 'f');
  await console.sees(...grounds);
  await console.fill({ ground: grounds[0] ?? '', note: 'reported by the monitoring' });
  await console.confirm();
  await console.sees('[ok] froze');

  for (const [index, ground] of grounds.entries()) {
    const number = accounts[index]?.number ?? '';
    if (index > 0) await bank.bursar('accounts', 'freeze', number, '--ground', ground, '--note', 'reported by the monitoring', '--yes');
    expect(await bank.rows('SELECT ground FROM ops.hold WHERE account_id = $1 AND released_at IS NULL', [accounts[index]?.id])).toEqual([
      { ground },
    ]);
  }
  const { number } = await anAccount(`status = 'active'`);
  const refused = await bank.tries('accounts', 'freeze', number, '--ground', 'bad mood', '--note', 'reported by the monitoring', '--yes');
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('Ground') as string });
  expect(await statusOf(number)).toBe('active');
});

test('D10 a freeze has a detailed reason, a review date and a notice; it blocks all movements but not looking', async () => {
  const [account, other] = [
    await anAccount(`status = 'active' AND balance > 10000`),
    await anAccount(`status = 'active' AND balance > 10000`),
  ];
  const note = 'order 4711 of the district court';
  await using console = await bank.screen('accounts');
  await console.command(`accounts number=${account.number}`);
  await console.sees('1 of 1');
  await console.press('x', 'f');
  await console.fillIn({ ground: 'court order', note: 'too short' });
  await console.fill({ note, reviewOn: 'in 10 days', notify: 'yes' });
  await console.sees('stops deposits, withdrawals and transfers', 'the customer is told');
  await console.confirm();
  await console.sees('[ok] froze', 'frozen');

  expect(
    await bank.rows(
      `SELECT note, notify, review_on - bank.business_day() AS days FROM ops.hold WHERE account_id = $1 AND released_at IS NULL`,
      [account.id],
    ),
  ).toEqual([{ note, notify: true, days: 10 }]);
  const { number } = account;
  expect(await bank.post({ type: 'deposit', to: number, amount: 100 })).toBe(`account ${number} is frozen`);
  expect(await bank.post({ type: 'withdrawal', from: number, amount: 100 })).toBe(`account ${number} is frozen`);
  expect(await bank.post({ type: 'transfer', from: number, to: other.number, amount: 100 })).toBe(`account ${number} is frozen`);
  expect(await bank.post({ type: 'transfer', from: other.number, to: number, amount: 100 })).toBe(`account ${number} is frozen`);
  const shown = await bank.bursar('accounts', 'show', number);
  expect(shown).toMatch(/Status +frozen/);
  expect(shown).toContain(`account ${number} is frozen`);

  await bank.bursar('accounts', 'freeze', other.number, '--ground', 'compliance', '--note', note, '--review-on', 'in 7 days', '--yes');
  expect(await statusOf(other.number)).toBe('frozen');
});

test('D11 an unfreeze says what was found and that the cause is resolved, is documented and told', async () => {
  const [byScreen, byCommand] = [await anAccount(`status = 'frozen'`), await anAccount(`status = 'frozen'`)];
  const findings = 'the court withdrew its order, copy in the file';
  await using console = await bank.screen('accounts');
  await console.command(`accounts number=${byScreen.number}`);
  await console.sees('1 of 1', 'frozen');
  await console.press('x', 'u');
  await console.fill({ findings, resolved: 'yes', notify: 'yes' });
  await console.sees('takes deposits, withdrawals and transfers again', 'Freezes so far');
  await console.confirm();
  await console.sees('[ok] unfroze');

  const flags = ['--findings', findings, '--notify', '--yes'];
  const unresolved = await bank.tries('accounts', 'unfreeze', byCommand.number, ...flags);
  expect(unresolved).toMatchObject({ code: 2, stderr: expect.stringContaining('Cause resolved') as string });
  expect(await statusOf(byCommand.number)).toBe('frozen');
  await bank.bursar('accounts', 'unfreeze', byCommand.number, ...flags, '--resolved');
  for (const { number, id } of [byScreen, byCommand]) {
    expect(await statusOf(number)).toBe('active');
    expect((await bank.trail('account', id)).at(-1)).toMatchObject({
      action: 'accounts.unfreeze',
      note: findings,
      new: { status: 'active', findings, notify: true },
    });
    expect(await bank.value('SELECT findings FROM ops.hold WHERE account_id = $1 ORDER BY id DESC LIMIT 1', [id])).toBe(findings);
    expect(await bank.post({ type: 'deposit', to: number, amount: 100 })).toBeNull();
  }
});

const emptyAccount = () => anAccount(`status = 'active' AND balance = 0`);
/** Takes what is on an account out of it, as the customer would. */
const payOut = async ({ number }: { readonly number: string }): Promise<void> => {
  for (;;) {
    const left = Number(await bank.value('SELECT balance FROM bank.account WHERE number = $1', [number]));
    if (left === 0) return;
    expect(await bank.post({ type: 'withdrawal', from: number, amount: Math.min(left, 200_000) })).toBeNull();
  }
};

test('D12 closing names one of four grounds', async () => {
  const grounds = ['request', 'inactivity', 'violation', 'business decision'];
  const accounts = await several(grounds.length, emptyAccount);
  await using console = await bank.screen('accounts');
  await console.command(`accounts number=${accounts[0]?.number}`);
  await console.sees('1 of 1');
  await console.press('x', 'c');
  await console.sees(...grounds);
  await console.fill({ ground: grounds[0] ?? '', note: 'asked for in the branch' });
  await console.confirm(accounts[0]?.number);
  await console.sees('[ok] closed');

  for (const [index, ground] of grounds.entries()) {
    const { number, id } = accounts[index] ?? { number: '', id: '' };
    if (index > 0)
      await bank.bursar('accounts', 'close', number, '--ground', ground, '--note', 'asked for in the branch', '--yes', '--confirm', number);
    expect(await statusOf(number)).toBe('closed');
    expect((await bank.trail('account', id)).at(-1)).toMatchObject({
      action: 'accounts.close',
      reason: ground,
      new: { status: 'closed', ground },
    });
  }
  const { number } = await emptyAccount();
  const refused = await bank.tries(
    'accounts',
    'close',
    number,
    '--ground',
    'bad mood',
    '--note',
    'asked for in the branch',
    '--yes',
    '--confirm',
    number,
  );
  expect(refused.code).toBe(2);
  expect(await statusOf(number)).toBe('active');
});

test('D13 closing takes a zero balance, shows the final statement, keeps the records and notifies', async () => {
  const account = await anAccount(`status = 'active' AND balance BETWEEN 1000 AND 90000`);
  const close = [
    'accounts',
    'close',
    account.number,
    '--ground',
    'request',
    '--note',
    'the customer moves abroad',
    '--yes',
    '--confirm',
    account.number,
  ];
  const refused = await bank.tries(...close);
  expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('still holds money') as string });
  await payOut(account);

  await using console = await bank.screen('accounts');
  await console.command(`accounts number=${account.number}`);
  await console.sees('1 of 1', 'EUR 0.00');
  await console.press('x', 'c');
  await console.fill({ ground: 'request', note: 'the customer moves abroad' });
  await console.sees('is closed for good', 'Final statement', 'its records are kept until', 'the customer is told');
  await console.confirm(account.number);
  await console.sees('[ok] closed', 'closed');
  expect(await bank.rows('SELECT status, balance, closed_at IS NOT NULL AS dated FROM bank.account WHERE id = $1', [account.id])).toEqual([
    { status: 'closed', balance: '0', dated: true },
  ]);
  expect((await bank.trail('account', account.id)).map(({ outcome }) => outcome)).toEqual(['refused', 'success']);
  expect((await bank.trail('account', account.id)).at(-1)?.['new']).toMatchObject({
    notify: true,
    archivedUntil: expect.stringMatching(/^20\d\d-/) as string,
  });
  const again = await bank.tries(...close);
  expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining('is closed') as string });
});

test('D20 limits: 10,000 in, 5,000 out and 5,000 sent a day, 2,000 at once; beyond them the posting is refused and seen', async () => {
  const unused = `status = 'active' AND balance BETWEEN 600000 AND 100000000 AND NOT EXISTS (SELECT FROM bank.limit_counter c WHERE c.account_id = a.id)
    AND NOT EXISTS (SELECT FROM bank.limit_override o WHERE o.account_id = a.id)`;
  const [account, other] = [await anAccount(unused), await anAccount(`status = 'active'`)];
  const { number } = account;
  expect(await bank.post({ type: 'deposit', to: number, amount: 200_001 })).toBe('Single limit exceeded (deposit)');
  for (const [posting, daily] of [
    [{ type: 'deposit', to: number }, 1_000_000],
    [{ type: 'withdrawal', from: number }, 500_000],
    [{ type: 'transfer', from: number, to: other.number }, 500_000],
  ] as const) {
    for (let left = daily; left > 0; left -= 100_000) expect(await bank.post({ ...posting, amount: 100_000 })).toBeNull();
    expect(await bank.post({ ...posting, amount: 1 })).toBe(`Daily limit exceeded (${posting.type})`);
  }

  await using console = await bank.screen('accounts', [120, 60]);
  await console.command(`accounts number=${number}`);
  await console.sees(
    '1 of 1',
    'Limits today',
    '10,000.00 of 10,000.00',
    '5,000.00 of 5,000.00',
    'single 2,000.00',
    /transfer EUR 0.01: Daily limit[\s|]+exceeded/,
  );
  expect(await bank.bursar('accounts', 'show', number)).toContain('Daily limit exceeded (withdrawal)');
  expect(await bank.bursar('overview', 'show', 'Refused, 24 h')).toContain('daily-limit');
  expect(await bank.rows('SELECT type, used, max FROM bank.limit_counter WHERE account_id = $1 ORDER BY type', [account.id])).toEqual([
    { type: 'deposit', used: '1000000', max: '1000000' },
    { type: 'withdrawal', used: '500000', max: '500000' },
    { type: 'transfer', used: '500000', max: '500000' },
  ]);
});
