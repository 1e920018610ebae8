import { expect, test } from 'vitest';
import { dueTimes, nextDueTimes } from '../../src/schedule/due-times.ts';

const berlin = 'Europe/Berlin';
const next = (cron: string, after: string, count = 3, zone = berlin) =>
  nextDueTimes(cron, zone, new Date(after), count).map(at => at.toISOString().slice(0, 16));
const countOf = (cron: string, from: string, until: string) => [...dueTimes(cron, berlin, new Date(from), new Date(until))].length;

test('a job at half past two runs once on the day when that hour is skipped, and once on the day when it comes twice', () => {
  expect(next('30 2 * * *', '2026-03-28T00:00Z')).toEqual(['2026-03-28T01:30', '2026-03-29T01:30', '2026-03-30T00:30']);
  expect(next('30 2 * * *', '2026-10-24T00:00Z')).toEqual(['2026-10-24T00:30', '2026-10-25T00:30', '2026-10-26T01:30']);
  expect(next('30 2 * * *', '2026-10-25T00:30Z', 1)).toEqual(['2026-10-26T01:30']);
  // what is due before and after the skipped hour is not due twice at the same time
  expect(next('30 2,3 * * *', '2026-03-28T12:00Z', 2)).toEqual(['2026-03-29T01:30', '2026-03-30T00:30']);
});

test('what is due in every hour is due in both hours of one name, and in none that is skipped', () => {
  expect(countOf('* * * * *', '2026-10-24T21:59Z', '2026-10-25T22:59Z')).toBe(25 * 60);
  expect(countOf('* * * * *', '2026-03-28T22:59Z', '2026-03-29T21:59Z')).toBe(23 * 60);
  expect(countOf('*/15 * * * *', '2026-10-24T21:59Z', '2026-10-25T22:59Z')).toBe(100);
});

test('days of the month, weekdays and a day that comes every fourth year', () => {
  expect(next('0 2 * * 0', '2026-03-28T00:00Z', 2)).toEqual(['2026-03-29T01:00', '2026-04-05T00:00']);
  expect(next('0 3 1 * *', '2026-11-20T00:00Z', 2)).toEqual(['2026-12-01T02:00', '2027-01-01T02:00']);
  expect(next('0 0 29 2 *', '2026-11-20T00:00Z', 2)).toEqual(['2028-02-28T23:00', '2032-02-28T23:00']);
  expect(next('15 3 * * 1-5', '2026-11-20T12:00Z', 2, 'America/New_York')).toEqual(['2026-11-23T08:15', '2026-11-24T08:15']);
  expect(next('*/20 * * * *', '2026-11-20T12:00Z', 3, 'Asia/Kathmandu')).toEqual([
    '2026-11-20T12:15',
    '2026-11-20T12:35',
    '2026-11-20T12:55',
  ]);
});

test('what is no pattern of five fields is refused', () => {
  expect(() => next('*/5 * * * * *', '2026-11-20T12:00Z')).toThrow('has not the five fields');
  expect(() => next('61 * * * *', '2026-11-20T12:00Z')).toThrow('61');
  expect(() => next('0 0 31 2 *', '2026-11-20T12:00Z')).toThrow('impossible day');
});
