import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { synchronize } from './files.ts';

/** Puts a file in its place at once: what stands there is the former one or this one, whole, whatever happens. Only its owner reads it, unless `mode` says more. */
export const writeWhole = async (
  file: string,
  text: string,
  { like, mode = 0o600 }: { readonly like?: string; readonly mode?: number } = {},
): Promise<void> => {
  const part = `${file}.${randomUUID().slice(0, 8)}.part`;
  try {
    const handle = await open(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    try {
      await handle.writeFile(text);
      if (like !== undefined) {
        const former = await stat(like);
        await handle.chown(former.uid, former.gid);
        await handle.chmod(former.mode & 0o700);
      }
      if (mode !== 0o600) await handle.chmod(mode); // whatever the umask left of it
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
