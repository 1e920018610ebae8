import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Keyed, Page } from '../../domain/page.ts';
import type { AnyResource } from '../../kit/define-resource.ts';
import { csvRow, csvTitles, exportedRow, toJson } from '../../kit/export.ts';
import type { Session } from '../../kit/session.ts';
import type { State, View } from '../state/types.ts';

/** Rows read and written at once; between them keys are heard. */
const rowsAtOnce = 500;

const Saved = z.record(z.string(), z.record(z.string(), z.string()));
const savedFile = (home: string): string => path.join(home, 'saved-filters.json');

const stamp = (now: number): string => new Date(now).toISOString().slice(0, 19).replaceAll(/[:-]/g, '').replace('T', '-');

/** Writes a file that only its owner can read; it is whole or not there. */
const writePrivate = async (file: string, text: string): Promise<void> => {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const unfinished = `${file}.${process.pid}.part`;
  await writeFile(unfinished, text, { mode: 0o600, flush: true });
  await rename(unfinished, file);
};

/** The saved filters of this home; none where nothing was saved. */
export const readSaved = async (home: string): Promise<State['saved']> => {
  try {
    return Saved.parse(JSON.parse(await readFile(savedFile(home), 'utf8')));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new Error(`${path.basename(savedFile(home))} holds no saved filters; it was left as it is`, { cause: error });
  }
};

export const writeSaved = (home: string, saved: State['saved']): Promise<void> =>
  writePrivate(savedFile(home), `${JSON.stringify(saved, undefined, 2)}\n`);

export const writeDump = async (home: string, now: number, dump: unknown): Promise<string> => {
  const file = path.join(home, 'dumps', `screen-${stamp(now)}.json`);
  await writePrivate(file, `${toJson(dump, 2)}\n`);
  return file;
};

const isCsv = (format: 'csv' | 'json'): boolean => format === 'csv';

const pieceOf = (resource: AnyResource, rows: readonly Keyed[], format: 'csv' | 'json', isFirst: boolean): string => {
  if (isCsv(format)) return rows.map(row => csvRow(resource, row)).join('');
  const text = rows.map(row => toJson(exportedRow(row))).join(',\n');
  return isFirst || text === '' ? text : `,\n${text}`;
};

export type ExportWork = {
  readonly session: Session;
  readonly resource: AnyResource;
  readonly view: View;
  readonly format: 'csv' | 'json';
  readonly home: string;
  readonly now: number;
  readonly signal: AbortSignal;
  readonly onProgress: (rows: number) => void;
};

const writeRows = async (work: ExportWork, file: string): Promise<number> => {
  const { session, resource, format, signal } = work;
  const { terms, sort } = work.view;
  await using target = await open(file, 'wx', 0o600);
  await target.appendFile(isCsv(format) ? csvTitles(resource) : '[\n');
  let page: Page<Keyed> = { rows: [], more: true };
  let count = 0;
  while (page.more) {
    signal.throwIfAborted();
    const edge: Keyed | undefined = page.rows.at(-1);
    page = await session.list(resource, {
      terms,
      sort,
      limit: rowsAtOnce,
      ...(edge ? { at: { direction: 'after' as const, place: edge } } : {}),
    });
    await target.appendFile(pieceOf(resource, page.rows, format, count === 0));
    count += page.rows.length;
    work.onProgress(count);
  }
  if (!isCsv(format)) await target.appendFile('\n]\n');
  await target.sync();
  return count;
};

/** Writes all that the filter lets through to a file. It gets its name only when it is whole and its export is on record. */
export const exportList = async (work: ExportWork): Promise<{ readonly file: string; readonly rows: number }> => {
  const { session, resource, view, format, home, now } = work;
  const file = path.join(home, 'exports', `${resource.id}-${stamp(now)}.${format}`);
  const unfinished = `${file}.part`;
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  try {
    const rows = await writeRows(work, unfinished);
    await session.recordExport(resource, [view.base, view.filter].filter(Boolean).join(' '), rows);
    await rename(unfinished, file);
    return { file, rows };
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
};
