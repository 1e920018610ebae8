import { faultOf, isConnectionLost, refusalOf } from '../database/fault.ts';

/** An error for a person who reads on: what happened and what to do; whether the connection went away. */
export type Explained = { readonly message: string; readonly next?: string; readonly lost: boolean };

/** A table, a column, a function that is not there. */
const lacking = ['42P01', '42703', '42883'];

/** Says what an error means. What nobody expected keeps its message; all of it is in the log. */
export const explainError = (error: unknown): Explained => {
  if (isConnectionLost(error)) return { message: 'the database does not answer', next: 'it is tried again every second', lost: true };
  const refused = refusalOf(error);
  if (refused && !refused.ok) {
    const { message, next } = refused.refusal;
    return { message, lost: false, ...(next === undefined ? {} : { next }) };
  }
  if (lacking.includes(faultOf(error).code))
    return { message: 'the schema of the database is older than this program, or newer', next: '"bursar doctor" says which', lost: false };
  const message = error instanceof Error ? error.message : String(error);
  return { message: message.trim().split('\n').at(-1) ?? message, lost: false };
};
