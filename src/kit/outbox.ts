import type { Database } from '../database/client.ts';
import { SecretKeyError } from '../database/secret-key.ts';
import type { NoticeTemplate } from '../domain/notice-parameters.ts';
import type { NoticeChannel } from '../domain/notice.ts';

/** A notice that is ours to deliver until its lease ends. */
export type Claimed = {
  readonly id: string;
  /** Which claim of this notice it is, counted from 1: only the newest is settled. */
  readonly claim: number;
  readonly channel: NoticeChannel;
  readonly to: string;
  readonly template: NoticeTemplate;
  readonly subject: string;
  /** As stored: a placeholder stands where the secret belongs. */
  readonly body: string;
  /** Undefined where there is none, or where it was used up or has expired since. */
  readonly secret: string | undefined;
  /** Why its secret cannot be opened here; another console may have the key. */
  readonly unopened?: string;
  readonly createdAt: Date;
  /** From 1, this one included: the claim counts it, so that a notice that ends its console cannot do so for ever. */
  readonly attempt: number;
};

export type Settlement =
  | { readonly state: 'sent'; readonly detail: string }
  | { readonly state: 'failed'; readonly error: string; readonly retryAt: Date }
  | { readonly state: 'dead'; readonly error: string };

/**
 * Where notices wait. `claim` gives at most `limit` that are due, for these channels, and leases them for two minutes; two consoles never get the same one
 * at once. `settle` stores what came of it, unless the claim is no longer the newest.
 */
export type Outbox = {
  readonly claim: (limit: number, channels: readonly NoticeChannel[]) => Promise<readonly Claimed[]>;
  readonly settle: (claimed: Claimed, result: Settlement) => Promise<void>;
};

export type OutboxParts = {
  readonly database: Database;
  readonly token: string;
  /** Opens what `sealSecret` sealed. Throws SecretKeyError where this console has another key. */
  readonly openSecret: (sealed: string) => Promise<string>;
};

type Row = Omit<Claimed, 'secret' | 'unopened'> & { readonly sealed: string | null };

const opened = async ({ sealed, ...row }: Row, openSecret: OutboxParts['openSecret']): Promise<Claimed> => {
  if (sealed === null) return { ...row, secret: undefined };
  try {
    return { ...row, secret: await openSecret(sealed) };
  } catch (error) {
    if (!(error instanceof SecretKeyError)) throw error;
    return { ...row, secret: undefined, unopened: 'this console does not have the key that its link or code was sealed with' };
  }
};

/** The outbox of the database, for the console of whoever has this token. */
export const outboxOf = ({ database: { writes }, token, openSecret }: OutboxParts): Outbox => ({
  claim: async (limit, channels) => {
    const rows = await writes.$queryRaw<Row[]>`
      SELECT id::text, claim, attempt, channel, recipient AS "to", template, subject, body, sealed, created_at AS "createdAt"
        FROM ops.claim_notices(${token}, ${limit}::int, ${[...channels]}::text[])`;
    return Promise.all(rows.map(row => opened(row, openSecret)));
  },
  settle: async ({ id, claim }, result) => {
    const told = result.state === 'sent' ? result.detail : result.error;
    const retryAt = result.state === 'failed' ? result.retryAt : null;
    await writes.$queryRaw`
      SELECT ops.settle_notice(${token}, ${id}::uuid, ${claim}::int, ${result.state}, ${told}, ${retryAt}::timestamptz)`;
  },
});
