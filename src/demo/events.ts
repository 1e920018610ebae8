import { createHash } from 'node:crypto';
import { copyRows, type Direct } from '../database/direct.ts';
import { minute, second, wholeDay } from './bank-days.ts';
import { dayOfTheHouse, type Written } from './platform-day.ts';
import { randomFrom, type Random } from './random.ts';

type Posted = { readonly id: string; readonly at: Date; readonly type: string; readonly user: string | null };
type Refused = { readonly id: string; readonly at: Date; readonly type: string; readonly message: string };
type Told = { readonly correlation: string; readonly at: Date; readonly template: string };

/** The newest postings that customers made themselves. */
const newestPostings = async (client: Direct): Promise<readonly Posted[]> =>
  (
    await client.query<Posted>(`
      SELECT t.id::text, t.posted_at AS at, t.type::text, a.user_id::text AS user
        FROM (SELECT * FROM bank.transaction ORDER BY id DESC LIMIT 400) t LEFT JOIN bank.account a ON a.id = coalesce(t.from_account_id, t.to_account_id)
       WHERE t.channel = 'online' AND t.type <> 'reversal' ORDER BY t.id DESC LIMIT 40`)
  ).rows;

const newestRefusals = async (client: Direct): Promise<readonly Refused[]> =>
  (await client.query<Refused>('SELECT id::text, refused_at AS at, type::text, message FROM bank.posting_refusal ORDER BY id DESC LIMIT 8'))
    .rows;

const newestNotices = async (client: Direct): Promise<readonly Told[]> =>
  (
    await client.query<Told>(
      `SELECT request_id::text AS correlation, created_at AS at, template FROM ops.notice WHERE channel = 'email' ORDER BY number DESC LIMIT 12`,
    )
  ).rows;

type Key = { readonly key: string; readonly at: Date; readonly transaction: string | null; readonly refusal: string | null };

/** The platform asked for each posting under a key, which is the correlation id of all that came of it. */
const writeKeys = (client: Direct, keys: readonly Key[]): Promise<number> =>
  copyRows(
    client,
    'bank.idempotency_key (key, content_hash, transaction_id, refusal_id, created_at)',
    keys.map(({ key, at, transaction, refusal }) => [
      key,
      `\\x${createHash('sha256').update(key).digest('hex')}`,
      transaction,
      refusal,
      at.toISOString(),
    ]),
  );

const ofPosting = ({ at, type, user }: Posted, correlation: string, random: Random): readonly Written[] => {
  const began = at.getTime();
  const took = random.between(38, 240);
  const shared = { correlation, ...(user === null ? {} : { user }) };
  return [
    { ...shared, at: began - took, level: 'info', source: 'gateway', message: `POST /payments, ${type} asked for`, detail: { client: 'bank app 5.2' } },
    { ...shared, at: began + 4, level: 'info', source: 'gateway', message: `POST /payments 201 in ${took} ms`, detail: { status: 201, ms: took } },
    { ...shared, at: began + 900, level: 'info', source: 'push', message: 'the customer was told on the telephone' },
    ...(random.chance(0.15)
      ? ([{ ...shared, at: began + 31 * second, level: 'warning', source: 'push', message: 'no answer from the telephone, given up after 30 s' }] as const)
      : []),
  ]; // prettier-ignore
};

const ofRefusal = ({ at, type, message }: Refused, correlation: string): readonly Written[] => [
  { at: at.getTime() - 60, level: 'info', source: 'gateway', message: `POST /payments, ${type} asked for`, correlation },
  {
    at: at.getTime() + 5,
    level: 'warning',
    source: 'gateway',
    message: `POST /payments 422: ${message}`,
    correlation,
    detail: { status: 422 },
  },
];

const ofNotice = ({ at, template, correlation }: Told, index: number): readonly Written[] => {
  const sent = at.getTime() + 40 * second;
  const said = { correlation, source: 'mail', detail: { template } };
  return [
    { ...said, at: sent, level: 'info', message: 'handed to the relay' },
    index % 4 === 0
      ? { ...said, at: sent + 2 * minute, level: 'warning', message: 'bounced: 550 5.1.1 mailbox does not exist' }
      : { ...said, at: sent + 20 * second, level: 'info', message: 'delivered: 250 2.0.0' },
  ];
};

const row = ({ at, level, source, message, job, user, correlation, detail }: Written) => [
  new Date(at).toISOString(), level, source, message, job ?? null, user ?? null, correlation ?? null, detail === undefined ? null : JSON.stringify(detail),
]; // prettier-ignore

/** A day of what the platform wrote, some of it under the correlation ids of postings and notices. */
export const fillEvents = async (client: Direct, now: number, seed: number): Promise<void> => {
  const random = randomFrom(seed, 'events');
  const [postings, refusals, notices] = [await newestPostings(client), await newestRefusals(client), await newestNotices(client)];
  const posted = postings.map(posting => ({ posting, key: random.uuid() }));
  const refused = refusals.map(refusal => ({ refusal, key: random.uuid() }));
  await writeKeys(client, [
    ...posted.map(({ posting, key }) => ({ key, at: posting.at, transaction: posting.id, refusal: null })),
    ...refused.map(({ refusal, key }) => ({ key, at: refusal.at, transaction: null, refusal: refusal.id })),
  ]);
  const written = [
    ...dayOfTheHouse(now, random),
    ...posted.flatMap(({ posting, key }) => ofPosting(posting, key, random)),
    ...refused.flatMap(({ refusal, key }) => ofRefusal(refusal, key)),
    ...notices.flatMap(ofNotice),
  ];
  const told = written.filter(({ at }) => at <= now && at > now - 400 * wholeDay).toSorted((a, b) => a.at - b.at);
  await copyRows(client, 'platform.event (at, level, source, message, job_id, user_id, correlation_id, detail)', told.map(row));
};
