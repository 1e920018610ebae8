import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { synchronize } from './files.ts';

/** Puts a file in its place at once: what stands there is the former one or this one, whole, whatever happens. Only its owner reads it. */
export const writeWhole = async (file: string, text: string, { like }: { readonly like?: string } = {}): Promise<void> => {
  const part = `${file}.${randomUUID().slice(0, 8)}.part`;
  try {
    const handle = await open(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    try {
      await handle.writeFile(text);
      if (like !== undefined) {
        const { uid, gid, mode } = await stat(like);
        await handle.chown(uid, gid);
        await handle.chmod(mode & 0o700);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, file);
    await synchronize(path.dirname(file));
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
};
