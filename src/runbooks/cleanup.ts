import { z } from 'zod';
import { Note } from '../domain/note.ts';
import { conflict, done, notFound, type Outcome } from '../domain/outcome.ts';
import type { Context } from '../kit/define-action.ts';
import { runWord } from '../domain/run.ts';
import { wholeNumber } from '../domain/whole-number.ts';
import { defineRunbook, type RunStep } from '../kit/define-runbook.ts';
import { findCleanup, partsOf, whyNotClean, type CleanupPart, type CleanupRow } from '../resources/cleanups/queries.ts';
import type { NamedHost } from '../resources/hosts/queries.ts';
import { findPolicyNamed } from '../resources/policies/queries.ts';
import { databaseOn, HostName, hostNamed } from './one-host.ts';

const PolicyName = z
  .string()
  .trim()
  .regex(/^[a-z][a-z-]{2,39}$/, 'is the name of a policy, or all')
  .default('all')
  .meta({ title: 'Policy, or all' });

const Days = z
  .union([z.literal('').transform(() => undefined), wholeNumber(1, 3_650, 'number of days')], 'is a number of days from 1 to 3650')
  .optional()
  .meta({ title: 'Days to keep (empty: as the policy says)' });

/** Refuses what the host would refuse, before anything is asked of it. */
const estimable = async (policy: string, days: number | undefined, { db }: Context): Promise<Outcome<undefined>> => {
  if (policy === 'all') return done(undefined);
  const found = await findPolicyNamed(db, policy);
  if (!found) return notFound(`there is no policy ${policy}`, 'look them up with: bursar policies list');
  if (found.kind === 'kept') return conflict(`${found.title} is never removed`);
  return days !== undefined && days < found.floorDays
    ? conflict(`${found.title} stays at least ${found.floorDays} days: nobody goes below`)
    : done(undefined);
};

export const cleanupEstimate = defineRunbook({
  id: 'cleanup-estimate',
  title: 'Estimate cleanup',
  past: 'estimated',
  version: '1',
  permission: 'run.start',
  danger: 'plain',
  eyes: 1,
  dangerous: false,
  whenAborted: 'nothing: it only counts',
  input: z.object({ policy: PolicyName, days: Days, host: HostName, note: Note }),

  gather: async ({ host, policy, days }, context) => {
    const may = await estimable(policy, days, context);
    return may.ok ? hostNamed(host, context) : may;
  },
  target: ({ name }) => databaseOn(name),
  preview: (_host, { policy, days }) => [
    `what ${policy === 'all' ? 'all policies' : `the policy ${policy}`} would remove${days === undefined ? '' : ` if ${days} days were kept`} is counted; nothing is changed`,
    'the count can be agreed to for 15 minutes: it stands in the pane cleanups',
  ],
  steps: ({ name: host }, { policy, days }): readonly RunStep[] => [
    {
      title: 'count',
      host,
      words: [
        'bursar',
        'maintain',
        'cleanup-estimate',
        '--policy',
        policy,
        ...(days === undefined ? [] : ['--days', String(days)]),
        '--host',
        host,
      ],
      timeoutSeconds: 1_800,
    },
  ],
});

type Counted = { readonly cleanup: CleanupRow; readonly parts: readonly CleanupPart[]; readonly host: NamedHost };

const dayOf = (at: Date | null): string => at?.toISOString().slice(0, 10) ?? '-';
const count = (value: bigint): string => value.toLocaleString('en');

/** Removes what was counted. */
export const cleanup = defineRunbook({
  id: 'cleanup',
  title: 'Clean up',
  past: 'cleaned up',
  version: '1',
  permission: 'run.start',
  danger: 'typed',
  eyes: 1,
  eyesFor: ({ cleanup: { eyes } }: Counted) => (eyes === 2 ? 2 : 1),
  checker: 'approval.decide',
  code: true,
  dangerous: true,
  whenAborted: 'what is gone is gone; asked for again it goes on where it ended, and removes nothing else',
  input: z.object({ id: z.coerce.bigint().positive().meta({ hidden: true, title: 'Cleanup' }), note: Note }),

  gather: async ({ id }, context): Promise<Outcome<Counted>> => {
    const found = await findCleanup(context.db, id);
    if (!found) return notFound(`there is no cleanup ${id}`, 'count first with: bursar cleanups cleanup-estimate');
    const objection = whyNotClean(found);
    if (objection !== undefined) return conflict(objection, 'count again with: bursar cleanups cleanup-estimate');
    const host = await hostNamed(found.host, context);
    return host.ok ? done({ cleanup: found, parts: await partsOf(context.db, id), host: host.value }) : host;
  },
  target: ({ host }) => databaseOn(host.name),
  preview: ({ cleanup: { id, rows, removed, bytes }, parts }) => [
    `${count(rows - removed)} rows and files of ${count(bytes)} octets are removed, as cleanup ${id} counted them; nothing brings back what is not archived`,
    ...parts
      .filter(part => part.rows > part.removed)
      .map(part => `${count(part.rows - part.removed)} ${part.what}, from ${dayOf(part.oldest)} to ${dayOf(part.newest)}`),
    'in batches of 5,000 with a pause after each; it stops at 110 % of the count; who reads and posts meanwhile does not wait',
  ],
  steps: ({ host: { name: host } }, { id }): readonly RunStep[] => [
    {
      title: 'clean up',
      host,
      words: ['bursar', 'maintain', 'cleanup', '--estimate', String(id), '--run', runWord, '--host', host],
      timeoutSeconds: 14_400,
    },
  ],
});

/** Counts and removes in one go, as the approved policies say: for Sunday night, when nobody is there to look at a count. */
export const fullCleanup = defineRunbook({
  id: 'full-cleanup',
  title: 'Full cleanup by policy',
  past: 'cleaned up',
  version: '1',
  permission: 'run.start',
  danger: 'typed',
  eyes: 2,
  checker: 'approval.decide',
  dangerous: true,
  whenAborted: 'what is gone is gone; the next one counts anew',
  input: z.object({ host: HostName, note: Note }),

  gather: ({ host }, context) => hostNamed(host, context),
  target: ({ name }) => databaseOn(name),
  preview: () => [
    'every policy that is on: what it lets go is counted and removed at once, whatever the number; orphaned data and the audit log are not part of it',
    'what a policy archives lies in a file with its SHA-256 before anything is removed; nothing brings back the rest',
    'in batches of 5,000 with a pause after each; who reads and posts meanwhile does not wait',
  ],
  steps: ({ name: host }): readonly RunStep[] => [
    {
      title: 'clean up',
      host,
      words: ['bursar', 'maintain', 'cleanup', '--policy', 'all', '--run', runWord, '--host', host],
      timeoutSeconds: 14_400,
    },
  ],
});
