import { createHash, createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { isSameText } from '../domain/same-text.ts';
import { WorkRefused } from './define-work.ts';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const Count = z.number().int().min(0);
/** Sums of minor units may be larger than what a JSON number holds. */
const Whole = z.string().regex(/^-?\d+$/);
const Name = z.string().min(1).max(200);

/** `dump` is pg_dump's own format, `archive` one COPY per table, for hosts without a fitting pg_dump. */
const backupKinds = ['dump', 'archive'] as const;

const BackupFile = z.strictObject({
  name: z.string().regex(/^[a-z0-9_][a-z0-9_.-]{0,150}$/),
  octets: Count,
  sha256: Sha256,
  /** Of what is inside where the file is encrypted. */
  plain: z.strictObject({ octets: Count, sha256: Sha256 }).optional(),
});
export type BackupFile = z.output<typeof BackupFile>;

/** What was seen in the very snapshot that a backup holds. */
const Facts = z.strictObject({
  /** By the database's clock. */
  takenAt: z.iso.datetime(),
  /** `server_version_num`. */
  server: Count,
  database: Name,
  locale: z.strictObject({ encoding: Name, collate: Name, ctype: Name }),
  /** The newest one that was applied. */
  migration: Name,
  /** Of every table of bank, ops and platform. */
  rows: z.record(Name, Count),
  /** Sum of balances by currency. */
  balances: z.record(Name, Whole),
  transactions: z.strictObject({ count: Count, sums: z.record(Name, Whole) }),
  audit: z.strictObject({ seq: Whole, hash: z.string().regex(/^[0-9a-f]*$/) }),
  sequences: z.record(Name, z.strictObject({ last: Whole, called: z.boolean() })),
});
export type Facts = z.output<typeof Facts>;

const Manifest = Facts.extend({
  format: z.literal(1),
  /** Of its folder: the time in UTC and the run. */
  name: Name,
  run: Name,
  kind: z.enum(backupKinds),
  /** The program that took it, and with what. */
  bursar: Name,
  tool: Name,
  encrypted: z.boolean(),
  files: z.array(BackupFile).min(1),
  /** Of an archive: which file holds which columns of which table. */
  tables: z.array(z.strictObject({ table: Name, file: Name, columns: z.array(Name) })).optional(),
  /** Of all files as they lie there, and of those of the backup before. */
  octets: Count,
  previousOctets: Count.nullable(),
  seconds: z.number().min(0),
});
export type Manifest = z.output<typeof Manifest>;

/** A folder of media as it was copied. */
const MediaFolder = z.strictObject({
  /** Where it was copied from, and the folder of the backup that holds the copy. */
  from: z.string(),
  folder: Name,
  files: Count,
  octets: Count,
  /** Those that had not changed since the backup before, and cost no space. */
  linked: Count,
  /** Sockets, devices and pipes, which no copy can hold. */
  skipped: Count,
  /** Its files lie sealed among the objects, each once, and the list of the folder names them; `folder` is then only how the list is called. */
  sealed: z.strictObject({ objects: Count, octets: Count, changing: Count, vanished: Count }).optional(),
});
export type MediaFolder = z.output<typeof MediaFolder>;

/** What a backup of files says of itself. */
const FilesManifest = z.strictObject({
  format: z.literal(1),
  kind: z.literal('files'),
  name: Name,
  run: Name,
  takenAt: z.iso.datetime(),
  bursar: Name,
  encrypted: z.boolean(),
  /** Configuration and certificates in one tar, and what lists the copies of media. */
  files: z.array(BackupFile),
  media: z.array(MediaFolder),
  octets: Count,
  previousOctets: Count.nullable(),
  seconds: z.number().min(0),
});
export type FilesManifest = z.output<typeof FilesManifest>;

const AnyManifest = z.discriminatedUnion('kind', [Manifest, FilesManifest]);
export type AnyManifest = z.output<typeof AnyManifest>;

export const manifestFile = 'manifest';
const algorithm = 'hmac-sha256';

/** Tells keys apart without telling them. */
const keyName = (key: Buffer): string => createHash('sha256').update('bursar key ').update(key).digest('hex').slice(0, 16);
/** The line that vouches for another one. */
const sealOf = (body: string, key: Buffer): string =>
  `${algorithm} ${keyName(key)} ${createHmac('sha256', key).update(body).digest('hex')}`;

/** The text of a signed manifest: one line of JSON and one that vouches for it. */
export const signManifest = (manifest: object, key: Buffer): string => {
  const body = JSON.stringify(manifest);
  return `${body}\n${sealOf(body, key)}\n`;
};

/** Whether a signed text says that another key vouches for it. */
export const isOfAnotherKey = (text: string, key: Buffer): boolean => {
  const [how, by] = text.split('\n')[1]?.split(' ') ?? [];
  return how === algorithm && by !== undefined && /^[0-9a-f]{16}$/.test(by) && by !== keyName(key);
};

/** What stands in a signed text, whatever its shape. Throws WorkRefused unless the key vouches for every octet of it. */
const openSigned = (text: string, key: Buffer): unknown => {
  const [body = '', seal = '', rest, ...more] = text.split('\n');
  const [how, by] = seal.split(' ');
  if (how !== algorithm || rest !== '' || more.length > 0) throw new WorkRefused('the manifest is cut off or is none of ours');
  if (by !== keyName(key))
    throw new WorkRefused(`the manifest was signed with another key (${by?.slice(0, 16)}): name the file of that key in backup.keyFile`);
  if (!isSameText(seal, sealOf(body, key))) throw new WorkRefused('the manifest was changed after it was signed');
  return JSON.parse(body);
};

/** The manifest of a text that the key vouches for. Throws WorkRefused for any other. */
const verifyManifest = (text: string, key: Buffer): AnyManifest => {
  const parsed = AnyManifest.safeParse(openSigned(text, key));
  if (!parsed.success) throw new WorkRefused('the manifest is of another version of Bursar');
  return parsed.data;
};

/** The manifest that lies in the folder of a backup. */
export const readManifest = async (folder: string, key: Buffer): Promise<AnyManifest> => {
  const manifest = verifyManifest(await readFile(path.join(folder, manifestFile), 'utf8'), key);
  if (manifest.name !== path.basename(folder)) throw new WorkRefused(`the manifest is of ${manifest.name}, which is another backup`);
  return manifest;
};
