import { createHmac, randomBytes } from 'node:crypto';
import { appendFile, chmod, mkdir, open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Config } from '../config.ts';
import type { Head } from '../database/audit-chain.ts';
import { isSameText } from '../domain/same-text.ts';

/** One line of anchors.jsonl: the head of a database's audit log as it was then, signed with a key that no database holds. */
const Line = z.object({
  at: z.string(),
  database: z.string(),
  seq: z.string().regex(/^\d{1,19}$/),
  hash: z.string().regex(/^([0-9a-f]{2})+$/),
  /** Where a history began anew on purpose: earlier anchors of this database count no more. */
  anew: z.string().optional(),
  signature: z.string(),
});
type Line = z.infer<typeof Line>;
type Unsigned = Omit<Line, 'signature'>;

export type Anchor = Head & { readonly at: string };
export type Anchors = {
  /** Of one database since its history began, oldest first. */
  readonly anchors: readonly Anchor[];
  /** Numbers of lines that this key did not sign. */
  readonly forged: readonly number[];
};

const fileIn = (home: string): string => path.join(home, 'anchors.jsonl');
const keyLength = 32;

/** Which database an anchor is about, in words of the configuration: what the database says of itself its owner can change. */
export const addressOf = ({ databaseUrl }: Config): string => {
  if (databaseUrl === undefined || !URL.canParse(databaseUrl)) return 'embedded';
  const { hostname, port, pathname, searchParams } = new URL(databaseUrl);
  return `${searchParams.get('host') ?? hostname}:${searchParams.get('port') ?? (port || '5432')}${pathname}`;
};

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** The key of a home, made at its first use. Of two that make it at once, the first wins. */
export const keyOf = async (home: string): Promise<Buffer> => {
  const file = path.join(home, 'anchor.key');
  await mkdir(home, { recursive: true, mode: 0o700 });
  await writeFile(file, randomBytes(keyLength), { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const key = await readFile(file);
  if (key.length !== keyLength)
    throw new Error(`${file} is no key of ${keyLength} bytes: restore it, or remove it and anchors.jsonl to begin anew`);
  return key;
};

const sign = (key: Buffer, { at, database, seq, hash, anew }: Unsigned): Buffer =>
  createHmac('sha256', key)
    .update(JSON.stringify([at, database, seq, hash, anew ?? null]))
    .digest();

/** A line as it is written, with what vouches for it. */
const signed = (key: Buffer, { at, database, seq, hash, anew }: Unsigned): string => {
  const line = { at, database, seq, hash, ...(anew === undefined ? {} : { anew }) };
  return JSON.stringify({ ...line, signature: sign(key, line).toString('hex') });
};

const parsed = (text: string): Line | undefined => {
  try {
    return Line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // no JSON, so nothing that was signed
  }
};

/** What a line says; undefined unless it is to its last octet what the key signed. */
const opened = (key: Buffer, text: string): Line | undefined => {
  const line = parsed(text);
  return line && isSameText(text, signed(key, line)) ? line : undefined;
};

/** The lines from a place in the file on; none where there is no file yet. */
async function* linesFrom(home: string, start: (size: number) => number): AsyncGenerator<string> {
  const file = await open(fileIn(home)).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (!file) return;
  const { size } = await file.stat();
  yield* createInterface({ input: file.createReadStream({ start: start(size) }), crlfDelay: Infinity });
}

/** The anchors of one database. */
export const readAnchors = async (home: string, database: string): Promise<Anchors> => {
  let anchors: Anchor[] = [];
  const forged: number[] = [];
  let key: Buffer | undefined;
  let number = 0;
  for await (const row of linesFrom(home, () => 0)) {
    number++;
    key ??= await keyOf(home);
    const line = opened(key, row);
    if (!line) forged.push(number);
    else if (line.database !== database) continue;
    else if (line.anew === undefined) anchors.push({ at: line.at, seq: BigInt(line.seq), hash: line.hash });
    else anchors = [];
  }
  return { anchors, forged };
};

/** Enough for the last lines of several consoles, in bytes. */
const tail = 32_768;

/** The newest anchor of a database, read from the end of the file. */
export const lastAnchor = async (home: string, database: string): Promise<Anchor | undefined> => {
  const key = await keyOf(home);
  let last: Anchor | undefined;
  for await (const row of linesFrom(home, size => Math.max(0, size - tail))) {
    const line = opened(key, row);
    if (line?.database !== database) continue;
    last = line.anew === undefined ? { at: line.at, seq: BigInt(line.seq), hash: line.hash } : undefined;
  }
  return last;
};

const append = async (home: string, line: Unsigned): Promise<void> => {
  const text = signed(await keyOf(home), line);
  const file = fileIn(home);
  // One write of less than a page: consoles that append at the same time do not mix their lines
  await appendFile(file, `${text}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
};

/** Notes a head. */
export const writeAnchor = (home: string, database: string, { seq, hash }: Head): Promise<void> =>
  append(home, { at: new Date().toISOString(), database, seq: String(seq), hash });

/** Notes that the history of a database begins anew, and why. */
export const beginAnew = (home: string, database: string, why: string): Promise<void> =>
  append(home, { at: new Date().toISOString(), database, seq: '0', hash: '00', anew: why });
