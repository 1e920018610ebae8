import { beforeAll, expect, test } from 'vitest';
import { r02Velocity } from '../../../src/detection/r02-velocity.ts';
import { r04FlaggedParty } from '../../../src/detection/r04-flagged-party.ts';
import { r06Dormant } from '../../../src/detection/r06-dormant.ts';
import { r08Night } from '../../../src/detection/r08-night.ts';
import { r09PassThrough } from '../../../src/detection/r09-pass-through.ts';
import { r10Fan } from '../../../src/detection/r10-fan.ts';
import { r11OwnHistory } from '../../../src/detection/r11-own-history.ts';
import { r14RoundTrip } from '../../../src/detection/r14-round-trip.ts';
import { r15CredentialChange } from '../../../src/detection/r15-credential-change.ts';
import { aBank } from '../../support/acting.ts';
import { aStage, day, hour, minute, second, type Stage } from '../../support/rule-stage.ts';

let stage: Stage;
beforeAll(async () => {
  const bank = await aBank();
  stage = await aStage(bank);
  return () => bank[Symbol.asyncDispose]();
});

const accounts = (count: number): Promise<number[]> =>
  Array.from({ length: count }).reduce<Promise<number[]>>(async made => [...(await made), await stage.account()], Promise.resolve([]));

test('R2 velocity: the fifth debit within 10 minutes, its edge included; of several in one instant the fifth by number', async () => {
  const [fast, slow, at, paid] = await accounts(4);
  const fifth = await stage.postsAll([10 * minute, 8 * minute, 5 * minute, second, 0].map(ago => ({ from: fast!, amount: 900, at: -ago })));
  await stage.postsAll([10 * minute + 1, 8 * minute, 5 * minute, second, 0].map(ago => ({ from: slow!, amount: 900, at: -ago })));
  const same = await stage.postsAll(Array.from({ length: 6 }, () => ({ from: at!, amount: 900 })));
  await stage.postsAll(Array.from({ length: 6 }, (_, index) => ({ ...(index < 2 ? { from: paid! } : { to: paid! }), amount: 900 })));
  await stage.postsAll([1, 2, 3].map(() => ({ from: paid!, amount: 900, reversal: true })));
  expect(await stage.lastOf(r02Velocity, fast!, slow!, paid!)).toEqual([fifth[4]]);
  expect(await stage.lastOf(r02Velocity, at!)).toEqual([same[4], same[5]]);
  expect((await stage.hits(r02Velocity, fast!))[0]?.words).toBe('5 debits in 10 min, limit 5');
  expect((await stage.hits(r02Velocity, at!))[0]?.transactions).toEqual(same.slice(0, 5).toReversed().map(String));
});

test('R4 flagged party: both sides, while the flag stood uncleared; never a reversal', async () => {
  const [suspect, partner] = await accounts(2);
  const flagged = await stage.posts({ from: suspect!, amount: 900, at: -3 * hour });
  await stage.flags(flagged, suspect!, -2 * hour, hour);
  const [, at, within] = await stage.postsAll([
    { from: suspect!, amount: 900, at: -2 * hour - 1 },
    { from: suspect!, amount: 900, at: -2 * hour },
    { from: partner!, to: suspect!, amount: 900 },
    { from: suspect!, amount: 900, at: hour },
    { from: suspect!, amount: 900, reversal: true },
  ]);
  expect(await stage.lastOf(r04FlaggedParty, suspect!)).toEqual([at, within]);
  expect(await stage.lastOf(r04FlaggedParty, partner!)).toEqual([within]);
  expect((await stage.hits(r04FlaggedParty, suspect!, partner!)).map(({ words }) => words)).toEqual([
    `the account itself has a flag that nobody cleared, on transaction ${flagged}`,
    `the account itself has a flag that nobody cleared, on transaction ${flagged}`,
    `the other side has a flag that nobody cleared, on transaction ${flagged}`,
  ]);
});

test('R6 dormant: a debit of 100 and more after 180 days in which nothing was posted on either side', async () => {
  const [asleep, awake, small, woken, fresh] = await accounts(5);
  await stage.postsAll([
    { to: asleep!, amount: 90_000, at: -180 * day },
    { to: awake!, amount: 90_000, at: -180 * day + 1 },
    { to: small!, amount: 90_000, at: -200 * day },
    { to: woken!, amount: 90_000, at: -200 * day },
    { to: woken!, amount: 100, at: -minute },
  ]);
  const [hit] = await stage.postsAll([asleep!, awake!, woken!, fresh!].map(from => ({ from, amount: 10_000 })));
  await stage.posts({ from: small!, amount: 9_999 });
  expect(await stage.lastOf(r06Dormant, asleep!, awake!, small!, woken!, fresh!)).toEqual([hit]);
});

test('R8 night: until 05:00 by the clock of the bank, 500 and more, where fewer than 5 % of debits were by night', async () => {
  const [early, cheap, owl, rare] = await accounts(4);
  // 05:00 in Berlin is 7 hours before noon
  const [hit] = await stage.postsAll([
    { from: early!, amount: 50_000, at: -7 * hour - 1 },
    { from: early!, amount: 50_000, at: -7 * hour },
    { from: cheap!, amount: 49_999, at: -8 * hour },
    { to: early!, amount: 90_000, at: -8 * hour },
    { from: early!, amount: 50_000, at: -12 * hour - 1 },
  ]);
  for (const [account, days] of [
    [owl!, 19],
    [rare!, 20],
  ] as const)
    // prettier-ignore
    await stage.postsAll([
      { from: account, amount: 900, at: -30 * day - 8 * hour },
      ...Array.from({ length: days }, (_, index) => ({ from: account, amount: 900, at: -(index + 2) * day })),
    ]);
  const [, second_] = await stage.postsAll([owl!, rare!].map(from => ({ from, amount: 60_000, at: -8 * hour })));
  expect(await stage.lastOf(r08Night, early!, cheap!, owl!, rare!)).toEqual([hit, second_]);
  expect((await stage.hits(r08Night, rare!))[0]?.words).toBe('debit of EUR 600.00 at 04:00; 1 of 21 debits by night in the 90 days before');
});

test('R9 pass-through: 80 % of a credit of 500 and more, gone within 60 minutes in one debit or several', async () => {
  const [quick, late, less, small, first] = await accounts(5);
  await stage.postsAll([quick!, late!, less!].map(to => ({ to, amount: 50_000, at: -hour })));
  await stage.posts({ to: small!, amount: 49_999, at: -hour });
  const gone = await stage.postsAll([{ from: quick!, amount: 20_000, at: -minute }, { from: quick!, amount: 20_000 }]); // prettier-ignore
  await stage.postsAll([{ from: late!, amount: 40_000, at: 1 }, { from: less!, amount: 39_999 }, { from: small!, amount: 45_000 }]); // prettier-ignore
  await stage.postsAll([{ from: first!, amount: 50_000, at: -minute }, { to: first!, amount: 50_000 }]); // prettier-ignore
  expect(await stage.lastOf(r09PassThrough, quick!, late!, less!, small!, first!)).toEqual([gone[1]]);
  expect((await stage.hits(r09PassThrough, quick!))[0]?.words).toBe(
    'EUR 400.00 of a credit of EUR 500.00 left within 60 min (80 %), limit 80 %',
  );
});

test('R10 fan: the fifth different party within 24 hours, in or out; wages and standing orders do not count', async () => {
  const [hub, spoke, same, boss, ...others] = await accounts(10);
  const paid = others.slice(0, 5);
  const into = await stage.postsAll(paid.map((from, index) => ({ from, to: hub!, amount: 900, at: -day + index * hour })));
  const outOf = await stage.postsAll(paid.map((to, index) => ({ from: spoke!, to, amount: 900, at: index === 0 ? -day : 0 })));
  await stage.postsAll([...paid.slice(0, 4), ...paid.slice(0, 4)].map(to => ({ from: same!, to, amount: 900 })));
  await stage.postsAll(paid.map(to => ({ from: boss!, to, amount: 150_000, channel: 'internal' })));
  await stage.postsAll(paid.map(from => ({ from, to: boss!, amount: 70_000, channel: 'standing order' })));
  expect(await stage.lastOf(r10Fan, hub!, spoke!, same!, boss!)).toEqual([into[4], outOf[4]]);
});

test('R11 own history: five times the mean of ten debits and more of the 90 days before', async () => {
  const [plain, below, few, old, standing] = await accounts(5);
  for (const [account, count, from] of [
    [plain!, 10, 90],
    [below!, 10, 90],
    [few!, 9, 90],
    [old!, 10, 91],
    [standing!, 10, 90],
  ] as const)
    // prettier-ignore
    await stage.postsAll(Array.from({ length: count }, (_, index) => ({ from: account, amount: 1_000, at: -(from - index) * day })));
  const [hit] = await stage.postsAll([plain!, few!, old!].map(from => ({ from, amount: 5_000 })));
  await stage.postsAll([{ from: below!, amount: 4_999 }, { from: standing!, amount: 90_000, channel: 'standing order' }]); // prettier-ignore
  expect(await stage.lastOf(r11OwnHistory, plain!, below!, few!, old!, standing!)).toEqual([hit]);
});

test('R14 round trip: back within 24 hours, 10 % more or less', async () => {
  const [one, two, three, four, five] = await accounts(5);
  await stage.postsAll([two!, three!, four!].map(to => ({ from: one!, to, amount: 10_000, at: -day })));
  await stage.posts({ from: one!, to: five!, amount: 10_000, at: -day - 1 });
  const back = await stage.postsAll([{ from: two!, to: one!, amount: 9_000 }, { from: three!, to: one!, amount: 11_000 }]); // prettier-ignore
  await stage.postsAll([{ from: four!, to: one!, amount: 8_999 }, { from: five!, to: one!, amount: 10_000 }]); // prettier-ignore
  expect(await stage.lastOf(r14RoundTrip, one!, two!, three!, four!, five!)).toEqual(back);
});

test('R15 after a credential change: 500 and more within 24 hours of a reset or a sign-in from a new address', async () => {
  const [reset, late, small, moved, home, back, novice, factor] = await accounts(8);
  const debits = (): readonly number[] => [reset!, late!, moved!, home!, back!, novice!, factor!];
  await stage.signsIn(reset!, 'password_reset', '198.51.100.1', -day);
  await stage.signsIn(late!, 'password_reset', '198.51.100.1', -day - 1);
  await stage.signsIn(small!, 'password_reset', '198.51.100.1', -hour);
  await stage.signsIn(factor!, 'mfa_reset', '198.51.100.1', -hour);
  await stage.signsIn(novice!, 'login_success', '198.51.100.1', -hour);
  for (const [account, before, now, ago] of [
    [moved!, '198.51.100.1', '203.0.113.9', 100],
    [home!, '198.51.100.1', '198.51.100.1', 100],
  ] as const) {
    // prettier-ignore
    await stage.signsIn(account, 'login_success', before, -ago * day);
    await stage.signsIn(account, 'login_success', now, -hour);
  }
  for (const [ip, ago] of [
    ['203.0.113.9', 80 * day],
    ['198.51.100.1', 10 * day],
    ['203.0.113.9', hour],
  ] as const)
    // prettier-ignore
    await stage.signsIn(back!, 'login_success', ip, -ago);
  const [first, , third, , , , last] = await stage.postsAll(debits().map(from => ({ from, amount: 50_000 })));
  await stage.posts({ from: small!, amount: 49_999 });
  expect(await stage.lastOf(r15CredentialChange, ...debits(), small!)).toEqual([first, third, last]);
  expect((await stage.hits(r15CredentialChange, moved!))[0]?.words).toBe(
    'debit of EUR 500.00 60 min after a sign-in from 203.0.113.9, a new address, limit 24 h',
  );
});
