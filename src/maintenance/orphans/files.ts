import type { BigIntStats } from 'node:fs';
import path from 'node:path';
import type { Direct } from '../../database/direct.ts';
import { safe } from '../../domain/safe-text.ts';
import { isThere } from '../cleanup/file-parts.ts';
import type { WorkContext } from '../define-work.ts';
import { below, walkTree } from '../tree.ts';
import type { OrphanFile } from './list.ts';

/** So many are listed at once; the rest is listed the next time. */
const mostListed = 100_000;
/** What is younger may only be about to get its row. */
const youngMs = 86_400_000;

/** One name may be written in several ways that nobody sees. */
const sameName = (text: string): string => text.normalize('NFC');

/** What documents name: by place, by name, or by name without an ending. */
export const wantedFiles = async (db: Direct): Promise<ReadonlySet<string>> => {
  const { rows } = await db.query<{ reference: string }>('SELECT reference FROM bank.document');
  return new Set(rows.map(({ reference }) => sameName(reference)));
};

/** The names by which a document may mean a file. */
export const namesOf = (root: string, name: Buffer): readonly string[] => {
  const place = sameName(name.toString('utf8'));
  return [place, path.join(root, place), path.basename(place), path.parse(place).name];
};

/** The later of content and place: who unpacks an old file has a new one. */
export const isYoung = ({ mtimeMs, ctimeMs }: Pick<BigIntStats, 'mtimeMs' | 'ctimeMs'>): boolean =>
  Math.max(Number(mtimeMs), Number(ctimeMs)) > Date.now() - youngMs;

export const seenOf = ({ dev, ino, mtimeNs, ctimeNs }: BigIntStats): OrphanFile['seen'] => ({
  dev: String(dev), ino: String(ino), changed: String(mtimeNs), touched: String(ctimeNs),
}); // prettier-ignore

export type MediaOrphans = { readonly strays: readonly OrphanFile[]; readonly young: number; readonly missing: readonly string[] };

/** Files of media that no document names, and documents whose file is not there. Links are neither followed nor listed. */
export const mediaOrphans = async (db: Direct, { platform, signal }: WorkContext): Promise<MediaOrphans> => {
  const wanted = await wantedFiles(db);
  const met = new Set<string>();
  const strays: OrphanFile[] = [];
  let young = 0;
  for (const root of platform.media) {
    if (!(await isThere(root))) continue;
    for await (const entry of walkTree(root, { onGone: () => undefined, signal })) {
      if (entry.kind !== 'file') continue;
      const named = namesOf(root, entry.name).filter(name => wanted.has(name));
      for (const name of named) met.add(name);
      if (named.length > 0) continue;
      if (isYoung(entry.stat)) young++;
      else if (strays.length < mostListed)
        strays.push({ kind: 'file', root, name: entry.name.toString('base64'), octets: Number(entry.stat.size), seen: seenOf(entry.stat) });
    }
  }
  return { strays, young, missing: [...wanted].filter(reference => !met.has(reference)) };
};

export const placeOf = ({ root, name }: OrphanFile): Buffer => below(root, Buffer.from(name, 'base64'));
export const toldFile = (file: OrphanFile): string => safe(placeOf(file).toString('utf8'), { max: 200 });
