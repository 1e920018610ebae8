import type { Account } from './accounts.ts';
import { hour, wholeDay } from './bank-days.ts';
import { staysFlagged, wasSeen, type PlannedCase } from './cases.ts';
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

/** What a case's script says was flagged, before the case went on. Of past ones the flag was cleared when all was quiet. */
const flagOfScript = ({ rule, fresh, script }: PlannedCase, ids: readonly Notable[]): Flag[] => {
  const marked = script.flag && ids[script.flag.place];
  if (!script.flag || !marked) return [];
  const by = operatorId('ravi');
  const cleared = fresh ? undefined : { by, at: (ids.at(-1)?.at ?? 0) + 20 * hour, note: 'Customer came to the branch and explained it' };
  return [
    { transaction: marked.id, account: marked.account, note: `Fits rule ${rule}: waiting for an answer`, by, at: script.flag.at, cleared },
  ];
};

/** Half of the planted cases were seen and flagged, the older ones cleared while the account was quiet. */
const flagOfCase = (planted: PlannedCase, index: number, last: Notable, midnight: number): Flag[] => {
  if (!wasSeen(index) || planted.fresh || planted.script.flag) return [];
  const by = operatorId('ravi');
  return [
    {
      transaction: last.id,
      account: last.account,
      note: `Fits rule ${planted.rule.split(' ')[0] ?? ''}: ask the customer about the purpose`,
      by,
      at: Math.min(last.at + 3 * hour, midnight - 1),
      cleared: staysFlagged(index, last.at, midnight) ? undefined : { by, at: last.at + 40 * hour, note: 'Customer explained the purpose' },
    },
  ];
};

/** Ordinary transactions that looked odd to somebody, on accounts where nothing happened until that was cleared. */
const flagsOfOthers = (notable: readonly Notable[], midnight: number): readonly Flag[] =>
  notable
    .filter(({ plantedIn, at, nextAt = Infinity }) => plantedIn === undefined && at < midnight - 5 * wholeDay && nextAt > at + 71 * hour)
    .map(({ id, account, at }) => ({
      transaction: id,
      account,
      note: 'Unusual for this customer, asked by telephone',
      by: operatorId('ravi'),
      at: at + 20 * hour,
      cleared: { by: operatorId('ravi'), at: at + 70 * hour, note: 'Customer confirmed the purpose' },
    }));

/** Every flag of the bank, in the order in which they were set. */
export const planFlags = (notable: readonly Notable[], cases: readonly PlannedCase[], midnight: number): readonly Flag[] => {
  const posted = Map.groupBy(notable, ({ plantedIn }) => plantedIn);
  const ofCases = cases.flatMap((planted, index) => {
    const ids = posted.get(index) ?? [];
    const last = ids.at(-1);
    return last ? [...flagOfScript(planted, ids), ...flagOfCase(planted, index, last, midnight)] : [];
  });
  return [...ofCases, ...flagsOfOthers(notable, midnight)].toSorted((a, b) => a.at - b.at);
};
