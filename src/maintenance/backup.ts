import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { backupNameOf } from '../domain/backup.ts';
import { openDirect } from '../database/direct.ts';
import { goneFrom } from './copies.ts';
import { defineWork, type WorkContext } from './define-work.ts';
import { takeDump } from './dump.ts';
import type { Manifest } from './manifest.ts';
import { copyAway, demandSpace, giveName, sealAll, takenBy, unfinishedFolder, wholeOf } from './put-away.ts';
import { alone, expire, lookAround, openVault, type Vault } from './vault.ts';

/** Names what is done under it; repeating the work under the same name does nothing twice. */
export const RunName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,79}$/, 'is the id of a run')
  .default(() => `by-hand-${randomUUID()}`)
  .meta({ title: 'Run' });

/** The version of the program, which stands beside its migrations. */
export const versionOf = async (migrations: string): Promise<string> => {
  const text = await readFile(path.join(migrations, '..', '..', 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
};

const databaseSize = async (url: string): Promise<number> => {
  const connection = await openDirect(url, { applicationName: 'bursar backup' }, () => undefined);
  try {
    const { rows } = await connection.query<{ octets: string }>('SELECT pg_database_size(current_database())::text AS octets');
    return Number(rows[0]?.octets);
  } finally {
    await connection.end();
  }
};

const writeBackup = async (vault: Vault, run: string, context: WorkContext): Promise<Manifest> => {
  const begun = Date.now();
  const { backup, migrations, signal, progress } = context;
  const databaseUrl = await context.databaseUrl();
  const before = wholeOf(await lookAround(vault))[0];
  await demandSpace(vault, before?.octets ?? (await databaseSize(databaseUrl)));
  const unfinished = await unfinishedFolder(vault, run);
  try {
    const { facts, files, tables, kind, tool } = await takeDump({
      databaseUrl, folder: unfinished, tools: backup.postgresTools, signal,
      progress: (done, words) => progress(0.8 * done, words),
    }); // prettier-ignore
    progress(
      0.8,
      vault.sealing ? 'the files are encrypted' : 'the files are signed; they are not encrypted, since backup.keyFile names no key',
    );
    const stored = await sealAll(vault, unfinished, files, signal);
    const manifest: Manifest = {
      ...facts, format: 1, name: backupNameOf(new Date(facts.takenAt), run), run, kind, tool, bursar: await versionOf(migrations), encrypted: vault.sealing !== undefined,
      files: [...stored], ...(tables === undefined ? {} : { tables }), octets: stored.reduce((sum, { octets }) => sum + octets, 0),
      previousOctets: before?.octets ?? null, seconds: (Date.now() - begun) / 1_000,
    }; // prettier-ignore
    await giveName(vault, unfinished, manifest);
    return manifest;
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
};

/** What is told of a backup: everything of its manifest but the lists of its files and sequences. */
const told = ({ files, tables: _tables, sequences: _sequences, ...manifest }: Manifest, vault: Vault) => ({
  ...manifest,
  files: files.length,
  path: path.join(vault.folder, manifest.name),
});

export type BackupResult = ReturnType<typeof told> & {
  readonly verified: true;
  readonly copied: boolean;
  readonly expired: readonly string[];
};

/** Takes a backup of the database, or gives the one that the run has taken. Only once it is whole, and copied, may older ones go. */
export const takeBackup = (run: string, context: WorkContext): Promise<BackupResult> =>
  alone(context, async () => {
    const vault = await openVault(context, 'database');
    const taken = await takenBy(vault, run);
    const manifest = taken && taken.kind !== 'files' ? taken : await writeBackup(vault, run, context);
    const copied = await copyAway(context, 'database', manifest);
    const { databaseDays: days, keepAtLeast, copyTo } = context.backup;
    const keep = { days, keepAtLeast, now: new Date(manifest.takenAt) };
    const here = await expire(vault, keep);
    const there = copyTo === undefined ? [] : await expire(await openVault(context, 'database', copyTo), keep);
    const expired = await goneFrom(vault, here, there);
    context.progress(1, `${manifest.name} is whole`);
    return { ...told(manifest, vault), verified: true, copied, expired };
  });

export const backupWork = defineWork({
  name: 'backup',
  summary: 'writes the database out as of one moment, reads it whole, signs it and removes what is older than it has to be',
  input: z.object({ run: RunName }),
  run: ({ run }, context) => takeBackup(run, context),
});
