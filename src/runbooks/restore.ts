import { z } from 'zod';
import { BackupName, takenAtOf } from '../domain/backup.ts';
import { formatInstant } from '../domain/day.ts';
import { formatMoney } from '../domain/money.ts';
import { replacedAt } from '../domain/names-beside.ts';
import { Note } from '../domain/note.ts';
import { done, invalid } from '../domain/outcome.ts';
import { HostName } from '../domain/remote-host.ts';
import type { Context } from '../kit/define-action.ts';
import { defineRunbook, type RunStep } from '../kit/define-runbook.ts';
import {
  isOfOlderSchema,
  lastDrills,
  lossSince,
  oldDatabases,
  ownDatabaseName,
  type DrillSeen,
  type LossSince,
} from '../resources/restores/queries.ts';
import { hostsNamed } from './hosts.ts';
import { databaseOn } from './one-host.ts';
import { partOn, wholeOn } from './restore-parts.ts';

const DatabaseName = z
  .string()
  .trim()
  .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,62}$/, 'is the name of a database')
  .meta({ title: 'Database that is replaced' });
const Host = HostName.meta({ title: 'Host of the database' });

const age = (milliseconds: number): string => {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2_880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1_440)} days`;
};

const carryAndSwitch = (host: string): readonly RunStep[] => [
  partOn(host, { title: 'carry forward', work: 'restore-carry', timeoutSeconds: 7_200 }),
  partOn(host, { title: 'switch', work: 'restore-switch', timeoutSeconds: 3_600 }),
];

const common = {
  version: '2', permission: 'run.start', checker: 'approval.decide', danger: 'typed-twice', eyes: 2, code: true, dangerous: true,
} as const; // prettier-ignore

/** What a field may be filled in with, one of it. */
const oneOf = (choices: readonly string[]) => ({ choices, many: false });

const ownDatabase = (typed: string, own: string) =>
  typed === own
    ? undefined
    : invalid(`this console works on the database ${own}, not on ${typed}`, `write ${own}, or start a console on the other one`);

type Facts = { readonly loss: LossSince; readonly drill: DrillSeen | undefined; readonly older: boolean; readonly now: Date };

const drillWords = (drill: DrillSeen | undefined): string => {
  if (!drill) return 'no drill was ever made: nobody knows how long this takes';
  if (!drill.succeeded) return `the last drill, ${formatInstant(drill.finishedAt)}, FAILED: ${drill.finding ?? 'no reason was given'}`;
  return `the last drill, ${formatInstant(drill.finishedAt)}, took ${drill.seconds ?? 0} s for ${(drill.transactions ?? 0).toLocaleString('en')} transactions`;
};

const lostWords = ({ transactions, sums, accounts, users }: LossSince): string =>
  `lost: ${transactions} transactions${sums.length === 0 ? '' : ` of ${sums.map(({ currency, sum }) => formatMoney(sum, currency)).join(', ')}`}, ${accounts} accounts and ${users} users since then; whoever repeats such a posting is told "lost in restore"`;

/** Whoever asks and whoever agrees must know that they close the bank to themselves. */
const olderWords = (host: string): string =>
  `its schema is older than that of now: afterwards no console shows the bank before "bursar maintain migrations --what apply" on ${host} has applied what it lacks`;

/** Never into the live database: loads the backup beside it, checks it, carries over what protects, and swaps both by name. */
export const restore = defineRunbook({
  ...common,
  id: 'restore',
  title: 'Restore database',
  past: 'restored',
  whenAborted:
    'before the swap nothing has changed: the scratch database is dropped and the service started; after it the restore is finished',
  input: z.object({ host: Host, database: DatabaseName, backup: BackupName.meta({ title: 'Backup' }), note: Note }),
  offers: async db => ({ database: oneOf([await ownDatabaseName(db)]) }),

  gather: async ({ host, database, backup }, context) => {
    const named = await hostsNamed([host], context);
    if (!named.ok) return named;
    const now = new Date();
    if (takenAtOf(backup) > now) return invalid(`${backup} says that it was taken in the future`);
    const loss = await lossSince(context.db, takenAtOf(backup));
    const other = ownDatabase(database, loss.database);
    if (other) return other;
    const [drill] = await lastDrills(context.db);
    return done<Facts>({ loss, drill, older: await isOfOlderSchema(context.db, host, backup), now });
  },
  target: (_facts, { host }) => databaseOn(host),
  label: (_facts, { host, database }) => `${host} ${database}`,
  preview: ({ loss, drill, older, now }, { host, database, backup }) => [
    `${database} on ${host} becomes what it was at ${formatInstant(takenAtOf(backup))} UTC, ${age(now.getTime() - takenAtOf(backup).getTime())} ago (${backup})`,
    ...(older ? [olderWords(host)] : []),
    lostWords(loss),
    `stays in force: the whole audit log, freezes since then (${loss.freezes}), locks and deactivations since then (${loss.deactivations}), credentials, ended sessions, blocked addresses`,
    'a safety backup is taken first; the database of now is kept for seven days under another name',
    drillWords(drill),
  ],
  steps: (_facts, { host, database, backup }) => [
    partOn(host, {
      title: 'prepare', work: 'restore-prepare', flags: ['--backup', backup, '--database', database], timeoutSeconds: 21_600,
    }),
    partOn(host, { title: 'load and check', work: 'restore-fill', timeoutSeconds: 43_200 }),
    ...carryAndSwitch(host),
  ], // prettier-ignore
});

const OldName = z
  .string()
  .trim()
  .regex(/^[a-z][a-z0-9_]{0,45}_old_\d{14}$/, 'is the name of a database that a restore replaced')
  .meta({ title: 'Kept since a restore' });

/** The host has the last word on what lies there; what the console's own server knows is said beforehand. */
const lyingWords = async (name: string, { db }: Pick<Context, 'db'>): Promise<string> => {
  const names = await oldDatabases(db);
  if (names.includes(name)) return `${name} stands there`;
  return `${name} is not on the server of this console: ${names.length === 0 ? 'no replaced database is' : `there is ${names.join(', ')}`}`;
};

/** The way back after a restore that was written into: what protects comes along once more, in the other direction. */
export const restoreBack = defineRunbook({
  ...common,
  id: 'restore-back',
  title: 'Swap back',
  past: 'swapped back',
  whenAborted: 'before the swap nothing has changed; after it the swap is finished',
  input: z.object({ host: Host, database: DatabaseName, old: OldName, note: Note }),
  offers: async db => ({ database: oneOf([await ownDatabaseName(db)]), old: oneOf(await oldDatabases(db)) }),
  gather: async ({ host, database, old }, context) => {
    const named = await hostsNamed([host], context);
    if (!named.ok) return named;
    const since = replacedAt(old);
    const loss = await lossSince(context.db, since);
    return ownDatabase(database, loss.database) ?? done({ loss, since, lying: await lyingWords(old, context) });
  },
  target: (_facts, { host }) => databaseOn(host),
  label: (_facts, { host, database }) => `${host} ${database}`,
  preview: ({ loss, since, lying }, { host, database, old }) => [
    lying,
    `${database} on ${host} becomes again what it was before the restore of ${formatInstant(since)} UTC (${old})`,
    lostWords(loss),
    'the whole audit log, freezes, locks, credentials, ended sessions and blocked addresses of now stay in force',
  ],
  steps: (_facts, { host, database, old }) => [
    partOn(host, { title: 'prepare', work: 'restore-back', flags: ['--database', database, '--old', old], timeoutSeconds: 600 }),
    ...carryAndSwitch(host),
  ],
});

export const dropOldDatabase = defineRunbook({
  ...common,
  version: '3',
  id: 'drop-old-database',
  title: 'Drop replaced database',
  past: 'dropped',
  whenAborted: 'it is dropped whole or not at all',
  input: z.object({ host: Host, old: OldName, note: Note }),
  offers: async db => ({ old: oneOf(await oldDatabases(db)) }),
  gather: async ({ host, old }, context) => {
    const named = await hostsNamed([host], context);
    if (!named.ok) return named;
    return done(await lyingWords(old, context));
  },
  target: (_facts, { host }) => databaseOn(host),
  label: (_facts, { host, old }) => `${host} ${old}`,
  preview: (lying, { host, old }) => [
    lying,
    `${old} on ${host} is deleted for good: there is no way back to the bank before that restore then, but its safety backup`,
    'the host refuses before seven days are over, unless less than a tenth of its disk is free',
  ],
  steps: (_facts, { host, old }) => [wholeOn(host, 'drop', ['drop-old-database', '--old', old], 600)],
});

/** Restores the newest backup beside the live database, checks it and drops it: only that proves a backup. */
export const drill = defineRunbook({
  id: 'drill',
  title: 'Restore drill',
  past: 'drilled',
  version: '2',
  permission: 'run.start',
  danger: 'plain',
  eyes: 1,
  dangerous: true,
  whenAborted: 'the scratch database is dropped; the live one is not touched',
  input: z.object({ host: Host, note: Note }),
  gather: async ({ host }, context) => {
    const named = await hostsNamed([host], context);
    if (!named.ok) return named;
    const [last] = await lastDrills(context.db);
    return done({ last });
  },
  target: (_facts, { host }) => databaseOn(host),
  label: (_facts, { host }) => `drill on ${host}`,
  preview: ({ last }, { host }) => [
    `the newest backup on ${host} is restored into a database of its own, held against its manifest, and dropped; the live database is not touched`,
    drillWords(last),
  ],
  steps: (_facts, { host }) => [wholeOn(host, 'drill', ['drill'], 43_200)],
});
