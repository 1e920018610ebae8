import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { backupNameOf } from '../../src/domain/backup.ts';
import { backupKeysOf, readSecretKey } from '../../src/database/secret-key.ts';
import type { WorkContext } from '../../src/maintenance/define-work.ts';
import { checkBackup } from '../../src/maintenance/check-backup.ts';
import { findTools } from '../../src/maintenance/tools.ts';
import { manifestFile, signManifest, type Manifest } from '../../src/maintenance/manifest.ts';
import { findBackup, openVault } from '../../src/maintenance/vault.ts';
import { aCommandHome } from './command.ts';

/** Why pg_dump cannot be tried here; undefined where it can. `.ci/run` installs it. */
export const whyNoTools =
  (await findTools(150_000, undefined, new AbortController().signal)) === undefined ? 'there is no pg_dump of version 15' : undefined;

/** A folder without any tools in it: the host then has only COPY. */
export const withoutTools = (): string => mkdtempSync(path.join(aCommandHome(), 'no-tools-'));

/** A file with a key for backups, as its owner would make it. */
export const aKeyFile = (): string => {
  const file = path.join(aCommandHome(), 'backup.key');
  writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  return file;
};

const day = 86_400_000;

/** A backup of so many days before a moment, made of another one's manifest; its file holds nothing of use. */
export const plantBackup = async (context: WorkContext, like: Manifest, daysBefore: number, folder: string): Promise<string> => {
  const { signing } = backupKeysOf(await readSecretKey(context.home, context.backup.keyFile ?? context.secretKeyFile));
  const takenAt = new Date(Date.parse(like.takenAt) - daysBefore * day);
  const run = randomUUID();
  const name = backupNameOf(takenAt, run);
  const place = path.join(folder, name);
  mkdirSync(place, { mode: 0o700 });
  const text = 'planted';
  writeFileSync(path.join(place, 'database.dump'), text);
  const manifest: Manifest = {
    ...like, name, run, takenAt: takenAt.toISOString(), encrypted: false, octets: text.length,
    files: [{ name: 'database.dump', octets: text.length, sha256: '0'.repeat(64) }],
  }; // prettier-ignore
  writeFileSync(path.join(place, manifestFile), signManifest(manifest, signing));
  return name;
};

/** Reads a backup as a restore would before it touches anything; throws WorkRefused unless it is what was written. */
export const readWhole = async (context: WorkContext, name: string): Promise<void> => {
  const vault = await openVault(context, 'database');
  const { manifest, folder } = await findBackup(vault, name);
  await checkBackup({ vault, manifest, folder, signal: context.signal, progress: () => undefined }, context.backup.postgresTools);
};

/** The manifest of a backup of the database. */
export const manifestOf = async (context: WorkContext, name: string): Promise<Manifest> => {
  const { manifest } = await findBackup(await openVault(context, 'database'), name);
  if (manifest.kind === 'files') throw new Error(`${name} is a backup of files`);
  return manifest;
};
