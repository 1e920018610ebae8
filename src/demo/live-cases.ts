import type { Config } from '../config.ts';
import type { Direct } from '../database/direct.ts';
import { minute, second } from './bank-days.ts';
import type { Wish } from './live-acts.ts';
import { outside } from './posting.ts';
import type { Random } from './random.ts';
import type { Resident, Roster } from './roster.ts';

/** What live traffic plants: nothing, a case every few minutes, or a structuring case at once and then the same. */
export type CaseWish = Config['trafficCases'];

type Step = { readonly after: number; readonly wish: Wish };
/** `room` is what is left of the day's limit for deposits, in units. */
type Shape = (resident: Resident, random: Random, room: number) => readonly Step[];

const cents = (random: Random, low: number, high: number, unit: number): number => random.between(low * unit, high * unit - 1);

const paysIn = ({ account, currency }: Resident, amount: number, description: string, counterparty: string | null = null): Wish => ({
  type: 'deposit', from: outside, to: account, amount, currency, channel: counterparty === null ? 'branch' : 'online', counterparty, description,
}); // prettier-ignore

const takesOut = ({ account, currency }: Resident, amount: number, channel: Wish['channel'], counterparty: string): Wish => ({
  type: 'withdrawal', from: account, to: outside, amount, currency, channel, counterparty, description: 'Payment',
}); // prettier-ignore

/** Deposits that are meant to stay unnoticed are not quite 2,000. */
const highest = 1_980;

/** The shapes of rules 5, 2, 9 and 13, over some minutes; pauses are in milliseconds. All keep the default limits. */
const shapes = {
  structuring: (resident, random, room) =>
    Array.from({ length: random.between(3, Math.min(5, Math.floor(room / highest))) }, (_, index) => ({
      after: index === 0 ? 0 : random.between(30, 80) * second,
      wish: paysIn(resident, cents(random, 1_650, highest, resident.unit), 'Cash paid in'),
    })),
  velocity: (resident, random) => [
    { after: 0, wish: paysIn(resident, cents(random, 300, 450, resident.unit), 'Cash paid in') },
    ...Array.from({ length: random.between(6, 8) }, () => ({
      after: random.between(20, 70) * second,
      wish: takesOut(resident, cents(random, 12, 40, resident.unit), 'card', 'Kabelkiste.example'),
    })),
  ],
  passThrough: (resident, random) => {
    const credit = cents(random, 900, 1_580, resident.unit);
    const part = Math.floor(credit * 0.46);
    return [
      { after: 0, wish: paysIn(resident, credit, 'Commission', 'Meridian Trade FZE') },
      ...[1, 2].map(() => ({ after: random.between(60, 150) * second, wish: takesOut(resident, part, 'online', 'Fast Exchange Ltd') })),
    ];
  },
  probing: (resident, random) => [
    ...[2_900, 2_500, 2_200, 2_050].map(units => ({
      after: random.between(20, 50) * second,
      wish: takesOut(resident, units * resident.unit, 'online', 'Fast Exchange Ltd'),
    })),
    { after: 30 * second, wish: takesOut(resident, cents(random, 200, 390, resident.unit), 'online', 'Fast Exchange Ltd') },
  ],
} satisfies Readonly<Record<string, Shape>>;

/** A case that was asked for is over in seconds. */
const hurried = 1.5 * second;
/** From the beginning of one case to the next: 2 to 6 minutes. */
const pauseBetween = (random: Random): number => (2 + 4 * random.next()) * minute;

/** Who has room for the largest case, or most of it, in today's limit for deposits, and how much in units; no limits of their own. */
const findRoom = async (client: Direct, candidates: readonly Resident[]): Promise<readonly [Resident, number] | undefined> => {
  const { rows } = await client.query<{ account: number; room: number }>(
    `SELECT a.id::int AS account, (d.daily_units - coalesce(max(c.used), 0) / 10 ^ y.exponent)::float8 AS room
       FROM bank.account a JOIN bank.limit_default d ON d.type = 'deposit' JOIN bank.currency y ON y.code = a.currency
       LEFT JOIN bank.limit_counter c ON c.account_id = a.id AND c.type = 'deposit' AND c.day >= (clock_timestamp() AT TIME ZONE 'UTC')::date - 1
      WHERE a.id = ANY ($1) AND a.status = 'active' AND NOT EXISTS (SELECT FROM bank.limit_override o WHERE o.account_id = a.id)
      GROUP BY a.id, d.daily_units, y.exponent ORDER BY room DESC, a.id LIMIT 1`,
    [candidates.map(({ account }) => account)],
  );
  const [found] = rows;
  const resident = candidates.find(({ account }) => account === found?.account);
  return resident && found && found.room >= 3 * highest ? [resident, found.room] : undefined;
};

/** Whoever feels for the limit must have more than that. */
const shapesFor = ({ balance, unit }: Resident): readonly Shape[] => {
  const { probing, ...others } = shapes;
  // Structuring twice: it is the case that a demo shows first
  return [shapes.structuring, ...Object.values<Shape>(others), ...(balance > 3_000 * unit ? [probing] : [])];
};

/** The cases of one life of the traffic, step by step. */
export type LiveCases = {
  /** What is due now; a case begins where the time for the next one has come. */
  readonly due: (client: Direct, roster: Roster, now: number) => Promise<Wish | undefined>;
  /** Whether somebody has a part in a case and does nothing else. */
  readonly has: (account: number) => boolean;
};

/** Plants what was wished for, from `now` on. */
export const openCases = (wish: CaseWish, random: Random, now: number): LiveCases => {
  const used = new Set<number>();
  const steps: { readonly at: number; readonly wish: Wish }[] = [];
  let asked = wish === 'structuring';
  let beginsAt = wish === 'none' ? Infinity : asked ? now : now + pauseBetween(random) / 2;

  const begin = async (client: Direct, { active }: Roster, at: number): Promise<void> => {
    const fit = active.filter(({ account, currency }) => currency === 'EUR' && !used.has(account));
    const found =
      fit.length > 0
        ? await findRoom(
            client,
            Array.from({ length: 20 }, () => random.pick(fit)),
          )
        : undefined;
    // Nobody who was asked has room left today: another time
    beginsAt = at + (asked && !found ? second : pauseBetween(random));
    if (!found) return;
    const [resident, room] = found;
    used.add(resident.account);
    const shape: Shape = asked ? shapes.structuring : random.pick(shapesFor(resident));
    let due = at;
    for (const step of shape(resident, random, room)) {
      due += asked && step.after > 0 ? hurried : step.after;
      steps.push({ at: due, wish: step.wish });
    }
    steps.sort((a, b) => a.at - b.at);
    asked = false;
  };

  return {
    due: async (client, roster, at) => {
      if (at >= beginsAt) await begin(client, roster, at);
      return (steps[0]?.at ?? Infinity) <= at ? steps.shift()?.wish : undefined;
    },
    has: account => used.has(account),
  };
};
