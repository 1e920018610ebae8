import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { vi } from 'vitest';
import type { Bank } from './acting.ts';

/** The statements of an action are held up so long each, in milliseconds, that a kill in the middle of one is likely. */
export const heldUp = 12;

/** From now on statements that change something are counted and take their time. */
export const holdUp = async (
  bank: Bank,
  tables = ['ops.action_run', 'bank.account', 'bank."user"', 'ops.hold', 'ops.audit'],
): Promise<void> => {
  await bank.db.query('CREATE SEQUENCE public.step; GRANT ALL ON SEQUENCE public.step TO PUBLIC');
  await bank.db.query(
    `CREATE FUNCTION public.hold_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('public.step'); PERFORM pg_sleep(${heldUp / 1_000}); RETURN new; END $$`,
  );
  for (const table of tables)
    await bank.db.query(`CREATE TRIGGER hold_up BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION public.hold_up()`);
};

/** How many statements have been held up so far, whether or not they were committed: sequences know no transactions. */
const steps = async (bank: Bank): Promise<number> =>
  Number((await bank.rows<{ steps: string }>('SELECT last_value AS steps FROM public.step'))[0]?.steps);

/** When to kill: in the statement of this number, so many milliseconds after it began. */
type Point = { readonly step: number; readonly after: number };

type Where = { readonly bank: Bank; readonly home: string };

/** Starts the built program and kills it there; resolves with its exit code, if it was faster, when the server has noticed its end. */
export const runAndKill = async ({ bank, home }: Where, args: readonly string[], { step, after }: Point): Promise<number | null> => {
  const { PATH = '' } = process.env;
  const environment = {
    PATH,
    LANG: 'C.UTF-8',
    DATABASE_URL: bank.url,
    BURSAR_HOME: home,
    BURSAR_REASON: 'a test writes',
    NODE_COMPILE_CACHE: path.join(home, 'cache'),
  };
  const goal = (await steps(bank)) + step;
  const program = path.join(import.meta.dirname, '..', '..', 'bin', 'bursar.js');
  const child = spawn(process.execPath, [program, ...args], { env: environment, stdio: 'ignore' });
  let isOver = false;
  const ended = once(child, 'exit').finally(() => (isOver = true)) as Promise<[number | null]>;
  await vi.waitUntil(async () => isOver || (await steps(bank)) >= goal, { timeout: 60_000, interval: 3 });
  await pause(after);
  child.kill('SIGKILL');
  const [code] = await ended;
  const left = `SELECT FROM pg_stat_activity WHERE application_name LIKE $1`;
  await vi.waitUntil(async () => (await bank.rows(left, [`bursar ${child.pid} %`])).length === 0, { timeout: 60_000, interval: 10 });
  return code;
};
