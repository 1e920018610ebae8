import { randomUUID } from 'node:crypto';
import type { Direct } from '../database/direct.ts';
import { bills, merchants, messages, payers, type Merchant } from './merchants.ts';
import { personName } from './names.ts';
import { outside, type Posting } from './posting.ts';
import type { Random } from './random.ts';
import { knowing, modest, noteDeed, payeeOf, somebodyAwake, type Manners } from './manners.ts';
import type { Resident, Roster } from './roster.ts';

export type Wish = Omit<Posting, 'at'> & { readonly currency: string };

/** Half of what people spend in the history: live traffic is denser. */
const amountOf = ({ median, spread }: Merchant, unit: number, random: Random): number =>
  Math.max(1, Math.round(Math.min(random.around(median / 2, spread), 900) * unit));

const paidIn = ({ account, unit, currency }: Resident, random: Random): Wish => {
  const payer = random.pick(payers);
  return {
    type: 'deposit',
    from: outside,
    to: account,
    amount: amountOf(payer, unit, random),
    currency,
    channel: payer.channel,
    counterparty: payer.channel === 'branch' ? null : payer.name,
    description: payer.description,
  };
};

const spent = ({ account, unit, currency }: Resident, random: Random): Wish => {
  if (random.chance(0.15))
    return {
      type: 'withdrawal',
      from: account,
      to: outside,
      amount: random.pick([20, 30, 50, 50, 80, 100]) * unit,
      currency,
      channel: 'atm',
      counterparty: null,
      description: 'Cash withdrawal',
    };
  const shop = random.pick(random.chance(0.1) ? bills : merchants);
  return {
    type: 'withdrawal',
    from: account,
    to: outside,
    amount: amountOf(shop, unit, random),
    currency,
    channel: shop.channel,
    counterparty: shop.name,
    description: shop.description,
  };
};

const sent = ({ account, unit, currency }: Resident, to: number, random: Random): Wish => ({
  type: 'transfer', from: account, to, amount: Math.max(1, Math.round(random.around(22, 0.8) * unit)), currency, channel: 'online', counterparty: null, description: random.pick(messages),
}); // prettier-ignore

/** What the bank will turn down: an account that is frozen, or more than the single limit. Nobody tries the limit twice: that would be probing. */
const refusable = (resident: Resident, { frozen }: Roster, manners: Manners, random: Random): Wish | undefined => {
  if (frozen.length > 0 && random.chance(0.6)) return sent(resident, random.pick(frozen), random);
  const known = knowing(manners, resident.account);
  if (known.wasRefused) return undefined;
  known.wasRefused = true;
  return { ...spent(resident, random), channel: 'online', amount: random.between(2_100, 6_500) * resident.unit };
};

const anything = (resident: Resident, roster: Roster, manners: Manners, random: Random): Wish => {
  const kind = random.next();
  const payee = kind < 0.18 ? payeeOf(resident, roster, manners, random) : undefined;
  const wish = payee ? sent(resident, payee.account, random) : kind < 0.32 ? paidIn(resident, random) : spent(resident, random);
  return modest(wish, resident, knowing(manners, resident.account));
};

/** The next thing somebody does; now and then one that must be refused. */
export const nextPosting = (roster: Roster, manners: Manners, random: Random, now: number): Wish => {
  const resident = somebodyAwake(roster, manners, now, random);
  const refused = random.chance(0.015) ? refusable(resident, roster, manners, random) : undefined;
  if (refused) return refused;
  const wish = anything(resident, roster, manners, random);
  const affordable =
    wish.type === 'deposit' || wish.amount <= resident.balance
      ? wish
      : modest(paidIn(resident, random), resident, knowing(manners, resident.account));
  resident.balance += affordable.type === 'deposit' ? affordable.amount : -affordable.amount;
  noteDeed(manners, resident.account, affordable, now);
  return affordable;
};

/** Posts through the bank's contract, a refusal is an answer; gives the key, which is the correlation id of all that comes of it. */
export const post = async (client: Direct, wish: Wish): Promise<string> => {
  const key = randomUUID();
  await client.query('SELECT bank.post_transaction($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
    key, wish.type, wish.from || null, wish.to || null, wish.amount, wish.currency, wish.channel, wish.counterparty, wish.description,
  ]); // prettier-ignore
  return key;
};

const grumbles = [
  ['info', 'gateway', 'POST /payments answered in 61 ms'],
  ['info', 'push', 'the customer was told on the telephone'],
  ['warning', 'push', 'no answer from the telephone, tried again'],
  ['warning', 'gateway', 'POST /payments answered in 2,304 ms'],
  ['error', 'mail', 'the receipt bounced: 550 5.1.1 mailbox does not exist'],
] as const;

/** A part of the platform writes down what a posting led to. */
export const writeDown = async (client: Direct, correlation: string, random: Random): Promise<void> => {
  await client.query('SELECT platform.record_event($1, $2, $3, NULL, NULL, $4)', [...random.pick(grumbles), correlation]);
};

const devices = ['Firefox on Linux', 'Chrome on Windows', 'Bank app 5.2 on iPhone', 'Bank app 5.2 on Android'];

/** Somebody signs in, or fails to. The platform notes sign-ins itself. */
export const signIn = async (client: Direct, { user, username }: Resident, random: Random): Promise<void> => {
  const failed = random.chance(0.16);
  const ip = failed && random.chance(0.5) ? `203.0.113.${random.between(2, 250)}` : `198.18.${(user >> 8) & 255}.${user & 255}`;
  await client.query(
    `WITH noted AS (UPDATE bank."user" SET last_login_at = clock_timestamp() WHERE id = $2 AND $1 = 'login_success')
     INSERT INTO bank.auth_event (type, username, user_id, ip, user_agent) VALUES ($1, $3, $2, $4, $5)`,
    [failed ? 'login_failure' : 'login_success', user, username, ip, random.pick(devices)],
  );
};

/** Somebody registers, hands in documents and, mostly, confirms the address: the next of the queue. */
export const register = async (client: Direct, random: Random): Promise<void> => {
  const { first, last, phone } = personName(random);
  const username = `${first.plain}.${last.plain}.${randomUUID().slice(0, 6)}`;
  const birth = new Date(Date.now() - random.between(7_000, 24_000) * 86_400_000).toISOString().slice(0, 10);
  const identity = random.pick(['verified', 'verified', 'verified', 'verified', 'received'] as const);
  const { rows } = await client.query<{ user_id: string }>(
    `WITH opened AS (SELECT user_id FROM bank.register_customer($1, $2, $3, $4, $5, $6, $7, 'EUR'))
     INSERT INTO bank.document (user_id, kind, reference, status, expires_on)
     SELECT user_id, 'identity', 'ID-' || 1000000 + user_id * 7919, $8::bank.document_status, current_date + 900 FROM opened
     UNION ALL SELECT user_id, 'address', 'UTILITY-BILL-' || user_id, 'verified', NULL FROM opened RETURNING user_id`,
    [username, `${username}@mail.example`, first.written, last.written, birth, phone, random.pick(['current', 'savings']), identity],
  );
  if (random.chance(0.85)) await client.query('SELECT bank.confirm_email($1)', [rows[0]?.user_id]);
};
