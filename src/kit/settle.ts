import { setTimeout as wait } from 'node:timers/promises';
import { isConnectionLost, refusalOf } from '../database/fault.ts';
import { done, failed, unknown, type Outcome } from '../domain/outcome.ts';
import type { AnyAction } from './define-action.ts';
import type { Acting, Receipt } from './request.ts';

export type Unsettled = {
  readonly action: AnyAction;
  readonly acting: Acting;
  readonly hash: Buffer;
  readonly request: string;
  readonly record: string;
};

/** How long a lost connection is waited for before the outcome is called unknown, and how often it is tried, in milliseconds. */
const patience = 5_000;
const pause = 200;

/**
 * Finds out what became of a request whose answer was lost: by its key, never by running it again. Where it
 * did not happen the key is used up, so that a commit still under way can no longer succeed.
 */
export const settle = async (unsettled: Unsettled): Promise<Outcome<Receipt>> => {
  const { action, acting, hash, request, record } = unsettled;
  const deadline = Date.now() + patience;
  for (;;) {
    try {
      const [row] = await acting.database.writes.$queryRaw<{ result: Omit<Receipt, 'replayed'> | null }[]>`
        SELECT ops.settle_request(${acting.token}, ${action.id}, ${hash}, ${request}::uuid, ${action.verb}, ${action.entity}, ${record}) AS result`;
      if (row?.result) return done({ ...row.result, replayed: true });
      return failed('nothing was changed: the connection was lost before it was done', 'try again');
    } catch (error) {
      const refusal = isConnectionLost(error) ? undefined : refusalOf(error);
      if (refusal) return refusal;
      if (!isConnectionLost(error)) throw error;
      if (Date.now() > deadline)
        return unknown(
          'the database went away; nobody knows yet whether it happened',
          'it is settled by its key when the database is back',
        );
      await wait(pause);
    }
  }
};
