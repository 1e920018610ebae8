import { isMailAddress } from '../domain/notice-settings.ts';
import type { NoticeParameters, NoticeTemplate } from '../domain/notice-parameters.ts';
import { needsSecret, renderNotice, withSecret, type NoticeChannel } from '../domain/notice.ts';
import type { Context } from './define-action.ts';

/** Somebody's own address; or every operator who holds a permission or a role, by the channels that are set for staff. */
type NoticeRecipient = { readonly address: string } | { readonly staff: string; readonly except?: bigint };

export type NewNotice<T extends NoticeTemplate> = {
  readonly template: T;
  readonly params: NoticeParameters[T];
  readonly to: NoticeRecipient;
  /** The record it tells of. */
  readonly about: { readonly entity: string; readonly id: string };
  /** The link or code of a template that has a place for one; told to nobody once it has expired. */
  readonly secret?: { readonly text: string; readonly expiresAt: Date };
};

type Place = { readonly channel: NoticeChannel; readonly recipient: string };

const placesOf = async (to: NoticeRecipient, { db }: Pick<Context, 'db'>): Promise<readonly Place[]> =>
  'address' in to
    ? [{ channel: 'email', recipient: isMailAddress(to.address) ? to.address : 'no address' }]
    : db.$queryRaw<Place[]>`SELECT channel, recipient FROM ops.staff_recipients(${to.staff}, ${to.except ?? null}::bigint)`;

/**
 * Puts a notice into the outbox within the transaction of the action under way: it is told if and only if that commits. Gives the
 * numbers of the notices, one for each recipient. A new use of a template needs a row of ops.notice_use.
 */
export const enqueueNotice = async <T extends NoticeTemplate>(
  context: Pick<Context, 'db' | 'sealSecret'>,
  { template, params, to, about, secret }: NewNotice<T>,
): Promise<readonly bigint[]> => {
  const { subject, body } = renderNotice(template, params);
  // What could not leave must not wait: whoever acts hears of it now
  if (secret) withSecret(body, secret.text);
  else if (needsSecret(body)) throw new Error(`${template} needs its secret`);
  const sealed = secret ? await context.sealSecret(secret.text) : null;
  const numbers: bigint[] = [];
  for (const { channel, recipient } of await placesOf(to, context)) {
    const rows = await context.db.$queryRaw<{ number: bigint }[]>`
      SELECT ops.enqueue_notice(${template}, ${channel}, ${recipient}, ${subject}, ${body}, ${sealed}, ${secret?.expiresAt ?? null}::timestamptz,
        ${about.entity}, ${about.id}) AS number`;
    numbers.push(...rows.map(({ number }) => number));
  }
  return numbers;
};
