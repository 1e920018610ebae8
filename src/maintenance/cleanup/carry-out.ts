import path from 'node:path';
import type { Direct } from '../../database/direct.ts';
import { WorkRefused, type WorkContext } from '../define-work.ts';
import { archivedIds, archiveRows } from './archive.ts';
import { filePartsOf } from './file-parts.ts';
import { countFiles, removeFiles } from './folder.ts';
import { rowParts } from './parts.ts';
import { BeyondTheCount, removeRows } from './rows.ts';
import { beginCleanup, endCleanup, finishPart, noteRemoved, policies, readParts, type StoredCleanup, type StoredPart } from './store.ts';

type Carrying = {
  readonly db: Direct;
  readonly context: WorkContext;
  readonly cleanup: string;
  readonly archived: ReadonlySet<string>;
  readonly onRemoved: (stored: StoredPart, removed: number) => void;
};

const carryRows = async ({ db, context, cleanup, archived, onRemoved }: Carrying, stored: StoredPart): Promise<void> => {
  const part = rowParts.find(one => one.policy === stored.policy && one.relation === stored.relation);
  if (!part) throw new WorkRefused(`this version knows no ${stored.what}`);
  const removing = { part, signal: context.signal, onRemoved: (removed: number) => onRemoved(stored, removed) };
  if (!archived.has(stored.policy)) return removeRows(db, cleanup, { ...removing, stored });
  const file = await archiveRows(db, cleanup, { part, stored, folder: path.join(context.home, 'archives'), signal: context.signal });
  context.progress(0, `${stored.what} are in ${file}`);
  let now = stored;
  for await (const ids of archivedIds(file)) {
    let { removed } = now;
    await removeRows(db, cleanup, { ...removing, stored: now, ids, onRemoved: gone => onRemoved(stored, (removed = gone)) });
    now = { ...now, removed };
  }
};

/** So many files are noted at once: their removal is no transaction, and a note for each would take longer than it. */
const filesAtOnce = 500;

/** Of files that went before a kill a few hundred may not be noted; the rest is still older than the same instant, and within what was counted. */
const carryFiles = async ({ db, context, cleanup, onRemoved }: Carrying, stored: StoredPart): Promise<void> => {
  const part = (await filePartsOf(stored.policy, context)).find(({ what }) => what === stored.what);
  const most = stored.rows + Math.floor(stored.rows / 10);
  if (!part || stored.removed >= most) return; // the folder is gone, and all in it
  let { removed } = stored;
  let pending = { rows: 0, bytes: 0 };
  const note = async (): Promise<void> => {
    const noted = pending;
    pending = { rows: 0, bytes: 0 };
    await db.query('BEGIN');
    await noteRemoved(db, cleanup, stored.position, noted);
    await db.query('COMMIT');
    onRemoved(stored, removed);
  };
  const { root, only } = part;
  const choice = { root, boundary: stored.boundary, ...(only ? { only } : {}), signal: context.signal };
  try {
    const whole = await removeFiles(choice, async octets => {
      pending = { rows: pending.rows + 1, bytes: pending.bytes + octets };
      removed++;
      if (pending.rows >= filesAtOnce) await note();
      return removed < most;
    });
    if (!whole && (await countFiles(choice)).rows > 0)
      throw new BeyondTheCount(`${stored.what}: ${removed} of ${stored.rows} counted are gone and more would go`);
  } finally {
    if (pending.rows > 0) await note();
  }
};

/** Removes what was counted, part by part, from wherever it was cut short; gives how it ended. */
export const carryOut = async (db: Direct, context: WorkContext, { id }: StoredCleanup): Promise<'done' | 'stopped'> => {
  await beginCleanup(db, id);
  const archived = new Set((await policies(db)).flatMap(({ name, archive }) => (archive ? [name] : [])));
  const parts = await readParts(db, id);
  const total = Math.max(
    1,
    parts.reduce((sum, { rows }) => sum + rows, 0),
  );
  let before = 0;
  const onRemoved = ({ what, rows }: StoredPart, removed: number): void =>
    context.progress(Math.min(1, (before + removed) / total), `${removed.toLocaleString('en')} of ${rows.toLocaleString('en')} ${what}`);
  try {
    for (const stored of parts) {
      if (!stored.finished && stored.rows > 0) {
        const carrying: Carrying = { db, context, cleanup: id, archived, onRemoved };
        await (stored.relation === null ? carryFiles(carrying, stored) : carryRows(carrying, stored));
        await finishPart(db, id, stored.position);
      }
      before += stored.rows;
    }
  } catch (error) {
    if (!(error instanceof BeyondTheCount)) throw error;
    await endCleanup(db, id, 'stopped', error.message);
    return 'stopped';
  }
  await endCleanup(db, id, 'done', null);
  return 'done';
};
