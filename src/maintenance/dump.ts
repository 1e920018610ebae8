import { stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { writeArchive } from './archive.ts';
import { measureFile, synchronize } from './files.ts';
import type { BackupFile, Facts, Manifest } from './manifest.ts';
import { withSnapshot, type Snapshot } from './snapshot.ts';
import { findTools, postgresEnvironment, runProgram, type PostgresTools } from './tools.ts';

export type DumpWishes = {
  readonly databaseUrl: string;
  /** Must be there and empty. */
  readonly folder: string;
  /** Where Postgres's tools lie; undefined: wherever the host has them. */
  readonly tools: string | undefined;
  readonly signal: AbortSignal;
  readonly progress: (fraction: number, words: string) => void;
};

/** What a dump left in its folder, read whole once. */
export type Dump = Pick<Manifest, 'kind' | 'tool' | 'tables'> & { readonly facts: Facts; readonly files: readonly BackupFile[] };

export const dumpFile = 'database.dump';
const globalsFile = 'globals.sql';

const sizeOf = async (file: string): Promise<number> => (await stat(file).catch(() => ({ size: 0 }))).size;

/** Says how much a program has written so far, until it ends. */
const whileWriting = async <T>(file: string, work: Promise<T>, say: (octets: number) => void): Promise<T> => {
  const over = new AbortController();
  const watch = async (): Promise<void> => {
    for (;;) {
      await pause(1_000, undefined, { signal: over.signal });
      say(await sizeOf(file));
    }
  };
  const watching = watch().catch(() => undefined);
  try {
    return await work;
  } finally {
    over.abort();
    await watching;
  }
};

const megabytes = (octets: number): string => `${(octets / 1_000_000).toFixed(1)} MB`;

const byTools = async (
  { facts, id }: Snapshot,
  tools: PostgresTools,
  { databaseUrl, folder, signal, progress }: DumpWishes,
): Promise<Dump> => {
  const environment = postgresEnvironment(databaseUrl);
  const run = (name: string, args: readonly string[]) => runProgram(path.join(tools.folder, name), args, { environment, signal });
  const [dump, globals] = [path.join(folder, dumpFile), path.join(folder, globalsFile)];
  progress(0.1, `pg_dump ${tools.major} writes`);
  const dumping = run('pg_dump', ['--format=custom', `--snapshot=${id}`, '--lock-wait-timeout=30s', '--no-password', `--file=${dump}`]);
  await whileWriting(dump, dumping, octets => progress(0.3, `pg_dump has written ${megabytes(octets)}`));
  await run('pg_dumpall', ['--globals-only', '--no-role-passwords', '--no-password', `--file=${globals}`]);
  progress(0.7, 'the dump is read whole');
  // The list of a truncated archive is whole: only reading all of it tells
  await run('pg_restore', ['--file=/dev/null', dump]);
  const files: BackupFile[] = [];
  for (const name of [dumpFile, globalsFile]) {
    await synchronize(path.join(folder, name));
    files.push({ name, ...(await measureFile(path.join(folder, name), signal)) });
  }
  return { kind: 'dump', tool: tools.version, facts, files };
};

const byCopy = async (snapshot: Snapshot, { folder, signal, progress }: DumpWishes): Promise<Dump> => {
  const { files, tables } = await writeArchive(snapshot, folder, signal, (done, table) =>
    progress(0.1 + 0.9 * done, `${table} is written and read back`),
  );
  return { kind: 'archive', tool: 'COPY', facts: snapshot.facts, files, tables: [...tables] };
};

/**
 * Writes the whole database as of one moment into a folder and reads it back: by pg_dump where there is one that is not older than the server,
 * otherwise as one COPY per table. Counts and sums are of that same moment, whatever is posted meanwhile.
 */
export const takeDump = (wishes: DumpWishes): Promise<Dump> =>
  withSnapshot(
    wishes.databaseUrl,
    done => wishes.progress(0.1 * done, 'rows are counted'),
    async snapshot => {
      const tools = await findTools(snapshot.facts.server, wishes.tools, wishes.signal);
      return tools ? byTools(snapshot, tools, wishes) : byCopy(snapshot, wishes);
    },
  );
