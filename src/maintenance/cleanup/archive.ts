import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInterface } from 'node:readline';
import type { Direct } from '../../database/direct.ts';
import { WorkRefused } from '../define-work.ts';
import { measureFile, synchronize } from '../files.ts';
import { doomed, type RowPart } from './parts.ts';
import type { StoredPart } from './store.ts';

const pageRows = 5_000;

/** Each row as one line of JSON, page by page. */
async function* linesOf(db: Direct, part: RowPart, boundary: Date, onRow: () => void): AsyncGenerator<string> {
  let after = '-1';
  for (;;) {
    const { rows } = await db.query<{ id: string; line: string }>(
      `SELECT t.id::text AS id, to_jsonb(t)::text AS line FROM ${part.relation} t WHERE ${doomed(part)} AND t.id > $2::bigint ORDER BY t.id LIMIT ${pageRows}`,
      [boundary, after],
    );
    for (const { line } of rows) {
      onRow();
      yield `${line}\n`;
    }
    if (rows.length < pageRows) return;
    after = rows.at(-1)?.id ?? after;
  }
}

const hashOfFile = async (file: string, signal: AbortSignal): Promise<string> => (await measureFile(file, signal)).sha256;

/** Writes aside, syncs and renames: a file of this name is whole. */
const write = async (db: Direct, part: RowPart, boundary: Date, file: string): Promise<number> => {
  let rows = 0;
  const lines = Readable.from(linesOf(db, part, boundary, () => rows++));
  await pipeline(lines, createWriteStream(`${file}.part`, { mode: 0o600 }));
  await synchronize(`${file}.part`);
  await rename(`${file}.part`, file);
  await synchronize(path.dirname(file));
  return rows;
};

/**
 * Puts the rows of a part into a file before any of them goes, and reads it back; the row of the part knows the file and its SHA-256. What was archived before a
 * restart is checked and not written again. Gives the file.
 */
export const archiveRows = async (
  db: Direct,
  cleanup: string,
  {
    part,
    stored,
    folder,
    signal,
  }: { readonly part: RowPart; readonly stored: StoredPart; readonly folder: string; readonly signal: AbortSignal },
): Promise<string> => {
  if (stored.archive !== null) {
    if ((await hashOfFile(stored.archive, signal)) !== stored.archiveSha256)
      throw new WorkRefused(`${stored.archive} is not what was archived: nothing more is removed`);
    return stored.archive;
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, `cleanup-${cleanup}-${stored.policy}.jsonl`);
  const rows = await write(db, part, stored.boundary, file);
  await db.query(
    'UPDATE ops.cleanup_part SET archive = $3, archive_rows = $4, archive_sha256 = $5 WHERE cleanup_id = $1 AND position = $2',
    [cleanup, stored.position, file, rows, await hashOfFile(file, signal)],
  );
  return file;
};

/** The ids that an archive holds, a few thousand at a time. */
export async function* archivedIds(file: string): AsyncGenerator<readonly string[]> {
  let ids: string[] = [];
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const { id } = JSON.parse(line) as { id: number };
    ids.push(String(id));
    if (ids.length < pageRows) continue;
    yield ids;
    ids = [];
  }
  if (ids.length > 0) yield ids;
}
