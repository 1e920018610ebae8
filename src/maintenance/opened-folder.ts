import { constants } from 'node:fs';
import { open, readdir, type FileHandle } from 'node:fs/promises';

/** Opens a folder, and no link to one. */
export const openFolder = (place: string | Buffer): Promise<FileHandle> =>
  open(place, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);

/** A name below an opened folder. Going by the open folder and not by its path, nobody can put a link into the way between two looks. */
export const inOpened = (folder: FileHandle, name: Buffer): Buffer => Buffer.concat([Buffer.from(`/proc/self/fd/${folder.fd}/`), name]);

/** The names in an opened folder, as octets: they need be no text. */
export const namesInOpened = (folder: FileHandle): Promise<Buffer[]> => readdir(`/proc/self/fd/${folder.fd}`, { encoding: 'buffer' });
