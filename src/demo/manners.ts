import type { Direct } from '../database/direct.ts';
import { smaller } from './habits.ts';
import type { Posting } from './posting.ts';
import type { Resident, Roster } from './roster.ts';
import type { Random } from './random.ts';

/**
 * What live traffic remembers of people, so that only the cases it plants look suspicious to the rules of monitoring: it is so much denser than
 * life that otherwise everybody would.
 */
export type Manners = {
  readonly people: Map<number, Acquaintance>;
  /** How long somebody pauses after a debit, in milliseconds. */
  readonly rest: number;
};
export type Acquaintance = {
  debits: number;
  total: number;
  paidIn: number;
  restsUntil: number;
  readonly payees: Resident[];
  payers: number;
  wasRefused: boolean;
};

/** Rule 2 counts five debits within ten minutes: at most four come with so long a pause. */
const fullRest = 151_000;
/** Rule 10 counts five parties: another console's traffic may have made as many before. */
const mostPartners = 2;
/** Rules 3, 8, 9 and 15 look at 500 and more, rule 11 at five times the mean of ten debits and more, rule 6 at 100 after half a year. */
const mostAtOnce = 480;
const ofTheMean = 4.5;
const enough = 9;
const mostAfterSilence = 95;
/** Rule 16 looks at nine tenths of the daily limit: who was paid that much gets small sums only. */
const wellPaid = 3_000;
const smallSum = 40;

/** Nobody is known yet. Where few people share much traffic they rest less, and rules may notice. */
export const newManners = (residents: number, perSecond: number): Manners => ({
  people: new Map(),
  rest: Math.min(fullRest, (700 * residents) / Math.max(perSecond, 0.001)),
});

const stranger = (): Acquaintance => ({ debits: 0, total: 0, paidIn: 0, restsUntil: 0, payees: [], payers: 0, wasRefused: false });

export const knowing = ({ people }: Manners, account: number): Acquaintance => {
  const known = people.get(account) ?? stranger();
  people.set(account, known);
  return known;
};

/** Reads what those are used to whom nobody knows yet. */
export const getToKnow = async (client: Direct, { people }: Manners, { active }: Roster): Promise<void> => {
  const unknown = active.map(({ account }) => account).filter(account => !people.has(account));
  if (unknown.length === 0) return;
  const { rows } = await client.query<{ account: number; debits: number; total: string }>(
    `SELECT from_account_id::int AS account, count(*)::int AS debits, sum(amount)::text AS total FROM bank.transaction
      WHERE from_account_id = ANY ($1) AND type <> 'reversal' AND posted_at >= clock_timestamp() - interval '90 days' GROUP BY 1`,
    [unknown],
  );
  for (const account of unknown) people.set(account, stranger());
  for (const { account, debits, total } of rows) people.set(account, { ...stranger(), debits, total: Number(total) });
};

/** The amount, or a smaller one where that would be remarkable. */
export const modest = <Wish extends Pick<Posting, 'type' | 'channel' | 'amount'>>(
  wish: Wish,
  { unit }: Resident,
  { debits, total, paidIn }: Acquaintance,
): Wish => {
  const usual = debits === 0 ? mostAfterSilence * unit : debits < enough ? Infinity : (ofTheMean * total) / debits;
  const limit = Math.min(mostAtOnce * unit, wish.type !== 'deposit' ? usual : paidIn > wellPaid * unit ? smallSum * unit : Infinity);
  return wish.amount <= limit ? wish : smaller(wish, limit, unit);
};

/** Somebody who does not rest, if anybody is soon found. */
export const somebodyAwake = ({ active }: Roster, manners: Manners, now: number, random: Random): Resident => {
  for (let tries = 0; tries < 30; tries++) {
    const resident = random.pick(active);
    if (knowing(manners, resident.account).restsUntil <= now) return resident;
  }
  return random.pick(active);
};

/** Whom somebody sends money: always the same few, and never back. */
export const payeeOf = (resident: Resident, roster: Roster, manners: Manners, random: Random): Resident | undefined => {
  const own = knowing(manners, resident.account);
  if (own.payees.length >= mostPartners) return random.pick(own.payees);
  const other = random.pick(roster.active);
  const known = knowing(manners, other.account);
  const returns = known.payees.some(({ account }) => account === resident.account);
  if (other === resident || other.currency !== resident.currency || known.payers >= mostPartners || returns) return undefined;
  if (own.payees.some(({ account }) => account === other.account)) return other;
  own.payees.push(other);
  known.payers++;
  return other;
};

/** After a debit somebody rests. */
export const noteDeed = (manners: Manners, account: number, { type, amount }: Pick<Posting, 'type' | 'amount'>, now: number): void => {
  const known = knowing(manners, account);
  if (type === 'deposit') {
    known.paidIn += amount;
    return;
  }
  known.debits++;
  known.total += amount;
  known.restsUntil = now + manners.rest;
};
