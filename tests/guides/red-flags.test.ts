import { afterAll, beforeAll, expect, test } from 'vitest';
import { aGuideBank, goTo, type GuideBank } from '../support/guide-bank.ts';
import { signedIn, type TestSession } from '../support/session.ts';

let bank: GuideBank;
let signed: TestSession;
beforeAll(async () => {
  bank = await aGuideBank();
  signed = await signedIn(bank.url);
});
afterAll(async () => {
  await signed[Symbol.asyncDispose]();
  await bank[Symbol.asyncDispose]();
});

type Row = { readonly id: bigint; readonly rules: readonly number[]; readonly atOnce: readonly number[] };
const listed = async (...filter: string[]): Promise<readonly Row[]> =>
  (await signed.list('transactions', filter.join(' '), 1_000)) as unknown as readonly Row[];
const marksOf = async (...filter: string[]) => (await listed(...filter)).map(({ rules }) => rules);

test('D17 red flags: above the threshold, a rapid series, round numbers, flagged accounts, as soon as the rules have run', async () => {
  // Five accounts that paid something once and did nothing lately, with money, and nobody's suspicion
  const quiet = await bank.rows(
    `SELECT a.id, a.number FROM bank.account a JOIN bank."user" u ON u.id = a.user_id
      WHERE a.status = 'active' AND a.currency = 'EUR' AND u.role = 'customer' AND a.balance > 100000 AND a.opened_at < now() - interval '90 days'
        AND EXISTS (SELECT FROM bank.transaction t WHERE t.from_account_id = a.id)
        AND NOT EXISTS (SELECT FROM bank.limit_override o WHERE o.account_id = a.id) AND NOT EXISTS (SELECT FROM ops.transaction_flag f WHERE f.account_id = a.id)
        AND NOT EXISTS (SELECT FROM bank.transaction t WHERE a.id IN (t.from_account_id, t.to_account_id) AND t.posted_at > now() - interval '3 days') ORDER BY a.id LIMIT 5`,
  );
  const [large = '', rapid = '', round = '', party = '', partner = ''] = quiet.map(({ number }) => String(number));
  const flagged = await bank.value(
    `SELECT max(id) FROM bank.transaction WHERE from_account_id = (SELECT id FROM bank.account WHERE number = $1)`,
    [party],
  );
  await bank.bursar('transactions', 'flag', flagged, '--note', 'the payee is on a list of the police', '--yes');
  const post = async (...posting: Parameters<GuideBank['post']>) => expect(await bank.post(...posting)).toBeNull();
  await post({ type: 'deposit', to: large, amount: 171_700 });
  for (const amount of [1_111, 1_212, 1_313, 1_414, 1_515]) await post({ type: 'withdrawal', from: rapid, amount });
  for (const amount of [50_000, 60_000, 70_000]) await post({ type: 'deposit', to: round, amount });
  await post({ type: 'transfer', from: party, to: partner, amount: 1_337 });
  // Before any run: by the row that completes a series
  expect(await marksOf(`account=${large}`, 'since=1h')).toEqual([[]]);
  for (const [account, atOnce] of [[large, 1], [rapid, 2], [round, 3], [partner, 4]] as const)
    expect((await listed(`account=${account}`, 'since=1h'))[0]?.atOnce).toContain(atOnce); // prettier-ignore
  expect((await listed(`account=${rapid}`, 'since=1h')).filter(({ atOnce }) => atOnce.length > 0)).toHaveLength(1);
  expect(await bank.bursar('transactions', 'list', `account=${large}`, 'since=1h', '--csv')).toMatch(/,large,/);

  expect(await bank.bursar('detect', 'run')).toMatch(/R1[\s\S]*Large[\s\S]*new hits/);
  // a run has seen a posting once no transaction of the server is older, and other tests have long ones on the same server
  await expect
    .poll(
      async () => {
        await bank.bursar('detect', 'run');
        return listed(`account=${large}`, 'since=1h');
      },
      { timeout: 15_000 },
    )
    .toMatchObject([{ rules: [1], atOnce: [] }]);
  expect((await marksOf(`account=${rapid}`, 'since=1h')).every(rules => rules.includes(2))).toBe(true);
  expect((await marksOf(`account=${round}`, 'since=1h')).filter(rules => rules.includes(3))).toHaveLength(3);
  expect(await marksOf(`account=${partner}`, 'since=1h')).toEqual([[4]]);

  await using console = await bank.screen('transactions', [80, 24]);
  for (const [account, mark, word, means] of [
    [large, 'L', 'large', 'above the threshold'],
    [rapid, 'V', 'rapid', 'one of a rapid series'],
    [round, 'R', 'round', 'one of several round amounts'],
    [party, 'F', 'party', 'with a flagged account'],
  ] as const) {
    const found = await listed(`account=${account}`, `red=${word}`, 'since=1h');
    expect(found.length).toBeGreaterThan(0);
    await goTo(console, `tx account=${account} red=${word} since=1h`);
    await console.sees(`1 of ${found.length}`, 'RED');
    expect(console.frame()).toMatch(new RegExp(String.raw`EUR [\d.,]+ +[LVRF]*${mark}`));
    await console.press('enter');
    await console.sees('Red flags', means);
    const named = await bank.bursar('transactions', 'show', String(found[0]?.id));
    expect(named.split('Red flags')[1]).toMatch(new RegExp(`${word} +${means}: `));
  }
  expect((await listed('rule=R2', 'since=1h')).map(({ id }) => id)).toEqual(
    (await listed(`account=${rapid}`, 'since=1h')).map(({ id }) => id),
  );
  expect(await listed(`account=${large}`, 'red=no', 'since=1h')).toEqual([]);
  expect(await bank.bursar('transactions', 'list', `account=${large}`, 'since=1h', '--csv')).toMatch(/,large,/);
  expect(await bank.tries('transactions', 'list', 'red=hot')).toMatchObject({ code: 2 });
});

test('D17 a wide screen shows what happens right now, with the word for what is red', async () => {
  const number = await bank.value(
    `SELECT a.number FROM ops.rule_hit h JOIN bank.account a ON a.id = h.account_id WHERE h.rule = 1 AND h.at > now() - interval '10 minutes' AND a.currency = 'EUR' AND a.status = 'active' ORDER BY h.id DESC LIMIT 1`,
  );
  await using console = await bank.screen('accounts', [200, 50]);
  await console.sees('-- live', 'done lately');
  expect(await bank.post({ type: 'deposit', to: number, amount: 165_500 })).toBeNull();
  await console.sees(/large: deposit .*EUR 1,655\.00/);
});

test('what only counts in shadow marks nothing, and marks stay', async () => {
  const [transaction, account] = [
    await bank.value('SELECT min(id) FROM bank.transaction'),
    await bank.value('SELECT min(id) FROM bank.account'),
  ];
  await bank.rows(
    `INSERT INTO ops.rule_hit (rule, rule_version, shadow, account_id, last_id, transaction_ids, observed, parameters, words, score, at)
     VALUES (8, 1, true, $2, $1, ARRAY[$1::bigint], '{}', '{}', 'seen in shadow', 15, now())`,
    [transaction, account],
  );
  expect(await marksOf(`id=${transaction}`)).toEqual([[]]);
  for (const sql of ['DELETE FROM ops.red_flag', 'UPDATE ops.red_flag SET rule = 1', 'TRUNCATE ops.red_flag'])
    await expect(bank.rows(sql)).rejects.toThrow('kept as it was written');
});
