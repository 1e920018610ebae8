import { mkdir, open, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { WorkRefused } from '../define-work.ts';
import { synchronize } from '../files.ts';

/** The ten steps of a restore, in their order. */
export const restoreSteps = [
  'lock', 'safety backup', 'space and manifest', 'load', 'check', 'carry forward', 'stop', 'swap', 'start', 'finish',
] as const; // prettier-ignore
export type RestoreStep = (typeof restoreSteps)[number];

/** A restored database at the moment in which it is opened. */
const Opening = z.object({
  /** The first transaction that is not its filling. */
  horizon: z.string(),
  /** The end of the audit log. */
  audited: z.string(),
  /** How many, in each table but the console's own. */
  rows: z.record(z.string(), z.string()),
});
export type Opening = z.output<typeof Opening>;

/** What is known of a restore when a step is over. */
const Known = z.object({
  backup: z.string(),
  /** The database that is replaced, the one that is filled, and what the replaced one is called afterwards. */
  database: z.string(),
  scratch: z.string(),
  old: z.string(),
  /** What is filled is a replaced database: a way back is never dropped. */
  kept: z.boolean(),
  /** The safety backup. */
  safety: z.string(),
  /** From which transaction on the next pass carries forward. */
  horizon: z.string(),
  /** By which it is seen whether somebody wrote. */
  opening: Opening,
  /** Offline: whether the dead database was still there to be renamed. */
  hadDead: z.boolean(),
  /** The newest migration of the backup. */
  schema: z.string(),
  /** What its schema could not hold, and whether it was brought over after newer migrations. */
  late: z.array(z.strictObject({ table: z.string(), columns: z.array(z.string()).readonly(), filled: z.boolean() })).readonly(),
  caughtUp: z.boolean(),
  /** In milliseconds. */
  renamed: z.number(),
  refused: z.number(),
});
export type Known = z.output<typeof Known>;

const Entry = z.object({
  at: z.iso.datetime(),
  run: z.string(),
  step: z.enum(restoreSteps),
  state: z.enum(['begun', 'done', 'going back', 'restored', 'rolled back', 'swapped back']),
  known: Known.partial().optional(),
  words: z.string().optional(),
});
type Entry = z.output<typeof Entry>;

/** How a restore ended; undefined while it has not. */
export type RestoreEnd = 'restored' | 'rolled back' | 'swapped back';

export type RestoreState = {
  readonly run: string;
  readonly known: Partial<Known>;
  readonly done: ReadonlySet<RestoreStep>;
  readonly begun: ReadonlySet<RestoreStep>;
  readonly end: RestoreEnd | undefined;
  /** Why the replaced database comes back: decided, and to be carried out whoever is killed. */
  readonly goingBack: string | undefined;
  readonly lastAt: Date;
};

/** The file on the host that a restore is known by: the database's rows are only a copy, and that database is being swapped. */
export type Journal = {
  readonly state: () => RestoreState;
  /** On the disk when it resolves. */
  readonly note: (
    step: RestoreStep,
    state: Entry['state'],
    more?: { readonly known?: Partial<Known>; readonly words?: string },
  ) => Promise<void>;
};

const folderOf = (home: string): string => path.join(home, 'restores');
const runPattern = /^[A-Za-z0-9][A-Za-z0-9-]{0,79}$/;
const fileOf = (home: string, run: string): string => {
  if (!runPattern.test(run)) throw new WorkRefused(`${JSON.stringify(run.slice(0, 60))} is no id of a run`);
  return path.join(folderOf(home), `${run}.jsonl`);
};

const ends: readonly string[] = ['restored', 'rolled back', 'swapped back'] satisfies readonly RestoreEnd[];
const isEnd = (state: Entry['state']): state is RestoreEnd => ends.includes(state);

const parsed = (line: string): Entry | undefined => {
  try {
    return Entry.parse(JSON.parse(line));
  } catch {
    return undefined; // killed while it was written: what it says had not happened yet
  }
};

const fold = (run: string, entries: readonly Entry[]): RestoreState => {
  const last = entries.at(-1);
  // what was undone is to be done again; a way back that was taken ends all
  return {
    run,
    known: Object.assign({}, ...entries.map(({ known }) => known ?? {})) as Partial<Known>,
    begun: new Set(entries.filter(({ state }) => state === 'begun').map(({ step }) => step)),
    done: new Set(entries.filter(({ state }) => state === 'done').map(({ step }) => step)),
    end: entries.map(({ state }) => state).findLast(isEnd),
    goingBack: entries.findLast(({ state }) => state === 'going back')?.words,
    lastAt: new Date(last?.at ?? 0),
  };
};

const readEntries = async (file: string): Promise<readonly Entry[]> => {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').flatMap(line => parsed(line) ?? []);
};

/** Every restore that this host knows of. */
export const restoresOf = async (home: string): Promise<readonly RestoreState[]> => {
  const names = await readdir(folderOf(home)).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const states: RestoreState[] = [];
  for (const name of names.filter(candidate => candidate.endsWith('.jsonl'))) {
    const run = name.slice(0, -'.jsonl'.length);
    states.push(fold(run, await readEntries(path.join(folderOf(home), name))));
  }
  return states.toSorted((a, b) => a.lastAt.getTime() - b.lastAt.getTime());
};

const append = async (file: string, entry: Entry): Promise<void> => {
  const opened = await open(file, 'a', 0o600);
  try {
    // a line that a kill cut off must not swallow this one
    await opened.writeFile(`\n${JSON.stringify(entry)}\n`);
    await opened.sync();
  } finally {
    await opened.close();
  }
};

/** Opens the journal of a run, new where there is none. */
export const openJournal = async (home: string, run: string): Promise<Journal> => {
  const file = fileOf(home, run);
  await mkdir(folderOf(home), { recursive: true, mode: 0o700 });
  let entries = await readEntries(file);
  return {
    state: () => fold(run, entries),
    note: async (step, state, more = {}) => {
      const entry: Entry = { at: new Date().toISOString(), run, step, state, ...more };
      const isNew = entries.length === 0;
      await append(file, entry);
      if (isNew) await synchronize(folderOf(home));
      entries = [...entries, entry];
    },
  };
};
