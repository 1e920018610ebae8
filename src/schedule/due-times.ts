import { createTask, parse, type ScheduledTask } from 'node-cron';

const minute = 60_000;
const day = 86_400_000;
/** A 29th of February may be eight years away. */
const mostDays = 3_000;

type Pattern = { readonly minutes: readonly number[]; readonly hours: readonly number[]; readonly dayTask: ScheduledTask };

const patterns = new Map<string, Pattern>();

/** A pattern as node-cron reads it: its minutes and hours, and a task that is asked only whether a day matches. */
const patternOf = (cron: string): Pattern => {
  const known = patterns.get(cron);
  if (known) return known;
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5) throw new Error(`"${cron}" has not the five fields minute, hour, day, month and weekday`);
  const { minute: minutes, hour: hours } = parse(cron);
  const dayTask = createTask(`0 0 ${fields.slice(2).join(' ')}`, () => undefined, { timezone: 'UTC' });
  const pattern = { minutes: minutes.toSorted((a, b) => a - b), hours: hours.toSorted((a, b) => a - b), dayTask };
  patterns.set(cron, pattern);
  return pattern;
};

const formats = new Map<string, Intl.DateTimeFormat>();

const formatOf = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
  }); // prettier-ignore
  formats.set(zone, format);
  return format;
};

/** How far the clocks of a zone are ahead of UTC at an instant, in milliseconds. */
const offsetAt = (zone: string, instant: number): number => {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  const shown = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return shown - Math.floor(instant / 1_000) * 1_000;
};

/** When clocks show a time: the first of two where they are put back; as much after the change as it was to be after its hour where they skip it. */
const instantOf = (zone: string, shown: number): number => {
  const before = offsetAt(zone, shown - day);
  const after = offsetAt(zone, shown + day);
  const candidates = [shown - before, shown - after].filter(instant => instant + offsetAt(zone, instant) === shown);
  return candidates.length > 0 ? Math.min(...candidates) : shown - before;
};

/** The due times of a day of the calendar, in order. What is due in every hour is due in both hours of a name, too. */
const ofDay = ({ minutes, hours }: Pattern, zone: string, midnight: number): readonly number[] => {
  if (hours.length < 24) {
    const shown = hours.flatMap(hour => minutes.map(each => midnight + (hour * 60 + each) * minute));
    return [...new Set(shown.map(time => instantOf(zone, time)))].toSorted((a, b) => a - b);
  }
  const [from, until] = [instantOf(zone, midnight), instantOf(zone, midnight + day)];
  const [first, last] = [offsetAt(zone, from), offsetAt(zone, until - 1)];
  const times: number[] = [];
  for (let at = from; at < until; at += minute) {
    const shown = at + (first === last ? first : offsetAt(zone, at));
    if (minutes.includes(Math.floor(shown / minute) % 60)) times.push(at);
  }
  return times;
};

/** The times after one at which a job is due by the clocks of a zone, up to another one; in order, and computed as they are asked for. */
export const dueTimes = function* (cron: string, zone: string, after: Date, until?: Date): Generator<Date, void> {
  const pattern = patternOf(cron);
  const end = until?.getTime() ?? Infinity;
  const firstDay = Math.floor((after.getTime() + offsetAt(zone, after.getTime())) / day);
  for (let index = firstDay; index < firstDay + mostDays; index++) {
    // The calendar is the same everywhere, so node-cron is asked about the day in UTC
    if (!pattern.dayTask.match(new Date(index * day))) continue;
    for (const at of ofDay(pattern, zone, index * day)) {
      if (at > end) return;
      if (at > after.getTime()) yield new Date(at);
    }
    if (index * day - day > end) return;
  }
};

/** The next due times after one. */
export const nextDueTimes = (cron: string, zone: string, after: Date, count: number): readonly Date[] =>
  dueTimes(cron, zone, after).take(count).toArray();
