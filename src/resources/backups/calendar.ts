import { addDays } from '../../domain/day.ts';
import type { DetailSection } from '../../kit/define-resource.ts';
import type { BackupDay } from './queries.ts';

const weekdays = ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'] as const;

const markOf = ({ whole, corrupt }: BackupDay): string => (corrupt > 0 ? 'x' : whole === 0 ? '.' : whole > 9 ? '+' : String(whole));

/** Monday is 0. */
const weekdayOf = (day: string): number => (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
const mondayOf = (day: string): string => addDays(day, -weekdayOf(day));

/** One line of the calendar; what lies before the first day and after today is blank. */
const weekOf = (monday: string, days: readonly BackupDay[]): readonly string[] => {
  const own = weekdays.map((_, index) => days.find(({ day }) => day === addDays(monday, index)));
  const shown = own.filter(day => day !== undefined);
  const whole = shown.filter(day => day.whole > 0 && day.corrupt === 0).length;
  return [monday, ...own.map(day => (day ? markOf(day) : '')), `${whole} of ${shown.length}`];
};

/** Each week a line from Monday to Sunday, the days in UTC; words and digits only, so that no colour is needed. */
export const calendar = (days: readonly BackupDay[]): DetailSection => ({
  title: 'Last 30 days',
  lines: [['', 'backups left of each day; . none, x corrupt']],
  table: {
    columns: ['Week of', ...weekdays, 'Whole'],
    rows: [...new Set(days.map(({ day }) => mondayOf(day)))].map(monday => weekOf(monday, days)),
  },
});
