import { hour, isRentDay, minute, second, timeOn, wholeDay, type BankDay } from './bank-days.ts';
import type { PlannedCase } from './cases.ts';
import type { Person } from './person.ts';
import { randomFrom, type Random } from './random.ts';

export type SignIn = {
  readonly type: 'login_success' | 'login_failure' | 'lockout' | 'logout' | 'password_reset';
  readonly person: Person | undefined;
  readonly username: string;
  readonly ip: string;
  readonly agent: string;
  readonly at: number;
};
export type Session = {
  readonly id: string;
  readonly person: Person;
  readonly device: string;
  readonly ip: string;
  readonly startedAt: number;
  readonly lastSeenAt: number;
  readonly endedAt: number | null;
};

const devices = [
  'Firefox on Linux',
  'Chrome on Windows',
  'Safari on macOS',
  'Bank app 5.2 on iPhone',
  'Bank app 5.2 on Android',
  'Bank app 5.1 on Android',
  'Edge on Windows',
];

/** Everybody comes from a place of their own (198.18.0.0/15 is nobody's on the internet). */
const homeOf = ({ id }: Person): string => `198.${18 + ((id >> 16) & 1)}.${(id >> 8) & 255}.${id & 255}`;
const deviceOf = ({ id }: Person): string => devices[id % devices.length] ?? '';

const signIn = (type: SignIn['type'], person: Person, at: number): SignIn => ({
  type,
  person,
  username: person.username,
  ip: homeOf(person),
  agent: deviceOf(person),
  at,
});

/** Guesses at a few usernames from a few addresses, until one of them is locked out. */
const attack = (at: number, people: readonly Person[], random: Random): SignIn[] => {
  const victims = Array.from({ length: 4 }, () => random.pick(people));
  const block = random.between(2, 250);
  const guesses = Array.from({ length: random.between(70, 150) }, (_, index): SignIn => {
    const person = index % 7 === 0 ? undefined : random.pick(victims);
    const username = person?.username ?? random.pick(['admin', 'root', 'administrator', 'test', "' or 1=1 --"]);
    return {
      type: 'login_failure',
      person,
      username,
      ip: `203.0.113.${block + (index % 3)}`,
      agent: 'python-requests/2.31',
      at: at - random.below(24 * minute),
    };
  });
  const [victim] = victims;
  return victim
    ? [
        ...guesses,
        { type: 'lockout', person: victim, username: victim.username, ip: `203.0.113.${block}`, agent: 'python-requests/2.31', at },
      ]
    : guesses;
};

/** Firms keep their passwords, and nobody forgets one around the day on which rents are due: rule 15 would see that. */
const ordinary = (at: number, person: Person, rentsDue: boolean, random: Random): SignIn[] => {
  if (person.status === 'invited' || person.createdAt > at) return [];
  const misses = random.chance(0.05) ? random.pick([1, 1, 1, 2, 3]) : 0;
  const failures = Array.from({ length: misses }, (_, index) => signIn('login_failure', person, at - (misses - index) * 17 * second));
  const rest = random.next();
  const firm = person.kind === 'employer' || person.kind === 'landlord';
  if (rest < 0.02 && !firm && !rentsDue)
    return [...failures, signIn('password_reset', person, at - 5 * minute), signIn('login_success', person, at)];
  return [
    ...failures,
    signIn('login_success', person, at),
    ...(rest < 0.22 ? [signIn('logout', person, at + random.between(2, 40) * minute)] : []),
  ];
};

export type SignInPlan = {
  readonly people: readonly Person[];
  readonly cases: readonly PlannedCase[];
  readonly days: readonly BankDay[];
  readonly now: number;
  readonly seed: number;
  readonly transactions: number;
};

const resets = (cases: readonly PlannedCase[]): readonly SignIn[] =>
  cases.flatMap(({ account, script }) => (script.reset === undefined ? [] : [signIn('password_reset', account.owner, script.reset)]));

/** Every sign-in of the history, in the order of time, with a burst of failures now and then and one in the last hours. */
export function* signIns({ people, cases, days, now, seed, transactions }: SignInPlan): Generator<SignIn> {
  const launch = days[0]?.start ?? now;
  const planned = resets(cases);
  for (const [index, day] of days.entries()) {
    const random = randomFrom(seed, `sign-ins ${day.number}`);
    const arrived = people.filter(({ createdAt }) => createdAt < day.start).length;
    const count = Math.round((transactions / days.length / 8) * (0.3 + (1.4 * arrived) / people.length));
    const rentsDue = isRentDay(day) || days.slice(index + 1, index + 2).some(isRentDay);
    const events = Array.from({ length: count }, () => {
      const at = timeOn(day, 5.5 + 18 * random.next());
      return ordinary(at, people[random.below(Math.max(1, arrived))] ?? random.pick(people), rentsDue, random);
    }).flat();
    const burst = index % 61 === 40 ? attack(timeOn(day, 3), people, random) : [];
    const fresh = index === days.length - 1 ? attack(now - 2 * hour, people, random) : [];
    const due = [...events, ...burst, ...planned.filter(({ at }) => at >= day.start && at < day.end)].filter(
      ({ at }) => at >= launch && at < now,
    );
    yield* [...due, ...fresh].toSorted((a, b) => a.at - b.at);
  }
}

/** Open sessions of the last hours, and older ones that ended. */
export const planSessions = (people: readonly Person[], now: number, seed: number): readonly Session[] => {
  const random = randomFrom(seed, 'sessions');
  return people
    .filter(({ status, createdAt }) => status === 'active' && createdAt < now - wholeDay)
    .filter(() => random.chance(0.22))
    .map(person => {
      const open = random.chance(0.35);
      const startedAt = Math.max(person.createdAt, Math.floor(now - (open ? 9 * hour : 20 * wholeDay) * random.next() - 2 * minute));
      const lastSeenAt = Math.min(now - random.below(90 * second), startedAt + random.between(1, open ? 540 : 45) * minute);
      return {
        id: random.uuid(),
        person,
        device: deviceOf(person),
        ip: homeOf(person),
        startedAt,
        lastSeenAt,
        endedAt: open ? null : lastSeenAt,
      };
    });
};
