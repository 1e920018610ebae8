import type { Account } from './accounts.ts';
import { wholeDay, type BankDay } from './bank-days.ts';
import { freshMoment, pastMoment, suits, type Moment } from './case-moments.ts';
import { caseScripts, type Script } from './case-scripts.ts';
import type { Posting, Refusal } from './posting.ts';
import { randomFrom, type Random } from './random.ts';
import type { Quiet } from './spending.ts';

/** A planted case; `fresh` ones lie within the last 24 hours. */
export type PlannedCase = { readonly rule: string; readonly account: Account; readonly fresh: boolean; readonly script: Script };
export type Cases = { readonly cases: readonly PlannedCase[]; readonly quiet: Quiet; readonly taken: ReadonlySet<number> };

const accountsIn = ({ postings }: Script): readonly number[] => [
  ...new Set(postings.flatMap(({ from, to }) => [from, to]).filter(id => id > 0)),
];

/** How many others a rule's shape involves. */
const friendsFor = (rule: string): number => (rule.startsWith('R10') ? 7 : ['R4', 'R7', 'R9', 'R14'].includes(rule) ? 1 : 0);

/** Days on either side of a case that keep daily limits and the rules over 24 hours free of other postings. */
const margin = 2 * wholeDay;

/** Whether a case was seen: every other one. Flags of the last month nobody has cleared yet. */
export const wasSeen = (index: number): boolean => index % 2 === 0;
export const staysFlagged = (index: number, at: number, midnight: number): boolean => wasSeen(index) && at > midnight - 30 * wholeDay;

/** Plants each rule's shape a few times over the year and twice in the last day, on accounts that have no other part to play. */
export const planCases = (accounts: readonly Account[], days: readonly BankDay[], now: number, seed: number): Cases => {
  const launch = days[0]?.start ?? now;
  const midnight = days.at(-1)?.start ?? now;
  const taken = new Set<number>();
  const quiet = new Map<number, (readonly [number, number])[]>();
  const cases: PlannedCase[] = [];
  const settled = accounts.filter(account => suits('', account, { at: midnight, base: midnight }, launch));

  const take = (rule: string, moment: Moment, random: Random): number | undefined => {
    const among = rule === 'R12' ? accounts.filter(account => suits(rule, account, moment, launch)) : settled;
    for (let tries = 0; tries < 4_000 && among.length > 0; tries++) {
      const account = random.pick(among);
      if (taken.has(account.id) || !suits(rule, account, moment, launch)) continue;
      taken.add(account.id);
      return account.id;
    }
    return undefined;
  };

  const plant = (rule: string, fresh: boolean, random: Random): void => {
    const moment = fresh ? freshMoment(rule, days, now, random) : pastMoment(rule, days, random);
    const id = take(rule, moment, random);
    const friends = Array.from({ length: friendsFor(rule) }, () => take('', moment, random)).filter(friend => friend !== undefined);
    const [account, script] = [accounts[(id ?? 0) - 1], caseScripts[rule]];
    // A bank too small for every case goes without this one
    if (!account || !script || friends.length < friendsFor(rule)) return;
    const written = script({ account: account.id, ...moment, friends, random });
    const postings = written.postings.map(posting => ({ ...posting, plantedIn: cases.length }));
    cases.push({ rule, account, fresh, script: { ...written, postings } });
    const length = moment.at - Math.min(...written.postings.map(({ at }) => at));
    // Counted from the base, so that nothing else of the history moves with the clock
    // What a new account does after its case would be one more
    const grown = rule === 'R12' ? account.openedAt + 7 * wholeDay : 0;
    const end = staysFlagged(cases.length - 1, moment.at, midnight) ? Infinity : Math.max(moment.base + margin, grown);
    const span = [moment.base - length - margin - (fresh ? wholeDay : 0), end] as const;
    for (const party of accountsIn(written)) quiet.set(party, [...(quiet.get(party) ?? []), span]);
  };

  const past = Math.min(24, Math.max(2, Math.round(4 * Math.sqrt(accounts.length / 2_500))));
  for (const fresh of [false, true]) {
    const random = randomFrom(seed, fresh ? 'fresh cases' : 'cases');
    for (const rule of Object.keys(caseScripts)) for (let count = 0; count < (fresh ? 2 : past); count++) plant(rule, fresh, random);
  }
  return { cases, quiet, taken };
};

/** What the bank turned down in the course of the cases. */
export const probesOf = ({ cases }: Cases): readonly Refusal[] =>
  cases.flatMap(({ account, script }) =>
    (script.probes ?? []).map(({ at, amount }) => ({
      at,
      type: 'withdrawal' as const,
      from: account.id,
      to: 0,
      amount,
      currency: 'EUR',
      code: 'single-limit',
      message: 'Single limit exceeded (withdrawal)',
    })),
  );

/** The postings of all cases, those of the last day apart: their number must not depend on the hour. */
export const casePostings = ({ cases }: Cases, fresh: boolean): readonly Posting[] =>
  cases.filter(planted => planted.fresh === fresh).flatMap(({ script }) => script.postings);
