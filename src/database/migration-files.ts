import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** One folder of `prisma/migrations`. */
export type MigrationFile = { name: string; file: string; script: string; checksum: string };

const checksumOf = (script: string): string => createHash('sha256').update(script).digest('hex');

const readMigration = async (directory: string, name: string): Promise<MigrationFile> => {
  const file = path.join(directory, name, 'migration.sql');
  try {
    const script = await readFile(file, 'utf8');
    return { name, file, script, checksum: checksumOf(script) };
  } catch (error) {
    throw new Error(`Migration ${name} has no readable migration.sql. Restore the file or remove its folder`, { cause: error });
  }
};

/** The migrations of a folder in the order in which they apply: their names begin with a time. */
export const readMigrations = async (directory: string): Promise<MigrationFile[]> => {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter(entry => entry.isDirectory()).map(entry => entry.name);
  return Promise.all(names.toSorted().map(name => readMigration(directory, name)));
};

/** Git may turn line endings around on checkout; Prisma therefore accepts a script in either form, and so do we. */
export const isUnchanged = ({ script, checksum }: MigrationFile, appliedChecksum: string): boolean => {
  if (checksum === appliedChecksum) return true;
  const unix = script.replaceAll('\r\n', '\n');
  return [unix, unix.replaceAll('\n', '\r\n')].some(form => checksumOf(form) === appliedChecksum);
};
