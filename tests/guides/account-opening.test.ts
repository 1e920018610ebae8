import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';
import { signedIn } from '../support/session.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

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
  await goTo(console, 'accounts status=pending');
  await console.sees('status=pending', `1 of ${pending.length}`, 'Opening checks', 'documents', 'email verified');
  expect(console.frame()).not.toContain(' active ');

  const listed = JSON.parse(await bank.bursar('accounts', 'list', 'status=pending', '--limit', 'all', '--json')) as {
    rows: { number: string; status: string }[];
  };
  expect(listed.rows.map(({ number }) => number).toSorted()).toEqual(pending.map(({ number }) => String(number)).toSorted());
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
  await goTo(console, `accounts number=${unverified}`);
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
  await goTo(console, `accounts number=${byScreen}`);
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
