import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { WorkRefused } from './define-work.ts';
import { isOfAnotherKey, manifestFile } from './manifest.ts';
import { objectsOf, removeObjects, type Objects } from './objects.ts';
import { listName } from './sealed-media.ts';
import { readTreeList } from './tree-list.ts';
import { expire, lookAt, namesIn, type Vault } from './vault.ts';

const listPattern = /^media-\d+\.list$/;

/** The lists of a backup that are sealed. What its manifest names and what lies there both count: a list that is missing is missed. */
const listsOf = async (vault: Vault, name: string): Promise<readonly string[]> => {
  const { manifest } = await lookAt(vault, name);
  if (manifest?.kind === 'files') return manifest.media.flatMap(({ sealed, folder }) => (sealed ? [listName(folder)] : []));
  return (await readdir(path.join(vault.folder, name))).filter(file => listPattern.test(file));
};

/** Its manifest says that it is of another key, whose objects lie elsewhere. */
const isElsewhere = async (vault: Vault, name: string): Promise<boolean> => {
  const text = await readFile(path.join(vault.folder, name, manifestFile), 'utf8').catch(() => '');
  return isOfAnotherKey(text, vault.signing);
};

const readNeeds = async (vault: Vault, objects: Objects, name: string, needed: Set<string>): Promise<void> => {
  for (const file of await listsOf(vault, name))
    for await (const entry of readTreeList(path.join(vault.folder, name, file), file, objects.sealing))
      if (entry.kind === 'file') needed.add(entry.object);
};

/** What every backup that lies there needs, or which one does not tell: then nobody knows what may go. */
const needsOf = async (vault: Vault, objects: Objects): Promise<ReadonlySet<string> | { readonly unknown: string }> => {
  const needed = new Set<string>();
  for (const name of await namesIn(vault)) {
    if (await isElsewhere(vault, name)) continue;
    try {
      await readNeeds(vault, objects, name, needed);
    } catch (error) {
      if (!(error instanceof WorkRefused) && (error as NodeJS.ErrnoException).code === undefined) throw error;
      return { unknown: name };
    }
  }
  return needed;
};

export type Collected = { readonly objects: number; readonly unknown: string | undefined };

/**
 * Removes the objects that no backup needs any more. What is needed is read from every backup that lies there by then, whole or not, so that a kill at any
 * moment leaves objects too many and never one too few; where one backup does not tell what it needs, no object goes.
 */
export const collectObjects = async (vault: Vault, signal: AbortSignal): Promise<Collected> => {
  if (!vault.sealing) return { objects: 0, unknown: undefined };
  const objects = await objectsOf(vault);
  const needs = await needsOf(vault, objects);
  if ('unknown' in needs) return { objects: 0, unknown: needs.unknown };
  return { objects: await removeObjects(objects, needs, signal), unknown: undefined };
};

/** Removes backups of files that are older than they have to be, and then what only they needed. */
export const expireFiles = async (
  vault: Vault,
  keep: Parameters<typeof expire>[1],
  signal: AbortSignal,
): Promise<Collected & { readonly expired: readonly string[] }> => {
  const expired = await expire(vault, keep);
  return { expired, ...(await collectObjects(vault, signal)) };
};
