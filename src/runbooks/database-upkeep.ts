import { z } from 'zod';
import { Note } from '../domain/note.ts';
import { defineRunbook, type RunStep } from '../kit/define-runbook.ts';
import type { NamedHost } from '../resources/hosts/queries.ts';
import { databaseOn, HostName, hostNamed } from './one-host.ts';

const input = z.object({ host: HostName, note: Note });

const common = {
  past: 'done',
  version: '1',
  permission: 'run.start',
  danger: 'plain',
  eyes: 1,
  dangerous: false,
  whenAborted: 'nothing: it only reads',
} as const;

const work = ({ name: host }: NamedHost, title: string, words: readonly string[], timeoutSeconds: number): readonly RunStep[] => [
  { title, host, words: ['bursar', 'maintain', ...words], timeoutSeconds },
];

/** P6: sizes and counts. */
export const statistics = defineRunbook({
  ...common,
  id: 'statistics',
  title: 'Database statistics',
  input,
  gather: ({ host }, context) => hostNamed(host, context),
  target: ({ name }) => databaseOn(name),
  preview: () => ['size of the database, its tables and their records, dead rows, temporary files; nothing is changed'],
  steps: host => work(host, 'statistics', ['statistics'], 600),
});

export const unusedIndexes = defineRunbook({
  ...common,
  id: 'unused-indexes',
  title: 'Unused indexes',
  input,
  gather: ({ host }, context) => hostNamed(host, context),
  target: ({ name }) => databaseOn(name),
  preview: () => [
    'indexes that no query used since counting began, the largest first; those that keep a rule are left out, and none is dropped',
  ],
  steps: host => work(host, 'unused indexes', ['unused-indexes'], 120),
});

export const orphans = defineRunbook({
  ...common,
  id: 'orphans',
  title: 'List orphans',
  input,
  gather: ({ host }, context) => hostNamed(host, context),
  target: ({ name }) => databaseOn(name),
  preview: () => [
    'rows that point nowhere, media without a document and documents without a file, unfinished backups, databases of restores; nothing is changed',
    'rows go by their own policy, orphaned-data; files and databases by remove-orphans, which removes what this run listed',
  ],
  steps: host => work(host, 'orphans', ['orphans'], 1_800),
});

/** One at a time: two on one table would wait for each other. */
export const vacuum = defineRunbook({
  ...common,
  id: 'vacuum',
  title: 'Vacuum and analyze',
  past: 'vacuumed',
  dangerous: true,
  whenAborted: 'the table under way is left as it was, those before it are done; nothing is harmed',
  input: z.object({
    host: HostName,
    table: z
      .string()
      .trim()
      .regex(/^([a-z_]+\.("[a-z_]+"|[a-z_]+))?$/, 'is a table with its schema, such as bank.transaction')
      .default('')
      .meta({ title: 'One table (empty: all that need it)' }),
    note: Note,
  }),
  gather: ({ host }, context) => hostNamed(host, context),
  target: ({ name }) => databaseOn(name),
  preview: (_host, { table }) => [
    `${table === '' ? 'every table with dead rows' : table} is vacuumed and analyzed, never FULL: nobody who reads or writes waits for it`,
  ],
  steps: (host, { table }) => work(host, 'vacuum', ['vacuum', ...(table === '' ? [] : ['--table', table])], 14_400),
});
