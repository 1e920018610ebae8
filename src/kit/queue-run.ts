import type { Db } from '../database/client.ts';
import type { RunStep } from './define-runbook.ts';

export type NewRun = {
  readonly runbook: string;
  readonly version: string;
  readonly title: string;
  readonly target: string;
  readonly dangerous: boolean;
  readonly input: object;
  readonly steps: readonly RunStep[];
};

/** A document as a column keeps it: amounts are text. */
export const storedJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part));

/** Writes a run down, as part of the action that asks for it. */
export const queueRun = async (
  db: Db,
  { runbook, version, title, target, dangerous, input, steps }: NewRun,
): Promise<{ readonly number: bigint }> => {
  const [row] = await db.$queryRaw<{ number: bigint }[]>`
    SELECT number FROM ops.queue_run(${runbook}, ${version}, ${title}, ${target}, ${dangerous}, ${storedJson(input)}::jsonb, ${storedJson(steps)}::jsonb)`;
  if (!row) throw new Error('the run was not queued');
  return row;
};
