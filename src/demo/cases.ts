import type { Account } from './accounts.ts';
import { hour, timeOn, wholeDay, type BankDay } from './bank-days.ts';
import { caseScripts, type Script } from './case-scripts.ts';
import type { Posting, Refusal } from './posting.ts';
import { randomFrom, type Random } from './random.ts';
import type { Quiet } from './spending.ts';

/** A planted case; `fresh` ones lie within the last 24 hours. */
export type PlannedCase = { readonly rule: string; readonly account: Account; readonly fresh: boolean; readonly script: Script };
export type Cases = { readonly cases: readonly PlannedCase[]; readonly quiet: Quiet; readonly taken: ReadonlySet<number> };

/** Money lies on a new account only from the third day on; other cases want a history. */
const suits = (
  rule: string,
  { activatedAt, openedAt, owner, currency, status, endedAt, type }: Account,
  at: number,
  launch: number,
): boolean => {
  if (
    owner.kind !== 'customer' ||
    owner.owl ||
    owner.status !== 'active' ||
    currency !== 'EUR' ||
    status !== 'active' ||
    endedAt !== null ||
    activatedAt === null
  )
    return false;
  if (rule === 'R12') return openedAt > at - 6 * wholeDay && activatedAt < at - 24 * hour;
  return (
    type === 'current' &&
    activatedAt < Math.min(at - 3 * wholeDay, launch + 60 * wholeDay) &&
    (rule !== 'R6' || activatedAt < at - 214 * wholeDay) &&
    (rule !== 'R11' || activatedAt < at - 98 * wholeDay)
  );
};

const waking = (at: number, day: BankDay, rule: string, random: Random): number =>
  rule === 'R8' ? timeOn(day, 1.5 + random.next() * 2.5) : at;

/** When a case ends: on a day of the past, or within the last hours. A night case needs the last night. */
const momentOf = (rule: string, fresh: boolean, days: readonly BankDay[], now: number, random: Random): number => {
  const [yesterday, today] = days.slice(-2);
  if (!yesterday || !today) throw new RangeError('a bank has at least two days');
  if (!fresh) {
    const day = days[random.between(rule === 'R6' ? 280 : rule === 'R11' ? 170 : 90, days.length - 4)] ?? yesterday;
    return waking(timeOn(day, 21.2 + random.next() * 2), day, rule, random);
  }
  // All of a daily limit has to fall on one day
  if (rule === 'R16' && now < today.start + 6 * hour) return timeOn(yesterday, 22.5);
  if (rule !== 'R8') return now - Math.floor((0.2 + random.next() * 2.3) * hour);
  return today.start + 5 * hour < now ? waking(now, today, rule, random) : waking(now, yesterday, rule, random);
};

const accountsIn = ({ postings }: Script): ReadonlySet<number> =>
  new Set(postings.flatMap(({ from, to }) => [from, to]).filter(id => id > 0));

/** Plants each rule's shape a few times over the year and twice in the last day, on accounts that have no other part to play. */
export const planCases = (accounts: readonly Account[], days: readonly BankDay[], now: number, seed: number): Cases => {
  const random = randomFrom(seed, 'cases');
  const launch = days[0]?.start ?? now;
  const taken = new Set<number>();
  const quiet = new Map<number, (readonly [number, number])[]>();
  const cases: PlannedCase[] = [];
  const past = Math.min(24, Math.max(2, Math.round(4 * Math.sqrt(accounts.length / 2_500))));
  const candidates = accounts.filter(account => suits('R7', account, now, launch));

  const take = (fits: (account: Account) => boolean, among: readonly Account[]): Account | undefined => {
    for (let tries = 0; tries < 4_000; tries++) {
      const account = random.pick(among);
      if (!taken.has(account.id) && fits(account)) {
        taken.add(account.id);
        return account;
      }
    }
    return undefined;
  };

  const plant = (rule: string, fresh: boolean): void => {
    const at = momentOf(rule, fresh, days, now, random);
    const account = take(
      candidate => suits(rule, candidate, at, launch),
      rule === 'R12' ? accounts.filter(candidate => suits(rule, candidate, at, launch)) : candidates,
    );
    const friends = rule.startsWith('R10') ? 7 : ['R7', 'R9', 'R14'].includes(rule) ? 1 : 0;
    const company = Array.from({ length: friends }, () => take(candidate => suits(rule, candidate, at, launch), candidates)?.id ?? 0);
    if (!account || company.includes(0)) return;
    const script = caseScripts[rule]?.({ account: account.id, at, friends: company, random });
    if (!script) return;
    const times = script.postings.map(posting => posting.at);
    // A day more on either side keeps daily limits and R2, R10 and R14 free of other postings
    const span = [Math.min(...times) - wholeDay, at + wholeDay] as const;
    for (const id of accountsIn(script)) quiet.set(id, [...(quiet.get(id) ?? []), span]);
    cases.push({
      rule,
      account,
      fresh,
      script: { ...script, postings: script.postings.map(posting => ({ ...posting, plantedIn: cases.length })) },
    });
  };

  for (const rule of Object.keys(caseScripts)) for (let index = 0; index < past + 2; index++) plant(rule, index >= past);
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
