import { ConfigError } from '../config.ts';
import { faultOf, isConnectionLost, refusalOf } from '../database/fault.ts';
import { MigrationError } from '../database/migration-record.ts';
import { DatabaseUrlError } from '../database/settings.ts';
import { DemoRefused } from '../demo/storage.ts';
import { exitCode, exitCodeOf } from '../cli/exit-code.ts';
import type { Refusal } from '../domain/outcome.ts';
import { NotReady } from './not-ready.ts';
import { SignInRefused } from './sign-in-refused.ts';

/** An error for a person: one line, and what the program ends with. */
export type Explanation = { readonly refusal: Refusal; readonly code: number };

/** A column or a function that is not there. */
const otherSchema = [
  'the schema of the database is older than this program, or newer',
  'look with "bursar doctor"; "bursar migrate" applies what waits',
] as const;

/** What Postgres says when it lets nobody in, and what to do about it. */
const unreachable: Readonly<Record<string, readonly [message: string, next: string]>> = {
  '28P01': ['the database refuses the password', 'correct it in DATABASE_URL'],
  '28000': ['the database refuses this user', 'correct DATABASE_URL, or allow the user in pg_hba.conf'],
  '3D000': ['there is no such database', 'create it, or correct its name in DATABASE_URL'],
  '42501': [
    'the database user lacks a right',
    'name the owner of the database in BURSAR_OWNER_URL for what only it may, or run "bursar migrate --roles"',
  ],
  '53300': ['the database takes no more connections', 'close other consoles or raise max_connections'],
  ENOTFOUND: ['the host of the database is not known', 'correct DATABASE_URL'],
  EAI_AGAIN: ['the host of the database cannot be looked up now', 'check the network'],
  '42703': otherSchema,
  '42883': otherSchema,
  '42P01': ['the database has not the tables that this needs', 'run "bursar migrate"'],
};

const failed = (message: string, next?: string): Explanation => ({
  refusal: next === undefined ? { kind: 'failed', message } : { kind: 'failed', message, next },
  code: exitCode.failed,
});

/** Says what an error means: what nobody expected keeps its message and points to the log. */
export const explain = (error: unknown): Explanation => {
  if (error instanceof ConfigError || error instanceof DatabaseUrlError)
    return { refusal: { kind: 'invalid', message: error.message }, code: exitCode.usage };
  if (error instanceof SignInRefused) return { refusal: error.refusal, code: exitCodeOf({ ok: false, refusal: error.refusal }) };
  if (error instanceof DemoRefused) return { refusal: { kind: 'conflict', message: error.message }, code: exitCode.refused };
  if (error instanceof MigrationError || error instanceof NotReady) return failed(error.message);
  const fault = faultOf(error);
  const known = unreachable[fault.code];
  if (known) return failed(`${known[0]} (${fault.message})`, known[1]);
  const refused = refusalOf(error);
  if (refused && !refused.ok) return { refusal: refused.refusal, code: exitCodeOf(refused) };
  if (isConnectionLost(error)) return failed('the database does not answer', 'start it, or correct DATABASE_URL');
  const message = error instanceof Error ? error.message : String(error);
  return failed(message.trim().split('\n').at(-1) ?? message, 'run it with --debug-log FILE to see all of it');
};
