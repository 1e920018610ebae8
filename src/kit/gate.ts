import type { Outcome } from '../domain/outcome.ts';
import type { Environment, Session } from './session.ts';

/** What stands before a bank until somebody has signed in: it shows nothing but where one is. */
export type Gate = {
  readonly environment: Environment;
  /** Signs in by password and one-time (or recovery) code. A refusal says what to do next, and never which part was wrong. */
  readonly signIn: (name: string, password: string, code: string) => Promise<Outcome<Session>>;
};
