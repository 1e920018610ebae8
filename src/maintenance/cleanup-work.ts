import { z } from 'zod';
import type { Direct } from '../database/direct.ts';
import { wholeNumber } from '../domain/whole-number.ts';
import { carryOut } from './cleanup/carry-out.ts';
import { estimate } from './cleanup/estimate.ts';
import { readCleanup, readParts, withOwner, type StoredCleanup } from './cleanup/store.ts';
import { defineWork, WorkRefused } from './define-work.ts';

/** What was counted longer ago is counted again before anybody agrees to it. */
const freshSeconds = 15 * 60;

const PolicyName = z
  .string()
  .regex(/^[a-z][a-z-]{2,39}$/, 'is the name of a policy, or all')
  .meta({ title: 'Policy, or all' });
const HostName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'is the name of a host')
  .default('here')
  .meta({ title: 'As the inventory calls this host' });

export const cleanupEstimate = defineWork({
  name: 'cleanup-estimate',
  summary: 'counts what a policy lets go, and keeps the count for whoever agrees to it',
  input: z.object({
    policy: PolicyName.default('all'),
    days: wholeNumber(1, 3_650, 'number of days').optional().meta({ title: 'Days to keep, instead of what the policy says' }),
    host: HostName,
  }),
  run: (input, context) =>
    withOwner(context, async db => {
      const { id, parts } = await estimate(db, context, { ...input, run: undefined });
      const sum = (of: 'rows' | 'bytes'): number => parts.reduce((total, part) => total + part[of], 0);
      context.progress(1, `cleanup ${id}: ${sum('rows').toLocaleString('en')} would go; agree to it within 15 minutes`);
      return { cleanup: Number(id), rows: sum('rows'), bytes: sum('bytes') };
    }),
});

/** A cleanup by its number, as its run may carry it out: fresh, or agreed to in time, or cut short. */
const agreed = async (db: Direct, id: number): Promise<StoredCleanup> => {
  const cleanup = await readCleanup(db, { id });
  if (!cleanup) throw new WorkRefused(`there is no cleanup ${id}`);
  if (cleanup.status === 'estimated' && cleanup.runId === null && cleanup.age > freshSeconds)
    throw new WorkRefused(`what cleanup ${id} removes was counted more than 15 minutes ago: count it again`);
  return cleanup;
};

export const cleanup = defineWork({
  name: 'cleanup',
  summary: 'removes what was counted, in small batches; what is begun again goes on where it was cut short',
  input: z.object({
    estimate: z.coerce.number().int().positive().optional().meta({ title: 'Number of the count' }),
    policy: PolicyName.optional(),
    run: z.uuid().optional().meta({ title: 'Run that it belongs to' }),
    host: HostName,
  }),
  run: ({ estimate: number, policy, run, host }, context) => {
    if ((number === undefined) === (policy === undefined)) throw new WorkRefused('it takes a count (--estimate) or a policy (--policy)');
    return withOwner(context, async db => {
      const counted = async (): Promise<StoredCleanup> => {
        if (number !== undefined) return agreed(db, number);
        // By policy it is counted and removed at once, once for each run
        const before = run === undefined ? undefined : await readCleanup(db, { run });
        return before ?? agreed(db, Number((await estimate(db, context, { policy: policy ?? 'all', days: undefined, host, run })).id));
      };
      const found = await counted();
      const open = found.status === 'estimated' || found.status === 'running';
      const ended = open ? await carryOut(db, context, found) : found.status;
      const parts = await readParts(db, found.id);
      const removed = parts.reduce((sum, part) => sum + part.removed, 0);
      if (ended === 'stopped')
        throw new WorkRefused(`cleanup ${found.id} stopped after ${removed} rows: more would have gone than was counted and a tenth`);
      context.progress(
        1,
        `cleanup ${found.id} is done: ${removed.toLocaleString('en')} of ${found.rows.toLocaleString('en')} counted are gone`,
      );
      return { cleanup: Number(found.id), counted: found.rows, removed, archives: parts.flatMap(({ archive }) => archive ?? []) };
    });
  },
});
