import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import path from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';
import { copyOutOf } from '../database/copy-across.ts';
import { WorkRefused } from './define-work.ts';
import { measuring, synchronize } from './files.ts';
import type { BackupFile, Manifest } from './manifest.ts';
import type { Snapshot, Table } from './snapshot.ts';

type ArchivedTable = NonNullable<Manifest['tables']>[number];
type Archived = { readonly files: readonly BackupFile[]; readonly tables: readonly ArchivedTable[] };

const lineEnd = 10;

/** Counts rows of COPY's text, in which a line's end inside a value is written as two other signs. */
const counting = () => {
  const hash = createHash('sha256');
  let rows = 0;
  const sink = new Writable({
    write: (piece: Buffer, _encoding, next) => {
      for (let at = piece.indexOf(lineEnd); at >= 0; at = piece.indexOf(lineEnd, at + 1)) rows++;
      hash.update(piece);
      next();
    },
  });
  return { sink, result: () => ({ rows, sha256: hash.digest('hex') }) };
};

/** How many rows a file of an archive holds, and the hash of what is inside. Reads it whole. */
export const readArchived = async (file: string, signal: AbortSignal): Promise<{ readonly rows: number; readonly sha256: string }> => {
  const { sink, result } = counting();
  await pipeline(createReadStream(file), createGunzip(), sink, { signal });
  return result();
};

const copyOut = async (
  { connection }: Snapshot,
  { name, sql, columns }: Table,
  folder: string,
  signal: AbortSignal,
): Promise<{ readonly file: BackupFile; readonly rows: number }> => {
  const file = `${name}.copy.gz`;
  const [inside, outside] = [measuring(), measuring()];
  await pipeline(
    copyOutOf(connection, `${sql} (${columns.map(column => connection.escapeIdentifier(column)).join(', ')})`),
    inside.stream,
    createGzip({ level: constants.Z_BEST_SPEED }),
    outside.stream,
    createWriteStream(path.join(folder, file), { flags: 'wx', mode: 0o600 }),
    { signal },
  );
  await synchronize(path.join(folder, file));
  const again = await readArchived(path.join(folder, file), signal);
  if (again.sha256 !== inside.result().sha256)
    throw new WorkRefused(`${file} reads back as something else than was written: look at the disk`);
  return { file: { name: file, ...outside.result() }, rows: again.rows };
};

/** Writes one file per table, reads each back, and holds its rows against those of the snapshot. */
export const writeArchive = async (
  snapshot: Snapshot,
  folder: string,
  signal: AbortSignal,
  progress: (done: number, table: string) => void,
): Promise<Archived> => {
  const [files, tables]: [BackupFile[], ArchivedTable[]] = [[], []];
  for (const [index, table] of snapshot.tables.entries()) {
    signal.throwIfAborted();
    progress(index / snapshot.tables.length, table.name);
    const { file, rows } = await copyOut(snapshot, table, folder, signal);
    if (rows !== snapshot.facts.rows[table.name])
      throw new WorkRefused(`${file.name} holds ${rows} rows and the table ${snapshot.facts.rows[table.name]} in the same snapshot`);
    files.push(file);
    tables.push({ table: table.sql, file: file.name, columns: [...table.columns] });
  }
  return { files, tables };
};
