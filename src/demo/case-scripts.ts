import { hour, minute, wholeDay } from './bank-days.ts';
import { deposit, transfer, withdrawal, type Posting, type Refusal } from './posting.ts';
import type { Moment } from './case-moments.ts';
import type { Random } from './random.ts';

/** Where a case is planted: its last posting happens at `at`; the account does nothing else around it. */
export type Stage = Moment & { readonly account: number; readonly friends: readonly number[]; readonly random: Random };
/** What happens; refusals and password resets go with it where the rule looks at them. */
export type Script = {
  readonly postings: readonly Posting[];
  readonly probes?: readonly Pick<Refusal, 'at' | 'amount'>[];
  readonly reset?: number;
  /** When somebody flagged which of its postings. */
  readonly flag?: { readonly place: number; readonly at: number };
};

const cents = (random: Random, low: number, high: number): number =>
  random.between(low * 100, high * 100 - 1) + (random.chance(0.5) ? 0 : 1);

/** Fills the account unobtrusively, in parts below every threshold, a good day before. */
const fund = ({ account, at, random }: Stage, units: number, before = 26 * hour): Posting[] => {
  const parts = Math.ceil(units / 1_300);
  return Array.from({ length: parts }, (_, index) =>
    deposit(at - before - (parts - index) * 31 * minute, account, Math.ceil(units / parts) * 100 + random.between(101, 187), {
      counterparty: 'Consulting Byrne Ltd',
      description: 'Invoice',
    }),
  );
};

const out = { counterparty: 'Fast Exchange Ltd', description: 'Payment' };

/** The same place, for what lies weeks before. */
const longBefore = (stage: Stage): Stage => ({ ...stage, at: stage.base });

/** Small purchases, evenly over a stretch of days. */
const habit = ({ account, at, random }: Stage, count: number, from: number, to: number): Posting[] =>
  Array.from({ length: count }, (_, index) =>
    withdrawal(at - from + ((from - to) * index) / count + random.between(0, 3 * 60) * minute, account, cents(random, 8, 19), {
      channel: 'card',
      counterparty: 'Frischmarkt Altona',
      description: 'Groceries',
    }),
  );

/** One script for each rule of transaction monitoring (DOMAIN.md). */
export const caseScripts: Readonly<Record<string, (stage: Stage) => Script>> = {
  R1: stage => ({ postings: [...fund(stage, 2_000), withdrawal(stage.at, stage.account, cents(stage.random, 1_610, 1_990), out)] }),

  R2: stage => ({
    postings: [
      ...fund(stage, 500),
      ...Array.from({ length: 7 }, (_, index) =>
        withdrawal(stage.at - (6 - index) * 75_000, stage.account, cents(stage.random, 12, 55), {
          channel: 'card',
          counterparty: 'Kabelkiste.example',
          description: 'Online purchase',
        }),
      ),
    ],
  }),

  R3: stage => ({
    postings: [
      ...fund(stage, 3_000),
      ...[19, 11, 4, 0].map(ago => withdrawal(stage.at - ago * hour, stage.account, stage.random.between(5, 7) * 10_000, out)),
    ],
  }),

  R4: stage => {
    const funds = fund(stage, 1_200);
    return {
      postings: [
        ...funds,
        withdrawal(stage.at - 9 * hour, stage.account, cents(stage.random, 410, 470), out),
        transfer(stage.at, stage.account, stage.friends[0] ?? 0, cents(stage.random, 140, 260), { description: 'For the car' }),
      ],
      flag: { place: funds.length, at: stage.at - 6 * hour },
    };
  },

  R5: ({ account, at, random }) => ({
    postings: [20, 14.5, 9, 3.2, 0].map(ago =>
      deposit(at - ago * hour, account, cents(random, 1_650, 1_980), { channel: 'branch', description: 'Cash paid in' }),
    ),
  }),

  R6: stage => ({
    postings: [
      ...fund(longBefore(stage), 900, 212 * wholeDay),
      ...habit(longBefore(stage), 4, 206 * wholeDay, 190 * wholeDay),
      withdrawal(stage.at, stage.account, cents(stage.random, 480, 760), out),
    ],
  }),

  R7: stage => ({
    postings: [
      ...fund(stage, 1_700),
      transfer(stage.at, stage.account, stage.friends[0] ?? 0, cents(stage.random, 1_050, 1_550), {
        description: 'As agreed by telephone',
      }),
    ],
  }),

  R8: stage => ({ postings: [...fund(stage, 900), withdrawal(stage.at, stage.account, cents(stage.random, 520, 860), out)] }),

  R9: ({ account, at, friends, random }) => {
    const credit = cents(random, 1_100, 1_580);
    const share = Math.floor(credit * 0.47);
    return {
      postings: [
        deposit(at - 43 * minute, account, credit, { counterparty: 'Meridian Trade FZE', description: 'Commission' }),
        transfer(at - 19 * minute, account, friends[0] ?? 0, share, { description: 'Commission' }),
        withdrawal(at, account, share, out),
      ],
    };
  },

  'R10 fan-in': ({ account, at, friends, random }) => ({
    postings: friends
      .slice(0, 7)
      .flatMap((friend, index) => [
        deposit(at - (27 - index) * hour, friend, 21_000 + index * 137, { counterparty: 'Atelier Lacroix', description: 'Fee note' }),
        transfer(at - (6 - index) * 2.6 * hour, friend, account, cents(random, 95, 190), { description: 'Investment club' }),
      ]),
  }),

  'R10 fan-out': stage => ({
    postings: [
      ...fund(stage, 1_300),
      ...stage.friends
        .slice(0, 7)
        .map((friend, index) =>
          transfer(stage.at - (6 - index) * 3.1 * hour, stage.account, friend, cents(stage.random, 95, 170), { description: 'Bonus' }),
        ),
    ],
  }),

  R11: stage => ({
    postings: [
      ...fund(longBefore(stage), 1_900, 96 * wholeDay),
      ...habit(longBefore(stage), 13, 85 * wholeDay, 4 * wholeDay),
      withdrawal(stage.at, stage.account, cents(stage.random, 900, 1_450), out),
    ],
  }),

  R12: stage => ({
    postings: [
      ...fund(stage, 2_700, 20 * hour),
      ...[8, 0].map(ago => withdrawal(stage.at - ago * hour, stage.account, cents(stage.random, 1_080, 1_280), out)),
    ],
  }),

  R13: stage => ({
    postings: [...fund(stage, 2_100), withdrawal(stage.at, stage.account, cents(stage.random, 1_900, 1_999), out)],
    probes: [2_600, 2_300, 2_150, 2_020].map((units, index) => ({ at: stage.at - (4 - index) * 6 * minute, amount: units * 100 })),
  }),

  R14: stage => {
    const amount = cents(stage.random, 640, 980);
    const friend = stage.friends[0] ?? 0;
    return {
      postings: [
        ...fund(stage, 1_100),
        transfer(stage.at - 7 * hour, stage.account, friend, amount, { description: 'Deposit for the car' }),
        transfer(stage.at, friend, stage.account, Math.floor(amount * 0.97), { description: 'Deposit returned' }),
      ],
    };
  },

  R15: stage => ({
    postings: [...fund(stage, 1_200), withdrawal(stage.at, stage.account, cents(stage.random, 650, 1_050), out)],
    reset: stage.at - 95 * minute,
  }),

  R16: stage => ({
    postings: [
      ...fund(stage, 5_100, 30 * hour),
      ...[2.4, 1.1, 0].map(ago =>
        withdrawal(stage.at - ago * hour, stage.account, cents(stage.random, 1_530, 1_590), {
          channel: 'branch',
          description: 'Cash paid out',
        }),
      ),
    ],
  }),
};
