import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { ReviewDocument, reviewMarkdown } from '../domain/access-report.ts';
import { keyOf } from './anchors.ts';

/** What lies beside the files of a review: their hashes, signed with the key that signs anchors and that no database holds. */
const Seal = z.object({
  review: z.string().regex(/^\d{1,18}$/),
  database: z.string(),
  at: z.string(),
  files: z.array(z.object({ name: z.string().regex(/^[\w.-]+$/), sha256: z.string().regex(/^[0-9a-f]{64}$/) })).min(1),
  signature: z.string().regex(/^[0-9a-f]{64}$/),
});
type Seal = z.infer<typeof Seal>;

export const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

// The first word keeps it apart from anchors, which the same key signs
const sign = (key: Buffer, { review, database, at, files }: Omit<Seal, 'signature'>): Buffer =>
  createHmac('sha256', key)
    .update(JSON.stringify(['access review', review, database, at, files.map(({ name, sha256: hash }) => [name, hash])]))
    .digest();

const nameOf = (id: bigint): string => `review-${String(id).padStart(4, '0')}`;

export type Exported = { readonly files: readonly string[]; readonly sha256: string };

/** Writes a review's result as JSON, exactly as it was hashed, and as Markdown, with their seal; nobody else on the machine may read them. */
export const writeReviewFiles = async (
  home: string,
  database: string,
  { id, document }: { readonly id: bigint; readonly document: string },
): Promise<Exported> => {
  const folder = path.join(home, 'reviews');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const hash = sha256(document);
  const contents = [
    [`${nameOf(id)}.json`, document],
    [`${nameOf(id)}.md`, reviewMarkdown(ReviewDocument.parse(JSON.parse(document)), hash)],
  ] as const;
  const unsigned = {
    review: String(id),
    database,
    at: new Date().toISOString(),
    files: contents.map(([name, text]) => ({ name, sha256: sha256(text) })),
  };
  const seal = { ...unsigned, signature: sign(await keyOf(home), unsigned).toString('hex') };
  const all = [...contents, [`${nameOf(id)}.sig`, `${JSON.stringify(seal, null, 2)}\n`] as const];
  for (const [name, text] of all) await writeFile(path.join(folder, name), text, { mode: 0o600 });
  return { files: all.map(([name]) => path.join(folder, name)), sha256: hash };
};

/** What the files of a review say of themselves. `problems` is empty where they are what was signed. */
export type Checked = {
  readonly review: bigint | undefined;
  readonly at: string | undefined;
  /** Of the JSON file, as it lies there now. */
  readonly sha256: string | undefined;
  readonly problems: readonly string[];
};

const sealBeside = (file: string): string => file.replace(/\.(json|md|sig)$/, '.sig');

const readSeal = async (file: string): Promise<Seal | undefined> => {
  try {
    return Seal.safeParse(JSON.parse(await readFile(sealBeside(file), 'utf8'))).data;
  } catch {
    return undefined; // missing or no JSON: either way nothing vouches for the file
  }
};

const hashOfFile = async (file: string): Promise<string | undefined> => {
  try {
    return sha256(await readFile(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Compares a file of a review and those beside it with what was signed. */
export const checkReviewFiles = async (home: string, file: string): Promise<Checked> => {
  const seal = await readSeal(file);
  if (!seal)
    return {
      review: undefined,
      at: undefined,
      sha256: undefined,
      problems: [`${path.basename(sealBeside(file))} is missing or is no seal`],
    };
  const given = Buffer.from(seal.signature, 'hex');
  const right = sign(await keyOf(home), seal);
  const problems = timingSafeEqual(given, right) ? [] : ['the seal was not made with the key of this home, or was changed'];
  const found = new Map<string, string | undefined>();
  for (const { name, sha256: hash } of seal.files) {
    const now = await hashOfFile(path.join(path.dirname(file), name));
    found.set(name, now);
    if (now === undefined) problems.push(`${name} is missing`);
    else if (now !== hash) problems.push(`${name} is not what was signed`);
  }
  const asked = path.basename(file);
  if (!asked.endsWith('.sig') && !found.has(asked)) problems.push(`${asked} is not among the files that were signed`);
  const json = [...found].find(([name]) => name.endsWith('.json'));
  return { review: BigInt(seal.review), at: seal.at, sha256: json?.[1], problems };
};
