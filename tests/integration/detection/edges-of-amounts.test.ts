import { beforeAll, expect, test } from 'vitest';
import { r01Large } from '../../../src/detection/r01-large.ts';
import { r03Round } from '../../../src/detection/r03-round.ts';
import { r05Structuring } from '../../../src/detection/r05-structuring.ts';
import { r07NewPayee } from '../../../src/detection/r07-new-payee.ts';
import { r12NewAccount } from '../../../src/detection/r12-new-account.ts';
import { r13LimitProbing } from '../../../src/detection/r13-limit-probing.ts';
import { r16NearTheDailyLimit } from '../../../src/detection/r16-near-the-daily-limit.ts';
import { aBank } from '../../support/acting.ts';
import { aStage, day, hour, minute, type Stage } from '../../support/rule-stage.ts';

let stage: Stage;
beforeAll(async () => {
  const bank = await aBank();
  stage = await aStage(bank);
  return () => bank[Symbol.asyncDispose]();
});

test('R1 large: at 80 % of the single limit and not below, in each currency, never a reversal', async () => {
  const [euro, yen, dinar] = [await stage.account(), await stage.account({ currency: 'JPY' }), await stage.account({ currency: 'KWD' })];
  const [atLimit] = await stage.postsAll([{ from: euro, amount: 160_000 }, { from: euro, amount: 159_999 }, { from: euro, amount: 190_000, reversal: true }]); // prettier-ignore
  const [yens] = await stage.postsAll([{ to: yen, amount: 1_600 }, { to: yen, amount: 1_599 }]); // prettier-ignore
  const [dinars] = await stage.postsAll([{ to: dinar, amount: 1_600_000 }, { to: dinar, amount: 1_599_999 }]); // prettier-ignore
  expect(await stage.lastOf(r01Large, euro, yen, dinar)).toEqual([atLimit, yens, dinars]);
  expect((await stage.hits(r01Large, yen))[0]?.words).toBe('deposit of JPY 1,600, 80 % of the single limit of JPY 2,000 and more');
});

test('R1 large: a limit of its own counts from when it was given until it expired, and for its type alone', async () => {
  const rich = await stage.account();
  await stage.limits(rich, 'withdrawal', 1_000_000, 2_000_000, { from: -2 * hour, until: hour });
  const [before, , within, after, deposit] = await stage.postsAll([
    { from: rich, amount: 180_000, at: -3 * hour },
    { from: rich, amount: 799_999 },
    { from: rich, amount: 800_000 },
    { from: rich, amount: 180_000, at: 2 * hour },
    { to: rich, amount: 170_000 },
  ]);
  expect(await stage.lastOf(r01Large, rich)).toEqual([before, within, after, deposit]);
  const poor = await stage.account();
  await stage.limits(poor, 'withdrawal', 10_000, 20_000);
  const [small] = await stage.postsAll([{ from: poor, amount: 8_000 }, { from: poor, amount: 7_999 }]); // prettier-ignore
  expect(await stage.lastOf(r01Large, poor)).toEqual([small]);
});

test('R3 round: the third of at least 500 and whole hundreds within 24 hours, sent or paid in by oneself', async () => {
  const [round, late, crooked, giver, given] = [await stage.account(), await stage.account(), await stage.account(), await stage.account(), await stage.account()]; // prettier-ignore
  const third = await stage.postsAll([{ from: round, amount: 50_000, at: -day }, { to: round, amount: 60_000, at: -hour }, { from: round, amount: 70_000 }]); // prettier-ignore
  await stage.postsAll([{ from: late, amount: 50_000, at: -day - 1 }, { from: late, amount: 60_000, at: -hour }, { from: late, amount: 70_000 }]); // prettier-ignore
  await stage.postsAll([40_000, 50_000, 55_000, 50_001, 60_000].map(amount => ({ from: crooked, amount })));
  await stage.postsAll([50_000, 60_000, 70_000].map(amount => ({ from: giver, to: given, amount, at: -10 * day })));
  expect(await stage.lastOf(r03Round, late, crooked, given)).toEqual([]);
  const hits = await stage.hits(r03Round, round);
  expect(hits.at(-1)).toMatchObject({ last: String(third[2]), transactions: [third[2], third[1], third[0]].map(String) });
  expect(hits.at(-1)?.words).toBe('3 round amounts in 24 h, EUR 1,800.00 in all, limit 3');
});

test('R5 structuring: three deposits of 80 to 100 % of the limit within 24 hours; where limits are higher, of 10,000', async () => {
  const [cut, low, two, sent, firm] = [await stage.account(), await stage.account(), await stage.account(), await stage.account(), await stage.account()]; // prettier-ignore
  const third = await stage.postsAll([{ to: cut, amount: 160_000, at: -day }, { to: cut, amount: 200_000, at: -hour }, { to: cut, amount: 171_055 }]); // prettier-ignore
  await stage.postsAll([160_000, 159_999, 170_000].map(amount => ({ to: low, amount })));
  await stage.postsAll([{ to: two, amount: 170_000, at: -day - 1 }, { to: two, amount: 170_000 }, { to: two, amount: 170_000 }]); // prettier-ignore
  await stage.postsAll([170_000, 170_000, 170_000].map(amount => ({ from: cut, to: sent, amount, at: 2 * day })));
  await stage.limits(firm, 'deposit', 20_000_000, 90_000_000);
  const reported = await stage.postsAll([170_000, 180_000, 190_000, 799_999, 800_000, 1_000_000, 1_000_001, 900_000].map(amount => ({ to: firm, amount }))); // prettier-ignore
  expect(await stage.lastOf(r05Structuring, cut, low, two, sent)).toEqual([third[2]]);
  expect((await stage.hits(r05Structuring, cut))[0]?.words).toBe(
    '3 deposits in 24 h, each 80 to 100 % of EUR 2,000.00, EUR 5,310.55 in all, limit 3',
  );
  expect(await stage.lastOf(r05Structuring, firm)).toEqual([reported[7]]);
});

test('R7 new payee: the first transfer of the pair, from 1,000 on; what came the other way does not make them known', async () => {
  const [payer, payee, friend, other] = [await stage.account(), await stage.account(), await stage.account(), await stage.account()];
  const [first] = await stage.postsAll([{ from: payer, to: payee, amount: 100_000 }, { from: payer, to: payee, amount: 150_000 }]); // prettier-ignore
  await stage.postsAll([{ from: payer, to: friend, amount: 99_999 }, { from: payer, to: friend, amount: 150_000 }]); // prettier-ignore
  const [, back] = await stage.postsAll([{ from: other, to: payer, amount: 500 }, { from: payer, to: other, amount: 120_000 }]); // prettier-ignore
  expect(await stage.lastOf(r07NewPayee, payer, payee, friend, other)).toEqual([first, back]);
});

test('R12 new account: 2,000 out in all, less than 7 days after opening', async () => {
  const [young, old, thrifty] = [await stage.account({ openedAt: -7 * day + 1 }), await stage.account({ openedAt: -7 * day }), await stage.account({ openedAt: -day })]; // prettier-ignore
  const spent = await stage.postsAll([{ from: young, amount: 120_000, at: -hour }, { from: young, amount: 79_999, at: -minute }, { from: young, amount: 1 }]); // prettier-ignore
  await stage.postsAll([{ from: old, amount: 150_000 }, { from: old, amount: 150_000 }]); // prettier-ignore
  await stage.postsAll([{ to: thrifty, amount: 190_000 }, { from: thrifty, amount: 199_999 }]); // prettier-ignore
  expect(await stage.lastOf(r12NewAccount, young, old, thrifty)).toEqual([spent[2]]);
  expect((await stage.hits(r12NewAccount, young))[0]?.words).toBe('EUR 2,000.00 out in 3 debits, opened 6 days before, limit 2,000');
});

test('R13 limit probing: the first debit after three refusals for a limit within 24 hours', async () => {
  const [prober, twice, poor, late] = [await stage.account(), await stage.account(), await stage.account(), await stage.account()];
  for (const ago of [day, 3 * hour, hour]) await stage.refuses(prober, 250_000, -ago);
  const [first] = await stage.postsAll([{ from: prober, amount: 190_000 }, { from: prober, amount: 500, at: minute }]); // prettier-ignore
  for (const ago of [2 * hour, hour]) await stage.refuses(twice, 250_000, -ago);
  for (const ago of [3 * hour, 2 * hour, hour]) await stage.refuses(poor, 250_000, -ago, 'insufficient-funds');
  for (const ago of [day + 1, 2 * hour, hour]) await stage.refuses(late, 250_000, -ago);
  await stage.postsAll([twice, poor, late].map(from => ({ from, amount: 190_000 })));
  expect(await stage.lastOf(r13LimitProbing, prober, twice, poor, late)).toEqual([first]);
});

test('R16 near the daily limit: 90 % of it, of one type, on one business day of the bank', async () => {
  const [near, below, mixed, nights, granted] = [await stage.account(), await stage.account(), await stage.account(), await stage.account(), await stage.account()]; // prettier-ignore
  const full = await stage.postsAll([150_000, 150_000, 149_999, 1].map(amount => ({ from: near, amount })));
  await stage.postsAll([150_000, 150_000, 149_999].map(amount => ({ from: below, amount })));
  await stage.postsAll([{ from: mixed, amount: 200_000 }, { from: mixed, amount: 200_000 }, { from: mixed, to: near, amount: 190_000 }]); // prettier-ignore
  // Midnight in Berlin is 23:00 by UTC
  await stage.postsAll([{ from: nights, amount: 200_000, at: 12 * hour - 1 }, { from: nights, amount: 200_000, at: 12 * hour - 1 }, { from: nights, amount: 200_000, at: 12 * hour }]); // prettier-ignore
  await stage.limits(granted, 'deposit', 5_000_000, 10_000_000);
  const [, most] = await stage.postsAll([{ to: granted, amount: 5_000_000 }, { to: granted, amount: 4_000_000 }]); // prettier-ignore
  expect(await stage.lastOf(r16NearTheDailyLimit, near, below, mixed, nights, granted)).toEqual([full[3], most]);
});
