import { z } from 'zod';
import { Note } from '../domain/note.ts';
import { conflict, done, invalid, notFound, type Outcome } from '../domain/outcome.ts';
import { Place } from '../domain/platform-upkeep.ts';
import { safe } from '../domain/safe-text.ts';
import { defineRunbook } from '../kit/define-runbook.ts';
import { findOrphanList, type OrphanList } from '../resources/cleanups/queries.ts';
import { databaseOn, hostNamed } from './one-host.ts';

/** More files than that take two people; the database demands it as well (ops.confirm_orphans). */
const mostByOne = 100;
const what = ['media', 'databases'] as const;

const Under = z
  .union([z.literal('').transform(() => undefined), Place])
  .optional()
  .meta({ title: 'Only files in this folder of media' });

/** What the listing named of it, a few each. */
const told = ({ each }: OrphanList, words: string): readonly string[] =>
  each.filter(one => one.what.startsWith(words)).flatMap(({ such }) => such.map(name => safe(name, { max: 200 })));

const whyNot = (found: OrphanList, wanted: (typeof what)[number]): string | undefined => {
  if (!found.isFresh) return 'that was listed more than a day ago';
  return (wanted === 'media' ? found.files : found.databases) === 0
    ? `that run listed no ${wanted === 'media' ? 'files' : 'databases'}`
    : undefined;
};

/** Removes what a run listed and nothing else. */
export const removeOrphans = defineRunbook({
  id: 'remove-orphans',
  title: 'Remove orphans',
  past: 'removed',
  version: '1',
  permission: 'run.start',
  danger: 'typed',
  eyes: 1,
  eyesFor: (found: OrphanList, input) => (input.what === 'databases' || found.files > mostByOne ? 2 : 1),
  checker: 'approval.decide',
  code: true,
  dangerous: true,
  whenAborted: 'what is gone is gone; the rest stays, and the same list can be asked for again',
  input: z.object({
    list: z.coerce.bigint().positive().meta({ title: 'Run that listed them, by its number' }),
    what: z.enum(what).default('media').meta({ title: 'What is removed' }),
    under: Under,
    note: Note,
  }),

  gather: async ({ list, what: wanted, under }, context): Promise<Outcome<OrphanList>> => {
    if (wanted === 'media' && under === undefined)
      return invalid('name a folder of media: what the platform keeps beside documents nobody here knows');
    const found = await findOrphanList(context.db, list);
    if (!found) return notFound(`run ${list} listed no orphans`, 'list them with: bursar cleanups orphans');
    const objection = whyNot(found, wanted);
    if (objection !== undefined) return conflict(objection, 'list them again with: bursar cleanups orphans');
    const host = await hostNamed(found.host, context);
    return host.ok ? done(found) : host;
  },
  target: ({ host }, { what: wanted }) => (wanted === 'media' ? `files on ${host}` : databaseOn(host)),
  preview: (found, { list, what: wanted, under }) => [
    wanted === 'media'
      ? `of ${found.files.toLocaleString('en')} files of ${found.octets.toLocaleString('en')} octets that run ${list} listed, those in ${safe(under ?? '')} are removed; nothing brings them back but a backup`
      : `${found.databases.toLocaleString('en')} databases that run ${list} listed are dropped; nothing brings them back`,
    ...told(found, wanted === 'media' ? 'media files' : 'databases of').map(name => `among them ${name}`),
    `the list on ${found.host} is ${found.list.slice(0, 16)}…; what is not in it, changed since, is younger than a day, or a restore needs, stays and is told`,
  ],
  steps: (found, { what: wanted, under }) => [
    {
      title: 'remove',
      host: found.host,
      words: [
        'bursar',
        'maintain',
        'remove-orphans',
        '--list',
        found.list,
        '--what',
        wanted,
        ...(under === undefined ? [] : ['--under', under]),
      ],
      timeoutSeconds: 14_400,
    },
  ],
});
