import type { Outcome } from '../domain/outcome.ts';

/** A refusal found inside a transaction: thrown to roll it back, caught where the transaction was begun. */
export class Refused extends Error {
  readonly outcome: Outcome<never>;
  constructor(outcome: Outcome<never>) {
    super(outcome.ok ? '' : outcome.refusal.message);
    this.outcome = outcome;
  }
}
