import { done, invalid, type Outcome } from './outcome.ts';

export const incidentStates = ['open', 'contained', 'resolved', 'reviewed'] as const;
export type IncidentStatus = (typeof incidentStates)[number];

export const incidentKinds = ['security', 'outage'] as const;
export type IncidentKind = (typeof incidentKinds)[number];

/** Whom something is told about an incident. */
export const audiences = ['team', 'management', 'legal', 'customers'] as const;
export type Audience = (typeof audiences)[number];

/** `1 account`, `3 accounts`. */
export const countOf = (count: number, noun: string): string => `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** A length of time in words: `40 s`, `4 min`, `2 h 5 min`, `3 d 2 h`. */
export const lengthOf = (seconds: number): string => {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < minute) return `${whole} s`;
  if (whole < hour) return `${Math.floor(whole / minute)} min`;
  const [large, small, big, little] = whole < day ? ([hour, minute, 'h', 'min'] as const) : ([day, hour, 'd', 'h'] as const);
  const rest = Math.floor((whole % large) / small);
  return `${Math.floor(whole / large)} ${big}${rest === 0 ? '' : ` ${rest} ${little}`}`;
};

/** When something is due, by seconds until then: a clock within the hour, words beyond it and once it is late. */
export const dueWords = (seconds: number): string => {
  if (seconds <= 0) return `overdue ${lengthOf(-seconds)}`;
  if (seconds >= hour) return `in ${lengthOf(seconds)}`;
  return `in ${Math.floor(seconds / minute)}:${String(seconds % minute).padStart(2, '0')}`;
};

/** How a step stands. Times are seconds by the clock of the database. */
export type StepTimes = {
  readonly skipped: boolean;
  readonly doneAt: Date | null;
  /** Until it is due; negative once it is late. */
  readonly dueIn: number;
  /** How late it was done; zero or less is in time. */
  readonly lateBy: number | null;
};

export type StepTone = 'good' | 'warn' | 'bad' | 'dim' | 'plain';

/** It turns to a warning this long before it is due, in seconds. */
const soon = 120;

/** The same in words, and what they mean. */
export const stepWords = ({ skipped, doneAt, dueIn, lateBy }: StepTimes): readonly [words: string, tone: StepTone] => {
  if (skipped) return ['skipped', 'dim'];
  if (doneAt) return (lateBy ?? 0) > 0 ? [`done ${lengthOf(lateBy ?? 0)} late`, 'warn'] : ['done in time', 'good'];
  return [dueWords(dueIn), dueIn <= 0 ? 'bad' : dueIn <= soon ? 'warn' : 'plain'];
};

/** What an incident can be about. */
const linkable = ['account', 'user', 'transaction', 'alert', 'case', 'dispute', 'security-event'] as const;
export type Linkable = (typeof linkable)[number];

/** A record as a person names it: an account by number, a user by username, anything else by the number on screen. */
export type NamedRecord = { readonly entity: Linkable; readonly name: string };

const mostRecords = 500;

const recordIn = (word: string): NamedRecord | undefined => {
  if (/^\d{12}$/.test(word)) return { entity: 'account', name: word };
  const [kind = '', name = '', ...more] = word.split(':');
  const entity = linkable.find(one => one === kind);
  if (!entity || more.length > 0) return undefined;
  const isName = entity === 'user' ? /^[a-z0-9][a-z0-9._-]{2,62}$/ : entity === 'account' ? /^\d{12}$/ : /^#?\d{1,18}$/;
  return isName.test(name) ? { entity, name: name.replace('#', '') } : undefined;
};

/** Reads `447100930012 user:alice alert:12 case:3`, with blanks or commas between. */
export const parseRecords = (text: string): Outcome<readonly NamedRecord[]> => {
  const words = text.split(/[\s,;]+/).filter(word => word !== '');
  if (words.length > mostRecords) return invalid(`at most ${mostRecords} records at once, not ${words.length}`);
  const records: NamedRecord[] = [];
  for (const word of words) {
    const record = recordIn(word);
    if (!record) {
      return invalid(
        `"${word.slice(0, 40)}" names no record`,
        `write an account's number, or one of ${linkable.slice(1).join(', ')} with its name: alert:12`,
      );
    }
    if (!records.some(({ entity, name }) => entity === record.entity && name === record.name)) records.push(record);
  }
  return done(records);
};
