import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { WorkRefused } from '../define-work.ts';
import { writeWhole } from '../whole-file.ts';

const Digits = z.string().regex(/^-?\d+$/);

const Orphan = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('file'),
    /** The folder of media, and the place below it in base64: names are octets. */
    root: z.string(),
    name: z.string(),
    octets: z.number().int().min(0),
    /** What it was when it was listed: device, place on it, and times in nanoseconds. */
    seen: z.strictObject({ dev: Digits, ino: Digits, changed: Digits, touched: Digits }),
  }),
  z.strictObject({ kind: z.literal('database'), name: z.string(), oid: Digits, octets: z.number().min(0) }),
]);
/** Something that belongs to nothing, as it was when it was listed. */
export type Orphan = z.output<typeof Orphan>;
export type OrphanFile = Extract<Orphan, { kind: 'file' }>;
export type OrphanDatabase = Extract<Orphan, { kind: 'database' }>;

const folderOf = (home: string): string => path.join(home, 'orphans');
/** After two days nobody may ask for it any more. */
const keptMs = 2 * 86_400_000;

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const forgetOld = async (folder: string): Promise<void> => {
  for (const name of await readdir(folder)) {
    const place = path.join(folder, name);
    const { mtimeMs } = await lstat(place);
    if (/^[0-9a-f]{64}\.jsonl$/.test(name) && mtimeMs < Date.now() - keptMs) await rm(place, { force: true });
  }
};

/** Keeps a list on the host under its hash: what is removed later is what stands in it. Gives the hash. */
export const keepList = async (home: string, orphans: readonly Orphan[]): Promise<string> => {
  const folder = folderOf(home);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await forgetOld(folder);
  const text = `${JSON.stringify({ listedAt: new Date().toISOString() })}\n${orphans.map(one => `${JSON.stringify(one)}\n`).join('')}`;
  const hash = hashOf(text);
  await writeWhole(path.join(folder, `${hash}.jsonl`), text);
  return hash;
};

/** What stands in a list. Throws WorkRefused where it is gone, or not what was listed. */
export const readList = async (home: string, hash: string): Promise<readonly Orphan[]> => {
  const text = await readFile(path.join(folderOf(home), `${hash}.jsonl`), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) throw new WorkRefused(`there is no list ${hash.slice(0, 16)} on this host: list the orphans again`);
  if (hashOf(text) !== hash) throw new WorkRefused(`the list ${hash.slice(0, 16)} was changed after it was written: nothing is removed`);
  return text
    .split('\n')
    .slice(1, -1)
    .map(line => Orphan.parse(JSON.parse(line)));
};
