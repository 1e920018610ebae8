import { describe, expect, test } from 'vitest';
import { accountNumber } from '../../src/demo/accounts.ts';
import { bankDays, isPayday, isRentDay, timeOn } from '../../src/demo/bank-days.ts';
import { planBank } from '../../src/demo/bank-plan.ts';
import { writeHistory } from '../../src/demo/history.ts';
import { randomFrom } from '../../src/demo/random.ts';
import { scaleOf } from '../../src/demo/scale.ts';

const zone = 'Europe/Berlin';
const days = bankDays(new Date('2026-11-21T14:07:00Z'), 400, zone);
const dayNamed = (day: string) => {
  const found = days.find(candidate => candidate.day === day);
  if (!found) throw new Error(`${day} is not among the days`);
  return found;
};

describe('days', () => {
  test('the last of 400 days is today in Berlin, and each begins where the one before ends', () => {
    expect([days.length, days.at(-1)?.day, bankDays(new Date('2026-11-21T23:30:00Z'), 3, zone).at(-1)?.day]).toEqual([
      400,
      '2026-11-21',
      '2026-11-22',
    ]);
    expect(days.slice(1).every((day, index) => day.start === days[index]?.end)).toBe(true);
  });

  test('the day on which the clocks go forward has 23 hours, the other one 25', () => {
    const lengthOf = (day: string) => (dayNamed(day).end - dayNamed(day).start) / 3_600_000;
    expect([lengthOf('2026-03-29'), lengthOf('2026-10-25'), lengthOf('2026-07-01')]).toEqual([23, 25, 24]);
    expect(timeOn(dayNamed('2026-03-29'), 23.9)).toBeLessThan(dayNamed('2026-03-29').end);
    expect(new Date(dayNamed('2026-07-01').start).toISOString()).toBe('2026-06-30T22:00:00.000Z');
  });

  test('wages come every second Friday, to each group in another week; rents on the first', () => {
    const paydays = days.filter(day => isPayday(day, 0));
    expect(paydays.every(({ weekday }) => weekday === 5)).toBe(true);
    expect(paydays.slice(1).every((day, index) => day.number - (paydays[index]?.number ?? 0) === 14)).toBe(true);
    expect(paydays.some(day => isPayday(day, 1))).toBe(false);
    expect(days.filter(isRentDay).map(({ day }) => day.slice(8))).toEqual(Array.from({ length: 13 }, () => '01'));
  });
});

describe('chance', () => {
  test('the same seed and stream repeat, others do not', () => {
    const draw = (seed: number, stream: string) => Array.from({ length: 5 }, randomFrom(seed, stream).next);
    expect(draw(1, 'a')).toEqual(draw(1, 'a'));
    expect(draw(1, 'a')).not.toEqual(draw(2, 'a'));
    expect(draw(1, 'a')).not.toEqual(draw(1, 'b'));
    expect(randomFrom(1, 'a').uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('it is even, and the median of what is around something is that', () => {
    const random = randomFrom(7, 'even');
    const counts = Map.groupBy(
      Array.from({ length: 40_000 }, () => random.below(4)),
      draw => draw,
    );
    for (const draw of [0, 1, 2, 3]) expect(Math.abs((counts.get(draw)?.length ?? 0) - 10_000)).toBeLessThan(400);
    const amounts = Array.from({ length: 10_001 }, () => random.around(50, 0.7)).sort((a, b) => a - b);
    expect(Math.abs((amounts[5_000] ?? 0) - 50)).toBeLessThan(3);
  });
});

describe('scale', () => {
  test('the default and the largest bank have the agreed sizes', () => {
    expect(scaleOf(60_000)).toMatchObject({ accounts: 2_500, users: 2_000 });
    expect(scaleOf(5_000_000)).toMatchObject({ accounts: 120_000, users: 100_000 });
  });

  test.each([0, 4_999, 5_000_001, 60_000.5, Number.NaN])('%s transactions are refused', transactions => {
    expect(() => scaleOf(transactions)).toThrow(/5,000 to 5,000,000/);
  });
});

describe('history', () => {
  const now = new Date('2026-11-21T14:07:00Z');
  const plan = planBank(20_000, 4_711, now, zone);
  const history = writeHistory({ ...plan, transactions: 20_000 });
  const rows = [...history.rows];

  test('it has exactly the wanted transactions, in the order of time, none in the future', () => {
    expect(rows.length).toBe(20_000);
    expect(rows.map(({ posted }) => posted.id)).toEqual(rows.map((_, index) => index + 1));
    expect(rows.slice(1).every(({ posting }, index) => posting.at >= (rows[index]?.posting.at ?? Infinity))).toBe(true);
    expect(rows.at(-1)?.posting.at).toBeLessThan(now.getTime());
  });

  test('no balance was ever below zero, and whoever closed an account took everything along', () => {
    expect(rows.every(({ posted }) => (posted.fromAfter ?? 0) >= 0 && (posted.toAfter ?? 0) >= 0)).toBe(true);
    expect(plan.accounts.filter(({ status }) => status === 'closed').length).toBeGreaterThan(3);
    expect(plan.accounts.filter(({ id, status }) => status === 'closed' && history.ledger.balance(id) !== 0)).toEqual([]);
  });

  test('every planted case was posted whole', () => {
    const posted = Map.groupBy(history.notable, ({ plantedIn }) => plantedIn);
    expect(
      plan.cases.cases.filter(({ script }, index) => posted.get(index)?.length !== script.postings.length).map(({ rule }) => rule),
    ).toEqual([]);
    expect(new Set(plan.cases.cases.map(({ rule }) => rule)).size).toBe(17);
  });

  test.each([
    '2026-11-20T23:01:00Z',
    '2026-03-29T01:30:00Z',
    '2026-10-25T00:30:00Z',
    '2028-02-29T04:58:00Z',
    '2026-12-31T22:59:00Z',
    '2027-01-01T09:00:00Z',
  ])('at %s it is as long, and every case is whole', time => {
    const moved = planBank(20_000, 3, new Date(time), zone);
    const written = writeHistory({ ...moved, transactions: 20_000 });
    expect([...written.rows].length).toBe(20_000);
    const posted = Map.groupBy(written.notable, ({ plantedIn }) => plantedIn);
    expect(
      moved.cases.cases.filter(({ script }, index) => posted.get(index)?.length !== script.postings.length).map(({ rule }) => rule),
    ).toEqual([]);
    expect(
      moved.cases.cases
        .filter(({ fresh }) => fresh)
        .map(({ script }) => Math.max(...script.postings.map(({ at }) => at)))
        .every(at => at < moved.now && at > moved.now - 86_400_000),
    ).toBe(true);
  });

  test('the hour changes only the last hours and what leads to them', () => {
    const later = planBank(20_000, 4_711, new Date('2026-11-21T20:45:00Z'), zone);
    const lately = days.at(-4)?.start ?? 0;
    const before = (all: typeof rows) =>
      all.filter(({ posting }) => posting.at < lately).map(({ posting }) => [posting.at, posting.from, posting.to, posting.amount]);
    expect(before([...writeHistory({ ...later, transactions: 20_000 }).rows])).toEqual(before(rows));
  });
});

test('account numbers are those of the bank, and never meet', () => {
  expect([accountNumber(1), accountNumber(2)]).toEqual(['447161909351', '447123818702']);
  expect(new Set(Array.from({ length: 120_000 }, (_, index) => accountNumber(index + 1))).size).toBe(120_000);
});
