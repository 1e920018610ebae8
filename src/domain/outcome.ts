/** Why something was not done; `next` says what the person can do about it. */
export type Refusal = {
  readonly kind: 'invalid' | 'forbidden' | 'not-found' | 'conflict' | 'stale' | 'waiting-for-approval' | 'failed' | 'unknown';
  readonly message: string;
  readonly next?: string;
  /** What the same person can give to go on at once. */
  readonly needs?: 'window' | 'code' | 'second-person';
};

/** Expected refusals are values; everything else throws. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export const done = <T>(value: T): Outcome<T> => ({ ok: true, value });

const refuse =
  (kind: Refusal['kind']) =>
  (message: string, next?: string): Outcome<never> => ({
    ok: false,
    refusal: next === undefined ? { kind, message } : { kind, message, next },
  });

export const invalid = refuse('invalid');
export const forbidden = refuse('forbidden');
export const notFound = refuse('not-found');
export const conflict = refuse('conflict');
/** The target is not what the preview showed. */
export const stale = refuse('stale');
/** Tried and did not happen, for a reason that lies outside the request. */
export const failed = refuse('failed');
/** Done as far as one person can do it: a request waits for another. */
export const waiting = refuse('waiting-for-approval');
/** Allowed, but for one thing that the person can give: a write window, a one-time code, a second person. */
export const lacking = (needs: NonNullable<Refusal['needs']>, message: string, next: string): Outcome<never> => ({
  ok: false,
  refusal: { kind: 'forbidden', message, next, needs },
});
/** Nobody can say yet whether it happened; resolved by the request's id, never by running again. */
export const unknown = refuse('unknown');
