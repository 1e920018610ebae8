import { readdirSync } from 'node:fs';
import path from 'node:path';
import { vi } from 'vitest';

/** Every file below a folder, by its place. */
export const filesBelow = (root: string): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name));

/** The objects among the backups of a home, or of another folder of backups. */
export const objectsIn = (home: string, backups = 'backups'): string[] =>
  filesBelow(path.join(home, backups, 'files')).filter(file => /\/[0-9a-f]{2}\/[0-9a-f]{64}$/.test(file));

const clock = Date.now;
let ahead = 0;

/** As if what was written before were older than what a backup takes for young: only then it is trusted not to have changed. Times of files cannot be set back. */
export const settle = (milliseconds = 3_000): void => {
  ahead += milliseconds;
  vi.spyOn(Date, 'now').mockImplementation(() => clock() + ahead);
};
