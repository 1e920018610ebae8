import { createHmac } from 'node:crypto';
import type { NoticeSettings } from '../../domain/notice-settings.ts';
import { undelivered, type Channel, type Delivered, type OutgoingNotice } from '../channel.ts';
import { readSecret, SecretError, type SecretSource } from '../secret-source.ts';

export type WebhookSettings = NonNullable<NoticeSettings['webhook']>;
export type WebhookOptions = { readonly secret: SecretSource; readonly patienceMs?: number; readonly now?: () => Date };

/** Worth another try, though they are 4xx: timeout and too many requests. */
const passing = [408, 429];

/** `t=<seconds>,v1=<HMAC-SHA256 of "<seconds>.<payload>", hex>`: the time is signed too, so that a receiver can refuse old copies. */
const signatureOf = (secret: string, payload: string, now: Date): string => {
  const seconds = Math.floor(now.getTime() / 1000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${payload}`).digest('hex')}`;
};

const payloadOf = ({ id, template, to, subject, body, createdAt }: OutgoingNotice): string =>
  JSON.stringify({ id, template, to, subject, body, createdAt: createdAt.toISOString() });

/** Of the answer only the status is kept: its words may repeat what was sent. */
const judge = (status: number): Delivered => {
  if (status >= 200 && status < 300) return { ok: true, detail: `HTTP ${status}` };
  if (status >= 300 && status < 400) return undelivered(`the webhook answered HTTP ${status}, a redirect; none is followed`);
  const permanent = status >= 400 && status < 500 && !passing.includes(status);
  return undelivered(`the webhook answered HTTP ${status}`, { permanent });
};

/** Only codes: addresses of webhooks often are secrets themselves. */
const explain = (error: unknown): Delivered => {
  if (error instanceof SecretError) return undelivered(error.message);
  const { name, cause } = error as Error & { cause?: { code?: string } };
  if (name === 'TimeoutError' || name === 'AbortError') return undelivered('the webhook did not answer in time');
  return undelivered(`the webhook cannot be reached (${cause?.code ?? name})`);
};

/** A POST of JSON to the one configured address. Nothing in a notice or in an answer leads to another. */
export const webhookChannel = (
  { url }: WebhookSettings,
  { secret, patienceMs = 10_000, now = () => new Date() }: WebhookOptions,
): Channel => ({
  name: 'webhook',
  deliver: async (notice, signal) => {
    const body = payloadOf(notice);
    try {
      const key = await readSecret(secret);
      if (key === undefined) return undelivered(`a webhook needs a secret to sign with: name secretFile, or set ${secret.variable}`);
      const answer = await fetch(url, {
        method: 'POST',
        body,
        headers: {
          'Content-Type': 'application/json',
          'User-Agent': 'bursar',
          'Idempotency-Key': notice.id,
          'X-Bursar-Signature': signatureOf(key, body, now()),
        },
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
      });
      await answer.body?.cancel();
      return judge(answer.status);
    } catch (error) {
      return explain(error);
    }
  },
});
