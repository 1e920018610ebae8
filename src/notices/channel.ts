import type { NoticeTemplate } from '../domain/notice-parameters.ts';
import type { NoticeChannel } from '../domain/notice.ts';

/** A notice as it leaves. Its body may hold a secret: it is not stored, logged or shown. */
export type OutgoingNotice = {
  /** The same at every attempt, so that receivers can tell a repeat: Message-ID, Idempotency-Key. */
  readonly id: string;
  readonly channel: NoticeChannel;
  readonly to: string;
  readonly subject: string;
  readonly body: string;
  readonly template: NoticeTemplate;
  readonly createdAt: Date;
  /** Whether the body holds a secret. Then no word of the other side is kept: it may repeat what it was sent. */
  readonly confidential: boolean;
};

/** A permanent failure will be the same at every further attempt. */
export type Delivered =
  { readonly ok: true; readonly detail: string } | { readonly ok: false; readonly permanent: boolean; readonly error: string };

export type Channel = {
  readonly name: NoticeChannel;
  /** Never rejects; ends when the signal does. */
  readonly deliver: (notice: OutgoingNotice, signal: AbortSignal) => Promise<Delivered>;
};

export type Channels = ReadonlyMap<NoticeChannel, Channel>;

export const undelivered = (error: string, { permanent = false } = {}): Delivered => ({ ok: false, permanent, error });
