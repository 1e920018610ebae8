import { z } from 'zod';
import { done, invalid, type Outcome } from './outcome.ts';

/** A calendar day of the bank, `YYYY-MM-DD`. */
export type Day = string;

const millisecondsPerDay = 86_400_000;

const asDay = (instant: number): Day => new Date(instant).toISOString().slice(0, 10);

/** Whether the text is a day that exists: 2026-02-29 does not. The ends of the calendar are left out: Postgres has no year 0. */
export const isDay = (text: string): boolean => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text < '0002' || text >= '9999') return false;
  const instant = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(instant) && asDay(instant) === text;
};

/** The day that many days after (or before) another. */
export const addDays = (day: Day, days: number): Day => asDay(Date.parse(`${day}T00:00:00Z`) + days * millisecondsPerDay);

/** The bank's business day at an instant. `timeZone` is an IANA name. */
export const businessDay = (instant: Date, timeZone: string): Day =>
  new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(instant);

/** Reads `2026-11-20`, `today`, `tomorrow`, `yesterday`, `in 7 days` or `7 days ago`. */
export const parseDay = (text: string, today: Day): Outcome<Day> => {
  const words = text.trim().toLowerCase();
  if (isDay(words)) return done(words);
  if (words === 'today') return done(today);
  if (words === 'tomorrow') return done(addDays(today, 1));
  if (words === 'yesterday') return done(addDays(today, -1));
  const ahead = /^in (\d{1,4}) days?$/.exec(words);
  if (ahead) return done(addDays(today, Number(ahead[1])));
  const back = /^(\d{1,4}) days? ago$/.exec(words);
  if (back) return done(addDays(today, -Number(back[1])));
  const looksLikeDay = /^\d{4}-\d{2}-\d{2}$/.test(words);
  return invalid(
    looksLikeDay ? `${text} does not exist in the calendar` : `"${text}" is no day`,
    'write it like 2026-11-20, today or in 7 days',
  );
};

const secondsPer: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** Reads a length of time like `15m`, `2h`, `1d`, `2w` into seconds. */
export const parseSpan = (text: string): Outcome<number> => {
  const match = /^(\d{1,5})([mhdw])$/.exec(text.trim());
  return match
    ? done(Number(match[1]) * (secondsPer[match[2] ?? ''] ?? 0))
    : invalid(`"${text}" is no length of time`, 'write it like 15m, 2h, 1d or 2w');
};

/** An input field that takes a day. */
export const DayInput = z.string().trim().refine(isDay, 'is no day that exists; write it like 2026-11-20').meta({ kind: 'day' });

/** `2026-11-20 12:04:31`, in UTC; the screen says so in its banner. */
export const formatInstant = (instant: Date | null | undefined): string =>
  instant ? instant.toISOString().slice(0, 19).replace('T', ' ') : '-';

/** `11-20 12:04`, in UTC, for narrow columns. */
export const formatShortInstant = (instant: Date | null | undefined): string =>
  instant ? instant.toISOString().slice(5, 16).replace('T', ' ') : '-';

/** The instant as data: ISO 8601 in UTC, empty where there is none. */
export const isoInstant = (instant: Date | null | undefined): string => instant?.toISOString() ?? '';

/** Day of the month and time to the second, UTC: for what happens within moments. */
export const formatSecond = (instant: Date): string => instant.toISOString().slice(8, 19).replace('T', ' ');
