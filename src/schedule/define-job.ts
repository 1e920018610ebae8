import type { JobClaim } from '../kit/schedule.ts';
import type { Session } from '../kit/session.ts';

/** What a job found wrong; its words stand in the history. Any other error is a fault of the program or of its surroundings. */
export class JobFailed extends Error {
  override name = 'JobFailed';
}

/** Checks that need more than a session: a connection without a time limit, and the anchors of this home. */
export type Checks = {
  /** What was found, in words; throws JobFailed where the log cannot be believed. */
  readonly audit: () => Promise<string>;
  /** The same for balances against postings. */
  readonly ledger: () => Promise<string>;
};

type JobContext = { readonly session: Session; readonly claim: JobClaim; readonly checks: Checks; readonly signal: AbortSignal };

/** What is done when it is due; when, by whom and how late is a row of ops.schedule under the same name. Resolves with what came of it, in words. */
export type Job = { readonly name: string; readonly work: (context: JobContext) => Promise<string> };
