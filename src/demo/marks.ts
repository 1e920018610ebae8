import type { Account } from './accounts.ts';
import { hour, wholeDay } from './bank-days.ts';
import type { PlannedCase } from './cases.ts';
import type { Notable } from './counter.ts';
import { operatorId } from './operators.ts';
import { randomFrom } from './random.ts';

/** A freeze and why; open ones keep their account frozen. */
export type Hold = {
  readonly account: number;
  readonly ground: string;
  readonly note: string;
  readonly reviewOn: string;
  readonly notify: boolean;
  readonly placedBy: number;
  readonly placedAt: number;
  readonly released: { readonly by: number; readonly at: number; readonly findings: string } | undefined;
};
export type Flag = {
  readonly transaction: number;
  readonly account: number;
  readonly note: string;
  readonly by: number;
  readonly at: number;
  readonly cleared: { readonly by: number; readonly at: number; readonly note: string } | undefined;
};

const grounds = [
  ['suspicious pattern', 'Five cash deposits just under the limit within a day; owner does not answer the telephone'],
  ['unauthorised access', 'Customer reports a lost telephone and payments that are not hers'],
  ['compliance', 'Source of funds still missing after the second letter'],
  ['court order', 'Order of the district court, reference 36 C 118/26'],
] as const;

const dayAfter = (at: number, days: number): string => new Date(at + days * wholeDay).toISOString().slice(0, 10);

/** One open hold for every frozen account; some that ended, for the history of active ones. */
export const planHolds = (accounts: readonly Account[], now: number, seed: number): readonly Hold[] => {
  const random = randomFrom(seed, 'holds');
  const place = (account: number, placedAt: number, index: number): Hold => {
    const [ground, note] = grounds[index % grounds.length] ?? grounds[0];
    return {
      account,
      ground,
      note,
      reviewOn: dayAfter(placedAt, 7 + (index % 3) * 7),
      notify: index % 2 === 0,
      placedBy: operatorId(index % 3 === 0 ? 'omar' : 'ravi'),
      placedAt,
      released: undefined,
    };
  };
  const open = accounts.filter(({ status }) => status === 'frozen').map(({ id, endedAt }, index) => place(id, endedAt ?? now, index));
  const old = accounts
    .filter(
      ({ status, owner, activatedAt }) => status === 'active' && owner.kind === 'customer' && (activatedAt ?? now) < now - 200 * wholeDay,
    )
    .filter(() => random.chance(0.01))
    .map(({ id }, index): Hold => {
      const hold = place(id, Math.floor(now - (40 + 120 * random.next()) * wholeDay), index);
      return {
        ...hold,
        released: {
          by: operatorId('mona'),
          at: hold.placedAt + random.between(20, 130) * hour,
          findings: 'Documents seen, pattern explained by the sale of a car',
        },
      };
    });
  return [...open, ...old].toSorted((a, b) => a.placedAt - b.placedAt);
};

/** Half of the planted cases were seen and flagged; a few ordinary transactions were flagged and cleared again. */
export const planFlags = (notable: readonly Notable[], cases: readonly PlannedCase[], now: number): readonly Flag[] => {
  const last = new Map(notable.flatMap(note => (note.plantedIn === undefined ? [] : [[note.plantedIn, note] as const])));
  const seen = [...last].flatMap(([index, { id, account, at }]): Flag[] => {
    const planted = cases[index];
    if (!planted || index % 2 === 1 || planted.fresh) return [];
    return [
      {
        transaction: id,
        account,
        note: `Fits rule ${planted.rule.split(' ')[0] ?? ''}: ask the customer about the purpose`,
        by: operatorId('ravi'),
        at: Math.min(at + 3 * hour, now - 1),
        cleared: undefined,
      },
    ];
  });
  const cleared = notable
    .filter(({ plantedIn, at }) => plantedIn === undefined && at < now - 5 * wholeDay)
    .map(({ id, account, at }, index): Flag => ({
      transaction: id,
      account,
      note: 'Unusual for this customer, asked by telephone',
      by: operatorId('ravi'),
      at: at + 20 * hour,
      cleared: index % 4 === 0 ? undefined : { by: operatorId('ravi'), at: at + 70 * hour, note: 'Customer confirmed the purchase' },
    }));
  return [...seen, ...cleared].toSorted((a, b) => a.at - b.at);
};
