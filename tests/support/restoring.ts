import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RestoreStep } from '../../src/maintenance/restore/journal.ts';
import { urlOfDatabase } from '../../src/maintenance/load.ts';
import { query } from './query.ts';
import { program } from './program.ts';

/** Drops what a restore left of a test's database. */
export const dropAll = async (url: string, names: readonly string[]): Promise<void> => {
  for (const name of names) await query(urlOfDatabase(url, 'postgres'), `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
};

export const aRun = (): string => randomUUID();

/** All four parts, as the runbook has them. */
export const restoreParts = (
  run: string,
  backup: string,
  database: string,
): readonly (readonly [name: string, input: Record<string, string>])[] => [
  ['restore-prepare', { run, backup, database }],
  ['restore-fill', { run }],
  ['restore-carry', { run }],
  ['restore-switch', { run }],
];

/** Which part of a restore does which steps. */
export const partOf: Readonly<Record<RestoreStep, number>> = {
  'lock': 0, 'safety backup': 0, 'space and manifest': 0, 'load': 1, 'check': 1, 'carry forward': 2, 'stop': 3, 'swap': 3, 'start': 3, 'finish': 3,
}; // prettier-ignore

const maintainProcess = path.join(import.meta.dirname, 'maintain-process.ts');
/** For a process that stands still as soon as it has written these words: it cannot be over before somebody has seen them. */
const standing = (words: string | undefined) => ({
  flags: words === undefined ? [] : ['--import', path.join(import.meta.dirname, 'standing-process.ts')],
  env: words === undefined ? {} : { BURSAR_TEST_STANDS_STILL_AT: words },
});

/** What the journal of a restore says when a step begins. */
export const beginOf = (step: RestoreStep): string => `"step":"${step}","state":"begun"`;

export type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly said: string };

/** Starts a work as a process of its own; it is killed with -9 as soon as `when` says so. */
export const inProcess = async (
  {
    url,
    home,
    name,
    input,
    platform = {},
    standsStillAt,
  }: {
    readonly url: string;
    readonly home: string;
    readonly name: string;
    readonly input: object;
    readonly platform?: object;
    readonly standsStillAt?: string | undefined;
  },
  when: () => boolean = () => false,
): Promise<Ended> => {
  const { flags, env } = standing(standsStillAt);
  const words = [maintainProcess, url, home, name, JSON.stringify(input), JSON.stringify(platform)];
  const child = spawn(process.execPath, [...flags, ...words], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const closed = once(child, 'close');
  while (child.exitCode === null && child.signalCode === null) {
    if (when()) child.kill('SIGKILL');
    await pause(1);
  }
  await closed;
  return { code: child.exitCode, signal: child.signalCode, said };
};

type Struck = {
  readonly home: string;
  readonly url?: string;
  readonly signal: NodeJS.Signals;
  readonly args: readonly string[];
  readonly standsStillAt?: string | undefined;
};

/** The command as a process of its own, which gets a signal as soon as `when` says so. */
export const struck = async ({ home, url, signal, args, standsStillAt }: Struck, when: () => boolean): Promise<Ended> => {
  const still = standing(standsStillAt);
  const env = { PATH: process.env['PATH'] ?? '', BURSAR_HOME: home, ...(url === undefined ? {} : { DATABASE_URL: url }), ...still.env };
  const child = spawn(process.execPath, [...still.flags, program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [said, isStruck] = ['', false];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const closed = once(child, 'close');
  while (child.exitCode === null && child.signalCode === null) {
    if (!isStruck && when()) isStruck = child.kill(signal);
    await pause(1);
  }
  await closed;
  return { code: child.exitCode, signal: child.signalCode, said };
};

/** What the journals of all offline restores of a home say. */
export const offlineJournals = (home: string): readonly string[] => {
  const folder = path.join(home, 'restores');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter(file => file.startsWith('offline-'))
    .map(file => readFileSync(path.join(folder, file), 'utf8'));
};

/** What the journal of a restore says, as text. */
export const journalOf = (home: string, run: string): string => {
  try {
    return readFileSync(path.join(home, 'restores', `${run}.jsonl`), 'utf8');
  } catch {
    return '';
  }
};
