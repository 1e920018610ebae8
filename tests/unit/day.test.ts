import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addDays,
  businessDay,
  DayInput,
  formatInstant,
  formatShortInstant,
  isDay,
  isoInstant,
  parseDay,
  parseSpan,
} from '../../src/domain/day.ts';

const today = '2026-11-20';

test.each(['2026-02-28', '2024-02-29', '2000-02-29', '2026-12-31'])('%s exists', text => {
  expect(isDay(text)).toBe(true);
  expect(DayInput.safeParse(text).success).toBe(true);
});

test.each(['2026-02-29', '1900-02-29', '2026-04-31', '2026-13-01', '2026-00-10', '2026-01-00', '2026-01-32'])('%s does not exist', text => {
  expect(isDay(text)).toBe(false);
  expect(DayInput.safeParse(text).success).toBe(false);
  expect(parseDay(text, today)).toEqual({
    ok: false,
    refusal: { kind: 'invalid', message: `${text} does not exist in the calendar`, next: 'write it like 2026-11-20, today or in 7 days' },
  });
});

test.each(['', '20.11.2026', '2026-1-5', '2026-11-20T00:00', 'in seven days', 'in -1 days', 'in 99999 days', 'someday'])(
  '"%s" is no day',
  text => {
    expect(parseDay(text, today)).toMatchObject({ ok: false, refusal: { message: `"${text}" is no day` } });
  },
);

test('years that the database does not have, with a day to spare, are no days', () => {
  for (const text of ['0000-01-01', '0001-01-01', '9999-12-31']) expect([text, isDay(text)]).toEqual([text, false]);
});

test.each([
  ['today', '2026-11-20'],
  ['Tomorrow', '2026-11-21'],
  [' yesterday ', '2026-11-19'],
  ['in 1 day', '2026-11-21'],
  ['in 7 days', '2026-11-27'],
  ['20 days ago', '2026-10-31'],
  ['2024-02-29', '2024-02-29'],
])('%s is %s', (text, day) => {
  expect(parseDay(text, today)).toEqual({ ok: true, value: day });
});

test('days are counted over leap days, changes of the clock and years', () => {
  expect(addDays('2024-02-28', 1)).toBe('2024-02-29');
  expect(addDays('2026-02-28', 1)).toBe('2026-03-01');
  expect(addDays('2026-03-28', 2)).toBe('2026-03-30');
  expect(addDays('2027-01-01', -1)).toBe('2026-12-31');
});

test('adding days and taking them away again leads back', () => {
  const aDay = fc.date({ min: new Date('1900-01-01'), max: new Date('2099-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(aDay, fc.integer({ min: -9_999, max: 9_999 }), (instant, days) => {
      const day = instant.toISOString().slice(0, 10);
      expect(addDays(addDays(day, days), -days)).toBe(day);
      expect(isDay(addDays(day, days))).toBe(true);
    }),
    { seed: 20_261_120 },
  );
});

test.each([
  // Berlin leaves summer time on 2026-10-25 and enters it on 2026-03-29: the day begins at 22:00 or 23:00 UTC
  ['2026-03-28T22:59:59Z', 'Europe/Berlin', '2026-03-28'],
  ['2026-03-28T23:00:00Z', 'Europe/Berlin', '2026-03-29'],
  ['2026-03-29T21:59:59Z', 'Europe/Berlin', '2026-03-29'],
  ['2026-03-29T22:00:00Z', 'Europe/Berlin', '2026-03-30'],
  ['2026-10-24T22:00:00Z', 'Europe/Berlin', '2026-10-25'],
  ['2026-10-25T22:59:59Z', 'Europe/Berlin', '2026-10-25'],
  ['2026-10-25T23:00:00Z', 'Europe/Berlin', '2026-10-26'],
  // New York leaves summer time on 2026-11-01
  ['2026-11-01T03:59:59Z', 'America/New_York', '2026-10-31'],
  ['2026-11-02T04:59:59Z', 'America/New_York', '2026-11-01'],
  ['2026-11-02T05:00:00Z', 'America/New_York', '2026-11-02'],
  ['2024-02-29T12:00:00Z', 'UTC', '2024-02-29'],
  ['2026-12-31T10:00:00Z', 'Pacific/Kiritimati', '2027-01-01'],
])('%s in %s is %s', (instant, timeZone, day) => {
  expect(businessDay(new Date(instant), timeZone)).toBe(day);
});

test('lengths of time', () => {
  expect(['15m', '2h', '1d', '2w'].map(text => parseSpan(text))).toEqual(
    [900, 7_200, 86_400, 1_209_600].map(value => ({ ok: true, value })),
  );
  for (const text of ['', '1', 'd', '1 d', '1y', '-1d', '1.5h', '100000d']) {
    expect(parseSpan(text)).toMatchObject({ ok: false, refusal: { message: `"${text}" is no length of time` } });
  }
});

test('instants are written in UTC', () => {
  const instant = new Date('2026-11-20T23:04:31.500Z');
  expect([formatInstant(instant), formatShortInstant(instant), isoInstant(instant)]).toEqual([
    '2026-11-20 23:04:31',
    '11-20 23:04',
    '2026-11-20T23:04:31.500Z',
  ]);
  expect([formatInstant(null), formatShortInstant(undefined), isoInstant(null)]).toEqual(['-', '-', '']);
});
