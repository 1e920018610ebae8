import { createHash, createHmac } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { isSameText } from '../domain/same-text.ts';
import { keyOf } from './anchors.ts';

/** What files are sealed as; the word is signed too, so that one kind never passes for another. */
type SealKind = 'access review' | 'daily review' | 'incident evidence' | 'incident review';

const Sealed = z.strictObject({
  kind: z.enum(['access review', 'daily review', 'incident evidence', 'incident review'] satisfies SealKind[]),
  number: z.string().regex(/^\d{1,18}$/),
  database: z.string(),
  at: z.string(),
  files: z.array(z.strictObject({ name: z.string().regex(/^[\w.-]+$/), sha256: z.string().regex(/^[0-9a-f]{64}$/) })).min(1),
  signature: z.string().regex(/^[0-9a-f]{64}$/),
});
type Seal = z.output<typeof Sealed>;

/** The first seals had one kind and called its number otherwise. */
const named = (seal: unknown): unknown => {
  if (typeof seal !== 'object' || seal === null || !('review' in seal) || 'kind' in seal) return seal;
  const { review, ...rest } = seal;
  return { kind: 'access review', number: review, ...rest };
};

const textOf = (seal: unknown): string => `${JSON.stringify(seal, null, 2)}\n`;

export const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

// The first word keeps it apart from anchors, which the same key signs
const sign = (key: Buffer, { kind, number, database, at, files }: Omit<Seal, 'signature'>): string =>
  createHmac('sha256', key)
    .update(JSON.stringify([kind, number, database, at, files.map(({ name, sha256: hash }) => [name, hash])]))
    .digest('hex');

export type ToSeal = {
  readonly kind: SealKind;
  readonly number: bigint;
  /** Which database it comes from, in words of the configuration. */
  readonly database: string;
  /** Of the home, such as `reviews`. */
  readonly folder: string;
  /** What the seal is called; it ends with `.sig`. */
  readonly seal: string;
  readonly files: readonly (readonly [name: string, text: string])[];
};

/** Writes files and their seal, which is signed with the key that no database holds; nobody else on the machine may read them. */
export const writeSealed = async (home: string, { kind, number, database, folder, seal, files }: ToSeal): Promise<readonly string[]> => {
  const place = path.join(home, folder);
  await mkdir(place, { recursive: true, mode: 0o700 });
  const unsigned = {
    kind,
    number: String(number),
    database,
    at: new Date().toISOString(),
    files: files.map(([name, text]) => ({ name, sha256: sha256(text) })),
  };
  const signed = { ...unsigned, signature: sign(await keyOf(home), unsigned) };
  const all = [...files, [seal, textOf(signed)] as const];
  for (const [name, text] of all) await writeFile(path.join(place, name), text, { mode: 0o600 });
  return all.map(([name]) => path.join(place, name));
};

/** What sealed files say of themselves. `problems` is empty where they are what was signed. */
export type CheckedSeal = {
  readonly kind: SealKind | undefined;
  readonly number: bigint | undefined;
  readonly at: string | undefined;
  /** Of each file as it lies there now; undefined where it is missing. */
  readonly hashes: ReadonlyMap<string, string | undefined>;
  readonly problems: readonly string[];
};

const sealBeside = (file: string): string => file.replace(/\.(json|md|sig)$/, '.sig');

/** What a text says that is a seal, and whether the key made it to its last octet; undefined where it is none. */
export const openSeal = (text: string, key: Buffer): { readonly seal: Seal; readonly isSigned: boolean } | undefined => {
  const said: unknown = JSON.parse(text);
  // what else the same JSON could be written as, nobody signed
  const seal = isSameText(text, textOf(said)) ? Sealed.safeParse(named(said)).data : undefined;
  return seal && { seal, isSigned: isSameText(seal.signature, sign(key, seal)) };
};

const readSeal = async (home: string, file: string): Promise<ReturnType<typeof openSeal>> => {
  const key = await keyOf(home);
  try {
    return openSeal(await readFile(sealBeside(file), 'utf8'), key);
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

/** Compares a sealed file and those beside it with what was signed. */
export const checkSealed = async (home: string, file: string): Promise<CheckedSeal> => {
  const opened = await readSeal(home, file);
  if (!opened) {
    const problems = [`${path.basename(sealBeside(file))} is missing or is no seal`];
    return { kind: undefined, number: undefined, at: undefined, hashes: new Map(), problems };
  }
  const { seal, isSigned } = opened;
  const problems = isSigned ? [] : ['the seal was not made with the key of this home, or was changed'];
  const hashes = new Map<string, string | undefined>();
  for (const { name, sha256: hash } of seal.files) {
    const now = await hashOfFile(path.join(path.dirname(file), name));
    hashes.set(name, now);
    if (now === undefined) problems.push(`${name} is missing`);
    else if (now !== hash) problems.push(`${name} is not what was signed`);
  }
  const asked = path.basename(file);
  if (!asked.endsWith('.sig') && !hashes.has(asked)) problems.push(`${asked} is not among the files that were signed`);
  return { kind: seal.kind, number: BigInt(seal.number), at: seal.at, hashes, problems };
};
