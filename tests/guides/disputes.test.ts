import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, approveOnScreen, askAndApprove, goTo, type GuideBank } from '../support/guide-bank.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

type Payment = { readonly id: string; readonly from: string; readonly to: string; readonly amount: number };

const used = new Set<string>();
const anAccount = async (condition: string): Promise<{ readonly number: string; readonly id: string; readonly user: string }> => {
  const rows = await bank.rows(
    `SELECT a.number, a.id, a.user_id FROM bank.account a WHERE a.currency = 'EUR' AND a.status = 'active' AND ${condition}
        AND NOT EXISTS (SELECT FROM bank.limit_counter c WHERE c.account_id = a.id) AND NOT EXISTS (SELECT FROM ops.dispute d WHERE d.account_id = a.id)
        AND NOT EXISTS (SELECT FROM bank.limit_override o WHERE o.account_id = a.id) AND NOT EXISTS (SELECT FROM bank.auth_event e WHERE e.user_id = a.user_id AND e.type <> 'login_success' AND e.at > now() - interval '2 days') ORDER BY a.id LIMIT 60`,
  );
  const free = rows.find(row => !used.has(String(row['number'])));
  if (!free) throw new Error(`there is no account left with ${condition}`);
  used.add(String(free['number']));
  return { number: String(free['number']), id: String(free['id']), user: String(free['user_id']) };
};

/** A transfer of a customer who signed in from an address never seen before, after a new password and a refused posting. */
const aStrangePayment = async (): Promise<Payment> => {
  const [from, to] = [await anAccount('a.balance BETWEEN 200000 AND 100000000'), await anAccount('true')];
  await bank.rows(
    `INSERT INTO bank.auth_event (type, username, user_id, ip, user_agent, at)
     SELECT e.type, u.username, u.id, '198.51.100.77', 'Opera on nobody knows', clock_timestamp() - e.ago
       FROM bank."user" u, (VALUES ('password_reset', interval '50 minutes'), ('login_success', interval '6 minutes')) AS e(type, ago) WHERE u.id = $1`,
    [from.user],
  );
  await bank.rows(
    `INSERT INTO bank.auth_session (user_id, device, ip, started_at, last_seen_at) VALUES ($1, 'Opera on nobody knows', '198.51.100.77', clock_timestamp() - interval '6 minutes', clock_timestamp())`,
    [from.user],
  );
  await bank.rows(`SELECT platform.record_event('error', 'payments', 'the second factor did not answer')`);
  expect(await bank.post({ type: 'transfer', from: from.number, to: to.number, amount: 200_001 })).toBe('Single limit exceeded (transfer)');
  expect(await bank.post({ type: 'transfer', from: from.number, to: to.number, amount: 1_300 })).toBeNull();
  expect(await bank.post({ type: 'transfer', from: from.number, to: to.number, amount: 120_000 })).toBeNull();
  const id = await bank.value('SELECT id FROM bank.transaction WHERE from_account_id = $1 ORDER BY id DESC LIMIT 1', [from.id]);
  return { id, from: from.number, to: to.number, amount: 120_000 };
};
const balances = ({ from, to }: Payment) =>
  bank.rows('SELECT number, balance::int FROM bank.account WHERE number IN ($1, $2) ORDER BY number', [from, to]);
const disputeOf = async (transaction: string) =>
  (
    await bank.rows(
      'SELECT id, status, kind, statement, finding, evidence FROM ops.dispute WHERE transaction_id = $1 ORDER BY id DESC LIMIT 1',
      [transaction],
    )
  )[0];

test('D19 a dispute by screen: received from its transaction, investigated, decided on evidence, and reversed by two people', async () => {
  const payment = await aStrangePayment();
  const before = await balances(payment);
  await using console = await bank.screen('transactions', [160, 70]);
  await goTo(console, `tx id=${payment.id}`);
  await console.sees('1 of 1');
  await console.press('x', 'd');
  await console.fill({ kind: 'not authorised', note: 'I never sent this, my password was changed' });
  await console.sees(`the owner of account ${payment.from} disputes transaction ${payment.id}`);
  await console.confirm();
  await console.sees('[ok] received dispute');
  const dispute = await disputeOf(payment.id);
  const number = String(dispute?.['id']);
  expect(dispute).toMatchObject({ status: 'received', kind: 'not authorised', evidence: null });

  await goTo(console, `disputes id=${number}`);
  await console.sees('1 of 1', 'x i gathers the evidence');
  await console.press('x', 'd');
  await console.sees(`dispute ${number} has no evidence yet`);
  await console.press('esc', 'x', 'i');
  await console.fill({ note: 'looked into it at once' });
  await console.confirm();
  await console.sees(`[ok] gathered the evidence of dispute ${number}`);
  await console.sees(
    'x d decides it',
    /address +198\.51\.100\.77 +NEVER/,
    'the password was reset',
    'the platform recorded 1 error',
    'Single limit exceeded',
    'Sessions open at that moment',
    'EUR 13.00',
  );

  await console.press('x', 'd');
  await console.fill({ verdict: 'upheld', findings: 'somebody else had the account' });
  await console.sees('stands out:', 'an address never seen before', 'Last sign-in before it', 'the second factor did not answer');
  await console.confirm();
  await console.sees(`[ok] upheld dispute ${number}`, `x v reverses transaction ${payment.id}`);

  await console.press('x', 'v');
  await console.sees(`Reverse transaction transaction ${payment.id}`);
  await console.fill({});
  await console.sees(
    `447`,
    `${payment.to} of`,
    'gives back EUR 1,200.00',
    'gets back EUR 1,200.00',
    `dispute ${number} (not authorised) is upheld`,
    'Balances',
  );
  await console.confirm(`transaction ${payment.id}`);
  await approveOnScreen(bank, console, `reversed transaction ${payment.id}`);
  const reversal = await bank.value('SELECT id FROM bank.transaction WHERE reverses = $1', [payment.id]);
  await goTo(console, `disputes id=${number}`);
  await console.sees(`transaction ${reversal} took it back`);
  await goTo(console, `tx id=${reversal}`);
  await console.sees(`transaction ${payment.id}`, 'transactions.reverse');

  const moved = before.map(({ number: account, balance }) => ({
    number: account,
    balance: Number(balance) + (account === payment.from ? payment.amount : -payment.amount),
  }));
  expect(await balances(payment)).toEqual(moved);
  expect((await bank.trail('transaction', payment.id)).at(-1)).toMatchObject({
    action: 'transactions.reverse',
    operator: 'mona',
    reason: 'dispute upheld',
    new: { status: 'reversed', reversal, dispute: number },
  });
  expect((await bank.trail('dispute', number)).map(({ action }) => action)).toEqual([
    'disputes.receive',
    'disputes.investigate',
    'disputes.decide',
  ]);
  expect(await bank.value('SELECT description FROM bank.transaction WHERE id = $1', [reversal])).toBe('dispute upheld');
});

test('D19 the same by command: a second dispute, a decision without evidence and a second reversal are refused; reopening takes two', async () => {
  const payment = await aStrangePayment();
  const receive = [
    'disputes',
    'receive',
    '--transaction',
    payment.id,
    '--kind',
    'wrong amount',
    '--note',
    'it should have been 120',
    '--yes',
  ];
  await bank.bursar(...receive);
  expect(await bank.tries(...receive)).toMatchObject({ code: 3, stderr: expect.stringContaining('is disputed already') as string });
  const number = String((await disputeOf(payment.id))?.['id']);
  const decide = ['disputes', 'decide', number, '--verdict', 'denied', '--findings', 'the contract says 1,200', '--yes'];
  expect(await bank.tries(...decide)).toMatchObject({ code: 3, stderr: expect.stringContaining('has no evidence yet') as string });
  await bank.bursar('disputes', 'investigate', number, '--note', 'asked for the contract', '--yes');
  expect(await bank.bursar('disputes', 'show', number)).toMatch(/password reset[\s\S]*198\.51\.100\.77/);
  await bank.bursar(...decide);
  expect(await disputeOf(payment.id)).toMatchObject({ status: 'denied', finding: 'the contract says 1,200' });

  await askAndApprove(bank, 'disputes', 'reopen', number, '--note', 'the contract was forged', '--yes');
  expect(await disputeOf(payment.id)).toMatchObject({ status: 'investigating', finding: null });
  await bank.bursar('disputes', 'decide', number, '--verdict', 'upheld', '--findings', 'the contract was forged', '--yes');

  expect(await bank.bursar('disputes', 'reverse', number, '--dry-run')).toContain(
    `transfer of EUR 1,200.00 from ${payment.from} to ${payment.to}`,
  );
  const reverse = [
    'transactions', 'reverse', payment.id, '--ground', 'dispute upheld', '--note', `dispute ${number}`, '--yes', '--confirm', `transaction ${payment.id}`,
  ]; // prettier-ignore
  await askAndApprove(bank, ...reverse);
  expect(await bank.tries(...reverse)).toMatchObject({ code: 3, stderr: expect.stringContaining('was reversed already') as string });
  expect(await bank.tries('disputes', 'reopen', number, '--note', 'what now about it', '--yes')).toMatchObject({ code: 3 });
  expect(await bank.bursar('transactions', 'show', payment.id)).toMatch(/Reversed by[\s\S]*Disputes[\s\S]*is upheld/);
});

test('D19 what the demo shows: disputes in every state, the decided ones on evidence', async () => {
  const states = await bank.rows('SELECT status, count(*)::int AS rows, count(evidence)::int AS with_evidence FROM ops.dispute WHERE received_by = (SELECT id FROM ops.operator WHERE name = $1) GROUP BY 1 ORDER BY 1', ['lena']); // prettier-ignore
  expect(states.map(({ status }) => status)).toEqual(['denied', 'investigating', 'received', 'upheld']);
  expect(states.every(({ status, rows, with_evidence: evidence }) => (status === 'received' ? evidence === 0 : evidence === rows))).toBe(
    true,
  );
  await using console = await bank.screen('disputes', [100, 40]);
  await console.sees('Disputes', 'received', 'not authorised');
  const listed = JSON.parse(await bank.bursar('disputes', 'list', 'state=decided', '--json')) as { rows: { status: string }[] };
  expect(new Set(listed.rows.map(({ status }) => status))).toEqual(new Set(['denied', 'upheld']));
});
