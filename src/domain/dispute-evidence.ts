import { z } from 'zod';

const Instant = z.coerce.date();
const Amount = z.string().transform(BigInt);

const SignIn = z.object({ at: Instant, ip: z.string(), device: z.string(), newAddress: z.boolean(), newDevice: z.boolean() });

const LiveSession = z.object({
  device: z.string(),
  ip: z.string(),
  startedAt: Instant,
  lastSeenAt: Instant,
  endedAt: Instant.nullable(),
});

const Posting = z.object({
  id: z.number(),
  at: Instant,
  type: z.string(),
  amount: Amount,
  currency: z.string(),
  credit: z.boolean(),
  channel: z.string(),
  counterparty: z.string(),
});

const RefusedPosting = z.object({ at: Instant, type: z.string(), amount: Amount, currency: z.string(), message: z.string() });
const SecurityTrace = z.object({ at: Instant, type: z.string(), ip: z.string(), device: z.string() });
const SystemError = z.object({ at: Instant, level: z.string(), source: z.string(), message: z.string() });
const OpenAlert = z.object({ id: z.number(), rule: z.number(), score: z.number(), status: z.string(), openedAt: Instant });
const OpenFlag = z.object({ id: z.number(), at: Instant, note: z.string() });

/** What the database gathered about a disputed transaction: half an hour before and after it, for sign-ins a day before. */
export const DisputeEvidence = z.object({
  from: Instant,
  to: Instant,
  channel: z.string(),
  /** The last one before the transaction. */
  signIn: SignIn.nullable(),
  /** That were open at that moment. */
  sessions: z.array(LiveSession),
  /** The account's others of that hour. */
  postings: z.array(Posting),
  refusals: z.array(RefusedPosting),
  /** Failed sign-ins, lockouts and password resets of the day before. */
  security: z.array(SecurityTrace),
  errors: z.array(SystemError),
  alerts: z.array(OpenAlert),
  flags: z.array(OpenFlag),
});
export type DisputeEvidence = z.output<typeof DisputeEvidence>;

/** What speaks for the customer, in a sentence each; none where nothing stands out. */
export const signsOf = ({ signIn, security, errors, refusals, alerts }: DisputeEvidence): readonly string[] => {
  const count = (type: string): number => security.filter(trace => trace.type === type).length;
  const [failures, resets, lockouts] = [count('login_failure'), count('password_reset'), count('lockout')];
  return [
    ...(signIn === null ? ['nobody had signed in before it'] : []),
    ...(signIn?.newAddress ? [`the last sign-in came from ${signIn.ip}, an address never seen before`] : []),
    ...(signIn?.newDevice ? ['the last sign-in came from a device never seen before'] : []),
    ...(resets > 0 ? ['the password was reset within the day before'] : []),
    ...(lockouts > 0 ? ['the user was locked out within the day before'] : []),
    ...(failures >= 3 ? [`${failures} sign-ins failed within the day before`] : []),
    ...(refusals.length > 0 ? [`${refusals.length} ${refusals.length === 1 ? 'posting was' : 'postings were'} refused in that hour`] : []),
    ...(errors.length > 0 ? [`the platform recorded ${errors.length} ${errors.length === 1 ? 'error' : 'errors'} in that hour`] : []),
    ...(alerts.length > 0 ? [`${alerts.length} ${alerts.length === 1 ? 'alert was' : 'alerts were'} open on the account`] : []),
  ];
};
