import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { inject, onTestFinished } from 'vitest';

/** A disk of its own that is small, where this account may make one; open to every account, as a server that root starts runs under another. */
export const smallDisk = (megabytes: number): string | undefined => {
  const place = path.join(inject('runFolder'), `disk-${randomUUID().slice(0, 8)}`);
  mkdirSync(place);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', place], { stdio: 'ignore' });
  } catch {
    return undefined; // not root, or in a container without that right
  }
  chmodSync(place, 0o755);
  onTestFinished(() => void execFileSync('umount', ['-l', place]));
  return place;
};
