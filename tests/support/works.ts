import path from 'node:path';
import { PlatformProfile, BackupSettings } from '../../src/domain/platform-profile.ts';
import type { WorkContext } from '../../src/maintenance/define-work.ts';
import { works } from '../../src/maintenance/registry.ts';
import { aCommand, aCommandHome } from './command.ts';

export type WorkWishes = {
  readonly url: string;
  readonly home?: string;
  readonly platform?: Readonly<Record<string, unknown>>;
  readonly backup?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
  readonly progress?: WorkContext['progress'];
};

/** A work in this process, as `bursar maintain NAME` does it: `await aWork({ url })('cleanup', { estimate: 1 })`. */
export const aWork = ({ url, home = aCommandHome(), platform = {}, backup = {}, signal, progress = () => undefined }: WorkWishes) => {
  const context: WorkContext = {
    home,
    platform: PlatformProfile.parse(platform),
    backup: BackupSettings.parse(backup),
    migrations: path.join(import.meta.dirname, '..', '..', 'prisma', 'migrations'),
    databaseUrl: async () => url,
    signal: signal ?? new AbortController().signal,
    progress,
  };
  return async (name: string, input: object = {}): Promise<Readonly<Record<string, unknown>>> => {
    const work = works.find(one => one.name === name);
    if (!work) throw new Error(`there is no work ${name}`);
    return { ...(await work.run(work.input.parse(input), context)) };
  };
};

type Bank = { readonly url: string; readonly rows: (sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]> };

/** Does what a queued run of one work says, in this process instead of over SSH, and notes its result as the console that executes would. */
export const carriedOutHere = async (bank: Bank, run: string, home: string): Promise<Record<string, unknown>> => {
  const [step] = await bank.rows(
    'SELECT s.run_id AS id, s.words FROM ops.run_step s JOIN ops.run r ON r.id = s.run_id WHERE r.number = $1',
    [run],
  );
  if (!step) throw new Error(`there is no run ${run}`);
  const words = (step['words'] as readonly string[]).map(word => (word === '{run}' ? String(step['id']) : word));
  const answer = await aCommand({ url: bank.url, home })(...words.slice(1));
  if (answer.code !== 0) throw new Error(`run ${run}: ${answer.stdout}${answer.stderr}`);
  const result = /^result (\{.*\})$/m.exec(answer.stdout)?.[1] ?? '{}';
  await bank.rows(
    `WITH off AS MATERIALIZED (SELECT set_config('session_replication_role', 'replica', true)),
          step AS (UPDATE ops.run_step s SET status = 'succeeded', tail = $2, result = $3::jsonb, finished_at = now() FROM off WHERE s.run_id = $1)
     UPDATE ops.run r SET status = 'succeeded', finished_at = now() FROM off WHERE r.id = $1`,
    [step['id'], answer.stdout, result],
  );
  return JSON.parse(result) as Record<string, unknown>;
};
