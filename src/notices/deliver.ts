import { needsSecret, withSecret } from '../domain/notice.ts';
import { keepLooking, type KeepLookingOptions } from '../kit/keep-looking.ts';
import type { Claimed, Outbox, Settlement } from '../kit/outbox.ts';
import { undelivered, type Channels, type Delivered, type OutgoingNotice } from './channel.ts';
import { attemptsOf, nextAttempt } from './retry-plan.ts';

/** How long the outbox keeps others away from what was claimed, in seconds. Every channel gives up well before; who has not settled by then may be doubled. */
export const leaseSeconds = 120;

export type DeliverOptions = {
  readonly signal: AbortSignal;
  readonly now?: () => Date;
  /** From 0 to 1; spreads the retries. */
  readonly random?: () => number;
};
export type DeliveryCount = { readonly sent: number; readonly failed: number; readonly dead: number };

/** Delivered side by side, so that all of a batch end within the lease. */
const batch = 8;

const outgoing = ({ id, channel, to, template, subject, body, secret, createdAt }: Claimed): OutgoingNotice => ({
  id,
  channel,
  to,
  template,
  subject,
  createdAt,
  confidential: secret !== undefined,
  body: secret === undefined ? body : withSecret(body, secret),
});

const attemptDelivery = async (claimed: Claimed, channels: Channels, signal: AbortSignal): Promise<Delivered> => {
  const { channel, attempt, body, secret, unopened } = claimed;
  // The console ended at every attempt before anybody could say what came of it
  if (attempt > attemptsOf(channel))
    return undelivered(`given up after ${attemptsOf(channel)} attempts without an answer`, { permanent: true });
  if (unopened !== undefined) return undelivered(unopened);
  if (secret === undefined && needsSecret(body)) return undelivered('its link or code is no longer valid', { permanent: true });
  const way = channels.get(channel);
  return way ? way.deliver(outgoing(claimed), signal) : undelivered(`no channel for ${channel} is set up here`);
};

const settlementOf = ({ channel, attempt }: Claimed, delivered: Delivered, now: Date, random: number): Settlement => {
  if (delivered.ok) return { state: 'sent', detail: delivered.detail };
  const retryAt = delivered.permanent ? undefined : nextAttempt(channel, attempt, now, random);
  return retryAt ? { state: 'failed', error: delivered.error, retryAt } : { state: 'dead', error: delivered.error };
};

/** One notice, tried and settled; undefined when the signal came first: then its lease decides who tries again. */
const deliverOne = async (
  claimed: Claimed,
  outbox: Outbox,
  channels: Channels,
  { signal, now = () => new Date(), random = Math.random }: DeliverOptions,
): Promise<Settlement['state'] | undefined> => {
  const delivered = await attemptDelivery(claimed, channels, signal);
  if (!delivered.ok && signal.aborted) return undefined;
  const settlement = settlementOf(claimed, delivered, now(), random());
  await outbox.settle(claimed, settlement);
  return settlement.state;
};

/**
 * Delivers what is due until nothing is. Every notice is delivered at least once, unless it is given up: who dies between delivery and `settle` leaves it
 * to be claimed again when the lease ends, and the receiver may get it twice, under the same Message-ID or Idempotency-Key. Never at most once: a notice
 * that nobody got is worse than one that came twice. Rejects when the outbox does, after the batch has ended.
 */
export const deliverDue = async (outbox: Outbox, channels: Channels, options: DeliverOptions): Promise<DeliveryCount> => {
  const count = { sent: 0, failed: 0, dead: 0 };
  const names = [...channels.keys()];
  // Without a way out the notices stay in the outbox, to be read there
  while (names.length > 0 && !options.signal.aborted) {
    const claimed = await outbox.claim(batch, names);
    if (claimed.length === 0) break;
    const ends = await Promise.allSettled(claimed.map(one => deliverOne(one, outbox, channels, options)));
    for (const end of ends) if (end.status === 'fulfilled' && end.value) count[end.value] += 1;
    const broken = ends.find(end => end.status === 'rejected');
    if (broken) throw broken.reason;
  }
  return count;
};

export type KeepDeliveringOptions = DeliverOptions & Omit<KeepLookingOptions, 'firstAfterMs'>;

/** Delivers in the background of a console until the signal, for whoever is signed in at the time; undefined while nobody is. */
export const keepDelivering = async (
  outboxNow: () => Outbox | undefined,
  channels: Channels,
  options: KeepDeliveringOptions,
): Promise<void> => {
  if (channels.size === 0) return;
  await keepLooking(async () => {
    const outbox = outboxNow();
    if (outbox) await deliverDue(outbox, channels, options);
  }, options);
};
