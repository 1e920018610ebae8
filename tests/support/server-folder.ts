import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const memory = '/dev/shm';
/** In bytes. A run held 1 GB at most; the rest is for whoever else works on the machine. */
const room = 4e9;

const opened = (folder: string): string => {
  chmodSync(folder, 0o755);
  return folder;
};

/** Programs are started from the folder, which some file systems in memory forbid. */
const startsPrograms = (folder: string): boolean => {
  const program = path.join(folder, 'try');
  try {
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 });
    execFileSync(program);
    return true;
  } catch {
    return false;
  } finally {
    // whoever sweeps the folder takes all that lies in it for homes
    rmSync(program, { force: true });
  }
};

const inMemory = (): string | undefined => {
  try {
    const { bavail, bsize } = statfsSync(memory);
    if (bavail * bsize < room || process.availableMemory() < 2 * room) return undefined;
    const folder = mkdtempSync(path.join(memory, 'bursar-test-'));
    if (startsPrograms(folder)) return folder;
    rmSync(folder, { recursive: true });
  } catch {
    // there is no such folder here, or it is not for us
  }
  return undefined;
};

/** A new folder of the disk. Started by root, servers run under another account, which must get through. */
export const aFolder = (): string => opened(mkdtempSync(path.join(tmpdir(), 'bursar-test-')));

/**
 * A new folder for the servers of a run, in memory where there is room. A database is a thousand files, and an ext4 without a journal looks at every file that was removed in the
 * last minutes before it makes one: after a few hundred databases had come and gone, one more took four seconds of a core there, and 0.1 s in memory.
 */
export const aServerFolder = (): string => {
  const folder = inMemory();
  return folder === undefined ? aFolder() : opened(folder);
};
