import type { Refusal } from '../domain/outcome.ts';

/** Nothing of a bank is shown to whoever has not signed in. */
export class SignInRefused extends Error {
  override name = 'SignInRefused';
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}
