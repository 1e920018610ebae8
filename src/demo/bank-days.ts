import { addDays, businessDay, type Day } from '../domain/day.ts';

/** One calendar day of the bank; instants are milliseconds since 1970. */
export type BankDay = {
  readonly day: Day;
  readonly start: number;
  /** The next midnight. */
  readonly end: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly dayOfMonth: number;
  /** Whole days since 1970, by which fortnights are counted. */
  readonly number: number;
};

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const wholeDay = 24 * hour;

/** How far the zone's clocks are ahead of UTC at an instant. */
const offsetAt = (instant: number, clock: Intl.DateTimeFormat): number => {
  const parts = Object.fromEntries(clock.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour: hours = 0, minute: minutes = 0, second: seconds = 0 } = parts;
  return Date.UTC(year, month - 1, day, hours, minutes, seconds) - instant;
};

const clockOf = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });

/** The last `count` days of the bank up to now, the running one included. */
export const bankDays = (now: Date, count: number, timeZone: string): readonly BankDay[] => {
  const clock = clockOf(timeZone);
  const midnight = (day: Day): number => {
    const utc = Date.parse(`${day}T00:00:00Z`);
    // The offset at UTC midnight may already be the other side of a clock change: look again at the instant found
    return utc - offsetAt(utc - offsetAt(utc, clock), clock);
  };
  const today = businessDay(now, timeZone);
  return Array.from({ length: count }, (_, index) => {
    const day = addDays(today, index - count + 1);
    const number = Date.parse(`${day}T00:00:00Z`) / wholeDay;
    return {
      day,
      start: midnight(day),
      end: midnight(addDays(day, 1)),
      weekday: (number + 4) % 7,
      dayOfMonth: Number(day.slice(8)),
      number,
    };
  });
};

/** The instant so many hours after midnight, never outside the day: the one in spring has only 23. */
export const timeOn = (day: BankDay, hours: number): number => Math.min(day.start + Math.floor(hours * hour), day.end - 1);

/** Whether wages are paid on this day: every second Friday; `group` is 0 or 1. */
export const isPayday = (day: BankDay, group: number): boolean => day.weekday === 5 && Math.floor(day.number / 7) % 2 === group;

/** Whether standing orders for rent run on this day. */
export const isRentDay = (day: BankDay): boolean => day.dayOfMonth === 1;
